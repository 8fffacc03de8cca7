"""The search box under a person's hands: what comes while typing, chosen and opened by the keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from branches.models import User
from branches.roles import Role
from tests.browser.conftest import NARROW
from tests.browser.watching import AXE, RUN_AXE, WIDER, Watch
from tests.cast import Cast

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before


def test_a_name_is_typed_chosen_and_opened_by_the_keyboard(
    country: Cast, site: str, page_of: Callable[[User], Page]
) -> None:
    page = page_of(country.at(country.origin, Role.CLERK))
    watch, keys = Watch(page, site), page.keyboard
    page.goto("/help/")
    box, listed = page.locator("#search"), page.locator("#search-found")
    keys.press("Slash")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    for key in "jkxa1/":
        keys.press(key)  # in a field a letter is a letter
    expect(box).to_have_value("jkxa1/")
    keys.press("Control+A")
    keys.type("علي رظا")  # another writing, and a typing error
    expect(listed.locator("[role=option]").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("[data-search-said]")).not_to_be_empty()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "found-files-2")
    expect(listed.locator("[aria-selected=true]")).to_have_count(1)
    for size in (page.viewport_size, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert page.evaluate(WIDER) == 0
        page.evaluate(AXE)
        assert page.evaluate(RUN_AXE, True) == []
    keys.press("Escape")
    expect(listed).to_be_hidden()
    expect(box).to_have_value("علي رظا")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    wanted = listed.locator("#found-files-1").get_attribute("href")
    keys.press("Enter")
    page.wait_for_url(f"**{wanted}")
    assert watch.faults == []


def test_enter_with_nothing_chosen_answers_with_a_page(
    country: Cast, site: str, page_of: Callable[[User], Page]
) -> None:
    page = page_of(country.at(country.origin, Role.CLERK))
    watch = Watch(page, site)
    page.goto("/search/")
    page.locator("#search").focus()
    page.keyboard.type("حسینی")
    expect(page.locator("#search-found [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#files .hit").first).to_be_focused()
    assert page.url == f"{site}/search/"
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, True) == []
    assert watch.faults == []
