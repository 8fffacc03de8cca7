"""The pensioner's page: what it tells to whoever knows both numbers, and that it tells nobody else anything."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from branches.models import Branch
from branches.roles import Action, Role
from pension_transfer.lib import calendar
from pension_transfer.lib.persian import to_persian_digits
from pension_transfer.lib.templatetags.persian import fa, jalali, jalali_month
from tests.cast import LAST_PAID, LIFE_EVENT, Cast, Walk, make_file, press
from tests.expect import fresh, tamper
from tests.pages import ASCII, as_, text
from transfers import public_tracking, vain_tries
from transfers.models import TransferCase, VainTry
from transfers.public_tracking import NEXT, WHERE
from transfers.sheet import drawn
from transfers.states import Side, State
from transfers.tracking import check_digit

pytestmark = pytest.mark.django_db(databases="__all__")
URL = "/follow/"
STRANGER = "203.0.113.9"


def ask(number: str, ending: str, address: str = STRANGER, **more: Any) -> Any:
    """A stranger without an account asks."""
    return Client().post(URL, {"number": number, "ending": ending}, REMOTE_ADDR=address, **more)


def ending_of(case: TransferCase) -> str:
    return case.national_code[-4:]


def wrong(case: TransferCase) -> str:
    return f"{(int(ending_of(case)) + 1) % 10_000:04}"


def unknown(serial: int = 999_999) -> str:
    body = f"080105{serial:06d}"
    return body + check_digit(body)


# --- what it tells ----------------------------------------------------------------------------------------

STAGES = {
    State.REFERRAL: "0801", State.DRAFT: "0801", State.TECHNICALLY_APPROVED: "0801", State.SENT: "0801",
    State.RECEIVED: "1001", State.VERIFIED: "1001", State.REGISTERED: "1001", State.RETURNED: "0801",
    State.CANCELLED: "0801",
}  # fmt: skip


@pytest.mark.parametrize("state", STAGES)
def test_at_every_stop_it_says_where_what_next_and_whom_to_ask(walk: Walk, state: State) -> None:
    case = walk.to(state)
    answer = ask(case.tracking_number, ending_of(case))
    progress, shown = answer.context["progress"], text(answer)
    assert (answer.status_code, progress.stage) == (200, state)
    assert progress.where in shown and progress.next in shown and "%(" not in shown
    asked = Branch.objects.get(pk=STAGES[state])
    assert (progress.ask.name, progress.ask.city) == (asked.name, asked.city) and progress.ask.city in shown
    assert bool(progress.when) is (state != State.CANCELLED)
    settled = state in (State.SENT, State.RECEIVED, State.VERIFIED, State.REGISTERED)
    assert (jalali_month(LAST_PAID + 1) in shown) is settled
    assert (jalali_month(LAST_PAID) in progress.payment) is settled


def test_of_every_state_there_is_something_to_say() -> None:
    assert WHERE.keys() == NEXT.keys() >= {*State.values}


def test_a_finished_move_says_who_pays_from_when(finished: Walk) -> None:
    progress = ask(finished.case.tracking_number, ending_of(finished.case)).context["progress"]
    assert (progress.stage, progress.when, progress.promise) == ("active", "", "")
    assert (progress.payable_from, progress.ask.name) == (LAST_PAID + 1, "شعبه شیراز")
    assert all(step.is_done for step in progress.steps)


def test_a_held_move_says_nothing_of_the_reason_and_nothing_of_money(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.RECORD_LIFE_EVENT, fresh(walk.copy), walk.other_officer, **LIFE_EVENT)
    answer = ask(walk.case.tracking_number, ending_of(walk.case))
    progress = answer.context["progress"]
    assert (progress.stage, progress.when, progress.payment) == ("held", "", "")
    assert "فوت" not in text(answer)


def test_a_late_step_is_called_late_and_the_end_is_reckoned_from_today(walk: Walk) -> None:
    case = walk.to(State.SENT)
    due = calendar.add_working_days(calendar.day_of(case.turn_since), 3)
    in_time = public_tracking.find(case.tracking_number, ending_of(case), due)
    assert in_time and (in_time.due_on, in_time.is_late) == (due, False)
    assert in_time.finished_by == calendar.add_working_days(due, 5 + 2 + 2)
    day = calendar.add_working_days(due, 4)
    late = public_tracking.find(case.tracking_number, ending_of(case), day)
    assert late and late.is_late and late.finished_by == calendar.add_working_days(day, 5 + 2 + 2)
    with translation.override("fa"):
        assert fa(jalali(late.finished_by)) in late.when and jalali(due) not in late.when


def test_a_closed_branch_is_named_by_the_one_in_its_place(walk: Walk) -> None:
    case = walk.to(State.SENT)
    Branch.objects.filter(pk="1001").update(succeeded_by="0701")
    assert ask(case.tracking_number, ending_of(case)).context["progress"].destination.name == "شعبه مرودشت"


def test_the_destinations_copy_answers_where_the_origin_is_of_another_site(walk: Walk) -> None:
    copy = walk.to(State.VERIFIED, Side.DESTINATION)
    elsewhere = f"UPDATE transfers_transfercase SET tracking_number = '{unknown()}' WHERE side = 'origin'"
    tamper("default", "transfers_transfercase", elsewhere)
    progress = ask(copy.tracking_number, ending_of(copy)).context["progress"]
    assert (progress.stage, progress.payable_from) == (State.VERIFIED, LAST_PAID + 1)


def test_where_only_a_copy_is_left_that_went_back_it_says_so_and_whom_to_ask(walk: Walk) -> None:
    """The origin is of another site, and its file may be on the way to a third branch by now."""
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    elsewhere = f"tracking_number = '{unknown()}' WHERE side = 'origin'"
    tamper("default", "transfers_transfercase", f"UPDATE transfers_transfercase SET {elsewhere}")
    TransferCase.objects.filter(pk=copy.pk).update(closed_at=timezone.now())
    answer = ask(copy.tracking_number, ending_of(copy))
    progress = answer.context["progress"]
    assert (answer.status_code, progress.stage, progress.ask.name) == (200, public_tracking.GONE, copy.origin.name)
    assert (progress.when, progress.payment, progress.promise) == ("", "", "")
    assert progress.where in text(answer) and progress.next in text(answer)


# --- what it does not tell --------------------------------------------------------------------------------


def test_nothing_of_the_person_is_on_the_page(walk: Walk) -> None:
    case = walk.to(State.RECEIVED, Side.DESTINATION)
    file = walk.file
    shown = text(ask(case.tracking_number, ending_of(case))).translate(ASCII)
    people = [walk.clerk, walk.officer, walk.head, walk.staff]
    secrets = [
        file.first_name, file.last_name, file.father_name, file.national_code, file.national_code[-4:],
        file.pension_number, file.insurance_number, file.iban, file.mobile, file.postal_code, case.letter_number,
        *(person.get_full_name() for person in people), *(person.username for person in people),
    ]  # fmt: skip
    assert [secret for secret in secrets if secret in shown.replace(case.tracking_number, "")] == []


def test_an_unknown_number_and_a_wrong_ending_are_answered_alike(walk: Walk) -> None:
    case = walk.to(State.SENT)
    asked = [(case.tracking_number, wrong(case)), (unknown(), ending_of(case))]
    said = []
    for number, ending in asked:
        answer = ask(number, ending)
        shown = text(answer).translate(ASCII)
        for own in (number, f'value="{ending}"', *re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', shown)):
            shown = shown.replace(own, "")
        said.append((answer.status_code, shown))
    assert said[0] == said[1] and said[0][0] == 422


def test_each_of_the_four_digits_counts(walk: Walk) -> None:
    case = walk.to(State.SENT)
    digits = ending_of(case)
    for at, digit in enumerate(digits):
        other = f"{digits[:at]}{(int(digit) + 1) % 10}{digits[at + 1 :]}"
        assert ask(case.tracking_number, other).status_code == 422, other
    assert ask(case.tracking_number, digits).status_code == 200


def test_of_several_copies_the_one_that_knows_most_answers() -> None:
    def copy(pk: int, side: str, closed: bool) -> TransferCase:
        return TransferCase(pk=pk, side=side, closed_at=timezone.now() if closed else None)

    ours = [copy(1, Side.DESTINATION, False), copy(2, Side.DESTINATION, True), copy(3, Side.DESTINATION, True)]
    for copies, wanted in (
        (ours, 1),
        (ours[1:], 3),
        ([copy(9, Side.DESTINATION, False), copy(4, Side.ORIGIN, True)], 4),
    ):
        assert max(copies, key=public_tracking._knows).pk == wanted


@pytest.mark.parametrize(
    ("number", "ending", "field"),
    [("", "1234", "number"), ("123", "1234", "number"), ("0801050000019", "1234", "number"),
     (unknown(), "", "ending"), (unknown(), "12a4", "ending"), ("x" * 5000, "1" * 5000, "number"),
     ("\x00", "\x00", "number")],
)  # fmt: skip
def test_what_cannot_be_right_is_said_and_counts_no_try(cast: Cast, number: str, ending: str, field: str) -> None:
    answer = ask(number, ending)
    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert not VainTry.objects.exists()


def test_any_digits_are_taken_and_the_number_as_it_is_printed(walk: Walk) -> None:
    case = walk.to(State.SENT)
    number = case.tracking_number
    printed = to_persian_digits(f"{number[:4]} {number[4:6]} {number[6:9]} {number[9:]}")
    assert ask(printed, to_persian_digits(ending_of(case))).context["progress"].tracking_number == number


def test_the_address_carries_the_tracking_number_at_most(walk: Walk) -> None:
    case = walk.to(State.SENT)
    answer = Client().get(URL, {"number": case.tracking_number, "ending": ending_of(case)})
    shown = text(answer).translate(ASCII)
    assert "progress" not in answer.context and answer.status_code == 200
    assert f'value="{case.tracking_number}"' in shown and f'value="{ending_of(case)}"' not in shown
    assert "no-store" in answer.headers["Cache-Control"] and "noindex" in text(answer)


def test_who_is_signed_in_is_told_the_same_whatever_branch(walk: Walk) -> None:
    case = walk.to(State.SENT)
    client = as_(walk.cast.at(walk.cast.third, Role.CLERK))
    answer = client.post(URL, {"number": case.tracking_number, "ending": ending_of(case)})
    assert answer.context["progress"].stage == State.SENT


# --- how often --------------------------------------------------------------------------------------------


def test_after_five_vain_tries_a_number_is_closed_for_an_hour_from_everywhere(walk: Walk) -> None:
    case = walk.to(State.SENT)
    answers = [ask(case.tracking_number, wrong(case), f"198.51.100.{i}").status_code for i in range(5)]
    assert answers == [422] * 5
    closed = ask(case.tracking_number, ending_of(case), "198.51.100.77")
    assert (closed.status_code, closed.headers["Retry-After"]) == (429, "3600")
    assert "progress" not in closed.context
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1, seconds=1)):
        assert ask(case.tracking_number, ending_of(case)).status_code == 200


def test_a_number_that_nobody_has_is_closed_alike(cast: Cast) -> None:
    assert [ask(unknown(), "0000", f"198.51.100.{i}").status_code for i in range(6)] == [422] * 5 + [429]


def test_an_address_may_try_thirty_numbers_and_leaves_no_more_rows(cast: Cast) -> None:
    found = [ask(unknown(serial), "0000").status_code for serial in range(32)]
    assert found == [422] * 30 + [429] * 2
    assert VainTry.objects.count() == 31
    assert ask(unknown(1), "0000", "198.51.100.1").status_code == 422


def test_a_try_that_found_is_no_vain_one(walk: Walk) -> None:
    case = walk.to(State.SENT)
    assert {ask(case.tracking_number, ending_of(case)).status_code for _ in range(8)} == {200}
    assert set(VainTry.objects.values_list("tries", flat=True)) == {0}


def test_neither_address_nor_number_is_stored(walk: Walk) -> None:
    case = walk.to(State.SENT)
    ask(case.tracking_number, wrong(case))
    held = " ".join(VainTry.objects.values_list("pk", flat=True))
    assert len(held) == 129 and case.tracking_number not in held and STRANGER not in held


def test_windows_that_are_past_are_swept(cast: Cast) -> None:
    ask(unknown(1), "0000", "198.51.100.1")
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        ask(unknown(2), "0000", "198.51.100.2")
    assert VainTry.objects.count() == 2


@pytest.mark.parametrize(
    ("proxied", "meta", "address"),
    [
        (False, {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "1.1.1.1"}, "203.0.113.9"),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "1.1.1.1, 203.0.113.9"}, "203.0.113.9"),
        (True, {"REMOTE_ADDR": "127.0.0.1"}, "127.0.0.1"),
        (False, {"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"),
        (False, {"REMOTE_ADDR": ""}, ""),
    ],
)
def test_whose_address_it_is(settings: Any, rf: Any, proxied: bool, meta: dict[str, str], address: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if proxied else None
    assert vain_tries.address_of(rf.get(URL, **meta)) == address


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_at_once_get_no_more_answers_than_one_by_one(cast: Cast) -> None:
    case = Walk(cast, make_file(cast.origin)).to(State.SENT)

    def guess(i: int) -> int:
        try:
            return int(ask(case.tracking_number, wrong(case), f"198.51.100.{i}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as many:
        found = list(many.map(guess, range(12)))
    assert (found.count(422), found.count(429)) == (5, 7)


# --- the slip ---------------------------------------------------------------------------------------------


def test_the_slip_leads_to_the_page_and_shows_nothing_that_opens_it(walk: Walk, settings: Any) -> None:
    settings.PUBLIC_URL = "https://follow.example.org"
    case = walk.to(State.DRAFT)
    url = reverse("case_slip", args=[case.pk])
    assert f'href="{url}"' in text(as_(walk.clerk).get(reverse("case", args=[case.pk])))
    answer = as_(walk.clerk).get(url)
    shown = text(answer).translate(ASCII)
    assert "https://follow.example.org/follow/" in shown and answer.context["slip"].number in shown
    assert case.national_code not in shown and case.pension_number not in shown
    (way,) = re.findall(r'<p class="slip-way">(.*?)</p>', text(answer), re.DOTALL)
    assert 0 < way.index(str(case.origin)) < way.index(str(case.destination))
    address = f"https://follow.example.org/follow/?number={case.tracking_number}"
    assert answer.context["slip"].qr == drawn(address)  # and no digit of the national code
    assert as_(walk.cast.at(walk.cast.third, Role.CLERK)).get(url).status_code == 404


def test_a_slip_of_a_site_that_strangers_cannot_reach_names_no_address(walk: Walk, settings: Any) -> None:
    settings.PUBLIC_URL = ""
    answer = as_(walk.clerk).get(reverse("case_slip", args=[walk.to(State.DRAFT).pk]))
    assert answer.context["slip"].qr == "" and "slip-address" not in text(answer)
