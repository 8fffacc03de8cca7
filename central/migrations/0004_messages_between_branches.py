from django.db import migrations, models


class Migration(migrations.Migration):
    """Receipts that are messages: several of a kind, known by their keys (DESIGN 11.5)."""

    dependencies = [
        ("central", "0003_sealed_tables"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="receipt",
            name="receipt_once",
        ),
        migrations.AlterField(
            model_name="receipt",
            name="kind",
            field=models.CharField(
                choices=[
                    ("received", "received"),
                    ("verified", "verified"),
                    ("registered", "registered"),
                    ("activated", "activated"),
                    ("returned", "returned"),
                    ("withdrawn", "withdrawn"),
                    ("cancelled", "cancelled"),
                    ("paper_sent", "paper file dispatched"),
                    ("paper_arrived", "paper file arrived"),
                    ("question", "question"),
                    ("answer", "answer"),
                    ("life_event", "life event"),
                    ("held", "held"),
                    ("released", "released"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["envelope_id"], name="receipt_by_envelope"),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ("paper_sent", "paper_arrived", "question", "answer", "life_event", "held", "released"),
                    ),
                    _negated=True,
                ),
                fields=("envelope_id", "kind"),
                name="receipt_once",
            ),
        ),
    ]
