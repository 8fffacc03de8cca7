"""The reminders of a branch: written from the coming events of its files, settled by a person with a note."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import PensionFile, Reminder, User
from branches.roles import Action, can
from pension_transfer.lib.busy import busy_is_an_answer
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen

LONGEST_NOTE, LONGEST_NAME = 300, 130


KEY = ("on", "kind", "national_code", "name")


def remember(file: PensionFile, events: Iterable[dict[str, Any]]) -> None:
    """Let the file's open reminders be these events ({on, kind, national_code, name}); settled ones stay.

    Repeating it changes nothing. Called inside the transaction that writes the file.
    """
    wanted = {_key(event) for event in events}
    held = {reminder.key: reminder for reminder in file.reminders.all()}
    stale = [row.pk for key, row in held.items() if key not in wanted and row.done_at is None]
    Reminder.objects.filter(pk__in=stale).delete()
    fresh = [dict(zip(KEY, key, strict=True)) for key in wanted if key not in held]
    Reminder.objects.bulk_create(Reminder(file=file, **values) for values in fresh)


def _key(event: dict[str, Any]) -> tuple[Any, ...]:
    return (dt.date.fromisoformat(event["on"]), event["kind"], event["national_code"], event["name"][:LONGEST_NAME])


def settle_reminder(pk: int, by: User, note: str, *, command_id: uuid.UUID) -> Reminder:
    """Say what was done about a reminder; kept with who and when. The same `command_id` again changes nothing.

    Raises NotSeen, NotAllowed, NotNow (settled already), BadInput (no note).
    """
    with busy_is_an_answer(), transaction.atomic():
        reminder = _lock(pk, by)
        if reminder.command_id == command_id and reminder.done_by_id == by.pk:
            return reminder
        _must_be_open(reminder)
        reminder.note = _checked(note)
        reminder.done_at, reminder.done_by, reminder.command_id = timezone.now(), by, command_id
        reminder.save(update_fields=["note", "done_at", "done_by", "command_id"])
    return reminder


def _lock(pk: int, by: User) -> Reminder:
    rows = Reminder.objects.visible_to(by).select_related("file__branch").select_for_update(of=("self",))
    reminder = rows.filter(pk=pk).first()
    if reminder is None:
        raise NotSeen(_("There is no such reminder in your branch."), "no_reminder")
    if not can(by, Action.SETTLE_REMINDER, reminder.file.branch):
        raise NotAllowed(_("A reminder is settled by a clerk or technical officer of the branch."), "role")
    return reminder


def _must_be_open(reminder: Reminder) -> None:
    if reminder.done_at:
        sentence = _("%(name)s has settled this reminder already: %(note)s")
        raise NotNow(sentence % {"name": reminder.done_by, "note": reminder.note}, "settled")


def _checked(note: str) -> str:
    if not note.strip() or len(note) > LONGEST_NOTE:
        sentence = _("Write what was done; at most 300 characters.")
        raise BadInput(sentence, "invalid", {"note": [sentence]})
    return note.strip()
