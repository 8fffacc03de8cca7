from django.db import migrations

from pension_transfer.lib.triggers import REFUSE, seal, unseal
from transfers.triggers import CONTENT, TRAIL, UNDO, case_guard


class Migration(migrations.Migration):
    """The trail is append-only and chained; states change by the table only; sealed content stands (I1, I8, I9)."""

    dependencies = [("transfers", "0001_cases_and_trail")]
    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(seal("transfers_transferevent"), unseal("transfers_transferevent")),
        migrations.RunSQL(seal("transfers_part"), unseal("transfers_part")),
        migrations.RunSQL(case_guard() + TRAIL + CONTENT, UNDO),
    ]
