"""The search box: what is found, for whom, why, and by which index."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

import branches.search
import transfers.search
from branches.models import PensionFile, User
from branches.roles import Action, Role
from pension_transfer.lib import fences
from pension_transfer.lib.finding import Names, Typed, Way
from pension_transfer.lib.persian import to_persian_digits
from tests.cast import MOVE, PAPER_SENT, Cast, Walk, appoint, make_file, national_code, press
from tests.pages import as_, goes_to, text
from transfers.models import TransferCase
from transfers.states import Side, State
from transfers.views import search as page

pytestmark = pytest.mark.django_db(databases="__all__")
HTMX = {"HX-Request": "true"}


def found(user: User, query: str) -> dict[str, dict[str, str]]:
    """What the page shows to this person: by group, where each hit leads and why it was found."""
    answer = as_(user).post(reverse("search"), {"q": query})
    assert answer.status_code == 200
    groups = answer.context["found"].groups if answer.context["found"] else []
    return {group.name: {hit.url: hit.match.why for hit in group.hits} for group in groups}


@pytest.fixture
def sent(walk: Walk) -> TransferCase:
    """A move under way, whose letters are known."""
    walk.to(State.SENT)
    return press("dispatch_paper", TransferCase.objects.get(pk=walk.case.pk), walk.clerk, **PAPER_SENT)


# --- what is found ------------------------------------------------------------------------------------------


def test_every_number_finds_its_file_and_its_move_and_says_which_it_is(walk: Walk, sent: TransferCase) -> None:
    file, in_file, in_move = walk.file, reverse("file", args=[walk.file.pk]), reverse("case", args=[sent.pk])
    dependent = file.dependents.all()[0].national_code
    code, pension = ("National code", file.national_code), ("Pension number", file.pension_number)
    wanted: dict[str, tuple[Any, Any]] = {
        file.national_code: (code, code),
        file.national_code[:7]: (code, None),
        file.pension_number: (pension, pension),
        "001": (("Insurance number", file.insurance_number), None),
        dependent: (("National code of a dependent", dependent), None),
        MOVE["letter_number"]: (None, ("Letter number", MOVE["letter_number"])),
        PAPER_SENT["paper_sent_letter"]: (None, ("Letter number", PAPER_SENT["paper_sent_letter"])),
    }
    for query, (of_file, of_move) in wanted.items():
        for typed in (query, to_persian_digits(query)):
            with translation.override("en"):
                typed_in = Typed(typed)
                rows = [
                    *branches.search.files(walk.clerk, typed_in, 6),
                    *transfers.search.moves(walk.clerk, typed_in, 6),
                ]
            assert [(match.why, match.value) for match in rows] == [why for why in (of_file, of_move) if why], typed
            urls = [url for group in found(walk.clerk, typed).values() for url in group]
            assert urls == [url for url, why in ((in_file, of_file), (in_move, of_move)) if why]


@pytest.mark.parametrize(
    "query",
    ["علي رضا حسيني", "علیرضا", "علی\u200cرضا حسینی", "حسینی علیرضا", "حسین", "علیرضاحسینی", "رضا حس"],
)
def test_however_a_name_is_written_it_is_found(walk: Walk, sent: TransferCase, query: str) -> None:
    make_file(walk.cast.origin, 2, first_name="مهدی", last_name="کاظم‌پور")
    hits = found(walk.clerk, query)
    assert [list(hits[name]) for name in ("files", "moves")] == [
        [reverse("file", args=[walk.file.pk])],
        [reverse("case", args=[sent.pk])],
    ]


@pytest.mark.parametrize("query", ["حسیمی", "علیرظا", "علیرضا حسنی", "عليرضا حصینی", "حسینس", "حسینی لعیرضا"])
def test_a_typing_error_is_tolerated_and_told_in_the_branch_the_province_and_the_country(
    walk: Walk, sent: TransferCase, query: str
) -> None:
    make_file(walk.cast.origin, 2, first_name="مهدی", last_name="کاظم‌پور")
    here = {"files": reverse("file", args=[walk.file.pk]), "moves": reverse("case", args=[sent.pk])}
    for user in (walk.clerk, walk.cast.reader(Role.PROVINCE_SUPERVISOR), walk.cast.reader(Role.AUDITOR)):
        in_files, in_moves = (
            branches.search.files(user, Typed(query), 6),
            transfers.search.moves(user, Typed(query), 6),
        )
        assert [match.row for match in in_files] == [walk.file]
        assert sent in [match.row for match in in_moves]
        assert all(match.is_misspelt for match in (*in_files, *in_moves))
        hits = found(user, query)
        assert here["files"] in hits["files"] and set(hits["files"].values()) == {"نام مشابه"}
        assert here["moves"] in hits["moves"]


def test_whatever_writes_a_name_it_is_found_by_the_new_one_only(walk: Walk) -> None:
    PensionFile.objects.filter(pk=walk.file.pk).update(last_name="كاظم‌پور")
    assert found(walk.clerk, "کاظم پور")["files"] and not found(walk.clerk, "حسینی")


@pytest.mark.parametrize(
    "query", ["", " ", "ع", "12", "\u200c", "%", "_%", "\x00", "'; --", "9" * 5000, "ﷺ" * 300, "۱/"]
)
def test_whatever_is_typed_is_answered(walk: Walk, query: str) -> None:
    for headers in ({}, HTMX):
        answer = as_(walk.clerk).post(reverse("search"), {"q": query}, headers=headers)
        assert answer.status_code == 200
        assert not getattr(answer.context["found"], "groups", [])


def test_a_tracking_number_and_a_transfer_sheet_are_tracked(walk: Walk, sent: TransferCase) -> None:
    answer = as_(walk.clerk).post(reverse("search"), {"q": sent.tracking_number})
    assert [move.first.pk for move in answer.context["moves"]] == [sent.pk]
    scanned = as_(walk.clerk).post(reverse("search"), {"q": f"PT1:{sent.tracking_number}:"})
    assert goes_to(scanned) == reverse("case", args=[sent.pk])


# --- for whom -----------------------------------------------------------------------------------------------


def test_everybody_finds_what_they_may_see_and_nobody_more(walk: Walk, sent: TransferCase) -> None:
    cast, file, case = walk.cast, reverse("file", args=[walk.file.pk]), reverse("case", args=[sent.pk])
    for query in ("علیرضا", "حسینی علی", "علي رضا حس", walk.file.national_code, walk.file.pension_number[:9]):
        for reader in (Role.PROVINCE_SUPERVISOR, Role.AUDITOR, Role.CENTER_OPERATOR):
            assert list(found(cast.reader(reader), query)["files"]) == [file], (reader, query)
        for stranger in (cast.at(cast.third, Role.CLERK), walk.staff, cast.reader("outsider")):
            assert found(stranger, query) == {}
    assert list(found(cast.reader(Role.AUDITOR), "علیرضاحسینی")["moves"]) == [case]
    make_file(cast.destination, 9)
    assert list(found(cast.reader(Role.PROVINCE_SUPERVISOR), "علیرضا")["files"]) == [file]


def test_in_the_country_a_name_is_found_from_its_beginning_on_and_the_page_says_so(walk: Walk) -> None:
    auditor = walk.cast.reader(Role.AUDITOR)
    answer = as_(auditor).post(reverse("search"), {"q": "رضا حس"})
    assert (answer.context["found"].groups, answer.context["found"].is_wide) == ([], True)
    for user in (walk.clerk, walk.cast.reader(Role.PROVINCE_SUPERVISOR)):
        answer = as_(user).post(reverse("search"), {"q": "رضا حس"})
        assert (len(answer.context["found"].groups), answer.context["found"].is_wide) == (1, False)


def test_what_is_looked_for_outside_of_the_fence_is_read_within_it(walk: Walk) -> None:
    """Were `visible_to` forgotten, row security would still show nothing of another branch."""
    with fences.within(fences.Reach(connection, lambda: "1001")):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            if cursor.fetchone() != (fences.ROLE,):
                pytest.skip(f"THE SECOND WALL WAS NOT TRIED: THIS ACCOUNT MAY NOT TAKE THE ROLE {fences.ROLE}")
        assert branches.search.files(walk.clerk, Typed("حسینی"), 6) == []
    assert len(branches.search.files(walk.clerk, Typed("حسینی"), 6)) == 1


def test_the_rows_of_others_take_no_place_from_ones_own(cast: Cast) -> None:
    """However many bear the same name elsewhere, and however few are shown."""
    for number in range(11, 14):
        make_file(cast.destination, number)
    walk = Walk(cast)
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    for query in ("حسینی", "حسیمی", "7000"):
        assert [match.row for match in branches.search.files(walk.clerk, Typed(query), 1)] == [walk.file], query
    for user, case in ((walk.clerk, walk.case), (walk.staff, copy)):
        assert [match.row for match in transfers.search.moves(user, Typed(copy.national_code), 1)] == [case]


@pytest.mark.parametrize("finding", [branches.search, transfers.search])
def test_a_way_that_forgot_whose_rows_they_are_shows_nothing(
    walk: Walk, sent: TransferCase, finding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, model = {branches.search: (branches.search.files, PensionFile)}.get(
        finding, (transfers.search.moves, TransferCase)
    )
    monkeypatch.setattr(finding, "_ways", lambda user, rows, typed: [Way("", model.objects.all())])
    found = {
        user: len(look(user, Typed("حسینی"), 6)) for user in (walk.clerk, walk.cast.at(walk.cast.third, Role.CLERK))
    }
    assert [*found.values()] == [1, 0]


def test_whoever_has_two_offices_finds_at_both(walk: Walk) -> None:
    """One of them in a branch, the other over a province."""
    appoint("both", Role.CLERK, branch=walk.cast.origin)
    fars = walk.cast.destination.administration
    person = appoint("both", Role.PROVINCE_SUPERVISOR, administration=fars)
    there = make_file(walk.cast.third, 2)
    urls = {reverse("file", args=[file.pk]) for file in (walk.file, there)}
    for query in ("علی رضا", "7000", "رضا حس", "حسیمی"):
        assert set(found(person, query)["files"]) == urls, query
    assert branches.search.places(person, Action.VIEW_FILES) == ["0701", "0801", "1001"]
    assert branches.search.places(appoint("both", Role.AUDITOR), Action.VIEW_FILES) is None


def test_who_is_misspelt_is_not_shown_beside_who_is_not_and_no_more_than_asked_for(walk: Walk) -> None:
    make_file(walk.cast.origin, 2, last_name="حسیمی")
    make_file(walk.cast.origin, 3, first_name="حسین", last_name="کاظمی")
    named = [match.row for match in branches.search.files(walk.clerk, Typed("حسینی"), 6)]
    assert named == [walk.file]
    for user in (walk.clerk, walk.cast.reader(Role.AUDITOR)):
        assert len(branches.search.files(user, Typed("حسین"), 1)) == 1


def test_what_is_cut_is_said_and_the_latest_move_stands_first(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    walk.to(State.DRAFT)
    walk.cancel()
    walk.draft(), walk.technical(), walk.send()
    cases = list(TransferCase.objects.order_by("-pk"))
    monkeypatch.setattr(page, "ON_THE_PAGE", 2)
    for query, is_cut in ((walk.file.national_code, True), ("1234/5", True), (walk.file.insurance_number, False)):
        answer = as_(walk.clerk).post(reverse("search"), {"q": query})
        assert answer.context["found"].is_cut is is_cut, query
    assert list(found(walk.clerk, walk.file.national_code)["moves"]) == [
        reverse("case", args=[case.pk]) for case in cases
    ]
    hit = answer.context["found"].groups[0].hits[0]
    assert (hit.state, hit.place) == ("frozen", walk.cast.origin)
    answer = as_(walk.clerk).post(reverse("search"), {"q": walk.file.national_code})
    moves = {group.name: group.hits for group in answer.context["found"].groups}["moves"]
    assert [(hit.state, hit.label) for hit in moves] == [(case.state, case.get_state_display()) for case in cases]


# --- how ----------------------------------------------------------------------------------------------------


def test_nothing_of_a_person_stands_in_an_address(walk: Walk) -> None:
    answer = as_(walk.clerk).get(reverse("search"), {"q": walk.file.national_code})
    assert answer.context["found"] is None
    box = re.search(r'<form[^>]*class="search".*?</form>', text(answer), re.DOTALL)
    assert box and 'method="post"' in box[0] and "hx-get" not in box[0]


def test_the_list_while_typing_is_a_listbox_of_links(walk: Walk, sent: TransferCase) -> None:
    piece = text(as_(walk.clerk).post(reverse("search"), {"q": "حسینی"}, headers=HTMX))
    assert "<html" not in piece
    assert piece.count('role="listbox"') == 1 and piece.count('role="group"') == 2
    assert re.findall(r'role="option"\s+id="(\S+)"', piece) == ["found-files-1", "found-moves-1"]


def test_a_search_costs_a_constant_number_of_queries(walk: Walk, sent: TransferCase) -> None:
    client, counted = as_(walk.clerk), []
    for number in range(30, 34):
        for query in ("حسینی", "حسیمی", "123456", national_code(10)):
            with CaptureQueriesContext(connection) as queries:
                client.post(reverse("search"), {"q": query}, headers=HTMX)
            counted.append(len(queries))
        make_file(walk.cast.origin, number)
    assert max(counted) <= 18 and counted[:4] == counted[-4:]


QUESTIONS: list[tuple[Any, str, list[str]]] = [
    (PensionFile, "حسین", ["file_by_first_name", "file_by_last_name", "file_by_first_name.*file_by_last_name"]),
    (PensionFile, "0499370899", [
        "file_by_national_code", "file_by_pension_number|file_once_in_a_branch", "file_by_insurance_number",
        "dependent"]),
    (TransferCase, "حسین", ["case_by_name", "branches_pensionfile", "case_by_name.*file_by_last_name"]),
    (TransferCase, "12/5", ["case_by_letter_number"]),
]  # fmt: skip


def ways(user: User, model: Any, typed: str) -> Iterable[Way]:
    """How this person's question is answered."""
    finding = branches.search if model is PensionFile else transfers.search
    return finding._ways(user, model.objects.visible_to(user), Typed(typed))


