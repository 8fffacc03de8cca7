"""Each role's day: the journeys of docs/journeys.md, with the mouse, and by the keyboard where no other test has it.

Every test makes the case it begins with, and every hand finds things by what they are called.
"""

from collections.abc import Callable
from itertools import count

import pytest
from django.utils.translation import gettext
from playwright.sync_api import Page, expect

from branches.models import PensionFile, Status
from branches.roles import Role
from pension_transfer.lib.persian import to_persian_digits
from tests.browser.conftest import NARROW, committed
from tests.browser.hands import Finger, Keyboard, Mouse, named
from tests.cast import LAST_PAID_TYPED, Cast, Walk, make_file
from tests.expect import fresh
from transfers import summing
from transfers.models import StuckItem, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[..., Page]
Hand = type[Mouse]
both_hands = pytest.mark.parametrize("hand", [Mouse, Keyboard])
NUMBERS = count(200)
BIRTHDAY = "۱۳۳۴/۰۲/۱۶"  # as the paper file has it
SHEBA = "IR950130000000123456789012"
WHOLE_SECTION = "Everything in this section matches"
SEND_LIST = "Approve mechanized transfer of pension case"


def a_walk(people: Cast, state: str | None = None, side: str = Side.ORIGIN, *further: str) -> Walk:
    """A case at `state`, and carried `further` by these steps."""

    def make() -> Walk:
        walk = Walk(people, make_file(people.origin, next(NUMBERS)))
        if state:
            walk.to(state, side)
        for step in further:
            getattr(walk, step)()
        return walk

    return committed(make)


def number(case: TransferCase) -> str:
    return to_persian_digits(case.tracking_number)


def origins_of(file: PensionFile) -> TransferCase:
    return TransferCase.objects.get(pension_number=file.pension_number, side=Side.ORIGIN)


def address(case: TransferCase) -> str:
    return f"/cases/{case.pk}/"


# --- the steps that several journeys have ---------------------------------------------------------------------


def compare(hand: Mouse) -> None:
    """Section after section is as on paper."""
    keys = hand.main.get_by_role("button", name=gettext(WHOLE_SECTION))
    for section in range(keys.count()):
        hand.use(keys.nth(section))
    expect(hand.main.locator("#progress")).to_contain_text(gettext("To the steps"))


def approve(hand: Mouse, case: TransferCase) -> None:
    hand.open("Approve as technical officer", hand.row(number(case)))
    hand.open("Compare with the paper file")
    compare(hand)
    hand.enter("Last month paid at origin", LAST_PAID_TYPED)
    hand.press("Approve as technical officer")
    hand.told("Approve as technical officer")


def send(hand: Mouse, *cases: TransferCase) -> None:
    hand.go(SEND_LIST)
    for case in cases:
        hand.tick(hand.row(number(case)).get_by_role("checkbox"))
    hand.press("Send the data to the center")
    for case in cases:
        expect(hand.row(number(case))).to_contain_text(str(State.SENT.label))


# --- the origin -----------------------------------------------------------------------------------------------


def test_a_clerk_refers(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people)
    hand = Mouse(page_of(walk.clerk))
    hand.go("Case referral")
    hand.enter("Name, national code, pension or insurance number", walk.file.national_code)
    hand.press("Search")
    hand.open("Refer", hand.row(to_persian_digits(walk.file.pension_number)))
    hand.enter("Destination branch", "شیراز")
    hand.use(hand.page.get_by_role("option", name="شیراز"))
    hand.enter("Referral letter number", "۱۲۳۴/۵")
    hand.use(hand.main.get_by_role("button", name=gettext("Choose the day from the calendar")))
    hand.use(hand.page.get_by_role("dialog").locator("[data-value]").first)  # the first of this month is never to come
    hand.press("Record the referral")
    hand.told("Record the referral")
    assert origins_of(walk.file).state == State.DRAFT


@both_hands
def test_a_clerk_completes_a_draft(people: Cast, page_of: Opener, hand: Hand) -> None:
    walk = a_walk(people, State.REFERRAL)
    clerk = hand(page_of(walk.clerk))
    clerk.open("Complete the draft", clerk.row(number(walk.case)))
    clerk.leave(clerk.main.get_by_role("link", name=named("Bank account and address")))  # what is missing
    clerk.enter("Sheba", SHEBA)
    clerk.enter("Reason for the correction", "برابر کارت بانکی در پرونده")
    clerk.press("Store the correction")
    clerk.sees("IR۹۵ ۰۱۳۰")
    assert fresh(walk.case).state == State.DRAFT


