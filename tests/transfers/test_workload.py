"""The load of a branch: who has how much, and reassigning several at once."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from branches.models import Appointment, Branch, User
from branches.roles import Role
from pension_transfer.lib.calendar import today
from tests.cast import Cast, Walk, make_file, press
from tests.pages import as_, command, queries
from tests.transfers.working import drafts, has_it
from transfers.models import TransferCase, TransferEvent
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")
WHY = {"reason": "همکار در مرخصی است"}


# --- the load ---------------------------------------------------------------------------------------------------


def _late(*cases: TransferCase) -> None:
    TransferCase.objects.filter(pk__in=[case.pk for case in cases]).update(due_on=today() - dt.timedelta(days=9))


def test_the_load_tells_who_has_how_much(cast: Cast, second: User) -> None:
    cases = drafts(cast, 1, 2, 3, 4)
    press("take", cases[0], second)
    press("take", cases[1], second)
    _late(cases[1], cases[2])
    head = as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    page = head.get(reverse("workload")).context
    loads = {load.name: (load.n, load.overdue) for load in page["people"]}
    assert loads[str(second)] == (2, 1) and loads[str(cast.at(cast.origin, Role.CLERK))] == (0, 0)
    assert [(load.n, load.overdue) for load in page["waiting"]] == [(2, 1)]
    assert len(page["rows"]) == 4

    def listed(load: Any, of: str = "url") -> list[int]:
        found = head.get(reverse("workload") + getattr(load, of)).context["rows"]
        return sorted(row.case.pk for row in found)

    (mine,) = [load for load in page["people"] if load.name == str(second)]
    assert listed(mine) == [cases[0].pk, cases[1].pk] and listed(mine, "late_url") == [cases[1].pk]
    assert listed(page["waiting"][0]) == [cases[2].pk, cases[3].pk]
    assert listed(page["waiting"][0], "late_url") == [cases[2].pk]
    for strange in ("who=%00", "turn=x", "due=x", "branch=%00"):
        assert head.get(f"{reverse('workload')}?{strange}").status_code == 200
    Appointment.objects.filter(user=second).update(until=today() - dt.timedelta(days=1))
    page = head.get(reverse("workload")).context
    assert [(load.n, load.overdue) for load in page["waiting"]] == [(4, 2)]
    assert str(second) not in {load.name for load in page["people"]}


def test_a_head_reassigns_several_with_one_reason(cast: Cast, second: User) -> None:
    cases = drafts(cast, 1, 2)
    referral = Walk(cast, make_file(cast.origin, 3)).to(State.REFERRAL)
    head, url = cast.at(cast.origin, Role.BRANCH_HEAD), reverse("workload")
    ticked = [case.pk for case in (*cases, referral)]
    form = command(action="reassign", case=ticked, to=second.username, **WHY)
    for _twice in range(2):
        outcomes = as_(head).post(url, form).context["pressed"].outcomes
        assert [bool(outcome.reason) for outcome in outcomes] == [False, False, True]  # a referral is the clerk's
        assert [has_it(case) for case in (*cases, referral)] == [second, second, None]
    assert TransferEvent.objects.filter(action="reassign").count() == 2
    assert as_(head).post(url, command(action="take", case=ticked)).status_code == 422
    answer = as_(head).post(url, command(action="reassign", case=ticked, to=second.username))
    assert all(outcome.reason for outcome in answer.context["pressed"].outcomes)
    assert answer.context["form"].initial["to"] == second.username  # what was typed stays


def test_the_province_sees_its_branches_and_nobody_elses(cast: Cast, second: User) -> None:
    (case,) = drafts(cast, 1)
    province = cast.reader(Role.PROVINCE_SUPERVISOR)  # of one branch, the origin
    there = Branch.objects.create(
        code="0802", administration=cast.origin.administration, name="شعبه ۲", name_en="T2", city="تهران"
    )
    loads = as_(province).get(reverse("workload")).context["branches"]
    assert [(load.name, load.n) for load in loads] == [(str(cast.origin), 1), (str(there), 0)]
    page = as_(province).get(reverse("workload") + loads[0].url).context
    assert [row.case for row in page["rows"]] == [case]
    as_(province).post(
        reverse("workload") + loads[0].url, command(action="reassign", case=case.pk, to=second.username, **WHY)
    )
    assert has_it(case) == second
    elsewhere = as_(cast.at(cast.third, Role.BRANCH_HEAD)).get(f"{reverse('workload')}?branch={cast.origin.pk}").context
    assert elsewhere["rows"] == [] and elsewhere["branch"] == cast.third
    stranger = as_(cast.at(cast.third, Role.BRANCH_HEAD))
    answer = stranger.post(reverse("workload"), command(action="reassign", case=case.pk, to="second", **WHY))
    assert answer.context["pressed"].outcomes == []
    for reader in (cast.reader(Role.AUDITOR), cast.reader(Role.CENTER_OPERATOR), cast.reader("outsider")):
        assert as_(reader).get(reverse("workload")).status_code == 403


def test_the_pages_cost_the_same_however_many_are_taken(cast: Cast, second: User) -> None:
    head, officer = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    pages = [(head, reverse("workload")), (officer, reverse("cartable")), (head, reverse("case_list"))]
    pages += [(officer, "/api/cases/")]

    def costs() -> list[int]:
        return [queries(user, page) for user, page in pages]

    press("take", *drafts(cast, 1), officer)
    once = costs()
    for case in drafts(cast, 2, 3, 4):
        press("take", case, second)
    assert once == costs() and max(once) <= 16
