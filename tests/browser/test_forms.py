"""Typing in a real browser: days from the calendar, numbers looked at while typed, a branch by a part of its name."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from persiantools import digits as spoken
from playwright.sync_api import Dialog, Page, expect

from branches.models import Branch, PensionFile, User
from branches.roles import Role
from pension_transfer.lib.persian import to_ascii_digits
from pension_transfer.lib.validation import IBAN, NATIONAL_CODE, iban_fault, national_code_fault
from tests.browser.watching import AXE, RUN_AXE
from tests.cast import Cast, make_file
from transfers.models import TransferCase

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[[User], Page]
MOST_KEYS = 40  # beyond the data itself, from the first page to the recorded referral


@pytest.fixture(scope="module")
def file(people: Cast, django_db_blocker: Any) -> Iterator[PensionFile]:
    """The file of a person who lives in Shiraz now; two branches lie there."""
    with django_db_blocker.unblock():
        Branch.objects.create(code="1002", administration_id="07", name="شعبه ۲ شیراز", name_en="S2", city="شیراز")
        yield make_file(people.origin, 30, address="شیراز، خیابان زند", postal_code="7134567890")


@pytest.fixture(scope="module")
def other(people: Cast, django_db_blocker: Any) -> Iterator[PensionFile]:
    with django_db_blocker.unblock():
        yield make_file(people.origin, 31)


class Keys:
    """Hands on a keyboard: keys are counted, the data is not."""

    def __init__(self, page: Page):
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += key.count("+") + 1

    def data(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, selector: str) -> None:
        """As often as it takes."""
        while not self.page.locator(f"{selector}:focus").count():
            assert self.count < MOST_KEYS, selector
            self.press("Tab")


def offered(page: Page) -> list[str]:
    return [line.split("\n")[0] for line in page.locator("[role=listbox]:visible [role=option]").all_inner_texts()]


def test_a_branch_is_found_by_a_part_of_its_name(people: Cast, file: PensionFile, page_of: Opener) -> None:
    page = page_of(people.at(people.origin, Role.CLERK))
    page.goto(f"/files/{file.pk}/refer/")
    field = page.locator("[name=destination]")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")  # nothing typed: where the person lives
    assert offered(page) == ["شعبه شیراز (۱۰۰۱)", "شعبه ۲ شیراز (۱۰۰۲)"]
    page.evaluate(AXE)
    assert [found["id"] for found in page.evaluate(RUN_AXE, True)] == []
    for typed, found in (("شيراز", 2), ("مرو", 1), ("۱۰", 2), ("7345678901", 3), ("ارومیه", 0)):
        field.fill(typed)
        assert len(offered(page)) == found, typed
    field.fill("شیراز")
    page.keyboard.press("Tab")  # two fit: none is taken unseen
    expect(field).to_have_value("شیراز")
    field.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):  # opens, first, second
        page.keyboard.press(key)
    expect(field).to_have_value("شعبه ۲ شیراز (۱۰۰۲)")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    assert offered(page) == [] and page.url.endswith("/refer/")


def test_a_new_clerk_finishes_a_referral_in_forty_keys(people: Cast, file: PensionFile, page_of: Opener) -> None:
    page = page_of(people.at(people.origin, Role.CLERK))
    page.goto("/")
    keys = Keys(page)
    keys.tab_to("nav.menu a[href='/referral/']")
    keys.press("Enter")
    expect(page.locator("#file-search")).to_be_focused()
    keys.data(file.national_code)
    keys.press("Enter")
    expect(page.locator("tbody tr a:focus")).to_have_count(1)
    keys.press("Enter")
    expect(page.locator("[name=destination]")).to_be_focused()
    keys.data("1001")
    keys.press("Tab")  # the only one that fits is taken
    expect(page.locator("[name=destination]")).to_have_value("شعبه شیراز (۱۰۰۱)")
    keys.tab_to("[name=letter_number]")
    keys.data("۱۲۳۴/۵")
    keys.tab_to("[name=letter_date]")
    keys.data("14050820")
    keys.press("Control+Enter")
    expect(page.locator(".alert-success")).to_be_visible()
    assert keys.count <= MOST_KEYS
    page.go_back()
    page.reload()
    assert TransferCase.objects.filter(pension_number=file.pension_number).count() == 1


def test_a_rejected_referral_is_safe_to_reload_and_to_send_twice(
    people: Cast, other: PensionFile, page_of: Opener
) -> None:
    page = page_of(people.at(people.origin, Role.CLERK))
    page.goto(f"/files/{other.pk}/refer/")
    page.locator("[name=destination]").fill("شیراز")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#id_destination[aria-invalid=true]")).to_have_count(1)
    page.reload()
    expect(page.locator("[name=destination]")).to_have_value("شیراز")
    for name, text in (("destination", "1001"), ("letter_number", "5"), ("letter_date", "1405-8-20")):
        page.locator(f"[name={name}]").fill(text)
    page.locator("form[data-main] button.button").dblclick()
    expect(page.locator(".alert-success")).to_be_visible()
    page.go_back()
    assert TransferCase.objects.filter(pension_number=other.pension_number).count() == 1


# --- the calendar -----------------------------------------------------------------------------------------------


def test_a_day_is_chosen_from_the_calendar(people: Cast, file: PensionFile, page_of: Opener) -> None:
    page = page_of(people.at(people.origin, Role.CLERK))
    page.goto(f"/files/{file.pk}/correct/principal/")
    field, focus = page.locator("[name=birth_date]"), page.locator("dialog.picker [data-value]:focus")

    def at(day: str) -> None:
        expect(focus).to_have_attribute("data-value", day)

    field.fill("1404-12-29")
    page.keyboard.press("Alt+ArrowDown")
    at("۱۴۰۴/۱۲/۲۹")
    expect(focus).to_have_class("is-off")  # the day of the oil industry; a Friday, too
    page.evaluate(AXE)
    assert [found["id"] for found in page.evaluate(RUN_AXE, True)] == []
    for key, day in (
        ("ArrowRight", "۱۴۰۴/۱۲/۲۸"), ("ArrowLeft", "۱۴۰۴/۱۲/۲۹"), ("ArrowLeft", "۱۴۰۵/۰۱/۰۱"),
        ("ArrowUp", "۱۴۰۴/۱۲/۲۳"), ("Home", "۱۴۰۴/۱۲/۲۳"), ("End", "۱۴۰۴/۱۲/۲۹"), ("PageDown", "۱۴۰۵/۰۱/۲۹"),
        ("PageUp", "۱۴۰۴/۱۲/۲۹"), ("Shift+PageUp", "۱۴۰۳/۱۲/۲۹"), ("ArrowDown", "۱۴۰۴/۰۱/۰۶"),
    ):  # fmt: skip
        page.keyboard.press(key)
        at(day)
    page.keyboard.press("Escape")
    expect(field).to_have_value("1404-12-29")
    page.locator(".with-picker", has=field).locator("button").click()
    page.locator("[data-move=earlier]").click()
    expect(page.locator("[data-move=earlier]")).to_be_focused()
    page.locator("[data-value='۱۴۰۴/۱۱/۰۳']").click()
    expect(field).to_have_value("۱۴۰۴/۱۱/۰۳")
    expect(field).to_be_focused()


def test_a_month_is_chosen_from_the_calendar(people: Cast, file: PensionFile, page_of: Opener) -> None:
    page = page_of(people.at(people.origin, Role.CLERK))
    page.goto(f"/files/{file.pk}/correct/certificate/")
    focus = page.locator("dialog.picker [data-value]:focus")
    month = page.locator("[name=last_paid_month]")
    month.fill("۱۴۰۵/۹")
    page.keyboard.press("Alt+ArrowDown")
    expect(focus).to_have_attribute("data-value", "۱۴۰۵/۰۹")
    for key, value in (("ArrowLeft", "۱۴۰۵/۱۰"), ("ArrowDown", "۱۴۰۶/۰۱"), ("PageUp", "۱۴۰۵/۰۱")):
        page.keyboard.press(key)
        expect(focus).to_have_attribute("data-value", value)
    page.keyboard.press("Enter")
    expect(month).to_have_value("۱۴۰۵/۰۱")
    page.context.set_offline(True)
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#id_last_paid_month_said")).not_to_be_empty()
    expect(month).to_be_focused()


# --- numbers -----------------------------------------------------------------------------------------------------

# Types into a field, and tells what stands under it then.
SAID = """([name, texts]) => texts.map((text) => {
  const field = document.querySelector(`[name=${name}]`);
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return document.getElementById(`${field.id}_said`).textContent;
})"""


def test_the_browser_judges_numbers_as_the_server_does(people: Cast, file: PensionFile, page_of: Opener) -> None:
    page, chance = page_of(people.at(people.origin, Role.CLERK)), random.Random(6)
    page.goto(f"/files/{file.pk}/correct/dependent/{file.dependents.all()[0].pk}/")
    codes = ["1111111111", file.national_code, *(f"{chance.randrange(10**10):010}" for _n in range(60))]
    told = page.evaluate(SAID, ["national_code", codes])
    faults = [national_code_fault(code) for code in codes]
    assert told == [str(NATIONAL_CODE[fault]) if fault else "رقم کنترل درست است." for fault in faults]
    assert {None, "repeated", "checksum"} <= set(faults)
    page.goto(f"/files/{file.pk}/correct/deduction/{file.deductions.all()[0].pk}/")
    amounts = [
        0,
        7,
        20,
        100,
        1_000,
        1_001_000,
        166_255_500,
        10**14 + 10,
        *(chance.randrange(10**12) for _n in range(60)),
    ]
    told = page.evaluate(SAID, ["monthly_amount", [str(amount) for amount in amounts]])
    assert told == [f"{spoken.to_word(amount)} ریال" for amount in amounts]


def test_a_sheba_is_grouped_and_its_bank_named(people: Cast, file: PensionFile, page_of: Opener) -> None:
    page = page_of(people.at(people.origin, Role.CLERK))
    page.goto(f"/files/{file.pk}/correct/contact/")
    field, said = page.locator("[name=iban]"), page.locator("#id_iban_said")
    field.fill("")
    page.keyboard.type("95013000000012345678901")
    expect(said).to_be_empty()  # no error until it is complete
    assert to_ascii_digits(field.input_value()) == "IR95 0130 0000 0012 3456 7890 1"
    page.keyboard.type("2")
    expect(said).to_have_text("بانک رفاه کارگران")
    page.keyboard.press("Backspace")
    page.keyboard.type("3")
    assert iban_fault("IR950130000000123456789013") == "checksum"
    expect(said).to_have_text(str(IBAN["checksum"]))
    expect(field).to_have_attribute("aria-invalid", "true")
    field.evaluate("(e) => e.setSelectionRange(6, 6)")  # in the middle, the caret stays where it was
    page.keyboard.type("9")
    assert field.evaluate("(e) => e.selectionStart") == 7


# --- drafts -----------------------------------------------------------------------------------------------------


KEPT = "() => Object.keys(localStorage).filter((key) => key.startsWith('kept:')).length"


LEFT_BEHIND = """() => [[0, 0], [1, 4], [1, 1]].forEach(([own, days], n) => localStorage.setItem(
  `kept:${own && document.body.dataset.user}:/${n}`,
  JSON.stringify({ fields: [], at: Date.now() - days * 86400e3 })))"""
CHANGED = """() => JSON.parse(localStorage[`kept:${document.body.dataset.user}:${location.pathname}`])
  .fields.map(([name]) => name)"""


def test_what_was_stored_does_not_come_back_and_storing_does_not_warn(
    people: Cast, other: PensionFile, page_of: Opener
) -> None:
    page, place = page_of(people.at(people.origin, Role.CLERK)), f"/files/{other.pk}/correct/contact/"
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(place)
    page.locator("[name=address]").fill("خیابان سعدی")
    page.locator("[name=reason]").fill("برابر نامه")
    assert page.evaluate(CHANGED) == ["id_address", "id_reason"]  # what nobody touched is not typed over later
    page.keyboard.press("Control+Enter")
    expect(page.locator(".alert-success")).to_be_visible()
    assert (asked, page.evaluate(KEPT)) == ([], 0)
    page.evaluate(LEFT_BEHIND)  # another person's, one's own of four days ago and of yesterday
    page.goto(place)
    expect(page.locator(".kept")).to_have_count(0)
    assert page.evaluate(KEPT) == 1


def test_a_draft_outlives_its_page_and_leaving_warns(people: Cast, file: PensionFile, page_of: Opener) -> None:
    """The last of the clerk's tests: it signs out."""
    page, place = page_of(people.at(people.origin, Role.CLERK)), f"/files/{file.pk}/correct/contact/"
    page.goto(place)
    page.locator("[name=address]").fill("خیابان سعدی")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.close(run_before_unload=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    page.close()
    anew = page.context.new_page()
    anew.goto(place)
    expect(anew.locator("[name=address]")).to_have_value("خیابان سعدی")
    expect(anew.locator(".kept time")).not_to_be_empty()
    anew.locator(".kept button").click()
    expect(anew.locator("[name=address]")).to_have_value(file.address)
    anew.goto(place)  # nothing is left of it, and nothing warns
    expect(anew.locator(".kept")).to_have_count(0)
    anew.locator("[name=address]").fill("خیابان حافظ")
    assert anew.evaluate(KEPT) == 1
    anew.locator("details.account summary").click()
    anew.locator("form[data-forget] button").click()
    anew.wait_for_url("**/sign-in/**")
    assert anew.evaluate(KEPT) == 0  # the next one at this computer finds nothing