def test_an_officer_approves(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people, State.DRAFT)
    approve(Mouse(page_of(walk.officer)), walk.case)
    assert fresh(walk.case).state == State.TECHNICALLY_APPROVED


def test_an_officer_sends_back(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people, State.DRAFT)
    officer = Mouse(page_of(walk.officer))
    officer.open("Approve as technical officer", officer.row(number(walk.case)))
    officer.open("Send back to the clerk")
    officer.enter("Reason", "برگ دوم پرونده ندارد")
    officer.press("Send back to the clerk")
    officer.told("Send back to the clerk")
    assert fresh(walk.case).state == State.REFERRAL


def test_a_head_sends_several_at_once(people: Cast, page_of: Opener) -> None:
    walks = [a_walk(people, State.TECHNICALLY_APPROVED) for _case in range(2)]
    send(Mouse(page_of(walks[0].head)), *(walk.case for walk in walks))
    assert {fresh(walk.case).state for walk in walks} == {State.SENT}


# --- the destination ------------------------------------------------------------------------------------------


def test_staff_receive_all_and_compare(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people, State.SENT)
    staff = Mouse(page_of(walk.staff))
    staff.go("Receive from the center")
    staff.press("Receive all that waits")
    staff.leave(staff.row(number(walk.case)).get_by_role("link"))  # a link as soon as it was received
    staff.press("Show the decrees received from the center")
    compare(staff)
    copy = TransferCase.objects.get(pension_number=walk.file.pension_number, side=Side.DESTINATION)
    assert copy.marks.filter(verdict="match").count() == copy.marks.count() > 50


def test_a_difference_goes_back_and_comes_again(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people, State.RECEIVED, Side.DESTINATION)
    give_back(Mouse(page_of(walk.staff), address(walk.copy)))
    correct(Mouse(page_of(walk.clerk)), walk)
    approve(Mouse(page_of(walk.officer)), walk.case)
    send(Mouse(page_of(walk.head)), walk.case)
    assert (fresh(walk.case).state, fresh(walk.case).version) == (State.SENT, 2)


def give_back(staff: Mouse) -> None:
    staff.press("Show the decrees received from the center")
    field = staff.main.get_by_role("group", name=named("Date of birth")).first
    staff.use(field.get_by_role("button", name=gettext("Differs")))
    staff.enter("Value on paper", BIRTHDAY)
    staff.choose("Severity", "Must be corrected by the origin")
    staff.use(staff.main.get_by_role("button", name=gettext("Store and go on")))
    staff.sees(BIRTHDAY)
    staff.open("Return to origin")
    staff.press("Return to origin")
    staff.told("Return to origin")


def correct(clerk: Mouse, walk: Walk) -> None:
    clerk.open("Reopen", clerk.row(number(walk.case)))
    clerk.press("Reopen")
    clerk.leave(clerk.row(BIRTHDAY).get_by_role("link"))
    clerk.enter("Date of birth", BIRTHDAY)
    clerk.enter("Reason for the correction", "برابر شناسنامه در پرونده کاغذی")
    clerk.press("Store the correction")
    clerk.go("Work queue")
    clerk.open("Complete the draft", clerk.row(number(walk.case)))
    clerk.press("Complete the draft")
    clerk.told("Complete the draft")


