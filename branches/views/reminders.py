"""«یادآورها»: the coming entitlement events of the branch's files, and what was done about them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import PensionFile, Reminder, User
from branches.models.reminders import ReminderQuerySet
from branches.reminders import LONGEST_NOTE, settle_reminder
from branches.roles import Action, can
from pension_transfer.lib import calendar
from pension_transfer.lib.errors import NotAllowed, NotNow, NotSeen
from pension_transfer.lib.fields import PersianTextField
from pension_transfer.lib.paging import page_of
from pension_transfer.lib.posting import command_id

DUE, SOON, LATER, ALL = "", "30", "90", "all"
WITHIN = [
    (DUE, gettext_lazy("Due")),
    (SOON, gettext_lazy("Within 30 days")),
    (LATER, gettext_lazy("Within 90 days")),
    (ALL, gettext_lazy("All that are open")),
    ("done", gettext_lazy("Settled")),
]
DAYS = {DUE: 0, SOON: 30, LATER: 90}
ORDER = ("on", "id")


class SettleForm(forms.Form):
    """What was done about it."""

    note = PersianTextField(
        label=gettext_lazy("What was done"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write what was done; at most 300 characters.")},
    )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A reminder as a list prints it."""

    reminder: Reminder
    may_settle: bool

    @property
    def standing(self) -> tuple[str, Any]:
        """State and its word: settled, come, or still to come."""
        if self.reminder.done_at:
            return "valid", _("Settled")
        is_due = self.reminder.on <= calendar.today()
        return ("late", _("Due")) if is_due else ("waiting", _("Coming"))


def person(request: HttpRequest) -> User:
    """Who asks; every page here is behind the sign-in."""
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMiddleware let nobody else pass
    return request.user


def menu_path() -> list[str]:
    return [_("Files and tracking"), _("Reminders")]


@require_GET
def reminder_list(request: HttpRequest) -> HttpResponse:
    """The reminders of the files this person may see, the earliest first."""
    wanted = request.GET.get("within", DUE)
    wanted = wanted if wanted in dict(WITHIN) else DUE
    rows = narrow(Reminder.objects.visible_to(person(request)), wanted)
    page = page_of(rows.select_related("file__branch", "done_by"), request, by=ORDER)
    context = {"page": page, "rows": rows_of(page.items, person(request)), "menu_path": menu_path()[:1]}
    choices = [{"value": value, "label": label, "is_wanted": value == wanted} for value, label in WITHIN]
    return render(request, "branches/reminder_list.html", context | {"choices": choices})


def narrow(rows: ReminderQuerySet, wanted: str) -> ReminderQuerySet:
    """Those that have come, that come within days, all open ones, or the settled ones."""
    if wanted == "done":
        return rows.exclude(done_at=None)
    days = DAYS.get(wanted)
    return rows.open() if days is None else rows.open().until(calendar.today() + dt.timedelta(days=days))


def rows_of(reminders: list[Reminder], user: User) -> list[Row]:
    return [Row(row, not row.done_at and can(user, Action.SETTLE_REMINDER, row.file.branch)) for row in reminders]


def reminders_of(file: PensionFile, user: User) -> list[Row]:
    """Those of one file, for its page."""
    return rows_of(list(file.reminders.select_related("file__branch", "done_by").order_by(*ORDER)), user)


@require_http_methods(["GET", "POST"])
def reminder_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """One reminder, and what was done about it."""
    reminder = seen_reminder(person(request), pk)
    form = SettleForm(request.POST or None)
    context = {"row": Row(reminder, not reminder.done_at), "form": form, "menu_path": menu_path()}
    if not form.is_valid():
        return render(
            request, "branches/reminder_settle.html", context, status=422 if request.method == "POST" else 200
        )
    try:
        settle_reminder(pk, person(request), form.cleaned_data["note"], command_id=command_id(request))
    except NotNow as refusal:
        return render(
            request,
            "branches/reminder_settle.html",
            context | {"refusal": refusal, "typed": form.cleaned_data["note"]},
            status=refusal.status,
        )
    messages.success(request, _("The reminder is settled, and stays among those of the file."))
    return redirect("reminder_list")


def seen_reminder(user: User, pk: int) -> Reminder:
    """The reminder; NotSeen when it is another branch's, NotAllowed for who does not settle."""
    rows = Reminder.objects.visible_to(user).select_related("file__branch", "done_by")
    reminder = rows.filter(pk=pk).first()
    if reminder is None:
        raise NotSeen(_("There is no such reminder in your branch."), "no_reminder")
    if not can(user, Action.SETTLE_REMINDER, reminder.file.branch):
        raise NotAllowed(_("A reminder is settled by a clerk or technical officer of the branch."), "role")
    return reminder
