"""Finding pension files by what somebody typed: a number of the file or of a person in it, or a name."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from branches.models import PensionFile, User
from branches.roles import MATRIX, Action, Scope
from pension_transfer.lib.finding import Match, Typed, Way, by_name, find

WHOLE = 10  # digits of a national code, a pension number and an insurance number


def files(user: User, typed: Typed, most: int) -> list[Match]:
    """At most `most` files that this person may see, the likeliest first."""
    seen = PensionFile.objects.visible_to(user).select_related("branch")
    return find(_ways(user, typed), seen, typed, most)


def is_wide(user: User, action: str) -> bool:
    """Whether this person's `action` reaches more than single branches: a province, or the country."""
    return any(a.scope != Scope.BRANCH for a in user.current_appointments if a.role in MATRIX[Action(action)])


def _ways(user: User, typed: Typed) -> Iterator[Way]:
    rows = PensionFile.objects.visible_to(user)
    if typed.number:
        return _by_number(rows, typed.number)
    return (
        by_name(rows, typed, is_wide(user, Action.VIEW_FILES), "name_key", "family_key") if typed.is_name else iter(())
    )


def _by_number(rows: QuerySet[PensionFile], number: str) -> Iterator[Way]:
    yield Way(_("National code"), rows.filter(national_code__startswith=number), "national_code")
    yield Way(_("Pension number"), rows.filter(pension_number__startswith=number), "pension_number")
    yield Way(_("Insurance number"), rows.filter(insurance_number=number.zfill(WHOLE)), "insurance_number")
    if len(number) == WHOLE:
        yield Way(_("National code of a dependent"), rows.filter(dependents__national_code=number))
