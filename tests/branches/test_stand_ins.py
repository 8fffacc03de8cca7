"""Stand-ins: who grants whom, for how long, and what the database itself refuses (DESIGN 5, 11.14)."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from branches import stand_ins
from branches.models import Appointment, StandInRecord, User
from branches.roles import Action, Role, acting_roles, can, represented
from pension_transfer.lib.calendar import show_date, today
from pension_transfer.lib.errors import BadInput, NotNow, NotSeen
from tests.cast import Cast, appoint
from tests.expect import kept_out, run_sql
from tests.pages import as_, command, goes_to, queries

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = dt.timedelta(days=1)


def office_of(cast: Cast, role: str) -> Appointment:
    return Appointment.objects.get(user=cast.at(cast.origin, role), role=role)


def grant(cast: Cast, role: str, user: User, by: User, **changes: Any) -> Appointment:
    """`user` in the place of the origin's `role`, for ten days from today."""
    days = {"since": today(), "until": today() + 10 * DAY}
    given = {"command_id": uuid.uuid4(), "reason": "مرخصی"} | days | changes
    return stand_ins.grant(office_of(cast, role), user, by=by, **given)


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


# --- granting ---------------------------------------------------------------------------------------------------


def test_a_stand_in_has_the_office_for_his_days(cast: Cast) -> None:
    head, clerk = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.CLERK)
    stand_in = grant(cast, Role.TECHNICAL_OFFICER, clerk, head)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    clerk = again(clerk)
    assert can(clerk, Action.APPROVE_TECHNICAL, cast.origin)
    assert not can(clerk, Action.APPROVE_TECHNICAL, cast.third)
    assert represented(clerk, Role.TECHNICAL_OFFICER, "0801") == officer
    assert represented(clerk, Role.CLERK, "0801") is None
    record = stand_in.records.get()
    assert (record.verb, record.by, record.reason) == ("granted", head, "مرخصی")
    Appointment.objects.filter(pk=stand_in.pk).update(since=today() - 3 * DAY, until=today() - DAY)
    assert not can(again(clerk), Action.APPROVE_TECHNICAL, cast.origin)


def test_the_own_office_comes_first(cast: Cast) -> None:
    head, deputy = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.INSURANCE_DEPUTY)
    grant(cast, Role.BRANCH_HEAD, deputy, head)
    appoint(deputy.username, Role.TECHNICAL_OFFICER, branch=cast.origin)
    roles = acting_roles(again(deputy), Action.ACTIVATE, cast.origin)
    assert set(roles[:2]) == {"technical_officer", "insurance_deputy"} and roles[2:] == ["branch_head"]


@pytest.mark.parametrize("role", [Role.BRANCH_HEAD, Role.INSURANCE_DEPUTY, Role.CLERK, Role.DESTINATION_STAFF])
def test_the_head_fills_every_office_of_the_branch_his_own_too(cast: Cast, role: str) -> None:
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    grant(cast, role, officer, cast.at(cast.origin, Role.BRANCH_HEAD))
    assert role in again(officer).roles


def test_the_supervisor_sends_somebody_from_another_branch_of_the_province(cast: Cast) -> None:
    supervisor = cast.reader(Role.PROVINCE_SUPERVISOR)
    near = cast.third
    near.administration = cast.origin.administration
    near.save()
    helper = cast.at(near, Role.TECHNICAL_OFFICER)
    grant(cast, Role.TECHNICAL_OFFICER, helper, supervisor)
    assert can(again(helper), Action.APPROVE_TECHNICAL, cast.origin)
    for user in (cast.at(cast.origin, Role.CLERK), cast.at(cast.destination, Role.TECHNICAL_OFFICER)):
        with pytest.raises(BadInput) as caught:
            grant(cast, Role.TECHNICAL_OFFICER, user, supervisor)
        assert set(caught.value.errors) == {"user"}


