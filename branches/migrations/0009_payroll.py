import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pension_transfer.lib.month_field
from branches.triggers import PAYMENTS, UNDO_PAYMENTS
from pension_transfer.lib.triggers import REFUSE, seal, unseal


class Migration(migrations.Migration):
    """What was paid, once a month and for ever; no branch records a month that a sealed move takes away."""

    dependencies = [
        ("branches", "0008_last_pay_certificate"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayrollRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("month", pension_transfer.lib.month_field.MonthField(verbose_name="month")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                ("paid", models.PositiveIntegerField(default=0, verbose_name="pensions paid")),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payroll_runs",
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
                        verbose_name="run by",
                    ),
                ),
            ],
            options={
                "verbose_name": "payroll run",
                "verbose_name_plural": "payroll runs",
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", pension_transfer.lib.month_field.MonthField(verbose_name="month")),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="branches.pensionfile",
                        verbose_name="pension file",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="branches.payrollrun",
                        verbose_name="payroll run",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
            },
        ),
        migrations.AddIndex(
            model_name="payrollrun",
            index=models.Index(fields=["branch", "-at"], name="payroll_run_by_branch"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("file", "month"), name="paid_once_a_month"),
        ),
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(seal("branches_payment"), unseal("branches_payment")),
        migrations.RunSQL(PAYMENTS, UNDO_PAYMENTS),
    ]
