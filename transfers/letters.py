"""Two papers to print and sign: the letter that goes with the paper file, and the destination's receipt for it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from branches.models import Kind, Sex
from pension_transfer.lib.errors import NotNow
from pension_transfer.lib.months import Month
from transfers import last_pay, sheet
from transfers.models import TransferCase


@dataclass(frozen=True)
class Letter:
    """The origin's letter to the destination, from the sealed content; amounts are Rial, months yyyymm."""

    sheet: sheet.Sheet

    @property
    def case(self) -> TransferCase:
        return self.sheet.case

    @property
    def content(self) -> dict[str, Any]:
        return self.sheet.content

    @property
    def kind(self) -> str:
        return str(Kind(self.content["file"]["kind"]).label)

    @property
    def honorific(self) -> str:
        return _("Mrs.") if self.content["principal"]["sex"] == Sex.FEMALE else _("Mr.")

    @property
    def amount(self) -> int | None:
        """What the decree in force pays a month; None where there is none."""
        decrees = sorted(self.content["decrees"], key=lambda decree: (decree["effective_on"], decree["number"]))
        return sum(line["amount"] for line in decrees[-1]["lines"]) if decrees else None

    @property
    def certificate(self) -> dict[str, Any]:
        return dict(self.content["last_pay_certificate"])

    @property
    def first_month(self) -> Month | None:
        """The month from which the destination pays."""
        return last_pay.first_payable(self.case)


def letter_of(case: TransferCase) -> Letter:
    """The letter of the current version; NotNow before it is sealed."""
    return Letter(sheet.of_case(case))


def receipt_of(case: TransferCase) -> TransferCase:
    """The case whose paper file's arrival is recorded; NotNow before that."""
    if not case.paper_arrived_on:
        raise NotNow(_("The receipt can be printed once the arrival of the paper file is recorded."), "not_arrived")
    return case
