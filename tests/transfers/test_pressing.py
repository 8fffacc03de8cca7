"""Pressing buttons on the pages of a case: what is done, what is refused, and what comes back of what was typed."""

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import translation

from branches.roles import Action, Role
from central.models import Waiting
from tests.cast import LAST_PAID, LAST_PAID_TYPED, MOVE, Cast, Walk, judge_all, make_cast, make_file, press
from tests.expect import fresh, written
from tests.pages import ASCII, as_, command, goes_to, push, text
from transfers.models import TransferCase, TransferEvent
from transfers.states import Side, State, find_step
from transfers.views.case import sentence_of

pytestmark = pytest.mark.django_db(databases="__all__")


# --- pressing -----------------------------------------------------------------------------------------


def test_a_step_is_taken_and_its_page_says_so(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    answer = push(walk.officer, Action.SEND_BACK, case, reason="برگ دوم ندارد")
    assert goes_to(answer) == reverse("case", args=[case.pk])
    assert fresh(case).state == State.REFERRAL
    page = as_(walk.clerk).get(goes_to(answer))
    assert "برگ دوم ندارد" in text(page)


def test_fault_14_pressing_twice_takes_the_step_once(walk: Walk) -> None:
    case, client = walk.to(State.DRAFT), as_(walk.officer)
    data = command(seen=case.trail_length, reason="برگ دوم ندارد")
    url = reverse("case_step", args=[case.pk, Action.SEND_BACK])
    answers = [client.post(url, data) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert TransferEvent.objects.filter(action=Action.SEND_BACK).count() == 1


def test_bad_input_comes_back_on_the_page_it_was_typed_on(walk: Walk) -> None:
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    before = written()
    answer = push(walk.officer, Action.APPROVE_TECHNICAL, case, last_paid_month="1405/02")
    assert (answer.status_code, written()) == (422, before)
    assert 'id="approve_technical_last_paid_month_error"' in text(answer)
    assert 'value="۱۴۰۵/۰۲"' in text(answer)


@pytest.mark.parametrize("number", [None, "", "x", "123"])
def test_a_form_without_its_number_is_refused_and_keeps_what_was_typed(walk: Walk, number: str | None) -> None:
    case, before = walk.to(State.DRAFT), written()
    data = {"reason": "برگ دوم ندارد", "back": "step"} | ({"command_id": number} if number is not None else {})
    answer = as_(walk.officer).post(reverse("case_step", args=[case.pk, Action.SEND_BACK]), data)
    assert (answer.status_code, written()) == (422, before)
    assert "برگ دوم ندارد" in text(answer)
    answer = as_(walk.officer).post(reverse("case_step", args=[case.pk, Action.SEND_BACK]), command(seen="x"))
    assert (answer.status_code, written()) == (422, before)


def test_fault_20_a_page_that_has_grown_old_is_told_what_happened(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    press(Action.EDIT_MOVE, case, walk.clerk, **(MOVE | {"note": "تازه"}))
    before = written()
    answer = push(walk.officer, Action.SEND_BACK, case, reason="برگ دوم ندارد", back="step")
    assert (answer.status_code, written()) == (409, before)
    assert "برگ دوم ندارد" in text(answer)
    assert f'name="seen" value="{fresh(case).trail_length}"' in text(answer)


def test_fault_20_a_step_no_longer_possible_gives_back_what_was_typed(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    walk.technical()
    answer = push(walk.officer, Action.EDIT_MOVE, case, **MOVE)
    assert answer.status_code == 403
    answer = push(walk.officer, Action.APPROVE_TECHNICAL, case, last_paid_month=LAST_PAID_TYPED)
    assert (answer.status_code, answer.context["page"].typed[0][1]) == (409, LAST_PAID_TYPED)
    assert LAST_PAID_TYPED in text(answer)


def test_a_step_with_a_form_has_a_page_of_its_own(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    answer = as_(walk.officer).get(reverse("case_step", args=[case.pk, Action.SEND_BACK]))
    assert (answer.status_code, answer.context["page"].step.action) == (200, Action.SEND_BACK)
    for action in (Action.APPROVE_HEAD, Action.JUDGE, "nonsense"):
        answer = as_(walk.officer).get(reverse("case_step", args=[case.pk, action]))
        assert goes_to(answer) == reverse("case", args=[case.pk])
    assert as_(walk.officer).post(reverse("case_step", args=[case.pk, "nonsense"]), command()).status_code == 404


def test_a_step_back_is_named_as_on_its_button(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    label = find_step(Action.SEND_BACK, case.side, case.state).label  # type: ignore[union-attr] # it is in the table
    push(walk.head, Action.SEND_BACK, case, reason="برگ دوم ندارد")
    with translation.override("en"):
        assert f"{label}." in sentence_of(fresh(case), Action.SEND_BACK)


def test_why_a_case_came_back_stands_beside_whose_turn_it_is(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    push(walk.head, Action.SEND_BACK, case, reason="برگ دوم ندارد")
    url = reverse("case", args=[case.pk])
    assert as_(walk.clerk).get(url).context["page"].brought_back.note == "برگ دوم ندارد"
    push(walk.clerk, Action.ASSEMBLE, fresh(case))
    assert as_(walk.officer).get(url).context["page"].brought_back is None


def test_fault_21_a_session_that_ended_leads_back_to_the_form(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    url = reverse("case_step", args=[case.pk, Action.SEND_BACK])
    answer = Client().post(url, command(reason="برگ دوم ندارد"))
    assert goes_to(answer) == f"{reverse('sign_in')}?next={url}"
    assert as_(walk.officer).get(url).status_code == 200
    assert Client().get(goes_to(answer)).context["was_inside"]
    assert not Client().get(goes_to(Client().get(reverse("cartable")))).context["was_inside"]
    piece = Client().get(goes_to(answer), headers={"HX-Request": "true"})
    assert piece.headers["HX-Refresh"] == "true"


def test_a_blocked_button_says_why(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    main = as_(walk.officer).get(reverse("case", args=[case.pk])).context["page"].main
    assert (main.action, main.button.is_open, bool(main.blocked)) == (Action.APPROVE_TECHNICAL, False, True)


def test_what_is_missing_leads_to_where_it_is_entered(walk: Walk) -> None:
    case = walk.to(State.REFERRAL)
    lacks = as_(walk.clerk).get(reverse("case", args=[case.pk])).context["page"].missing
    assert [lack.url for lack in lacks] == [f"{reverse('file_correct', args=[walk.file.pk, 'contact'])}#id_iban"]


# --- comparing ----------------------------------------------------------------------------------------


def test_decrees_are_hidden_until_they_are_shown(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    for screen in ("case", "decrees"):
        assert "1/94" not in text(as_(walk.staff).get(reverse(screen, args=[copy.pk]))).translate(ASCII)
    answer = push(walk.staff, Action.SHOW_DECREES, copy)
    assert goes_to(answer) == reverse("decrees", args=[copy.pk])
    page = text(as_(walk.staff).get(goes_to(answer))).translate(ASCII)
    assert "1/94" in page and "166٬255٬500" in page


def test_registering_shows_first_what_will_be_written(walk: Walk) -> None:
    copy = walk.to(State.VERIFIED, Side.DESTINATION)
    page = as_(walk.staff).get(reverse("case", args=[copy.pk])).context["page"]
    assert (page.main.action, page.preview) == (Action.REGISTER, {"dependents": 2, "decrees": 2, "deductions": 1})
    assert page.first_month == LAST_PAID + 1


def test_earlier_versions_stay_readable(walk: Walk) -> None:
    walk.to(State.RETURNED)
    case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    page = as_(walk.clerk).get(reverse("case", args=[case.pk])).context["page"]
    assert ([version.number for version in page.story.all], page.story.is_told) == ([1], True)
    assert as_(walk.clerk).get(reverse("case_version", args=[case.pk, 1])).status_code == 200
    assert as_(walk.clerk).get(reverse("case_version", args=[case.pk, 7])).status_code == 404
    stranger = walk.cast.at(walk.cast.third, Role.CLERK)
    assert as_(stranger).get(reverse("case_version", args=[case.pk, 1])).status_code == 404


# --- several at once ----------------------------------------------------------------------------------


def test_the_head_sends_several_and_a_changed_one_is_refused_alone(cast: Cast) -> None:
    cases = [Walk(cast, make_file(cast.origin, n)).to(State.TECHNICALLY_APPROVED) for n in (1, 2, 3)]
    head = as_(cast.at(cast.origin, Role.BRANCH_HEAD))
    assert [case.pk for case in head.get(reverse("send_list")).context["cases"]] == [case.pk for case in cases]
    hashes = {f"hash-{case.pk}": case.content_hash for case in cases} | {f"hash-{cases[1].pk}": "0" * 64}
    data = command(case=[case.pk for case in cases]) | hashes
    for _twice in range(2):  # the same form again does nothing twice
        answer = head.post(reverse("send_list"), data)
        states = [fresh(case).state for case in cases]
        assert (answer.status_code, states) == (200, [State.SENT, State.TECHNICALLY_APPROVED, State.SENT])
    assert TransferEvent.objects.filter(action=Action.APPROVE_HEAD).count() == 2
    assert [outcome.reason != "" for outcome in answer.context["outcomes"]] == [False, True, False]


def test_sending_needs_a_tick_a_role_and_another_person(cast: Cast, walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    assert as_(walk.head).post(reverse("send_list"), command()).status_code == 422
    assert as_(walk.clerk).post(reverse("send_list"), command(case=case.pk)).status_code == 403
    elsewhere = as_(cast.at(cast.third, Role.BRANCH_HEAD)).post(reverse("send_list"), command(case=case.pk))
    assert (elsewhere.status_code, elsewhere.context["outcomes"]) == (200, [])
    assert as_(walk.head).post(reverse("send_list"), {"case": case.pk}).status_code == 422
    assert fresh(case).state == State.TECHNICALLY_APPROVED


def test_one_file_is_received_and_leads_to_its_case_however_often_it_is_pressed(walk: Walk) -> None:
    envelope = walk.to(State.SENT).envelope_id
    staff = as_(walk.staff)
    assert [row.envelope.pk for row in staff.get(reverse("receive_list")).context["rows"]] == [envelope]
    data = command(only=str(envelope))
    for again in (data, data, command(only=str(envelope))):
        answer = staff.post(reverse("receive_list"), again)
        copy = TransferCase.objects.get(side=Side.DESTINATION)
        assert goes_to(answer) == reverse("case", args=[copy.pk])
    assert TransferEvent.objects.filter(action=Action.RECEIVE).count() == 1


def test_several_are_received_at_once(cast: Cast) -> None:
    envelopes = [Walk(cast, make_file(cast.origin, n)).to(State.SENT).envelope_id for n in (1, 2)]
    staff = as_(cast.at(cast.destination, Role.DESTINATION_STAFF))
    answer = staff.post(reverse("receive_list"), command(envelope=[str(pk) for pk in envelopes]))
    assert [outcome.tone for outcome in answer.context["outcomes"]] == ["success", "success"]
    assert TransferCase.objects.filter(side=Side.DESTINATION).count() == 2


@pytest.mark.parametrize("number", ["x", "", "7f0c1c9e-5a3a-4d0e-9c53-3f6a2d1b8e44"])
def test_what_is_not_there_cannot_be_received(walk: Walk, number: str) -> None:
    walk.to(State.SENT)
    before = written()
    answer = as_(walk.staff).post(reverse("receive_list"), command(only=number))
    assert (answer.status_code, [o.tone for o in answer.context["outcomes"]], written()) == (200, ["error"], before)


def test_what_is_addressed_to_another_branch_cannot_be_received(walk: Walk) -> None:
    envelope, before = walk.to(State.SENT).envelope_id, written()
    elsewhere = as_(walk.cast.at(walk.cast.third, Role.DESTINATION_STAFF))
    assert elsewhere.get(reverse("receive_list")).context["rows"] == []
    answer = elsewhere.post(reverse("receive_list"), command(only=str(envelope)))
    assert ([o.tone for o in answer.context["outcomes"]], written()) == (["error"], before)
    assert as_(walk.staff).post(reverse("receive_list"), command()).status_code == 422


# --- the center out of reach --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(settings.CENTER == "default", reason="the center lives in the site's own database")
def test_without_the_center_the_pages_say_so_and_the_step_waits() -> None:
    walk = Walk(make_cast())
    case = walk.to(State.TECHNICALLY_APPROVED)
    center = connections[settings.CENTER]
    port, center.settings_dict["PORT"] = center.settings_dict["PORT"], "1"
    center.close()
    try:
        assert not as_(walk.staff).get(reverse("cartable")).context["at_center"].is_reached
        assert as_(walk.staff).get(reverse("receive_list")).context["is_unreachable"]
        data = command(case=case.pk) | {f"hash-{case.pk}": case.content_hash}
        (outcome,) = as_(walk.head).post(reverse("send_list"), data).context["outcomes"]
        assert (outcome.state, outcome.reason) == (State.HEAD_APPROVED, "")
        answer = push(walk.head, Action.RECALL, fresh(case), reason="برگشت")
        assert (answer.status_code, fresh(case).state) == (302, State.HEAD_APPROVED)
        assert as_(walk.head).get(goes_to(answer)).context["page"].center_says
    finally:
        center.settings_dict["PORT"] = port
        center.close()
    assert not Waiting.objects.exists()
