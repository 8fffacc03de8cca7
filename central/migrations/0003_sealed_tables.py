from django.db import migrations

from pension_transfer.lib.triggers import REFUSE, seal, unseal

TABLES = ["central_envelope", "central_receipt"]


class Migration(migrations.Migration):
    """Envelopes and receipts never change and never disappear (invariant I1)."""

    dependencies = [("central", "0002_shared_tables")]
    operations = [migrations.RunSQL(REFUSE, migrations.RunSQL.noop)] + [
        migrations.RunSQL(seal(table), unseal(table)) for table in TABLES
    ]
