from django.db import migrations

from pension_transfer.lib.triggers import REFUSE, seal, unseal

# A decree's row may only lose its validity; its file's deletion is refused with it.
DECREE = """
CREATE FUNCTION decree_only_voided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.is_valid AND NOT NEW.is_valid
     AND to_jsonb(NEW) - 'is_valid' = to_jsonb(OLD) - 'is_valid' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a decree is never edited: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER branches_decree_sealed_rows BEFORE UPDATE OR DELETE ON branches_decree
  FOR EACH ROW EXECUTE FUNCTION decree_only_voided();
CREATE TRIGGER branches_decree_sealed_table BEFORE TRUNCATE ON branches_decree
  FOR EACH STATEMENT EXECUTE FUNCTION decree_only_voided();
ALTER TABLE branches_decree ENABLE ALWAYS TRIGGER branches_decree_sealed_rows;
ALTER TABLE branches_decree ENABLE ALWAYS TRIGGER branches_decree_sealed_table;
"""


class Migration(migrations.Migration):
    """Decrees, their lines and the history of corrections are append-only (a decree may be voided)."""

    dependencies = [("branches", "0001_organisation_staff_files")]
    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION refuse_change"),
        migrations.RunSQL(DECREE, unseal("branches_decree") + "DROP FUNCTION decree_only_voided"),
        migrations.RunSQL(seal("branches_decreeline"), unseal("branches_decreeline")),
        migrations.RunSQL(seal("branches_correction"), unseal("branches_correction")),
    ]
