"""Follow-ups on their pages and through the API."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from branches.models import User
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from tests.cast import Walk
from tests.expect import fresh
from tests.pages import as_, command, goes_to, push, queries, text
from tests.transfers.following_up import AMOUNT, open_, settle, withdraw
from tests.transfers.standings import FOLLOW_UP, SETTLEMENT
from transfers.models import FollowUp, TransferCase
from transfers.states import Side

pytestmark = pytest.mark.django_db(databases="__all__")


# --- pages --------------------------------------------------------------------------------------------


def _page(user: User, case: TransferCase) -> Any:
    return as_(user).get(reverse("case", args=[case.pk]))


def test_it_is_opened_from_the_page_of_the_case(finished: Walk) -> None:
    url = reverse("case_step", args=[finished.case.pk, Action.OPEN_FOLLOW_UP])
    assert f'href="{url}"' in text(_page(finished.officer, finished.case))
    assert 'id="follow-ups"' not in text(_page(finished.clerk, finished.case))
    form = as_(finished.officer).get(url).context["page"].step.form
    assert [str(label) for _value, label in form.fields["settled_by"].choices][1:] == [
        str(finished.cast.origin), str(finished.cast.destination),
    ]  # fmt: skip
    wrong = push(
        finished.officer, Action.OPEN_FOLLOW_UP, finished.case, **(FOLLOW_UP | {"amount": "0", "back": "step"})
    )
    assert wrong.status_code == 422 and FOLLOW_UP["note"] in text(wrong)
    assert 'id="open_follow_up_amount_error"' in text(wrong)
    done = push(finished.officer, Action.OPEN_FOLLOW_UP, finished.case, **FOLLOW_UP)
    assert goes_to(done) == reverse("case", args=[finished.case.pk])
    shown = text(_page(finished.clerk, finished.case))
    assert "۱۲٬۵۰۰٬۰۰۰" in shown and "مهر ۱۴۰۵" in shown and str(finished.cast.origin) in shown


def test_the_steps_stand_beside_what_they_end(finished: Walk) -> None:
    row = open_(finished, Side.DESTINATION)
    (here,) = _page(finished.head, finished.case).context["page"].follow_ups
    (there,) = _page(finished.other_officer, finished.copy).context["page"].follow_ups
    assert ([step.action for step in here.steps], [step.action for step in there.steps]) == (
        [Action.SETTLE_FOLLOW_UP], [Action.WITHDRAW_FOLLOW_UP],
    )  # fmt: skip
    assert [value for value, _label in here.settle.form.fields["outcome"].choices] == ["", "paid", "not_confirmed"]
    (clerk,) = _page(finished.clerk, finished.case).context["page"].follow_ups
    assert clerk.steps == []
    data = SETTLEMENT | {"follow_up": str(row.key), "anchor": "follow-ups"}
    empty = push(finished.head, Action.SETTLE_FOLLOW_UP, fresh(finished.case), **(data | {"outcome": ""}))
    assert empty.status_code == 422 and "88/4" in text(empty).translate(str.maketrans("۸۴", "84"))
    done = push(finished.head, Action.SETTLE_FOLLOW_UP, fresh(finished.case), **data)
    assert goes_to(done) == reverse("case", args=[finished.case.pk]) + "#follow-ups"
    assert all(one.steps == [] for one in _page(finished.head, finished.case).context["page"].follow_ups)


def test_what_came_too_late_gives_back_what_was_typed(finished: Walk) -> None:
    row, seen = open_(finished, Side.DESTINATION), fresh(finished.case)
    withdraw(finished.copy, row, finished.other_officer)
    data = SETTLEMENT | {"follow_up": str(row.key), "closing_note": "پرداخت با فهرست آبان"}
    late = push(finished.head, Action.SETTLE_FOLLOW_UP, seen, **data)
    assert late.status_code == 409 and "پرداخت با فهرست آبان" in text(late)
    open_(finished)
    late = push(finished.head, Action.SETTLE_FOLLOW_UP, fresh(finished.case), **data)
    assert late.status_code == 422 and "پرداخت با فهرست آبان" in text(late)


def _listed(user: User, queue: str = "") -> list[Any]:
    return [one.row.key for one in as_(user).get(reverse("follow_ups"), {"queue": queue}).context["rows"]]


def test_the_list_begins_with_what_the_branch_has_to_settle(finished: Walk) -> None:
    over, theirs = open_(finished), open_(finished, settled_by="destination")
    mine = open_(finished, Side.DESTINATION)
    settle(finished, over)
    assert _listed(finished.clerk) == [mine.key, theirs.key, over.key]
    assert [_listed(finished.clerk, queue) for queue in ("here", "there", "over")] == [
        [mine.key], [theirs.key], [over.key],
    ]  # fmt: skip
    assert _listed(finished.staff) == [theirs.key, mine.key, over.key]
    assert len(_listed(finished.clerk, "no such\0")) == 3 and len(_listed(finished.cast.reader(Role.AUDITOR))) == 6
    assert _listed(finished.cast.reader(Role.PROVINCE_SUPERVISOR)) == [mine.key, theirs.key, over.key]


def test_who_has_to_settle_it_reads_so_on_the_first_page(finished: Walk) -> None:
    row = open_(finished, Side.DESTINATION)
    url = reverse("follow_ups")
    for user, number in ((finished.officer, 1), (finished.head, 1), (finished.clerk, 0), (finished.other_officer, 0)):
        page = as_(user).get(reverse("cartable"))
        (item,) = [item for group in page.context["menu"] for item in group["items"] if item["url"] == url]
        assert (item["count"], f'href="{url}?queue=here"' in text(page)) == (number, bool(number))
    assert as_(finished.head).get(url).context["rows"][0].chip[0] == "waiting"
    FollowUp.objects.update(due_on=calendar.today() - dt.timedelta(1))
    assert as_(finished.head).get(url).context["rows"][0].chip[0] == "late"
    assert as_(finished.head).get(reverse("cartable")).context["around"]["follow_ups_late"] == 1
    settle(finished, row)
    assert as_(finished.head).get(reverse("cartable")).context["around"]["follow_ups"] == 0


def test_pages_cost_the_same_however_many_there_are(finished: Walk) -> None:
    open_(finished)
    urls = [reverse("follow_ups"), reverse("case", args=[finished.case.pk]), reverse("cartable")]
    once = [queries(finished.head, url) for url in urls]
    for _more in range(3):
        open_(finished)
    assert [queries(finished.head, url) for url in urls] == once and max(once) <= 18


# --- the API ------------------------------------------------------------------------------------------


def test_the_api_opens_settles_withdraws_and_shows(finished: Walk) -> None:
    def post(user: User, case: TransferCase, action: str, **data: Any) -> Any:
        url, body = f"/api/cases/{case.pk}/steps/{action}/", command(data=data)
        return as_(user).post(url, body, "application/json")

    number = {"amount": AMOUNT, "month": 140507}
    (shown,) = post(finished.officer, finished.case, "open_follow_up", **(FOLLOW_UP | number)).json()["follow_ups"]
    assert (shown["amount"], shown["month"], shown["settled_by"], shown["outcome"]) == (AMOUNT, 140507, "origin", "")
    about = {"follow_up": shown["key"]}
    wrong = post(finished.other_officer, finished.copy, "settle_follow_up", **(SETTLEMENT | about))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "blocked")
    (done,) = post(finished.head, finished.case, "settle_follow_up", **(SETTLEMENT | about)).json()["follow_ups"]
    assert (done["outcome"], done["settled_amount"]) == ("paid", AMOUNT)
    (same,) = as_(finished.staff).get(f"/api/cases/{finished.copy.pk}/").json()["follow_ups"]
    assert same == done
    withdrawn = post(finished.officer, finished.case, "withdraw_follow_up", closing_note="x", **about)
    assert withdrawn.status_code == 409
