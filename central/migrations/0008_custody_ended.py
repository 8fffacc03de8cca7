from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("central", "0007_custody_history"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="custody",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["branch_code", "ended_at"],
                name="custody_ended",
            ),
        ),
    ]
