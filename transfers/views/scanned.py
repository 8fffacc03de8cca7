"""A transfer sheet scanned or typed: it opens its case, and its seal is checked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from branches.models import User
from branches.roles import Action
from transfers import scan, sheet
from transfers.models import TransferCase
from transfers.views.context import branches_where, person

LEVELS = {"success": messages.SUCCESS, "warning": messages.WARNING, "error": messages.ERROR}


def copies_of(user: User, number: str) -> list[TransferCase]:
    """The copies under a number that a person may see, the open and latest one first."""
    rows = TransferCase.objects.visible_to(user).find(number)
    return sorted(rows, key=lambda case: (case.is_open, case.pk), reverse=True)


def open_case(request: HttpRequest, found: scan.Sheet) -> HttpResponse | None:
    """The page of the one case that the sheet is of, with what its seal says; None where there is none or several."""
    copies = copies_of(person(request), found.tracking_number)
    if len({case.branch_id for case in copies}) != 1:
        return None
    if said := sheet.check_case(copies[0], found.seal):
        messages.add_message(request, LEVELS[said.tone], said.text)
    return redirect("case", copies[0].pk)


def go_on(request: HttpRequest, found: scan.Sheet) -> HttpResponse | None:
    """The same; or the list of what waits at the center, for who receives from there and has no case yet."""
    if answer := open_case(request, found):
        return answer
    user = person(request)
    if copies_of(user, found.tracking_number) or not branches_where(user, Action.RECEIVE):
        return None
    return redirect(f"{reverse('receive_list')}?{urlencode({'q': address_of(found)})}")


def address_of(found: scan.Sheet) -> str:
    """A sheet's text as it may stand in an address: it names no person."""
    return scan.text_of(found.tracking_number, found.seal)
