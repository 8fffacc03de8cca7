"""Suspending, resuming and closing a pension file by page, always with a reason."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from branches import standing
from branches.forms.files import typed_in
from branches.forms.standing import FORMS, StandingForm
from branches.models import Correction, PensionFile
from branches.roles import Action
from branches.services import must_be_open
from branches.views.files import menu_path, person, seen_file
from branches.views.standing_of import KIND, overpaid, paid_until, waiting_for_center
from pension_transfer.lib.errors import BadInput, NotNow, NotSeen
from pension_transfer.lib.posting import command_id, seen

WARNING: dict[str, Any] = {
    Action.SUSPEND_FILE: gettext_lazy("The pension is not paid until the file is resumed; the branch keeps it."),
    Action.RESUME_FILE: gettext_lazy("The pension is paid again from the next payroll on."),
    Action.CLOSE_FILE: gettext_lazy(
        "The pension ends: the center no longer lets this branch pay it after that month. This is not undone here; "
        "survivors get a file of their own."
    ),
}
DONE: dict[str, Any] = {
    Action.SUSPEND_FILE: gettext_lazy("The file is suspended."),
    Action.RESUME_FILE: gettext_lazy("The file is active again."),
    Action.CLOSE_FILE: gettext_lazy("The file is closed."),
}
STEPS: dict[str, Callable[..., Correction]] = {
    Action.SUSPEND_FILE: standing.suspend,
    Action.RESUME_FILE: standing.resume,
    Action.CLOSE_FILE: standing.close,
}


@require_http_methods(["GET", "POST"])
def file_standing(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """The form of one step, and taking it; a rejected form keeps what was typed."""
    file = seen_file(person(request), pk)
    if action not in STEPS:
        raise NotSeen(_("There is no such step."), "no_action")
    standing.must_may(action, person(request), file)
    form = FORMS[action](request.POST or None)
    try:
        must_be_offered(request, action, file)
        if form.is_valid():
            return taken(request, action, file, form)
    except BadInput as refusal:
        form.show_refusal(refusal.errors)
    except NotNow as refusal:
        return refused(request, refusal, file, form)
    context = {
        "file": file, "form": form, "title": Action(action).label, "warning": WARNING[action],
        "kind": KIND.get(action, "primary"), "menu_path": [*menu_path(), str(file)],
    }  # fmt: skip
    return render(request, "branches/file_standing.html", context, status=422 if form.errors else 200)


def must_be_offered(request: HttpRequest, action: str, file: PensionFile) -> None:
    """NotNow where the form is opened though the step is closed; what is pressed is judged when it is taken."""
    if request.method != "GET":
        return
    must_be_open(file)
    if blocked := standing.steps_of(file, person(request)).get(action, str(standing.NOT_FROM[action])):
        raise NotNow(blocked, "blocked")


def taken(request: HttpRequest, action: str, file: PensionFile, form: StandingForm) -> HttpResponse:
    """Take the step, and say on the file's page what became of it."""
    STEPS[action](
        file, person(request), **form.cleaned_data, seen=seen(request), command_id=command_id(request)
    )  # fmt: skip
    file.refresh_from_db()
    told = [str(DONE[action]), paid_until(file), waiting_for_center(file), overpaid(file)]
    messages.success(request, " ".join(filter(None, told)))
    return redirect("file", file.pk)


def refused(request: HttpRequest, refusal: NotNow, file: PensionFile, form: StandingForm) -> HttpResponse:
    """Why it is not done; what was typed stands below."""
    back = request.path if refusal.code == "stale" else reverse("file", args=[file.pk])
    rows = typed_in(form) if request.method == "POST" else []
    context = {"message": refusal.message, "errors": refusal.errors, "back_url": back, "typed": rows}
    return render(request, "refusal.html", context, status=refusal.status)
