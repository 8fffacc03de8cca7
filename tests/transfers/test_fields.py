"""The fields of a content: every value under one path, rows told apart, and where two contents differ."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Walk
from transfers import presentation, snapshot
from transfers.fields import COUNT, LINES, PARTS, by_path, changes, fields_of, under
from transfers.states import State

WORDS = st.sampled_from(["", "1", "1.2", "count", "lines", "lines.1", "loan", "loan (2)", "بانک رفاه", "زهرا"])
VALUES = st.one_of(WORDS, st.integers(0, 3), st.none())


def rows(names: tuple[str, ...], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES) | fixed), max_size=4)


LINE_LISTS = st.lists(st.fixed_dictionaries(dict.fromkeys(snapshot.LINE, VALUES)), max_size=3).map(
    lambda lines: [line | {"order": number} for number, line in enumerate(lines, 1)]
)
CONTENTS = st.fixed_dictionaries(
    {
        part: st.fixed_dictionaries(dict.fromkeys(PARTS[part], VALUES))
        for part in ("file", "principal", "contact", "last_pay_certificate")
    }
    | {
        "dependents": rows(snapshot.DEPENDENT, national_code=WORDS, first_name=WORDS, last_name=WORDS),
        "decrees": rows(snapshot.DECREE, number=WORDS.filter(bool), lines=LINE_LISTS),
        "deductions": rows(snapshot.DEDUCTION, kind=WORDS, creditor=WORDS),
    }
)


def leaves(content: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every value of what is compared; a line of a decree is one. The year stands for a day that nobody knows."""
    for part in (part for parts in snapshot.SECTIONS.values() for part in parts):
        held = content[part] if isinstance(content[part], list) else [content[part]]
        for row in held:
            yield from ((name, line) for name in row if name == LINES for line in row[name])
            plain = {name: value for name, value in row.items() if name not in (LINES, "birth_year")}
            if "birth_date" in plain:
                plain["birth_date"] = plain["birth_date"] or row["birth_year"]
            yield from plain.items()
        if isinstance(content[part], list):
            yield COUNT, len(held)


def counted(pairs: Iterator[tuple[str, Any]]) -> list[str]:
    return sorted(json.dumps(pair, sort_keys=True) for pair in pairs)


@given(CONTENTS)
def test_every_value_stands_under_exactly_one_path(content: dict[str, Any]) -> None:
    fields = fields_of(content)
    assert len({field.path for field in fields}) == len(fields)
    assert counted((field.name, field.value) for field in fields) == counted(leaves(content))
    for field in fields:
        assert under(field.path, fields) == [field]


@given(CONTENTS)
def test_groups_and_sections_cover_the_fields_without_overlap(content: dict[str, Any]) -> None:
    fields = fields_of(content)
    by_section = [field.path for section in snapshot.SECTIONS for field in under(section, fields)]
    assert by_section == [field.path for field in fields]
    for group in {field.group for field in fields if field.row} - {field.path for field in fields}:
        assert {field.group for field in under(group, fields)} == {group}


@given(CONTENTS, CONTENTS)
def test_changes_are_what_differs_and_nothing_else(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = {change.field.path for change in changes(before, after)}
    old = {path: field.value for path, field in by_path(before).items()}
    new = {path: field.value for path, field in by_path(after).items()}
    assert found == {path for path in old | new if (path in old, old.get(path)) != (path in new, new.get(path))}
    assert changes(before, copy.deepcopy(before)) == []


def test_two_without_a_national_code_and_two_loans_of_one_bank_are_told_apart() -> None:
    person = dict.fromkeys(snapshot.DEPENDENT) | {"national_code": "", "first_name": "زهرا", "last_name": "حسینی"}
    loan = dict.fromkeys(snapshot.DEDUCTION) | {"kind": "loan", "creditor": "بانک رفاه"}
    content: dict[str, Any] = {part: dict.fromkeys(PARTS[part]) for part in ("file", "principal", "contact")}
    content |= {"last_pay_certificate": {"last_paid_month": 140508}, "decrees": []}
    content |= {"dependents": [person, person], "deductions": [loan, loan, loan | {"creditor": "بانک رفاه (2)"}]}
    groups = [field.group for field in fields_of(content) if field.name in ("first_name", "creditor")]
    assert len(groups) == len(set(groups)) == 6  # the principal is one of them


def test_nothing_is_compared_before_the_first_draft() -> None:
    assert fields_of({}) == [] and changes({}, {}) == []


@pytest.mark.django_db(databases="__all__")
def test_every_field_of_a_file_has_words(walk: Walk) -> None:
    content = walk.to(State.DRAFT).content
    for field in fields_of(content):
        assert presentation.path_label(content, field.path)
        assert len(field.path) <= 200  # what a mark can hold
        assert isinstance(presentation.value_at(content, field.path), str)
