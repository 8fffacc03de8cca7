from django.db import migrations, models


class Migration(migrations.Migration):
    """A life event holds a case (DESIGN 11.20)."""

    dependencies = [
        ("branches", "0005_stand_ins"),
        ("transfers", "0007_due_dates"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfercase",
            name="held_branch_code",
            field=models.CharField(blank=True, editable=False, max_length=4, verbose_name="branch"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="held_by_name",
            field=models.CharField(blank=True, editable=False, max_length=130, verbose_name="recorded by"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="held_event",
            field=models.CharField(
                blank=True,
                choices=[("death", "Death"), ("court_order", "Court order"), ("other", "Other")],
                editable=False,
                max_length=12,
                verbose_name="life event",
            ),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="held_note",
            field=models.CharField(blank=True, editable=False, max_length=300, verbose_name="note"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="held_on",
            field=models.DateField(editable=False, null=True, verbose_name="date of the event"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="held_since",
            field=models.DateTimeField(editable=False, null=True, verbose_name="held since"),
        ),
        migrations.AddField(
            model_name="transfercase",
            name="hold_number",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddConstraint(
            model_name="transfercase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("held_branch_code", ""), ("held_event", ""), ("held_on", None), ("held_since", None)),
                    models.Q(
                        ("held_on__isnull", False),
                        ("held_since__isnull", False),
                        models.Q(("held_event", ""), _negated=True),
                        models.Q(("held_branch_code", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="held_and_why",
            ),
        ),
    ]