@pytest.mark.parametrize("query", ["0499370899", "700000", "123456789", "حسینی", "12/5"])
def test_no_question_to_a_branch_reads_every_row(walk: Walk, query: str) -> None:
    found = plans([*ways(walk.clerk, PensionFile, query), *ways(walk.clerk, TransferCase, query)])
    assert [plan for plan in found if "Seq Scan" in plan] == []


def plans(ways: Iterable[Way]) -> list[str]:
    """How the rows are found where the planner may not read a table from end to end, however many are wanted."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        found = [str(way.rows.order_by().explain()) for way in ways]
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize(("model", "typed", "indexes"), QUESTIONS)
def test_every_question_to_the_country_has_an_index(cast: Cast, model: Any, typed: str, indexes: list[str]) -> None:
    found = plans(ways(cast.people["", Role.AUDITOR], model, typed))
    missed = [
        plan
        for plan, index in zip(found, indexes, strict=True)
        if not re.search(index, plan, re.DOTALL) or "Seq Scan" in plan
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("names", "rows", "indexes"),
    [
        (branches.search.NAMES, PensionFile.objects, ["file_by_first_name", "file_by_last_name"]),
        (transfers.search.NAMES, TransferCase.objects, ["case_by_name"]),
    ],
)
def test_parts_of_names_and_misspelt_ones_have_an_index(names: Names, rows: Any, indexes: list[str]) -> None:
    found = plans(names.ways(rows.all(), Typed("حسین رضا"), ["0801"]))
    of_lexemes = [index.name for index in rows.model._meta.indexes if "lexemes" in index.name] * 2
    missed = [plan for plan, index in zip(found, indexes + of_lexemes, strict=True) if index not in plan]
    assert missed == []


def test_the_planner_never_makes_the_lexemes_of_a_whole_table(walk: Walk) -> None:
    """However many rows it expects; 4,000,000 of them would take minutes."""
    file = walk.file
    for number in range(300):
        file.pk, file.pension_number, file.last_name = None, f"90{number:08d}", "ابپتجد"[number % 6] * (number // 6 + 1)
        file.save()
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {PensionFile._meta.db_table}")
    for typed in ("حسین", "اا حس", "کاظمی حسینی"):
        for places in (["0801"], [f"{code:04d}" for code in range(3)]):
            ways = [*branches.search.NAMES.ways(PensionFile.objects.all(), Typed(typed), places)][-2:]
            assert ["file_by_lexemes_of_name" in way.rows.explain() for way in ways] == [True, True], typed