@both_hands
def test_the_paper_file_goes_with_its_letter_and_comes_with_a_receipt(
    people: Cast, page_of: Opener, hand: Hand
) -> None:
    walk = a_walk(people, State.RECEIVED, Side.DESTINATION)
    clerk = hand(page_of(walk.clerk), address(walk.case))
    clerk.open("Record the dispatch of the paper file")
    clerk.enter("Paper file dispatched on", "۱۴۰۵/۰۸/۲۲")
    clerk.enter("Letter number of the dispatch", "۵۵/۲")
    clerk.enter("Pages sent", "۱۲۰")
    clerk.press("Record the dispatch of the paper file")
    clerk.told("Record the dispatch of the paper file")
    clerk.open("Print the letter of dispatch")
    clerk.sees("۵۵/۲", people.destination.name)
    staff = hand(page_of(walk.staff), address(walk.copy))
    staff.press("Show the decrees received from the center")
    staff.use(staff.main.get_by_role("link", name=gettext("Record the paper file")))  # past the fields
    staff.enter("Paper file arrived on", "۱۴۰۵/۰۸/۲۵")
    staff.enter("Letter number of the paper file", "۷۷/۱")
    staff.enter("Pages counted", "۱۲۰")
    staff.press("Record the paper file")
    staff.told("Record the paper file")
    staff.open("To the case")
    staff.open("Print the receipt")
    staff.sees("۷۷/۱", people.origin.name)
    staff.page.emulate_media(media="print")
    expect(staff.page.get_by_role("link", name=gettext("To the case"))).to_be_hidden()


def test_what_is_verified_is_registered_and_activated(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people, State.RECEIVED, Side.DESTINATION, "compare")
    staff = Mouse(page_of(walk.staff), address(walk.copy))
    staff.press("Confirm the comparison")
    staff.press("Confirm the registration of the data")
    staff.told("Confirm the registration of the data")
    officer = Mouse(page_of(walk.other_officer))
    officer.open("Activate", officer.row(number(walk.copy)))
    for owed in officer.main.locator("#next").get_by_role("checkbox").all():  # some months later there are arrears
        officer.tick(owed)
    officer.press("Activate")
    officer.sees(Status.ACTIVE.label)
    assert fresh(walk.copy).activated_at


@both_hands
def test_a_question_is_asked_and_answered(people: Cast, page_of: Opener, hand: Hand) -> None:
    walk = a_walk(people, State.RECEIVED, Side.DESTINATION)
    staff = hand(page_of(walk.staff), address(walk.copy))
    staff.open("Ask the origin")
    staff.enter("Question", "نام پدر در شناسنامه چیست؟")
    staff.press("Ask the origin")
    staff.told("Ask the origin")
    clerk = hand(page_of(walk.clerk), address(walk.case))
    clerk.sees("نام پدر در شناسنامه چیست؟")
    clerk.enter("Answer", "احمد")
    clerk.press("Answer the question")
    clerk.told("Answer the question")
    staff.page.reload()
    staff.sees("احمد")
    staff.press("Close the question")
    staff.told("Close the question")


# --- everybody ------------------------------------------------------------------------------------------------


def test_a_file_is_searched_and_its_move_tracked(people: Cast, page_of: Opener) -> None:
    walk = a_walk(people, State.DRAFT)
    hand = Mouse(page_of(walk.clerk))
    box = hand.page.get_by_role("search").get_by_role("combobox")
    hand.fill(box, "علي رظا حسيني")  # another writing, and a typing error
    hand.leave(hand.page.get_by_role("listbox").get_by_role("option").first)
    hand.sees("علی‌رضا حسینی")
    hand.go("Tracking")
    hand.enter("Tracking number", number(walk.case))
    hand.press("Track")
    expect(hand.main.locator("[aria-current=step]")).to_contain_text(str(State.DRAFT.label))
    hand.leave(hand.main.get_by_role("link", name=people.origin.name))
    hand.sees(number(walk.case))


@pytest.mark.parametrize("hand", [Finger, Keyboard])
def test_a_pensioner_follows_the_file(people: Cast, page_of: Opener, hand: Hand) -> None:
    walk = a_walk(people, State.SENT)
    pensioner = hand(page_of(None, viewport=NARROW, has_touch=hand is Finger, is_mobile=hand is Finger), "/sign-in/")
    pensioner.open("Follow the move of a file")
    pensioner.enter("Tracking number", number(walk.case))
    pensioner.enter("Last four digits of the national code", walk.file.national_code[-4:])
    pensioner.press("Where is my file?")
    pensioner.sees(people.destination.name)
    pensioner.open("Ask for another file")
    expect(pensioner.field("Tracking number")).to_have_value("")


