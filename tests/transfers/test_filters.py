"""What is new in the work queue, and the filters that a person keeps."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from branches.models import User
from branches.roles import Role
from pension_transfer.lib import calendar
from tests.cast import Cast, Walk, make_file, press
from tests.pages import as_, goes_to, text
from transfers import filters, news
from transfers.models import SavedFilter, TransferCase
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "مدرک ناقص است"}
HOME = reverse("cartable")


def found(user: User, **asked: Any) -> list[TransferCase]:
    return [row.case for row in as_(user).get(HOME, asked).context["rows"]]


# --- what is new ----------------------------------------------------------------------------------------------


def long_ago(*cases: TransferCase) -> None:
    """Their turn began weeks ago."""
    moment = calendar.beginning_of(news.day_before()) - dt.timedelta(days=20)
    TransferCase.objects.filter(pk__in=[case.pk for case in cases]).update(turn_since=moment)


def test_the_queue_says_what_arrived_came_back_went_on_and_became_overdue(cast: Cast) -> None:
    walks = [Walk(cast, make_file(cast.origin, number)) for number in range(1, 6)]
    arrived, late, old, on = (walk.to(State.DRAFT) for walk in walks[:4])
    walks[3].technical()
    back = walks[4].to(State.TECHNICALLY_APPROVED)
    press("send_back", back, walks[4].head, **WHY)
    long_ago(late, old)
    yesterday = news.day_before()
    TransferCase.objects.filter(pk=late.pk).update(due_on=yesterday)
    TransferCase.objects.filter(pk=old.pk).update(due_on=yesterday - dt.timedelta(days=1))
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    page = as_(officer).get(HOME)
    assert {row["news"]: row["n"] for row in page.context["changes"]} == {"arrived": 1, "on": 2, "late": 1}
    assert int(page.context["news"] + 0) == 3  # the bell's number stands beside it
    for name, cases in {"arrived": [arrived], "on": [on, back], "late": [late]}.items():
        assert found(officer, news=name) == cases, name
    assert found(walks[4].clerk, news="back") == found(walks[4].clerk, news="x") == [back]
    assert found(walks[4].clerk, news="arrived") == []
    assert found(cast.at(cast.third, Role.TECHNICAL_OFFICER), news="on") == []
    assert as_(cast.reader(Role.AUDITOR)).get(HOME).context["changes"] == []


def test_what_came_back_long_ago_and_comes_again_arrives(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    press("send_back", walk.to(State.DRAFT), walk.officer, **WHY)
    tomorrow = calendar.today() + dt.timedelta(days=1)
    monkeypatch.setattr(news, "day_before", lambda: tomorrow)
    TransferCase.objects.update(turn_since=calendar.beginning_of(tomorrow))
    assert {name: news.of(name, walk.clerk).count() for name in news.NEWS} == {
        "arrived": 1, "back": 0, "on": 0, "late": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "before"),
    [(dt.date(2026, 11, 28), dt.date(2026, 11, 26)), (dt.date(2026, 11, 24), dt.date(2026, 11, 23))],
)
def test_it_counts_from_the_working_day_before(day: dt.date, before: dt.date, settings: Any) -> None:
    settings.THURSDAY_IS_OFF = False
    assert news.day_before(day) == before and calendar.is_working_day(before)


# --- filters of one's own ---------------------------------------------------------------------------------------


def keep(user: User, name: str, query: str, **more: Any) -> Any:
    return as_(user).post(reverse("filter_save"), {"name": name, "query": query} | more)


def test_a_filter_is_kept_shown_opened_with_the_queue_and_removed(cast: Cast) -> None:
    case = Walk(cast).to(State.DRAFT)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    query = "state=draft&work=free"
    assert goes_to(keep(officer, "آزاد", f"{query}&evil=1&state=draft", is_default="on")) == f"{HOME}?{query}"
    kept = SavedFilter.objects.get()
    assert (kept.user, kept.query, kept.is_default) == (officer, query, True)
    assert goes_to(as_(officer).get(HOME)) == f"{HOME}?{query}"
    page = as_(officer).get(HOME, {"work": "free", "state": "draft"})
    assert page.context["saved"] == [(kept, True)] and [row.case for row in page.context["rows"]] == [case]
    assert as_(officer).get(HOME, {"all": "1"}).context["saved"] == [(kept, False)]
    keep(officer, "دیرکرد", "due=late", is_default="on")  # another default takes its place
    assert list(SavedFilter.objects.order_by("pk").values_list("is_default", flat=True)) == [False, True]
    keep(officer, "آزاد", "work=free")
    assert SavedFilter.objects.get(name="آزاد").query == "work=free"
    for person in (cast.at(cast.origin, Role.CLERK), cast.at(cast.third, Role.TECHNICAL_OFFICER)):
        assert as_(person).get(HOME).context["saved"] == []
        as_(person).post(reverse("filter_remove", args=[kept.pk]))
    assert SavedFilter.objects.count() == 2
    for _twice in range(2):
        assert as_(officer).post(reverse("filter_remove", args=[kept.pk])).status_code == 302
    assert SavedFilter.objects.get().name == "دیرکرد"


@pytest.mark.parametrize(
    ("name", "query"), [("", "due=late"), ("  ", "due=late"), ("x" * 41, "due=late"), ("x", ""), ("x", "evil=1")]
)
def test_what_is_wrong_with_a_filter_is_said(cast: Cast, name: str, query: str) -> None:
    answer = keep(cast.at(cast.origin, Role.CLERK), name, query)
    assert answer.status_code == 422 and not SavedFilter.objects.exists()


def test_nobody_keeps_more_filters_than_can_be_told_apart(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST", 1)
    clerk = cast.at(cast.origin, Role.CLERK)
    keep(cast.at(cast.origin, Role.BRANCH_HEAD), "c", "due=late", is_default="on")  # of somebody else
    assert [keep(clerk, name, "due=late").status_code for name in ("a", "b", "a")] == [302, 422, 302]
    keep(clerk, "a", "state=" + "é" * 3000 + "&due=late&work=" + "x" * 25)
    assert SavedFilter.objects.get(user=clerk).query == "due=late"
    keep(clerk, "a", "due=late", is_default="on")
    assert SavedFilter.objects.filter(is_default=True).count() == 2


def test_the_filter_form_joins_queues(cast: Cast) -> None:
    walks = [Walk(cast, make_file(cast.origin, number)) for number in (1, 2)]
    mine, other = (walk.to(State.DRAFT) for walk in walks)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    press("take", mine, officer)
    assert found(officer, state="draft", work="mine") == [mine]
    assert found(officer, state="draft", work="free") == [other]
    assert found(officer, state="technically_approved", work="mine") == []
    assert "name=draft" not in text(as_(officer).get(HOME, {"state": "draft"}))
