from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models import F, Q

from pension_transfer.lib import names


class Migration(migrations.Migration):
    """A move is found by the name and by the number of a letter, too."""

    dependencies = [("branches", "0013_folded_names"), ("transfers", "0022_jobs")]
    operations = [
        migrations.AddField("transfercase", "name_key", names.generated(names.NameKey("person_name"))),
        migrations.AddIndex(
            "transfercase",
            GinIndex(F("branch_id"), OpClass("name_key", "gin_trgm_ops"), name="case_by_part_of_name"),
        ),
        migrations.AddIndex(
            "transfercase",
            models.Index(OpClass("name_key", "text_pattern_ops"), F("branch_id"), name="case_by_name"),
        ),
        *(
            migrations.AddIndex(
                "transfercase", models.Index(name=f"case_by_{name}", fields=[name], condition=~Q(**{name: ""}))
            )
            for name in ("letter_number", "paper_sent_letter", "paper_letter_number")
        ),
    ]
