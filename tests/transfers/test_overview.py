"""«نمای کلی»: who sees whose figures, what a page costs, what can be taken away."""

import csv
import datetime as dt
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import gettext
from openpyxl import load_workbook

from branches.models import Administration
from branches.roles import Role
from pension_transfer.lib import calendar, charts
from pension_transfer.lib.calendar import today
from pension_transfer.lib.months import Month, Months
from tests.cast import Cast, Walk, make_file
from tests.pages import as_, queries, text
from transfers import summing
from transfers.lateness import Party
from transfers.models import Summary, TransferCase
from transfers.overviews import drawn, find_place, tiles
from transfers.overviews.figures import Figures, days_of, figures_of, late_by_place, percentile
from transfers.overviews.form import PeriodForm
from transfers.overviews.standing import Standing, standing_by_branch
from transfers.overviews.tables import table as tabled
from transfers.overviews.tables import write_csv, write_xlsx
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
URL = "/overview/"
AUTUMN = dt.date(2026, 11, 1)  # 1405/08/10


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """Something open, something late, something registered, a return; summed up."""
    for number, (state, side) in enumerate(
        [(State.DRAFT, Side.ORIGIN), (State.REGISTERED, Side.DESTINATION), (State.RETURNED, Side.DESTINATION)], 1
    ):
        Walk(cast, make_file(cast.origin, number)).to(state, side)
    draft = TransferCase.objects.filter(state=State.DRAFT)
    draft.update(due_on=today() - dt.timedelta(days=9))
    summing.catch_up()
    return cast


def seen(user: Any, query: str = "") -> Any:
    answer = as_(user).get(URL + query)
    assert answer.status_code == 200
    return answer.context["shown"]


def status(user: Any, path: str) -> int:
    answer = as_(user).get(URL + path)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return int(answer.status_code)


# --- who sees what ------------------------------------------------------------------------------------------------


def test_each_sees_its_own_place(filled: Cast) -> None:
    head = seen(filled.at(filled.origin, Role.BRANCH_HEAD))
    assert (head.place.code, head.places, head.now.overdue) == ("0801", None, 1)
    assert head.place.is_home and not head.above_query
    assert head.figures.totals == Counter(opened=3, sent=2)
    province = seen(filled.reader(Role.PROVINCE_SUPERVISOR))
    assert (province.place.code, [row[0].value for row in province.places.rows]) == ("23", ["شعبه ۱ تهران"])
    for role in (Role.CENTER_OPERATOR, Role.AUDITOR):
        country = seen(filled.reader(role))
        assert country.figures.totals == Counter(opened=3, sent=2, received=2, registered=1, returned=1)
        assert [row[0].value for row in country.places.rows] == ["اداره کل تهران", "اداره کل فارس"]
        assert seen(filled.reader(role), "?place=0801").above_query.startswith("?place=23&")
        assert country.now.open == sum(part.open for part in country.parts.values()) == 5
        assert country.figures.reasons == Counter(different_value=1)


def test_nobody_sees_the_figures_of_others(filled: Cast) -> None:
    """Places one may not see, and such as are none, answer alike; who has no overview hears who has."""
    head, province = filled.at(filled.origin, Role.BRANCH_HEAD), filled.reader(Role.PROVINCE_SUPERVISOR)
    for user, allowed, beyond in [
        (head, ["", "0801"], ["1001", "23", "07", "99", "x"]),
        (province, ["", "23", "0801"], ["1001", "07", "99"]),
        (filled.reader(Role.AUDITOR), ["", "23", "07", "0801", "1001"], ["99", "9999", "x"]),
    ]:
        for path in ("", "figures.csv", "figures.xlsx"):
            answers = {place: status(user, f"{path}?place={place}") for place in allowed + beyond}
            assert answers == dict.fromkeys(allowed, 200) | dict.fromkeys(beyond, 404)
    for role in (Role.CLERK, Role.INSURANCE_DEPUTY, Role.DESTINATION_STAFF):
        assert status(filled.at(filled.origin, role), "") == 403
    assert status(filled.reader("outsider"), "") == 403

    def places(user: Any) -> set[str]:
        return set(Summary.objects.visible_to(user).values_list("place", flat=True))

    assert places(filled.at(filled.origin, Role.BRANCH_HEAD)) == {"0801"}
    assert places(filled.reader(Role.PROVINCE_SUPERVISOR)) == {"23", "0801"}
    assert places(filled.reader(Role.AUDITOR)) == {"", "07", "23", "0801", "1001"}
    assert places(filled.at(filled.origin, Role.CLERK)) == places(filled.reader("outsider")) == set()


