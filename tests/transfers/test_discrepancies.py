"""A mistake finds its way home: a discrepancy its field, a wrong destination the right one, a late word its writer."""

from typing import Any

import pytest
from django.urls import reverse

from branches import services
from branches.models import PensionFile, User
from branches.roles import Action
from pension_transfer.lib.errors import BadInput
from tests.cast import DIFFERENCE, MOVE, Walk, press
from tests.expect import fresh, refused, written
from tests.pages import as_, goes_to, push, queries, text
from tests.transfers.resending import ON_PAPER, WHY, WRONG_BRANCH, correct, reopened, story
from transfers.discrepancies import OfCase
from transfers.models import TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- a discrepancy finds its field -------------------------------------------------------------------------


def test_a_discrepancy_stands_at_the_origin_until_its_field_is_corrected(walk: Walk) -> None:
    case = walk.to(State.RETURNED)
    (one,) = story(walk.clerk, case).to_correct
    form = f"{reverse('file_correct', args=[walk.file.pk, 'principal'])}?field=birth_date"
    assert (one.url, one.of.is_corrected, one.of.sent) == (form, False, "1334/02/14")
    page = text(as_(walk.clerk).get(one.url))
    assert "۱۳۳۴/۰۲/۱۶" in page and 'class="remark"' in page and "autofocus" in page
    assert story(walk.officer, case).to_correct[0].url == ""  # who does not correct files has no way there
    correct(walk, birth_date=ON_PAPER)
    (one,) = story(walk.clerk, case).to_correct
    assert (one.of.is_corrected, one.of.now) == (True, "1334/02/16")
    assert 'class="remark"' not in text(as_(walk.clerk).get(form))


def test_every_field_leads_to_where_it_is_corrected(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.SHOW_DECREES, walk.copy, walk.staff)
    son = walk.file.dependents.get(relationship="son")
    decree, loan = walk.file.decrees.get(number="1/05"), walk.file.deductions.get()
    expected = {
        "contact.iban": ("contact", None, "iban"),
        "last_pay_certificate.last_paid_month": ("certificate", None, "last_paid_month"),
        "last_pay_certificate.overpaid_amount": ("certificate", None, "overpaid_amount"),
        f"dependents.{son.national_code}.share_percent": ("dependent", son.pk, "share_percent"),
        "decrees.1/05.amount_after": ("decree", decree.pk, "amount_after"),
        "decrees.1/05.lines.1": ("decree", decree.pk, "lines"),
        "deductions.loan بانک رفاه.monthly_amount": ("deduction", loan.pk, "monthly_amount"),
        "dependents.count": ("dependent", None, "count"),
        "principal.pension_number": None,  # it names the pension in the center and is never corrected
    }
    for path in expected:
        press(Action.JUDGE, walk.copy, walk.staff, **DIFFERENCE | {"path": path, "paper_value": "چیز دیگر"})
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff)
    asked = OfCase(fresh(walk.case))
    assert {one.finding.path: asked.place(one) for one in asked.returned} == expected
    urls = [one.url.partition("#")[0] for one in story(walk.clerk, fresh(walk.case)).to_correct]
    assert [as_(walk.clerk).get(url).status_code for url in urls] == [200] * len(expected)
    cost = queries(walk.clerk, reverse("case", args=[walk.case.pk]))
    assert cost <= 18


def test_a_discrepancy_of_a_row_that_is_gone_is_corrected(walk: Walk) -> None:
    walk.to(State.RECEIVED, Side.DESTINATION)
    wife = walk.file.dependents.get(relationship="wife")
    path = f"dependents.{wife.national_code}.first_name"
    press(Action.JUDGE, walk.copy, walk.staff, **DIFFERENCE | {"path": path, "code": "wrong_person"})
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff)
    services.remove(PensionFile.objects.get(pk=walk.file.pk), "dependent", wife.pk, walk.clerk, "تکراری")
    (one,) = story(walk.clerk, fresh(walk.case)).to_correct
    assert (one.of.is_corrected, one.url) == (True, reverse("file", args=[walk.file.pk]))


def test_what_the_own_officer_found_is_shown_to_the_clerk_in_the_same_way(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    press(Action.JUDGE, case, walk.officer, **DIFFERENCE)
    press(Action.SEND_BACK, case, walk.officer, **WHY)
    (one,) = story(walk.clerk, case).to_correct
    assert 'class="remark"' in text(as_(walk.clerk).get(one.url))
    assert story(walk.head, case).to_correct == []
    correct(walk, birth_date=ON_PAPER)
    assert story(walk.clerk, case).to_correct == []


def test_what_was_not_corrected_is_named_and_does_not_block(walk: Walk) -> None:
    case = reopened(walk, {"father_name": "غلامحسین"})
    assert story(walk.clerk, case).unchanged and story(walk.officer, case).unchanged
    walk.technical()
    assert walk.case.state == State.TECHNICALLY_APPROVED
    correct(walk, birth_date=ON_PAPER)
    assert story(walk.clerk, walk.case).unchanged == ""


def test_a_decree_text_longer_than_what_is_kept_of_it_goes_back_all_the_same(walk: Walk) -> None:
    correct(walk, "decree", walk.file.decrees.get(number="1/05").pk, description="متن " * 120)
    walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.SHOW_DECREES, walk.copy, walk.staff)
    press(Action.JUDGE, walk.copy, walk.staff, **DIFFERENCE | {"path": "decrees.1/05.description"})
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff)
    assert fresh(walk.case).state == State.RETURNED


