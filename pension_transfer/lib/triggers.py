"""SQL that closes tables, and whether it still stands.

Plain triggers, ENABLE ALWAYS: a session setting can switch off other kinds.
"""

from collections.abc import Iterable

from django.db import connections

ENABLED = """
SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE t.tgenabled = 'A' AND pg_table_is_visible(c.oid)
UNION ALL
SELECT c.relname || '.' || n.conname FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
  WHERE n.convalidated AND pg_table_is_visible(c.oid)
UNION ALL
SELECT c.relname || '.' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
  WHERE c.relrowsecurity AND pg_table_is_visible(c.oid)
"""

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


def sealing(table: str) -> set[str]:
    """The triggers that `seal` sets, as table.trigger."""
    return {f"{table}.{table}_sealed_rows", f"{table}.{table}_sealed_table"}


def put_aside(alias: str, guards: Iterable[str]) -> list[str]:
    """Those of `guards` (table.trigger, .constraint or .policy) that do not stand in a database, or not always."""
    with connections[alias].cursor() as cursor:
        cursor.execute(ENABLED)
        standing = {name for (name,) in cursor.fetchall()}
    return sorted(set(guards) - standing)
