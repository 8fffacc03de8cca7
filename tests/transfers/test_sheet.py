"""The transfer sheet on the paper file: what it prints, and what is said when its code is scanned."""

import json
import re
from typing import Any

import pytest
import segno
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import translation

from branches.models import PensionFile
from branches.roles import Action, Role
from central.models import Envelope
from pension_transfer.lib.persian import to_persian_digits
from pension_transfer.lib.templatetags import persian
from tests.cast import PAPER, PAPER_SENT, Walk, make_file, press
from tests.expect import fresh
from tests.pages import ASCII, as_, goes_to, text
from transfers import scan, sheet
from transfers.letters import letter_of
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
NUMBER, SEAL = "0801050000018", "0123456789ABCDEF"
WHY = {"reason": "مدرک ناقص است"}
FOREIGN = "F" * 16


def sheet_of(case: TransferCase, version: int | None = None) -> str:
    """What the code on a version's sheet says."""
    row = case.contents.get(version=version or fresh(case).version)
    return scan.text_of(case.tracking_number, row.seal)


# --- reading what a scanner types ---------------------------------------------------------------------------

TYPED = {
    "as printed": f"PT1:{NUMBER}:{SEAL}",
    "small letters": f"pt1:{NUMBER}:{SEAL.lower()}",
    "persian digits": to_persian_digits(f"PT1:{NUMBER}:{SEAL}"),
    "persian keys": to_persian_digits(f"حف1ک{NUMBER}ک0123456789شذزیثب"),
    "arabic letters": f"حف1:{NUMBER}:0123456789شذزيثب",
    "standard layout with shift": f"[\u064f1:{NUMBER}:0123456789ؤ\u200cژي\u064dإ",
    "older layout with shift": f"\\،1:{NUMBER}:0123456789\u064eإژ\u0650\u064d\u0651",
    "in groups": "PT1 0801-05-000-0018 0123 4567 89AB CDEF",
}


@pytest.mark.parametrize("name", TYPED)
def test_a_sheet_is_read_however_the_scanner_types_it(name: str) -> None:
    assert scan.read(TYPED[name]) == scan.Sheet(NUMBER, SEAL)


@pytest.mark.parametrize("typed", [NUMBER, "", "علی حسینی", "PT1:123", f"PT1:{NUMBER}:{SEAL}0", "PT1" + "9" * 5000])
def test_anything_else_is_no_sheet(typed: str) -> None:
    assert scan.read(typed) is None


# --- printing ---------------------------------------------------------------------------------------------------


