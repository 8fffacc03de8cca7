import django.db.models.fields.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """A question is asked, answered and closed once each: the first one wins (DESIGN 11.1)."""

    dependencies = [
        ("central", "0005_blobs"),
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
                ],
                max_length=16,
                verbose_name="kind",
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
                models.F("kind"),
                django.db.models.fields.json.KeyTextTransform("question", "body"),
                condition=models.Q(("kind__in", ("question", "answer", "question_closed"))),
                name="said_once_of_a_question",
            ),
        ),
    ]
