from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Concat

from pension_transfer.lib import names


class Migration(migrations.Migration):
    """Names are folded by the database itself: whatever writes a name, it is found."""

    dependencies = [("branches", "0012_row_security")]
    operations = [
        migrations.RunSQL(names.FUNCTIONS, ["DROP FUNCTION name_key(text)", "DROP FUNCTION persian_fold(text)"]),
        migrations.RemoveIndex("pensionfile", "file_by_part_of_name"),
        migrations.RemoveField("pensionfile", "search_key"),
        migrations.AddField(
            "pensionfile",
            "name_key",
            names.generated(names.NameKey(Concat("first_name", Value(" "), "last_name"))),
        ),
        migrations.AddField(
            "pensionfile", "family_key", names.generated(names.Folded(Concat("last_name", "first_name")))
        ),
        migrations.AddIndex(
            "pensionfile",
            GinIndex(F("branch_id"), OpClass("name_key", "gin_trgm_ops"), name="file_by_part_of_name"),
        ),
        migrations.AddIndex(
            "pensionfile",
            models.Index(OpClass("name_key", "varchar_pattern_ops"), F("branch_id"), name="file_by_first_name"),
        ),
        migrations.AddIndex(
            "pensionfile",
            models.Index(OpClass("family_key", "varchar_pattern_ops"), F("branch_id"), name="file_by_last_name"),
        ),
        migrations.AddIndex("dependent", models.Index(name="dependent_by_national_code", fields=["national_code"])),
    ]
