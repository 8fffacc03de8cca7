"""A real Chromium before a real server, and a small country with a case on every stop of the way."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from branches import stand_ins
from branches.models import Appointment, PensionFile, User
from branches.roles import Action, Role
from branches.sections import SECTIONS
from pension_transfer.lib.calendar import today
from tests.cast import Cast, Walk, make_cast, make_file, press
from transfers import summing
from transfers.buttons import Button, available
from transfers.models import StuckItem, TransferCase
from transfers.states import Side, State
from transfers.views.pressable import IN_PLACE

# Playwright keeps an event loop in this thread; Django need not be afraid of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
expect.set_options(timeout=20_000)  # milliseconds: a shared machine is no stopwatch

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
Made = TypeVar("Made")
PASSWORD = "mostamari-1405"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def chromium() -> str | None:
    """The Chromium of this machine, or None."""
    named = os.environ.get("CHROMIUM")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return named if named and Path(named).exists() else found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; without one they are skipped, and with REQUIRE_BROWSER=1 that is an error."""
    path = chromium()
    if path is None and os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1, and there is no Chromium: install the package chromium")
    if path is None:
        pytest.skip("NO SCREEN WAS LOOKED AT: there is no Chromium here; install the package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def people(browser: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """Committed data for the tests of a module: two branches and their people, with Persian names."""
    with django_db_blocker.unblock():
        cast = make_cast()
        User.objects.update(first_name="مریم", last_name="رضایی", password=make_password(PASSWORD))
        User.objects.filter(username="center").update(is_staff=True)
        yield cast
        for alias in sorted({"default", settings.CENTER}):
            call_command("flush", database=alias, interactive=False, verbosity=0)
        cache.clear()


@pytest.fixture(scope="module")
def country(people: Cast, django_db_blocker: Any) -> Cast:
    """The same, with a case in every state."""
    with django_db_blocker.unblock():
        for number, (side, state) in enumerate(STOPS, 1):
            Walk(people, make_file(people.origin, number)).to(state, side)
        _compared_in_part(people)
        _active(people)
        _stuck_once(people)
        _to_be_stood_in_for(people)
        make_file(people.origin, 90), make_file(people.destination, 91)
        summing.catch_up()
    return people


STOPS = (
    (Side.ORIGIN, State.REFERRAL), (Side.ORIGIN, State.DRAFT), (Side.ORIGIN, State.TECHNICALLY_APPROVED),
    (Side.ORIGIN, State.SENT), (Side.DESTINATION, State.RECEIVED), (Side.DESTINATION, State.VERIFIED),
    (Side.DESTINATION, State.REGISTERED), (Side.ORIGIN, State.RETURNED), (Side.ORIGIN, State.CANCELLED),
)  # fmt: skip


def _compared_in_part(cast: Cast) -> None:
    walk = Walk(cast, make_file(cast.origin, 50))
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.SHOW_DECREES, copy, walk.staff)
    press(Action.JUDGE, copy, walk.staff, path="contact", verdict="match")
    press(Action.JUDGE, copy, walk.staff, path="principal.father_name", verdict="differs", paper_value="احمد",
          code="different_value", severity="must_be_corrected")  # fmt: skip


def _active(cast: Cast) -> None:
    walk = Walk(cast, make_file(cast.origin, 60))
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()


def _stuck_once(cast: Cast) -> None:
    case = TransferCase.objects.filter(branch=cast.origin, state=State.SENT).latest("pk")
    now = timezone.now()
    tried = {"code": "KeyError", "why": "KeyError: 'x'", "tries": 5, "last_at": now, "set_aside_at": now}
    StuckItem.objects.create(kind="receipt", ref="x", branch=cast.origin, case=case, **tried)


def _to_be_stood_in_for(cast: Cast) -> None:
    head, officer = cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.origin, Role.TECHNICAL_OFFICER)
    clerk = Appointment.objects.get(user=cast.people[cast.origin.pk, Role.CLERK])
    days = [today() + timedelta(days) for days in (1, 7)]  # from tomorrow on: nobody has another role by it yet
    stand_ins.grant(clerk, officer, *days, "مرخصی", by=head, command_id=uuid.uuid4())


@pytest.fixture(scope="module")
def site(people: Cast) -> Iterator[str]:
    """The address of pytest-django's live server, over the module's data."""
    server = LiveServer("127.0.0.1")
    server._live_server_modified_settings.enable()
    yield server.url
    server._live_server_modified_settings.disable()
    server.stop()


@pytest.fixture(scope="module")
def sessions(people: Cast) -> dict[int, str]:
    """Everybody's session, committed before a test begins its transaction."""
    return {user.pk: session_of(user) for user in User.objects.all()}


@pytest.fixture
def page_of(browser: Browser, site: str, sessions: dict[int, str]) -> Iterator[Callable[..., Page]]:
    """A page of the browser, signed in as somebody or (None) as nobody; keywords say of what kind the browser is."""
    opened = []

    def open_page(user: User | None, **kind: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, "locale": "fa-IR", "base_url": site} | kind)
        context.set_default_timeout(30_000)
        if user:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sessions[user.pk], "url": site}])
        opened.append(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()


def committed(make: Callable[[], Made]) -> Made:
    """What `make` makes, in the middle of a test, on a connection of its own: the server sees it."""

    def make_and_close() -> Made:
        try:
            return make()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(make_and_close).result()


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def addresses(user: User) -> list[str]:
    """Every screen that this person can open, each once: those of the menu, a file, cases, their forms."""
    cases = list(TransferCase.objects.visible_to(user).order_by("side", "state", "pk"))
    files = list(PensionFile.objects.visible_to(user).order_by("pk"))
    found = ["/", "/jobs/", "/cases/", "/search/", "/tracking/", "/help/", "/files/", "/notices/", "/notices/choices/"]
    found += ["/help/states/", "/help/roles/", "/help/tour/"]
    standing = {(case.side, case.state): case for case in cases}
    found += [f"/cases/{case.pk}/" for case in standing.values()]
    asking = {b.action: case.pk for case in standing.values() for b in available(case, user) if _has_page(b)}
    found += [f"/cases/{pk}/{action}/" for action, pk in asking.items()]
    found += [f"/cases/{case.pk}/comparison/" for case in standing.values()]
    found += [f"/tracking/?q={case.tracking_number}" for case in cases[:1]]
    found += [f"/files/{file.pk}/" for file in files[:1]]
    found += _on_paper(user, standing)
    return found + [path for role in sorted(user.roles) for path in OWN.get(role, lambda rows: [])([*files, None])]


def _on_paper(user: User, standing: dict[tuple[str, str], TransferCase]) -> list[str]:
    """What is printed of a case, and an earlier version, where they are of use."""
    sent, verified = standing.get((Side.ORIGIN, State.SENT)), standing.get((Side.DESTINATION, State.VERIFIED))
    found = []
    if sent and Role.CLERK in user.roles:
        found += [f"/cases/{sent.pk}/{page}/" for page in ("versions/1", "slip", "sheet", "letter")]
    if verified and Role.DESTINATION_STAFF in user.roles:
        found.append(f"/cases/{verified.pk}/receipt/")
    return found


def _stuck() -> list[str]:
    return ["/stuck/", *(f"/stuck/{item.pk}/" for item in StuckItem.objects.all())]


def _stand_ins() -> list[str]:
    return ["/stand-ins/", *(f"/stand-ins/{row.pk}/end/" for row in Appointment.objects.stand_ins())]


def _has_page(button: Button) -> bool:
    """Whether the step asks for something on a page of its own."""
    shown = button.form(case=None).visible_fields() if button.is_open and button.form else []
    return bool(shown) and button.action not in {*IN_PLACE, Action.APPROVE_TECHNICAL}


def _correcting(file: PensionFile) -> list[str]:
    """The forms of one file: each of its parts, a row of it, and taking that row out."""
    row = file.dependents.all()[0].pk
    decree = file.decrees.filter(is_valid=True)[0].pk
    places = [*SECTIONS, f"dependent/{row}", f"decree/{decree}"]
    return [f"/files/{file.pk}/correct/{place}/" for place in places] + [
        f"/files/{file.pk}/remove/dependent/{row}/",
        f"/files/{file.pk}/remove/decree/{decree}/",
    ]


OWN: dict[str, Callable[[list[Any]], list[str]]] = {
    Role.CLERK: lambda files: [
        "/referral/", f"/files/{files[-2].pk}/refer/", f"/files/{files[0].pk}/refer/", *_correcting(files[-2]),
        "/password/", "/reminders/", "/follow-ups/",
    ],
    Role.BRANCH_HEAD: lambda files: [
        "/send/", "/import/", "/import/new/", "/overview/", "/workload/", *_stand_ins(), *_stuck(),
    ],
    Role.INSURANCE_DEPUTY: lambda files: ["/send/"],
    Role.DESTINATION_STAFF: lambda files: ["/receive/", "/receive/paper/"],
    Role.PROVINCE_SUPERVISOR: lambda files: [
        "/overview/", "/overdue/", "/who-pays/", "/payroll/", "/payable-nowhere/",
    ],
    Role.CENTER_OPERATOR: lambda files: [
        "/import/", "/import/new/", "/overview/", *_stuck(), "/reconcile/", "/health/",
    ],
    Role.AUDITOR: lambda files: ["/overview/"],
}  # fmt: skip