def test_what_stands_is_counted_where_one_sees_it_and_at_that_place_only(filled: Cast) -> None:
    """Each of the two alone: who asks, and which place is asked for; no row security stands behind it here."""
    head, auditor = filled.at(filled.origin, Role.BRANCH_HEAD), filled.reader(Role.AUDITOR)
    country, branch = find_place(auditor), find_place(auditor, "0801")
    assert {*standing_by_branch(auditor, country)} == {"0801", "1001"}
    assert {*standing_by_branch(head, country)} == {*standing_by_branch(auditor, branch)} == {"0801"}
    sent = Walk(filled, make_file(filled.origin, 8)).to(State.SENT)
    assert standing_by_branch(head, branch)["0801"].unreceived == 0
    TransferCase.objects.filter(pk=sent.pk).update(turn_since=timezone.now() - dt.timedelta(days=30))
    assert standing_by_branch(head, branch)["0801"].unreceived == 1


def test_a_file_tells_of_the_place_that_was_asked_for(filled: Cast) -> None:
    client = as_(filled.reader(Role.AUDITOR))
    plain = b"".join(client.get(f"{URL}figures.csv?place=0801").streaming_content).decode("utf-8-sig")
    assert plain.startswith(str(filled.origin)) and filled.destination.administration.name not in plain
    urls = {path: [card["url"] for card in client.get(URL + path).context["cards"]] for path in ("", "?place=0801")}
    assert any(urls[""]) and not any(urls["?place=0801"])  # the queue of cases is of the reader's whole country


# --- the page -----------------------------------------------------------------------------------------------------


def test_a_wrong_period_is_told(cast: Cast) -> None:
    auditor = cast.reader(Role.AUDITOR)
    for query in ("?since=1405/13", "?until=x", "?since=1405/09&until=1405/08", "?since=1300/01"):
        answer = as_(auditor).get(URL + query)
        assert answer.status_code == 422 and "shown" not in answer.context
        assert status(auditor, f"figures.csv{query}") in (400, 422)


def test_the_table_of_places_is_sorted_as_asked(filled: Cast) -> None:
    auditor = filled.reader(Role.AUDITOR)
    names = {
        sort: [row[0].value[-4:] for row in seen(auditor, f"?sort={sort}").places.rows]
        for sort in ("name", "-name", "-overdue", "overdue", "x%00", "-open")
    }
    assert names["name"] == names["-overdue"] == names["-open"] == ["هران", "فارس"]
    assert names["-name"] == names["overdue"] == ["فارس", "هران"]


def test_what_the_page_costs_does_not_grow(filled: Cast) -> None:
    people = [
        filled.at(filled.origin, Role.BRANCH_HEAD),
        filled.reader("province_supervisor"),
        filled.reader("auditor"),
    ]
    before = [queries(user, URL) for user in people]
    assert max(before) <= 18, before
    Walk(filled, make_file(filled.origin, 9)).to(State.RECEIVED, Side.DESTINATION)
    summing.catch_up()
    assert [queries(user, f"{URL}?since=1400/01") for user in people] == before


