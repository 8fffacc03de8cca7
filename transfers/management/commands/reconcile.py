import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from branches.models import Branch
from transfers.exchange import Unreachable
from transfers.reconcile import INVARIANTS, MOST, TABLES, Report, Scope, reconcile


class Command(BaseCommand):
    """Exit code 0: every invariant holds; 1: some do not; 2: the center was not reached, so nobody knows."""

    help = "Check the invariants I1 to I10 over everything of this site and the center; a line per problem."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--only", metavar="I5,I6", default="", help="these invariants only")
        parser.add_argument("--branch", metavar="CODE", default="", help="what concerns one branch only")

    def handle(self, *args: Any, **options: Any) -> None:
        only, scope = self._only(options["only"]), Scope(self._branch(options["branch"]))
        try:
            report = reconcile(scope, only, self._progress)
        except Unreachable as lost:
            sentence = _("The center cannot be reached, so nothing was checked to its end. Run reconcile again later.")
            raise CommandError(sentence, returncode=2) from lost
        finally:
            self._progress_over()
        self._say(report, options["json"])
        if report.number:
            sys.exit(1)

    def _only(self, text: str) -> tuple[str, ...]:
        wanted = [name.strip().upper() for name in text.split(",") if name.strip()] or list(INVARIANTS)
        if unknown := [name for name in wanted if name not in INVARIANTS]:
            raise CommandError(_("%(key)s is not known here.") % {"key": ", ".join(unknown)})
        return tuple(name for name in INVARIANTS if name in wanted)

    def _branch(self, code: str) -> str:
        if code and not Branch.objects.filter(pk=code).exists():
            raise CommandError(_("%(key)s is not known here.") % {"key": code})
        return code

    def _say(self, report: Report, as_json: bool) -> None:
        """With --json the document alone goes to the standard output."""
        if report.number > MOST:
            sentence = _("Only the first %(most)s problems are printed.") % {"most": MOST}
            self.stderr.write(sentence)
        if as_json:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
            return
        for problem in report.problems:
            self.stdout.write(str(problem))
        self.stdout.write(f"{report.number} problems")

    # --- on a terminal only -----------------------------------------------------------------------------

    def _progress(self, name: str, rows: int) -> None:
        """One cell for each table, and how many rows of the present one have been seen: none is counted beforehand."""
        if self.stderr.isatty():
            done = TABLES.index(name)
            bar = "█" * done + "▒" + "░" * (len(TABLES) - done - 1)
            self.stderr.write(f"\r\033[K{bar} {done + 1}/{len(TABLES)} {name}: {rows:,}", ending="")
            self.stderr.flush()

    def _progress_over(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
