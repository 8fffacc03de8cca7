from django.db import migrations, models


class Migration(migrations.Migration):
    """Which site serves a branch: each site publishes its own, and none those of another."""

    dependencies = [
        ("central", "0009_follow_ups"),
    ]

    operations = [
        migrations.AddField(
            model_name="directory",
            name="site",
            field=models.CharField(blank=True, max_length=40, verbose_name="site"),
        ),
    ]
