from django.db import migrations

import pension_transfer.lib.month_field


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0010_work_taken"),
    ]

    operations = [
        migrations.AlterField(
            model_name="transfercase",
            name="last_paid_month",
            field=pension_transfer.lib.month_field.MonthField(null=True, verbose_name="last paid month"),
        ),
    ]
