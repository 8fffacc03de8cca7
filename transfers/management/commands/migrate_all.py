from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from pension_transfer.lib.turns import alone


class Command(BaseCommand):
    help = "Migrate the site's database and, where it stands apart, the center's."

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in ["default"] + ["center"] * (settings.CENTER == "center"):
            with alone("migrate", alias):
                call_command("migrate", database=alias, interactive=False, verbosity=options["verbosity"])
        call_command("secure_rows", stdout=self.stdout, stderr=self.stderr, verbosity=options["verbosity"])
        call_command("renew_due_dates", stdout=self.stdout, verbosity=options["verbosity"])
