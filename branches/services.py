"""What a branch does with its pension files. Every writing function takes `by=` and leaves its record."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from branches.models import Correction, Decree, DecreeLine, PensionFile, Status, User
from branches.models.pension import Person
from branches.roles import Action, can
from branches.sections import SECTIONS, section_label
from pension_transfer.lib.busy import busy_is_an_answer
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from pension_transfer.lib.persian import listed

OPEN = frozenset({Status.ACTIVE, Status.SUSPENDED})  # the states in which a branch corrects a file
LINE_FIELDS = ("title", "group", "amount")

# Called with the file, the person and the correction, inside its transaction. The app that moves files
# registers what must follow here: branches does not know it.
on_content_change: list[Callable[[PensionFile, User, Correction], None]] = []


@dataclass(frozen=True)
class Link:
    """A step that a file's page offers; `blocked` says why it can't be taken now."""

    label: Any
    url: str
    kind: str = "secondary"
    blocked: Any = ""


@dataclass(frozen=True)
class Notice:
    """What stands above a file, for instance where a sealed move takes it; tone as in the component alert."""

    title: Any
    text: Any = ""
    tone: str = "info"
    link: Link | None = None


# What other apps add to a file's page for this person; each is asked once per page.
notices_of_file: list[Callable[[PensionFile, User], list[Notice]]] = []
attachments_of_file: list[Callable[[PensionFile, User], list[Any]]] = []  # rows of components/attachments.html
links_of_file: list[Callable[[PensionFile, User], list[Link]]] = []
# What other apps say of a file's columns, to whoever corrects them: sentences by section, row (None: the file
# itself, or a new row) and column.
Remarks = dict[tuple[str, int | None, str], list[str]]
remarks_of_file: list[Callable[[PensionFile], Remarks]] = []


# --- correcting -----------------------------------------------------------------------------------------


def correct(
    file: PensionFile,
    section: str,
    pk: int | None,
    by: User,
    reason: str,
    data: dict[str, Any],
    *,
    seen: int | None = None,
    command_id: uuid.UUID | None = None,
) -> Correction:
    """Correct one row of a section of a file, with the reason, as history (DESIGN 11.15).

    `pk` names the dependent, deduction or decree (None: the file itself, or a new row); `data` maps
    columns to values, and for a decree `lines` to dicts of title, group and amount. `seen` is the
    content_version the person looked at. The same `command_id` again gives the first answer.
    Raises NotAllowed, NotNow (frozen, closed, stale, void), NotSeen, BadInput.
    """
    return recorded(file, by, reason, seen, command_id, lambda held: _changed(held, section, pk, data))


def remove(
    file: PensionFile,
    section: str,
    pk: int,
    by: User,
    reason: str,
    *,
    seen: int | None = None,
    command_id: uuid.UUID | None = None,
) -> Correction:
    """Take a row out of a file; its history keeps the whole row, and a decree stays readable as void.

    Arguments and refusals as in `correct`; NotNow ("only_decree") for the only valid decree.
    """
    return recorded(file, by, reason, seen, command_id, lambda held: _removed(held, section, pk))


def state_certificate(file: PensionFile, by: User, reason: str, data: dict[str, Any]) -> Correction:
    """The technical officer states the last pay certificate; history as of any correction, on `reason`.

    `data` maps the columns of the section "certificate" to values. It is part of a step of a move, which holds the
    file and sees to what follows. Raises NotAllowed, NotNow (frozen, closed), BadInput.
    """
    if not can(by, Action.STATE_CERTIFICATE, file.branch):
        raise NotAllowed(_("The technical officer of the branch states the last pay certificate."), "not_allowed")
    must_be_open(file)
    return _stored(file, by, reason, _changed(file, "certificate", None, data))


def recorded(
    file: PensionFile,
    by: User,
    reason: str,
    seen: int | None,
    command_id: uuid.UUID | None,
    change: Callable[[PensionFile], Correction],
    must_may: Callable[[User, PensionFile], None] | None = None,
) -> Correction:
    """Make a change of an open file, with its record and what follows it, in one transaction.

    `must_may` raises NotAllowed for who may not; without it, the change is a correction.
    """
    (must_may or must_may_correct)(by, file)
    with busy_is_an_answer(), transaction.atomic():
        file = PensionFile.objects.select_for_update().get(pk=file.pk)
        if done := done_before(command_id, by, file):
            return done
        must_be_open(file)
        _must_be_fresh(file, seen)
        correction = _stored(file, by, reason, change(file), command_id)
        for hook in on_content_change:
            hook(file, by, correction)
    return correction


def _stored(
    file: PensionFile, by: User, reason: str, correction: Correction, command_id: uuid.UUID | None = None
) -> Correction:
    """The file with its change, and the record of it."""
    correction.reason, correction.by, correction.command_id = reason, by, command_id
    correction.save()
    _bump(file)
    return correction


def must_may_correct(by: User, file: PensionFile) -> None:
    """NotAllowed unless this person corrects files of that branch."""
    if not can(by, Action.CORRECT_FILE, file.branch):
        raise NotAllowed(_("A file is corrected by a clerk of the branch that holds it."), "not_allowed")


def must_be_open(file: PensionFile) -> None:
    """NotNow while a sealed move holds the file, and when it is not active or suspended here."""
    if file.is_frozen:
        raise NotNow(
            _("This file is sealed in a move and is read-only until it comes back; recall it first."),
            "frozen",
        )
    if file.status not in OPEN:
        status = file.get_status_display()
        raise NotNow(
            _("Only an active or suspended file is corrected; this one is: %(status)s.") % {"status": status},
            "closed",
        )


def may_be_corrected(file: PensionFile, by: User) -> bool:
    """Whether the page offers this person to correct it now."""
    return file.status in OPEN and not file.is_frozen and can(by, Action.CORRECT_FILE, file.branch)


def done_before(command_id: uuid.UUID | None, by: User, file: PensionFile) -> Correction | None:
    """What this command did already, when it is repeated after an unknown outcome.

    NotNow when it was another person's, or about another file.
    """
    done = Correction.objects.filter(command_id=command_id).first() if command_id else None
    if done and (done.by_id, done.file_id) != (by.pk, file.pk):
        raise NotNow(_("This form was already used for another step. Reload the page and press again."), "reused")
    return done


def _must_be_fresh(file: PensionFile, seen: int | None) -> None:
    """Optimistic check: another correction since the page was opened is named, not written over."""
    if seen is None or seen == file.content_version:
        return
    since = file.corrections.select_related("by")[: max(file.content_version - seen, 1)]
    changes = [listed([f"{section_label(c.section)} {c.subject}".strip(), f"{c.by}: {c.reason}"]) for c in since]
    raise NotNow(
        _("This file has changed since you opened the page. Look at the changes, then enter yours again."),
        "stale",
        {"changes": changes},
    )


def _bump(file: PensionFile) -> None:
    file.content_version += 1
    file.save()


def remarks_on(file: PensionFile, section: str, row: int | None) -> dict[str, list[str]]:
    """What is said of a section's or a row's columns, by column."""
    found: dict[str, list[str]] = {}
    for ask in remarks_of_file:
        for (named, of, column), sentences in ask(file).items():
            if (named, of) == (section, row):
                found.setdefault(column, []).extend(sentences)
    return found


# --- one row --------------------------------------------------------------------------------------------


def row_of(file: PensionFile, section: str, pk: int | None) -> models.Model:
    """The row that a correction is about; a new one where `pk` is None and the section has rows.

    NotSeen when there is none, NotNow for a decree that is void already.
    """
    part = SECTIONS.get(section)
    if part is None:
        raise NotSeen(_("A file has no such part."), "section")
    if part.model is PensionFile:
        return file
    if pk is None:
        return part.model(file=file)
    return _own_row(file, part.model, pk)


def _own_row(file: PensionFile, model: Any, pk: int) -> models.Model:
    row = model.objects.filter(file=file, pk=pk).first()
    if row is None:
        raise NotSeen(_("This file has no such row."), "row")
    if isinstance(row, Decree) and not row.is_valid:
        raise NotNow(_("This decree is void already; correct a valid one."), "void")
    return row


def _changed(file: PensionFile, section: str, pk: int | None, data: dict[str, Any]) -> Correction:
    """Write the row; its unsaved record with what was before and after."""
    row = row_of(file, section, pk)
    if isinstance(row, Decree):
        return _write_decree(file, row, data)
    before = _values(row, SECTIONS[section].fields) if row.pk else {}
    for name in SECTIONS[section].fields:
        setattr(row, name, data.get(name, getattr(row, name)))
    _check(row)
    record = _record(file, section, row, before, _values(row, SECTIONS[section].fields))
    if row is not file:
        row.save()
    return record


def _removed(file: PensionFile, section: str, pk: int) -> Correction:
    """Take the row out; its unsaved record keeps all of it."""
    row = row_of(file, section, pk)
    if not SECTIONS[section].has_rows:
        raise NotSeen(_("This file has no such row."), "row")
    before = _values(row, SECTIONS[section].fields)
    if isinstance(row, Decree):
        before = _with_lines(row, lines_of(row))
        _void(row)
    else:
        row.delete()
    return Correction(file=file, section=section, subject=str(row)[:80], before=before, after={})


def _check(row: models.Model) -> None:
    """BadInput with the columns' sentences when the model refuses the row."""
    if isinstance(row, Person):
        row.set_keys()
    try:
        row.full_clean()
    except ValidationError as fault:
        raise BadInput(_("Some fields must be mended."), "invalid", fault.message_dict) from fault


