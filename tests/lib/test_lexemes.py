"""The lexemes that PostgreSQL keeps of a name, and what they are asked, are of one mind."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pension_transfer.lib import persian
from pension_transfer.lib.lexemes import beginnings, misspelt, variants
from pension_transfer.lib.names import HALF_SPACE, LONGEST
from tests.lib.test_names import ANY
from tests.lib.test_persian import TEXT

pytestmark = pytest.mark.django_db
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.lists(TEXT.map(lambda text: text.replace("\0", "")) | ANY, min_size=10, max_size=20)
WORD = st.text("ابرسعلیکم'\\:*&|!()~ژ", min_size=1, max_size=9)


def asked(sql: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def expected(place: str, name: str) -> set[str]:
    """The same, by Python."""
    key = persian.KEYS | {HALF_SPACE: HALF_SPACE}
    folded = persian.unicodedata.normalize("NFKC", name).translate(str.maketrans(key))[:LONGEST]
    parts, words = folded.replace(HALF_SPACE, " ").split(" "), folded.replace(HALF_SPACE, "").split(" ")
    tails = {f"{place}:{''.join(parts[i:])}" for i in range(len(parts))} if folded else set()
    return tails | {f"{place}~{variant}" for word in parts + words for variant in variants(word) if folded}


@QUICK
@given(NAMES)
def test_python_and_the_database_see_the_same_in_every_name(names: list[str]) -> None:
    each = "unnest(%s::text[]) WITH ORDINALITY AS each(name, i)"
    found = asked(f"SELECT tsvector_to_array(name_lexemes('0801', name)) FROM {each} ORDER BY i", names)
    assert [set(lexemes) for lexemes in found] == [expected("0801", name) for name in names]


def holds(name: str, question: str) -> bool:
    return asked("SELECT name_lexemes('0801', %s) @@ %s::tsquery", name, question)[0]


@QUICK
@given(st.lists(WORD, min_size=1, max_size=3), st.data())
def test_whatever_signs_a_name_has_it_is_found_in_its_branch_only(words: list[str], data: Any) -> None:
    name, cut = " ".join(words), [word[: data.draw(st.integers(1, len(word)))] for word in words]
    turned = data.draw(st.permutations(cut))
    for ask, typed in ((beginnings, turned), (beginnings, ["".join(words)]), (misspelt, words)):
        assert holds(name, ask("0801", typed))
        assert not holds(name, ask("1001", typed)) and not holds(name, ask("080", typed))


@QUICK
@given(st.text("ابرسعلیکم", min_size=4, max_size=9), st.data())
def test_one_wrong_letter_is_forgiven_wherever_it_is(word: str, data: Any) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    wrong = [
        f"{before}ژ{after}",
        f"{before}{after}",
        f"{before}ژ{letter}{after}",
        f"{before}{after[:1]}{letter}{after[1:]}",
    ]
    typed = data.draw(st.sampled_from([one for one in wrong if len(one) > 3]))
    assert holds(f"زهرا {word}", misspelt("0801", [typed]))
    assert holds(f"زهرا {word}", misspelt("0801", [typed, "زهرا"]))
    assert not holds(f"زهرا {word}", misspelt("0801", [f"ژژ{typed}"]))
