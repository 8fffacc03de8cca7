"""Who pays, asked by programs: one pension, a whole payroll, and recording it."""

import uuid
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from branches.models import Payment, PayrollRun, PensionFile, Status, User
from branches.roles import Role
from pension_transfer.lib.months import Month
from tests.cast import Cast, Walk, make_file
from tests.pages import as_
from transfers import exchange, serializers
from transfers.models import TransferCase
from transfers.payment import Code
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


def this_month() -> Month:
    return Month.of(timezone.localdate())


def one(user: User, number: str, branch: str, month: Any = None) -> Any:
    asked = {"pension_number": number, "branch": branch, "month": month or str(int(this_month()))}
    return as_(user).get("/api/payment/", asked)


def post(user: User, url: str, **body: Any) -> Any:
    return as_(user).post(url, {"month": int(this_month())} | body, "application/json")


def bulk(user: User, branch: str, *numbers: str) -> Any:
    return post(user, "/api/payment/bulk/", branch=branch, **({"pension_numbers": numbers} if numbers else {}))


def officer(cast: Cast, branch: Any) -> User:
    return cast.at(branch, Role.TECHNICAL_OFFICER)


def test_the_answer_has_everything(cast: Cast) -> None:
    month = this_month()
    file = make_file(cast.origin, last_paid_month=month - 2)
    answer = one(officer(cast, cast.origin), file.pension_number, "0801")
    assert answer.status_code == 200
    assert answer.json() == {
        "pension_number": file.pension_number, "branch": "0801", "month": month, "payable": True, "code": "payable",
        "reason": str(Code.PAYABLE.label), "payer": "0801", "first_here": False, "case": "", "source": "file",
        "due": {"first": month - 1, "last": month, "count": 2},
    }  # fmt: skip


