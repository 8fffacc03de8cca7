from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from transfers import summing


class Command(BaseCommand):
    help = "Sum up the trail for the overviews: what came since the last time, or everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="everything anew, from the first day on")

    def handle(self, *args: Any, **options: Any) -> None:
        days = summing.renew_all() if options["all"] else summing.catch_up()
        if options["verbosity"]:
            self.stdout.write(_("%(n)s days are summed up.") % {"n": days})
