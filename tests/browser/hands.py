"""A person before a page: with the mouse, with a finger, or with the keyboard alone.

Things are found as a person finds them, by what they are and how they are called. Names are given as in the code, in
English, and looked for in the language of the tests.
"""

import re
from typing import Any

from django.utils.translation import gettext
from playwright.sync_api import Locator, Page, expect

MOST_TABS = 200  # a page on which more are needed hides something


class Mouse:
    """Points and clicks; types into a field that was clicked."""

    def __init__(self, page: Page, path: str = "/"):
        self.page, self.main = page, page.get_by_role("main")
        page.goto(path)

    # --- how it is done ---------------------------------------------------------------------------------------

    def use(self, place: Locator) -> None:
        """A link, a button, what folds."""
        place.click()

    def tick(self, box: Locator) -> None:
        box.click()

    def fill(self, field: Locator, text: str) -> None:
        field.click()
        field.fill(text)

    def select(self, field: Locator, option: str) -> None:
        field.select_option(label=option)

    # --- what is done -----------------------------------------------------------------------------------------

    def leave(self, place: Locator) -> None:
        """Use what leads to another page, and wait for it."""
        with self.page.expect_navigation():
            self.use(place)

    def go(self, title: str) -> None:
        """Through the menu."""
        menu = self.page.get_by_role("navigation", name=gettext("Menu"), exact=True)
        self.leave(menu.get_by_role("link", name=named(title, "( |$)")))

    def press(self, label: str, within: Locator | None = None) -> None:
        self.leave((within or self.main).get_by_role("button", name=named(label, "$")))

    def open(self, label: str, within: Locator | None = None) -> None:
        self.leave((within or self.main).get_by_role("link", name=named(label, "$")))

    def unfold(self, label: str) -> None:
        self.use(self.page.locator("summary", has_text=gettext(label)).first)

    def enter(self, label: str, text: str) -> None:
        self.fill(self.field(label), text)

    def choose(self, label: str, option: str) -> None:
        self.select(self.field(label), gettext(option))

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(named(label)).locator("visible=true").first

    def row(self, text: str) -> Locator:
        return self.main.get_by_role("row").filter(has_text=text)

    # --- what is seen -----------------------------------------------------------------------------------------

    def told(self, label: str) -> None:
        """The sentence after a step."""
        expect(self.main.get_by_role("status").first).to_contain_text(f"«{gettext(label)}»")

    def sees(self, *texts: Any) -> None:
        for text in texts:
            expect(self.main).to_contain_text(str(text))


class Finger(Mouse):
    """On a telephone."""

    def use(self, place: Locator) -> None:
        place.tap()


class Keyboard(Mouse):
    """Tab until the focus is there, then the key that does it; no mouse, and nothing that a script focuses."""

    def use(self, place: Locator) -> None:
        self.reach(place)
        self.page.keyboard.press("Enter")

    def tick(self, box: Locator) -> None:
        self.reach(box)
        self.page.keyboard.press("Space")

    def fill(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def select(self, field: Locator, option: str) -> None:
        self.reach(field)
        while field.evaluate("(e) => e.selectedOptions[0].label") != option:
            before = field.input_value()
            self.page.keyboard.press("ArrowDown")
            assert field.input_value() != before, option

    def reach(self, place: Locator) -> None:
        there = place.element_handle()
        for _tab in range(MOST_TABS):
            if there.evaluate("(e) => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab reaches {place}")


def named(msgid: str, end: str = "") -> re.Pattern[str]:
    """What begins with this; with an `end`, what ends there."""
    return re.compile(rf"^\s*{re.escape(gettext(msgid))}{end}")
