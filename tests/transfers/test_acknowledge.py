"""Warnings are answered for with a note before anyone is asked to approve, and the approvers read it."""

import uuid

import pytest
from django.urls import reverse

from branches import services
from branches.models import Decree, Dependent, PensionFile, User
from branches.roles import Action, Role
from pension_transfer.lib.errors import BadInput, NotAllowed, NotNow, NotSeen
from tests import oracle
from tests.cast import LAST_PAID_TYPED, MOVE, Cast, Walk, make_file, press
from tests.expect import also, fresh, refused
from tests.pages import as_, command, goes_to, push, text
from transfers.demo import story
from transfers.inputs.warning import key_of
from transfers.models import Acknowledgement, TransferCase
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
NOTE = "بیمه‌شده حساب دیگری ندارد"
MELLAT = "IR820540102680020817909002"


@pytest.fixture
def doubtful(walk: Walk) -> Walk:
    """A referral with two warnings: the account's bank and the postal code."""
    PensionFile.objects.filter(pk=walk.file.pk).update(iban=MELLAT, postal_code="1036934567")
    walk.draft()
    return walk


def test_a_warning_keeps_the_case_with_the_clerk(doubtful: Walk) -> None:
    case = doubtful.case
    assert (case.state, case.turn, case.is_assembled, case.missing) == (State.REFERRAL, "clerk", False, [])
    assert [row[:2] for row in case.warnings] == [
        ["contact.iban", "other_bank"],
        ["contact.postal_code", "postal_code"],
    ]
    with refused(NotNow, "blocked"):
        press(Action.ASSEMBLE, case, doubtful.clerk)
    assert oracle.problems() == []


def test_the_last_one_acknowledged_completes_the_draft(doubtful: Walk) -> None:
    first, second = doubtful.case.warnings
    case = press(Action.ACKNOWLEDGE, doubtful.case, doubtful.clerk, **{key_of(first): NOTE})
    assert (case.state, case.turn) == (State.REFERRAL, "clerk")
    case = press(Action.ACKNOWLEDGE, case, doubtful.clerk, **{key_of(second): "در کارت نشانی همین است"})
    assert (case.state, case.turn, case.is_assembled) == (State.DRAFT, "technical_officer", True)
    kept = Acknowledgement.objects.values_list("path", "note", "by")
    assert list(kept) == [
        ("contact.iban", NOTE, doubtful.clerk.pk),
        ("contact.postal_code", "در کارت نشانی همین است", doubtful.clerk.pk),
    ]
    assert [e.action for e in case.events.all()] == ["refer", "acknowledge", "acknowledge", "assemble"]
    assert oracle.problems() == []


def test_one_note_answers_for_all_and_an_error_still_stops_the_draft(doubtful: Walk) -> None:
    PensionFile.objects.update(paper_pages=None)
    case = press(Action.ACKNOWLEDGE, doubtful.case, doubtful.clerk, note=NOTE)
    assert (case.state, Acknowledgement.objects.count()) == (State.REFERRAL, 2)
    assert case.missing == [["file.paper_pages", "missing"]]
    with refused(NotNow, "blocked"):
        press(Action.ACKNOWLEDGE, case, doubtful.clerk, note=NOTE)
    file = PensionFile.objects.get()
    services.correct(file, "pension", None, doubtful.clerk, "شمرده شد", {"paper_pages": 5}, command_id=uuid.uuid4())
    assert fresh(case).state == State.DRAFT


@pytest.mark.parametrize("data", [{}, {"note": "  "}, {"note-000000000000": NOTE}, {"note": "ی" * 301}])
def test_without_a_note_nothing_is_acknowledged(doubtful: Walk, data: dict[str, str]) -> None:
    with refused(BadInput, "invalid"):
        press(Action.ACKNOWLEDGE, doubtful.case, doubtful.clerk, **data)


