"""The center operator's reference data: what can be done there, and what cannot."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from branches.models import Appointment, Branch, User
from branches.roles import Role
from pension_transfer.lib.templatetags.persian import jalali
from tests.cast import Cast, Walk, make_cast, make_file
from transfers.states import Side, State

HEADS = re.compile(r'<th scope="col"[^>]*>(.*?)</th>', re.S)
LABELS = re.compile(r"<label[^>]*>(.*?)</label>", re.S)
LATIN = re.compile(r">[^<]*[A-Za-z][^<]*<|^[^<]*[A-Za-z]")
pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def operator(cast: Cast) -> User:
    person = cast.reader(Role.CENTER_OPERATOR)
    person.is_staff = True
    person.save()
    return person


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def appoint(operator: User, person: User, **row: Any) -> Any:
    """Post the person's page with one appointment more, and what stands in `row` for it."""
    held = list(person.appointments.all())
    posted: dict[str, Any] = {
        "username": person.username,
        "is_active": "on",
        "is_staff": "on" if person.is_staff else "",
    }
    for number, appointment in enumerate(held):
        posted |= {f"appointments-{number}-id": appointment.pk, f"appointments-{number}-user": person.pk}
    posted |= {f"appointments-{len(held)}-{name}": value for name, value in row.items()}
    posted |= {"appointments-TOTAL_FORMS": len(held) + 1, "appointments-INITIAL_FORMS": len(held)}
    return client_of(operator).post(f"/admin/branches/user/{person.pk}/change/", posted)


def test_the_operator_appoints_a_head(cast: Cast, operator: User) -> None:
    person = cast.reader("outsider")
    answer = appoint(operator, person, role=Role.BRANCH_HEAD, branch="0801", since="۱۴۰۳/۱/۱", until="1403/12/30")
    assert answer.status_code == 302
    made = person.appointments.get()
    assert (made.role, made.branch_id, str(made.since), str(made.until)) == (
        "branch_head", "0801", "2024-03-20", "2025-03-20",
    )  # fmt: skip


def test_nobody_appoints_himself(operator: User) -> None:
    before = list(Appointment.objects.values_list("user", "role", "branch"))
    appoint(operator, operator, role=Role.BRANCH_HEAD, branch="0801", since="1403/1/1")
    assert list(Appointment.objects.values_list("user", "role", "branch")) == before


def test_an_appointment_only_ends(cast: Cast, operator: User) -> None:
    clerk = cast.at(cast.origin, Role.CLERK)
    held = clerk.appointments.get()
    url, common = f"/admin/branches/user/{clerk.pk}/change/", {"username": clerk.username, "is_active": "on"}
    row = {
        "id": held.pk,
        "user": clerk.pk,
        "role": Role.BRANCH_HEAD,
        "branch": "1001",
        "since": "1403/1/1",
        "until": "1410/1/1",
    }
    posted = common | {f"appointments-0-{name}": value for name, value in row.items()}
    posted |= {"appointments-TOTAL_FORMS": 1, "appointments-INITIAL_FORMS": 1}
    assert client_of(operator).post(url, posted).status_code == 302
    now = clerk.appointments.get()
    assert (now.role, now.branch_id, now.since) == (held.role, held.branch_id, held.since)
    assert str(now.until) == "2031-03-21"


def test_a_code_is_given_once(cast: Cast, operator: User) -> None:
    posted = {"code": "0899", "name": "نام تازه", "name_en": "N", "city": "تهران", "is_active": "on"}
    posted["administration"] = cast.origin.administration_id
    assert client_of(operator).post("/admin/branches/branch/0801/change/", posted).status_code == 302
    assert not Branch.objects.filter(code="0899").exists()
    assert Branch.objects.get(code="0801").name == "نام تازه"


ADMIN_PAGES = [
    "transfers/transfercase", "transfers/transferevent", "transfers/crossing", "central/envelope", "central/receipt",
    "central/seat", "central/custody", "central/directory", "branches/branch", "branches/administration",
    "branches/user",
]  # fmt: skip


