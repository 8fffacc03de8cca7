"""Pension files with random content, as a branch may hold them, and another value for any of their fields."""

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Any

from branches.models import Branch, Decree, DecreeLine, Deduction, Dependent, PensionFile
from branches.models.pension import STATED_TOGETHER, DecreeKind, DeductionKind, LineGroup, Relationship
from tests.cast import IBANS, LAST_PAID, national_code
from transfers import exchange

NAMES = ["علی‌رضا", "فاطمه‌سادات", "نازنین زهرا", "مؤمن", "آیة‌الله", "ژاله", "گل‌پری", "رحمت‌اله"]
TEXTS = [
    "", "کوی ۲۲ بهمن، پلاک ۷ «ب»", "O'Hara & <b>Sons</b> \"x\"", "نیم‌فاصله‌ها و\u00a0فاصله", "٪ _ \\ ' ;--", "🙂 é ß",
    "ب" * 290,
]  # fmt: skip
NUMBERS = ["{}/94", "الف-{}", "{}/05 مکرر", "{}.1"]


class Files:
    """Makes one random file after the other; the same seed makes the same ones."""

    def __init__(self, seed: int):
        self.random = Random(seed)

    def make(self, branch: Branch, number: int) -> PensionFile:
        """A file of `branch`, paid there, complete enough to be sent; whatever may be missing sometimes is."""
        file = PensionFile(branch=branch, pension_number=f"71{number:08d}", national_code=national_code(number * 20))
        for name in PRINCIPAL:
            setattr(file, name, self.value("principal", name))
        file.iban, file.paper_pages, file.last_paid_month = IBANS[0], self.random.randint(1, 400), LAST_PAID
        file.insurance_number = f"00{number:08d}"
        for pair in STATED_TOGETHER:
            for name in pair if self.random.random() < 0.5 else ():
                setattr(file, name, self.value("last_pay_certificate", name))
        file.set_keys()
        file.full_clean()
        file.save()
        self._people(file, number)
        self._decrees(file)
        exchange.open_custody({file.pension_number: 139402}, branch.pk, "test")
        return file

    def _people(self, file: PensionFile, number: int) -> None:
        for i in range(self.random.randint(0, 6)):
            code = national_code(number * 20 + i + 1) if self.random.random() < 0.8 else ""
            person = Dependent(file=file, national_code=code, birth_year=1340 + i)
            for name in DEPENDENT:
                setattr(person, name, self.value("dependents", name))
            person.set_keys()
            person.full_clean()
            person.save()
        for kind in self.random.sample(DeductionKind.values, self.random.randint(0, 3)):
            row = Deduction(file=file, kind=kind, creditor=self.random.choice(["", "بانک رفاه", "صندوق ۱"]))
            for name in DEDUCTION:
                setattr(row, name, self.value("deductions", name))
            row.full_clean()
            row.save()

    def _decrees(self, file: PensionFile) -> None:
        for i in range(self.random.randint(1, 6)):
            decree = Decree(file=file, number=self.random.choice(NUMBERS).format(i))
            for name in DECREE:
                setattr(decree, name, self.value("decrees", name))
            decree.full_clean()
            decree.save()
            lines = self.lines()
            DecreeLine.objects.bulk_create(DecreeLine(decree=decree, order=n, **one) for n, one in enumerate(lines, 1))

    def lines(self) -> list[dict[str, Any]]:
        """The lines of a decree; some have none."""
        found = range(self.random.randint(0, 5))
        return [
            {
                "title": self.random.choice(["مستمری", "حق اولاد ۲", "عائله‌مندی"]),
                "group": self.random.choice(LineGroup.values), "amount": self._amount(),
            }
            for _line in found
        ]  # fmt: skip

    def value(self, part: str, name: str) -> Any:
        """A value that a column may have."""
        return MAKE.get((part, name), MAKE.get(("", name)))(self)  # type: ignore[misc] # every column stands below

    def another(self, part: str, name: str, held: Any) -> Any:
        """A value that a column may have, and does not have now."""
        found = (self.value(part, name) for _try in range(60))
        return next(value for value in found if value != held and value not in (None, ""))

    # --- one value

    def _name(self) -> str:
        return self.random.choice(NAMES)

    def _text(self, longest: int) -> str:
        return self.random.choice(TEXTS)[:longest].strip()

    def _note(self) -> str:
        return self.random.choice([text for text in TEXTS if text])[:200].strip()

    def _day(self, first: int = 1930, last: int = 2025) -> dt.date:
        return dt.date(self.random.randint(first, last), self.random.randint(1, 12), self.random.randint(1, 28))

    def _amount(self) -> int:
        return self.random.choice([0, 1, self.random.randint(1, 10**9), 2**53 - 1])

    def _maybe(self, value: Any, nothing: Any = None) -> Any:
        return value if self.random.random() < 0.6 else nothing

    def _days(self) -> int:
        return self.random.randint(0, 12000)