@pytest.mark.parametrize("by", ["deputy", "other head", "center", "auditor", "outsider", "other province"])
def test_nobody_else_grants(cast: Cast, by: str) -> None:
    people = {
        "deputy": cast.at(cast.origin, Role.INSURANCE_DEPUTY),
        "other head": cast.at(cast.destination, Role.BRANCH_HEAD),
        "center": cast.reader(Role.CENTER_OPERATOR),
        "auditor": cast.reader(Role.AUDITOR),
        "outsider": cast.reader("outsider"),
        "other province": appoint("there", Role.PROVINCE_SUPERVISOR, administration=cast.third.administration),
    }
    with pytest.raises(NotSeen):
        grant(cast, Role.CLERK, cast.at(cast.origin, Role.TECHNICAL_OFFICER), people[by])
    assert not StandInRecord.objects.exists()


WRONG: dict[str, tuple[str, dict[str, int]]] = {
    "yesterday": ("since", {"since": -1}),
    "backwards": ("until", {"since": 3, "until": 2}),
    "too long": ("until", {"until": 61}),
}


@pytest.mark.parametrize("name", WRONG)
def test_days_that_cannot_be(cast: Cast, name: str) -> None:
    field, days = WRONG[name]
    given = {which: today() + number * DAY for which, number in days.items()}
    head, officer = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    with pytest.raises(BadInput) as caught:
        grant(cast, Role.CLERK, officer, head, **given)
    assert set(caught.value.errors) == {field}


def test_people_who_cannot_be(cast: Cast) -> None:
    head, officer = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    colleague = appoint("second", Role.CLERK, branch=cast.origin)
    stranger = cast.at(cast.third, Role.CLERK)
    for user in (head, cast.at(cast.origin, Role.CLERK), colleague, stranger, cast.reader("outsider")):
        with pytest.raises(BadInput) as caught:
            grant(cast, Role.CLERK, user, head)
        assert set(caught.value.errors) == {"user"}
    grant(cast, Role.CLERK, officer, head)
    with pytest.raises(BadInput) as caught:
        grant(cast, Role.CLERK, officer, head, since=today() + 10 * DAY, until=today() + 12 * DAY)
    assert set(caught.value.errors) == {"since"}
    grant(cast, Role.CLERK, officer, head, since=today() + 11 * DAY, until=today() + 12 * DAY)
    stand_in_office = Appointment.objects.stand_ins().first()
    assert stand_in_office
    with pytest.raises(NotSeen):  # nobody stands in for a stand-in
        stand_ins.grant(stand_in_office, colleague, today(), today(), "x", by=head, command_id=uuid.uuid4())


def test_a_repeated_press_grants_and_ends_once(cast: Cast) -> None:
    head, officer, key = (
        cast.at(cast.origin, Role.BRANCH_HEAD),
        cast.at(cast.origin, Role.TECHNICAL_OFFICER),
        uuid.uuid4(),
    )
    first = grant(cast, Role.CLERK, officer, head, command_id=key)
    assert grant(cast, Role.CLERK, officer, head, command_id=key) == first
    with pytest.raises(NotNow):
        stand_ins.end(first.pk, "x", by=head, command_id=key)
    key = uuid.uuid4()
    for _twice in range(2):
        assert stand_ins.end(first.pk, "بازگشت", by=head, command_id=key).ended_at
    assert not can(again(officer), Action.REFER, cast.origin)
    with pytest.raises(NotNow):
        stand_ins.end(first.pk, "x", by=head, command_id=uuid.uuid4())
    with pytest.raises(NotSeen):
        stand_ins.end(first.pk, "x", by=cast.at(cast.third, Role.BRANCH_HEAD), command_id=uuid.uuid4())
    assert [record.verb for record in StandInRecord.objects.all()] == ["granted", "ended"]
    grant(cast, Role.CLERK, officer, head)  # these days are free again


