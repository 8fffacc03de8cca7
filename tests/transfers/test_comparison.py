"""The comparison with the paper file: marks on fields, by two people, on the page with and without a script, by API."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.urls import reverse

from branches import services
from branches.models import Branch, Decree, DecreeLine, Dependent, PensionFile, User
from branches.roles import Action, Role
from pension_transfer.lib.errors import BadInput, NotNow
from tests.cast import DIFFERENCE, Walk, appoint, judge_all, make_file, national_code, press
from tests.expect import fresh, refused, written
from tests.pages import as_, command, goes_to, push, queries, text
from transfers import comparison
from transfers.checklist import Checklist
from transfers.models import Mark, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
NAME, DATE = "principal.first_name", "principal.birth_date"
DIFFERS = {key: value for key, value in DIFFERENCE.items() if key not in ("path", "verdict")}
PIECE = {"HX-Request": "true"}


def colleague(walk: Walk, role: str, branch: Branch) -> User:
    return appoint(f"second_{role}", role, branch=branch)


def paths(case: TransferCase) -> set[str]:
    return set(case.marks.values_list("path", flat=True))


def send(user: User, case: TransferCase, button: str, value: str, **data: Any) -> Any:
    """Press a button of the page as it would be without a script."""
    return as_(user).post(reverse("comparison", args=[case.pk]), command(**data) | {button: value})


def ask(user: User, case: TransferCase, button: str, value: str, **data: Any) -> Any:
    """The same by the script."""
    posted = command(**data) | {button: value}
    return as_(user).post(reverse("comparison", args=[case.pk]), posted, headers=PIECE)


def sheet(user: User, case: TransferCase, **asked: str) -> Any:
    return as_(user).get(reverse("comparison", args=[case.pk]), asked)


def correct(walk: Walk, **data: object) -> None:
    file = PensionFile.objects.get(pk=walk.file.pk)
    services.correct(file, "principal", None, walk.clerk, "مطابق شناسنامه", data, command_id=uuid.uuid4())


# --- marks --------------------------------------------------------------------------------------------------


def test_a_mark_says_how_a_field_was_found_by_whom_and_when(walk: Walk) -> None:
    case = press(Action.JUDGE, walk.to(State.DRAFT), walk.officer, **DIFFERENCE)
    mark = case.marks.get()
    said = {name: getattr(mark, name) for name in DIFFERENCE}
    assert (said, mark.by, mark.at.date()) == (DIFFERENCE, walk.officer, dt.datetime.now(dt.UTC).date())
    assert case.trail_length == fresh(walk.case).trail_length  # too many for the trail


def test_the_last_judgement_of_a_field_counts_and_is_taken_back(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    for verdict in ({"verdict": "match"}, DIFFERENCE, {"verdict": "match"}):
        press(Action.JUDGE, case, walk.officer, **verdict | {"path": DATE})
    assert case.marks.get().verdict == "match" and case.marks.get().code == ""
    press(Action.JUDGE, case, walk.officer, path=DATE, verdict="")
    assert paths(case) == set()


def test_what_is_not_in_the_paper_needs_a_note(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    with refused(BadInput, "invalid") as caught:
        press(Action.JUDGE, case, walk.officer, path=DATE, verdict="not_in_paper")
    assert set(caught.value.errors) == {"note"}
    press(Action.JUDGE, case, walk.officer, path=DATE, verdict="not_in_paper", note="برگ شناسنامه نیست")
    mark = case.marks.get()
    assert (mark.code, mark.severity) == ("not_in_paper", "clerical")


@pytest.mark.parametrize("path", ["contact", "decrees.1/05", "decrees"])
def test_all_of_a_section_or_a_row_matches_at_once_but_what_was_judged_stays(walk: Walk, path: str) -> None:
    case = walk.to(State.DRAFT)
    rows = Checklist(case).under(path)
    first = rows[0].field.path
    press(Action.JUDGE, case, walk.officer, **DIFFERENCE | {"path": first})
    press(Action.JUDGE, case, walk.officer, path=path, verdict="match")
    assert paths(case) == {row.field.path for row in rows}
    assert dict(case.marks.values_list("path", "verdict"))[first] == "differs"
    press(Action.JUDGE, case, walk.officer, path=path, verdict="")
    assert paths(case) == set()


def test_a_decree_whose_number_begins_another_is_judged_alone(walk: Walk) -> None:
    day = dt.date(2026, 5, 11)
    decree = Decree.objects.create(
        file=walk.file, number="1/94.2", kind="annual_increase", issued_on=day, effective_on=day,
        issuing_branch="0801", previous_number="1/05", amount_before=166_255_500, amount_after=166_255_500,
    )  # fmt: skip
    DecreeLine.objects.create(decree=decree, order=1, title="مستمری", group="pension", amount=166_255_500)
    case = walk.to(State.DRAFT)
    press(Action.JUDGE, case, walk.officer, path="decrees.1/94", verdict="match")
    assert "decrees.1/94.number" in paths(case)
    assert not [path for path in paths(case) if path.startswith("decrees.1/94.2.")]


def test_a_change_opens_just_the_field_it_touched(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    correct(walk, father_name="غلامحسین")
    case = press(Action.ASSEMBLE, fresh(walk.case), walk.clerk)
    assert [field.path for field in comparison.open_fields(case)] == ["principal.father_name"]
    row = Checklist(case).at("principal.father_name")
    assert row and row.lapsed and not row.mark and row.value_before == "محمد"
    assert "محمد" in text(sheet(walk.officer, case))


def test_what_was_returned_stands_beside_the_field_of_the_next_version(walk: Walk) -> None:
    walk.to(State.RETURNED)
    case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    row = Checklist(case).at(DATE)
    assert row and [(earlier.version, earlier.paper_value) for earlier in row.earlier] == [(1, "1334/02/16")]
    assert row.is_remarked


# --- two people ---------------------------------------------------------------------------------------------


def test_a_colleagues_judgement_is_not_overwritten_unseen(walk: Walk) -> None:
    case, second = walk.to(State.DRAFT), colleague(walk, Role.TECHNICAL_OFFICER, walk.cast.origin)
    press(Action.JUDGE, case, second, path=DATE, verdict="match", seen_mark="")
    with refused(NotNow, "judged_meanwhile"):
        press(Action.JUDGE, case, walk.officer, **DIFFERENCE, seen_mark="")
    with refused(NotNow, "judged_meanwhile"):
        press(Action.JUDGE, case, walk.officer, path=DATE, verdict="", seen_mark="")
    seen = comparison.spelt(case.marks.get().at)
    press(Action.JUDGE, case, walk.officer, **DIFFERENCE, seen_mark=seen)
    assert case.marks.get().by == walk.officer


def test_the_same_verdict_twice_is_no_quarrel_and_stays_the_first_ones(walk: Walk) -> None:
    case, second = walk.to(State.DRAFT), colleague(walk, Role.TECHNICAL_OFFICER, walk.cast.origin)
    press(Action.JUDGE, case, second, path=DATE, verdict="match")
    press(Action.JUDGE, case, walk.officer, path=DATE, verdict="match", seen_mark="")
    assert case.marks.get().by == second


def test_who_says_nothing_of_what_was_seen_has_the_last_word(walk: Walk) -> None:
    case, second = walk.to(State.DRAFT), colleague(walk, Role.TECHNICAL_OFFICER, walk.cast.origin)
    press(Action.JUDGE, case, second, path=DATE, verdict="match")
    press(Action.JUDGE, case, walk.officer, **DIFFERENCE)
    assert case.marks.get().verdict == "differs"
    with refused(BadInput, "invalid"):
        press(Action.JUDGE, case, walk.officer, path=DATE, verdict="match", seen_mark="yesterday")


def test_nothing_is_judged_that_the_page_did_not_show(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    shown = case.content_hash
    correct(walk, father_name="غلامحسین")
    with refused(NotNow, "content_changed_meanwhile"):
        press(Action.JUDGE, case, walk.officer, path="principal", verdict="match", seen_content=shown)
    press(Action.JUDGE, case, walk.officer, path="principal", verdict="match", seen_content=fresh(case).content_hash)


def test_marks_of_a_colleague_come_by_themselves(walk: Walk) -> None:
    case, second = walk.to(State.DRAFT), colleague(walk, Role.TECHNICAL_OFFICER, walk.cast.origin)
    url = reverse("comparison_marks", args=[case.pk])
    stamp = Checklist(case).stamp
    assert as_(walk.officer).get(url, {"stamp": stamp}).status_code == 204
    press(Action.JUDGE, case, second, path=DATE, verdict="match")
    heard = as_(walk.officer).get(url, {"stamp": stamp}).json()
    row = Checklist(fresh(case)).at(DATE)
    assert row and [n for n, seen in enumerate(heard["seen"], 1) if seen] == [row.number]
    pieces = as_(walk.officer).get(url, {"rows": str(row.number)}).json()["pieces"]
    assert set(pieces) == {row.anchor, "progress", "steps"} and str(second) in pieces[row.anchor]
    press(Action.JUDGE, case, second, path=DATE, verdict="")
    assert not any(as_(walk.officer).get(url, {"stamp": heard["stamp"]}).json()["seen"])


# --- the page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "state"), [(Side.ORIGIN, State.DRAFT), (Side.DESTINATION, State.RECEIVED)])
def test_every_field_has_a_row_on_both_sides(walk: Walk, side: str, state: str) -> None:
    case = walk.to(state, side)
    user = walk.officer if side == Side.ORIGIN else walk.staff
    if side == Side.DESTINATION:
        case = press(Action.SHOW_DECREES, case, user)
    shown = text(sheet(user, case))
    found = re.findall(r'name="match" value="\|([^"]*)" class="key key-match"', shown)
    assert sorted(found) == sorted(field.path.replace("'", "&#x27;") for field in comparison.fields_in(fresh(case)))


def test_without_a_script_a_press_leads_to_the_next_open_field(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    first, second, *_more = Checklist(case, True).rows
    answer = send(walk.officer, case, "match", f"|{first.field.path}", only="open")
    assert goes_to(answer).endswith(f"/comparison/?only=open#{second.anchor}")
    answer = send(walk.officer, case, "take_back", f"{comparison.spelt(case.marks.get().at)}|{first.field.path}")
    assert goes_to(answer).endswith(f"/comparison/#{first.anchor}") and paths(case) == set()


def test_without_a_script_a_difference_is_written_in_its_row(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    asked = goes_to(send(walk.officer, case, "differs", f"|{DATE}"))
    assert paths(case) == set() and 'name="of"' in text(as_(walk.officer).get(asked))
    wrong = send(walk.officer, case, "differs", f"|{DATE}", of=DATE, **DIFFERS | {"severity": ""})
    row = wrong.context["page"].checklist.at(DATE)
    assert wrong.status_code == 422 and set(row.form.errors) == {"severity"}
    assert DIFFERS["paper_value"] in text(wrong)
    send(walk.officer, case, "differs", f"|{DATE}", of=DATE, **DIFFERS)
    assert case.marks.get().paper_value == DIFFERS["paper_value"]


def test_what_stands_in_the_form_of_another_row_is_not_stored(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    assert "field=principal.first_name" in goes_to(send(walk.officer, case, "differs", f"|{NAME}", of=DATE, **DIFFERS))
    assert paths(case) == set()


def test_a_judgement_by_the_script_brings_what_changed(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    answer = ask(walk.officer, case, "match", "|principal.first_name")
    row = Checklist(fresh(case), True).at(NAME)
    assert row and set(answer.json()["pieces"]) == {row.anchor, "progress", "steps"}
    assert answer.json()["next"] == f"f{row.number + 1}"
    answer = ask(walk.officer, case, "match", "|contact")
    assert len(answer.json()["pieces"]) == 2 + len(Checklist(case).under("contact"))


def test_a_quarrel_shows_the_colleagues_judgement_and_keeps_what_was_typed(walk: Walk) -> None:
    case, second = walk.to(State.DRAFT), colleague(walk, Role.TECHNICAL_OFFICER, walk.cast.origin)
    press(Action.JUDGE, case, second, path=DATE, verdict="match")
    answer = ask(walk.officer, case, "differs", f"|{DATE}", of=DATE, **DIFFERS)
    assert (answer.status_code, answer.json()["code"]) == (409, "judged_meanwhile")
    row = Checklist(fresh(case)).at(DATE)
    assert row and str(second) in answer.json()["pieces"][row.anchor]
    assert DIFFERS["paper_value"] in answer.json()["pieces"][row.anchor]
    again = re.search(r'name="differs"\s+value="([^"|]*)\|[^>]*data-store', answer.json()["pieces"][row.anchor])
    assert again and ask(walk.officer, case, "differs", f"{again[1]}|{DATE}", of=DATE, **DIFFERS).status_code == 200


def test_a_button_that_is_none_and_a_field_that_is_none_are_refused_with_a_sentence(walk: Walk) -> None:
    case, before = walk.to(State.DRAFT), written()
    for button, value in [("match", "|weather"), ("match", ""), ("shine", f"|{DATE}")]:
        answer = send(walk.officer, case, button, value)
        assert answer.status_code == 422 and answer.context["page"].notice, (button, value)
    assert as_(walk.officer).post(reverse("comparison", args=[case.pk]), {"match": f"|{DATE}"}).status_code == 422
    assert written() == before


def test_a_judgement_pressed_at_the_cases_own_address_is_answered_too(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    for data in ({}, {"path": DATE, "verdict": "differs"}, {"path": "weather", "verdict": "match"}):
        assert push(walk.officer, Action.JUDGE, case, back="comparison", **data).status_code == 422
    answer = push(walk.officer, Action.JUDGE, case, back="comparison", path=DATE, verdict="match")
    assert goes_to(answer).startswith(reverse("comparison", args=[case.pk])) and paths(case) == {DATE}


def test_only_the_open_ones_are_shown_where_asked(walk: Walk) -> None:
    case = press(Action.JUDGE, walk.to(State.DRAFT), walk.officer, path="contact", verdict="match")
    lines = [
        group.rows for part in sheet(walk.officer, case, only="open").context["page"].parts for group in part.groups
    ]
    assert not [row for rows in lines for row in rows if row.mark]
    page = text(sheet(walk.officer, case, only="open"))
    assert "|contact.mobile" not in page and "|principal.birth_date" in page


def test_decrees_of_the_destination_wait_to_be_shown(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    assert "decrees.1/94" not in text(sheet(walk.staff, copy))
    assert ask(walk.staff, copy, "match", "|decrees").status_code == 422
    copy = press(Action.SHOW_DECREES, copy, walk.staff)
    rows = Checklist(copy).rows
    assert rows[0].field.section == "decrees" and "decrees.1/94" in text(sheet(walk.staff, copy))
    years = [row.field.value for row in rows if row.field.path.endswith("effective_on")]
    assert years == sorted(years, reverse=True)


# --- where it leads -----------------------------------------------------------------------------------------


def test_what_is_left_leads_to_its_field(walk: Walk) -> None:
    case = judge_all(walk.to(State.DRAFT), walk.officer)
    press(Action.JUDGE, case, walk.officer, path="contact.mobile", verdict="")
    case = press(Action.JUDGE, case, walk.officer, **DIFFERENCE)
    for screen in ("case", "comparison"):
        page = as_(walk.officer).get(reverse(screen, args=[case.pk])).context["page"]
        anchors = [row.anchor for row in Checklist(case).rows if row.field.path in ("contact.mobile", DATE)]
        assert sorted(left.anchor for left in page.lefts) == sorted(anchors)
        assert page.main.blocked and Action.SEND_BACK in page.steps


def test_the_clerk_sees_the_differences_that_sent_the_draft_back(walk: Walk) -> None:
    case = press(Action.JUDGE, walk.to(State.DRAFT), walk.officer, **DIFFERENCE)
    case = press(Action.SEND_BACK, case, walk.officer, reason="تاریخ تولد")
    found = as_(walk.clerk).get(reverse("case", args=[case.pk])).context["page"].differences
    assert [(one.row.path, one.paper_value, one.by_name) for one in found] == [(DATE, "1334/02/16", str(walk.officer))]


def test_a_returned_difference_is_shown_once(walk: Walk) -> None:
    copy = walk.to(State.RETURNED, Side.DESTINATION)
    found = as_(walk.staff).get(reverse("case", args=[copy.pk])).context["page"].differences
    assert [one.row.path for one in found] == [DATE]


@pytest.mark.parametrize(
    ("side", "state"),
    [(Side.ORIGIN, State.SENT), (Side.ORIGIN, State.TECHNICALLY_APPROVED), (Side.DESTINATION, State.REGISTERED)],
)
def test_elsewhere_it_only_tells_who_judged_and_when(walk: Walk, side: str, state: str) -> None:
    case = walk.to(state, side)
    judge = walk.officer if side == Side.ORIGIN else walk.staff
    for user in (judge, walk.cast.reader(Role.AUDITOR)):
        answer = sheet(user, case)
        assert answer.status_code == 200 and 'data-key="' not in text(answer) and str(judge) in text(answer)
    before = written()
    assert ask(judge, case, "match", f"|{DATE}").status_code == 409
    assert written() == before


def test_who_may_not_judge_reads_and_who_is_elsewhere_sees_nothing(walk: Walk) -> None:
    case, before = walk.to(State.DRAFT), written()
    assert 'data-key="' not in text(sheet(walk.clerk, case))
    assert ask(walk.clerk, case, "match", f"|{DATE}").status_code == 403
    for stranger in (walk.cast.at(walk.cast.third, Role.TECHNICAL_OFFICER), walk.staff, walk.cast.reader("outsider")):
        assert sheet(stranger, case).status_code == 404
        assert as_(stranger).get(reverse("comparison_marks", args=[case.pk]), {"rows": "1"}).status_code == 404
        assert ask(stranger, case, "match", f"|{DATE}").status_code == 404
    assert written() == before


def test_a_referral_without_content_has_nothing_to_compare(walk: Walk) -> None:
    case = walk.to(State.REFERRAL)
    assert sheet(walk.officer, case).status_code == 200
    assert as_(walk.officer).get(reverse("comparison_marks", args=[case.pk])).status_code == 200


# --- the API ------------------------------------------------------------------------------------------------


def test_the_api_tells_the_marks_and_takes_them_with_what_was_seen(walk: Walk) -> None:
    case, second = walk.to(State.DRAFT), colleague(walk, Role.TECHNICAL_OFFICER, walk.cast.origin)
    press(Action.JUDGE, case, second, path=DATE, verdict="match")
    told = as_(walk.officer).get(reverse("api_case", args=[case.pk])).json()["marks"]
    assert [(mark["path"], mark["verdict"], mark["by_name"]) for mark in told] == [(DATE, "match", str(second))]
    step = reverse("api_step", args=[case.pk, Action.JUDGE])
    for seen, status in [("", 409), (told[0]["at"], 200)]:
        data = command(data=DIFFERENCE | {"seen_mark": seen})
        answer = as_(walk.officer).post(step, data, content_type="application/json")
        assert answer.status_code == status
    assert answer.json()["marks"][0]["severity"] == "must_be_corrected"


# --- what it costs ------------------------------------------------------------------------------------------


def big_file(branch: Branch) -> PensionFile:
    """Six dependents and forty decrees."""
    file = make_file(branch, 2)
    for number in range(4):
        Dependent.objects.create(
            file=file, national_code=national_code(200 + number), first_name="زهرا", last_name="حسینی", sex="female",
            relationship="daughter", birth_date=dt.date(1990, 6, 1), entitled_from=dt.date(2015, 4, 21),
        )  # fmt: skip
    previous = "1/05"
    for number in range(38):
        decree = Decree.objects.create(
            file=file, number=f"2/{number}", kind="annual_increase", issued_on=dt.date(2026, 5, 11),
            effective_on=dt.date(2026, 5, 11) + dt.timedelta(number), issuing_branch=branch.pk,
            previous_number=previous, amount_before=166_255_500, amount_after=166_255_500,
        )  # fmt: skip
        DecreeLine.objects.create(decree=decree, order=1, title="مستمری", group="pension", amount=166_255_500)
        previous = decree.number
    return file


def test_a_big_file_costs_as_many_queries_as_a_small_one(walk: Walk) -> None:
    small = walk.to(State.DRAFT)
    big = Walk(walk.cast, big_file(walk.cast.origin)).to(State.DRAFT)
    assert len(comparison.fields_in(big)) > 400 > 100 > len(comparison.fields_in(small))
    for case in (small, big):
        for path in ("contact", "decrees", "dependents"):
            press(Action.JUDGE, case, walk.officer, path=path, verdict="match")
        press(Action.JUDGE, case, walk.officer, **DIFFERENCE)
    for name in ("comparison", "comparison_marks", "case", "api_case"):
        costs = [queries(walk.officer, reverse(name, args=[case.pk])) for case in (small, big)]
        assert costs[0] == costs[1] <= 15, name
    assert Mark.objects.filter(case=big).count() > 400
