"""Finding pension files by what somebody typed: a number of the file or of a person in it, or a name."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from branches.models import PensionFile, User
from branches.models.pension import NAME_LEXEMES
from branches.roles import MATRIX, Action, Scope
from pension_transfer.lib.finding import Match, Names, Typed, Way, find

NUMBERS = ("national_code", "pension_number", "insurance_number")
WHOLE = 10  # digits of a national code, a pension number and an insurance number
SHOWN = ("first_name", "last_name", *NUMBERS, "status", "frozen_by", "branch__name")  # of a file in the search box
NAMES = Names(("name_key", "family_key"), NAME_LEXEMES)


def files(user: User, typed: Typed, most: int, rows: QuerySet[PensionFile] | None = None) -> list[Match]:
    """At most `most` files that this person may see, the likeliest first; `rows`: of these only."""
    seen = PensionFile.objects.visible_to(user).select_related("branch").only(*SHOWN) if rows is None else rows
    return find(_ways(user, seen, typed), seen, typed, most)


def places(user: User, action: str) -> list[str] | None:
    """Codes of the branches that this person's `action` reaches; None where it is the country's."""
    may = [a for a in user.current_appointments if a.role in MATRIX[Action(action)]]
    if any(a.scope == Scope.COUNTRY for a in may):
        return None
    return sorted({code for appointment in may for code in appointment.branch_codes})


def _ways(user: User, rows: QuerySet[PensionFile], typed: Typed) -> Iterator[Way]:
    if typed.number:
        yield from _by_number(rows, typed.number)
    elif typed.is_name:
        yield from NAMES.ways(rows, typed, places(user, Action.VIEW_FILES))


def _by_number(rows: QuerySet[PensionFile], number: str) -> Iterator[Way]:
    yield Way(_("National code"), rows.filter(national_code__startswith=number), "national_code")
    yield Way(_("Pension number"), rows.filter(pension_number__startswith=number), "pension_number")
    yield Way(_("Insurance number"), rows.filter(insurance_number=number.zfill(WHOLE)), "insurance_number")
    if len(number) == WHOLE:
        yield Way(_("National code of a dependent"), rows.filter(dependents__national_code=number))
