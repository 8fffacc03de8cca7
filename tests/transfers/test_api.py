"""The API is a handle on the same door: same answers, same isolation, nothing written on a refusal."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from branches.models import User
from branches.roles import Role
from tests.cast import MOVE, Walk
from transfers.models import Crossing, TransferCase
from transfers.states import Side, State

PERSIAN = re.compile("[آ-ی]")
pytestmark = pytest.mark.django_db(databases="__all__")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(user: User, url: str, **body: Any) -> Any:
    body.setdefault("command_id", str(uuid.uuid4()))
    return client_of(user).post(url, body, content_type="application/json")


def test_a_referral_and_a_step(walk: Walk) -> None:
    made = post(walk.clerk, "/api/cases/", pension_file=walk.file.pk, data=MOVE)
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    case = made.json()["id"]
    back = post(walk.officer, f"/api/cases/{case}/steps/send_back/", data={"reason": "نامه ناقص است"})
    assert (back.status_code, back.json()["state"], back.json()["turn"]) == (200, "referral", "clerk")


@pytest.mark.parametrize(
    ("who", "action", "body", "status", "code"),
    [
        ("clerk", "approve_technical", {}, 403, "role"),
        ("officer", "approve_head", {}, 403, "role"),
        ("officer", "approve_technical", {}, 409, "blocked"),
        ("officer", "send_back", {}, 422, "invalid"),
        ("officer", "send_back", {"seen": 99, "data": {"reason": "الف"}}, 409, "stale"),
        ("officer", "send_back", {"command_id": "x"}, 422, "invalid"),
        ("officer", "dance", {}, 404, "no_action"),
        ("staff", "send_back", {}, 404, "no_case"),
    ],
)
def test_refusals(walk: Walk, who: str, action: str, body: dict[str, Any], status: int, code: str) -> None:
    case = walk.to(State.DRAFT)
    answer = post(getattr(walk, who), f"/api/cases/{case.pk}/steps/{action}/", **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert TransferCase.objects.get().trail_length == case.trail_length


def test_a_repeated_command_is_answered_alike(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    command, url = str(uuid.uuid4()), f"/api/cases/{case.pk}/steps/send_back/"
    first, second = (post(walk.officer, url, command_id=command, data={"reason": "الف"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    other = post(walk.clerk, f"/api/cases/{case.pk}/steps/assemble/", command_id=command)
    assert other.status_code == 409


def test_receiving(walk: Walk) -> None:
    case = walk.to(State.SENT)
    rows = client_of(walk.staff).get("/api/waiting/").json()
    assert [row["id"] for row in rows] == [str(case.envelope_id)]
    url = f"/api/waiting/{case.envelope_id}/receive/"
    assert post(walk.clerk, url, branch="1001").status_code == 403
    assert post(walk.staff, url, branch="0701").status_code == 403
    assert post(walk.staff, url, branch="9999").status_code == 404
    assert post(walk.staff, url, branch="1001").json()["state"] == "received"


def test_lists_show_what_a_person_may_see(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    province, outsider = walk.cast.reader(Role.PROVINCE_SUPERVISOR), walk.cast.reader("outsider")
    third = walk.cast.at(walk.cast.third, Role.CLERK)
    sides = {
        person.username: [row["side"] for row in client_of(person).get("/api/cases/").json()["results"]]
        for person in (walk.clerk, walk.staff, province, outsider, third)
    }
    assert list(sides.values()) == [["origin"], ["destination"], ["origin"], [], []]
    files = [len(client_of(p).get("/api/files/").json()["results"]) for p in (walk.clerk, walk.staff, outsider)]
    assert files == [1, 0, 0]


@pytest.mark.parametrize("asked", ["state=nonsense", "side=left", "tracking_number=%00", "tracking_number=" + "1" * 14])
def test_a_list_cannot_be_narrowed_by_nonsense(walk: Walk, asked: str) -> None:
    answer = client_of(walk.clerk).get(f"/api/cases/?{asked}")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [asked.partition("=")[0]]


def test_the_list_of_cases_is_narrowed(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    found = {
        asked: len(client_of(walk.clerk).get(f"/api/cases/?{asked}").json()["results"])
        for asked in ("state=draft", "state=sent", "side=origin", f"tracking_number={case.tracking_number}")
    }
    assert list(found.values()) == [1, 0, 1, 1]


@pytest.mark.parametrize("asked", ["tracking_number=", "state=", "side=", "state=nowhere"])
def test_what_narrows_nothing_is_refused(walk: Walk, asked: str) -> None:
    """As the schema says; a program that left a value out by mistake would take every case for those it asked for."""
    assert client_of(walk.clerk).get(f"/api/cases/?{asked}").status_code == 422


def test_nobody_unknown_gets_in() -> None:
    for url in ("/api/cases/", "/api/files/", "/api/waiting/", "/api/contracts/envelope-1/", "/api/schema/"):
        assert Client().get(url).status_code == 403


def test_an_envelope_that_is_not_there_leaves_no_trace(walk: Walk) -> None:
    case, third = walk.to(State.SENT), walk.cast.at(walk.cast.third, Role.DESTINATION_STAFF)
    for envelope in (uuid.uuid4(), case.envelope_id):
        answer = post(third, f"/api/waiting/{envelope}/receive/", branch=walk.cast.third.pk)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_envelope")
    assert not Crossing.objects.filter(verb="take").exists()


def test_every_refusal_has_one_shape(walk: Walk) -> None:
    staff, case = client_of(walk.staff), walk.to(State.SENT)
    answers = {
        "not signed in": (403, Client().get("/api/cases/")),
        "another branch": (404, staff.get(f"/api/cases/{case.pk}/")),
        "no such page": (404, staff.get("/api/cases/?cursor=nonsense")),
        "no such branch": (404, post(walk.staff, f"/api/waiting/{case.envelope_id}/receive/", branch="9999")),
        "no such contract": (404, staff.get("/api/contracts/nonsense/")),
        "no JSON": (400, staff.post("/api/cases/", "{", content_type="application/json")),
        "not JSON": (415, staff.post("/api/cases/", "a=b", content_type="text/plain")),
        "wrong method": (405, staff.delete("/api/cases/")),
        "forged": (403, forged(walk, case)),
        "unknown address": (404, staff.get("/api/nothing/")),
        "malformed address": (404, staff.get("/api/cases/abc/")),
        "no UUID": (404, post(walk.staff, "/api/waiting/abc/receive/", branch="1001")),
        "unknown address, not signed in": (404, Client().get("/api/nothing/")),
    }
    shapes = {name: (answer.status_code, list(answer.json())) for name, (_, answer) in answers.items()}
    assert shapes == {name: (status, ["code", "message", "errors"]) for name, (status, _) in answers.items()}
    assert [name for name, (_, answer) in answers.items() if not PERSIAN.match(answer.json()["message"])] == []
    assert staff.get("/nothing/").headers["Content-Type"].startswith("text/html")


def test_the_schema_describes_every_address(walk: Walk) -> None:
    client = client_of(walk.clerk)
    assert client.get("/api/schema/?format=json").json()["paths"].keys() >= {"/api/cases/", "/api/waiting/"}
    assert client.get("/api/contracts/envelope-1/").json()["$id"] == "envelope-1"
    assert client.get("/api/contracts/../settings/").status_code == 404
    assert client.get("/api/docs/").status_code == 200


def forged(walk: Walk, case: TransferCase) -> Any:
    """A post without the token that a page of ours would bring."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(walk.officer, backend="django.contrib.auth.backends.ModelBackend")
    body = {"command_id": str(uuid.uuid4()), "data": {"reason": "الف"}}
    return strict.post(f"/api/cases/{case.pk}/steps/send_back/", body, content_type="application/json")


def test_a_forged_post_is_refused(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    assert forged(walk, case).status_code == 403
    assert TransferCase.objects.get(pk=case.pk).state == State.DRAFT


def test_the_schema_says_what_may_not_be_blank(walk: Walk) -> None:
    schemas = client_of(walk.clerk).get("/api/schema/?format=json").json()["components"]["schemas"]
    assert schemas["Taking"]["properties"]["branch"] == {"type": "string", "minLength": 1, "maxLength": 4}


def test_a_fault_of_ours_has_the_shape_too(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(TransferCase.objects.all().__class__, "visible_to")
    client = client_of(walk.clerk)
    client.raise_request_exception = False
    answer = client.get("/api/cases/")
    assert (answer.status_code, answer.json()["code"], list(answer.json())) == (
        500, "fault", ["code", "message", "errors"],
    )  # fmt: skip


@pytest.mark.parametrize("cursor", ["cD1hYmM=", "cD0A", "x"])  # p=abc, p=NUL, nothing
def test_a_cursor_written_by_hand_leads_nowhere(walk: Walk, cursor: str) -> None:
    assert client_of(walk.clerk).get("/api/cases/", {"cursor": cursor}).status_code == 404
