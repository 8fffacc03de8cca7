"""Form fields for what branch staff type: any digits, Persian or Latin; the stored form comes out.

Every error sentence says what to do. `PersianModelForm` picks the field by the model's field.
"""

import datetime as dt
import re
from typing import Any

import jdatetime
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import calendar
from pension_transfer.lib.banks import BANKS
from pension_transfer.lib.months import FIRST_YEAR, LAST_YEAR, Month
from pension_transfer.lib.persian import UNSEEN, clean, to_ascii_digits
from pension_transfer.lib.templatetags.persian import fa, grouped, in_fours
from pension_transfer.lib.validation import (
    IBAN,
    NATIONAL_CODE,
    Digits,
    digits,
    validate_iban,
    validate_month,
    validate_national_code,
)
from pension_transfer.lib.widgets import DayInput, MonthInput, TypedInput, in_json

in_digits = lazy(fa, str)  # of the reader, whenever the form was made
DASHES = re.compile("[-‐-―−_/.]+")
AMOUNT = re.compile(r"[0-9]+|[0-9]{1,3}(?:[,٬،.' ][0-9]{3})+")
LARGEST_AMOUNT = 10**15


class Typed:
    """Mixin: what is typed is normalised before the field reads it; no length limit while typing."""

    widget: Any = TypedInput

    def normalise(self, text: str) -> str:
        return to_ascii_digits(text).strip()

    def to_python(self, value: Any) -> Any:
        return super().to_python(self.normalise(value) if isinstance(value, str) else value)  # type: ignore[misc]

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}


# --- dates --------------------------------------------------------------------------------------------


class JalaliDateField(Typed, forms.Field):
    """A day typed as 1405/9/2, 1405-09-02 or 14050902; gives a Gregorian date."""

    widget = DayInput
    default_error_messages = {
        "invalid": _("Write the date as year/month/day, for example 1405/09/02."),
        "year": _("The year must be a Jalali year between 1250 and 1499, for example 1405."),
        "day": _("The calendar has no such day; check the month and the day."),
    }

    def to_python(self, value: Any) -> dt.date | None:
        value = super().to_python(value)
        if value in self.empty_values or isinstance(value, dt.date):
            return value or None
        found = calendar.DATE.fullmatch(value)
        if not found:
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return self._day(*(int(part) for part in found.groups() if part))

    def _day(self, year: int, month: int, day: int) -> dt.date:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise ValidationError(self.error_messages["year"], "year")
        try:
            return jdatetime.date(year, month, day).togregorian()
        except ValueError:
            raise ValidationError(self.error_messages["day"], "day") from None

    def prepare_value(self, value: Any) -> Any:
        return calendar.jalali(value) if isinstance(value, dt.date) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"placeholder": in_digits("1405/09/02"), "data-short": ""}


class JalaliMonthField(Typed, forms.IntegerField):
    """A month typed as 1405/09 or 140509."""

    widget = MonthInput
    default_error_messages = {"invalid": _("Write the month as year/month, for example 1405/08.")}

    def to_python(self, value: Any) -> Month | None:
        if value in self.empty_values:
            return None
        try:
            return Month.parse(str(value))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], "invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return f"{value // 100:04d}/{value % 100:02d}" if isinstance(value, int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"placeholder": in_digits("1405/08"), "data-short": ""}


# --- identifiers --------------------------------------------------------------------------------------


class DigitsField(Typed, forms.CharField):
    """An identifier of `low` to `high` digits; spaces and dashes typed for reading are dropped."""

    def __init__(self, low: int = 1, high: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(digits(low, high))

    def normalise(self, text: str) -> str:
        return DASHES.sub("", UNSEEN.sub("", to_ascii_digits(text)))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"data-short": ""}


class InsuranceNumberField(DigitsField):
    """8 to 10 digits, kept as 10 with zeros in front."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(8, 10, **kwargs)

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        return typed.zfill(10) if typed else typed


class NationalCodeField(DigitsField):
    """Ten digits with a right check digit; zeros in front are never added silently."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators[-1] = validate_national_code

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        said = NATIONAL_CODE | {"right": _("The check digit is right.")}
        return super().widget_attrs(widget) | {"data-entry": "national-code", "data-said": in_json(said)}


class IbanField(DigitsField):
    """A Sheba; IR may be left out; shown in groups of four."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators[-1] = validate_iban

    def normalise(self, text: str) -> str:
        iban = super().normalise(text).upper()
        return f"IR{iban}" if re.fullmatch("[0-9]{24}", iban) else iban

    def prepare_value(self, value: Any) -> Any:
        iban = self.normalise(value) if isinstance(value, str) else ""
        return in_fours(iban) if re.fullmatch("IR[0-9]{24}", iban) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        said = IBAN | BANKS | {"right": _("The check digits are right.")}
        return {"inputmode": "text", "placeholder": "IR", "data-entry": "iban", "data-said": in_json(said)}


class MobileField(DigitsField):
    """09 and nine digits; +98 and 0098 in front are turned into 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators[-1] = RegexValidator("^09[0-9]{9}$", _("A mobile number is 09 and nine digits."))

    def normalise(self, text: str) -> str:
        typed = super().normalise(text).lstrip("+")
        return re.sub("^(?:0098|98)?0?(?=9[0-9]{9}$)", "0", typed)


class CodeField(Typed, forms.CharField):
    """A number that may hold signs, such as «۰۸۰۱/۱۴۰۵/۱۲»: kept with ASCII digits, shown left to right."""

    def normalise(self, text: str) -> str:
        return clean(to_ascii_digits(text))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "text"}


