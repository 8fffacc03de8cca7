"""The branches that may exchange: closing one, and what follows for the pensions it paid. Each verb is one transaction
in the center and safe to repeat; services.publish tells which branches there are."""

from central import payment
from central.models import Custody, Directory, Seat, Waiting
from central.rules import Refused
from central.services import center, patiently
from central.succession import current, successors


def directory() -> list[Directory]:
    """Every branch that there is, or was."""
    return list(Directory.objects.order_by("pk"))


def succeed(code: str, successor: str) -> None:
    """Close a branch whose place another takes, for good; Refused with succeeded, no_successor or unknown_branch."""
    with center():
        rows = {row.pk: row for row in Directory.objects.select_for_update().order_by("pk")}
        old, new = rows.get(code), rows.get(successor)
        if old is None:
            raise Refused("unknown_branch", code)
        if old.succeeded_by not in ("", successor):
            raise Refused("succeeded", old.succeeded_by)
        if new is None or code == successor or not new.is_active or new.succeeded_by:
            raise Refused("no_successor", successor)
        Directory.objects.filter(pk=code).update(is_active=False, succeeded_by=successor)


def move(codes: list[str], old_site: str, new_site: str) -> None:
    """Let another site serve these branches from now on; Refused with unknown_branch, succeeded or other_site."""
    with center():
        rows = {row.pk: row for row in Directory.objects.select_for_update().filter(pk__in=codes).order_by("pk")}
        for code in codes:
            if code not in rows:
                raise Refused("unknown_branch", code)
            if rows[code].site not in (old_site, new_site):
                raise Refused("other_site", rows[code].site)
        Directory.objects.filter(pk__in=codes).update(site=new_site)


def close(code: str) -> None:
    """Close a branch that nobody succeeds; Refused with still_pays or still_addressed while something is left to it."""
    with center():
        Directory.objects.select_for_update().get(pk=code)
        if number := next(iter(still_held(code, "", 1)), ""):
            raise Refused("still_pays", number)
        if waits := Waiting.objects.filter(destination=code).select_related("envelope").first():
            raise Refused("still_addressed", waits.envelope.tracking_number)
        Directory.objects.filter(pk=code).update(is_active=False)


def still_held(branch: str, after: str, limit: int) -> list[str]:
    """The next pension numbers behind `after` whose open custody is with this very branch."""
    rows = Custody.objects.filter(branch_code=branch, pension_number__gt=after, months__upper_inf=True)
    return list(rows.order_by("pension_number").values_list("pension_number", flat=True)[:limit])


def hand_on(months: dict[str, int], branch: str) -> int:
    """Give a closed branch's pensions to its successor, each from a month on {number: yyyymm}; how many that were.

    One transaction, safe to repeat; whose payer `branch` does not succeed stays as it is.
    """
    with patiently():
        seats = Seat.objects.select_for_update().filter(pk__in=months).order_by("pk")
        known = successors()
        left = [s for s in seats if s.payable_branch != branch and current(s.payable_branch or "", known) == branch]
        for seat in left:
            payment.hand_on(seat, branch, months[seat.pk])
        return len(left)
