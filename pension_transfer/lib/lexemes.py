"""What the names of a branch are asked: by the beginnings of their parts, or with a wrong letter in each word.

PostgreSQL keeps the answers in an index of lexemes (`names.LEXEMES`). Each begins with the code of a branch, so that a
search costs what this branch holds and not what the country holds. Of «علی‌رضا حسینی» in 0801 there are

    0801:علیرضاحسینی  0801:رضاحسینی  0801:حسینی     from each part on: found by what they begin with
    0801~علیرضا  0801~لیرضا  0801~عیرضا  …            each part and word, whole and without one of its letters

A typed word without one of its letters meets a name without one of its own where a letter is wrong, missing, too many,
or two are exchanged.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.postgres.search import SearchQueryField
from django.db.models import BooleanField, Func, QuerySet
from django.db.models.functions import Cast

from pension_transfer.lib.each import ASKED
from pension_transfer.lib.names import FEWEST, NameLexemes


class _Asked(Func):
    """Whether lexemes hold what is asked."""

    template, arg_joiner, output_field = "%(expressions)s", " @@ ", BooleanField()


def holding(rows: QuerySet[Any], lexemes: NameLexemes) -> QuerySet[Any]:
    """The rows whose name holds what is asked (lib.each): one of the questions below."""
    return rows.filter(_Asked(lexemes, Cast(ASKED, SearchQueryField())))


def beginnings(place: str, words: Sequence[str]) -> str:
    """In a branch every word begins a part of the name, or they do so together: «علی رضا» finds «علیرضا»."""
    return _asked(words, lambda word: [f"{_quoted(f'{place}:{word}')}:*"])


def misspelt(place: str, words: Sequence[str]) -> str:
    """In a branch every word is a word of the name but for a letter, or they are so together."""
    return _asked(words, lambda word: [_quoted(f"{place}~{variant}") for variant in variants(word)])


def variants(word: str) -> list[str]:
    """A word whole and, unless it is short, without one of its letters."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)) if len(word) >= FEWEST)]


def _asked(words: Sequence[str], choices: Callable[[str], list[str]]) -> str:
    """One of the choices of each word, or of all words as one."""
    together = choices("".join(words))
    return "|".join(["&".join(f"({'|'.join(choices(word))})" for word in words), *together])


def _quoted(lexeme: str) -> str:
    """A lexeme as PostgreSQL reads it in a question, whatever was typed."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
