from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from branches.models import User
from pension_transfer.lib.errors import Refusal
from transfers import branch_changes, custody, exchange
from transfers.directory import Followed


class Command(BaseCommand):
    """Run at the site that serves the branch; after a cut it is run again."""

    help = "Close a branch, merge it into another, or give it another code; what is open goes to the successor."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        for kind, successor in (("close", ""), ("merge", "SUCCESSOR"), ("renumber", "NEW_CODE")):
            one = kinds.add_parser(kind)
            one.add_argument("branch", metavar="BRANCH", help="code of the branch that ends")
            if successor:
                one.add_argument("successor", metavar=successor, help="code of the branch that goes on")
            one.add_argument("--by", required=True, metavar="USERNAME", help="the center operator who decides it")
            one.add_argument("--reason", required=True, help="for instance the letter that orders it")

    def handle(self, *args: Any, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(_("%(key)s is not known here.") % {"key": options["by"]})
        codes = [options[name] for name in ("branch", "successor") if options.get(name)]
        try:
            sum(custody.settle(is_forced=True))  # asked for in the name of the branch that ends
            done = getattr(branch_changes, options["kind"])(*codes, options["reason"], by=by)
        except exchange.Unreachable:
            raise CommandError(_("The center cannot be reached. Nothing is lost: run the command again.")) from None
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self._say(done)

    def _say(self, done: Followed) -> None:
        sentence = _("%(people)s offices, %(files)s files, %(cases)s open cases and %(payments)s payments went along.")
        counts = {name: getattr(done, name) for name in ("people", "files", "cases", "payments")}
        self.stdout.write(sentence % counts)
        for number in done.unmatched:
            sentence = _("Pension %(number)s is paid by the closed branch at the center and has no file here.")
            self.stdout.write(sentence % {"number": number})
