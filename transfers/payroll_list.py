"""The payroll list as people take it away: a page of one group, counts, a CSV or a workbook that is whole or not there.

The list is computed for every reader anew, so a page looks at a bounded part of it and goes on where it stopped.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from pension_transfer.lib.months import Month
from pension_transfer.lib.tables import add_sheet, safe, streamed, whole
from transfers import payroll
from transfers.payroll import Group, Line

A_PAGE = 25
LOOKED_AT = 10_000  # lines of the list that a page looks through for those of its group


@dataclass
class Tally:
    """How many pensions each group has, and for how many months those payable are paid; it counts as it is read."""

    pensions: Counter[str] = field(default_factory=Counter)
    months: int = 0

    def counting(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines, counted as they pass."""
        for line in lines:
            self.pensions[line.group] += 1
            self.months += len(line.answer.due or ())
            yield line

    @property
    def payable(self) -> int:
        return self.pensions[Group.PAYABLE] + self.pensions[Group.FIRST]

    def summary(self) -> list[tuple[str, int]]:
        """Every group with its count, then the months that are due."""
        rows = [(str(group.label), self.pensions[group]) for group in Group]
        return [*rows, (_("Months due in all"), self.months)]


def counted(branch: str, month: Month) -> Tally:
    """The counts of a whole list: some seconds for a large branch. Raises exchange.Unreachable."""
    tally = Tally()
    for _line in tally.counting(payroll.lines(branch, month)):
        pass
    return tally


# --- a page ---------------------------------------------------------------------------------------------


def page(branch: str, month: Month, group: str, after: str = "") -> tuple[list[Line], str]:
    """Lines of one group from behind the pension number `after` on, and where the next page begins (empty: nowhere).

    A page of a rare group in a long list may be empty and still have a next one. Raises exchange.Unreachable.
    """
    rest = (payroll.gone if group == Group.LEFT else payroll.here)(branch, month, after)
    found: list[Line] = []
    last = ""
    for line in islice(rest, LOOKED_AT):
        found += [line] if line.group == group else []
        if len(found) > A_PAGE:
            return found[:A_PAGE], found[A_PAGE - 1].answer.pension_number
        last = line.answer.pension_number
    return found, last if next(rest, None) else ""


# --- files ----------------------------------------------------------------------------------------------


def write_csv(file: IO[bytes], lines: Iterable[Line]) -> None:
    """A header and a row for every line, for spreadsheets: UTF-8 with its mark."""
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(headers())
    writer.writerows([safe(str(cell)) for cell in _cells(line)] for line in lines)
    text.detach()


def write_csv_file(path: Path, tally: Tally, lines: Iterable[Line]) -> None:
    """The same under `path`, whole or not at all; `tally` has the counts afterwards."""
    with whole(path) as half, half.open("wb") as file:
        write_csv(file, tally.counting(lines))


def write_xlsx_file(path: Path, tally: Tally, lines: Iterable[Line]) -> None:
    """A workbook of two sheets, the list and its counts, whole or not at all; rows are not kept in memory."""
    book = streamed()
    rows = ([*_cells(line)] for line in tally.counting(lines))
    add_sheet(book, _("Payroll list"), _chained([list(headers())], rows))
    add_sheet(book, _("Summary"), ([label, count] for label, count in tally.summary()))
    with whole(path) as half:
        book.save(half)


def _chained(*parts: Iterable[list[Any]]) -> Iterator[list[Any]]:
    for part in parts:
        yield from part


def headers() -> tuple[str, ...]:
    """The columns, in the reader's language."""
    return (
        _("Pension number"), _("Name"), _("National code"), _("IBAN"), _("Group"), _("From month"), _("To month"),
        _("Number of months"), _("Reason"), _("Payer"), _("Tracking number"),
    )  # fmt: skip


def _cells(line: Line) -> tuple[Any, ...]:
    it, due = line.answer, line.answer.due
    months = (_shown(due.first), _shown(due.last), len(due)) if due else ("", "", "")
    of_group = (line.person, line.national_code, line.iban, line.group.label)
    return (it.pension_number, *of_group, *months, it.reason, it.payer, it.case)


def _shown(month: Month | None) -> str:
    """A month as other programs read it."""
    return f"{month // 100}/{month % 100:02d}" if month else ""
