"""«اعلان‌ها»: what is new since a person's last look, and how each person is told of it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models.functions import Coalesce, Greatest, TruncSecond
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from branches.models import User
from branches.notice_kinds import Kind, Way
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.fields import MobileField
from pension_transfer.lib.paging import page_of
from transfers import notices, telling
from transfers import stuck as stuck_items
from transfers.turns import has_turns
from transfers.views.cartable import Row, rows_of
from transfers.views.context import menu_path, news, person
from transfers.views.session import DigestForm

STUCK_SHOWN = 25
LOOKS = {Kind.RETURNED: "returned", Kind.ANSWER: "answered", Kind.DUE: "soon", Kind.TURN: "received"}


@dataclass(frozen=True)
class Notice:
    """A case of which somebody is told: under which kind, since when, with its next step."""

    row: Row
    look: str
    label: Any
    at: dt.datetime


@dataclass(frozen=True)
class Stuck:
    """A stuck item of which somebody is told."""

    pk: int
    what: Any
    why: Any
    at: dt.datetime


@require_http_methods(["GET", "POST"])
def notice_list(request: HttpRequest) -> HttpResponse:
    """What is new; a POST remembers that everything up to its `until` was read."""
    user = person(request)
    if request.method == "POST":
        _remember(user, request.POST.get("until", ""))
        return redirect("notices")
    rows, stuck = _new_cases(user), _new_stuck(user)
    by = ("-told_second", "-id")
    page = page_of(rows.annotate(told_second=TruncSecond("told_at")), request, by=by)
    shown = list(stuck.order_by("-told_at")[:STUCK_SHOWN])
    found = rows_of(page.items, True)
    context = {
        "page": page, "notices": [_notice(row) for row in found],
        "stuck": [Stuck(item.pk, stuck_items.what(item), stuck_items.why(item), item.told_at) for item in shown],
        "until": max([row.told_at for row in [*rows.order_by("-told_at")[:1], *shown[:1]]], default=None),
        "total": news(request), "path": menu_path("notices"), "is_off": not user.told_by_bell,
    }  # fmt: skip
    return render(request, "transfers/notices.html", context)


def _notice(row: Row) -> Notice:
    case: Any = row.case
    return Notice(row, LOOKS[case.kind], Kind(case.kind).label, case.told_at)


def _new_cases(user: User) -> Any:
    rows = notices.cases(user, user.notices_seen_at).filter(kind__in=user.told_by_bell if has_turns(user) else [])
    return notices.new(rows.select_related("branch", "origin", "destination"), user.notices_seen_at)


def _new_stuck(user: User) -> Any:
    rows = notices.new(notices.stuck(user), user.notices_seen_at)
    return rows.select_related("branch", "case") if Kind.STUCK in user.told_by_bell else rows.none()


def _remember(user: User, typed: str) -> None:
    try:
        until = parse_datetime(typed)
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        sentence = _("This form came incomplete; nothing was stored. Open the page anew and press again.")
        raise BadInput(sentence, "incomplete", {"until": [sentence]})
    seen = min(until, timezone.now())
    User.objects.filter(pk=user.pk).update(notices_seen_at=Greatest(Coalesce("notices_seen_at", seen), seen))


# --- choices ---------------------------------------------------------------------------------------------


class ChoiceForm(forms.Form):
    """Which kinds each way tells of."""

    mobile = MobileField(
        label=gettext_lazy("Your mobile number, for text messages"),
        required=False,
        help_text=gettext_lazy("A message says how many notices there are, and no name and no number of anybody."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user
        for way in Way:
            self.fields[way] = forms.MultipleChoiceField(choices=Kind.choices, required=False, label=way.label)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get(Way.SMS) and not given.get("mobile") and "mobile" not in self.errors:
            self.add_error("mobile", _("Write your mobile number, or choose no text messages."))
        if given.get(Way.EMAIL) and not self.user.email:
            self.add_error(
                None, _("No e-mail address of yours is recorded: ask the center operator, or choose no e-mail.")
            )
        return given

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each kind, a box for each way."""
        chosen = {way: {str(kind) for kind in self[way].value() or []} for way in Way}
        return [
            {
                "label": kind.label,
                "boxes": [
                    {"name": way, "value": kind, "label": way.label, "is_on": kind in chosen[way]} for way in Way
                ],
            }
            for kind in Kind
        ]


@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Which notices reach this person, and how."""
    user = person(request)
    chosen = {str(way): getattr(user, f"told_by_{way}") for way in Way}
    form = ChoiceForm(request.POST or None, user=user, initial={"mobile": user.mobile} | chosen)
    if request.method == "POST" and form.is_valid():
        User.objects.filter(pk=user.pk).update(mobile=form.cleaned_data["mobile"])
        telling.choose(user, {way: form.cleaned_data[way] for way in Way})
        messages.success(request, _("Your choice is stored."))
        return redirect("notice_choices")
    context = {
        "form": form, "ways": list(Way), "path": [*menu_path("notices"), _("Notices")],
        "digest_form": DigestForm(instance=user), "has_gateway": settings.SMS_BACKEND != "transfers.texting.Log",
    }  # fmt: skip
    return render(request, "transfers/notice_choices.html", context, status=422 if form.errors else 200)
