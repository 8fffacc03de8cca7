from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from branches.models import Branch, PensionFile
from pension_transfer.lib.persian import to_ascii_digits
from transfers import claims, custody, directory, exchange, site_keys
from transfers.models import BranchChange


class Command(BaseCommand):
    """A new site takes part in the exchange. Safe to repeat, also with more branches."""

    help = "Make this site part of the exchange: its branches, the payment of their pensions, the other sites' names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name of this site, as in its variable SITE")
        parser.add_argument("--branches", required=True, metavar="0801,0802", help="codes of the branches it serves")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["name"] != settings.SITE:
            sentence = _("This site is called «%(site)s»: set SITE=%(name)s for all its processes first.")
            raise CommandError(sentence % {"site": settings.SITE, "name": options["name"]})
        codes = sorted({to_ascii_digits(code.strip()) for code in options["branches"].split(",") if code.strip()})
        _refuse_unknown(codes)
        try:
            self._join(codes)
        except exchange.Unreachable:
            raise CommandError(_("The center cannot be reached. Nothing is lost: run the command again.")) from None
        except site_keys.Unusable as why:
            raise CommandError(str(why)) from None

    def _join(self, codes: list[str]) -> None:
        taken = {row.pk: row.site for row in exchange.directory() if row.site not in ("", settings.SITE)}
        _refuse_taken({code: taken[code] for code in codes if code in taken})
        Branch.objects.filter(pk__in=codes).update(site=settings.SITE)
        self._say(_("Branches of site %(site)s: %(count)s."), site=settings.SITE, count=len(codes))
        _refuse_taken({code: site for code, site in exchange.publish_directory().items() if code in codes})
        learned = directory.share()
        self._say(_("Directory read: %(count)s names of other branches are new here."), count=learned.branches)
        key = site_keys.make_if_none()
        self._say(_("Envelopes are signed with key %(key)s."), key=key.pk)
        self._claim()

    def _claim(self) -> None:
        """Its files' payment; what another branch holds is shown on the file and named here."""
        claims.claim_missing()
        settled = sum(custody.settle(is_forced=True))
        held = PensionFile.objects.filter(custody_requests__settled_at=None).exclude(custody_requests__held_by="")
        self._say(_("Payment claimed for %(count)s files."), count=settled)
        for number, branch in held.values_list("pension_number", "custody_requests__held_by").distinct()[:100]:
            self._say(_("Pension %(number)s is paid by branch %(branch)s."), number=number, branch=branch)

    def _say(self, sentence: str, **named: Any) -> None:
        self.stdout.write(sentence % named)
        self.stdout.flush()


def _refuse_unknown(codes: list[str]) -> None:
    known = set(Branch.objects.filter(pk__in=codes).values_list("pk", flat=True))
    if unknown := sorted(set(codes) - known):
        sentence = _("No branch has the code %(codes)s: run load_organization first, or correct the code.")
        raise CommandError(sentence % {"codes": "، ".join(unknown)})
    gone = BranchChange.objects.filter(kind=BranchChange.Kind.MOVED).exclude(site=settings.SITE)
    left_out = PensionFile.objects.exclude(branch__in=codes).exclude(branch__site=settings.SITE)
    left_out = left_out.exclude(branch__in=gone.values("branch_code"))
    if code := left_out.values_list("branch", flat=True).first():
        sentence = _("Branch %(branch)s has files here: name it, too.")
        raise CommandError(sentence % {"branch": code})


def _refuse_taken(taken: dict[str, str]) -> None:
    """Before anything is told, and again where another site was quicker."""
    if not taken:
        return
    Branch.objects.bulk_update([Branch(pk=code, site=site) for code, site in taken.items()], ["site"])
    told = "، ".join(f"{code} ({site})" for code, site in sorted(taken.items()))
    raise CommandError(_("Another site serves these branches: %(told)s. Leave them out.") % {"told": told})
