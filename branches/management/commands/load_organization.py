from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from branches.organisation_data import load_organization


class Command(BaseCommand):
    """Loads administrations and branches; may run again at any time."""

    help = "Load the organization's administrations and branches (again and again, as often as you like)."

    def handle(self, *args: Any, **options: Any) -> None:
        administrations, branches = load_organization()
        self.stdout.write(
            _("%(administrations)s administrations and %(branches)s branches are stored.")
            % {"administrations": administrations, "branches": branches}
        )
