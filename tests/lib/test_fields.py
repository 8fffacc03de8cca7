"""What staff type, and what comes out. Vectors of identifiers: DOMAIN 3."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from branches.models import Deduction, Dependent, PensionFile
from pension_transfer.lib import calendar, fields
from pension_transfer.lib.persian import to_persian_digits
from pension_transfer.lib.validation import iban_fault, national_code_fault

DAYS = st.dates(dt.date(1871, 3, 21), dt.date(2121, 3, 20))
AMOUNTS = st.integers(0, 10**15)


@pytest.fixture(autouse=True)
def in_persian():
    with translation.override("fa"):
        yield


def refused(field: Any, typed: str) -> str | None:
    """The code of the fault, or None when the field takes it."""
    try:
        field.clean(typed)
    except ValidationError as fault:
        return fault.error_list[0].code
    return None


# --- dates and months -----------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["1405/9/2", "14050902", "1405-09-02", "۱۴۰۵/۰۹/۰۲", "١٤٠٥/٩/٢", " 1405.9.2 "])
def test_days_are_read_in_any_writing(typed: str) -> None:
    assert fields.JalaliDateField().clean(typed) == dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1405", "invalid"),
        ("2026/11/23", "year"),
        ("1404/12/30", "day"),
        ("1405/7/31", "day"),
        ("", "required"),
    ],
)
def test_what_is_wrong_with_a_day_is_said(typed: str, code: str) -> None:
    assert refused(fields.JalaliDateField(), typed) == code


@given(DAYS)
def test_a_day_shown_is_a_day_read(day: dt.date) -> None:
    field = fields.JalaliDateField()
    assert field.clean(field.widget.format_value(field.prepare_value(day))) == day


@pytest.mark.parametrize("typed", ["1405/9", "140509", "۱۴۰۵-۰۹"])
def test_months_are_read(typed: str) -> None:
    assert fields.JalaliMonthField().clean(typed) == 140509


def test_a_month_that_is_none() -> None:
    assert refused(fields.JalaliMonthField(), "1405/13") == "invalid"
    assert fields.JalaliMonthField(required=False).clean("") is None


# --- identifiers ----------------------------------------------------------------------------------------

VALID = ["0499370899", "0790419904", "0084575948", "0963695398", "0684159414"]
BY_REMAINDER = ["9900000080", "9900000031", "9900000021"]
DEMO = ["9910000016", "9912345673", "9920000108", "9976543212"]


@pytest.mark.parametrize("code", VALID + BY_REMAINDER + DEMO)
def test_national_codes_are_taken_in_any_digits(code: str) -> None:
    assert fields.NationalCodeField().clean(to_persian_digits(code)) == code
    assert fields.NationalCodeField().clean(f"{code[:3]}-{code[3:9]}-{code[9]}") == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0684159415", "checksum"),
        ("1111111111", "repeated"),
        ("0000000000", "repeated"),
        ("499370899", "length"),
        ("04993708990", "length"),
        ("O499370899", "length"),
    ],
)
def test_wrong_national_codes_are_refused(typed: str, code: str) -> None:
    assert refused(fields.NationalCodeField(), typed) == code


@given(st.integers(0, 999_999_999))
def test_every_nine_digits_have_one_check_digit(stem: int) -> None:
    taken = [check for check in range(10) if national_code_fault(f"{stem:09d}{check}") is None]
    assert len(taken) == (0 if len(set(f"{stem:09d}")) == 1 and stem % 10 == _check(stem) else 1)


def _check(stem: int) -> int:
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(f"{stem:09d}")) % 11
    return rest if rest < 2 else 11 - rest


SHEBAS = ["IR062960000000100324200001", "IR820540102680020817909002", "IR950130000000123456789012"]


@pytest.mark.parametrize("iban", SHEBAS)
def test_shebas_are_taken_with_or_without_ir(iban: str) -> None:
    field = fields.IbanField()
    shown = field.widget.format_value(field.prepare_value(iban))
    assert {field.clean(way) for way in (iban, iban[2:], iban.lower(), shown)} == {iban}


@given(st.sampled_from(SHEBAS), st.integers(4, 25), st.integers(1, 9))
def test_one_wrong_digit_in_a_sheba_is_noticed(iban: str, place: int, by: int) -> None:
    wrong = f"{iban[:place]}{(int(iban[place]) + by) % 10}{iban[place + 1 :]}"
    assert iban_fault(wrong) == "checksum"


def test_wrong_shebas_are_refused() -> None:
    assert refused(fields.IbanField(), "IR830130000000123456789013") == "checksum"
    assert refused(fields.IbanField(), "IR83013") == "length"


@pytest.mark.parametrize(
    "typed",
    ["09121234567", "9121234567", "+989121234567", "00989121234567", "۰۹۱۲ ۱۲۳ ۴۵۶۷", "98 912-123-4567"],
)
def test_mobile_numbers_begin_with_zero_nine(typed: str) -> None:
    assert fields.MobileField().clean(typed) == "09121234567"


@pytest.mark.parametrize("typed", ["0912123456", "08121234567", "02188776655"])
def test_what_is_no_mobile_number(typed: str) -> None:
    assert refused(fields.MobileField(), typed) == "invalid"


def test_insurance_numbers_are_kept_with_ten_digits() -> None:
    assert fields.InsuranceNumberField().clean("۲۱۵۳۵۶۴۲") == "0021535642"
    assert refused(fields.InsuranceNumberField(), "1234567") == "length"


def test_other_numbers_keep_their_zeros() -> None:
    assert fields.DigitsField(10).clean("۰۰۱۲۳۴ ۵۶۷۸") == "0012345678"
    assert refused(fields.DigitsField(10), "12345") == "length"


# --- amounts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "103909680",
        "۱۰۳٬۹۰۹٬۶۸۰",
        "103,909,680",
        "۱۰۳،۹۰۹،۶۸۰ ریال",
        "103.909.680",
        "103 909 680",
        "103909680 ریال ",
    ],
)
def test_amounts_are_read_however_they_are_grouped(typed: str) -> None:
    assert fields.AmountField().clean(typed) == 103909680


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("10,39", "invalid"),
        ("103.5", "invalid"),
        ("1,0390,968", "invalid"),
        ("صد", "invalid"),
        ("۱۰۰ تومان", "toman"),
        ("9" * 17, "max_value"),
        ("-5", "min_value"),
    ],
)
def test_amounts_that_could_be_misread_are_refused(typed: str, code: str) -> None:
    assert refused(fields.AmountField(), typed) == code


@given(AMOUNTS)
def test_an_amount_shown_is_an_amount_read(amount: int) -> None:
    field = fields.AmountField()
    assert field.clean(field.widget.format_value(field.prepare_value(amount))) == amount


@pytest.mark.parametrize(("typed", "share"), [("۳۵٫۷۱۴۳", "35.7143"), ("50%", "50"), ("۲۵٪", "25"), ("33/3", "33.3")])
def test_shares_are_read(typed: str, share: str) -> None:
    assert fields.PercentField().clean(typed) == Decimal(share)


def test_text_is_stored_in_persian_letters() -> None:
    assert fields.PersianTextField().clean(" علي  كاظمي ") == "علی کاظمی"


# --- forms of models ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "column", "field"),
    [
        (PensionFile, "national_code", fields.NationalCodeField),
        (PensionFile, "insurance_number", fields.InsuranceNumberField),
        (PensionFile, "iban", fields.IbanField),
        (PensionFile, "mobile", fields.MobileField),
        (PensionFile, "postal_code", fields.DigitsField),
        (PensionFile, "established_on", fields.JalaliDateField),
        (PensionFile, "last_paid_month", fields.JalaliMonthField),
        (PensionFile, "service_main_days", fields.CountField),
        (PensionFile, "first_name", fields.PersianTextField),
        (Dependent, "share_percent", fields.PercentField),
        (Deduction, "monthly_amount", fields.AmountField),
    ],
)
def test_a_model_form_reads_what_staff_type(model: Any, column: str, field: Any) -> None:
    assert type(fields.formfield_for(model._meta.get_field(column))) is field


def test_choices_stay_choices() -> None:
    assert fields.formfield_for(PensionFile._meta.get_field("kind")).choices


def test_what_was_not_changed_is_not_a_change() -> None:
    assert not fields.AmountField().has_changed(103909680, "۱۰۳٬۹۰۹٬۶۸۰")
    assert not fields.JalaliDateField().has_changed(dt.date(2026, 11, 23), calendar.show_date(dt.date(2026, 11, 23)))
    assert not fields.IbanField().has_changed(SHEBAS[0], SHEBAS[0][2:])
