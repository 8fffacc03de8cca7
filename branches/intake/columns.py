"""The five tables of the export: their columns, Persian and English headers, and how each cell is cleaned."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from branches.intake import cleaning as c
from branches.intake import words
from branches.intake.words import key

REQUIRED = object()


class Column(NamedTuple):
    """A column; a blank cell is `blank`, or a fault where that is REQUIRED. `code` begins the other faults' codes."""

    field: str
    header: str
    clean: c.Cleaner
    blank: Any = REQUIRED
    code: str = ""

    @property
    def prefix(self) -> str:
        return self.code or self.field


class Sheet(NamedTuple):
    """A table; `aliases` are further names of its file or sheet."""

    name: str
    columns: tuple[Column, ...]
    aliases: str

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(column.field for column in self.columns)

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)


PENSION_NUMBER = Column("pension_number", "شماره مستمری", c.digits(10, 10))
DECREE_NUMBER = Column("decree_number", "شماره حکم", c.name(30))
NATIONAL_CODE = Column("national_code", "کد ملی", c.national_code)
SEX = Column("sex", "جنسیت", c.choice(words.SEXES))
FIRST_NAME = Column("first_name", "نام", c.name(60))
LAST_NAME = Column("last_name", "نام خانوادگی", c.name(60))
FATHER_NAME = Column("father_name", "نام پدر", c.name(60), "")
BIRTH_DATE = Column("birth_date", "تاریخ تولد", c.birth)
IBAN = Column("iban", "شماره شبا", c.iban, "")
DAYS = c.whole(2**31 - 1)
RIALS = c.whole()

FILES = Sheet(
    "files",
    (
        PENSION_NUMBER,
        Column("kind", "نوع مستمری", c.choice(words.KINDS)),
        Column("insurance_number", "شماره بیمه", c.digits(8, 10, 10)),
        NATIONAL_CODE,
        FIRST_NAME,
        LAST_NAME,
        FATHER_NAME,
        BIRTH_DATE,
        SEX,
        Column("id_number", "شماره شناسنامه", c.digits(1, 10), ""),
        Column("death_date", "تاریخ فوت", c.day, None),
        Column("established_on", "تاریخ برقراری", c.day),
        Column("status", "وضعیت", c.choice(words.STATUSES)),
        IBAN,
        Column("mobile", "تلفن همراه", c.mobile, ""),
        Column("postal_code", "کد پستی", c.digits(10, 10), ""),
        Column("address", "نشانی", c.prose(300), ""),
        Column("last_paid_month", "آخرین ماه پرداخت", c.month, None),
        Column("service_main_days", "سابقه اصلی (روز)", DAYS, 0),
        Column("service_bonus_days", "سابقه ارفاقی (روز)", DAYS, 0),
        Column("paper_pages", "تعداد اوراق پرونده", DAYS, None),
    ),
    "پرونده‌ها|پرونده‌های مستمری",
)
DEPENDENTS = Sheet(
    "dependents",
    (
        PENSION_NUMBER,
        NATIONAL_CODE,
        FIRST_NAME,
        LAST_NAME,
        FATHER_NAME,
        BIRTH_DATE,
        SEX,
        Column("relationship", "نسبت", c.choice(words.RELATIONSHIPS)),
        Column("share_percent", "سهم", c.share, None),
        Column("entitlement_basis", "مبنای استحقاق", c.prose(60), ""),
        Column("entitled_from", "شروع استحقاق", c.day, None),
        Column("entitled_until", "پایان استحقاق", c.day, None),
        IBAN,
    ),
    "افراد تبعی|بازماندگان",
)
DECREES = Sheet(
    "decrees",
    (
        PENSION_NUMBER,
        DECREE_NUMBER,
        Column("kind", "نوع حکم", c.choice(words.DECREE_KINDS)),
        Column("issued_on", "تاریخ صدور", c.day),
        Column("effective_on", "تاریخ اجرا", c.day),
        Column("issuing_branch", "شعبه صادرکننده", c.digits(1, 4, 4), ""),
        Column("previous_decree_number", "حکم قبلی", c.name(30), ""),
        Column("amount_before", "مستمری قبل از افزایش", RIALS, code="amount"),
        Column("amount_after", "مستمری بعد از افزایش", RIALS, code="amount"),
        Column("description", "شرح حکم", c.prose(500), ""),
    ),
    "احکام|حکم‌ها",
)
DECREE_LINES = Sheet(
    "decree_lines",
    (
        PENSION_NUMBER,
        DECREE_NUMBER,
        Column("order", "ردیف", c.whole(2**15 - 1)),
        Column("title", "عنوان", c.name(80)),
        Column("group", "گروه", c.choice(words.LINE_GROUPS)),
        Column("amount", "مبلغ", RIALS),
    ),
    "اقلام احکام|اقلام حکم",
)
DEDUCTIONS = Sheet(
    "deductions",
    (
        PENSION_NUMBER,
        Column("kind", "نوع کسور", c.choice(words.DEDUCTION_KINDS)),
        Column("creditor", "طلبکار", c.name(80), ""),
        Column("monthly_amount", "مبلغ ماهانه", RIALS, code="amount"),
        Column("remaining_amount", "مانده", RIALS, None, code="amount"),
        Column("ends_on", "تاریخ پایان", c.day, None),
    ),
    "کسور|کسورات",
)
SHEETS = (FILES, DEPENDENTS, DECREES, DECREE_LINES, DEDUCTIONS)
BY_NAME = {key(name): sheet for sheet in SHEETS for name in [sheet.name, *sheet.aliases.split("|")]}

# Other headings met for the same columns.
ALIASES = {
    "share_percent": "سهم (درصد)|درصد سهم|share",
    "iban": "شبا|شماره شبا (IBAN)|sheba",
    "mobile": "موبایل|شماره همراه|شماره تلفن همراه",
    "death_date": "تاریخ وفات",
    "order": "شماره ردیف",
    "previous_decree_number": "شماره حکم قبلی",
    "amount": "مبلغ (ریال)",
    "monthly_amount": "مبلغ ماهانه (ریال)",
    "remaining_amount": "مانده (ریال)",
    "amount_before": "مستمری قبل از افزایش (ریال)",
    "amount_after": "مستمری بعد از افزایش (ریال)",
}


def sheet_named(name: str) -> Sheet | None:
    """The table a file or sheet of that name holds."""
    return BY_NAME.get(key(name))


def header_places(sheet: Sheet, header: Iterable[str]) -> list[tuple[str, int]]:
    """The (field, position) pairs of the header's known columns, in the header's order."""
    known = {
        key(word): column.field
        for column in sheet.columns
        for word in [column.field, column.header, *ALIASES.get(column.field, column.field).split("|")]
    }
    found = [(known.get(key(text)), place) for place, text in enumerate(header)]
    return [(field, place) for field, place in found if field]