@both_hands
def test_a_province_reads_the_overview_and_takes_it_along(people: Cast, page_of: Opener, hand: Hand) -> None:
    a_walk(people, State.DRAFT)
    committed(summing.catch_up)
    reader = hand(page_of(people.reader(Role.PROVINCE_SUPERVISOR)))
    reader.go("Overview")
    reader.open("Overdue", reader.main.get_by_role("columnheader"))
    expect(reader.main.locator("[aria-sort]")).to_contain_text(gettext("Overdue"))
    reader.leave(reader.main.get_by_role("rowheader").get_by_role("link", name=people.origin.name))
    expect(reader.main.get_by_role("heading", level=1).locator("xpath=..")).to_contain_text(people.origin.name)
    reader.enter("From month", "۱۴۰۵/۰۱")
    reader.press("Show the period")
    expect(reader.field("From month")).to_have_value("۱۴۰۵/۰۱")
    with reader.page.expect_download() as taken:
        reader.use(reader.main.get_by_role("link", name=gettext("All figures as XLSX")))
    assert taken.value.suggested_filename.endswith(".xlsx")


@both_hands
def test_the_center_looks_after_what_is_stuck(people: Cast, page_of: Opener, hand: Hand) -> None:
    case = a_walk(people, State.SENT).case
    item = committed(lambda: stuck(case))
    operator = hand(page_of(people.reader(Role.CENTER_OPERATOR)))
    operator.go("Stuck items")
    operator.leave(operator.row(number(case)).get_by_role("link"))
    operator.press("Try again now")
    operator.go("Health of the system")
    operator.sees(gettext("What to do"))
    item.refresh_from_db()
    assert item.set_aside_at is None and item.next_try_at
    auditor = hand(page_of(people.reader(Role.AUDITOR)))
    auditor.go("Stuck items")
    auditor.leave(auditor.row(number(case)).get_by_role("link"))
    expect(auditor.main.get_by_role("button")).to_have_count(0)  # an auditor reads


def stuck(case: TransferCase) -> StuckItem:
    at = case.turn_since
    return StuckItem.objects.create(
        kind=StuckItem.Kind.RECEIPT, ref=f"stuck {case.pk}", action="hear_paper_sent", branch=case.branch, case=case,
        why="KeyError: 'x'", code="KeyError", tries=5, last_at=at, set_aside_at=at,
    )  # fmt: skip


@pytest.mark.parametrize(("hand", "branch"), [(Mouse, "0801"), (Keyboard, "1001")])
def test_a_desk_is_made_ones_own(people: Cast, page_of: Opener, hand: Hand, branch: str) -> None:
    person = hand(page_of(people.people[branch, Role.INSURANCE_DEPUTY]))
    look(person)
    keep_a_filter(person)
    change_the_password(person)


def look(person: Mouse) -> None:
    banner = person.page.get_by_role("banner")
    for label in ("Dark", "Large letters"):
        person.unfold("مریم رضایی")
        person.press(label, banner)
    expect(person.page.locator("meta[name=color-scheme]")).to_have_attribute("content", "dark")
    expect(person.page.locator("html")).to_have_attribute("data-type", "large")
    person.unfold("مریم رضایی")
    person.leave(banner.get_by_role("button", name="English"))
    expect(person.main.get_by_role("heading", level=1)).to_have_text("Work queue")
    person.unfold("مریم رضایی")
    person.leave(banner.get_by_role("button", name="فارسی"))


def keep_a_filter(person: Mouse) -> None:
    person.unfold("Narrow the list, keep a filter")
    person.choose("State", str(State.SENT.label))
    person.press("Show")
    person.unfold("Narrow the list, keep a filter")
    person.enter("Name of the filter", "در راه")
    person.press("Keep what is shown as a filter")
    mine = person.main.get_by_role("navigation", name=gettext("My filters"))
    person.leave(mine.get_by_role("link", name="در راه"))
    expect(mine.locator("[aria-current=true]")).to_have_text("در راه")


def change_the_password(person: Mouse) -> None:
    person.unfold("مریم رضایی")
    person.open("Change the password", person.page.get_by_role("banner"))
    person.enter("Old password", "mostamari-1405")
    person.enter("New password", "bazneshaste-1406")
    person.enter("New password confirmation", "bazneshaste-1406")
    person.press("Change the password")
    expect(person.main.get_by_role("status").first).not_to_be_empty()
    assert "/password/" not in person.page.url
