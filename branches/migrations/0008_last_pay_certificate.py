import django.core.validators
from django.db import migrations, models

import pension_transfer.lib.month_field


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0007_months"),
    ]

    operations = [
        migrations.AddField(
            model_name="pensionfile",
            name="arrears_amount",
            field=models.BigIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="arrears (Rial)",
            ),
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="arrears_note",
            field=models.CharField(blank=True, max_length=200, verbose_name="what the arrears are for"),
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="overpaid_amount",
            field=models.BigIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="overpaid (Rial)",
            ),
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="overpaid_note",
            field=models.CharField(blank=True, max_length=200, verbose_name="how it was overpaid"),
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="suspended_since",
            field=pension_transfer.lib.month_field.MonthField(blank=True, null=True, verbose_name="suspended since"),
        ),
        migrations.AddField(
            model_name="pensionfile",
            name="suspension_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason of the suspension"),
        ),
        migrations.AddConstraint(
            model_name="pensionfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("arrears_amount", None), ("arrears_amount__gte", 0), _connector="OR"),
                name="file_arrears",
            ),
        ),
        migrations.AddConstraint(
            model_name="pensionfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("overpaid_amount", None), ("overpaid_amount__gte", 0), _connector="OR"),
                name="file_overpaid",
            ),
        ),
    ]
