"""One cell of the old system made clean. Each function takes the cell's text, which is not blank, and answers the
stored value; `Noted` where the reader must be told; it raises `Unclean` with the fault's code where there is no value.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from branches.intake.words import key
from pension_transfer.lib import calendar
from pension_transfer.lib.months import FIRST_YEAR, Month
from pension_transfer.lib.persian import UNSEEN, clean, fold, to_ascii_digits
from pension_transfer.lib.validation import iban_fault, national_code_fault

Cleaner = Callable[[str], Any]
CACHE = 50_000  # distinct values remembered: days, names and titles come again and again
LARGEST = 2**63 - 1
CENTURY = "13"  # two-digit years of the old system are 13xx

MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]")  # ZWNJ and ZWJ stay
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
FORMULA = "=+-@"  # a spreadsheet runs what begins so
JOINERS = "\u200c\u200d "
JOINTS = re.compile(r"[\s\-()]+")
MIDNIGHT = re.compile(r"[ T]0?0:00(:00(\.0+)?)?$")
DATE = re.compile(r"([0-9]{2}|[0-9]{4})([-/.][0-9]{1,2}[-/.][0-9]{1,2})")
YEAR_ONLY = re.compile(r"([0-9]{4})(?:[-/.]0{1,2}[-/.]0{1,2}|0000)?")
UNIT = r"(?:ریال|rials?|irr|﷼)"
RIAL = re.compile(f"^{UNIT}|{UNIT}$")
GROUPED = re.compile(r"([0-9]{1,3}(?:[,٬،.'’ ][0-9]{3})+|[0-9]+)(?:[.٫/]0+)?")
SEPARATORS = re.compile("[,٬،.'’ ]")
SHARE = re.compile(r"[0-9]+(?:[.٫,/][0-9]+)?")
MINUS = re.compile("^[-\u2212]+|[-\u2212]$")


class Unclean(ValueError):
    """A cell with no usable value; `code` is the part after the field's name."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Noted(NamedTuple):
    """A value cleaned in a way the branch is told of."""

    value: Any
    code: str


class Birth(NamedTuple):
    """A date of birth; of old certificates only the Jalali year is known."""

    day: dt.date | None
    year: int


# --- text ---------------------------------------------------------------------------------------------


def name(longest: int) -> Cleaner:
    """A name of at most `longest` characters."""
    return _text(longest, FORMULA, r"(?!)")


def prose(longest: int) -> Cleaner:
    """Free text on one line; it may begin with a dash, as lists do."""
    return _text(longest, "=+@", r"[\r\n\t]+")


def _text(longest: int, dangerous: str, breaks: str) -> Cleaner:
    lines, starts = re.compile(breaks), tuple(dangerous)

    @lru_cache(CACHE)
    def cleaned(text: str) -> str:
        text = lines.sub(" ", MARKS.sub("", text)).strip(" ")
        stored = to_ascii_digits(clean(text)).strip(JOINERS)
        if stored.startswith(starts) or CONTROL.search(text):
            raise Unclean("characters")
        if not stored:
            raise Unclean("missing")
        return _within(longest, stored)

    return cleaned


def _within(longest: int, text: str) -> str:
    """Also when folded: some signs unfold into a whole sentence."""
    if len(text) > longest or len(fold(text)) > longest:
        raise Unclean("length")
    return text


def choice(words: Mapping[str, Any]) -> Cleaner:
    """A value by one of its words."""

    @lru_cache(CACHE)
    def chosen(text: str) -> Any:
        if text[0] in FORMULA or (value := words.get(key(text))) is None:
            raise Unclean("unknown")
        return value

    return chosen


# --- identifiers --------------------------------------------------------------------------------------


def identifier(text: str) -> str:
    """Without spaces, dashes and marks, its digits 0–9."""
    if text.isascii() and text.isalnum():
        return text
    return JOINTS.sub("", UNSEEN.sub("", to_ascii_digits(text)))


