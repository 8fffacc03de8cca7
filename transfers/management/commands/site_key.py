from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from central.models import Key
from pension_transfer.lib.templatetags.persian import jalali_time
from transfers import exchange, site_keys


class Command(BaseCommand):
    """Keys are replaced, not repaired: a new one, then the old one retired."""

    help = "The key with which this site signs what it sends: list all sites' keys, make a new one, retire an old one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["list", "new", "retire"])
        parser.add_argument("key", nargs="?", default="", help="the name of the key to be retired")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['what']}")(options["key"].strip().lower())
        except exchange.Unreachable:
            raise CommandError(_("The center cannot be reached. Nothing is lost: run the command again.")) from None
        except site_keys.Unusable as why:
            raise CommandError(str(why)) from None

    def _new(self, _key: str) -> None:
        made = site_keys.make()
        self.stdout.write(_("From now on envelopes are signed with key %(key)s.") % {"key": made.pk})

    def _retire(self, key: str) -> None:
        retired = site_keys.retire(key)
        self.stdout.write(_("Key %(key)s signs nothing more; what it signed stays valid.") % {"key": retired.pk})

    def _list(self, _key: str) -> None:
        own = site_keys.current_id()
        for row in exchange.site_keys():
            self.stdout.write(f"{row.pk}  {row.site}  {jalali_time(row.since)}  {_standing(row, own)}".rstrip())


def _standing(row: Key, own: str) -> str:
    if row.retired_at:
        return _("retired %(when)s") % {"when": jalali_time(row.retired_at)}
    return _("signs here") if row.pk == own else ""
