"""Return, correct, send again: what approvers see of a new version, and what became of the ones before (D5)."""

from typing import Any

import pytest
from django.urls import reverse

from branches import services
from branches.models import PensionFile
from branches.roles import Action, Role
from central.models import Custody, Seat
from pension_transfer.lib.errors import NotAllowed, NotNow, Refusal
from tests import oracle
from tests.cast import LAST_PAID_TYPED, MOVE, Walk, judge_all, make_file, press
from tests.expect import also, fresh, refused
from tests.pages import as_, queries, text
from tests.transfers.resending import ON_PAPER, WHY, WRONG_BRANCH, correct, reopened, sent_again, story
from transfers import snapshot, version_list, versions
from transfers.models import TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


# --- the new version beside the one before ----------------------------------------------------------------


def test_who_approves_sees_what_changed_since_the_version_before(walk: Walk) -> None:
    case = reopened(walk, {"birth_date": ON_PAPER})
    for person in (walk.officer, walk.clerk):
        told = story(person, case)
        ((line,),) = [group.lines for group in told.changes]
        assert (told.before.number, told.changed, bool(line.before), bool(line.after)) == (1, 1, True, True)
        assert [row.state for row in told.before.ended] == [State.RETURNED]
    walk.technical()
    assert story(walk.head, walk.case).changed == 1
    (row,) = as_(walk.head).get(reverse("send_list")).context["cases"]
    assert row.changed == 1
    compared = as_(walk.head).get(row.compared_url)
    assert (compared.context["changed"], compared.context["against"]) == (1, 1)