def test_a_long_period_is_drawn_by_its_months(filled: Cast) -> None:
    now = Month.of(today())
    shown = seen(filled.reader(Role.AUDITOR), f"?since={now - 11}")
    assert len(shown.figures.flow) == 12 and shown.figures.totals["opened"] == 3
    assert "<svg" in text(as_(filled.reader(Role.AUDITOR)).get(URL)) and 'style="' not in text(
        as_(filled.reader(Role.AUDITOR)).get(URL)
    )


def test_everything_can_be_taken_away(filled: Cast) -> None:
    client = as_(filled.reader(Role.AUDITOR))
    plain = b"".join(client.get(f"{URL}figures.csv").streaming_content)
    assert plain.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(plain.decode("utf-8-sig"))))
    shown = seen(filled.reader(Role.AUDITOR))
    assert all([table.title, table.note] in rows for table in shown.tables)
    assert sum(len(table.rows) for table in shown.tables) < len(rows)
    book = load_workbook(io.BytesIO(b"".join(client.get(f"{URL}figures.xlsx").streaming_content)))
    assert len(book.sheetnames) == len(shown.tables) == 5
    assert book.worksheets[0]["C4"].value == shown.places.rows[0][2].value == 1


def test_no_cell_of_a_file_is_a_formula(tmp_path: Path) -> None:
    rows = [[sign + "cmd", 1] for sign in "=+-@"]
    tables = [tabled("x", "=title", "+note", ["=a", "@b"], rows)]
    write_csv(tmp_path / "x.csv", ["=HYPERLINK()"], tables)
    write_xlsx(tmp_path / "x.xlsx", ["=HYPERLINK()"], tables)
    cells = [cell for row in csv.reader(io.StringIO((tmp_path / "x.csv").read_text("utf-8-sig"))) for cell in row]
    assert len(cells) == 13 and [cell for cell in cells if cell.startswith(tuple("=+-@"))] == []
    book = load_workbook(tmp_path / "x.xlsx")
    assert [cell for row in book.worksheets[0] for cell in row if cell.data_type == "f"] == []


# --- figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "percent", "found"),
    [([3], 50, 3), ([1, 2], 50, 1), ([1, 2, 3], 50, 2), ([*range(1, 11)], 90, 9), ([0, 9], 90, 9)],
)
def test_percentiles_are_those_of_the_nearest_rank(days: list[int], percent: int, found: int) -> None:
    assert percentile(Counter(days), percent) == found


def test_the_middle_stands_before_the_nine_of_ten_and_late_is_what_was_late() -> None:
    stay = summing.stay_key(Side.ORIGIN, State.SENT)
    late = {Party.ORIGIN: Counter({0: 6, 3: 3, 8: 1}), Party.DESTINATION: Counter({0: 2})}
    figures = Figures({}, {stay: Counter({1: 6, 9: 4})}, late, Counter())
    (row,) = drawn.stays(figures).rows
    assert [it.value for it in row[1:4]] == [10, 1, 9]
    assert [header.label for header in drawn.stays(figures).headers][2] == gettext("Median")
    by_party = [[it.value for it in row[1:]] for row in drawn.fair(figures).rows]
    assert by_party == [[4, 10, 40, 3], [0, 2, 0, ""], [0, 0, 0, ""]]


def test_a_place_is_late_with_the_steps_that_were_late(filled: Cast) -> None:
    months = Months(Month(140508), Month(140508))
    for days, n in ((0, 5), (2, 1)):
        Summary.objects.create(place="0801", day=AUTUMN, figure="late", key=Party.ORIGIN, days=days, n=n)
    auditor = filled.reader(Role.AUDITOR)
    assert late_by_place(auditor, ["0801"], months) == {"0801": Counter(steps=6, in_time=5, origin=1)}
    shown = seen(filled.reader(Role.PROVINCE_SUPERVISOR), "?since=1405/08&until=1405/08")
    assert [it.value for it in shown.places.rows[0][-2:]] == [1, 0]
    assert figures_of(auditor, find_place(auditor, "0801"), months).late == {"origin": Counter({0: 5, 2: 1})}


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [(140508, 140509, "2026-10-23", "2026-12-21"), (140412, 140501, "2026-02-20", "2026-04-20")],
)
def test_months_are_those_of_the_jalali_calendar(since: int, until: int, first: str, last: str) -> None:
    assert [str(day) for day in days_of(Months(Month(since), Month(until)))] == [first, last]


