import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What sync could not carry out, and the workers that try it (DESIGN D3)."""

    dependencies = [
        ("branches", "0010_standing_and_cutoffs"),
        ("transfers", "0014_payroll_warnings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SyncWorker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="worker")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("last_round_at", models.DateTimeField(verbose_name="last round at")),
                ("last_reached_at", models.DateTimeField(null=True, verbose_name="center reached last at")),
                ("finished", models.BigIntegerField(default=0, verbose_name="steps finished")),
                ("is_stopped", models.BooleanField(default=False, verbose_name="stopped")),
            ],
            options={
                "verbose_name": "sync worker",
                "verbose_name_plural": "sync workers",
            },
        ),
        migrations.CreateModel(
            name="StuckItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("crossing", "step on its way to the center"),
                            ("receipt", "message from the center"),
                            ("follow_up", "message about a follow-up"),
                            ("custody", "request about who pays"),
                            ("attachment", "attachment"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("ref", models.CharField(max_length=100, verbose_name="reference")),
                ("action", models.CharField(blank=True, max_length=24, verbose_name="action")),
                ("why", models.CharField(max_length=300, verbose_name="reason")),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                ("first_at", models.DateTimeField(auto_now_add=True, verbose_name="stuck since")),
                ("last_at", models.DateTimeField(verbose_name="tried last")),
                ("next_try_at", models.DateTimeField(null=True, verbose_name="next try")),
                ("set_aside_at", models.DateTimeField(null=True, verbose_name="set aside at")),
                (
                    "handed_to",
                    models.CharField(
                        choices=[
                            ("clerk", "Clerk"),
                            ("technical_officer", "Technical pensions officer"),
                            ("branch_head", "Branch head"),
                            ("insurance_deputy", "Insurance deputy"),
                            ("destination_staff", "Destination staff"),
                            ("province_supervisor", "Province supervisor"),
                            ("center_operator", "Center operator"),
                            ("auditor", "Auditor"),
                        ],
                        default="technical_officer",
                        max_length=20,
                        verbose_name="handed over to",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("done", "done"), ("given_up", "given up")],
                        max_length=8,
                        verbose_name="outcome",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason for this")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.branch",
                        verbose_name="branch",
                    ),
                ),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stuck",
                        to="transfers.transfercase",
                        verbose_name="transfer case",
                    ),
                ),
            ],
            options={
                "verbose_name": "stuck item",
                "verbose_name_plural": "stuck items",
                "indexes": [
                    models.Index(condition=models.Q(("closed_at", None)), fields=["branch", "id"], name="stuck_open"),
                    models.Index(condition=models.Q(("closed_at", None)), fields=["id"], name="stuck_open_anywhere"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)), fields=("kind", "ref"), name="stuck_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at__isnull", False),
                            models.Q(("next_try_at", None), ("set_aside_at__isnull", False)),
                            models.Q(("next_try_at__isnull", False), ("set_aside_at", None)),
                            _connector="OR",
                        ),
                        name="stuck_is_tried_or_set_aside",
                    ),
                ],
            },
        ),
    ]
