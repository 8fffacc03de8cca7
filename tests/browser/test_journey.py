"""One pension file's whole way in the real browser: by the keyboard, each person at an own desk."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from branches.models import PensionFile, Status, User
from branches.roles import Role
from central.models import Custody, Seat
from pension_transfer.lib import calendar
from pension_transfer.lib.persian import to_persian_digits
from tests.cast import LAST_PAID, LAST_PAID_TYPED, Cast, Walk, make_file
from transfers import trail
from transfers.labels import SECTION_NAMES
from transfers.models import TransferCase
from transfers.snapshot import SECTIONS
from transfers.states import Side, State, Turn

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[[User], Page]

# The directive's names, letter for letter.
REFERRAL, APPROVE = "ارجاع پرونده", "تائید مسئول مستمریها"
SEND_LIST, SEND = "تائید انتقال مکانیزه پرونده مستمری", "ارسال اطلاعات به مرکز"
RECEIVE, SHOW, REGISTER = "دریافت از مرکز", "نمایش احکام دریافتی از مرکز", "تائید ثبت اطلاعات"
# The product's own.
RECORD, ACTIVATE, TRACK = "ثبت ارجاع", "فعال سازی پرونده مستمری", "پیگیری"
COMPARE, PAPER, VERIFY = "تطبیق با پرونده کاغذی", "ثبت وصول پرونده کاغذی", "تائید تطبیق"
GIVE_BACK, REOPEN, COMPLETE = "عودت به مبدأ", "بازگشایی برای اصلاح", "تکمیل پیش‌نویس"
STORE = "ثبت اصلاح"
BIRTHDAY = "۱۳۳۴/۰۲/۱۶"  # as the paper file has it


class Desk:
    """A person before a page: goes, presses and types by the keyboard, and looks."""

    def __init__(self, page: Page):
        self.page, self.main = page, page.locator("main")
        page.goto("/")

    def go(self, title: str) -> None:
        """Through the menu."""
        self._enter(self.page.locator("nav.menu").get_by_role("link", name=re.compile(f"^{title}")))
        expect(self.page.locator("nav.menu [aria-current=page]")).to_contain_text(title)

    def open(self, title: str) -> None:
        self._enter(self.main.get_by_role("link", name=title))

    def press(self, label: str, within: Locator | None = None) -> None:
        self._enter((within or self.main).get_by_role("button", name=label, exact=True))

    def type(self, name: str, text: str) -> None:
        """Over what stands in the field."""
        field = self._at(self.main.locator(f"[name={name}]:visible"))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        expect(field).to_have_value(text)

    def send(self) -> None:
        """The form in which one types."""
        self.page.keyboard.press("Control+Enter")

    def compare(self, sections: Iterable[str]) -> None:
        """These have open fields: all of each matches, with one key, after which nothing is open."""
        expect(self.main.locator("#progress")).to_be_visible()
        self.page.wait_for_load_state()
        self.page.keyboard.press("o")
        for section in sections:
            expect(self.main.locator(f"#section-{section} :focus")).to_have_count(1)
            self.page.keyboard.press("s")
            expect(self.main.locator(f"#section-{section} .is-open")).to_have_count(0)
        expect(self.main.locator("#next-open")).to_be_focused()
        expect(self.main.locator(".check.is-open")).to_have_count(0)

    def seek(self, section: str, label: str) -> Locator:
        """From the bar to the section, from row to row to the field."""
        self._enter(self.main.locator("#progress .judging-parts a", has_text=str(SECTION_NAMES[section])))
        row = self.main.locator(f"#section-{section} .check", has=self.page.get_by_text(label, exact=True))
        for _step in range(30):
            if row.locator(":focus").count():
                break
            self.page.keyboard.press("j")
        expect(row.locator(":focus")).to_have_count(1)
        return row

    def follow(self, link: Locator) -> None:
        self._enter(link)

    def _enter(self, place: Locator) -> None:
        self._at(place)
        self.page.keyboard.press("Enter")

    def _at(self, place: Locator) -> Locator:
        self.page.wait_for_load_state()
        place.focus()
        expect(place).to_be_focused()
        return place

    def told(self, label: str, turn: Any) -> None:
        """The sentence after a step: what was done, and whose turn it is now."""
        said = self.main.locator(".alert-success")
        expect(said).to_contain_text(f"«{label}»")
        expect(said).to_contain_text(str(turn))

    def sees(self, state: State, turn: Any) -> None:
        """Where the case stands, and who has to act."""
        expect(self.main.locator(".page-actions .chip")).to_contain_text(str(state.label))
        expect(self.main.locator(".way [aria-current=step]")).to_contain_text(str(state.label))
        expect(self.main.locator(".turn")).to_contain_text(str(turn))


@pytest.fixture(scope="module")
def going(people: Cast, django_db_blocker: Any) -> Iterator[PensionFile]:
    """A file that goes all the way."""
    with django_db_blocker.unblock():
        yield make_file(people.origin, 70)


@pytest.fixture(scope="module")
def coming_back(people: Cast, django_db_blocker: Any) -> Iterator[Walk]:
    """A file that the destination has received, and will return."""
    with django_db_blocker.unblock():
        walk = Walk(people, make_file(people.origin, 71))
        walk.to(State.RECEIVED, Side.DESTINATION)
        yield walk


def copies(file: PensionFile) -> dict[str, TransferCase]:
    return {case.side: case for case in TransferCase.objects.filter(pension_number=file.pension_number)}


def months(file: PensionFile) -> dict[str, tuple[int, int | None]]:
    rows = Custody.objects.filter(pension_number=file.pension_number)
    return {row.branch_code: (row.months.lower, row.months.upper) for row in rows}


def test_a_file_goes_from_one_branch_to_the_other(people: Cast, going: PensionFile, page_of: Opener) -> None:
    origin, destination = people.origin, people.destination
    refer(Desk(page_of(people.at(origin, Role.CLERK))), going)
    approve(Desk(page_of(people.at(origin, Role.TECHNICAL_OFFICER))), going)
    send(Desk(page_of(people.at(origin, Role.BRANCH_HEAD))), going)
    receive(Desk(page_of(people.at(destination, Role.DESTINATION_STAFF))), going)
    activate(Desk(page_of(people.at(destination, Role.TECHNICAL_OFFICER))), going)
    track(Desk(page_of(people.at(origin, Role.CLERK))), going)
    cases = copies(going)
    assert {side: case.state for side, case in cases.items()} == dict.fromkeys(Side, State.REGISTERED)
    assert all(case.activated_at and case.closed_at and trail.first_break(case) is None for case in cases.values())
    assert months(going) == {"0801": (139402, LAST_PAID + 1), "1001": (LAST_PAID + 1, None)}
    seat = Seat.objects.get(pension_number=going.pension_number)
    assert (seat.payable_branch, seat.open_move) == ("1001", None)
    files = PensionFile.objects.filter(pension_number=going.pension_number)
    assert dict(files.values_list("branch", "status")) == {"0801": Status.MOVED, "1001": Status.ACTIVE}


def test_a_wrong_field_goes_back_and_comes_again(people: Cast, coming_back: Walk, page_of: Opener) -> None:
    walk = coming_back
    staff, clerk = Desk(page_of(walk.staff)), Desk(page_of(walk.clerk))
    give_back(staff, walk)
    mend(clerk, walk)
    officer, head = Desk(page_of(walk.officer)), Desk(page_of(walk.head))
    sees_the_change(officer, walk.case)
    approve(officer, walk.file, anew=["principal"])  # the other marks still hold
    sees_the_change(head, walk.case)
    send(head, walk.file)
    staff.go(RECEIVE)
    row = staff.main.locator("tr", has_text=to_persian_digits(walk.file.pension_number))
    expect(row).to_contain_text("نسخه ۲")
    receive(staff, walk.file)
    staff.page.goto(f"/cases/{walk.copy.pk}/versions/2/?against=1")
    expect(staff.main.locator("#changes")).to_contain_text(BIRTHDAY)
    copy = copies(walk.file)[Side.DESTINATION]
    assert (copy.pk, copy.version, copy.state) == (walk.copy.pk, 2, State.REGISTERED)
    assert [calendar.jalali(file.birth_date) for file in (copy.file, copies(walk.file)[Side.ORIGIN].file)] == [
        "1334/02/16", "1334/02/16",
    ]  # fmt: skip


def sees_the_change(desk: Desk, case: TransferCase) -> None:
    """What this version says otherwise than the one before."""
    desk.page.goto(f"/cases/{case.pk}/")
    expect(desk.main.locator("#changes")).to_contain_text(BIRTHDAY)


def give_back(desk: Desk, walk: Walk) -> None:
    desk.page.goto(f"/cases/{walk.copy.pk}/")
    desk.press(SHOW)
    desk.told(SHOW, Turn.DESTINATION_STAFF.label)
    row = desk.seek("principal", "تاریخ تولد")
    desk.page.keyboard.press("d")
    expect(row.locator("[name=paper_value]")).to_be_focused()
    desk.page.keyboard.type(BIRTHDAY)
    desk.page.keyboard.press("Tab")  # what is wrong: the value differs, unless another is chosen
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("End")  # must be corrected
    desk.send()
    expect(row.locator(".mark-said")).to_contain_text(BIRTHDAY)
    expect(desk.main.locator(".check.is-to-be-corrected")).to_have_count(1)
    expect(desk.main.locator("#steps .left")).to_contain_text("تاریخ تولد")
    desk.open(GIVE_BACK)
    desk.press(GIVE_BACK)
    desk.told(GIVE_BACK, walk.cast.origin.name)
    desk.sees(State.RETURNED, walk.cast.origin.name)


def mend(desk: Desk, walk: Walk) -> None:
    """Reopen, correct by page what the destination found, complete the draft."""
    desk.page.goto(f"/cases/{walk.case.pk}/")
    desk.sees(State.RETURNED, Turn.CLERK.label)
    expect(desk.main.locator("#to-correct tbody tr")).to_contain_text(BIRTHDAY)
    desk.press(REOPEN)
    desk.told(REOPEN, Turn.CLERK.label)
    desk.follow(desk.main.locator("#to-correct tbody a"))
    expect(desk.main.locator("[name=birth_date]")).to_be_focused()
    desk.type("birth_date", BIRTHDAY)
    desk.type("reason", "برابر شناسنامه در پرونده کاغذی")
    desk.press(STORE)
    expect(desk.main.locator("#principal .fact", has_text="تاریخ تولد")).to_contain_text(BIRTHDAY)
    desk.page.goto(f"/cases/{walk.case.pk}/")
    desk.press(COMPLETE)
    desk.told(COMPLETE, Turn.TECHNICAL_OFFICER.label)
    desk.sees(State.DRAFT, Turn.TECHNICAL_OFFICER.label)


def refer(desk: Desk, file: PensionFile) -> None:
    desk.go(REFERRAL)
    desk.type("q", to_persian_digits(file.national_code))
    desk.page.keyboard.press("Enter")
    expect(desk.main.locator("[data-rows] tbody tr")).to_have_count(1)
    desk.page.wait_for_load_state()
    desk.page.keyboard.press("j")
    desk.page.keyboard.press("Enter")
    expect(desk.main.locator("[name=destination]")).to_be_focused()
    desk.page.keyboard.type("شیراز")
    desk.type("letter_number", "۱۲۳۴/۵")
    desk.type("letter_date", "۱۴۰۵/۰۸/۲۰")
    desk.press(RECORD)
    desk.told(RECORD, Turn.TECHNICAL_OFFICER.label)
    desk.sees(State.DRAFT, Turn.TECHNICAL_OFFICER.label)


def approve(desk: Desk, file: PensionFile, anew: Iterable[str] = SECTIONS) -> None:
    desk.page.goto(f"/cases/{copies(file)[Side.ORIGIN].pk}/")
    desk.open(COMPARE)
    desk.compare(anew)
    desk.type("last_paid_month", to_persian_digits(LAST_PAID_TYPED))
    desk.press(APPROVE)
    desk.told(APPROVE, Turn.HEAD.label)
    desk.sees(State.TECHNICALLY_APPROVED, Turn.HEAD.label)


def send(desk: Desk, file: PensionFile) -> None:
    desk.go(SEND_LIST)
    case = copies(file)[Side.ORIGIN]
    desk.main.locator(f"#case-{case.pk}").focus()
    desk.page.keyboard.press("Space")
    desk.press(SEND)
    outcome = desk.main.locator("tr", has_text=to_persian_digits(case.tracking_number))
    expect(outcome.locator(".chip")).to_contain_text(str(State.SENT.label))
    outcome.get_by_role("link").press("Enter")
    desk.sees(State.SENT, case.destination.name)


def receive(desk: Desk, file: PensionFile) -> None:
    number = to_persian_digits(file.pension_number)
    desk.go(RECEIVE)
    desk.press(RECEIVE, desk.main.locator("tr", has_text=number))
    desk.told(RECEIVE, Turn.DESTINATION_STAFF.label)
    desk.sees(State.RECEIVED, Turn.DESTINATION_STAFF.label)
    desk.press(SHOW)
    desk.told(SHOW, Turn.DESTINATION_STAFF.label)
    desk.type("paper_arrived_on", "۱۴۰۵/۰۸/۲۵")
    desk.type("paper_letter_number", "۷۷/۱")
    desk.type("paper_pages", "۱۲۰")
    desk.send()
    desk.told(PAPER, Turn.DESTINATION_STAFF.label)
    desk.compare(sorted(SECTIONS, key=lambda section: section != "decrees"))
    desk.press(VERIFY)
    desk.told(VERIFY, Turn.DESTINATION_STAFF.label)
    desk.sees(State.VERIFIED, Turn.DESTINATION_STAFF.label)
    desk.press(REGISTER)
    desk.told(REGISTER, Turn.ACTIVATOR.label)
    desk.sees(State.REGISTERED, Turn.ACTIVATOR.label)


def activate(desk: Desk, file: PensionFile) -> None:
    desk.page.goto(f"/cases/{copies(file)[Side.DESTINATION].pk}/")
    owed = desk.main.locator("[name=arrears_months][type=checkbox]")  # some months later there are arrears
    if owed.count():
        owed.focus()
        desk.page.keyboard.press("Space")
    desk.press(ACTIVATE)
    desk.told(ACTIVATE, Status.ACTIVE.label)
    expect(desk.main.locator(".way [aria-current=step]")).to_contain_text(str(Status.ACTIVE.label))


def track(desk: Desk, file: PensionFile) -> None:
    desk.page.keyboard.press("/")
    expect(desk.page.locator("#search")).to_be_focused()
    desk.page.keyboard.type(to_persian_digits(file.national_code))
    desk.page.keyboard.press("Enter")
    move = desk.main.locator("#moves .hit")
    expect(move).to_have_count(1)
    expect(move).to_contain_text("شعبه شیراز")
    move.focus()
    desk.page.keyboard.press("Enter")
    expect(desk.main).to_contain_text(str(Status.ACTIVE.label))
