"""«انتقال پرونده مستمری»: the branch's cases, one case with its steps, and pressing them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from branches.roles import Action
from pension_transfer.lib.errors import BadInput, NotNow, Refusal, Waiting
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import Rejected, command_id, is_piece, seen
from transfers import version_list, workflow
from transfers.due import due_of
from transfers.hurdles import action_label
from transfers.models import TransferCase, with_open_questions, with_taker
from transfers.models.case import TransferCaseQuerySet
from transfers.states import MOVES, WITHIN, Side, State
from transfers.views.cartable import QUEUES, narrowed
from transfers.views.case_page import CasePage, find_case
from transfers.views.comparison_page import ComparisonPage
from transfers.views.context import menu_path, person
from transfers.views.pressable import IN_PLACE, standing_of, turn_of

# Where a step leads when it was taken; the others stay on the page they were pressed on.
LEADS_TO = {Action.SHOW_DECREES: "decrees"}
FORM_AT = {Action.RECORD_PAPER: "comparison"}
STAYS = frozenset(
    {
        Action.JUDGE, Action.RECORD_PAPER, Action.ATTACH, Action.ANSWER_QUESTION, Action.CLOSE_QUESTION,
        Action.SETTLE_FOLLOW_UP, Action.WITHDRAW_FOLLOW_UP,
    }
)  # fmt: skip
PAGES = {"case": "transfers/case.html", "comparison": "transfers/comparison.html", "step": "transfers/step.html"}


class CaseFilter(forms.Form):
    """What of the list is asked for; anything unknown asks for nothing."""

    open = forms.ChoiceField(
        label=gettext_lazy("Progress"),
        choices=[("", gettext_lazy("all")), ("yes", gettext_lazy("open")), ("no", gettext_lazy("closed"))],
        required=False,
    )
    side = forms.ChoiceField(
        label=gettext_lazy("Side"), choices=[("", gettext_lazy("all")), *Side.choices], required=False
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"), choices=[("", gettext_lazy("all")), *State.choices], required=False
    )

    due = forms.ChoiceField(
        label=gettext_lazy("Due date"),
        choices=[("", gettext_lazy("all")), *((name, label) for name, (label, _is_due) in QUEUES.items())],
        required=False,
    )

    def narrow(self, rows: TransferCaseQuerySet) -> TransferCaseQuerySet:
        wanted = self.cleaned_data if self.is_valid() else {}
        exactly = {name: wanted[name] for name in ("side", "state") if wanted.get(name)}
        if wanted.get("open"):
            exactly["closed_at__isnull"] = wanted["open"] == "yes"
        return narrowed(rows.filter(**exactly), "", wanted.get("due", ""))


@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    """The cases this person may see, newest first; open or closed, by side and state."""
    rows = TransferCase.objects.visible_to(person(request)).select_related("branch", "origin", "destination")
    rows = with_taker(with_open_questions(rows))
    wanted = CaseFilter(request.GET)
    page = page_of(wanted.narrow(rows), request, by=("-id",))
    version_list.note_lapses(page.items, person(request))
    rows_shown = [(case, turn_of(case), due_of(case)) for case in page.items]
    context = {"page": page, "rows": rows_shown, "filter": wanted, "path": menu_path("case_list")}
    return render(request, "transfers/case_list.html", context)


@require_GET
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: where it stands, the steps open to this person, its content, what happened."""
    found = find_case(person(request), pk)
    return show(request, CasePage(found, person(request), preset=request.GET))


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """The form of a step, or pressing it: what is refused comes back with everything that was typed."""
    if request.method == "GET":
        return form_of(request, pk, action)
    try:
        command, length = command_id(request), seen(request)
        done = workflow.perform(
            action,
            pk,
            by=person(request),
            command_id=command,
            seen=length,
            data=request.POST,
            files=request.FILES,
        )
    except Waiting as kept:
        messages.info(request, str(kept.message))
        return redirect("case", pk)
    except (BadInput, NotNow) as refusal:
        return again(request, pk, Rejected(action, request.POST, refusal, bool(request.FILES)))
    return go_on(request, done, action)


def form_of(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """A step that asks for something, on a page of its own; the others are pressed on the case's page."""
    page = CasePage(find_case(person(request), pk), person(request), preset=request.GET)
    asked = page.steps.get(action)
    if asked and asked.asks and action not in IN_PLACE:
        return show(request, page.at(action), "step")
    return redirect(FORM_AT.get(Action(action), "case") if asked else "case", pk)


def go_on(request: HttpRequest, done: TransferCase, action: str) -> HttpResponse:
    """After a step: the page it leads to, with a sentence."""
    messages.success(request, sentence_of(done, action))
    if action in STAYS:
        anchor = request.POST.get("anchor", "")
        return redirect(f"{address_of(request, done.pk)}#{anchor}")
    return redirect(LEADS_TO.get(Action(action), "case"), done.pk)


def again(request: HttpRequest, pk: int, rejected: Rejected) -> HttpResponse:
    """The page that was pressed on, with the reason and what was typed."""
    if is_piece(request):
        messages.warning(request, str(rejected.refusal.message))
        return HttpResponseClientRedirect(address_of(request, pk))
    name = posted_from(request)
    kind = ComparisonPage if name == "comparison" else CasePage
    page = kind(find_case(person(request), pk), person(request), rejected).at(rejected.action)
    return show(request, page, name if page.step or name != "step" else "case", rejected.refusal)


def show(request: HttpRequest, page: CasePage, name: str = "case", refusal: Refusal | None = None) -> HttpResponse:
    context: dict[str, Any] = {"page": page, "case": page.case, "path": form_path(), "back": name}
    return TemplateResponse(
        request, PAGES[name], context | {"refusal": refusal}, status=refusal.status if refusal else 200
    )


def form_path() -> list[str]:
    """Where the form of a case stands in the menu, its own name last: the title is the pensioner's."""
    return [*menu_path("case_list"), _("Pension case transfer")]


def posted_from(request: HttpRequest) -> str:
    """The page on which the button stood."""
    back = request.POST.get("back", "")
    return back if back in PAGES else "case"


def address_of(request: HttpRequest, pk: int) -> str:
    """The address to go back to after a step that stays where it was pressed."""
    return reverse("comparison" if posted_from(request) == "comparison" else "case", args=[pk])


def sentence_of(done: TransferCase, action: str) -> str:
    """What was done, and whose turn it is now; of a case that closed, how it ended."""
    taken = [step for step in MOVES + WITHIN if (step.action, step.side) == (action, done.side)]
    taken.sort(key=lambda step: step.target != done.state)  # a step back is named by where it led
    label = taken[0].label if taken else action_label(action)
    if not done.is_open:
        return _("Done: %(step)s. %(standing)s.") % {"step": label, "standing": standing_of(done)}
    return _("Done: %(step)s. Turn: %(turn)s.") % {"step": label, "turn": turn_of(done)}
