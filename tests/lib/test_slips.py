"""A name that was typed with one slip of the finger is looked for by the beginnings that may have been meant."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branches.models import PensionFile
from pension_transfer.lib.each import Each, found_by
from pension_transfer.lib.persian import ALPHABET, fold
from pension_transfer.lib.slips import beginning, slips
from tests.cast import Cast, make_file

WORD = st.text(sorted({*fold(ALPHABET)}), min_size=4, max_size=30)


def slipped(word: str, at: int) -> list[str]:
    """A letter wrong, missing, too many, exchanged with the next."""
    before, letter, after = word[:at], word[at], word[at + 1 :]
    return [f"{before}!{after}", before + after, f"{before}!{letter}{after}", f"{before}{after[:1]}{letter}{after[1:]}"]


@settings(max_examples=60, deadline=None)
@given(WORD, st.data())
def test_what_was_meant_is_among_what_may_have_been(word: str, data: Any) -> None:
    typed = data.draw(st.sampled_from(slipped(word, data.draw(st.integers(0, len(word) - 1)))))
    meant = slips(typed)
    assert any(name and word.startswith(name) for name in meant) and typed in meant
    assert all(abs(len(name) - len(typed)) <= 1 for name in meant)


@pytest.fixture
def file(cast: Cast) -> PensionFile:
    make_file(cast.third, 2, first_name="گل‌بانو", last_name="ژاله")
    return make_file(cast.origin, 1, first_name="علی‌رضا", last_name="تهرانی اصل")


def find(column: str, typed: str) -> list[PensionFile]:
    rows = PensionFile.objects.order_by()
    return list(found_by(rows, [Each(beginning(rows, column), slips(typed), most=5)]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
@pytest.mark.django_db(databases="__all__")
def test_the_database_finds_it_by_either_part_first_and_nobody_unlike(file: PensionFile, data: Any) -> None:
    column, whole = data.draw(st.sampled_from([("name_key", "علیرضاتهرانیاصل"), ("family_key", "تهرانیاصلعلیرضا")]))
    cut = whole[: data.draw(st.integers(5, len(whole)))]
    typed = data.draw(st.sampled_from(slipped(cut, data.draw(st.integers(0, len(cut) - 1)))))
    assert find(column, typed) == [file], typed
    assert find(column, f"ژ{typed[0]}ژ{typed[1:]}") == []


@pytest.mark.parametrize("typed", ["عژ", "'; --", "\\", "%%%", "___", "ژ" * 200, "\U0010ffff" * 3])
@pytest.mark.django_db(databases="__all__")
def test_whatever_is_typed_is_answered_by_a_bounded_question(file: PensionFile, typed: str) -> None:
    assert find("name_key", typed) == []
    assert len(slips(typed)) < 3000
