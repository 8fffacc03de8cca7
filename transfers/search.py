"""Finding moves by what somebody typed: a number of the move, of its person or of a letter, or a name."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import Action
from branches.search import places
from pension_transfer.lib.finding import Match, Names, Typed, Way, find
from transfers import scan
from transfers.models import TransferCase
from transfers.models.case import LETTERS, NAME_LEXEMES

NUMBERS = ("tracking_number", "pension_number", "national_code")
SHOWN = ("person_name", *NUMBERS, "state", "origin__name", "destination__name")
NAMES = Names(("name_key",), NAME_LEXEMES, in_country=("pension_file__family_key",))


def moves(user: User, typed: Typed, most: int) -> list[Match]:
    """At most `most` copies of moves that this person may see, the latest first."""
    seen = TransferCase.objects.visible_to(user).select_related("origin", "destination").only(*SHOWN)
    return find(_ways(user, seen.order_by("-id"), typed), seen, typed, most)


def _ways(user: User, rows: QuerySet[TransferCase], typed: Typed) -> Iterator[Way]:
    sheet = scan.read(typed.text)
    if number := sheet.tracking_number if sheet else typed.number:
        yield Way(_("Tracking number"), rows.filter(tracking_number=number), "tracking_number")
        yield Way(_("Pension number"), rows.filter(pension_number=number), "pension_number")
        yield Way(_("National code"), rows.filter(national_code=number), "national_code")
    elif typed.is_name:
        yield from NAMES.ways(rows.order_by(), typed, places(user, Action.VIEW_CASES))
    if not typed.is_name and not sheet:
        letter = Q(*((name, typed.code) for name in LETTERS), _connector=Q.OR)
        yield Way(_("Letter number"), rows.filter(letter))