def test_both_branches_print_the_sheet_and_nobody_else(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    row = walk.case.contents.get(version=1)
    for person, case in ((walk.clerk, walk.case), (walk.staff, walk.copy)):
        url = reverse("case_sheet", args=[case.pk])
        assert f'href="{url}"' in text(as_(person).get(reverse("case", args=[case.pk])))
        shown = text(as_(person).get(url))
        assert row.seal[:4].upper() in shown and row.seal[12:16].upper() in shown
        plain = shown.translate(ASCII)
        wanted = [case.national_code, case.pension_number, case.letter_number, case.person_name, "120"]
        assert [value for value in wanted if value not in plain] == []
        names = [given["name"] for given in json.loads(row.body)["approvals"]]
        assert all(name in shown for name in names)
        assert as_(walk.cast.reader("outsider")).get(url).status_code == 404
        assert as_(walk.cast.at(walk.cast.third, Role.CLERK)).get(url).status_code == 404


def test_the_code_on_the_sheet_says_number_and_seal(walk: Walk) -> None:
    case = walk.to(State.SENT)
    shown = text(as_(walk.clerk).get(reverse("case_sheet", args=[case.pk])))
    (drawn,) = re.findall(r'<path[^>]* class="qrline"[^>]*? d="([^"]+)"', shown)
    seal = Envelope.objects.get().seal[:16].upper()
    wanted = segno.make(f"PT1:{case.tracking_number}:{seal}", error="m", micro=False).svg_inline(border=2)
    assert f'd="{drawn}"' in wanted


def test_there_is_no_sheet_before_the_seal(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    url = reverse("case_sheet", args=[case.pk])
    assert as_(walk.clerk).get(url).status_code == 409
    assert f'href="{url}"' not in text(as_(walk.clerk).get(reverse("case", args=[case.pk])))
    walk.send()
    assert as_(walk.clerk).get(url).status_code == 200
    press(Action.RECALL, fresh(walk.case), walk.head, **WHY)
    assert as_(walk.clerk).get(url).status_code == 409


# --- scanning -----------------------------------------------------------------------------------------------------


def says(answer: object) -> list[str]:
    """The tones of what a page is going to say."""
    return [message.level_tag for message in get_messages(answer.wsgi_request)]  # type: ignore[attr-defined]


def second_version(walk: Walk) -> None:
    walk.case = press(Action.ASSEMBLE, fresh(walk.case), walk.clerk)
    walk.technical()
    walk.send()


def test_scanning_opens_the_case_and_checks_the_seal(walk: Walk) -> None:
    walk.to(State.RETURNED, Side.DESTINATION)
    walk.case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    second_version(walk)
    walk.receive()
    copy = fresh(walk.copy)
    cases = {
        "success": sheet_of(copy), "warning": sheet_of(copy, 1),
        "error": scan.text_of(copy.tracking_number, FOREIGN),
    }  # fmt: skip
    for tone, typed in cases.items():
        for person, case in ((walk.clerk, walk.case), (walk.staff, copy)):
            answer = as_(person).post(reverse("tracking"), {"q": to_persian_digits(typed)})
            assert (goes_to(answer), says(answer)) == (reverse("case", args=[case.pk]), [tone])


def test_an_older_version_that_never_came_here_is_named_by_the_center(walk: Walk) -> None:
    walk.to(State.SENT)
    old = sheet_of(walk.case)
    walk.case = press(Action.RECALL, fresh(walk.case), walk.head, **WHY)
    second_version(walk)
    walk.receive()
    answer = as_(walk.staff).post(reverse("tracking"), {"q": old})
    assert says(answer) == ["warning"]


def test_the_sheet_of_another_move_does_not_belong_to_this_one(walk: Walk) -> None:
    case = walk.to(State.SENT)
    other = Walk(walk.cast, make_file(walk.cast.origin, 2)).to(State.SENT)
    typed = scan.text_of(case.tracking_number, other.contents.get().seal)
    assert says(as_(walk.clerk).post(reverse("tracking"), {"q": typed})) == ["error"]


def test_who_may_not_see_the_case_finds_nothing(walk: Walk) -> None:
    case = walk.to(State.SENT)
    for role in (Role.CLERK, Role.DESTINATION_STAFF):
        stranger = as_(walk.cast.at(walk.cast.third, role))
        answer = stranger.post(reverse("tracking"), {"q": sheet_of(case)}, follow=True)
        assert (answer.status_code, case.person_name in text(answer), says(answer)) == (200, False, [])
    assert not stranger.get(reverse("receive_list"), {"q": sheet_of(case)}).context["rows"]


def test_who_sees_both_copies_is_told_beside_them(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    center = as_(walk.cast.reader(Role.CENTER_OPERATOR))
    answer = center.get(reverse("tracking"), {"q": sheet_of(walk.case)})
    assert (len(answer.context["moves"][0].copies), answer.context["verdict"].tone) == (2, "success")


def test_what_still_waits_at_the_center_is_shown_alone_with_its_seal_checked(walk: Walk) -> None:
    case = walk.to(State.SENT)
    Walk(walk.cast, make_file(walk.cast.origin, 2)).to(State.SENT)
    staff, url = as_(walk.staff), reverse("receive_list")
    assert len(staff.get(url).context["rows"]) == 2
    for tone, typed in {"success": sheet_of(case), "error": scan.text_of(case.tracking_number, FOREIGN)}.items():
        for answer in (staff.post(url, {"q": typed}), staff.post(reverse("tracking"), {"q": typed}, follow=True)):
            (row,) = answer.context["rows"]
            assert (row.envelope.tracking_number, row.verdict.tone) == (case.tracking_number, tone)


@pytest.mark.parametrize("by", ["tracking_number", "pension_number"])
def test_a_number_typed_on_the_receive_screen_finds_what_waits_or_opens_the_case(walk: Walk, by: str) -> None:
    number = to_persian_digits(getattr(walk.to(State.SENT), by))
    (row,) = as_(walk.staff).post(reverse("receive_list"), {"q": number}).context["rows"]
    assert row.verdict is None
    walk.receive()
    answer = as_(walk.staff).post(reverse("receive_list"), {"q": f"{number[:4]}-{number[4:]}"})
    assert goes_to(answer) == reverse("case", args=[walk.copy.pk])
    nothing = as_(walk.staff).post(reverse("receive_list"), {"q": "9999999999999"})
    assert (nothing.status_code, nothing.context["rows"]) == (200, [])


def test_a_sheet_of_an_older_version_is_known_while_the_new_one_waits(walk: Walk) -> None:
    walk.to(State.SENT)
    old = sheet_of(walk.case)
    walk.case = press(Action.RECALL, fresh(walk.case), walk.head, **WHY)
    second_version(walk)
    (row,) = as_(walk.staff).get(reverse("receive_list"), {"q": old}).context["rows"]
    assert (row.envelope.version, row.verdict.tone) == (2, "warning")


def test_a_persons_number_is_not_taken_from_the_address_of_the_receive_screen(walk: Walk) -> None:
    case = walk.to(State.SENT)
    answer = as_(walk.staff).get(reverse("receive_list"), {"q": case.pension_number})
    assert "is_looked_up" not in answer.context and len(answer.context["rows"]) == 1


# --- the letter and the receipt -------------------------------------------------------------------------------------


def test_the_letter_states_the_last_pay_with_its_amounts_in_words(walk: Walk) -> None:
    case = walk.to(State.SENT)
    shown = text(as_(walk.clerk).get(reverse("case_letter", args=[case.pk])))
    total = sum(line["amount"] for line in json.loads(case.contents.get().body)["decrees"][-1]["lines"])
    first = persian.jalali_month(letter_of(case).first_month)
    wanted = [persian.rial(total), persian.words(total), first]
    assert [value for value in [*wanted, case.person_name, str(case.destination)] if value not in shown] == []


def test_there_is_no_letter_before_the_seal_and_no_receipt_before_the_arrival(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    assert as_(walk.clerk).get(reverse("case_letter", args=[case.pk])).status_code == 409
    other = Walk(walk.cast, make_file(walk.cast.origin, 2))
    copy = other.to(State.RECEIVED, Side.DESTINATION)
    url = reverse("case_receipt", args=[copy.pk])
    assert as_(walk.staff).get(url).status_code == 409
    press(Action.RECORD_PAPER, copy, walk.staff, **PAPER)
    shown = text(as_(walk.staff).get(url))
    assert PAPER["paper_letter_number"] in shown.translate(ASCII) and copy.person_name in shown
    assert as_(walk.cast.reader("outsider")).get(url).status_code == 404


def parts(answer: Any) -> tuple[str, str]:
    """The head of a printed letter, and what stands under it."""
    (article,) = re.findall("<article.*?</article>", text(answer), re.DOTALL)
    head, _end, rest = article.partition("</header>")
    return head, rest


def test_each_paper_goes_from_the_branch_that_writes_it_to_the_other(walk: Walk) -> None:
    """To the letter its own marks; to the receipt what was counted here, not what was said there."""
    walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.DISPATCH_PAPER, fresh(walk.case), walk.clerk, **PAPER_SENT)
    said = {"paper_pages": "117", "paper_condition": "damaged", "paper_note": "برگ <b>۲</b> پاره است"}
    press(Action.RECORD_PAPER, fresh(walk.copy), walk.staff, **PAPER | said)
    origin, destination = str(walk.cast.origin), str(walk.cast.destination)
    for name, case, by, sender, addressee in (
        ("case_letter", walk.case, walk.clerk, origin, destination),
        ("case_receipt", walk.copy, walk.staff, destination, origin),
    ):
        url = reverse(name, args=[case.pk])
        head, rest = parts(as_(by).get(url))
        assert (sender in head, addressee in head, sender in rest, addressee in rest) == (True, False, False, True)
        assert as_(walk.cast.at(walk.cast.third, Role.CLERK)).get(url).status_code == 404
        assert as_(walk.cast.reader("outsider")).get(url).status_code == 404
        if name == "case_letter":
            assert PAPER_SENT["paper_sent_letter"] in head.translate(ASCII)
    assert "117" in rest.translate(ASCII) and "&lt;b&gt;" in rest and "<b>" not in rest


def test_every_amount_of_the_letter_stands_beside_its_own_words(walk: Walk) -> None:
    """The decree in force is the last one; arrears and over-payment are said where there are some."""
    owed = {"arrears_amount": 1_200_000, "arrears_note": "عیدی", "overpaid_amount": 340_000, "overpaid_note": "بهمن"}
    PensionFile.objects.filter(pk=walk.file.pk).update(**owed)
    case = walk.to(State.SENT)
    shown = re.sub("[ \n]+", " ", parts(as_(walk.clerk).get(reverse("case_letter", args=[case.pk])))[1])
    for amount in (166_255_500, 1_200_000, 340_000):
        assert f'{persian.rial(amount)} <span class="in-words">{persian.words(amount)}</span>' in shown, amount
    letter = letter_of(fresh(case))
    first, last = letter.content["decrees"]
    first["lines"][0]["amount"] = 90_000_000
    letter.content["decrees"][:] = [last, first]  # however they are laid
    assert letter.amount == 166_255_500


@pytest.mark.parametrize(("sex", "honorific"), [("female", "Mrs."), ("male", "Mr.")])
def test_the_letter_speaks_of_a_woman_as_of_a_woman(walk: Walk, sex: str, honorific: str) -> None:
    letter = letter_of(walk.to(State.SENT))
    letter.content["principal"]["sex"] = sex
    with translation.override("en"):
        assert letter.honorific == honorific


def test_the_pages_of_a_letter_are_those_that_left(walk: Walk) -> None:
    """What was counted then; before that what was sealed."""
    case = walk.to(State.SENT)
    assert letter_of(fresh(case)).sheet.pages == 120
    press(Action.DISPATCH_PAPER, fresh(case), walk.clerk, **PAPER_SENT | {"paper_sent_pages": "118"})
    assert letter_of(fresh(case)).sheet.pages == 118


def test_a_second_version_prints_its_own_seal(walk: Walk) -> None:
    walk.to(State.SENT)
    walk.case = press(Action.RECALL, fresh(walk.case), walk.head, **WHY)
    second_version(walk)
    case = fresh(walk.case)
    assert sheet.of_case(case).row.version == sheet.of_cases([case])[case.pk].row.version == 2
