"""Many transfer sheets on one page to print, each on a sheet of its own; which cannot be printed is said, and why."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from branches.models import User
from pension_transfer.lib.errors import BadInput, Refusal
from pension_transfer.lib.templatetags.persian import fa
from transfers import sheet
from transfers.models import Job, JobItem, TransferCase
from transfers.views.case import form_path
from transfers.views.context import person

MOST = 100  # sheets on one page


@require_GET
def sheets(request: HttpRequest) -> HttpResponse:
    """The sheets of the cases that were ticked, or of those that a group job has sent."""
    user = person(request)
    numbers = sent_by(user, request.GET.get("job", "")) or ticked(request)
    if not numbers or len(numbers) > MOST:
        raise refusal(len(numbers))
    found = TransferCase.objects.visible_to(user).filter(pk__in=numbers)
    cases = list(found.select_related("origin", "destination").order_by("destination", "pk"))
    ready = sheet.of_cases(cases)
    context = {
        "sheets": [ready[case.pk] for case in cases if case.pk in ready],
        "unready": [case for case in cases if case.pk not in ready], "path": form_path(),
    }  # fmt: skip
    return render(request, "transfers/print_sheets.html", context)


def refusal(number: int) -> Refusal:
    """What is wrong with the choice."""
    if not number:
        return BadInput(_("Tick at least one case, then press again."), "nothing")
    sentence = _("At most %(most)s sheets are printed at once. Tick fewer cases and print the rest afterwards.")
    return BadInput(sentence % {"most": fa(MOST)}, "too_many")


def ticked(request: HttpRequest) -> list[int]:
    """The numbers in the address, as far as they are numbers."""
    asked = dict.fromkeys(request.GET.getlist("case"))
    return [int(pk) for pk in asked if pk.isascii() and pk.isdigit() and len(pk) < 19]


def sent_by(user: User, job: str) -> list[int]:
    """The cases that a job of this person's has done; none of a job of somebody else."""
    try:
        key = uuid.UUID(job)
    except ValueError:
        return []
    items = JobItem.objects.filter(job__in=Job.objects.visible_to(user).filter(pk=key), state=JobItem.State.DONE)
    return [pk for pk in items.values_list("case", flat=True)[: MOST + 1] if pk]
