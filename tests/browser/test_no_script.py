"""Without JavaScript: the main way of each role, from signing in, on a desk and on a telephone."""

from collections.abc import Callable

import pytest
from django.utils.translation import gettext
from playwright.sync_api import Page, expect

from branches.models import User
from branches.roles import Role
from pension_transfer.lib.persian import to_persian_digits
from tests.browser.conftest import NARROW, PASSWORD, committed
from tests.browser.hands import Finger, Mouse, named
from tests.browser.test_days import address, origins_of, send
from tests.cast import LAST_PAID_TYPED, Cast, Walk, judge_all, make_file
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[..., Page]


def signed_in(page_of: Opener, user: User) -> Mouse:
    """At a desk where no script runs."""
    hand = Mouse(page_of(None, java_script_enabled=False))
    hand.enter("username", user.username)
    hand.enter("Password", PASSWORD)
    hand.press("Sign in")
    return hand


def test_a_file_goes_from_one_branch_to_the_other(people: Cast, page_of: Opener) -> None:
    walk = committed(lambda: Walk(people, make_file(people.origin, 300, iban="")))
    refer_and_complete(signed_in(page_of, walk.clerk), walk)
    walk.case = origins_of(walk.file)
    approve(signed_in(page_of, walk.officer), walk)
    send(signed_in(page_of, walk.head), walk.case)
    receive_and_compare(signed_in(page_of, walk.staff), walk)


def refer_and_complete(clerk: Mouse, walk: Walk) -> None:
    clerk.go("Case referral")
    clerk.enter("Name, national code, pension or insurance number", walk.file.national_code)
    clerk.press("Search")
    clerk.open("Refer", clerk.row(to_persian_digits(walk.file.pension_number)))
    clerk.enter("Destination branch", "1001")
    clerk.enter("Referral letter number", "۱۲۳۴/۵")
    clerk.enter("Referral letter date", "۱۴۰۵/۰۸/۲۰")
    clerk.press("Record the referral")
    clerk.leave(clerk.main.get_by_role("link", name=named("Bank account and address")))
    clerk.enter("Sheba", "IR950130000000123456789012")
    clerk.enter("Reason for the correction", "برابر کارت بانکی در پرونده")
    clerk.press("Store the correction")
    assert origins_of(walk.file).state == State.DRAFT


def approve(officer: Mouse, walk: Walk) -> None:
    """One section by the button, the others as a colleague would."""
    officer.page.goto(address(walk.case))
    officer.open("Compare with the paper file")
    officer.press("Everything in this section matches", officer.main.locator("#section-principal"))
    assert walk.case.marks.filter(verdict="match").exists()
    committed(lambda: judge_all(walk.case, walk.officer))
    officer.page.goto(address(walk.case))
    officer.enter("Last month paid at origin", LAST_PAID_TYPED)
    officer.press("Approve as technical officer")
    officer.told("Approve as technical officer")


def receive_and_compare(staff: Mouse, walk: Walk) -> None:
    staff.go("Receive from the center")
    staff.press("Receive from the center", staff.row(to_persian_digits(walk.file.pension_number)))
    staff.press("Show the decrees received from the center")
    field = staff.main.get_by_role("group", name=named("Date of birth")).first
    staff.press("Match", field)
    copy = TransferCase.objects.get(pension_number=walk.file.pension_number, side=Side.DESTINATION)
    assert copy.marks.get().path == "principal.birth_date"


def test_searching_the_look_and_the_language(people: Cast, page_of: Opener) -> None:
    walk = committed(lambda: Walk(people, make_file(people.origin, 301)))
    hand = signed_in(page_of, walk.clerk)
    box = hand.page.get_by_role("banner").get_by_role("search")
    hand.fill(box.get_by_role("searchbox"), walk.file.national_code)
    hand.press("Search", box)
    hand.leave(hand.main.get_by_role("link", name=named("علی‌رضا حسینی")))
    hand.sees(to_persian_digits(walk.file.pension_number))
    hand.unfold("مریم رضایی")
    hand.press("Dark", hand.page.get_by_role("banner"))
    expect(hand.page.locator("meta[name=color-scheme]")).to_have_attribute("content", "dark")
    hand.unfold("مریم رضایی")
    hand.leave(hand.page.get_by_role("button", name="English"))
    expect(hand.page.locator("html")).to_have_attribute("dir", "ltr")
    hand.sees(walk.file.pension_number)


@pytest.mark.parametrize(
    ("role", "title"),
    [
        (Role.PROVINCE_SUPERVISOR, "Overview"),
        (Role.CENTER_OPERATOR, "Health of the system"),
        (Role.AUDITOR, "Reconciliation"),
    ],
)
def test_the_menu_on_a_telephone(people: Cast, page_of: Opener, role: str, title: str) -> None:
    kind = {"java_script_enabled": False, "viewport": NARROW, "has_touch": True, "is_mobile": True}
    hand = Finger(page_of(people.reader(role), **kind))
    hand.unfold("Menu")
    hand.go(title)
    expect(hand.main.get_by_role("heading", level=1)).to_have_text(gettext(title))
