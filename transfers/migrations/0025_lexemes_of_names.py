from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from pension_transfer.lib import names


class Migration(migrations.Migration):
    """A move is looked for by the name in its branch alone, as a pension file is."""

    dependencies = [("branches", "0015_lexemes_of_names"), ("transfers", "0024_notices")]
    operations = [
        migrations.RemoveIndex("transfercase", "case_by_part_of_name"),
        migrations.AddIndex(
            "transfercase",
            GinIndex(
                names.NameLexemes("branch_id", "person_name"),
                name="case_by_lexemes_of_name",
                gin_pending_list_limit=256,
            ),
        ),
    ]