def test_a_first_version_has_nothing_to_be_compared_with(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    told = story(walk.head, case)
    assert (told.before, told.changes, told.is_told) == (None, [], False)
    assert not hasattr(as_(walk.head).get(reverse("send_list")).context["cases"][0], "compared_url")


def test_the_destination_sees_what_changed_when_it_comes_again(walk: Walk) -> None:
    copy = sent_again(walk)
    assert story(walk.staff, copy).changed == 1
    page = as_(walk.staff).get(reverse("case", args=[copy.pk]))
    assert 'id="changes"' in text(page)
    press(Action.SHOW_DECREES, copy, walk.staff)
    assert 'id="changes"' in text(as_(walk.staff).get(reverse("decrees", args=[copy.pk])))


def test_what_changed_in_a_decree_is_not_seen_before_the_decrees_are_shown(walk: Walk) -> None:
    walk.to(State.RETURNED)
    walk.case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    decree = walk.file.decrees.get(number="1/05")
    correct(walk, "decree", decree.pk, description="برابر بخشنامه ۱۴۰۵")
    walk.case = press(Action.ASSEMBLE, fresh(walk.case), walk.clerk)
    walk.technical()
    walk.send()
    walk.receive()
    url = reverse("case_version", args=[walk.copy.pk, 2])
    told = story(walk.staff, walk.copy)
    assert (told.changed, told.are_decrees_hidden) == (0, True)
    page = as_(walk.staff).get(url, {"against": 1})
    assert page.context["changed"] == 0 and "1/05" not in text(page) and "۱/۰۵" not in text(page)
    press(Action.SHOW_DECREES, walk.copy, walk.staff)
    assert story(walk.staff, walk.copy).changed == 1
    assert "۱/۰۵" in text(as_(walk.staff).get(url))


def test_rows_that_come_and_go_are_told_as_such(walk: Walk) -> None:
    before = snapshot.read_file(walk.file)
    son = walk.file.dependents.get(relationship="son")
    wife = walk.file.dependents.get(relationship="wife")
    values = {name: getattr(son, name) for name in ("sex", "relationship", "birth_date", "entitled_from")}
    correct(walk, "dependent", None, **values, national_code="0012345679", first_name="سارا", last_name="حسینی")
    services.remove(PensionFile.objects.get(pk=walk.file.pk), "dependent", wife.pk, walk.clerk, "فوت")
    correct(walk, "dependent", son.pk, share_percent=40)
    after = snapshot.read_file(PensionFile.objects.get(pk=walk.file.pk))
    move = {"move": dict.fromkeys((*versions.MOVE, "destination"), "")}
    groups = versions.differences(before | move, after | move)
    assert sorted((bool(group.fate), len(group.lines) > 1) for group in groups) == [
        (False, False), (True, True), (True, True),
    ]  # fmt: skip
    assert len({group.fate for group in groups}) == 3
    assert versions.number_of(groups) == versions.number_of_changes(before | move, after | move)


def test_a_new_destination_is_a_change_too(walk: Walk) -> None:
    case = reopened(walk)
    press(Action.EDIT_MOVE, case, walk.clerk, **MOVE | {"destination": "0701"})
    ((line,),) = [group.lines for group in story(walk.officer, case).changes]
    assert (line.before, line.after) == (str(walk.cast.destination), str(walk.cast.third))


def test_any_two_versions_are_compared_and_strangers_see_none(walk: Walk) -> None:
    copy = sent_again(walk)
    for user, case in ((walk.clerk, walk.case), (walk.staff, copy)):
        listed = story(user, case).all
        assert [(held.number, len(held.ended)) for held in listed] == [(2, 0), (1, 1)]
        assert all(held.sealed for held in listed)
        for number, against in ((1, 2), (2, 1), (1, 1), (2, 2)):
            page = as_(user).get(reverse("case_version", args=[case.pk, number]), {"against": against})
            assert (page.status_code, page.context["changed"]) == (200, int(number != against))
        for wrong in ("7", "x", "-1", "9" * 30, "۱"):
            asked = as_(user).get(reverse("case_version", args=[case.pk, 1]), {"against": wrong})
            assert asked.status_code == 404
    stranger = walk.cast.at(walk.cast.third, Role.BRANCH_HEAD)
    assert as_(stranger).get(reverse("case_version", args=[copy.pk, 2]), {"against": 1}).status_code == 404


def test_the_head_is_told_of_changes_in_a_constant_number_of_queries(walk: Walk) -> None:
    def again(number: int) -> None:
        one = walk if number == 1 else Walk(walk.cast, make_file(walk.cast.origin, number))
        reopened(one, {"birth_date": ON_PAPER})
        press(Action.EDIT_MOVE, fresh(one.case), one.clerk, **MOVE | {"destination": "0701"})
        one.case = fresh(one.case)
        one.technical()

    again(1)
    once = queries(walk.head, reverse("send_list"))
    again(2)
    assert queries(walk.head, reverse("send_list")) == once
    assert [case.changed for case in as_(walk.head).get(reverse("send_list")).context["cases"]] == [2, 2]


# --- people over all versions (I8) --------------------------------------------------------------------------


def test_four_eyes_count_over_all_versions(walk: Walk) -> None:
    case = reopened(walk, {"birth_date": ON_PAPER})
    judge_all(case, walk.officer)
    drafter = also(walk.clerk, Role.TECHNICAL_OFFICER, case.branch)
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_TECHNICAL, case, drafter, last_paid_month=LAST_PAID_TYPED)
    head = also(walk.head, Role.TECHNICAL_OFFICER, case.branch)  # approved version 1 as head
    with refused(NotNow, "blocked"):
        press(Action.APPROVE_TECHNICAL, case, head, last_paid_month=LAST_PAID_TYPED)
    deputy = walk.cast.at(walk.cast.origin, Role.INSURANCE_DEPUTY)
    case = press(Action.APPROVE_TECHNICAL, case, walk.officer, last_paid_month=LAST_PAID_TYPED)  # the same part again
    for person in (also(walk.officer, Role.BRANCH_HEAD, case.branch), also(drafter, Role.BRANCH_HEAD, case.branch)):
        with refused(NotNow, "blocked"):
            press(Action.APPROVE_HEAD, case, person)
    assert press(Action.APPROVE_HEAD, case, deputy).state == State.SENT
    assert oracle.problems() == []


def test_who_approved_the_first_version_corrects_nothing_for_the_second(walk: Walk) -> None:
    walk.to(State.RETURNED)
    walk.clerk = also(walk.officer, Role.CLERK, walk.cast.origin)
    with pytest.raises(NotAllowed):
        correct(walk, birth_date=ON_PAPER)


# --- an approval that lapses (D5) -------------------------------------------------------------------------------


def lapse_by_correction(walk: Walk) -> None:
    correct(walk, father_name="غلامحسین")


def lapse_by_refusal(walk: Walk) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(father_name="غلامحسین")
    with pytest.raises(Refusal) as caught:
        press(Action.APPROVE_HEAD, walk.case, walk.head)
    assert caught.value.code == "content_changed"


