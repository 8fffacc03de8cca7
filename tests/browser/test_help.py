"""The tour of the first visit and the panel of a step, by keyboard and without a script."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from branches.models import User
from branches.roles import Role
from tests.browser.conftest import PASSWORD
from tests.browser.watching import AXE, RUN_AXE, Watch
from tests.cast import Cast

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_new_clerk_is_shown_around_and_helped(
    people: Cast, site: str, page_of: Callable[[User], Page], browser: Any
) -> None:
    page = page_of(people.people["0801", Role.CLERK])
    watch = Watch(page, site)
    page.goto("/")
    tour, opener = page.locator("#tour"), page.locator("[data-tour]")
    opener.press("Enter")
    expect(tour.locator("li:not([hidden])")).to_be_focused()
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, True) == []
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.press("Enter")
    for _stop in range(4):
        tour.locator("[data-on]").press("Enter")
    expect(tour.locator("[data-on]")).to_be_hidden()
    tour.locator("form button").press("Enter")
    expect(page.locator("[data-tour]")).to_have_count(0)

    page.goto("/referral/")
    page.locator("details.here summary").press("Enter")
    expect(page.locator(".here-body")).to_be_visible()
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, True) == [] and watch.faults == []

    plain = browser.new_context(java_script_enabled=False, base_url=site)
    bare = plain.new_page()
    bare.goto("/sign-in/")
    bare.locator("[name=username]").fill(people.people["0801", Role.BRANCH_HEAD].username)
    bare.locator("[name=password]").fill(PASSWORD)
    bare.keyboard.press("Enter")
    bare.locator("[data-tour]").click()
    expect(bare.locator(".guide > li")).to_have_count(6)
    bare.locator("main form button").click()
    expect(bare.locator("[data-tour]")).to_have_count(0)
    plain.close()
