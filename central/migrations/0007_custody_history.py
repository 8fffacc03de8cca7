from django.db import migrations, models

import pension_transfer.lib.month_field
from central.triggers import AGREE, ALWAYS, CUSTODY, SEAT, UNDO


class Migration(migrations.Migration):
    """Custody tells when and why it ended; the database keeps it, and holds it to the seat (invariants I5, I6)."""

    dependencies = [("central", "0006_questions_closed")]
    operations = [
        migrations.AddField(
            "custody", "ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")
        ),
        migrations.AddField(
            "custody", "ended_reason", models.CharField(blank=True, max_length=60, verbose_name="why it ended")
        ),
        migrations.AddField("custody", "move", models.UUIDField(blank=True, null=True, verbose_name="move")),
        migrations.AlterField(
            "envelope",
            "last_paid_month",
            pension_transfer.lib.month_field.MonthField(verbose_name="last paid month"),
        ),
        migrations.RunSQL(CUSTODY + SEAT + AGREE + ALWAYS, UNDO),
    ]