def _record(
    file: PensionFile, section: str, row: models.Model, before: dict[str, Any], after: dict[str, Any]
) -> Correction:
    """The record of what differs; BadInput when nothing does."""
    names = [name for name in after if before.get(name) != after[name]]
    if not names:
        sentence = _("Nothing was changed, so there is nothing to store.")
        raise BadInput(sentence, "unchanged", {NON_FIELD_ERRORS: [sentence]})
    subject = "" if row is file else str(row)[:80]
    told = {name: before[name] for name in names if name in before}
    return Correction(file=file, section=section, subject=subject, before=told, after={n: after[n] for n in names})


def _values(row: models.Model, names: tuple[str, ...]) -> dict[str, Any]:
    """Columns as plain JSON values: dates as ISO text, decimals as text."""
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, dt.date) else value


# --- a decree -------------------------------------------------------------------------------------------


def _write_decree(file: PensionFile, wrong: Decree, data: dict[str, Any]) -> Correction:
    """Enter a decree: a new one, or one that corrects `wrong`, which is voided. None is ever edited."""
    is_new = wrong.pk is None
    right = Decree(file=file, corrects=None if is_new else wrong)
    for name in SECTIONS["decree"].fields:
        setattr(right, name, data.get(name, getattr(wrong, name)))
    before = {} if is_new else _with_lines(wrong, lines_of(wrong))
    after = _with_lines(right, data.get("lines", lines_of(wrong)))
    record = _record(file, "decree", right if is_new else wrong, before, after)
    Decree.objects.filter(pk=wrong.pk).update(is_valid=False)
    _check(right)
    right.save()
    _write_lines(right, after["lines"])
    return record


def _void(decree: Decree) -> None:
    """A void decree stays readable; a file without any valid one says nothing of what is paid."""
    if not Decree.objects.filter(file=decree.file, is_valid=True).exclude(pk=decree.pk).exists():
        raise NotNow(_("This is the file's only valid decree; correct it instead of voiding it."), "only_decree")
    Decree.objects.filter(pk=decree.pk).update(is_valid=False)


def lines_of(decree: Decree) -> list[dict[str, Any]]:
    """A decree's lines as title, group and amount; a new decree has none."""
    rows = decree.lines.all() if decree.pk else []
    return [{name: getattr(line, name) for name in LINE_FIELDS} for line in rows]


def _with_lines(decree: Decree, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return _values(decree, SECTIONS["decree"].fields) | {"lines": lines}


def _write_lines(decree: Decree, lines: list[dict[str, Any]]) -> None:
    rows = [DecreeLine(decree=decree, order=order, **line) for order, line in enumerate(lines, 1)]
    for row in rows:
        _check(row)
    DecreeLine.objects.bulk_create(rows)
