from typing import Any

from django.db import migrations

from pension_transfer.lib.fences import fence, prepare, unfence
from transfers.fences import FENCED
from transfers.triggers import SEES_ALL, SEES_NO_MORE


def let_in(apps: Any, schema_editor: Any) -> None:
    """The role that requests take; where this account may not create it, `secure_rows` says so."""
    prepare(schema_editor.connection)


class Migration(migrations.Migration):
    """A request sees the rows of its person's branches, whatever its query asks for (I7)."""

    dependencies = [("transfers", "0017_branch_changes"), ("branches", "0012_row_security")]
    operations = [
        *[migrations.RunSQL(fence(table, *how), unfence(table)) for table, how in FENCED.items()],
        migrations.RunSQL(SEES_ALL, SEES_NO_MORE),
        migrations.RunPython(let_in, migrations.RunPython.noop),
    ]
