"""The filters of the work queue: narrowing it, and keeping a filter under a name of one's own."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from branches.models import User
from pension_transfer.lib.fields import PersianTextField
from transfers import filters
from transfers.models import SavedFilter
from transfers.states import State
from transfers.views.context import person

ALL = "?all=1"  # the whole queue, also for somebody whose queue opens with a filter


class QueueFilter(forms.Form):
    """The queues joined: a state, a due date and whose work; anything unknown asks for nothing."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    due = forms.ChoiceField(label=gettext_lazy("Due date"), required=False)
    work = forms.ChoiceField(label=gettext_lazy("With whom"), required=False)

    def __init__(self, asked: Any, dues: Any, works: Any):
        super().__init__(initial={name: asked.get(name, "") for name in self.base_fields}, auto_id="filter_%s")
        for name, choices in {"state": State.choices, "due": dues, "work": works}.items():
            self.fields[name].choices = [("", gettext_lazy("all")), *choices]  # type: ignore[attr-defined]


class SaveForm(forms.Form):
    """Under which name, and whether the queue opens with it."""

    name = PersianTextField(label=gettext_lazy("Name of the filter"), max_length=40)
    is_default = forms.BooleanField(label=gettext_lazy("Open the work queue with this filter"), required=False)


def saved_of(user: User) -> list[SavedFilter]:
    """A person's filters, in the order of their names: one query."""
    return list(SavedFilter.objects.visible_to(user).order_by("name"))


def opening(request: HttpRequest, saved: list[SavedFilter]) -> HttpResponse | None:
    """To the filter with which this person's queue opens, when nothing was asked for."""
    default = next((one for one in saved if one.is_default), None)
    is_bare = request.method == "GET" and not request.GET
    return redirect(f"{reverse('cartable')}?{default.query}") if default and is_bare else None


def context_of(request: HttpRequest, saved: list[SavedFilter], dues: Any, works: Any) -> dict[str, Any]:
    """What the piece `_filters.html` prints."""
    here = filters.query_of(request.GET)
    return {
        "saved": [(one, one.query == here) for one in saved], "narrowing": here, "all_url": ALL,
        "narrow_form": QueueFilter(request.GET, dues, works), "save_form": SaveForm(auto_id="save_%s"),
    }  # fmt: skip


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filter that the list shows; the same again leaves it as it stands."""
    form = SaveForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {}
    if name_fault := form.errors.get("name"):
        raise filters.wrong("name", " ".join(str(text) for text in name_fault))
    kept = filters.save(person(request), given["name"], request.POST.get("query", ""), given["is_default"])
    messages.success(request, _("The filter “%(name)s” is kept.") % {"name": kept.name})
    return redirect(f"{reverse('cartable')}?{kept.query}")


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a filter of one's own."""
    filters.remove(person(request), pk)
    messages.success(request, _("The filter was removed; no case was changed."))
    return redirect(f"{reverse('cartable')}{ALL}")
