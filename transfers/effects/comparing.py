"""What follows a judgement of the comparison with the paper file."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from branches.roles import Action
from pension_transfer.lib.errors import NotNow
from transfers.comparison import fields_in, held_marks, spelt
from transfers.effects.shared import Effects
from transfers.fields import Field, under
from transfers.models import Mark, TransferCase

if TYPE_CHECKING:
    from transfers.doing import Doing

SAID = ("verdict", "paper_value", "code", "severity", "note")


def _judge(doing: "Doing") -> None:
    """One field with what is said of it; or everything under a path that nobody has judged yet, as matching."""
    case, given = doing.case, doing.input
    fields = under(given["path"], fields_in(case))
    is_one = fields[0].path == given["path"]
    _as_seen(doing, is_one)
    if not given["verdict"]:
        Mark.objects.filter(case=case, path__in=[field.path for field in fields]).delete()
    elif is_one:
        mark = held_marks(case).get(given["path"])
        _mark(case, [] if mark and _says(mark, given) else fields, doing)
    else:
        held = held_marks(case)
        _mark(case, [field for field in fields if field.path not in held], doing)
    case.__dict__.pop("_prefetched_objects_cache", None)


def _as_seen(doing: "Doing", is_one: bool) -> None:
    """Nothing is judged that the page did not show, and no colleague's judgement is overwritten unseen."""
    case, given = doing.case, doing.input
    if given.get("seen_content") not in (None, "", case.content_hash):
        sentence = _("The data has changed since this page was opened. Reload it and compare what changed.")
        raise NotNow(sentence, "content_changed_meanwhile")
    other = held_marks(case).get(given["path"]) if is_one and given.get("seen_mark") is not None else None
    if other and other.by_id != doing.person.pk and spelt(other.at) != given["seen_mark"] and not _says(other, given):
        sentence = _("%(name)s has judged this field meanwhile: %(verdict)s. Look at it, then press again.")
        raise NotNow(sentence % {"name": other.by, "verdict": other.get_verdict_display()}, "judged_meanwhile")


def _says(mark: Mark, given: dict[str, Any]) -> bool:
    """Whether a mark says already what is given."""
    return all(getattr(mark, name) == given[name] for name in SAID)


def _mark(case: TransferCase, fields: list[Field], doing: "Doing") -> None:
    said: dict[str, Any] = {name: doing.input.get(name, "") for name in SAID} | {"by": doing.by, "at": timezone.now()}
    rows = [Mark(case=case, path=field.path, value=field.text, **said) for field in fields]
    Mark.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["case", "path"], update_fields=["value", *said]
    )


EFFECTS: Effects = {Action.JUDGE: (_judge,)}