def test_the_database_refuses_it_too(cast: Cast) -> None:
    head, officer = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    good = {"user": officer, "role": Role.CLERK, "branch": cast.origin, "since": today(), "stands_in_for": head}
    for wrong in ({"until": None}, {"until": today() + 61 * DAY}, {"until": today(), "stands_in_for": officer}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Appointment.objects.create(**(good | wrong))
    grant(cast, Role.CLERK, officer, head)
    for attempt in ("UPDATE branches_standinrecord SET reason = ''", "DELETE FROM branches_standinrecord"):
        with kept_out("23000"):
            run_sql("default", attempt)


# --- the page ---------------------------------------------------------------------------------------------------


def posted(cast: Cast, **changes: Any) -> dict[str, Any]:
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    days = {"since": show_date(today()), "until": show_date(today() + 10 * DAY)}
    return command(office=office_of(cast, Role.CLERK).pk, user=officer.pk, reason="مرخصی", **days) | changes


def test_the_page_grants_lists_and_ends(cast: Cast) -> None:
    head = as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    assert head.get(reverse("stand_in_list")).context["rows"] == []
    assert goes_to(head.post(reverse("stand_in_list"), posted(cast))) == reverse("stand_in_list")
    (row,) = head.get(reverse("stand_in_list")).context["rows"]
    assert (row.look, row.may_end, len(row.records)) == ("active", True, 1)
    url = reverse("stand_in_end", args=[row.stand_in.pk])
    assert head.get(url).status_code == 200
    assert head.post(url, command(reason="")).status_code == 422
    assert goes_to(head.post(url, command(reason="بازگشت"))) == reverse("stand_in_list")
    assert (head.get(url).status_code, head.post(url, command(reason="x")).status_code) == (409, 409)
    (row,) = head.get(reverse("stand_in_list")).context["rows"]
    assert (row.look, row.may_end, len(row.records)) == ("void", False, 2)


def test_what_does_not_fit_is_said_beside_its_field_and_nothing_is_lost(cast: Cast) -> None:
    head = as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    clerk = cast.at(cast.origin, Role.CLERK)
    for wrong, field in (
        ({"user": clerk.pk}, "user"), ({"until": "1499/01/01"}, "until"), ({"reason": ""}, "reason"),
        ({"office": "x"}, "office"), ({"since": "\0"}, "since"),
        ({"user": cast.at(cast.third, Role.CLERK).pk}, "user"),
    ):  # fmt: skip
        answer = head.post(reverse("stand_in_list"), posted(cast, **wrong))
        assert (answer.status_code, field in answer.context["form"].errors) == (422, True), wrong
        assert answer.context["form"].data["until"] == posted(cast, **wrong)["until"]
    assert head.post(reverse("stand_in_list"), posted(cast, command_id="")).status_code == 422
    assert not StandInRecord.objects.exists()


def test_the_page_is_the_heads_and_the_provinces(cast: Cast) -> None:
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    stand_in = grant(cast, Role.CLERK, officer, cast.at(cast.origin, Role.BRANCH_HEAD))
    url = reverse("stand_in_end", args=[stand_in.pk])
    for person in (officer, cast.reader(Role.AUDITOR), cast.reader("outsider")):
        assert as_(person).get(reverse("stand_in_list")).status_code == 403
        assert as_(person).post(url, command(reason="x")).status_code == 403
    elsewhere = as_(cast.at(cast.third, Role.BRANCH_HEAD))
    assert elsewhere.get(reverse("stand_in_list")).context["rows"] == []
    assert (elsewhere.get(url).status_code, elsewhere.post(url, command(reason="x")).status_code) == (404, 404)
    assert len(as_(cast.reader(Role.PROVINCE_SUPERVISOR)).get(reverse("stand_in_list")).context["rows"]) == 1


def test_the_list_costs_the_same_for_many(cast: Cast) -> None:
    head, officer = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    grant(cast, Role.CLERK, officer, head)
    before = queries(head, reverse("stand_in_list"))
    for number in range(2, 6):
        grant(
            cast, Role.CLERK, officer, head, since=today() + 10 * number * DAY, until=today() + (10 * number + 3) * DAY
        )
    assert queries(head, reverse("stand_in_list")) == before


def test_the_operators_page_keeps_its_hands_off_stand_ins(cast: Cast) -> None:
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    grant(cast, Role.CLERK, officer, cast.at(cast.origin, Role.BRANCH_HEAD))
    User.objects.filter(username="center").update(is_staff=True)
    answer = as_(cast.reader(Role.CENTER_OPERATOR)).get(reverse("admin:branches_user_change", args=[officer.pk]))
    (inline,) = answer.context["inline_admin_formsets"]
    assert [form.instance.role for form in inline.formset.initial_forms] == [Role.TECHNICAL_OFFICER]