def digits(low: int, high: int, width: int = 0) -> Cleaner:
    """`low` to `high` digits, filled up with leading zeros to `width`."""
    pattern = re.compile(f"[0-9]{{{low},{high}}}")

    def cleaned(text: str) -> str:
        text = identifier(text)
        if not pattern.fullmatch(text):
            raise Unclean("length")
        return text.zfill(width)

    return cleaned


def national_code(text: str) -> str | Noted:
    """Ten digits; codes of eight or nine have lost leading zeros (DOMAIN: spreadsheets do that)."""
    code = identifier(text)
    padded = code.zfill(10) if re.fullmatch("[0-9]{8,9}", code) else code
    if fault := national_code_fault(padded):
        raise Unclean(fault)
    return padded if padded == code else Noted(padded, "padded")


def iban(text: str) -> str:
    """A Sheba, whatever its case and spacing."""
    number = identifier(text).upper()
    if fault := iban_fault(number):
        raise Unclean(fault)
    return number


def mobile(text: str) -> str:
    """09 and nine digits, also when written +98…, 0098…, 98… or 9…"""
    number = re.sub(r"^(\+98|0098|98(?=9[0-9]{9}$))?0?", "0", identifier(text), count=1)
    if not re.fullmatch("09[0-9]{9}", number):
        raise Unclean("length")
    return number


# --- days and months ----------------------------------------------------------------------------------


def _plain_date(text: str) -> str:
    """A date as typed, without spaces and a midnight that spreadsheets add; two-digit years as 13xx."""
    text = UNSEEN.sub("", MIDNIGHT.sub("", to_ascii_digits(text).strip()))
    found = DATE.fullmatch(text)
    return CENTURY + text if found and len(found[1]) == 2 else text


@lru_cache(CACHE)
def day(text: str) -> dt.date:
    """A Jalali date as a Gregorian one."""
    try:
        return calendar.parse_date(_plain_date(text))
    except ValueError:
        raise Unclean("no_such_date") from None


@lru_cache(CACHE)
def birth(text: str) -> Birth | Noted:
    """A date of birth, or its year alone (1331/00/00)."""
    if found := YEAR_ONLY.fullmatch(_plain_date(text)):
        return Noted(Birth(None, _year(int(found[1]))), "year_only")
    born = day(text)
    if born > calendar.today():
        raise Unclean("future")
    return Birth(born, calendar.jalali_year(born))


def _year(year: int) -> int:
    if not FIRST_YEAR <= year <= calendar.jalali_year(calendar.today()):
        raise Unclean("no_such_date")
    return year


@lru_cache(CACHE)
def month(text: str) -> int:
    """A Jalali month as yyyymm; a whole date stands for its month."""
    try:
        return Month.parse(_plain_date(text))
    except ValueError:
        return Month.of(day(text))


# --- numbers ------------------------------------------------------------------------------------------


def whole(largest: int = LARGEST) -> Cleaner:
    """A whole number from 0 to `largest`."""

    @lru_cache(CACHE)
    def cleaned(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else _number(text)
        if number > largest:
            raise Unclean("too_large")
        return number

    return cleaned


def _number(text: str) -> int:
    """With thousands separators and the word Rial around it."""
    text = RIAL.sub("", MARKS.sub("", clean(to_ascii_digits(text))).lower()).strip()
    digits_only = MINUS.sub("", text).strip()
    found = GROUPED.fullmatch(digits_only)
    if not found or len(found[1]) > 30:
        raise Unclean("not_a_number")
    number = int(SEPARATORS.sub("", found[1]))
    if digits_only != text and number:
        raise Unclean("negative")
    return number


@lru_cache(CACHE)
def share(text: str) -> Decimal:
    """A percentage with four decimals; what is over 100 is judged with the file's other shares."""
    text = re.sub("[%٪]|درصد", "", UNSEEN.sub("", to_ascii_digits(text)))
    plain = MINUS.sub("", text)
    if not SHARE.fullmatch(plain) or len(plain) > 30:
        raise Unclean("not_a_number")
    try:
        number = Decimal(re.sub("[٫,/]", ".", plain)).quantize(Decimal("0.0001"))
    except InvalidOperation:
        raise Unclean("not_a_number") from None
    if plain != text and number:
        raise Unclean("negative")
    return number
