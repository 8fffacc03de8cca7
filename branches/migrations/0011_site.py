import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which site serves a branch, and which branch took its place."""

    dependencies = [
        ("branches", "0010_standing_and_cutoffs"),
    ]

    operations = [
        migrations.AddField(
            model_name="branch",
            name="site",
            field=models.CharField(blank=True, editable=False, max_length=40, verbose_name="site"),
        ),
        migrations.AddField(
            model_name="branch",
            name="succeeded_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="branches.branch",
                verbose_name="succeeded by",
            ),
        ),
        migrations.AddField(
            model_name="branch",
            name="predecessors",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=4), default=list, editable=False, size=None
            ),
        ),
    ]
