"""A desk with many cases: ticked, sent and followed by the keyboard, while the person goes on with other work."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from branches.models import User
from branches.roles import Role
from tests.browser.watching import Watch
from tests.cast import Cast, Walk, make_file
from transfers import jobs
from transfers.models import Job, TransferCase
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[[User], Page]


@pytest.fixture(scope="module")
def approved(people: Cast, django_db_blocker: Any) -> Cast:
    """Three cases that wait for the head."""
    with django_db_blocker.unblock():
        for number in (1, 2, 3):
            Walk(people, make_file(people.origin, number)).to(State.TECHNICALLY_APPROVED)
    return people


def test_many_are_sent_by_the_keyboard_and_followed_from_another_page(
    approved: Cast, site: str, page_of: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    monkeypatch.setattr(jobs, "SLICE", 1)
    page = page_of(approved.people["0801", Role.BRANCH_HEAD])
    watch, keys = Watch(page, site), page.keyboard
    watch.look("/send/")
    page.evaluate("document.activeElement.blur()")
    for key in ("a", "j", "j", "j", "k", "x", "1"):  # all of them but the second
        keys.press(key)
    expect(page.locator("[aria-keyshortcuts='1']")).to_be_focused()
    expect(page.locator("[name=case]:checked")).to_have_count(2)
    expect(page.locator("[name=case]").nth(1)).not_to_be_checked()
    keys.press("Enter")
    expect(page).to_have_url(re.compile("/jobs/"))
    own = page.url
    page.goto("/?state=technically_approved")
    bar = page.locator(".job-bar")
    expect(bar.locator("progress")).to_be_visible()
    page.locator(".narrowing summary").click()
    watch.look_again()
    expect(bar.locator(".job-over")).to_be_visible()
    bar.get_by_role("link").focus()
    keys.press("Enter")
    expect(page).to_have_url(own)
    expect(page.locator("tbody tr")).to_have_count(2)
    watch.look_again()
    page.locator("a[href*='/print/']").click()
    expect(page.locator(".transfer-sheet")).to_have_count(2)
    watch.look_again()
    assert [fault for fault in watch.faults if "/print/" not in fault or "not Persian" not in fault] == []  # seals
    assert Job.objects.get().is_finished and TransferCase.objects.filter(state=State.SENT).count() == 2


def test_without_single_keys_there_are_no_numbers(approved: Cast, page_of: Opener) -> None:
    page = page_of(approved.people["0801", Role.TECHNICAL_OFFICER])
    page.goto("/cases/")
    expect(page.locator("[data-number]")).not_to_have_count(0)
    page.locator(".foot [data-keys]").click()
    page.locator("[data-single-keys]").uncheck()
    expect(page.locator("[data-number]")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator("tbody th a").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("1")
    expect(page.locator("[name=case]:checked")).to_have_count(0)
    expect(page.locator("tbody th a").first).to_be_focused()
