"""Any version of a case as it was, and what differs between any two of them."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from pension_transfer.lib.errors import NotSeen
from transfers import presentation, version_list, versions
from transfers.attachment_rows import of_version
from transfers.models import TransferCase
from transfers.views.case import form_path
from transfers.views.case_page import find_case
from transfers.views.context import person


@require_GET
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The content of a version, or beside the version `against` what differs."""
    case = find_case(person(request), pk)
    against = number_of(request.GET.get("against", ""))
    held = {row.version for row in case.contents.all()}
    if not {number, number if against is None else against} <= held:
        raise NotSeen(_("This case has no such version."), "no_version")
    changes = [] if against is None else version_list.differences(case, against, number)
    context = {
        "case": case, "number": number, "against": against, "changes": changes, "path": form_path(),
        "changed": versions.number_of(changes), "versions": version_list.of_case(case),
        "others": sorted(held - {number}), "sections": sections_of(case, number),
        "attachments": of_version(case, case.content_of(number)),
        "are_decrees_hidden": bool(version_list.hidden(case, number) | version_list.hidden(case, against or 0)),
    }  # fmt: skip
    return render(request, "transfers/version.html", context)


def number_of(text: str) -> int | None:
    """A version's number from an address; one that is none names no version."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def sections_of(case: TransferCase, number: int) -> list[presentation.Section]:
    """The version's sections; those not yet to be seen without their content."""
    concealed = version_list.hidden(case, number)
    found = presentation.sections_of(case.content_of(number))
    return [replace(section, is_hidden=section.name in concealed) for section in found]
