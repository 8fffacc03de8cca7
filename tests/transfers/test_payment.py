"""Who may pay: every answer reached through the product, and never two of them yes for one month (I5, I6)."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from branches.models import CustodyRequest, Payment, PensionFile, Status
from branches.roles import Action, Role
from pension_transfer.lib.errors import NotAllowed, NotNow
from pension_transfer.lib.months import Month, Months
from tests.cast import Cast, Walk, make_file, press
from transfers import exchange, payroll, sync
from transfers.models import TransferCase
from transfers.payment import Code, may_pay, may_pay_all
from transfers.payroll import Group
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


def codes(file: PensionFile, cast: Cast, month: Month) -> dict[str, str]:
    """The answer of every branch."""
    branches = {"origin": cast.origin, "destination": cast.destination, "third": cast.third}
    return {name: str(may_pay(file.pension_number, branch.pk, month).code) for name, branch in branches.items()}


def last(walk: Walk) -> Month:
    return Month(PensionFile.objects.get(pk=walk.file.pk).last_paid_month or 0)


def test_before_a_move_the_holder_pays_and_nobody_else(cast: Cast) -> None:
    file = make_file(cast.origin)
    month = Month(file.last_paid_month or 0)
    assert codes(file, cast, month) == {"origin": "already_paid", "destination": "elsewhere", "third": "elsewhere"}
    assert codes(file, cast, month + 1) == {"origin": "payable", "destination": "elsewhere", "third": "elsewhere"}
    assert set(codes(file, cast, Month(138001)).values()) == {"nobody"}
    assert may_pay("7999999999", cast.origin.pk, month).code == Code.UNCLAIMED


@pytest.mark.parametrize(
    ("state", "origin", "destination"),
    [
        (State.DRAFT, "payable", "elsewhere"),
        (State.TECHNICALLY_APPROVED, "payable", "elsewhere"),
        (State.SENT, "in_transit", "elsewhere"),
        (State.RECEIVED, "in_transit", "elsewhere"),
        (State.VERIFIED, "in_transit", "elsewhere"),
        (State.REGISTERED, "elsewhere", "not_active"),
    ],
)
def test_along_the_way(cast: Cast, state: str, origin: str, destination: str) -> None:
    walk = Walk(cast)
    walk.to(state)
    month = last(walk)
    after = codes(walk.file, cast, month + 1)
    assert after == {"origin": origin, "destination": destination, "third": "elsewhere"}
    assert codes(walk.file, cast, month)["origin"] == "already_paid"
    if state in {State.SENT, State.RECEIVED, State.VERIFIED}:
        assert may_pay(walk.file.pension_number, cast.origin.pk, month + 1).case == walk.case.tracking_number


def test_activation_lets_the_destination_pay_from_the_first_month_on(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    month = last(walk)
    answer = may_pay(walk.file.pension_number, cast.destination.pk, month + 3)
    assert (answer.code, answer.due, answer.is_first_here) == (Code.PAYABLE, Months(month + 1, month + 3), True)
    assert codes(walk.file, cast, month) == {"origin": "already_paid", "destination": "elsewhere", "third": "elsewhere"}


@pytest.mark.parametrize("back", ["recall", "return", "cancel"])
def test_what_does_not_take_place_gives_the_months_back(cast: Cast, back: str) -> None:
    walk = Walk(cast)
    if back == "return":
        walk.to(State.RETURNED)
        sync.sync()
    else:
        walk.to(State.SENT)
        press(Action.RECALL, TransferCase.objects.get(pk=walk.case.pk), walk.head, reason="اشتباه")
    if back == "cancel":
        press(Action.CANCEL, TransferCase.objects.get(pk=walk.case.pk), walk.head, reason="اشتباه")
    month = last(walk)
    assert codes(walk.file, cast, month + 1) == {"origin": "payable", "destination": "elsewhere", "third": "elsewhere"}


def test_a_suspended_file_is_not_paid_and_a_closed_one_only_up_to_its_end(cast: Cast) -> None:
    file = make_file(cast.origin)
    month = Month(file.last_paid_month or 0)
    PensionFile.objects.filter(pk=file.pk).update(status=Status.SUSPENDED)
    assert codes(file, cast, month + 1)["origin"] == "suspended"
    PensionFile.objects.filter(pk=file.pk).update(status=Status.TERMINATED)
    CustodyRequest.objects.create(file=file, verb=CustodyRequest.Verb.CLOSE, month=month + 2, reason="death")
    told = [codes(file, cast, month + n)["origin"] for n in (1, 2)]
    assert told == ["payable", "closing"]
    sync.sync()
    assert [codes(file, cast, month + n)["origin"] for n in (1, 2)] == ["payable", "ended"]


def test_custody_without_a_file_is_named(cast: Cast) -> None:
    exchange.open_custody({"7099999999": 139402}, cast.origin.pk, "test")
    assert may_pay("7099999999", cast.origin.pk, Month(140001)).code == Code.NO_FILE


def test_without_the_center_nothing_is_payable(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file(cast.origin)

    def away(*args: Any) -> None:
        raise exchange.Unreachable("away")

    monkeypatch.setattr(exchange, "holdings", away)
    answer = may_pay(file.pension_number, cast.origin.pk, Month(file.last_paid_month or 0) + 1)
    assert (answer.code, answer.is_payable) == (Code.UNKNOWN, False)


def test_many_are_asked_with_as_many_questions_as_one(cast: Cast, django_assert_num_queries: Any) -> None:
    files = [make_file(cast.origin, number) for number in range(1, 9)]
    month = Month(files[0].last_paid_month or 0) + 1
    with django_assert_num_queries(1), django_assert_num_queries(2, using=settings.CENTER):
        answers = may_pay_all([file.pension_number for file in files], cast.origin.pk, month)
    assert [answer.pension_number for answer in answers] == [file.pension_number for file in files]
    assert all(answer.is_payable for answer in answers)


# --- the list and the run --------------------------------------------------------------------------------


def groups(branch: Any, month: Month) -> dict[str, str]:
    return {line.answer.pension_number: str(line.group) for line in payroll.lines(branch.pk, month)}


def officer(cast: Cast, branch: Any) -> Any:
    return cast.at(branch, Role.TECHNICAL_OFFICER)


def this_month() -> Month:
    return Month.of(timezone.localdate())


def test_the_list_has_every_pension_once_in_its_group(cast: Cast) -> None:
    month = this_month()
    plain, held, paid = (make_file(cast.origin, n, last_paid_month=month - 1) for n in (1, 2, 3))
    PensionFile.objects.filter(pk=held.pk).update(status=Status.SUSPENDED)
    PensionFile.objects.filter(pk=paid.pk).update(last_paid_month=month)
    exchange.open_custody({"7099999999": 139402}, cast.origin.pk, "test")
    assert groups(cast.origin, month) == {
        plain.pension_number: Group.PAYABLE, held.pension_number: Group.SUSPENDED, paid.pension_number: Group.PAID,
        "7099999999": Group.BLOCKED,
    }  # fmt: skip
    assert groups(cast.third, month) == {}


def test_who_moved_stands_in_both_lists(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    sync.sync()
    number = walk.file.pension_number
    closing = Month.of(timezone.localdate())
    there = [month for month in (closing, closing + 1) if groups(cast.origin, month).get(number) == Group.LEFT]
    assert len(there) == 1
    assert groups(cast.destination, closing + 1)[number] == Group.FIRST


def test_a_run_pays_each_month_once(cast: Cast) -> None:
    month = this_month()
    file = make_file(cast.origin, last_paid_month=month - 3)
    by, command = officer(cast, cast.origin), uuid.uuid4()
    for _ in range(2):
        run = payroll.pay(cast.origin, month, by, command)
    again = payroll.pay(cast.origin, month, by, uuid.uuid4())
    assert (run.paid, again.paid) == (1, 0)
    assert [p.month for p in Payment.objects.order_by("month")] == [month - 2, month - 1, month]
    file.refresh_from_db()
    assert file.last_paid_month == month
    assert groups(cast.origin, month) == {file.pension_number: Group.PAID}


def test_a_run_lapses_an_approval_and_makes_nobody_a_drafter(cast: Cast) -> None:
    month = this_month()
    walk = Walk(cast, make_file(cast.origin, last_paid_month=month - 1))
    walk.draft()
    payroll.pay(cast.origin, month, walk.officer, uuid.uuid4())
    case = TransferCase.objects.get(pk=walk.case.pk)
    assert case.content["last_pay_certificate"]["last_paid_month"] == month
    assert not case.parts.filter(user=walk.officer).exists()


def test_who_may_not_and_when_not(cast: Cast) -> None:
    month = this_month()
    for person, branch in [(cast.at(cast.origin, Role.CLERK), cast.origin), (officer(cast, cast.third), cast.origin)]:
        with pytest.raises(NotAllowed):
            payroll.pay(branch, month, person, uuid.uuid4())
    with pytest.raises(NotNow):
        payroll.pay(cast.origin, month + 1, officer(cast, cast.origin), uuid.uuid4())


FORBIDDEN = {
    "a month paid again": "INSERT INTO branches_payment (file_id, run_id, month) VALUES (%(file)s, %(run)s, %(paid)s)",
    "a paid month forgotten": "DELETE FROM branches_payment",
    "a paid month changed": "UPDATE branches_payment SET month = month - 1",
    "a last paid month before it": "UPDATE branches_pensionfile SET last_paid_month = %(paid)s - 1 WHERE id = %(file)s",
    "no last paid month": "UPDATE branches_pensionfile SET last_paid_month = NULL WHERE id = %(file)s",
}


@pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_refuses(cast: Cast, sql: str) -> None:
    month = this_month()
    file = make_file(cast.origin, last_paid_month=month - 2)
    run = payroll.pay(cast.origin, month, officer(cast, cast.origin), uuid.uuid4())
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, {"file": file.pk, "run": run.pk, "paid": month})
    assert Payment.objects.count() == 2


def test_the_database_refuses_to_pay_what_is_sealed_or_gone(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    run = payroll.pay(cast.origin, this_month(), officer(cast, cast.origin), uuid.uuid4())
    assert run.paid == 0
    sql = "INSERT INTO branches_payment (file_id, run_id, month) VALUES (%s, %s, %s)"
    for frozen, status in [
        (walk.case.transfer_id, "active"),
        (None, "moved"),
        (None, "registered"),
        (None, "suspended"),
    ]:
        PensionFile.objects.filter(pk=walk.file.pk).update(frozen_by=frozen, status=status)
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [walk.file.pk, run.pk, last(walk) + 1])
    assert not Payment.objects.exists()


@pytest.mark.parametrize("closes", ["the year's end", "later"])
def test_what_was_due_before_an_end_is_paid_by_a_later_run(cast: Cast, closes: str) -> None:
    year = Month(this_month() // 100 * 100 + 1)
    end = year - 1 if closes == "the year's end" else year - 3
    file = make_file(cast.origin, last_paid_month=end - 2)
    PensionFile.objects.filter(pk=file.pk).update(status=Status.TERMINATED)
    CustodyRequest.objects.create(file=file, verb=CustodyRequest.Verb.CLOSE, month=end + 1, reason="death")
    sync.sync()
    by = officer(cast, cast.origin)
    assert [payroll.pay(cast.origin, year, by, uuid.uuid4()).paid for _ in range(2)] == [1, 0]
    assert [p.month for p in Payment.objects.order_by("month")] == [end - 1, end]
    assert groups(cast.origin, year) == {}


def test_what_is_sealed_between_the_list_and_the_run_is_not_paid(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list said yes; under the lock the file says no."""
    walk = Walk(cast)
    walk.to(State.TECHNICALLY_APPROVED)
    other = make_file(cast.origin, 2)
    month = last(walk) + 1
    listed = list(payroll.here(cast.origin.pk, month))
    assert [line.answer.is_payable for line in listed] == [True, True]
    walk.send()
    monkeypatch.setattr(payroll, "here", lambda *asked: iter(listed))
    monkeypatch.setattr(payroll, "check_run", lambda *asked: None)
    run = payroll.pay(cast.origin, month, walk.head, uuid.uuid4())
    assert (run.paid, Payment.objects.get().file) == (1, other)
