"""Persian text and how values are shown. Vectors: DOMAIN 6.1, 6.2."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from pension_transfer.lib import persian
from pension_transfer.lib.templatetags import persian as shown

ALIKE = [
    ("تأمین", "تامین", "تامين"),
    ("رضائی", "رضایی"),
    ("علیرضا", "علی\u200cرضا", "علي رضا"),
    ("شعبه ۲۶", "شعبة ٢٦", "شعبهٔ 26"),
    ("ماشاءالله", "ماشاالله"),
    ("حسین\u200cزاده", "حسین زاده", "حسينزاده"),
    ("ماده", "ﻣﺎده"),
    ("رقيه", "رقیه"),
]
MARKS = "\u0654\u064b\u0651\u0670\u0640\u200c\u200f\u00a0 "
TEXT = st.text(alphabet=persian.ALPHABET + "يىئكةۀہأإؤءﻣﷲ" + "۰۹٠٩09aZ-/" + MARKS)


@pytest.fixture(autouse=True)
def in_persian():
    with translation.override("fa"):
        yield


@pytest.mark.parametrize("writings", ALIKE)
def test_writings_of_one_word_fold_alike(writings: tuple[str, ...]) -> None:
    assert len({persian.fold(writing) for writing in writings}) == 1


@given(TEXT)
def test_folding_and_cleaning_are_settled_after_once(text: str) -> None:
    assert persian.fold(persian.fold(text)) == persian.fold(text)
    assert persian.clean(persian.clean(text)) == persian.clean(text)


@given(TEXT)
def test_what_is_stored_is_found_by_what_was_typed(text: str) -> None:
    assert persian.fold(persian.clean(text)) == persian.fold(text)


def test_storing_keeps_half_space_and_hamza() -> None:
    assert persian.clean("  علي\u200cرضا   تأمین\u00a0 ") == "علی\u200cرضا تأمین"


@given(st.integers(0, 10**18))
def test_digits_go_and_come_back(number: int) -> None:
    assert persian.to_ascii_digits(persian.to_persian_digits(number)) == str(number)


def test_names_sort_by_the_persian_alphabet() -> None:
    names = ["گل", "کاظمی", "قمی", "پارسا", "آذر", "ابراهیم", "ژاله", "یزدی", "چمن"]
    wanted = ["آذر", "ابراهیم", "پارسا", "چمن", "ژاله", "قمی", "کاظمی", "گل", "یزدی"]
    assert sorted(names, key=persian.sort_key) == wanted


MOMENT = dt.datetime(2026, 11, 23, 22, 0, tzinfo=dt.timezone.utc)  # 1:30 of the next day in Tehran


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (shown.jalali(dt.date(2026, 11, 23)), "۱۴۰۵/۰۹/۰۲"),
        (shown.jalali_time(MOMENT), "۱۴۰۵/۰۹/۰۳ ۰۱:۳۰"),
        (shown.jalali(MOMENT), "۱۴۰۵/۰۹/۰۳"),
        (shown.jalali(None), ""),
        (shown.grouped(103909680), "۱۰۳٬۹۰۹٬۶۸۰"),
        (shown.percent(Decimal("35.7143")), "۳۵٫۷۱۴۳٪"),
        (shown.percent(Decimal("50.0000")), "۵۰٪"),
        (shown.percent(Decimal("100")), "۱۰۰٪"),
        (shown.percent(Decimal(0)), "۰٪"),
        (shown.fa("0801/1404"), "۰۸۰۱/۱۴۰۴"),
        (shown.fa(None), ""),
        (shown.rial(None), ""),
    ],
)
def test_values_are_shown_in_persian(text: str, wanted: str) -> None:
    assert text == wanted


def test_amounts_in_words() -> None:
    assert shown.words(103909680) == "یکصد و سه میلیون و نهصد و نه هزار و ششصد و هشتاد ریال"


def test_the_other_language_has_western_digits_and_the_same_calendar() -> None:
    with translation.override("en"):
        assert shown.jalali(dt.date(2026, 11, 23)) == "1405/09/02"
        assert shown.grouped(103909680) == "103,909,680"
        assert shown.percent(Decimal("35.7143")) == "35.7143%"
        assert shown.fa("۱۴۰۵") == "1405"
        assert shown.words(5) == ""


def test_identifiers_are_isolated_and_escaped() -> None:
    assert shown.ltr("0499370899") == '<bdi dir="ltr" class="ltr">۰۴۹۹۳۷۰۸۹۹</bdi>'
    assert "<script>" not in shown.ltr("<script>")
    assert shown.ltr("") == ""
    assert "IR۹۵ ۰۱۳۰ ۰۰۰۰" in shown.sheba("IR950130000000123456789012")


def test_how_long_ago() -> None:
    with translation.override("en"):
        today = timezone.localdate()
        said = [shown.since(today - dt.timedelta(days=days)) for days in (0, 1, 2, 30)]
        assert said == ["today", "yesterday", "2 days ago", "30 days ago"]
        assert shown.since(today - dt.timedelta(days=31)) == shown.jalali(today - dt.timedelta(days=31))
        assert shown.since(today + dt.timedelta(days=1)) == shown.jalali(today + dt.timedelta(days=1))
