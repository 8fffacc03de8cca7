"""What an import has to say about a file's rows: faults, notices and differences, each with a code and a sentence."""

from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from branches.intake.columns import BIRTH_DATE, SHEETS


class Level(models.TextChoices):
    FAULT = "fault", _("Fault")
    DIFFERENCE = "difference", _("Difference")
    DOUBT = "doubt", _("To settle before a referral")
    NOTICE = "notice", _("Notice")


class Finding(NamedTuple):
    """One finding. `sheet` counts SHEETS from 0, `column` is the field's English name or empty."""

    level: str
    sheet: int
    row: int
    column: str
    code: str
    number: str
    value: str = ""


LONGEST_VALUE = 80  # characters of a cell that are shown
SHEET_NAMES = [sheet.name for sheet in SHEETS]
PARTS = {sheet.name: sheet.aliases.split("|")[0] for sheet in SHEETS} | {"birth_year": BIRTH_DATE.header}
HEADERS = {(index, column.field): column.header for index, sheet in enumerate(SHEETS) for column in sheet.columns}

# By the whole code, else by what stands after the dot.
SENTENCES = {
    "missing": _("This cell must not be empty."),
    "length": _("The number of characters or digits is not right."),
    "characters": _("Text may not begin with = + - @ nor hold control characters."),
    "no_such_date": _("There is no such day in the Jalali calendar."),
    "future": _("This day has not come yet."),
    "not_a_number": _("This is not a whole number."),
    "negative": _("The number may not be below zero."),
    "too_large": _("The number is too large."),
    "unknown": _("This word is not known here."),
    "different": _("The branch already holds this file with another value here; it was not changed."),
    "national_code.length": _("A national code has ten digits."),
    "national_code.repeated": _("A national code whose digits are all alike belongs to nobody."),
    "national_code.checksum": _("The check digit of this national code is wrong; compare it with the identity card."),
    "national_code.duplicate": _("This national code stands twice among the dependents of one file."),
    "national_code.padded": _("The leading zeros of this national code were missing and were added."),
    "birth_date.year_only": _("Only the year of birth is known; the file keeps the year."),
    "iban.length": _("A Sheba is IR followed by 24 digits."),
    "iban.checksum": _("The check digits of this Sheba are wrong; compare it with the bank's paper."),
    "mobile.length": _("A mobile number is 09 and nine digits."),
    "death_date.missing": _("A survivors' file needs the date of death."),
    "pension_number.length": _("A pension number has exactly ten digits."),
    "pension_number.duplicate": _("This pension number stands in more than one row of the files."),
    "pension_number.unknown": _("This row belongs to no file: its pension number is not among the files."),
    "pension_number.too_many_rows": _("More rows stand under this pension number than one file can have."),
    "relationship.unknown": _("The relationship is none of wife, husband, son, daughter, father and mother."),
    "decrees.missing": _("This file has no decree."),
    "decree.unknown": _("This line belongs to no decree of its file."),
    "decree.previous_unknown": _("The previous decree is not among the decrees of this file."),
    "decree_number.duplicate": _("This decree number stands twice in one file."),
    "order.duplicate": _("This row number stands twice in one decree."),
    "dependents.share_sum": _("The shares of this file's dependents add up to more than 100 percent."),
    "row.columns": _("This row has more cells than the header: a separator stands inside a cell."),
    "needed": _("A referral needs this cell, and it is empty."),
    "same_person": _("This is the national code of the principal; a dependent is another person."),
    "share_range": _("A share is more than 0 and at most 100 percent."),
    "share_missing": _("This survivor is entitled, and no share is recorded."),
    "before_birth": _("This day lies before the principal's date of birth."),
    "before_start": _("The entitlement ends before it begins."),
    "other_file": _("Another file of this person stands in the branch or in this export; its number is shown."),
    "insurance_of_another": _("This insurance number also stands in another person's file; its number is shown."),
    "son_past_age": _("This son has reached 20; neither study, disability nor an end of the entitlement is recorded."),
    "generations": _("This year of birth does not fit the relationship to the principal."),
    "no_establishing": _("None of the file's decrees is the establishing one."),
    "chain_broken": _("This decree is not the first one, and its previous decree is not named."),
    "not_ascending": _("This decree takes effect before the one it follows."),
    "amount_before": _("This is not the amount with which the decree before it ends."),
    "line_sum": _("This is not the sum of the lines of the pension."),
    "other_bank": _("This account is not at Bank Refah, where pensions are paid."),
    "postal_code": _("A digit 0 or 2 stands among the first five of this postal code."),
    "column.ignored": _("This column is not part of the export and was not read."),
    "column.absent": _("This column is not there; its cells count as empty."),
}


def sentence(code: str) -> str:
    """What a code says to a person, in the reader's language."""
    return str(SENTENCES.get(code) or SENTENCES[code.partition(".")[2]])


def column_label(sheet: int, column: str) -> str:
    """The column's header as the old system prints it; a difference may be in a whole table."""
    return HEADERS.get((sheet, column)) or PARTS.get(column, column)
