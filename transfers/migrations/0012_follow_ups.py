import django.db.models.deletion
from django.db import migrations, models

import pension_transfer.lib.month_field


class Migration(migrations.Migration):
    """Follow-ups after a finished move: each branch keeps its own row (D1)."""

    dependencies = [
        ("branches", "0007_months"),
        ("transfers", "0011_months"),
    ]

    operations = [
        migrations.CreateModel(
            name="HeardUntil",
            fields=[
                ("what", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "heard until",
                "verbose_name_plural": "heard until",
            },
        ),
        migrations.AlterField(
            model_name="crossing",
            name="kind",
            field=models.CharField(blank=True, max_length=24, verbose_name="kind"),
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(verbose_name="key of the follow-up")),
                (
                    "matter",
                    models.CharField(
                        choices=[("late_payment", "Late payment"), ("over_payment", "Over-payment")],
                        max_length=12,
                        verbose_name="matter",
                    ),
                ),
                ("month", pension_transfer.lib.month_field.MonthField(verbose_name="month concerned")),
                ("amount", models.BigIntegerField(verbose_name="amount (Rial)")),
                (
                    "settled_by",
                    models.CharField(
                        choices=[("origin", "Origin"), ("destination", "Destination")],
                        max_length=11,
                        verbose_name="to be settled by",
                    ),
                ),
                ("note", models.CharField(max_length=400, verbose_name="note")),
                ("due_on", models.DateField(verbose_name="settlement due on")),
                (
                    "queue",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "To be settled here"), (1, "The other branch settles it"), (2, "Over")],
                        verbose_name="standing",
                    ),
                ),
                (
                    "opened_by_side",
                    models.CharField(
                        choices=[("origin", "Origin"), ("destination", "Destination")],
                        max_length=11,
                        verbose_name="side",
                    ),
                ),
                ("opened_by", models.CharField(max_length=130, verbose_name="opened by")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("paid", "Paid to the pensioner"),
                            ("instalments", "Deducted from the pension in instalments"),
                            ("refunded", "Refunded by the pensioner"),
                            ("not_confirmed", "Not confirmed"),
                            ("withdrawn", "Withdrawn"),
                            ("refused", "Not taken by the center"),
                        ],
                        max_length=13,
                        verbose_name="outcome",
                    ),
                ),
                ("settled_amount", models.BigIntegerField(null=True, verbose_name="amount settled (Rial)")),
                (
                    "letter_number",
                    models.CharField(blank=True, max_length=30, verbose_name="letter number of the settlement"),
                ),
                ("closing_note", models.CharField(blank=True, max_length=400, verbose_name="note on the settlement")),
                ("closed_by", models.CharField(blank=True, max_length=130, verbose_name="closed by")),
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
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="transfers.transfercase",
                        verbose_name="transfer case",
                    ),
                ),
            ],
            options={
                "verbose_name": "follow-up",
                "verbose_name_plural": "follow-ups",
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["branch", "queue", "due_on", "id"], name="follow_up_queue"),
                    models.Index(fields=["queue", "due_on", "id"], name="follow_up_anywhere"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "key"), name="follow_up_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), models.Q(("note", ""), _negated=True)),
                        name="follow_up_of_some_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", ""), ("outcome", ""), ("queue__lt", 2)),
                            models.Q(
                                ("closed_at__isnull", False), ("queue", 2), models.Q(("outcome", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="follow_up_ended_how_and_when",
                    ),
                ],
            },
        ),
    ]
