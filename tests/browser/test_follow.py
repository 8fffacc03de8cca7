"""The pensioner at a telephone: from the slip to the answer, without an account; and the clerk's chain and timeline."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from branches.models import User
from branches.roles import Action, Role
from tests.browser.conftest import NARROW
from tests.browser.watching import ALLOWED, AXE, RUN_AXE, WIDER, Watch
from tests.cast import PAPER_SENT, Cast, Walk, press
from tests.expect import fresh
from tests.transfers.asking import ask, close
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
Opener = Callable[[User], Page]
ADDRESS = {"http", "example", "follow"}  # on the slip stands the address of the page


@pytest.fixture(scope="module")
def moved(people: Cast, django_db_blocker: Any) -> TransferCase:
    """A move at the destination in which something of several kinds happened, sent for the second time."""
    with django_db_blocker.unblock():
        walk = Walk(people)
        walk.to(State.RETURNED, Side.DESTINATION)
        walk.case = press(Action.ASSEMBLE, press(Action.REOPEN, fresh(walk.case), walk.clerk), walk.clerk)
        walk.technical(), walk.send(), walk.receive()
        press(Action.DISPATCH_PAPER, fresh(walk.case), walk.officer, **PAPER_SENT)
        close(walk, ask(walk))
        return fresh(walk.case)


def enter(page: Page, name: str, text: str) -> None:
    page.locator(f"[name={name}]").fill(text)


def test_a_pensioner_follows_a_file_on_a_telephone(
    moved: TransferCase, site: str, browser: Any, page_of: Opener, people: Cast, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://follow.example"
    page = browser.new_page(base_url=site, locale="fa-IR", viewport=NARROW)
    watch = Watch(page, site)
    page.goto("/sign-in/")
    page.locator("main a[href='/follow/']").click()
    watch.look_again()
    page.set_viewport_size(NARROW)
    enter(page, "number", moved.tracking_number)
    enter(page, "ending", "0000")
    page.keyboard.press("Enter")
    expect(page.locator("[role=alert]")).to_be_visible()
    enter(page, "ending", moved.national_code[-4:])
    page.keyboard.press("Enter")
    expect(page.locator(".follow-where")).to_contain_text("شعبه شیراز")
    expect(page.locator(".follow-steps [aria-current=step]")).to_have_count(1)
    shown = page.locator("main").inner_text()
    assert "حسینی" not in shown and not re.search("[0-9]", shown)
    watch.look_again()
    page.emulate_media(media="print")
    expect(page.locator(".follow-where")).to_be_visible()
    page.emulate_media(media="screen", color_scheme="dark")
    page.locator("button[name=language]").click()
    expect(page.locator("html[lang=en]")).to_be_attached()
    page.evaluate(AXE)
    assert page.evaluate(WIDER) == 0 and page.evaluate(RUN_AXE, True) == []
    page.close()
    faults = [fault for fault in watch.faults if "status of 422" not in fault]
    assert faults == []
    _the_clerk(moved, site, page_of(people.at(people.origin, Role.CLERK)))


def _the_clerk(case: TransferCase, site: str, desk: Page) -> None:
    """Prints the slip; reads the chain, the loop and one kind of the timeline."""
    watch = Watch(desk, site)
    watch.look(f"/tracking/?q={case.tracking_number}")
    assert desk.locator(".way [aria-current=step]").count() == 1
    loop = desk.locator(".loop li")
    expect(loop.last).to_be_hidden()
    desk.locator(".loops summary").click()
    expect(loop.last).to_be_visible()
    rows = desk.locator(".timeline-step:visible")
    everything = rows.count()
    desk.locator(".timeline-kinds [value=questions]").check()
    assert 0 < rows.count() < everything
    assert {row.get_attribute("data-kind") for row in rows.all()} == {"questions"}
    watch.look(f"/cases/{case.pk}/slip/")
    desk.emulate_media(media="print")
    expect(desk.locator(".slip .sheet-qr svg")).to_be_visible()
    said = re.compile(r"not Persian: \[(.*)\]")
    odd = [
        f
        for f in watch.faults
        if not (found := said.search(f)) or set(re.findall(r"\w+", found[1])) - ADDRESS - ALLOWED
    ]
    assert odd == []
