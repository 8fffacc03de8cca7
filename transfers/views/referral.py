"""«ارجاع پرونده»: find the file, then record where it goes and why."""

from typing import Any

from django.contrib import messages
from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches.models import PensionFile, Status, User
from branches.roles import Action, can, scoped
from branches.views.files import listed
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from pension_transfer.lib.posting import command_id
from pension_transfer.lib.templatetags.persian import fa
from transfers import completeness, here, hurdles, workflow
from transfers.inputs import MoveForm
from transfers.models import TransferCase
from transfers.states import Side, State
from transfers.views.case import sentence_of
from transfers.views.context import branches_where, menu_path, person
from transfers.views.findings import Findings
from transfers.views.pressable import show_errors


@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """The files of the branch that can be referred. A number typed here never stands in an address."""
    must_refer_somewhere(person(request))
    query = request.POST.get("q", "").strip()
    shown = listed(request, files_of(person(request)), query)
    context = {"path": menu_path("referral"), "here": here.of_screen("referral")}
    return render(request, "transfers/referral.html", shown | context)


def files_of(user: User) -> Any:
    """The files this person may refer, each with its open referral where it has one."""
    rows = scoped(PensionFile.objects.filter(status__in=(Status.ACTIVE, Status.SUSPENDED)), user, Action.REFER)
    open_case = TransferCase.objects.open().filter(pension_file=OuterRef("pk"), side=Side.ORIGIN)
    return rows.annotate(open_case=open_case.values("pk")[:1])


def must_refer_somewhere(user: User) -> None:
    if not branches_where(user, Action.REFER):
        raise NotAllowed(_("A referral is recorded by a clerk of the branch that holds the file."), "role")


@require_http_methods(["GET", "POST"])
def refer(request: HttpRequest, pk: int) -> HttpResponse:
    """The referral form of one file; what is wrong stands beside its field, with everything typed kept."""
    file = file_to_refer(person(request), pk)
    form = MoveForm(request.POST or None)
    form.suggest_for(file)
    if request.method == "GET":
        return show(request, file, form)
    try:
        done = workflow.open_case(pk, by=person(request), command_id=command_id(request), data=request.POST)
    except BadInput as refusal:
        show_errors(form, refusal.errors)
        return show(request, file, form, refusal)
    except NotNow as refusal:
        return show(request, file, form, refusal)
    messages.success(request, sentence_of(done, Action.REFER))
    if done.state == State.REFERRAL:
        found = fa(len(done.missing) + len(done.warnings))
        messages.warning(request, _("Before anyone is asked to approve: %(count)s findings.") % {"count": found})
    return redirect("case", done.pk)


def show(request: HttpRequest, file: PensionFile, form: MoveForm, refusal: Any = None) -> HttpResponse:
    reasons = hurdles.referral_hurdles(file)
    errors, warnings, content = completeness.of_file(file)
    found = Findings(file, person(request), content)
    context = {
        "errors": found.lacks(errors), "warnings": found.lacks(warnings),
        "file": file, "form": form, "reasons": reasons, "refusal": refusal, "has_form": refusal or not reasons,
        "blocked": " ".join(reasons),
        "path": [*menu_path("referral"), _("Case referral")], "here": here.of_screen("refer"),
    }  # fmt: skip
    return render(request, "transfers/refer.html", context, status=refusal.status if refusal else 200)


def file_to_refer(user: User, pk: int) -> PensionFile:
    """The file; NotSeen when it is another branch's, NotAllowed when this person does not refer."""
    file = PensionFile.objects.visible_to(user).select_related("branch").filter(pk=pk).first()
    if file is None:
        raise NotSeen(_("There is no such pension file in your branch."), "no_file")
    if not can(user, Action.REFER, file.branch):
        raise NotAllowed(_("A referral is recorded by a clerk of the branch that holds the file."), "role")
    return file
