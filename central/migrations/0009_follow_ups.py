import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is said of a finished move: a follow-up is opened once, and settled or withdrawn once (DESIGN 11.1)."""

    dependencies = [
        ("central", "0008_custody_ended"),
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
                    ("question_closed", "question closed"),
                    ("life_event", "life event"),
                    ("held", "held"),
                    ("released", "released"),
                    ("follow_up", "follow-up"),
                    ("follow_up_settled", "follow-up settled"),
                    ("follow_up_withdrawn", "follow-up withdrawn"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("kind__in", ("follow_up", "follow_up_settled", "follow_up_withdrawn"))),
                fields=["id"],
                name="receipt_of_follow_ups",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        (
                            "paper_sent",
                            "paper_arrived",
                            "question",
                            "answer",
                            "question_closed",
                            "life_event",
                            "held",
                            "released",
                            "follow_up",
                            "follow_up_settled",
                            "follow_up_withdrawn",
                        ),
                    ),
                    _negated=True,
                ),
                fields=("envelope_id", "kind"),
                name="receipt_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                models.F("envelope_id"),
                django.db.models.fields.json.KeyTextTransform("follow_up", "body"),
                condition=models.Q(("kind", "follow_up")),
                name="follow_up_opened_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                models.F("envelope_id"),
                django.db.models.fields.json.KeyTextTransform("follow_up", "body"),
                condition=models.Q(("kind__in", ["follow_up_settled", "follow_up_withdrawn"])),
                name="settled_or_withdrawn",
            ),
        ),
    ]
