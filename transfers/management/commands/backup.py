from pathlib import Path
from typing import Any

import psycopg2
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from pension_transfer.lib.errors import Refusal
from pension_transfer.lib.progress import Bar
from transfers import backups


class Command(BaseCommand):
    help = "Back up the site's database and, where it stands apart, the center's; prints the folder made."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", metavar="FOLDER", type=Path, help="below this folder (default BACKUP_DIR)")
        parser.add_argument("--keep", metavar="N", type=int, default=14, help="how many runs stay (default 14)")
        one = parser.add_mutually_exclusive_group()
        one.add_argument("--site", action="store_const", const="site", default="", help="the site's database only")
        one.add_argument("--center", action="store_const", const="center", default="", help="the center's only")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError("--keep: 1 or more")
        try:
            with Bar(self.stderr) as bar:
                run = backups.make(options["site"] or options["center"], options["to"], options["keep"], bar.show)
        except (Refusal, OSError, Error, psycopg2.Error) as fault:
            raise CommandError(str(fault)) from fault
        self.stdout.write(str(run))
