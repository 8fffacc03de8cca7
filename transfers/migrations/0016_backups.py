from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0015_stuck_items")]

    operations = [
        migrations.AddIndex(
            model_name="crossing",
            index=models.Index(condition=models.Q(("state", "done")), fields=["settled_at"], name="crossing_settled"),
        ),
    ]
