"""What follows a judgement of the comparison with the paper file."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from branches.roles import Action
from transfers.comparison import held_marks
from transfers.effects.shared import Effects
from transfers.fields import Field, fields_of, under
from transfers.models import Mark, TransferCase

if TYPE_CHECKING:
    from transfers.workflow import Doing

SAID = ("verdict", "paper_value", "code", "severity", "note")


def _judge(doing: "Doing") -> None:
    """One field with what is said of it; or everything under a path that nobody has judged yet, as matching."""
    case, given = doing.case, doing.input
    fields = under(given["path"], fields_of(case.content))
    if not given["verdict"]:
        Mark.objects.filter(case=case, path__in=[field.path for field in fields]).delete()
    elif len(fields) == 1 and fields[0].path == given["path"]:
        _mark(case, fields, doing)
    else:
        held = held_marks(case)
        _mark(case, [field for field in fields if field.path not in held], doing)
    case.__dict__.pop("_prefetched_objects_cache", None)


def _mark(case: TransferCase, fields: list[Field], doing: "Doing") -> None:
    said: dict[str, Any] = {name: doing.input.get(name, "") for name in SAID} | {"by": doing.by, "at": timezone.now()}
    rows = [Mark(case=case, path=field.path, value=field.text, **said) for field in fields]
    Mark.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["case", "path"], update_fields=["value", *said]
    )


EFFECTS: Effects = {Action.JUDGE: (_judge,)}
