"""What belongs to a branch: its tables in the order in which they are written, and what their columns point to."""

from typing import Any

from django.apps import apps
from django.db import connection, models

from branches.fences import FENCED as FILES
from branches.models import Administration, Branch, User
from transfers.fences import EVERY_FENCE as CASES
from transfers.models import Scan

PEOPLE = "branches_user"
CASE, EVENT, FILE = "transfers_transfercase", "transfers_transferevent", "branches_pensionfile"
# Beside what row security fences: table, the column that leads to the branch, and the parent it points to.
OFFICES = {
    "branches_appointment": ("branch_id", ""),
    "branches_standinrecord": ("appointment_id", "branches_appointment"),
    "transfers_trackingserial": ("branch_id", ""),
}
COMMANDS = {"transfers_command": ("case_id", CASE)}
# The work of this site's own machinery: nothing of it may be open when a branch leaves.
STAYS = frozenset(
    {
        "transfers_stuckitem", "branches_importbatch", "branches_importfinding", "transfers_job", "transfers_jobitem",
    }
)  # fmt: skip
OWNED = {table: how for table, how in (OFFICES | FILES | CASES | COMMANDS).items() if table not in STAYS}
# The same for every branch, under the hash of what they are.
SCANS = ("transfers_scanbytes", "transfers_scan")
TABLES = (PEOPLE, *SCANS, *OWNED)
# What has the same key at every site.
SAME_EVERYWHERE: tuple[type[models.Model], ...] = (Branch, Administration, Scan)


def condition(table: str) -> str:
    """SQL for the rows of `table` that belong to the branches in the one parameter, a list of codes."""
    column, parent = OWNED[table]
    if not parent:
        return f"{column} = ANY(%s)"
    return f"{column} IN (SELECT id FROM {parent} WHERE {condition(parent)})"  # noqa: S608 - names of tables


def scans() -> str:
    """The same for scans."""
    return f"sha256 IN (SELECT scan_id FROM transfers_attachment WHERE {condition('transfers_attachment')})"  # noqa: S608


def model_of(table: str) -> type[models.Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def has_number(table: str) -> bool:
    """Whether its rows have a number that this site gave; what has a key of its own keeps it."""
    return isinstance(model_of(table)._meta.pk, models.AutoField)


def written(table: str) -> str:
    """Its columns in SQL, without those that the database makes of the others."""
    return ", ".join(f'"{f.column}"' for f in model_of(table)._meta.concrete_fields if not f.generated)


def numbered(table: str) -> dict[str, str]:
    """The columns that point to rows with such a number: {column: table}."""
    fields = [f for f in model_of(table)._meta.concrete_fields if isinstance(f, models.ForeignKey)]
    targets = {f.column: _table(f) for f in fields if f.related_model not in SAME_EVERYWHERE}
    return {column: table for column, table in targets.items() if has_number(table)}


def _table(field: "models.ForeignKey[Any]") -> str:
    target: Any = field.related_model
    table = User._meta.db_table if issubclass(target, User) else target._meta.db_table
    if table not in TABLES:
        raise LookupError(f"{field} points to what does not move along")
    return str(table)


def ask(sql: str, *parameters: Any) -> list[Any]:
    """The rows of one statement at this site; none of one that gives none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall() if cursor.description else []
