from typing import Any

from django.core.management.base import BaseCommand

from pension_transfer.lib.turns import alone
from transfers import clock
from transfers.models import TransferCase


class Command(BaseCommand):
    help = "Compute the due dates of open cases anew: after THURSDAY_IS_OFF, the limits or the holidays have changed."

    def handle(self, *args: Any, **options: Any) -> None:
        with alone("due_dates"):
            changed = sum(_renew(case) for case in TransferCase.objects.open().iterator())
        if options["verbosity"]:
            self.stdout.write(f"{changed} due dates changed")


def _renew(case: TransferCase) -> int:
    """Only where the turn is still the one that the date was computed for: a step meanwhile sets its own."""
    due_on = clock.due_on(case)
    if due_on == case.due_on:
        return 0
    same = TransferCase.objects.filter(pk=case.pk, turn=case.turn, turn_since=case.turn_since, state=case.state)
    return same.update(due_on=due_on)