@pytest.mark.parametrize("change", [lapse_by_correction, lapse_by_refusal])
def test_an_approval_lapses_and_who_gave_it_is_told_what_changed(walk: Walk, change: Any) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    change(walk)
    case = fresh(walk.case)
    event = TransferEvent.objects.get(action="lapse")
    change_told = {"path": "principal.father_name", "before": "محمد", "after": "غلامحسین"}
    assert event.details == {"changed": 1, "changes": [change_told]}
    assert (story(walk.officer, case).is_own_lapse, story(walk.head, case).is_own_lapse) == (True, False)
    assert [(line.before, line.after) for line in story(walk.head, case).lapse.lines] == [("محمد", "غلامحسین")]
    rows = as_(walk.officer).get(reverse("case_list")).context["rows"]
    assert [found.is_lapsed for found, *_rest in rows] == [True]
    rows = as_(walk.head).get(reverse("case_list")).context["rows"]
    assert [found.is_lapsed for found, *_rest in rows] == [False]
    walk.case = press(Action.ASSEMBLE, case, walk.clerk)
    (row,) = as_(walk.officer).get(reverse("cartable")).context["rows"]
    assert row.case.is_lapsed
    walk.technical()
    assert story(walk.officer, walk.case).lapse is None
    assert oracle.problems() == []


def test_what_a_lapse_tells_is_bounded(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    lines = [{"title": f"قلم {n}" + "ی" * 70, "group": "pension", "amount": n} for n in range(1, 81)]
    correct(walk, "decree", walk.file.decrees.get(number="1/05").pk, lines=lines, description="متن " * 120)
    details = TransferEvent.objects.get(action="lapse").details
    assert (details["changed"], len(details["changes"])) == (81, versions.MOST_TOLD)
    assert max(len(change["after"]) for change in details["changes"]) <= versions.LONGEST
    assert story(walk.officer, fresh(walk.case)).lapse.more == 31


def test_the_move_is_not_edited_under_an_approval(walk: Walk) -> None:
    case = walk.to(State.TECHNICALLY_APPROVED)
    with refused(NotNow, "state"):
        press(Action.EDIT_MOVE, case, walk.clerk, **MOVE)


# --- one story ---------------------------------------------------------------------------------------------------


def test_the_chain_of_versions_is_one_story_at_both_sides(walk: Walk) -> None:
    sent_again(walk)
    for user, case in ((walk.clerk, walk.case), (walk.staff, walk.copy)):
        rows = as_(user).get(reverse("case", args=[case.pk])).context["page"].timeline
        assert [row.version for row in rows if row.version] == [1, 2]
        (returned,) = [row for row in rows if row.state == State.RETURNED]
        assert returned.note
    center = as_(walk.cast.reader(Role.CENTER_OPERATOR))
    (move,) = center.post(reverse("tracking"), {"q": walk.case.tracking_number}).context["moves"]
    assert [row.version for row in move.events if row.version] == [1, 2]


def test_a_recall_ends_the_version_that_it_takes_back(walk: Walk) -> None:
    case = press(Action.RECALL, walk.to(State.SENT), walk.head, **WHY)
    press(Action.ASSEMBLE, case, walk.clerk)
    (second, first) = version_list.of_case(fresh(case))
    assert (second.ended, len(first.ended), first.ended[0].note) == ([], 1, WHY["reason"])
    assert story(walk.officer, case).before.number == 1


def test_a_move_that_was_sent_once_tells_no_version(walk: Walk) -> None:
    case = walk.to(State.SENT)
    rows = as_(walk.clerk).get(reverse("case", args=[case.pk])).context["page"].timeline
    assert {row.version for row in rows} == {0}


# --- given back unharmed --------------------------------------------------------------------------------------------


def held(walk: Walk) -> tuple[Any, ...]:
    """The file, who may pay it, and whether a move holds it."""
    file = PensionFile.objects.get(pk=walk.file.pk)
    months = sorted((row.branch_code, str(row.months)) for row in Custody.objects.all())
    return snapshot.read_file(file), file.status, file.frozen_by, months, Seat.objects.get().payable_branch


@pytest.mark.parametrize("way", ["returned", "recalled", "cancelled", "cancelled after a return", "bounced"])
def test_the_file_comes_back_as_it_went(walk: Walk, way: str) -> None:
    before = held(walk)
    if way == "recalled":
        press(Action.RECALL, walk.to(State.SENT), walk.head, **WHY)
    elif way == "cancelled":
        press(Action.CANCEL, walk.to(State.TECHNICALLY_APPROVED), walk.head, **WHY)
    elif way == "bounced":
        press(Action.RETURN_TO_ORIGIN, walk.to(State.RECEIVED, Side.DESTINATION), walk.staff, **WRONG_BRANCH)
    else:
        walk.to(State.RETURNED)
    if way == "cancelled after a return":
        press(Action.CANCEL, fresh(walk.case), walk.head, **WHY)
        assert Seat.objects.get().open_move is None
    assert held(walk) == before and before[2] is None
    correct(walk, father_name="غلامحسین")  # and it is open again
    assert oracle.problems() == []
