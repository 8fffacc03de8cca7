"""The text of a transfer sheet's QR code: written here, and read as people and scanners type it."""

import re
from dataclasses import dataclass

from pension_transfer.lib.persian import to_ascii_digits

PREFIX = "PT1"
SHORT = 16  # hexadecimal digits of the seal that stand on the sheet
TEXT = re.compile(f"{PREFIX}([0-9]{{13}})([0-9A-F]{{{SHORT}}})?")
# A scanner is a keyboard: these keys of the two Persian layouts give other letters than a text in Latin ones means.
# Plain keys are alike in both (ISIRI 9147 and the older Windows layout), those with shift are not.
PLAIN = dict(zip("حفشذزیيثب", "PTABCDDEF", strict=True))
STANDARD = PLAIN | dict(zip("[\u064fؤ\u200cژي\u064dإ", "PTABCDEF", strict=True))
OLDER = PLAIN | dict(zip("\\،\u064eإژ\u0650\u064d\u0651", "PTABCDEF", strict=True))
LAYOUTS = tuple(str.maketrans(layout) for layout in ({}, STANDARD, OLDER))


@dataclass(frozen=True)
class Sheet:
    """What stands on a sheet: 13 digits, and the first 16 hexadecimal digits of the seal or nothing."""

    tracking_number: str
    seal: str = ""


def text_of(tracking_number: str, seal: str) -> str:
    """What the QR code of a sheet says; capitals, so that the code stays small."""
    return f"{PREFIX}:{tracking_number}:{short(seal)}"


def short(seal: str) -> str:
    """The part of a seal that is printed."""
    return seal[:SHORT].upper()


def read(text: str) -> Sheet | None:
    """The sheet that a typed or scanned text is of; None for any other text."""
    for layout in LAYOUTS:
        bare = re.sub("[^0-9A-Z]", "", to_ascii_digits(text[:200]).translate(layout).upper())
        if found := TEXT.fullmatch(bare):
            return Sheet(found[1], found[2] or "")
    return None
