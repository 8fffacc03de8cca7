import io
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transfers.demo import people


class Command(BaseCommand):
    """What `make sites` lays on each site; with nothing but this no case is begun."""

    help = "Accounts and sample files for some branches of one site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--branches", required=True, metavar="0801,0802", help="codes of this site's branches")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo has accounts whose password everybody knows: not in production.")
        codes = options["branches"].split(",")
        people.appoint_all(codes)
        for code in codes:
            folder = settings.BASE_DIR / "branches/data/legacy" / code
            if folder.exists():
                source = next(folder.glob("*.xlsx"), folder)
                call_command("import_pension_files", str(source), branch=code, stdout=io.StringIO())
