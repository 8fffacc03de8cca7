from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from transfers import watch
from transfers.sync import sync


class Command(BaseCommand):
    help = "Finish steps that were cut on their way to the center, and fetch receipts: everything that is open, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="keep going until stopped; several may run")
        parser.add_argument("--every", type=float, default=15, help="seconds between two rounds (default 15)")
        parser.add_argument(
            "--rebuild", action="store_true", help="after a restore of this site: look through everything"
        )
        parser.add_argument(
            "--retell", action="store_true", help="after a restore of the center: look through everything"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["watch"]:
            watch.run(options["every"], self._tell)
            return
        report = sync(options["rebuild"], options["retell"])
        self.stdout.write(str(report))
        for line in [*report.refused, *([_("Look at this:")] if report.lost else []), *report.lost]:
            self.stderr.write(line)

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