def test_it_holds_as_long_as_the_value_is_the_same(doubtful: Walk) -> None:
    case = press(Action.ACKNOWLEDGE, doubtful.case, doubtful.clerk, note=NOTE)
    file = PensionFile.objects.get()
    services.correct(
        file, "principal", None, doubtful.clerk, "شناسنامه", {"father_name": "غلام"}, command_id=uuid.uuid4()
    )
    assert fresh(case).turn == "technical_officer"
    services.correct(
        file, "contact", None, doubtful.clerk, "نشانی", {"postal_code": "1236934567"}, command_id=uuid.uuid4()
    )
    case = fresh(case)
    assert (case.state, case.turn, case.is_assembled) == (State.DRAFT, "clerk", False)
    press(Action.ACKNOWLEDGE, case, doubtful.clerk, note=NOTE)
    assert fresh(case).turn == "technical_officer"
    assert Acknowledgement.objects.count() == 2  # the later one about a field is the one that counts


def test_a_warning_behind_an_approval_is_asked_about_after_the_lapse(walk: Walk) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    file = PensionFile.objects.get()
    services.correct(file, "contact", None, walk.clerk, "نشانی", {"postal_code": "1236934567"}, command_id=uuid.uuid4())
    case = fresh(walk.case)
    assert (case.state, case.turn, len(case.warnings)) == (State.DRAFT, "clerk", 1)
    case = press(Action.ACKNOWLEDGE, case, walk.clerk, note=NOTE)
    assert case.turn == "technical_officer"


def test_who_acknowledges_has_drafted(doubtful: Walk) -> None:
    another = also(doubtful.officer, Role.CLERK, doubtful.cast.origin)
    press(Action.ACKNOWLEDGE, doubtful.case, another, note=NOTE)
    with pytest.raises(NotNow):
        press(
            Action.APPROVE_TECHNICAL,
            fresh(doubtful.case),
            User.objects.get(pk=another.pk),
            last_paid_month=LAST_PAID_TYPED,
        )


