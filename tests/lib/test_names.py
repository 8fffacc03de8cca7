"""The two foldings of a name, Python's and the database's, are one."""

import unicodedata
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pension_transfer.lib import persian
from tests.lib.test_persian import TEXT

pytestmark = pytest.mark.django_db
SIGNS = [chr(code) for code in range(1, 0x20000) if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")]
ANY = st.text(st.characters(blacklist_categories=("Cs", "Cn"), blacklist_characters="\0"), max_size=20)


def folded(texts: list[str]) -> list[Any]:
    """What the database makes of each: the fold, and the key that parts of a name are looked for in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT persian_fold(t), name_key(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u(t, i) ORDER BY i", [texts]
        )
        return cursor.fetchall()


def expected(texts: list[str]) -> list[Any]:
    return [(persian.fold(text), f"{persian.fold(text)} {persian.spaced(text)}") for text in texts]


def test_every_sign_is_folded_alike() -> None:
    differing = [
        (hex(ord(sign)), here, there)
        for sign, here, there in zip(SIGNS, expected(SIGNS), folded(SIGNS), strict=True)
        if here != there
    ]
    assert differing == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXT.map(lambda text: text.replace("\0", "")) | ANY, min_size=20, max_size=40))
def test_every_name_is_folded_alike(names: list[str]) -> None:
    assert folded(names) == expected(names)
