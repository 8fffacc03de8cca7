import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pension_transfer.lib.validation
from pension_transfer.lib.triggers import seal, unseal


class Migration(migrations.Migration):
    """Who closed, merged or renumbered a branch, and why (DESIGN 11.7)."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("transfers", "0016_backups"),
    ]

    operations = [
        migrations.CreateModel(
            name="BranchChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("closed", "closed"),
                            ("merged", "merged into another"),
                            ("renumbered", "renumbered"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "branch_code",
                    models.CharField(
                        max_length=4,
                        unique=True,
                        validators=[pension_transfer.lib.validation.digits(4)],
                        verbose_name="branch code",
                    ),
                ),
                ("successor", models.CharField(blank=True, max_length=4, verbose_name="succeeded by")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("by_name", models.CharField(max_length=130, verbose_name="by")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={"verbose_name": "branch change", "verbose_name_plural": "branch changes"},
        ),
        migrations.RunSQL(seal("transfers_branchchange"), unseal("transfers_branchchange")),
    ]
