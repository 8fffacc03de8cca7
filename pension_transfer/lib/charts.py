"""Drawings of figures as plain SVG, computed here and printed by components/chart.html.

A drawing is computed from left to right and mirrored for a reader who reads from right to left. It is a picture only:
the same figures stand in a table beside it, and colour is never the only thing that tells two series apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import get_language_bidi

from pension_transfer.lib.templatetags.persian import grouped

WIDTH, ROW, BAR, TOP = 480, 54, 18, 8
FITS, TEXT = 52, 22  # letters that have room in one line of a row on a telephone; the height of another line
TALL, LONG, EDGE, FOOT = 250, 760, 40, 58
SPAN = LONG - 2 * EDGE - 52  # from the first point in time to the last
DASHES = ("", "7 4", "2 4")
TONES = ("go", "way", "wait")
FILLED = ("go", "way-soft", "wait")  # the middle one is an outline
APART = 125  # from one name of a legend to the next: three of them are seen on a telephone


@dataclass(frozen=True)
class Box:
    """A rectangle; `tone` is a class of the style sheet."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True)
class Line:
    """A line through points; `dash` as SVG has it."""

    points: tuple[tuple[float, float], ...]
    tone: str
    dash: str = ""

    @property
    def path(self) -> str:
        """The same as SVG's `points`."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


@dataclass(frozen=True)
class Text:
    """Words at a place; `anchor` is start, middle or end in the reader's direction."""

    x: float
    y: float
    words: str
    anchor: str = "start"
    tone: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing with its name, and a sentence for who does not see it."""

    title: str
    told: str
    width: int
    height: int
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    is_long: bool = False

    @property
    def direction(self) -> str:
        return "rtl" if get_language_bidi() else "ltr"


@dataclass(frozen=True)
class Bar:
    """One row of bars: `value` is drawn solid, `reach` (if more) lightly beyond it, `mark` as a stroke across."""

    label: str
    value: float
    words: str
    reach: float = 0
    mark: float | None = None
    tone: str = "go"


@dataclass(frozen=True)
class Series:
    """One line of a chart of lines."""

    label: str
    values: Sequence[int]


def bars(title: str, told: str, rows: Sequence[Bar]) -> Chart:
    """Rows of bars under their labels, on one scale."""
    most = max([1.0, *(max(row.value, row.reach, row.mark or 0) for row in rows)])
    unit, y = (WIDTH - 2) / most, TOP  # a stroke at the end is seen whole
    chart = Chart(title, told, WIDTH, TOP + sum(_tall(row) for row in rows))
    for row in rows:
        _said(chart, row, y)
        y += _tall(row)
        _bar(chart, row, y - ROW, unit)
    return _turned(chart)


def _tall(row: Bar) -> int:
    return ROW + TEXT * (len(row.label) + len(row.words) > FITS)


def _said(chart: Chart, row: Bar, y: int) -> None:
    """Label and words side by side, or the words under the label where both have no room."""
    chart.texts.append(Text(0, y + 14, row.label))
    chart.texts.append(Text(WIDTH, y + 14 + _tall(row) - ROW, row.words, "end", "value"))


def _bar(chart: Chart, row: Bar, y: float, unit: float) -> None:
    """From a stroke where nothing is, so that a nought is seen as one."""
    chart.lines.append(Line(((0.5, y + 20), (0.5, y + 24 + BAR)), "rule"))
    if row.reach > row.value:
        chart.boxes.append(Box(0, y + 22, row.reach * unit, BAR, f"{row.tone}-soft"))
    chart.boxes.append(Box(0, y + 22, max(row.value * unit, 2 if row.value else 0), BAR, row.tone))
    if row.mark is not None:
        x = row.mark * unit
        chart.lines.append(Line(((x, y + 18), (x, y + 26 + BAR)), "limit"))


def lines(title: str, told: str, labels: Sequence[str], series: Sequence[Series]) -> Chart:
    """Lines over time, the earliest first: each with a dash of its own, named in a legend under them."""
    chart, most = _framed(title, told, labels, series)
    for number, one in enumerate(series):
        _line(chart, one, (number, len(series)), most)
    return _turned(chart)


def columns(title: str, told: str, labels: Sequence[str], series: Sequence[Series]) -> Chart:
    """Counts over time, the earliest first: at each point a column of every series, in the order of the legend."""
    chart, most = _framed(title, told, labels, series)
    for number, one in enumerate(series):
        _columns(chart, one, (number, len(series)), most)
    return _turned(chart)


def _framed(title: str, told: str, labels: Sequence[str], series: Sequence[Series]) -> tuple[Chart, int]:
    """The frame of a chart over time, and the number at its top."""
    most = _rounded(max([1, *(value for one in series for value in one.values)]))
    chart = Chart(title, told, LONG, TALL + FOOT, is_long=True)
    for part in range(5):
        _across(chart, _y(part, 4), grouped(round(most * part / 4)))
    _along(chart, labels)
    for number, one in enumerate(series):
        chart.texts.append(Text(_named_at(number, len(series)) + 32, TALL + 46, one.label))
    return chart, most


def _across(chart: Chart, y: float, words: str) -> None:
    """A line of the scale, with its number at both ends: on a telephone one of them is seen."""
    chart.lines.append(Line(((EDGE, y), (LONG - EDGE, y)), "rule"))
    chart.texts.append(Text(EDGE - 6, y + 5, words, "end", "value"))
    chart.texts.append(Text(LONG - EDGE + 6, y + 5, words, "start", "value"))


def _named_at(number: int, of: int) -> float:
    """Where a series stands in the legend, which lies under the latest days."""
    return LONG - EDGE - (of - number) * APART


def _columns(chart: Chart, one: Series, place: tuple[int, int], most: int) -> None:
    number, of = place
    wide = min(14, 0.8 * SPAN / max(1, len(one.values) - 1) / of)
    for n, value in enumerate(one.values):
        if value:
            x, y = _x(n, len(one.values)) + (number - of / 2) * wide, _y(value, most)
            chart.boxes.append(Box(x, y, wide, TALL - y, FILLED[number % 3]))
    chart.boxes.append(Box(_named_at(number, of) + 10, TALL + 34, 14, 14, FILLED[number % 3]))


def _along(chart: Chart, labels: Sequence[str]) -> None:
    """Some of the labels under the axis: as many as have room."""
    every = max(1, math.ceil(len(labels) / 8))
    for number in range(0, len(labels), every):
        chart.texts.append(Text(_x(number, len(labels)), TALL + 20, labels[number], "middle", "value"))


def _line(chart: Chart, one: Series, place: tuple[int, int], most: float) -> None:
    number, of = place
    tone, dash = TONES[number % 3], DASHES[number % 3]
    points = [(_x(n, len(one.values)), _y(value, most)) for n, value in enumerate(one.values)]
    points = points if len(points) > 1 else [(x + by, y) for x, y in points for by in (-12, 12)]
    chart.lines.append(Line(tuple(points), tone, dash))
    x, y = _named_at(number, of), TALL + 41
    chart.lines.append(Line(((x, y), (x + 26, y)), tone, dash))


def _x(number: int, of: int) -> float:
    """Where a point in time stands: the first and the last a little inside."""
    return EDGE + 26 + SPAN * (number / (of - 1) if of > 1 else 0.5)


def _y(value: float, most: float) -> float:
    """How high a number stands."""
    return TALL - (TALL - 20) * value / most


def _rounded(most: float) -> int:
    """The next number of which a quarter is whole and round."""
    step = 10 ** max(0, math.floor(math.log10(most / 4))) if most > 4 else 1
    return int(math.ceil(most / (4 * step)) * 4 * step)


def _turned(chart: Chart) -> Chart:
    """Mirrored where the reader reads from right to left; what is start and end turns with the direction."""
    if not get_language_bidi():
        return chart
    return replace(
        chart,
        boxes=[replace(it, x=chart.width - it.x - it.width) for it in chart.boxes],
        lines=[replace(it, points=tuple((chart.width - x, y) for x, y in it.points)) for it in chart.lines],
        texts=[replace(it, x=chart.width - it.x) for it in chart.texts],
    )


def share(part: int, of: int) -> Any:
    """A share in whole percent; 0 of nothing."""
    return round(100 * part / of) if of else 0