def test_the_oldest_of_two_places_is_the_older_one() -> None:
    days = [dt.date(2026, 3, 1), dt.date(2026, 2, 1), None]
    assert sum((Standing(open=1, oldest=day) for day in days), Standing()) == Standing(open=3, oldest=days[1])


@pytest.mark.parametrize(
    ("part", "overdue", "shade"), [(0, 0, 0), (0, 1, 1), (5, 1, 1), (6, 1, 2), (20, 1, 3), (21, 1, 4)]
)
def test_a_shade_says_how_much_is_overdue(part: int, overdue: int, shade: int) -> None:
    assert tiles.shade(part, Standing(open=100, overdue=overdue)) == shade


def test_the_administrations_of_tehran_are_one_tile() -> None:
    found = {"31": Standing(open=2, overdue=1), "23": Standing(open=2)}
    (tile,) = tiles.tiles_of(found, {"23": ("تهران", "Tehran")}, str).tiles
    assert (tile.shade, tile.url) == (4, "")  # one of four; which of the three it leads to nobody knows


def test_a_period_is_three_months_unless_asked_and_ten_years_at_most() -> None:
    usual = PeriodForm({})
    assert usual.is_valid() and len(usual.months) == 3
    asked = [PeriodForm({"since": since, "until": "1405/12"}).is_valid() for since in ("1396/01", "1395/12")]
    assert asked == [True, False]


def test_days_to_come_are_not_drawn(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "today", lambda: AUTUMN)
    auditor = cast.reader(Role.AUDITOR)
    flow = figures_of(auditor, find_place(auditor), Months(Month(140508), Month(140508))).flow
    assert max(flow) == AUTUMN and len(flow) < 10  # working days


def test_every_province_has_one_tile(db: None) -> None:
    from branches.organisation_data import load_organization

    load_organization()
    drawn = [code for row in tiles.MAP for code in row if code]
    assert sorted([*drawn, *tiles.TOGETHER]) == [row.pk for row in Administration.objects.order_by("pk")]
    assert len(drawn) == len(set(Administration.objects.values_list("province", flat=True))) == 31


@pytest.mark.parametrize("values", [[], [0], [0, 0], [5], [1, 10_000_000]])
def test_whatever_is_counted_can_be_drawn(values: list[int]) -> None:
    labels = [str(n) for n in values]
    for chart in (
        charts.lines("", "", labels, [charts.Series("", values)]),
        charts.columns("", "", labels, [charts.Series(name, values) for name in "abc"]),
        charts.bars("", "", [charts.Bar("", n, "") for n in values]),
    ):
        assert all(0 <= x <= chart.width and 0 <= y <= chart.height for it in chart.lines for x, y in it.points)
        assert all(box.x >= 0 and box.x + box.width <= chart.width for box in chart.boxes)


def test_words_that_have_no_room_stand_under_their_label() -> None:
    short, long = (
        charts.Bar("Draft", 1, "median 1"),
        charts.Bar("Approved by the technical officer of the branch", 1, "median 1"),
    )
    for row, is_below in ((short, False), (long, True)):
        label, words = charts.bars("", "", [row]).texts
        assert (words.y > label.y) is is_below
    both = charts.bars("", "", [long, short])
    assert max(box.y + box.height for box in both.boxes) <= both.height


def test_a_day_without_a_step_has_no_column() -> None:
    chart = charts.columns("", "", ["1", "2"], [charts.Series("a", [0, 4]), charts.Series("b", [4, 2])])
    drawn = [box.height for box in chart.boxes if box.y + box.height == charts.TALL]
    assert sorted(drawn) == [115, 230, 230]
