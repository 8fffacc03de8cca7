from django.db import migrations, models


class Migration(migrations.Migration):
    """How often the public tracking page was asked in vain."""

    dependencies = [("transfers", "0019_branch_moves")]

    operations = [
        migrations.CreateModel(
            name="VainTry",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("tries", models.PositiveIntegerField(default=0, verbose_name="tries")),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={
                "verbose_name": "try in vain at public tracking",
                "verbose_name_plural": "tries in vain at public tracking",
            },
        ),
    ]
