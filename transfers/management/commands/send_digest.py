import datetime as dt
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pension_transfer.lib.calendar import is_working_day, jalali, today
from pension_transfer.lib.turns import alone
from transfers import digest


class Command(BaseCommand):
    help = "Write to each person what waits for them; once a day, for cron. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the e-mails and send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        day = today()
        if not settings.SITE_URL:
            raise CommandError("SITE_URL is not set, so the links would lead nowhere: see docs/configuration.md")
        if options["dry_run"]:
            self._print(day)
        elif not is_working_day(day):
            self.stdout.write(f"{jalali(day)} is a day off: nothing is sent")
        else:
            self._send(day)

    def _send(self, day: dt.date) -> None:
        with alone("digest"):
            report = digest.send_all(day)
        self.stdout.write(str(report))
        if report.failed:
            raise CommandError(f"{report.failed} could not be sent; the log says why. Run it again to send the rest.")

    def _print(self, day: dt.date) -> None:
        for user in digest.readers(day):
            letter = digest.write_to(user, day)
            if letter:
                address = user.email or "no address"
                self.stdout.write(f"--- {user.username} ({address}): {letter.subject}\n{letter.body}\n")
