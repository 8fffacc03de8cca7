"""«نمایش احکام دریافتی از مرکز» and the technical officer's comparison: every field beside the paper file."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from branches.roles import Action
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.posting import Rejected, command_id, is_piece
from pension_transfer.lib.templatetags.persian import fa
from transfers import workflow
from transfers.checklist import Row
from transfers.models import Verdict
from transfers.views.case import show
from transfers.views.case_page import find_case
from transfers.views.comparison_page import FORMS, OPEN, SAID, ComparisonPage, pieces, sentence_of
from transfers.views.context import person

VERDICTS = {**{verdict.value: verdict.value for verdict in Verdict}, "take_back": ""}


@require_http_methods(["GET", "POST"])
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """The comparison of a case, or one judgement of it. Showing the decrees is a step of its own, pressed once."""
    if request.method == "GET":
        return show(request, _page(request, pk), "comparison")
    data = pressed(request.POST)
    if to_be_written(request.POST, data):
        return redirect(opened(pk, data, request.POST))
    try:
        command = uuid.uuid5(command_id(request), f"{data}")  # the buttons of a page share its number
        workflow.perform(Action.JUDGE, pk, by=person(request), command_id=command, data=data)
    except (BadInput, NotNow) as refusal:
        return _refused(request, pk, Rejected(Action.JUDGE, data, refusal))
    return _judged(request, pk, data)


@require_GET
def marks(request: HttpRequest, pk: int) -> HttpResponse:
    """What colleagues judged meanwhile: nothing while `stamp` is the same; else each row's mark; `rows`, themselves."""
    page = _page(request, pk)
    rows = page.checklist.rows
    if wanted := {int(number) for number in request.GET.get("rows", "").split(",") if number.isdecimal()}:
        return JsonResponse({"pieces": pieces(page, [row for row in rows if row.number in wanted], request)})
    if page.checklist.stamp == request.GET.get("stamp"):
        return HttpResponse(status=204)
    content = page.case.content_hash
    return JsonResponse({"stamp": page.checklist.stamp, "content": content, "seen": [row.seen for row in rows]})


def _page(request: HttpRequest, pk: int, rejected: Rejected | None = None) -> ComparisonPage:
    return ComparisonPage(find_case(person(request), pk), person(request), rejected, request.GET)


# --- a press --------------------------------------------------------------------------------------------


def pressed(posted: QueryDict) -> dict[str, Any]:
    """The input of the step: which button, of which field, seen with which mark, and what was typed."""
    name = next((name for name in VERDICTS if name in posted), "")
    mark, _bar, path = posted.get(name, "").partition("|")
    said = {key: posted.get(key, "") for key in SAID} if name in FORMS and posted.get("of") == path else {}
    seen = {"seen_mark": mark, "seen_content": posted.get("content", "")}
    return {"path": path, "verdict": VERDICTS.get(name, "?")} | seen | said


def to_be_written(posted: QueryDict, data: dict[str, Any]) -> bool:
    """Whether the button asks for a form that is not on the page yet."""
    return data["verdict"] in FORMS and posted.get("of") != data["path"]


def opened(pk: int, data: dict[str, Any], posted: QueryDict) -> str:
    """The page with the form of this field open."""
    asked = {"field": data["path"], "verdict": data["verdict"]}
    return f"{reverse('comparison', args=[pk])}?{urlencode(asked | only(posted))}#field"


def only(posted: QueryDict) -> dict[str, str]:
    """The switch, kept from one page to the next."""
    return {"only": OPEN} if posted.get("only") == OPEN else {}


def _judged(request: HttpRequest, pk: int, data: dict[str, Any]) -> HttpResponse:
    """The rows touched and the next open one; without a script the page, there."""
    page = _page(request, pk)
    rows = page.checklist.under(data["path"])
    following = page.checklist.next_open(rows[-1].number if rows else 0)
    if is_piece(request):
        answer = {"said": outcome(page, rows), "next": following.anchor if following else ""}
        return JsonResponse(answer | {"pieces": pieces(page, rows, request)})
    place = following if data["verdict"] else rows[0] if rows else None
    asked = urlencode(only(request.POST))
    return redirect(
        f"{reverse('comparison', args=[pk])}{'?' if asked else ''}{asked}#{place.anchor if place else 'next'}"
    )


def outcome(page: ComparisonPage, rows: list[Row]) -> str:
    """What was done, as it is said aloud."""
    left = _("%(count)s fields left") % {"count": fa(page.checklist.left)}
    if len(rows) == 1:
        return f"{rows[0].outcome}. {left}"
    done = ngettext("%(count)s field judged", "%(count)s fields judged", len(rows)) % {"count": fa(len(rows))}
    return f"{done}. {left}"


def _refused(request: HttpRequest, pk: int, rejected: Rejected) -> HttpResponse:
    page, refusal = _page(request, pk, rejected), rejected.refusal
    if not is_piece(request):
        return show(request, page, "comparison", refusal)
    rows = page.checklist.under(rejected.data["path"])
    answer = {"code": refusal.code, "said": sentence_of(refusal), "pieces": pieces(page, rows, request)}
    return JsonResponse(answer, status=refusal.status)
