"""The comparison in a real browser: by the keyboard alone, by two people at once, on paper and without a script."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Locator, Page, expect

from branches.models import User
from branches.roles import Role
from tests.browser.conftest import WIDE, session_of
from tests.browser.watching import Watch
from tests.cast import Cast, Walk, appoint, make_file
from transfers.checklist import Checklist
from transfers.models import TransferCase
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[[User], Page]


@pytest.fixture(scope="module")
def drafts(people: Cast, django_db_blocker: Any) -> list[Walk]:
    """As many drafts as there are tests; the comparison of none has begun."""
    with django_db_blocker.unblock():
        walks = [Walk(people, make_file(people.origin, number)) for number in range(80, 86)]
        for walk in walks:
            walk.to(State.DRAFT)
        return walks


@pytest.fixture
def drafted(drafts: list[Walk]) -> Walk:
    return drafts.pop()


@pytest.fixture(scope="module")
def second(people: Cast, django_db_blocker: Any) -> User:
    """Another technical officer of the origin."""
    with django_db_blocker.unblock():
        user = appoint("second_officer", Role.TECHNICAL_OFFICER, branch=people.origin)
        User.objects.filter(pk=user.pk).update(first_name="لیلا", last_name="مرادی")
        return User.objects.get(pk=user.pk)


@pytest.fixture(scope="module")
def sessions(drafts: list[Walk], second: User) -> dict[int, str]:
    """Everybody's session; the second officer's too."""
    return {user.pk: session_of(user) for user in User.objects.all()}


def row(page: Page, case: TransferCase, path: str) -> Locator:
    found = Checklist(case).at(path)
    assert found
    return page.locator(f"#{found.anchor}")


def marks(case: TransferCase) -> dict[str, str]:
    return dict(case.marks.values_list("path", "verdict"))


def test_by_the_keyboard_alone(drafted: Walk, site: str, page_of: Opener) -> None:
    case, page = drafted.case, page_of(drafted.officer)
    watch, keys = Watch(page, site), page.keyboard
    page.goto(f"/cases/{case.pk}/comparison/")
    expect(page.locator("#next button[aria-disabled=true]")).to_be_visible()
    keys.press("o")
    expect(page.locator("#f1 :focus")).to_have_count(1)
    keys.press("m")
    expect(page.locator("#f2 :focus")).to_have_count(1)
    expect(page.locator("#f1 [data-key=match]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#said")).not_to_be_empty()
    keys.press("ArrowDown")
    keys.press("d")
    expect(page.locator("#f3 [name=paper_value]")).to_be_focused()
    keys.type("mdn")  # letters, not keys
    keys.press("Escape")
    expect(page.locator("#f3 [data-key=match]")).to_be_focused()
    keys.press("n")
    expect(page.locator("#f3 [name=note]")).to_be_focused()
    keys.press("Control+Enter")
    expect(page.locator("#f3 [name=note]")).to_be_focused()  # it needs a note
    expect(page.locator("#f3 .errorlist")).to_be_visible()
    keys.type("برگ ندارد")
    keys.press("Control+Enter")
    expect(page.locator("#f4 :focus")).to_have_count(1)
    expect(page.locator("#f3 [data-key=not_in_paper]")).to_have_attribute("aria-pressed", "true")
    keys.press("k")
    keys.press("u")
    expect(page.locator("#f3 [aria-pressed=true]")).to_have_count(0)
    expect(page.locator("#f3 [data-key=match]")).to_be_focused()
    watch.look_again()
    for _section in range(6):
        keys.press("s")
    expect(page.locator("#next-open")).to_be_focused()
    expect(page.locator("#approve_technical_last_paid_month")).to_be_visible()
    assert set(marks(case).values()) == {"match"} and len(marks(case)) == len(Checklist(case).rows)
    assert [fault for fault in watch.faults if "422" not in fault] == []


def test_single_keys_can_be_switched_off(drafted: Walk, page_of: Opener) -> None:
    page = page_of(drafted.officer)
    page.goto(f"/cases/{drafted.case.pk}/comparison/")
    page.evaluate("localStorage.setItem('single-keys-off', '1')")
    page.locator("#f1 [data-key=match]").focus()
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#f2 :focus")).to_have_count(1)
    assert marks(drafted.case) == {}


def test_all_of_one_person_and_of_one_decree(drafted: Walk, page_of: Opener) -> None:
    case, page = drafted.case, page_of(drafted.officer)
    page.goto(f"/cases/{case.pk}/comparison/")
    row(page, case, "decrees.1/05.kind").locator("[data-key=match]").focus()
    page.keyboard.press("g")
    expect(page.locator("[data-group='decrees.1/05'] .is-open")).to_have_count(0)
    assert {path.rpartition(".lines")[0] or path.rpartition(".")[0] for path in marks(case)} == {"decrees.1/05"}


def test_two_people_share_it(drafted: Walk, second: User, page_of: Opener) -> None:
    case, page = drafted.case, page_of(drafted.officer)
    page.goto(f"/cases/{case.pk}/comparison/")
    line = row(page, case, "principal.father_name")
    line.locator("[data-key=differs]").press("Enter")
    line.locator("[name=paper_value]").fill("احمد")
    line.locator("[name=severity]").select_option("must_be_corrected")
    unsaved = "() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(unsaved)
    page.on("dialog", lambda dialog: dialog.accept())  # leaves in spite of the warning
    page.reload()
    expect(line.locator(".kept time")).not_to_be_empty()
    expect(line.locator("[name=paper_value]")).to_have_value("احمد")
    expect(line.locator("[name=paper_value]")).to_be_focused()
    page.locator("#section-principal .card-head button").click()  # would judge it with the rest
    expect(page.locator("#told")).not_to_be_empty()
    page.locator("#f1 [data-key=match]").press("Enter")
    expect(page.locator("#f1 [data-key=match]")).to_have_attribute("aria-pressed", "true")
    expect(line.locator("[name=paper_value]")).to_have_value("احمد")
    other = page_of(second)
    other.goto(f"/cases/{case.pk}/comparison/")
    for path in ("principal.father_name", "principal.sex"):
        row(other, case, path).locator("[data-key=match]").press("Enter")
        expect(row(other, case, path).locator("[data-key=match]")).to_have_attribute("aria-pressed", "true")
    page.bring_to_front()
    expect(row(page, case, "principal.sex")).to_contain_text("لیلا مرادی", timeout=15_000)  # by itself
    expect(line.locator("[name=paper_value]")).to_have_value("احمد")
    line.locator("[name=paper_value]").press("Control+Enter")
    expect(line.locator(".mark-refusal")).to_contain_text("لیلا مرادی")
    page.reload()
    expect(line.locator("[name=paper_value]")).to_have_value("احمد")
    assert marks(case)["principal.father_name"] == "match"
    line.locator("[name=paper_value]").press("Control+Enter")
    expect(line.locator("[data-key=differs]")).to_have_attribute("aria-pressed", "true")
    assert case.marks.get(path="principal.father_name").by == drafted.officer
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('kept:'))") == []


def test_it_is_done_without_a_script(drafted: Walk, browser: Browser, site: str, sessions: dict[int, str]) -> None:
    context = browser.new_context(viewport=WIDE, locale="fa-IR", base_url=site, java_script_enabled=False)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sessions[drafted.officer.pk], "url": site}])
    page, case = context.new_page(), drafted.case
    page.goto(f"/cases/{case.pk}/comparison/?only=open")
    page.locator("#f1 [data-key=match]").click()
    expect(page.locator("#f1")).to_have_count(0)
    page.locator("#f2 [data-key=differs]").click()
    page.locator("#f2 [name=paper_value]").fill("بازماندگان")
    page.locator("#f2 [name=paper_value]").press("Enter")  # sends nothing else by mistake
    page.locator("#f2 [name=severity]").select_option("must_be_corrected")
    page.locator("#f2 [data-store]").click()
    expect(page.locator("#steps .left")).to_be_visible()
    page.locator("#section-contact .card-head button").click()
    expect(page.locator("#section-contact .check")).to_have_count(0)
    verdicts = marks(case)
    assert [verdicts[found.field.path] for found in Checklist(case).rows[:2]] == ["match", "differs"]
    context.close()


def test_it_prints_as_a_list_to_tick(drafted: Walk, page_of: Opener) -> None:
    page = page_of(drafted.officer)
    page.goto(f"/cases/{drafted.case.pk}/comparison/")
    page.emulate_media(media="print")
    box = "(e) => getComputedStyle(e, '::before').content"
    assert "☐" in page.locator("#f1 [data-key=match]").evaluate(box)
    expect(page.locator("#section-principal .key-whole")).to_be_hidden()
