from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Concat

from pension_transfer.lib import names


class Migration(migrations.Migration):
    """A name is looked for in its branch alone: the trigrams of the whole country took too long. Folding is quicker."""

    dependencies = [("branches", "0014_notice_choices")]
    operations = [
        migrations.RunSQL([*names.FUNCTIONS, names.LEXEMES], "DROP FUNCTION name_lexemes(text, text)"),
        migrations.RemoveIndex("pensionfile", "file_by_part_of_name"),
        migrations.AddIndex(
            "pensionfile",
            GinIndex(
                names.NameLexemes("branch_id", Concat("first_name", Value(" "), "last_name")),
                name="file_by_lexemes_of_name",
                gin_pending_list_limit=256,  # kB: what is not sorted in yet is read through by every search
            ),
        ),
    ]
