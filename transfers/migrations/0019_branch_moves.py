from django.db import migrations, models

from pension_transfer.lib.validation import digits

KINDS = [
    ("closed", "closed"),
    ("merged", "merged into another"),
    ("renumbered", "renumbered"),
    ("moved", "moved to another site"),
]


class Migration(migrations.Migration):
    """A branch moves to another site, and its trail with it (decision 0022)."""

    dependencies = [("transfers", "0018_row_security")]

    operations = [
        migrations.AddField(
            "branchchange", "site", models.CharField(blank=True, default="", max_length=40, verbose_name="site"), False
        ),
        migrations.AlterField(
            "branchchange", "kind", models.CharField(choices=KINDS, max_length=10, verbose_name="kind")
        ),
        migrations.AlterField(
            "branchchange",
            "branch_code",
            models.CharField(max_length=4, validators=[digits(4)], verbose_name="branch code"),
        ),
        migrations.AddConstraint(
            "branchchange", models.UniqueConstraint(fields=("branch_code", "site"), name="branch_change_once")
        ),
        migrations.AddField("transferevent", "signed_as", models.JSONField(editable=False, null=True)),
    ]
