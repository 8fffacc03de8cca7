from django.db import migrations, models

import pension_transfer.lib.month_field

# The first month that the destination of an open case pays, as the product writes it from now on.
FILL = """
    UPDATE transfers_transfercase AS moved
    SET payable_from = CASE paid.month % 100 WHEN 12 THEN paid.month + 89 ELSE paid.month + 1 END
    FROM (
        SELECT held.id, coalesce(held.last_paid_month, file.last_paid_month) AS month
        FROM transfers_transfercase AS held
        LEFT JOIN branches_pensionfile AS file ON file.id = held.pension_file_id
        WHERE held.closed_at IS NULL AND file.status IS DISTINCT FROM 'suspended'
    ) AS paid
    WHERE paid.id = moved.id AND paid.month IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0013_reconcile_runs"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfercase",
            name="payable_from",
            field=pension_transfer.lib.month_field.MonthField(editable=False, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="transfercase", name="case_open_anywhere"),
        migrations.AddIndex(
            model_name="transfercase",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["turn_since", "id"],
                include=["side", "state", "due_on", "payable_from"],
                name="case_open_anywhere",
            ),
        ),
    ]
