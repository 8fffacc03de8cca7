import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from transfers.health import BAD, findings


class Command(BaseCommand):
    """Exit code 0: nothing is out of order; 1: something is."""

    help = "How this site and its way to the center are, a line per check."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings()
        if options["json"]:
            self.stdout.write(json.dumps([one.as_json() for one in found], ensure_ascii=False, indent=1))
        else:
            for one in found:
                self.stdout.write(f"{one.state:5} {one.label}: {one.says} {one.todo}".rstrip())
        if any(one.state == BAD for one in found):
            sys.exit(1)
