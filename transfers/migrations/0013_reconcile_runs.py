from django.db import migrations, models


class Migration(migrations.Migration):
    """What each check of the invariants found (DESIGN section 8)."""

    dependencies = [("transfers", "0012_follow_ups")]

    operations = [
        migrations.CreateModel(
            name="ReconcileRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(verbose_name="finished at")),
                ("problems", models.PositiveIntegerField(verbose_name="problems")),
                ("checked", models.JSONField(default=dict, verbose_name="rows checked")),
                ("sample", models.JSONField(default=list, verbose_name="the first problems")),
            ],
            options={"verbose_name": "reconciliation", "verbose_name_plural": "reconciliations"},
        ),
    ]
