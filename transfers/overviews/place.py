"""Whose overview is shown: a branch's, an administration's or the whole country's, as far as a person may see it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from branches.models import Administration, Branch, User
from branches.roles import MATRIX, Action, Scope
from pension_transfer.lib.errors import NotSeen
from transfers.models.summary import COUNTRY, places_of


@dataclass(frozen=True)
class Place:
    """A place of the summary: its code there, its name, how wide it is."""

    code: str
    name: str
    scope: str
    is_home: bool  # the widest place of the reader
    above: str | None = None  # the code of the place it is a part of, where the reader may see that one

    def narrowed(self, rows: Any) -> Any:
        """Rows of branches, of this place only."""
        if self.scope == Scope.COUNTRY:
            return rows
        codes = [self.code] if self.scope == Scope.BRANCH else _codes_in(self.code)
        return rows.filter(branch__in=codes)


def _codes_in(administration: str) -> list[str]:
    """By their codes: through a join no index of a long table would be of use."""
    return list(Branch.objects.filter(administration=administration).values_list("pk", flat=True))


def find_place(user: User, asked: str = "") -> Place:
    """The place asked for, or the widest one of this person. Raises NotSeen for one beyond what the person may see."""
    may = [a for a in user.current_appointments if a.role in MATRIX[Action.SEE_OVERVIEW]]
    if any(a.scope == Scope.COUNTRY for a in may):
        return _known(asked, above=COUNTRY) if asked else Place(COUNTRY, _("The whole country"), Scope.COUNTRY, True)
    seen = {place for a in may for place in places_of(a)}
    homes = [a.administration_id or a.branch_id for a in sorted(may, key=lambda a: a.scope == Scope.BRANCH)]
    code = asked or str(homes[0])
    if code not in seen:
        raise NotSeen(_("You do not see the overview of this place."), "not_seen")
    return _known(code, above=None if code in homes else homes[0])


def _known(code: str, above: str | None) -> Place:
    kind, scope = (Administration, Scope.PROVINCE) if len(code) == 2 else (Branch, Scope.BRANCH)
    found: Any = kind._default_manager.filter(pk=code).first()
    if found is None:
        raise NotSeen(_("There is no such branch or administration."), "no_place")
    upper = found.administration_id if scope == Scope.BRANCH and above == COUNTRY else above
    return Place(code, str(found), scope, above is None, upper)
