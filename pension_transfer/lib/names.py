"""Names as the database finds them: the folding of lib.persian, written in SQL from the same table.

The columns and indexes that names are found by are made by these functions, so no writer can forget them. Whoever
changes `persian.KEYS` lets a migration create the functions, those columns and indexes anew. A property test holds both
foldings together. What a branch's names are asked is in lib.lexemes.
"""

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Func, GeneratedField, TextField

from pension_transfer.lib.persian import ALPHABET, KEYS

HALF_SPACE = "\u200c"
LONGEST = 200  # letters of a name, and of what is typed, that are looked at
FEWEST = 3  # letters of a word that is found with one of them missing


def _folding(keys: dict[str, str]) -> str:
    """SQL that folds the first argument.

    translate() goes through its first list for every letter: those of most names stand first, and what becomes nothing
    has to stand at the end.
    """
    usual = {sign: sign for sign in ALPHABET + " " if keys.get(sign, sign) == sign}
    kept = usual | {sign: key for sign, key in keys.items() if key and sign != key}
    gone = [sign for sign, key in keys.items() if not key and sign != "\0"]  # no text in PostgreSQL holds a NUL
    return f"translate(normalize({{text}}, NFKC), {_literal([*kept, *gone])}, {_literal(kept.values())})"


def _literal(signs: Any) -> str:
    return "E'" + "".join(f"\\u{ord(sign):04x}" for sign in signs) + "'"


# Each stands alone: a restore knows no search path.
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {name}(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
    " AS $$ SELECT {body} $$"
)
_SPACED = _folding(KEYS).format(text="$1")
FUNCTIONS = [
    _FUNCTION.format(
        name="persian_fold",
        body=_folding(KEYS | {sign: "" for sign, key in KEYS.items() if key == " "} | {" ": ""}).format(text="$1"),
    ),
    _FUNCTION.format(name="name_key", body=f"replace({_SPACED}, ' ', '') || ' ' || {_SPACED}"),
]

# Dear, as it is: else the planner, which guesses badly how many names begin so, makes the lexemes of a whole table.
LEXEMES = f"""
CREATE OR REPLACE FUNCTION name_lexemes(place text, name text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 10000 AS $$
DECLARE
  folded text := left({_folding(KEYS | {HALF_SPACE: HALF_SPACE}).format(text="name")}, {LONGEST});
  parts text[] := string_to_array(replace(folded, E'\\u200c', ' '), ' ');
  words text[] := string_to_array(replace(folded, E'\\u200c', ''), ' ');
  found text[] := '{{}}';
  word text := '';
BEGIN
  FOR i IN REVERSE cardinality(parts)..1 LOOP
    word := parts[i] || word;
    found := found || (place || ':' || word);
  END LOOP;
  FOREACH word IN ARRAY parts || words LOOP
    found := found || (place || '~' || word);
    FOR i IN 1..CASE WHEN length(word) < {FEWEST} THEN 0 ELSE length(word) END LOOP
      found := found || (place || '~' || overlay(word PLACING '' FROM i FOR 1));
    END LOOP;
  END LOOP;
  RETURN array_to_tsvector(found);
END $$
"""


class Folded(Func):
    """`persian.fold` of a text."""

    function = "persian_fold"
    output_field = TextField()


class NameKey(Func):
    """A name folded: as one word, and after it word by word. What it begins with and its parts are looked for in it."""

    function = "name_key"
    output_field = TextField()


class NameLexemes(Func):
    """What a name is found by in its branch: lexemes of the branch's code and the name (lib.lexemes)."""

    function = "name_lexemes"
    output_field = SearchVectorField()


def generated(expression: Func) -> GeneratedField:
    """A column that the database keeps."""
    return GeneratedField(expression=expression, output_field=TextField(), db_persist=True, editable=False)
