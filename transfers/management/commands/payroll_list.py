import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from branches.models import Branch, User
from pension_transfer.lib.errors import Refusal
from pension_transfer.lib.months import Month
from transfers import exchange, payroll
from transfers.payroll_list import Tally, write_csv, write_csv_file, write_xlsx_file


class Command(BaseCommand):
    """Lists whom a branch pays in a month, for the first time, no longer, or not and why."""

    help = "The payroll list of a branch for a month (yyyymm): CSV on the standard output, counts on the other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("branch", metavar="BRANCH", help="code of the branch")
        parser.add_argument("month", metavar="MONTH", help="Jalali month, 140509 or 1405/09")
        file = parser.add_mutually_exclusive_group()
        file.add_argument("--csv", type=Path, metavar="FILE", help="write the list into this file")
        file.add_argument("--xlsx", type=Path, metavar="FILE", help="write list and counts into this workbook")
        parser.add_argument("--record", action="store_true", help="record what is payable as paid, after the list")
        parser.add_argument("--by", metavar="USERNAME", help="who records it")

    def handle(self, *args: Any, **options: Any) -> None:
        branch, month = _branch(options["branch"]), _month(options["month"])
        by = _person(options["by"]) if options["record"] else None
        try:
            if by:
                payroll.check_run(branch, month, by)
            self._list(branch, month, options)
            if by:
                self._record(branch, month, by)
        except exchange.Unreachable:
            raise CommandError(_("The center cannot be reached; nothing is known of who pays. Try again.")) from None
        except (Refusal, OSError) as error:
            raise CommandError(str(error)) from error

    def _list(self, branch: Branch, month: Month, options: dict[str, Any]) -> None:
        tally, lines = Tally(), payroll.lines(branch.pk, month)
        if options["csv"]:
            write_csv_file(options["csv"], tally, lines)
        elif options["xlsx"]:
            write_xlsx_file(options["xlsx"], tally, lines)
        else:
            self._print(tally, lines)
        for label, count in tally.summary():
            self._say(f"{label}: {count}")

    def _print(self, tally: Tally, lines: Any) -> None:
        """Nothing is printed before everything is known."""
        with tempfile.TemporaryFile() as file:
            write_csv(file, tally.counting(lines))
            file.seek(0)
            with open(file.fileno(), encoding="utf-8-sig", newline="", closefd=False) as text:
                shutil.copyfileobj(text, self.stdout)

    def _record(self, branch: Branch, month: Month, by: User) -> None:
        run = payroll.pay(branch, month, by, uuid.uuid4())
        self._say(_("Recorded as paid: %(count)s pensions.") % {"count": run.paid})

    def _say(self, sentence: str) -> None:
        self.stderr.style_func = None
        self.stderr.write(sentence)


def _branch(code: str) -> Branch:
    return _found(Branch.objects.filter(pk=code), code)


def _person(name: str | None) -> User:
    if not name:
        raise CommandError(_("Name with --by who records the payroll."))
    return _found(User.objects.filter(username=name), name)


def _found(rows: Any, key: str) -> Any:
    if (row := rows.first()) is None:
        raise CommandError(_("%(key)s is not known here.") % {"key": key})
    return row


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise CommandError(_("Write the month as year/month, for example 1405/08.")) from None
