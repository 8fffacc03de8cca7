"""What somebody types into a search box, and the ways in which rows are looked for, the likeliest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connections, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.fences import as_site
from pension_transfer.lib.persian import clean, fold, spaced, to_ascii_digits

LONGEST = 200  # of what is typed; the rest is not looked at
FEWEST_DIGITS, FEWEST_LETTERS = 3, 2
ALIKE = 0.5  # share of a typed word's trigrams that a name with a typing error still has
RANKED = 200  # of the names alike: so many are compared for the likeliest
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
        return fold(self.text[:LONGEST])

    @cached_property
    def words(self) -> list[str]:
        return spaced(self.text[:LONGEST]).split()

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


def by_name(rows: QuerySet[Any], typed: Typed, is_wide: bool, *beginnings: str) -> Iterator[Way]:
    """Ways to a name: its parts, then misspelt; in many branches at once what these columns begin with."""
    if is_wide:
        for column in beginnings:
            yield Way(NAME, rows.filter(**{f"{column}__startswith": typed.whole}))
        return
    yield Way(NAME, rows.filter(*(Q(name_key__contains=word) for word in typed.words)))
    for words in [typed.words, [typed.whole]][: len(typed.words)]:
        alike = rows.filter(*(Q(name_key__trigram_word_similar=word) for word in words))
        likeness = TrigramWordSimilarity(" ".join(words), "name_key")
        yield Way(SIMILAR_NAME, alike.annotate(likeness=likeness), is_misspelt=True)


@dataclass(frozen=True)
class Match:
    """A row that was found, and why: the name of what was compared, and its number, where it is one."""

    row: Any
    why: str
    value: str


def find(ways: Iterable[Way], seen: QuerySet[Any], typed: Typed, most: int) -> list[Match]:
    """At most `most` of the rows in `seen`, the likeliest first."""
    found = gather(ways, most)
    rows = seen.in_bulk(list(found))
    return [_match(rows[key], way, typed) for key, way in found.items() if key in rows]


def _match(row: Any, way: Way, typed: Typed) -> Match:
    number = "" if typed.is_name else typed.number or typed.code
    return Match(row, str(way.why), getattr(row, way.column) if way.column else number)


def gather(ways: Iterable[Way], most: int) -> dict[int, Way]:
    """Keys of at most `most` rows, in the order found, and the way on which each was found.

    Looked for without the fence of the request, since behind a policy no index serves a part of a text (decision 0017):
    every way begins with `visible_to`, and whoever shows the rows reads them by these keys within the fence.
    """
    found: dict[int, Way] = {}
    with as_site():
        for way in ways:
            if len(found) < most and not (found and way.is_misspelt):
                found = found | {key: found.get(key, way) for key in _keys(way, most)}
    return dict(list(found.items())[:most])


def _keys(way: Way, most: int) -> list[int]:
    if not way.is_misspelt:
        return list(way.rows.values_list("pk", flat=True)[:most])
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(ALIKE)])
        alike = sorted(way.rows.values_list("likeness", "pk")[:RANKED], reverse=True)
    return [key for _likeness, key in alike[:most]]
