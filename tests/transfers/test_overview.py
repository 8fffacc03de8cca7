"""«نمای کلی»: who sees whose figures, what a page costs, what can be taken away."""

import csv
import datetime as dt
import io
from collections import Counter
from typing import Any

import pytest
from openpyxl import load_workbook

from branches.models import Administration
from branches.roles import Role
from pension_transfer.lib import charts
from pension_transfer.lib.calendar import today
from pension_transfer.lib.months import Month
from tests.cast import Cast, Walk, make_file
from tests.pages import as_, queries, text
from transfers import summing
from transfers.models import Summary, TransferCase
from transfers.overviews import tiles
from transfers.overviews.figures import percentile
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
URL = "/overview/"


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


# --- figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "percent", "found"),
    [([3], 50, 3), ([1, 2], 50, 1), ([1, 2, 3], 50, 2), ([*range(1, 11)], 90, 9), ([0, 9], 90, 9)],
)
def test_percentiles_are_those_of_the_nearest_rank(days: list[int], percent: int, found: int) -> None:
    assert percentile(Counter(days), percent) == found


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
        charts.bars("", "", [charts.Bar("", n, "") for n in values]),
    ):
        assert all(0 <= x <= chart.width and 0 <= y <= chart.height for it in chart.lines for x, y in it.points)
        assert all(box.x >= 0 and box.x + box.width <= chart.width for box in chart.boxes)
