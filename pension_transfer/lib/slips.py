"""Names that differ from a typed one in a letter, in the whole country: by the indexes of their beginnings.

Every beginning that may have been meant is looked up: some 65 for each letter typed, a microsecond or two each.
"""

from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet

from pension_transfer.lib.each import ASKED, BEHIND
from pension_transfer.lib.names import FEWEST
from pension_transfer.lib.persian import ALPHABET, fold

LETTERS = sorted({*fold(ALPHABET)})
LONGEST, EACH = 40, 10  # letters of a typed name that are looked at; rows of one beginning: each is compared


class _Compared(Func):
    template, output_field = "%(expressions)s", BooleanField()


def beginning(rows: QuerySet[Any], column: str) -> QuerySet[Any]:
    """The rows whose folded `column`, or that of a row they refer to, begins with what is asked (lib.each)."""
    path, _, name = column.rpartition("__")
    if path:
        others = rows.model._meta.get_field(path).related_model._default_manager.order_by()
        return rows.filter(**{f"{path}__in": beginning(others, name).values("pk")[:EACH]})
    from_there = _Compared(F(name), ASKED, arg_joiner=" ~>=~ ")
    return rows.filter(from_there, _Compared(F(name), BEHIND, arg_joiner=" ~<~ "))


def slips(word: str) -> set[str]:
    """What may have been meant: this, and unless it is short, with a letter wrong, missing, too many, or exchanged."""
    word = word[:LONGEST]
    found = {word}
    for place in range(len(word) if len(word) >= FEWEST else 0):
        head, tail = word[:place], word[place:]
        found |= {head + tail[1:], head + tail[1::-1] + tail[2:]}
        found |= {head + letter + rest for letter in LETTERS for rest in (tail, tail[1:])}
    return found