# --- the wrong destination ------------------------------------------------------------------------------------


def test_a_wrong_destination_goes_back_and_on_with_one_press_each(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    page = text(as_(walk.staff).get(reverse("case", args=[copy.pk])))
    assert 'value="wrong_branch"' in page
    goes_to(push(walk.staff, Action.RETURN_TO_ORIGIN, copy, **WRONG_BRANCH))
    case = fresh(walk.case)
    assert story(walk.clerk, case).suggestion == walk.cast.third
    case = press(Action.REOPEN, case, walk.clerk)
    told = story(walk.clerk, case)
    assert 'name="destination" value="0701"' in text(as_(walk.clerk).get(reverse("case", args=[case.pk])))
    form = as_(walk.clerk).get(reverse("case_step", args=[case.pk, Action.EDIT_MOVE])).context["page"].step.form
    assert form["destination"].value() == walk.cast.third.pk
    goes_to(push(walk.clerk, Action.EDIT_MOVE, case, **told.redirection))
    case = fresh(case)
    assert (case.destination, case.letter_number) == (walk.cast.third, MOVE["letter_number"])
    assert str(case.letter_date) == "2026-11-11"
    assert story(walk.clerk, case).suggestion is None


@pytest.mark.parametrize("branch", ["0801", "1001", "9999", ""])
def test_neither_origin_nor_sender_nor_nobody_is_suggested(walk: Walk, branch: str) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    with refused(BadInput, "invalid") as caught:
        press(Action.RETURN_TO_ORIGIN, copy, walk.staff, code="wrong_branch", suggested_branch=branch)
    assert set(caught.value.errors) == {"suggested_branch"}


def test_a_closed_branch_is_not_suggested(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    walk.cast.third.is_active = False
    walk.cast.third.save()
    answer = push(walk.staff, Action.RETURN_TO_ORIGIN, copy, back="step", note="مدارک شیراز نیست", **WRONG_BRANCH)
    assert answer.status_code == 422 and "مدارک شیراز نیست" in text(answer)
    walk.cast.third.is_active = True
    walk.cast.third.save()
    press(Action.RETURN_TO_ORIGIN, copy, walk.staff, **WRONG_BRANCH)
    walk.cast.third.is_active = False
    walk.cast.third.save()
    assert story(walk.clerk, fresh(walk.case)).suggestion is None


def test_the_clerks_own_decision_ends_the_suggestion(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.RETURN_TO_ORIGIN, copy, walk.staff, **WRONG_BRANCH)
    case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    case = press(Action.EDIT_MOVE, case, walk.clerk, **MOVE | {"note": "همان شعبه درست است"})
    assert (story(walk.clerk, case).suggestion, case.destination_id) == (None, "1001")


# --- a page that has grown old -------------------------------------------------------------------------------------


def _stale_return(walk: Walk) -> tuple[User, str, TransferCase, dict[str, Any]]:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.SHOW_DECREES, copy, walk.staff)
    return walk.other_officer, Action.RETURN_TO_ORIGIN, copy, {"code": "other", "note": "پرونده دیگری رسیده"}


def _overtaken_return(walk: Walk) -> tuple[User, str, TransferCase, dict[str, Any]]:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    press(Action.RETURN_TO_ORIGIN, copy, walk.staff, **WRONG_BRANCH)
    return walk.other_officer, Action.RETURN_TO_ORIGIN, copy, {"code": "other", "note": "پرونده دیگری رسیده"}


def _stale_send_back(walk: Walk) -> tuple[User, str, TransferCase, dict[str, Any]]:
    case = walk.to(State.DRAFT)
    press(Action.EDIT_MOVE, case, walk.clerk, **MOVE)
    return walk.officer, Action.SEND_BACK, case, {"reason": "برگ دوم ندارد"}


def _overtaken_send_back(walk: Walk) -> tuple[User, str, TransferCase, dict[str, Any]]:
    case = walk.to(State.DRAFT)
    press(Action.CANCEL, case, walk.head, **WHY)
    return walk.officer, Action.SEND_BACK, case, {"reason": "برگ دوم ندارد"}


def _stale_edit(walk: Walk) -> tuple[User, str, TransferCase, dict[str, Any]]:
    case = walk.to(State.DRAFT)
    press(Action.EDIT_MOVE, case, walk.clerk, **MOVE)
    return walk.clerk, Action.EDIT_MOVE, case, MOVE | {"note": "نشانی تازه مستمری‌بگیر"}


def _overtaken_reopen(walk: Walk) -> tuple[User, str, TransferCase, dict[str, Any]]:
    case = walk.to(State.RETURNED)
    press(Action.REOPEN, case, walk.officer)
    return walk.clerk, Action.REOPEN, case, {}


@pytest.mark.parametrize(
    "meet",
    [_stale_return, _overtaken_return, _stale_send_back, _overtaken_send_back, _stale_edit, _overtaken_reopen],
)
def test_the_later_writer_is_told_and_loses_nothing(walk: Walk, meet: Any) -> None:
    user, action, seen, typed = meet(walk)
    before = written()
    answer = push(user, action, seen, back="step", **typed)
    assert (answer.status_code, written()) == (409, before)
    last = fresh(seen).events.exclude(by_name="").latest("sequence")
    assert last.by_name in str(answer.context["page"].notice)
    words = [value for name, value in typed.items() if name in {"note", "reason"}]
    assert all(word in text(answer) for word in words)
