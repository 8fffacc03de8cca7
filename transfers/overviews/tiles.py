"""The provinces as tiles, each about where it lies, coloured by how much of what is open there is overdue."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from pension_transfer.lib.charts import share
from pension_transfer.lib.templatetags.persian import fa, grouped, percent
from transfers.overviews.standing import Standing

# Codes of administrations by rows from north to south, columns from west to east; Tehran has three.
MAP = (
    ("04", "03", "24", "01", "02", "27", "28"),
    ("", "19", "26", "30", "23", "20", "09"),
    ("12", "13", "00", "25", "", "", "29"),
    ("05", "15", "", "10", "21", "", ""),
    ("16", "06", "14", "17", "", "08", "11"),
    ("", "", "18", "07", "", "22", ""),
)
TOGETHER = {"31": "23", "32": "23"}
STEPS = (0, 5, 10, 20)  # percent overdue: up to so many, one shade


@dataclass(frozen=True)
class Tile:
    """A province, at a column and a row from 1 on; `shade`: how many of STEPS its share is above, where any is open."""

    name: str
    column: int
    row: int
    shade: int | None
    words: str
    told: str
    url: str


@dataclass(frozen=True)
class Tiles:
    """The map and what its shades say."""

    title: str
    tiles: list[Tile]
    legend: list[tuple[int, str]]


def tiles_of(found: dict[str, Standing], names: dict[str, tuple[str, str]], url: Any) -> Tiles:
    """The map; `found` by the administrations' codes, `names` their provinces in Persian and English."""
    provinces: dict[str, Standing] = defaultdict(Standing)
    for code, standing in found.items():
        provinces[TOGETHER.get(code, code)] += standing
    places = [(code, x, y) for y, row in enumerate(MAP) for x, code in enumerate(row) if code in names]
    made = [_tile(code, x, y, provinces[code], names, url) for code, x, y in places]
    return Tiles(_("Overdue by province"), made, legend())


def _tile(code: str, x: int, y: int, standing: Standing, names: dict[str, tuple[str, str]], url: Any) -> Tile:
    name = names[code][0 if get_language_bidi() else 1]
    part = share(standing.overdue, standing.open)
    said = {"n": grouped(standing.overdue), "of": grouped(standing.open), "share": percent(part), "name": name}
    words = _("%(n)s of %(of)s (%(share)s)") % said if standing.open else _("none open")
    told = _("%(name)s: %(n)s of %(of)s open cases overdue") % said
    leads = "" if code in TOGETHER.values() else url(code)
    return Tile(name, x + 1, y + 1, shade(part, standing), words, told, leads)


def shade(part: int, standing: Standing) -> int | None:
    """0 where nothing is overdue; 1 for the smallest share; None where nothing is open."""
    if not standing.open:
        return None
    return sum(part > step for step in STEPS) or int(bool(standing.overdue))


def legend() -> list[tuple[int, str]]:
    """What each shade says."""
    between = list(pairwise(STEPS[1:]))
    named = [_("nothing overdue"), _("up to %(most)s") % {"most": percent(STEPS[1])}]
    named += [_("%(low)s to %(high)s") % {"low": fa(low), "high": percent(high)} for low, high in between]
    return list(enumerate([*named, _("more than %(most)s") % {"most": percent(STEPS[-1])}]))
