from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from transfers import telling


class Command(BaseCommand):
    help = "Tell people of new notices by e-mail and text message, as they chose; for cron, every five minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SITE_URL:
            raise CommandError("SITE_URL is not set, so the links would lead nowhere: see docs/configuration.md")
        report = telling.tell_all()
        self.stdout.write(str(report))
        if report.failed:
            raise CommandError("A message could not be sent; the log says why. It is tried again by itself.")