def test_every_page_speaks_persian(cast: Cast, operator: User) -> None:
    """Only codes, hashes and names of machines are Latin: what heads a column or a field never is."""
    Walk(cast, make_file(cast.origin, 1)).to(State.REGISTERED, Side.DESTINATION)
    client, latin = client_of(operator), {}
    for page in ADMIN_PAGES:
        rows = client.get(f"/admin/{page}/")
        first = rows.context["cl"].result_list[0]
        one = client.get(reverse(f"admin:{page.replace('/', '_')}_change", args=[first.pk]))
        heads = HEADS.findall(rows.content.decode()) + LABELS.findall(one.content.decode())
        assert heads
        latin[page] = [head for head in heads if LATIN.search(head)]
    assert {page: heads for page, heads in latin.items() if heads} == {}


def test_days_are_jalali(cast: Cast, operator: User) -> None:
    case = Walk(cast, make_file(cast.origin, 1)).to(State.DRAFT)
    client = client_of(operator)
    for url in ("/admin/transfers/transfercase/", f"/admin/transfers/transfercase/{case.pk}/change/"):
        page = client.get(url).content.decode()
        assert jalali(case.turn_since if url.endswith("case/") else case.letter_date) in page


def test_own_appointments_are_jalali_too(operator: User) -> None:
    page = client_of(operator).get(f"/admin/branches/user/{operator.pk}/change/").content.decode()
    assert jalali(operator.appointments.get().since) in page
    assert "2020" not in page


def test_the_page_of_a_person_speaks_persian(cast: Cast, operator: User) -> None:
    operator.set_password("mostamari-1405")
    operator.save()
    page = client_of(operator).get(f"/admin/branches/user/{operator.pk}/change/").content.decode()
    names = re.findall(r"<strong>(.*?)</strong>", page)
    assert names and [name for name in names if re.search("[A-Za-z]", name)] == []


READ = [page for page in ADMIN_PAGES if not page.startswith("branches/")]
KEPT = [page for page in ADMIN_PAGES if page.startswith("branches/")]


def seen_by(user: User) -> list[str]:
    """The lists of the admin that this person can open."""
    client = client_of(user)
    return [page for page in ADMIN_PAGES if client.get(f"/admin/{page}/").status_code == 200]


def test_who_sees_what_in_the_admin(cast: Cast) -> None:
    User.objects.update(is_staff=True)
    owner = User.objects.create(username="owner", is_staff=True, is_superuser=True)
    assert seen_by(cast.reader(Role.CENTER_OPERATOR)) == ADMIN_PAGES
    assert seen_by(cast.reader(Role.AUDITOR)) == READ
    assert seen_by(owner) == KEPT
    for nobody in (cast.reader("outsider"), cast.at(cast.origin, Role.CLERK), cast.reader(Role.PROVINCE_SUPERVISOR)):
        assert seen_by(nobody) == []


def test_an_auditor_changes_nothing(cast: Cast) -> None:
    User.objects.update(is_staff=True)
    case = Walk(cast, make_file(cast.origin, 1)).to(State.DRAFT)
    client, url = client_of(cast.reader(Role.AUDITOR)), f"/admin/transfers/transfercase/{case.pk}"
    assert client.get(f"{url}/change/").status_code == 200
    assert [client.post(f"{url}/{step}/", {"post": "yes"}).status_code for step in ("change", "delete")] == [403, 403]


@pytest.mark.parametrize("url", ["/admin/", "/admin/branches/user/", "/admin/nothing/"])
def test_who_may_not_enter_is_told_so(cast: Cast, url: str) -> None:
    for user in (cast.reader("outsider"), cast.reader(Role.AUDITOR), cast.at(cast.origin, Role.CLERK)):
        answer = client_of(user).get(url)
        assert answer.status_code == 403
        assert "403.html" in [template.name for template in answer.templates]


def test_who_is_not_signed_in_signs_in_where_everybody_does(operator: User) -> None:
    operator.set_password("mostamari-1405")
    operator.save()
    client = Client()
    answer = client.get("/admin/branches/user/", follow=True)
    assert "sign_in.html" in [template.name for template in answer.templates]
    given = {"username": operator.username, "password": "mostamari-1405"}
    after = client.post(answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"], given)
    assert (after.status_code, after.url) == (302, "/admin/branches/user/")  # type: ignore[attr-defined]
