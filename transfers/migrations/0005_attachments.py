import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from pension_transfer.lib.blobs import held_to_its_hash
from pension_transfer.lib.triggers import REFUSE, seal, unseal

SEALED = ["transfers_scan", "transfers_scanbytes"]


class Migration(migrations.Migration):
    """Scans on a case; their bytes are append-only, and held to their hash by the database (I1, I4)."""

    dependencies = [
        ("transfers", "0004_paper_travels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Scan",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256")),
                ("size", models.PositiveIntegerField(verbose_name="size")),
                (
                    "media_type",
                    models.CharField(
                        choices=[
                            ("application/pdf", "PDF"),
                            ("image/jpeg", "JPEG picture"),
                            ("image/png", "PNG picture"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("pages", models.PositiveIntegerField(null=True, verbose_name="pages")),
            ],
            options={
                "verbose_name": "scan",
                "verbose_name_plural": "scans",
            },
        ),
        migrations.CreateModel(
            name="ScanBytes",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256")),
                ("bytes", models.BinaryField(verbose_name="bytes")),
            ],
            options={
                "verbose_name": "attachment's bytes",
                "verbose_name_plural": "attachments' bytes",
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "media_type",
                    models.CharField(
                        choices=[
                            ("application/pdf", "PDF"),
                            ("image/jpeg", "JPEG picture"),
                            ("image/png", "PNG picture"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("size", models.PositiveIntegerField(verbose_name="size")),
                ("path", models.CharField(blank=True, max_length=200, verbose_name="place")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed at")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="transfers.transfercase",
                        verbose_name="transfer case",
                    ),
                ),
                (
                    "scan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="transfers.scan",
                        verbose_name="scan",
                    ),
                ),
            ],
            options={
                "verbose_name": "attachment",
                "verbose_name_plural": "attachments",
                "ordering": ["id"],
                "indexes": [
                    models.Index(condition=models.Q(("scan", None)), fields=["sha256"], name="attachment_on_its_way")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("case", "path", "sha256"),
                        name="attached_once_a_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scan", None), ("scan_id", models.F("sha256")), _connector="OR"),
                        name="attached_scan_is_its_hash",
                    ),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(held_to_its_hash("transfers_scanbytes"), migrations.RunSQL.noop),
        *(migrations.RunSQL(seal(table), unseal(table)) for table in SEALED),
    ]