@pytest.mark.parametrize(("role", "kind"), [(Role.TECHNICAL_OFFICER, NotAllowed), (Role.BRANCH_HEAD, NotAllowed)])
def test_only_a_clerk_acknowledges(doubtful: Walk, role: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        press(Action.ACKNOWLEDGE, doubtful.case, doubtful.cast.at(doubtful.cast.origin, role), note=NOTE)
    with pytest.raises(NotSeen):
        press(Action.ACKNOWLEDGE, doubtful.case, doubtful.cast.at(doubtful.cast.third, Role.CLERK), note=NOTE)
    assert not Acknowledgement.objects.exists()


def test_the_way_goes_on_and_nothing_of_it_is_sealed(doubtful: Walk) -> None:
    press(Action.ACKNOWLEDGE, doubtful.case, doubtful.clerk, note=NOTE)
    doubtful.case = fresh(doubtful.case)
    for step in ("technical", "send", "receive", "compare", "verify", "register"):
        getattr(doubtful, step)()
    assert NOTE not in doubtful.copy.contents.get().body
    assert oracle.problems() == []


# --- pages ----------------------------------------------------------------------------------------------------


def test_the_page_asks_the_clerk_and_shows_the_approvers(doubtful: Walk) -> None:
    url = reverse("case", args=[doubtful.case.pk])
    page = as_(doubtful.clerk).get(url).context["page"]
    assert [bool(warning.field) for warning in page.warnings] == [True, True]
    answer = push(doubtful.clerk, Action.ACKNOWLEDGE, doubtful.case, note=NOTE, back="case", shown=_shown(page))
    assert goes_to(answer) == url
    for reader in (doubtful.officer, doubtful.head, doubtful.cast.reader(Role.AUDITOR)):
        answer = as_(reader).get(url)
        rows = answer.context["page"].acknowledged
        assert [(row.by.note, row.by.by) for row in rows] == [(NOTE, doubtful.clerk)] * 2
        assert NOTE in text(answer)
        assert not answer.context["page"].warnings
    assert as_(doubtful.cast.reader("outsider")).get(url).status_code == 404


def _corrected(walk: Walk, number: str, **data: object) -> None:
    """A decree is never edited: a correcting one takes its place."""
    wrong = Decree.objects.get(number=number, is_valid=True)
    services.correct(PensionFile.objects.get(), "decree", wrong.pk, walk.clerk, "برگ حکم", data)


def _shown(page: object) -> str:
    return str(page.acknowledge.form.initial["shown"])  # type: ignore[attr-defined]


def test_what_the_page_did_not_show_is_not_acknowledged(doubtful: Walk) -> None:
    page = as_(doubtful.clerk).get(reverse("case", args=[doubtful.case.pk])).context["page"]
    _corrected(doubtful, "1/05", amount_before=7)
    push(doubtful.clerk, Action.ACKNOWLEDGE, doubtful.case, note=NOTE, shown=_shown(page))
    assert set(Acknowledgement.objects.values_list("code", flat=True)) == {"other_bank", "postal_code"}
    assert fresh(doubtful.case).state == State.REFERRAL


def test_a_press_without_a_note_comes_back_with_what_was_typed(doubtful: Walk) -> None:
    long = "ی" * 301
    answer = push(doubtful.clerk, Action.ACKNOWLEDGE, doubtful.case, note=long, back="case")
    assert answer.status_code == 422
    assert long in text(answer) and f'id="{Action.ACKNOWLEDGE}_note_error"' in text(answer)


def test_every_finding_leads_to_its_field(walk: Walk) -> None:
    Dependent.objects.filter(relationship="son").update(birth_date="2004-01-01")
    _corrected(walk, "1/05", amount_before=7)
    walk.draft()
    for reader, corrects in ((walk.clerk, True), (walk.officer, False)):
        page = as_(reader).get(reverse("case", args=[walk.case.pk])).context["page"]
        urls = [warning.lack.url for warning in page.warnings]
        assert [as_(reader).get(url).status_code for url in urls] == [200, 200]
        assert ["/correct/" in url for url in urls] == [corrects, corrects]
    decree, son = Decree.objects.get(number="1/05", is_valid=True), Dependent.objects.get(relationship="son")
    page = as_(walk.clerk).get(reverse("case", args=[walk.case.pk])).context["page"]
    places = [warning.lack.url for warning in page.warnings]
    assert places == [
        f"{reverse('file_correct', args=[walk.file.pk, 'decree', decree.pk])}#id_amount_before",
        f"{reverse('file_correct', args=[walk.file.pk, 'dependent', son.pk])}#id_entitled_until",
    ]
    for place in places:
        path, _hash, field = place.partition("#")
        assert f'id="{field}"' in text(as_(walk.clerk).get(path))


def test_the_referral_page_says_at_once_what_will_be_asked(walk: Walk) -> None:
    url = reverse("refer", args=[walk.file.pk])
    clean = as_(walk.clerk).get(url).context
    assert (clean["errors"], clean["warnings"]) == ([], [])
    PensionFile.objects.update(iban=MELLAT, paper_pages=None)
    answer = as_(walk.clerk).get(url)
    assert [len(answer.context[name]) for name in ("errors", "warnings")] == [1, 1]
    done = as_(walk.clerk).post(url, command() | MOVE, follow=True)
    assert TransferCase.objects.get().state == State.REFERRAL
    assert "warning" in {message.level_tag for message in done.context["messages"]}


def test_another_file_of_the_same_person_is_a_warning_by_strong_identifiers_only(cast: Cast) -> None:
    first = make_file(cast.origin, 1)
    make_file(cast.origin, 2, first_name=first.first_name, last_name=first.last_name)
    make_file(cast.destination, 3, national_code=first.national_code)
    walk = Walk(cast, first)
    assert walk.to(State.DRAFT).warnings == []
    make_file(cast.origin, 4, national_code=first.national_code)
    case = press(Action.EDIT_MOVE, walk.case, walk.clerk, **MOVE)
    assert [row[:2] for row in case.warnings] == [["principal.national_code", "other_file"]]
    assert (case.turn, case.side) == ("clerk", Side.ORIGIN)


def test_the_demo_knows_a_complete_file_by_the_same_checks(walk: Walk) -> None:
    assert [file.pk for file in story.files_ready("0801")] == [walk.file.pk]
    PensionFile.objects.update(iban=MELLAT)
    assert list(story.files_ready("0801")) == []
