import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from transfers.sync import sync


class Command(BaseCommand):
    help = "Finish steps that were cut on their way to the center, and fetch receipts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="keep going until stopped")
        parser.add_argument("--every", type=float, default=15, help="seconds between two rounds (default 15)")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            report = sync()
            self.stdout.write(str(report))
            for line in report.refused:
                self.stderr.write(line)
            if not options["watch"]:
                return
            time.sleep(options["every"])
