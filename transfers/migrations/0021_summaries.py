from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

FIGURES = [
    ("flow", "Steps of moves"),
    ("stay", "Working days in a state"),
    ("late", "Steps by who answers for them"),
    ("reason", "Reasons for a return"),
]
PARTIES = [("origin", "Origin"), ("destination", "Destination"), ("technical", "Center or line")]


class Migration(migrations.Migration):
    """What the overviews show, by day; and with each step who answers for its time (decision 0025)."""

    dependencies = [("transfers", "0020_public_tracking")]

    operations = [
        migrations.AddField(
            "transferevent",
            "party",
            models.CharField(blank=True, choices=PARTIES, default="", editable=False, max_length=11),
        ),
        migrations.AddField("transferevent", "days_late", models.PositiveSmallIntegerField(default=0, editable=False)),
        migrations.AddIndex("transferevent", BrinIndex(autosummarize=True, fields=["at"], name="event_at")),
        migrations.CreateModel(
            name="SummedDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={"verbose_name": "summed day", "verbose_name_plural": "summed days"},
        ),
        migrations.CreateModel(
            name="Summary",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(blank=True, max_length=4)),
                ("day", models.DateField()),
                ("figure", models.CharField(choices=FIGURES, max_length=6)),
                ("key", models.CharField(max_length=40)),
                ("days", models.PositiveSmallIntegerField(default=0)),
                ("n", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "summary",
                "verbose_name_plural": "summaries",
                "indexes": [models.Index(fields=["day"], name="summary_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("place", "figure", "day", "key", "days"), include=("n",), name="summary_once"
                    )
                ],
            },
        ),
    ]