def test_along_a_move(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    number = walk.file.pension_number
    left = one(officer(cast, cast.origin), number, "0801", "1405/09").json()
    assert (left["code"], left["payer"], left["case"], left["due"]) == (
        "elsewhere", "1001", walk.case.tracking_number, None,
    )  # fmt: skip
    walk.activate()
    here = one(officer(cast, cast.destination), number, "1001", "۱۴۰۵/۱۱").json()
    assert (here["code"], here["first_here"], here["due"]["first"], here["case"]) == (
        "payable", True, 140509, walk.case.tracking_number,
    )  # fmt: skip


def test_what_a_branch_has_nothing_to_do_with_is_not_told(cast: Cast) -> None:
    file, third = make_file(cast.origin), officer(cast, cast.third)
    asked = (file.pension_number, "7012345678")
    answers = [one(third, number, "0701").json() | {"pension_number": ""} for number in asked]
    assert answers[0] == answers[1]
    assert (answers[0]["code"], answers[0]["payer"], answers[0]["payable"]) == ("not_known", "", False)
    rows = bulk(third, "0701", *asked).json()["payments"]
    assert [(row["code"], row["payer"]) for row in rows] == [("not_known", ""), ("not_known", "")]


def test_a_case_or_an_old_custody_is_enough_to_hear_of_it(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.RECEIVED, Side.DESTINATION)
    assert one(walk.staff, walk.file.pension_number, "1001").json()["payer"] == "0801"
    exchange.open_custody({"7099999999": 139402}, "0701", "test")
    exchange.close_custody("7099999999", "0701", 139501, "death")
    assert one(officer(cast, cast.third), "7099999999", "0701").json()["code"] == "ended"


def test_another_branch_may_not_be_asked_for(cast: Cast) -> None:
    file = make_file(cast.origin)
    province = cast.reader(Role.PROVINCE_SUPERVISOR)
    for person in (officer(cast, cast.third), officer(cast, cast.destination), cast.reader("outsider")):
        statuses = [
            one(person, file.pension_number, "0801").status_code, bulk(person, "0801").status_code,
            post(person, "/api/payroll/", branch="0801", command_id=str(uuid.uuid4())).status_code,
            one(person, file.pension_number, "9999").status_code,
        ]  # fmt: skip
        assert statuses == [404] * 4
    assert (one(province, file.pension_number, "0801").status_code, bulk(province, "1001").status_code) == (200, 404)
    assert one(cast.reader(Role.AUDITOR), file.pension_number, "0801").status_code == 200
    assert Client().get("/api/payment/").status_code == 403


def test_many_are_answered_in_their_order_and_the_reasons_once(cast: Cast) -> None:
    month = this_month()
    files = [make_file(cast.origin, n, last_paid_month=month - 1) for n in (1, 2, 3)]
    PensionFile.objects.filter(pk=files[1].pk).update(status=Status.SUSPENDED)
    numbers = [file.pension_number for file in files]
    answer = bulk(officer(cast, cast.origin), "0801", *numbers[::-1], "7012345678").json()
    assert [(row["pension_number"], row["code"]) for row in answer["payments"]] == [
        (numbers[2], "payable"), (numbers[1], "suspended"), (numbers[0], "payable"), ("7012345678", "not_known"),
    ]  # fmt: skip
    assert answer["reasons"] == {code: str(Code(code).label) for code in ("payable", "suspended", "not_known")}
    assert "reason" not in answer["payments"][0]
    whole = bulk(officer(cast, cast.origin), "0801").json()["payments"]
    assert [row["pension_number"] for row in whole] == numbers


def test_many_cost_as_many_queries_as_one(cast: Cast) -> None:
    me = officer(cast, cast.origin)
    files = [make_file(cast.origin, n, last_paid_month=this_month() - 1) for n in range(1, 6)]

    def cost(*numbers: str) -> int:
        client = as_(me)
        body = {"branch": "0801", "month": int(this_month()), "pension_numbers": numbers}
        with CaptureQueriesContext(connections["default"]) as asked:
            client.post("/api/payment/bulk/", body, "application/json")
        return len(asked)

    assert cost(files[0].pension_number) == cost(*(file.pension_number for file in files))


@pytest.mark.parametrize(
    ("wrong", "body"),
    [
        ("month", {"month": 140513}), ("month", {"month": "x"}), ("branch", {"branch": ""}),
        ("branch", {"branch": "\0"}), ("pension_numbers", {"pension_numbers": ["12"]}),
        ("pension_numbers", {"pension_numbers": "7000000001"}), ("pension_numbers", {"pension_numbers": ["1", "2"]}),
    ],
)  # fmt: skip
def test_bad_input_is_said_beside_its_field(cast: Cast, wrong: str, body: Any) -> None:
    answer = post(officer(cast, cast.origin), "/api/payment/bulk/", **({"branch": "0801"} | body))
    assert (answer.status_code, set(answer.json()["errors"])) == (422, {wrong})
    assert all(len(sentence) > 10 for sentence in answer.json()["errors"][wrong])


@pytest.mark.parametrize(
    ("wrong", "asked"),
    [
        ("pension_number", {"pension_number": "x"}),
        ("month", {"month": ""}),
        ("branch", {"branch": "08011"}),
    ],
)
def test_bad_input_of_one(cast: Cast, wrong: str, asked: Any) -> None:
    good = {"pension_number": "7000000001", "branch": "0801", "month": "140509"}
    answer = as_(officer(cast, cast.origin)).get("/api/payment/", good | asked)
    assert (answer.status_code, set(answer.json()["errors"])) == (422, {wrong})


def test_too_many_are_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert serializers.MOST_ASKED == 60_000
    numbers = [f"{n:010d}" for n in range(60_001)]
    answer = bulk(officer(cast, cast.origin), "0801", *numbers)
    assert (answer.status_code, set(answer.json()["errors"])) == (422, {"pension_numbers"})


def test_without_the_center_nothing_is_payable(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    file, me = make_file(cast.origin), officer(cast, cast.origin)

    def away(*args: Any) -> None:
        raise exchange.Unreachable("away")

    for name in ("holdings", "held_by"):
        monkeypatch.setattr(exchange, name, away)
    answer = one(me, file.pension_number, "0801").json()
    assert (answer["code"], answer["payable"], answer["source"]) == ("unknown", False, "center")
    assert bulk(me, "0801", file.pension_number).json()["payments"][0]["code"] == "unknown"
    answer = bulk(me, "0801")
    assert (answer.status_code, answer.json()["code"]) == (503, "center")
    answer = post(me, "/api/payroll/", branch="0801", command_id=str(uuid.uuid4()))
    assert (answer.status_code, Payment.objects.count()) == (503, 0)


def test_a_run_repeated_is_the_same_run(cast: Cast) -> None:
    month, me, command = this_month(), officer(cast, cast.origin), str(uuid.uuid4())
    make_file(cast.origin, last_paid_month=month - 1)
    answers = [post(me, "/api/payroll/", branch="0801", command_id=command) for _ in range(2)]
    assert [answer.json() for answer in answers] == [{"run": command, "paid": 1}] * 2
    assert (PayrollRun.objects.count(), Payment.objects.count()) == (1, 1)
    other = post(me, "/api/payroll/", branch="0801", command_id=command, month=int(month - 1))
    assert (other.status_code, other.json()["code"]) == (409, "reused")


def test_who_may_not_record(cast: Cast) -> None:
    make_file(cast.origin, last_paid_month=this_month() - 1)
    for person in (cast.at(cast.origin, Role.CLERK), cast.reader(Role.AUDITOR), cast.reader(Role.PROVINCE_SUPERVISOR)):
        answer = post(person, "/api/payroll/", branch="0801", command_id=str(uuid.uuid4()))
        assert (answer.status_code, answer.json()["code"]) == (403, "role")
    coming = int(this_month() + 1)
    answer = post(
        officer(cast, cast.origin), "/api/payroll/", branch="0801", command_id=str(uuid.uuid4()), month=coming
    )
    assert (answer.status_code, Payment.objects.count(), TransferCase.objects.count()) == (409, 0, 0)


def test_the_schema_tells_of_them(cast: Cast) -> None:
    schema = as_(officer(cast, cast.origin)).get("/api/schema/?format=json").json()
    assert {"/api/payment/", "/api/payment/bulk/", "/api/payroll/"} <= schema["paths"].keys()
    parts = schema["components"]["schemas"]
    assert set(parts["PaymentRow"]["properties"]) >= {"payable", "code", "reason", "payer", "due", "first_here", "case"}
    asked = {given["name"] for given in schema["paths"]["/api/payment/"]["get"]["parameters"]}
    assert asked == {"pension_number", "branch", "month"}
