from django.db import migrations

import pension_transfer.lib.month_field


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0006_reminders"),
    ]

    operations = [
        migrations.AlterField(
            model_name="custodyrequest",
            name="month",
            field=pension_transfer.lib.month_field.MonthField(),
        ),
        migrations.AlterField(
            model_name="pensionfile",
            name="last_paid_month",
            field=pension_transfer.lib.month_field.MonthField(blank=True, null=True, verbose_name="last paid month"),
        ),
    ]