PRINCIPAL = (
    "first_name", "last_name", "father_name", "birth_date", "sex", "id_number", "established_on", "service_main_days",
    "service_bonus_days", "mobile", "postal_code", "address", "kind",
)  # fmt: skip
DEPENDENT = (
    "first_name", "last_name", "father_name", "birth_date", "sex", "relationship", "share_percent",
    "entitlement_basis", "entitled_from", "entitled_until", "iban",
)  # fmt: skip
DEDUCTION = ("monthly_amount", "remaining_amount", "ends_on")
DECREE = (
    "kind", "issued_on", "effective_on", "issuing_branch", "previous_number", "amount_before", "amount_after",
    "description",
)  # fmt: skip
MAKE: dict[tuple[str, str], Any] = {
    ("", "first_name"): Files._name, ("", "last_name"): Files._name,
    ("", "father_name"): lambda files: files._maybe(files._name(), ""),
    ("", "birth_date"): lambda files: files._day(1930, 1975),  # before every decree
    ("dependents", "birth_date"): lambda files: files._maybe(files._day()),
    ("", "sex"): lambda files: files.random.choice(["male", "female"]),
    ("", "id_number"): lambda files: files._maybe(str(files.random.randint(1, 99999)), ""),
    ("", "established_on"): lambda files: files._day(1990, 2020),
    ("", "service_main_days"): Files._days, ("", "service_bonus_days"): Files._days,
    ("", "paper_pages"): lambda files: files.random.randint(1, 400),
    ("", "mobile"): lambda files: files._maybe(f"0912{files.random.randint(0, 9999999):07d}", ""),
    ("", "postal_code"): lambda files: files._maybe(str(files.random.randint(1136934000, 1136934999)), ""),
    ("", "address"): lambda files: files._text(300),
    ("", "iban"): lambda files: files._maybe(IBANS[0], ""),
    ("", "kind"): lambda files: files.random.choice(["retirement", "disability_partial"]),
    ("", "arrears_amount"): Files._amount, ("", "overpaid_amount"): Files._amount,
    ("", "arrears_note"): Files._note, ("", "overpaid_note"): Files._note, ("", "suspension_reason"): Files._note,
    ("", "suspended_since"): lambda files: files.random.choice([140401, 140412, 140507]),
    ("", "relationship"): lambda files: files.random.choice(Relationship.values),
    ("", "share_percent"): lambda files: files._maybe(Decimal(files.random.randint(1, 160000)) / 10000),
    ("", "entitlement_basis"): lambda files: files._text(60),
    ("", "entitled_from"): lambda files: files._maybe(files._day(1990, 2025)),
    ("", "entitled_until"): lambda files: files._maybe(files._day(2026, 2040)),
    ("", "monthly_amount"): Files._amount, ("", "remaining_amount"): lambda files: files._maybe(files._amount()),
    ("", "ends_on"): lambda files: files._maybe(files._day(2026, 2040)),
    ("decrees", "kind"): lambda files: files.random.choice(DecreeKind.values),
    ("", "issued_on"): lambda files: files._day(1990, 2025), ("", "effective_on"): lambda files: files._day(1990, 2025),
    ("", "issuing_branch"): lambda files: files._maybe(files.random.choice(["0801", "0701"]), ""),
    ("", "previous_number"): lambda files: files._maybe(f"{files.random.randint(1, 99)}/94", ""),
    ("", "amount_before"): Files._amount, ("", "amount_after"): Files._amount,
    ("", "description"): lambda files: files._text(500),
    ("", "lines"): Files.lines,
}  # fmt: skip
