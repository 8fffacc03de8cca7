from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from branches.models import User
from pension_transfer.lib.errors import Refusal
from pension_transfer.lib.templatetags.persian import fa
from transfers import branch_changes, custody, exchange, relocation
from transfers.directory import Followed


def _add_who(one: CommandParser) -> None:
    one.add_argument("--by", required=True, metavar="USERNAME", help="the center operator who decides it")
    one.add_argument("--reason", required=True, help="for instance the letter that orders it")


class Command(BaseCommand):
    """Run at the site that serves the branch; after a cut it is run again."""

    help = "Close a branch, merge it into another, give it another code, or move it to another site."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        for kind, successor in (("close", ""), ("merge", "SUCCESSOR"), ("renumber", "NEW_CODE")):
            one = kinds.add_parser(kind)
            one.add_argument("branch", metavar="BRANCH", help="code of the branch that ends")
            if successor:
                one.add_argument("successor", metavar=successor, help="code of the branch that goes on")
            _add_who(one)
        move = kinds.add_parser("move")
        move.add_argument("branch", metavar="BRANCH", help="code of the branch that goes to another site")
        move.add_argument("--to", required=True, metavar="SITE", help="the other site, as in its variable SITE")
        move.add_argument("file", metavar="FILE", type=Path, help="the archive to be written")
        _add_who(move)
        take_in = kinds.add_parser("take_in")
        take_in.add_argument("file", metavar="FILE", type=Path, help="the archive that the other site has written")
        _add_who(take_in)

    def handle(self, *args: Any, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(_("%(key)s is not known here.") % {"key": options["by"]})
        codes = [options[name] for name in ("branch", "successor") if options.get(name)]
        try:
            sum(custody.settle(is_forced=True))  # asked for in the name of the branch that ends
            if options["kind"] in ("move", "take_in"):
                return self._relocate(options, by)
            done = getattr(branch_changes, options["kind"])(*codes, options["reason"], by=by)
        except exchange.Unreachable:
            raise CommandError(_("The center cannot be reached. Nothing is lost: run the command again.")) from None
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self._say(done)

    def _relocate(self, options: dict[str, Any], by: User) -> None:
        if options["kind"] == "move":
            rows = relocation.leave(options["branch"], options["to"], options["file"], options["reason"], by=by)
        else:
            rows = relocation.take_in(options["file"], options["reason"], by=by)
        for table, count in rows.items():
            self.stdout.write(f"{table} {count}")
        sentence = _("%(rows)s rows in %(file)s.") if rows else _("The branch is served here already.")
        self.stdout.write(sentence % {"rows": fa(sum(rows.values())), "file": options["file"]})

    def _say(self, done: Followed) -> None:
        sentence = _("%(people)s offices, %(files)s files, %(cases)s open cases and %(payments)s payments went along.")
        counts = {name: getattr(done, name) for name in ("people", "files", "cases", "payments")}
        self.stdout.write(sentence % counts)
        for number in done.unmatched:
            sentence = _("Pension %(number)s is paid by the closed branch at the center and has no file here.")
            self.stdout.write(sentence % {"number": number})
