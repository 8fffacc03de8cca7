"""«لیست پرداخت»: whom the branch pays in a month, as pages, as files, and recorded as paid.

The list is computed anew for every reader. The first page looks at a part of it and counts nothing; the counts, which
take some seconds in a large branch, stand where they are needed: where the payroll is recorded.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import Branch, PayrollRun, User
from branches.roles import Action, can
from pension_transfer.lib.errors import BadInput, NotReached, NotSeen
from pension_transfer.lib.months import Month
from pension_transfer.lib.paging import place, walked
from pension_transfer.lib.posting import command_id
from pension_transfer.lib.templatetags.persian import fa
from transfers import exchange, payroll
from transfers.models import TransferCase
from transfers.payment_forms import PayrollForm, this_month
from transfers.payroll import Group, Line
from transfers.payroll_list import Tally, counted, page, write_csv_file, write_xlsx_file
from transfers.views.context import branches_where, menu_path, person

T = TypeVar("T")
RUNS_SHOWN = 10
AWAY = gettext_lazy(
    "The center cannot be reached now, and without it nobody knows who pays. Try again in a few minutes."
)
WRITERS = {"csv": write_csv_file, "xlsx": write_xlsx_file}


@dataclass(frozen=True)
class Row:
    """A line of the list, with the name of its payer and the case that explains it."""

    line: Line
    payer: str
    case: TransferCase | None


@require_GET
def payroll_list(request: HttpRequest) -> HttpResponse:
    """A page of one group of the list, and the last runs."""
    form = _form(request)
    context: dict[str, Any] = {"form": form, "path": menu_path("payroll")[:1]}
    if form.is_valid():
        branch, month = _chosen(request, form)
        context |= _around(request, branch, month) | _listed(request, branch, month)
    return render(request, "transfers/payroll.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def payroll_record(request: HttpRequest) -> HttpResponse:
    """The counts of the whole list, and «ثبت لیست پرداخت»."""
    branch, month = _asked(request)
    if request.method == "POST":
        _record(request, branch, month)
        return redirect(f"{reverse('payroll')}?{_query(branch, month)}")
    tally = _known(lambda: counted(branch.pk, month))
    cards = [{"label": group.label, "n": tally.pensions[group], "url": _url(branch, month, group)} for group in Group]
    context = _around(request, branch, month) | {"cards": cards, "tally": tally, "path": menu_path("payroll")}
    return render(request, "transfers/payroll_record.html", context)


def _record(request: HttpRequest, branch: Branch, month: Month) -> None:
    try:
        run = payroll.pay(branch, month, person(request), command_id(request))
    except exchange.Unreachable:
        return messages.error(
            request, _("The center was lost on the way. What is recorded stays; record it once more.")
        )
    values = {"count": fa(run.paid), "month": month.show()}
    messages.success(request, _("The payroll of %(month)s is recorded: %(count)s pensions are paid.") % values)


@require_GET
def payroll_file(request: HttpRequest, kind: str) -> FileResponse:
    """The whole list as CSV or workbook; when the center is lost on the way there is no file at all."""
    branch, month = _asked(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"payroll-{branch.pk}-{month}.{kind}"
        _known(lambda: WRITERS[kind](path, Tally(), payroll.lines(branch.pk, month)))
        return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


# --- who asks, and for what -----------------------------------------------------------------------------


def _form(request: HttpRequest) -> PayrollForm:
    return PayrollForm(request.GET, branches_where(person(request), Action.VIEW_FILES))


def _chosen(request: HttpRequest, form: PayrollForm) -> tuple[Branch, Month]:
    branch, month = form.cleaned_data["branch"], form.cleaned_data["month"]
    if not can(person(request), Action.VIEW_FILES, branch):
        raise NotSeen(_("You do not see the files of this branch."), "not_seen")
    return branch, month


def _asked(request: HttpRequest) -> tuple[Branch, Month]:
    """Branch and month as our own links give them."""
    form = _form(request)
    if not form.is_valid():
        raise BadInput(_("Choose the branch and the month on the page of the payroll list."), "invalid")
    return _chosen(request, form)


def _known(question: Callable[[], T]) -> T:
    """The answer, or a page that says that without the center nothing is known."""
    try:
        return question()
    except exchange.Unreachable:
        raise NotReached(AWAY, "center") from None


# --- what the pages show --------------------------------------------------------------------------------


def _around(request: HttpRequest, branch: Branch, month: Month) -> dict[str, Any]:
    runs = PayrollRun.objects.visible_to(person(request)).filter(branch=branch).select_related("by")
    return {
        "branch": branch, "month": month, "query": _query(branch, month), "runs": runs[:RUNS_SHOWN],
        "may_record": can(person(request), Action.RUN_PAYROLL, branch), "is_coming": month > this_month(),
    }  # fmt: skip


def _listed(request: HttpRequest, branch: Branch, month: Month) -> dict[str, Any]:
    asked = request.GET.get("group", "")
    group = Group(asked) if asked in Group.values else Group.PAYABLE
    tabs = [{"title": g.label, "url": _url(branch, month, g), "is_current": g == group} for g in Group]
    try:
        lines, last = page(branch.pk, month, group, place(request))
    except exchange.Unreachable:
        return {"tabs": tabs, "is_away": True}
    return {
        "tabs": tabs,
        "group": group,
        "rows": _rows(person(request), branch, lines),
        "page": walked(request, lines, last),
    }


def _rows(user: User, branch: Branch, lines: list[Line]) -> list[Row]:
    """The lines with names and links; two questions for all of them."""
    numbers = {line.answer.case for line in lines} - {""}
    cases = TransferCase.objects.visible_to(user).filter(branch=branch, tracking_number__in=numbers)
    by_number = {case.tracking_number: case for case in cases}
    names = dict(Branch.objects.filter(pk__in={line.answer.payer for line in lines}).values_list("pk", "name"))
    return [Row(it, names.get(it.answer.payer, it.answer.payer), by_number.get(it.answer.case)) for it in lines]


def _query(branch: Branch, month: Month) -> str:
    return urlencode({"branch": str(branch.pk), "month": str(int(month))})


def _url(branch: Branch, month: Month, group: str) -> str:
    return f"{reverse('payroll')}?{_query(branch, month)}&group={group}"
