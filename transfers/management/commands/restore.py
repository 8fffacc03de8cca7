from pathlib import Path
from typing import Any

import psycopg2
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import Refusal
from pension_transfer.lib.progress import Bar
from transfers import backups


class Command(BaseCommand):
    help = "Restore the site's database, or the center's, from a folder that `backup` made; says what to run next."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--center", action="store_true", help="the center's database instead of the site's")
        parser.add_argument("--replace", action="store_true", help="though the database is not empty; it is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        which = "center" if options["center"] else "site"
        try:
            with Bar(self.stderr) as bar:
                before = backups.restore(options["folder"], which, options["replace"], bar.show)
        except (Refusal, OSError, Error, psycopg2.Error) as fault:
            raise CommandError(str(fault)) from fault
        if before:
            self.stdout.write(_("The old database is kept as %(name)s.") % {"name": before})
        self.stdout.write(_("Now run: %(commands)s") % {"commands": NEXT[which]})


NEXT = {
    "site": "migrate_all; sync_center --rebuild; reconcile",
    "center": "migrate_all; sync_center --retell (on every site, until nothing waits); reconcile",
}
