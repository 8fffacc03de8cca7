"""Field rules of identifiers. All are text in ASCII digits; forms and imports normalise before they ask."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.months import is_month


def national_code_fault(code: str) -> str | None:
    """The fault's code, or None: ten digits, not all alike, mod-11 check digit (weights 10 to 2)."""
    if not re.fullmatch("[0-9]{10}", code):
        return "length"
    if len(set(code)) == 1:
        return "repeated"
    rest = sum(int(d) * (10 - i) for i, d in enumerate(code[:9])) % 11
    return None if int(code[9]) == (rest if rest < 2 else 11 - rest) else "checksum"


def iban_fault(iban: str) -> str | None:
    """The fault's code, or None: IR and 24 digits, ISO 13616 mod 97."""
    if not re.fullmatch("IR[0-9]{24}", iban):
        return "length"
    return None if int(iban[4:] + "1827" + iban[2:4]) % 97 == 1 else "checksum"


def has_bad_characters(text: str) -> bool:
    """A name that a spreadsheet would run as a formula, or that holds control characters."""
    return text[:1] in set("=+-@") or any(unicodedata.category(c) == "Cc" for c in text)


NATIONAL_CODE = {
    "length": _("A national code has ten digits; do not leave out leading zeros."),
    "repeated": _("A national code whose digits are all alike belongs to nobody."),
    "checksum": _("The check digit of this national code is wrong; compare it with the identity card."),
}
IBAN = {
    "length": _("A Sheba is IR followed by 24 digits."),
    "checksum": _("The check digits of this Sheba are wrong; compare it with the bank's paper."),
}


def validate_national_code(value: str) -> None:
    """ValidationError with code length, repeated or checksum."""
    if fault := national_code_fault(value):
        raise ValidationError(NATIONAL_CODE[fault], fault)


def validate_iban(value: str) -> None:
    """ValidationError with code length or checksum."""
    if fault := iban_fault(value):
        raise ValidationError(IBAN[fault], fault)


def validate_name(value: str) -> None:
    """ValidationError with code characters."""
    if has_bad_characters(value):
        raise ValidationError(_("A name may not begin with = + - @ nor hold control characters."), "characters")


def validate_month(value: int) -> None:
    """ValidationError with code invalid unless `value` is a Jalali month yyyymm."""
    if not is_month(value):
        raise ValidationError(_("Write the month as year/month, for example 1405/08."), "invalid")


def digits(low: int, high: int | None = None) -> "Digits":
    """Text of `low` to `high` ASCII digits."""
    return Digits(low, high or low)


class Digits:
    """Validator of an identifier's length; comparable and deconstructible, for migrations."""

    def __init__(self, low: int, high: int):
        self.low, self.high = low, high

    def __call__(self, value: str) -> None:
        if not re.fullmatch(f"[0-9]{{{self.low},{self.high}}}", value):
            text = (
                _("Only digits: %(low)s of them.") if self.low == self.high else _("Only digits: %(low)s to %(high)s.")
            )
            raise ValidationError(text, "length", {"low": self.low, "high": self.high})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digits) and (self.low, self.high) == (other.low, other.high)

    def __hash__(self) -> int:
        return hash((self.low, self.high))

    def deconstruct(self) -> tuple[str, tuple[int, int], dict[str, object]]:
        return "pension_transfer.lib.validation.Digits", (self.low, self.high), {}
