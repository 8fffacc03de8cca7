import json
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from branches.intake import batches
from branches.intake.service import Outcome, run
from branches.models import Branch
from branches.models.intake import ImportBatch
from pension_transfer.lib.errors import Refusal


class Command(BaseCommand):
    """Takes in the old system's export; accepted and rejected files are reported."""

    help = "Take in the export of a branch's old system: a folder or ZIP of five CSV files, or an XLSX workbook."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
        parser.add_argument("--branch", metavar="CODE", help="code of the branch whose files these are")
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
        parser.add_argument("--json", action="store_true", help="print accepted and rejected files as JSON")
        parser.add_argument("--report", type=Path, metavar="FILE.xlsx", help="write every finding into a workbook")
        parser.add_argument(
            "--rejected", type=Path, metavar="DIR_OR_ZIP", help="write the rejected files, to mend them"
        )
        parser.add_argument("--batch", type=uuid.UUID, metavar="ID", help="go on with an import of the pages")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"]:
            return batches.work(self._found(ImportBatch, options["batch"]))
        if not options["file"] or not options["branch"]:
            raise CommandError(_("Name the file and, with --branch, the branch."))
        branch = self._found(Branch, options["branch"])
        try:
            outcome = self._run(branch, options)
        except (Refusal, OSError) as error:
            raise CommandError(str(error)) from error
        self._say(outcome, options)

    def _found(self, model: Any, key: object) -> Any:
        try:
            return model.objects.get(pk=key)
        except model.DoesNotExist:
            raise CommandError(_("%(key)s is not known here.") % {"key": key}) from None

    def _run(self, branch: Branch, options: dict[str, Any]) -> Outcome:
        path, report, rejected = options["file"], options["report"], options["rejected"]
        if options["dry_run"]:
            return run(path, branch, report_to=report, rejected_to=rejected)
        return batches.run_directly(path, branch, report, rejected)

    def _say(self, outcome: Outcome, options: dict[str, Any]) -> None:
        """With --json the document alone goes to the standard output."""
        if options["json"]:
            self.stdout.write(json.dumps(outcome.document(), ensure_ascii=False, indent=1))
        says = self.stderr if options["json"] else self.stdout
        says.style_func = None
        for label, value in outcome.summary():
            says.write(f"{label}: {value}")
        if not options["json"]:
            for number, codes in outcome.rejected.items():
                says.write(f"{number or '—'}: {' '.join(codes)}")
