import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def give_paths(apps, schema_editor):
    """A discrepancy was named by its section and what somebody typed as the field."""
    for row in apps.get_model("transfers", "Discrepancy").objects.all():
        row.path = f"{row.section}.{row.field}".strip(".")[:200]
        row.save(update_fields=["path"])


class Migration(migrations.Migration):
    """Each field is judged for itself. An open comparison by sections begins anew: its ticks named no fields."""

    dependencies = [
        ("transfers", "0002_guarded_by_the_database"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="discrepancy",
            name="path",
            field=models.CharField(default="", max_length=200, verbose_name="field"),
            preserve_default=False,
        ),
        migrations.RunPython(give_paths, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="discrepancy",
            name="field",
        ),
        migrations.RemoveField(
            model_name="discrepancy",
            name="section",
        ),
        migrations.AlterField(
            model_name="crossing",
            name="kind",
            field=models.CharField(blank=True, max_length=16, verbose_name="kind"),
        ),
        migrations.CreateModel(
            name="Heard",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="heard", to="transfers.transfercase"
                    ),
                ),
            ],
            options={
                "verbose_name": "message heard",
                "verbose_name_plural": "messages heard",
            },
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=200, verbose_name="field")),
                ("paper_value", models.CharField(blank=True, max_length=300, verbose_name="value on paper")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("value", models.TextField(verbose_name="value judged")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("match", "Match"), ("differs", "Differs"), ("not_in_paper", "Not in the paper")],
                        max_length=12,
                        verbose_name="verdict",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("different_value", "The value differs from the paper file"),
                            ("not_in_paper", "Not in the paper file"),
                            ("missing_in_data", "In the paper file, but not in the data"),
                            ("wrong_person", "Belongs to another person"),
                            ("wrong_branch", "Sent to the wrong branch"),
                            ("paper_missing", "The paper file has not come or is incomplete"),
                            ("seal_broken", "The seal does not hold"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                        verbose_name="code",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("clerical", "Clerical: noted, does not stop the transfer"),
                            ("must_be_corrected", "Must be corrected by the origin"),
                        ],
                        max_length=20,
                        verbose_name="severity",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="transfers.transfercase"
                    ),
                ),
            ],
            options={
                "verbose_name": "mark",
                "verbose_name_plural": "marks",
            },
        ),
        migrations.DeleteModel(
            name="Tick",
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.UniqueConstraint(fields=("case", "path"), name="mark_once"),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", ""), ("severity", ""), ("verdict", "match")),
                    models.Q(
                        models.Q(("verdict", "match"), _negated=True),
                        models.Q(("code", ""), _negated=True),
                        models.Q(("severity", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="mark_says_what_differs",
            ),
        ),
    ]
