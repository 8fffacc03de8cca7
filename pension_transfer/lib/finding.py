"""What somebody types into a search box, and the ways in which rows are looked for, the likeliest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import lexemes, slips
from pension_transfer.lib.each import Each, found_by
from pension_transfer.lib.fences import as_site
from pension_transfer.lib.names import LONGEST, NameLexemes
from pension_transfer.lib.persian import clean, fold, spaced, to_ascii_digits

FEWEST_DIGITS, FEWEST_LETTERS = 3, 2
RANKED, FEWEST_RANKED = 100, 5  # of the names alike: so many are compared for the likeliest; of a branch at least
NAME, SIMILAR_NAME = _("Name"), _("Similar name")


@dataclass(frozen=True)
class Typed:
    """A text as it was typed: a number, a number with signs, or words of a name."""

    text: str

    @cached_property
    def code(self) -> str:
        """As numbers with signs are stored."""
        return clean(to_ascii_digits(self.text[:LONGEST].replace("\0", "")))

    @cached_property
    def whole(self) -> str:
        return fold(self.text[:LONGEST])[:LONGEST]

    @cached_property
    def words(self) -> list[str]:
        return spaced(self.text[:LONGEST])[:LONGEST].split()

    @cached_property
    def number(self) -> str:
        """Its digits, when it is nothing but digits, spaces and hyphens."""
        bare = self.whole.replace("-", "")
        return bare if bare.isascii() and bare.isdigit() else ""

    @property
    def is_name(self) -> bool:
        return not any(sign.isdigit() for sign in self.whole)

    @property
    def is_enough(self) -> bool:
        return len(self.whole) >= (FEWEST_LETTERS if self.is_name else FEWEST_DIGITS)


@dataclass(frozen=True)
class Way:
    """Rows to look for, and what they then have in common with what was typed; `column` shows it, where one does."""

    why: Any
    rows: QuerySet[Any]
    column: str = ""
    is_misspelt: bool = False  # tried only where the earlier ways have found nothing


@dataclass(frozen=True)
class Names:
    """How a model's names are looked for: the columns that begin with them, and the lexemes of its branches.

    `in_country`: what begins with them, too, but is looked for only by who reads the country.
    """

    beginnings: Sequence[str]
    lexemes: NameLexemes
    in_country: Sequence[str] = ()

    def ways(self, rows: QuerySet[Any], typed: Typed, places: Sequence[str] | None) -> Iterator[Way]:
        """What begins so; in the branches with the codes `places` also its parts in any order; and misspelt."""
        columns = [*self.beginnings, *([] if places else self.in_country)]
        for column in columns:
            yield Way(NAME, rows.filter(**{f"{column}__startswith": typed.whole}))
        if places:
            yield Way(NAME, found_by(rows, [self._held(rows, places, typed, lexemes.beginnings)]))
            alike = [self._held(rows, places, typed, lexemes.misspelt)]
        else:
            meant = slips.slips(typed.whole)
            alike = [Each(slips.beginning(_every(rows), column), meant, most=slips.EACH) for column in columns]
        likeness = TrigramWordSimilarity(" ".join(typed.words), "name_key")
        yield Way(SIMILAR_NAME, found_by(rows, alike).order_by(likeness.desc(), "-pk"), is_misspelt=True)

    def _held(self, rows: QuerySet[Any], places: Sequence[str], typed: Typed, asked: Any) -> Each:
        texts = [asked(place, typed.words) for place in places]
        return Each(lexemes.holding(_every(rows), self.lexemes), texts, most=max(RANKED // len(places), FEWEST_RANKED))


def _every(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.model._default_manager.all()


@dataclass(frozen=True)
class Match:
    """A row that was found, and why: the name of what was compared, and its number, where it is one."""

    row: Any
    why: str
    value: str
    is_misspelt: bool = False


def find(ways: Iterable[Way], seen: QuerySet[Any], typed: Typed, most: int) -> list[Match]:
    """At most `most` of the rows in `seen`, the likeliest first."""
    found = gather(ways, most)
    rows = seen.in_bulk(list(found))
    return [_match(rows[key], way, typed) for key, way in found.items() if key in rows]


def _match(row: Any, way: Way, typed: Typed) -> Match:
    number = "" if typed.is_name else typed.number or typed.code
    return Match(row, str(way.why), getattr(row, way.column) if way.column else number, way.is_misspelt)


def gather(ways: Iterable[Way], most: int) -> dict[int, Way]:
    """Keys of at most `most` rows, in the order found, and the way on which each was found.

    Looked for without the fence of the request, since behind a policy no index serves a part of a text (decision 0017):
    every way begins with `visible_to`, and whoever shows the rows reads them by these keys within the fence.
    """
    found: dict[int, Way] = {}
    with as_site():
        for way in ways:
            if len(found) < most and not (found and way.is_misspelt):
                keys = way.rows.values_list("pk", flat=True)[:most]
                found = found | {key: found.get(key, way) for key in keys}
    return dict(list(found.items())[:most])
