from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from pension_transfer.lib import fences


class Command(BaseCommand):
    help = "Let requests run as the role that PostgreSQL holds to the branches of the person who is signed in."

    def handle(self, *args: Any, **options: Any) -> None:
        if not fences.prepare(connections["default"]):
            self.stderr.write(f"row security is NOT in force: {fences.ROLE} is missing, see docs/configuration.md")
        elif options["verbosity"]:
            self.stdout.write(f"row security: requests run as {fences.ROLE}")
