"""The whole page: what stands now, the places it is made of, and the figures of the period."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Max
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Branch, User
from branches.roles import Scope
from pension_transfer.lib.months import Months
from transfers.lateness import Party
from transfers.models import SummedDay
from transfers.overviews.drawn import drawn
from transfers.overviews.figures import Figures, figures_of, late_by_place
from transfers.overviews.place import Place
from transfers.overviews.standing import Standing, grouped_by, standing_by_branch
from transfers.overviews.tables import Cell, Header, Table, cell
from transfers.overviews.tiles import Tiles, tiles_of

COLUMNS: dict[str, Any] = {
    "name": gettext_lazy("Branch"),
    "open": gettext_lazy("Open"),
    "overdue": gettext_lazy("Overdue"),
    "longest": gettext_lazy("Longest overdue, working days"),
    "unreceived": gettext_lazy("Sent and not received in time"),
    "apart": gettext_lazy("Paper and data apart"),
    "at_risk": gettext_lazy("At risk for the payroll"),
    Party.ORIGIN: gettext_lazy("Late as origin"),
    Party.DESTINATION: gettext_lazy("Late as destination"),
}


@dataclass(frozen=True)
class Overview:
    """The overview of one place in some months, sorted by a column of its table of places."""

    user: User
    place: Place
    months: Months
    sort: str = "-overdue"

    def query(self, **changes: str) -> str:
        """The address that shows the same, with something else instead."""
        given = {"place": self.place.code, "since": str(self.months.first), "until": str(self.months.last)}
        return "?" + urlencode({name: value for name, value in (given | changes).items() if value})

    @cached_property
    def above(self) -> dict[str, dict[str, str]]:
        """Of every branch of this place: its name, its administration's code, name and province."""
        if self.place.scope == Scope.BRANCH:
            return {}
        rows = Branch.objects.filter(administration=self.place.code) if self.place.code else Branch.objects.all()
        names = {"code": "administration", "upper": "administration__name", "province": "administration__province"}
        columns = ("pk", "name", *names.values(), "administration__name_en")
        return {row["pk"]: row for row in rows.order_by().values(*columns)}

    @cached_property
    def by_branch(self) -> dict[str, Standing]:
        return standing_by_branch(self.user, self.place)

    @cached_property
    def now(self) -> Standing:
        """What stands at this place, all of it."""
        return sum(self.by_branch.values(), Standing())

    @cached_property
    def parts(self) -> dict[str, Standing]:
        """What stands, by the places this one is made of."""
        if self.place.scope == Scope.COUNTRY:
            return grouped_by(self.by_branch, {code: row["administration"] for code, row in self.above.items()})
        return self.by_branch

    @cached_property
    def figures(self) -> Figures:
        return figures_of(self.user, self.place, self.months)

    @cached_property
    def drawn(self) -> list[Table]:
        return drawn(self.figures)

    @cached_property
    def tables(self) -> list[Table]:
        """Everything that can be taken away."""
        return [*filter(None, [self.places]), *self.drawn]

    @property
    def tiles(self) -> Tiles | None:
        """The map, where the whole country is shown."""
        if self.place.scope != Scope.COUNTRY:
            return None
        names = {
            row["administration"]: (row["administration__province"], row["administration__name_en"])
            for row in self.above.values()
        }
        return tiles_of(self.parts, names, lambda code: self.query(place=code))

    @property
    def own_query(self) -> str:
        """The address of what is shown, for files."""
        return self.query()

    @property
    def above_query(self) -> str:
        """The address of the place that this one is a part of; empty where there is none, or it is not to be seen."""
        return "" if self.place.above is None else self.query(place=self.place.above)

    @property
    def summed_at(self) -> dt.datetime | None:
        """As of when the figures of the period are; None before anything was summed up."""
        return SummedDay.objects.aggregate(at=Max("at"))["at"]

    # --- the places it is made of

    @cached_property
    def places(self) -> Table | None:
        """What stands and who was late, place by place; None for a branch, which has no parts."""
        if self.place.scope == Scope.BRANCH:
            return None
        names = self._names()
        late = late_by_place(self.user, list(names), self.months)
        rows = [_line(code, names[code], self.parts.get(code, Standing()), late.get(code, Counter())) for code in names]
        shown = [row for row in rows if any(row[name] for name in row if name not in ("name", "code"))]
        cells = [[self._cell(row, name) for name in COLUMNS] for row in self._sorted(shown)]
        note = _("What is open now, and the steps of the period that each place itself was late with.")
        return Table("places", _("Overdue by place"), note, self._headers(), cells)

    def _names(self) -> dict[str, str]:
        if self.place.scope == Scope.COUNTRY:
            return {row["administration"]: row["administration__name"] for row in self.above.values()}
        return {code: row["name"] for code, row in self.above.items()}

    def _sorted(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        name = self.sort.removeprefix("-")
        by = name if name in COLUMNS else "overdue"
        rows.sort(key=lambda row: row["name"])
        return sorted(rows, key=lambda row: row[by], reverse=self.sort.startswith("-"))

    def _headers(self) -> list[Header]:
        labels = COLUMNS | ({"name": _("Administration")} if self.place.scope == Scope.COUNTRY else {})
        return [self._header(name, str(label)) for name, label in labels.items()]

    def _header(self, name: str, label: str) -> Header:
        """Numbers are sorted from the largest on, names from the first; once more turns it round."""
        first, other = (name, f"-{name}") if name == "name" else (f"-{name}", name)
        how = {name: "ascending", f"-{name}": "descending"}.get(self.sort, "")
        return Header(label, name != "name", self.query(sort=other if self.sort == first else first) + "#places", how)

    def _cell(self, row: dict[str, Any], name: str) -> Cell:
        return cell(row[name], str(COLUMNS[name]), self.query(place=row["code"]) if name == "name" else "")


def _line(code: str, name: str, standing: Standing, late: Counter[str]) -> dict[str, Any]:
    """One row by the names of COLUMNS."""
    numbers = {column: getattr(standing, column) for column in COLUMNS if hasattr(standing, column)}
    parties = {party: late[party] for party in (Party.ORIGIN, Party.DESTINATION)}
    return {"code": code, "name": name} | numbers | parties


def overview_of(user: User, place: Place, months: Months, sort: str = "") -> Overview:
    """What a person sees of a place in closed months."""
    return Overview(user, place, months, sort or "-overdue")
