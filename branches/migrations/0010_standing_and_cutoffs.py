from django.db import migrations, models

import pension_transfer.lib.month_field

CAUSES = [
    ("death", "Death"),
    ("entitlement_ended", "End of entitlement"),
    ("other_fund", "Transfer to another fund"),
    ("other", "Other closing"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0009_payroll"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayrollCutoff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", pension_transfer.lib.month_field.MonthField(unique=True, verbose_name="month")),
                ("day", models.DateField(verbose_name="cut-off day")),
            ],
            options={
                "verbose_name": "payroll cut-off",
                "verbose_name_plural": "payroll cut-offs",
                "ordering": ["-month"],
            },
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="closed_on",
            field=models.DateField(blank=True, null=True, verbose_name="entitled until"),
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="closing_cause",
            field=models.CharField(blank=True, choices=CAUSES, max_length=20, verbose_name="cause of closing"),
        ),
        migrations.AddConstraint(
            model_name="pensionfile",
            constraint=models.CheckConstraint(
                condition=models.Q(closed_on=None, closing_cause="")
                | (~models.Q(closing_cause="") & models.Q(closed_on__isnull=False)),
                name="file_closed_why_and_when",
            ),
        ),
    ]