# --- numbers ------------------------------------------------------------------------------------------


class CountField(Typed, forms.IntegerField):
    """A whole number in any digits."""

    default_error_messages = {"invalid": _("Write a whole number.")}

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"data-short": ""}


class AmountField(Typed, forms.IntegerField):
    """An amount of Rials; thousands may be separated and «ریال» may follow. Toman is refused."""

    default_error_messages = {
        "invalid": _("Write the amount in Rial with digits only, for example 103909680."),
        "toman": _("Amounts are in Rial: write the amount in Rial, without Toman."),
        "max_value": _("This amount is too large; count its digits again."),
        "min_value": _("An amount is never below zero."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"min_value": 0, "max_value": LARGEST_AMOUNT}))

    def normalise(self, text: str) -> str:
        typed = super().normalise(clean(text))
        if re.search("تومان|toman", typed, re.IGNORECASE):
            raise ValidationError(self.error_messages["toman"], "toman")
        typed = re.sub(r"\s*(?:ریال|rial|irr)\.?$", "", typed, flags=re.IGNORECASE)
        return re.sub("[^0-9]", "", typed) if AMOUNT.fullmatch(typed) else typed

    def prepare_value(self, value: Any) -> Any:
        return grouped(value) if isinstance(value, int) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"data-entry": "amount"}


class PercentField(Typed, forms.DecimalField):
    """A share in percent, with a decimal point of either script."""

    default_error_messages = {"invalid": _("Write the share as a number between 0 and 100.")}

    def normalise(self, text: str) -> str:
        return super().normalise(text).rstrip("%٪ ").replace("٫", ".").replace("/", ".")

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else f"{value.normalize():f}"

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "data-short": ""}


# --- text ---------------------------------------------------------------------------------------------


class PersianTextField(forms.CharField):
    """Text in the stored form: Persian ye and kaf, single spaces, half-spaces kept."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return clean(text) if isinstance(text, str) else text


# --- which field for which column -----------------------------------------------------------------------

BY_VALIDATOR = (
    (validate_national_code, NationalCodeField),
    (validate_iban, IbanField),
    (validate_month, JalaliMonthField),
)
BY_NAME = {
    "insurance_number": InsuranceNumberField,
    "mobile": MobileField,
    "number": CodeField,
    "previous_number": CodeField,
    "letter_number": CodeField,
    "issuing_branch": CodeField,
}
BY_COLUMN = (
    (models.DateTimeField, None),
    (models.DateField, JalaliDateField),
    (models.BigIntegerField, AmountField),
    (models.IntegerField, CountField),
    (models.DecimalField, PercentField),
    (models.CharField, PersianTextField),
    (models.TextField, PersianTextField),
)


def form_class(column: Any) -> Any:
    """The field class for a model's column; None leaves Django's own."""
    if column.name in BY_NAME:
        return BY_NAME[column.name]
    for rule, chosen in BY_VALIDATOR:
        if rule in column.validators:
            return chosen
    if any(isinstance(rule, Digits) for rule in column.validators):
        return DigitsField
    return next((chosen for kind, chosen in BY_COLUMN if isinstance(column, kind)), None)


def formfield_for(column: Any, **kwargs: Any) -> Any:
    """A `formfield_callback`: the form field of a model's column, as branch staff type it."""
    if column.choices:
        return column.formfield(choices=choices_of(column), **kwargs)
    chosen = form_class(column)
    if not chosen:
        return column.formfield(**kwargs)
    kwargs.pop("widget", None) if chosen is not PersianTextField else None
    if chosen is DigitsField:
        rule = next(rule for rule in column.validators if isinstance(rule, Digits))
        kwargs |= {"low": rule.low, "high": rule.high}
    return column.formfield(form_class=chosen, **kwargs)


def choices_of(column: Any) -> list[tuple[Any, Any]]:
    """A column's choices; where none is preset, the first one asks to choose."""
    is_open = column.blank or not column.has_default()
    return list(column.get_choices(include_blank=is_open, blank_choice=[("", _("choose"))]))


class PersianModelForm(forms.ModelForm):
    """A ModelForm whose fields read what staff type. Write `class Meta(PersianModelForm.Meta)`."""

    class Meta:
        formfield_callback = formfield_for
