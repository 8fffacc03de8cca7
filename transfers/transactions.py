"""The transaction of a step in the branch's own database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from pension_transfer.lib.busy import busy_is_an_answer
from pension_transfer.lib.errors import NotNow, Refusal

LOST_RACES = {
    "one_open_move": gettext_lazy("This pension already has an open referral. Look it up under tracking."),
    "one_intention_a_case": gettext_lazy("A step of this case is waiting for the center. It is finished by itself."),
    "one_part_a_person": gettext_lazy("You have taken another part in this move; a colleague must take this step."),
    "one_taking_an_envelope": gettext_lazy("A colleague is receiving this file this very moment."),
    "transfers_command_pkey": gettext_lazy("This step has just been taken; nothing was done twice."),
    "transfers_crossing_pkey": gettext_lazy("This step has just been taken; nothing was done twice."),
    "one_copy_a_side": gettext_lazy("This file has already been received."),
    "one_open_destination": gettext_lazy("This file has already been received."),
    "file_once_in_a_branch": gettext_lazy("This branch already holds a file with this pension number."),
}


@contextmanager
def site() -> Iterator[None]:
    """One transaction in the branch's own database; a busy row or a lost race is an answer, not a fault."""
    try:
        with busy_is_an_answer(), transaction.atomic("default", durable=True):
            yield
    except IntegrityError as error:
        raise _lost_race(error) from error


def _lost_race(error: IntegrityError) -> Refusal:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name not in LOST_RACES:
        raise error
    return NotNow(LOST_RACES[name], name)
