"""SQL that closes tables. Plain triggers, ENABLE ALWAYS: a session setting can switch off other kinds."""

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def seal(table: str) -> str:
    """SQL that refuses UPDATE, DELETE and TRUNCATE on `table`."""
    return f"""
CREATE TRIGGER {table}_sealed_rows BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER {table}_sealed_table BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed_rows;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed_table;
"""


def unseal(table: str) -> str:
    """The way back."""
    return f"""
DROP TRIGGER {table}_sealed_rows ON {table};
DROP TRIGGER {table}_sealed_table ON {table};
"""
