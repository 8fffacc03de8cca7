"""The fields of a file's content, each under a path of its own: what is compared, what differs, what is asked about.

A path is the same in every version: `principal.birth_date`, `dependents.<national code>.share_percent`,
`decrees.<number>.lines.<row>`. Each list has the field `<section>.count`, so that what is missing in it can be said.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from transfers import snapshot

PARTS: dict[str, tuple[str, ...]] = {
    "file": snapshot.FILE,
    "principal": snapshot.PRINCIPAL,
    "contact": snapshot.CONTACT,
    "dependents": snapshot.DEPENDENT,
    "decrees": snapshot.DECREE,
    "deductions": snapshot.DEDUCTION,
    "last_pay_certificate": snapshot.CERTIFICATE,
}
COUNT, LINES = "count", "lines"
EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True)
class Field:
    """One value: `part` and `name` are its column, `row` the key of its row in a list; `value` is JSON's."""

    path: str
    section: str
    part: str
    name: str
    value: Any
    row: str = ""

    @property
    def group(self) -> str:
        """The path of the row, or of the section where there are no rows."""
        return f"{self.section}.{self.row}" if self.row else self.section

    @cached_property
    def text(self) -> str:
        """The value as it is kept beside a mark, to know it again."""
        return json.dumps(self.value, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Change:
    """A field that two contents hold differently; None where one of them does not have it."""

    before: Field | None
    after: Field | None

    @property
    def field(self) -> Field:
        """The field itself, as it is now where it still is."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - a change has one of the two
        return found


def fields_of(content: dict[str, Any]) -> list[Field]:
    """Every field of a content in the order of reading; none before the first draft."""
    if not content:
        return []
    parts = [(section, part) for section, held in snapshot.SECTIONS.items() for part in held]
    return [field for section, part in parts for field in _part(section, part, content)]


def by_path(content: dict[str, Any]) -> dict[str, Field]:
    return {field.path: field for field in fields_of(content)}


def under(path: str, fields: Iterable[Field]) -> list[Field]:
    """The one field of this path, or the fields of a row or of a section. A number of a decree may hold a dot."""
    held = list(fields)
    exactly = [field for field in held if field.path == path]
    return exactly or [field for field in held if path in (field.group, field.section)]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Where two contents differ, in the order of reading. What an older contract did not know and the newer one leaves
    empty is no difference.
    """
    old, new = by_path(before), by_path(after)
    paths = dict.fromkeys([*new, *old])
    pairs = [Change(old.get(path), new.get(path)) for path in paths]
    return [pair for pair in pairs if not _is_same(pair)]


def _is_same(pair: Change) -> bool:
    if pair.before and pair.after:
        return bool(pair.before.value == pair.after.value)
    return pair.field.part not in KEYS and pair.field.value in EMPTY


def rows_of(content: dict[str, Any], part: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a list with the keys that paths give them."""
    return _keyed(content[part], KEYS[part])


# --- one part -------------------------------------------------------------------------------------------


def _part(section: str, part: str, content: dict[str, Any]) -> Iterator[Field]:
    values = content[part]
    if isinstance(values, dict):
        yield from _columns(section, part, values, section)
        return
    yield Field(f"{section}.{COUNT}", section, part, COUNT, len(values))
    for key, row in rows_of(content, part):
        yield from _columns(section, part, row, f"{section}.{key}", key)


def _columns(section: str, part: str, values: dict[str, Any], where: str, row: str = "") -> Iterator[Field]:
    for name in PARTS[part]:
        if name == "birth_year":  # stands for the date where only the year is known
            continue
        if name not in values:  # an older contract does not know it
            continue
        value = (values["birth_date"] or values["birth_year"]) if name == "birth_date" else values[name]
        yield Field(f"{where}.{name}", section, part, name, value, row)
    for line in values.get(LINES, []):
        yield Field(f"{where}.{LINES}.{line['order']}", section, part, LINES, line, row)


Row = dict[str, Any]
KEYS: dict[str, Callable[[Row], str]] = {
    "dependents": lambda row: row["national_code"] or f"{row['first_name']} {row['last_name']} {row['birth_year']}",
    "decrees": lambda row: row["number"],
    "deductions": lambda row: f"{row['kind']} {row['creditor']}".strip(),
}


def path_of(content: dict[str, Any], part: str, row: int | None, name: str) -> str:
    """The path of a column: `row` counts from 0 in a list; of a row or a part where nothing more is named."""
    if row is None:
        return ".".join(filter(None, [part, name]))
    keys = [key for key, _row in _keyed(content[part], KEYS[part])]
    return ".".join(filter(None, [part, keys[row] if row < len(keys) else "", name]))


def _keyed(rows: Iterable[Row], key: Callable[[Row], str]) -> Iterator[tuple[str, Row]]:
    """Each row under its key; a second one of the same key is told apart by its place."""
    given: set[str] = set()
    for row in rows:
        name = key(row)
        free = (name if number == 1 else f"{name} ({number})" for number in count(1))
        given.add(found := next(one for one in free if one not in given))
        yield found, row
