from django.db import migrations

from branches.fences import FENCED
from pension_transfer.lib.fences import fence, unfence


class Migration(migrations.Migration):
    """A request sees the rows of its person's branches, whatever its query asks for (I7)."""

    dependencies = [("branches", "0011_site")]
    operations = [migrations.RunSQL(fence(table, *how), unfence(table)) for table, how in FENCED.items()]
