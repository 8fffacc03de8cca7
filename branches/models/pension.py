"""The pension file: one pension right, held by one branch. Amounts are Rial, months yyyymm, dates Gregorian."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from branches.models.organisation import Branch
from branches.models.staff import User
from branches.roles import Action, scoped
from pension_transfer.lib import calendar, names
from pension_transfer.lib.month_field import MonthField
from pension_transfer.lib.months import FIRST_YEAR, LAST_YEAR
from pension_transfer.lib.persian import sort_key
from pension_transfer.lib.validation import (
    digits,
    validate_iban,
    validate_name,
    validate_national_code,
)


class Kind(models.TextChoices):
    """Pension kinds of the Social Security Act 1354, articles 70 to 83."""

    RETIREMENT = "retirement", _("Retirement")
    DISABILITY_TOTAL_WORK = "disability_total_work", _("Total disability, work-related")
    DISABILITY_TOTAL_NONWORK = "disability_total_nonwork", _("Total disability, not work-related")
    DISABILITY_PARTIAL = "disability_partial", _("Partial disability, work-related")
    SURVIVORS = "survivors", _("Survivors")


class Status(models.TextChoices):
    REGISTERED = "registered", _("Registered, not yet active")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    TERMINATED = "terminated", _("Terminated")
    MOVED = "moved", _("Moved to another branch")


class ClosingCause(models.TextChoices):
    """Why a file was closed (قطع مستمری)."""

    DEATH = "death", _("Death")
    ENTITLEMENT_ENDED = "entitlement_ended", _("End of entitlement")
    OTHER_FUND = "other_fund", _("Transfer to another fund")
    OTHER = "other", _("Other closing")


class Sex(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")


class Relationship(models.TextChoices):
    WIFE = "wife", _("Wife")
    HUSBAND = "husband", _("Husband")
    SON = "son", _("Son")
    DAUGHTER = "daughter", _("Daughter")
    FATHER = "father", _("Father")
    MOTHER = "mother", _("Mother")


class DecreeKind(models.TextChoices):
    ESTABLISHING = "establishing", _("Establishing")
    ANNUAL_INCREASE = "annual_increase", _("Annual increase")
    HARMONISATION = "harmonisation", _("Harmonisation")
    CHANGE_OF_STATUS = "change_of_status", _("Change of status")
    CORRECTING = "correcting", _("Correcting")
    SUSPENSION = "suspension", _("Suspension")
    TERMINATION = "termination", _("Termination")
    REESTABLISHMENT = "reestablishment", _("Re-establishment")
    CHANGE_OF_SHARES = "change_of_shares", _("Change of the survivors' shares")


class LineGroup(models.TextChoices):
    PENSION = "pension", _("Pension")
    ALLOWANCE = "allowance", _("Allowances")
    HARMONISATION = "harmonisation", _("Harmonisation")
    OTHER = "other", _("Other")


class DeductionKind(models.TextChoices):
    LOAN = "loan", _("Loan instalment")
    SUPPLEMENTARY_INSURANCE = "supplementary_insurance", _("Supplementary insurance")
    ASSOCIATION_FEE = "association_fee", _("Pensioners' association fee")
    DEBT = "debt", _("Debt")
    ATTACHMENT = "attachment", _("Deduction undertaking")
    OTHER = "other", _("Other")


AMOUNT = [MinValueValidator(0)]
# Of the last pay certificate: neither of a pair says anything alone. What to do where one is missing.
STATED_TOGETHER = (
    ("arrears_amount", "arrears_note"),
    ("overpaid_amount", "overpaid_note"),
    ("suspended_since", "suspension_reason"),
)
NEEDED = {
    "arrears_amount": _("Write the amount too, or leave out what it is for."),
    "arrears_note": _("Write what the arrears are for: which months, by which paper."),
    "overpaid_amount": _("Write the amount too, or leave out how it was overpaid."),
    "overpaid_note": _("Write how it was overpaid: which months, by which paper."),
    "suspended_since": _("Write since which month too, or leave out the reason."),
    "suspension_reason": _("Write why it is suspended."),
}
BEGINNING = "varchar_pattern_ops"
NAME_LEXEMES = names.NameLexemes("branch_id", Concat("first_name", Value(" "), "last_name"))


class Person(models.Model):
    """What is known of a person. Of some only the year of birth is known (old certificates)."""

    national_code = models.CharField(_("national code"), max_length=10, validators=[validate_national_code])
    first_name = models.CharField(_("first name"), max_length=60, validators=[validate_name])
    last_name = models.CharField(_("last name"), max_length=60, validators=[validate_name])
    father_name = models.CharField(_("father's name"), max_length=60, blank=True, validators=[validate_name])
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(
        _("year of birth"),
        validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)],
    )
    sex = models.CharField(_("sex"), max_length=6, choices=Sex)

    class Meta:
        abstract = True

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def set_keys(self) -> None:
        """The year follows the date where the date is known."""
        if self.birth_date:
            self.birth_year = calendar.jalali_year(self.birth_date)

    def clean(self) -> None:
        self.set_keys()
        if self.birth_date and self.birth_date > calendar.today():
            raise ValidationError({"birth_date": ValidationError(_("This day has not come yet."), "future")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)


class PensionFileQuerySet(models.QuerySet["PensionFile"]):
    def visible_to(self, user: User) -> "PensionFileQuerySet":
        """The files this person may see (invariant I7)."""
        return scoped(self, user, Action.VIEW_FILES)


class PensionFile(Person):
    """A pension file (پرونده مستمری); the principal (مستمری‌بگیر اصلی) stands in the same row."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="pension_files", verbose_name=_("branch"))
    pension_number = models.CharField(_("pension number"), max_length=10, validators=[digits(10)])
    kind = models.CharField(_("kind of pension"), max_length=24, choices=Kind)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    insurance_number = models.CharField(_("insurance number"), max_length=10, validators=[digits(10)])
    id_number = models.CharField(
        _("identity certificate number"), max_length=10, blank=True, validators=[digits(1, 10)]
    )
    death_date = models.DateField(_("date of death"), null=True, blank=True)
    established_on = models.DateField(_("established on"))
    service_main_days = models.PositiveIntegerField(_("main record (days)"), default=0)
    service_bonus_days = models.PositiveIntegerField(_("credited record (days)"), default=0)
    iban = models.CharField(_("Sheba"), max_length=26, blank=True, validators=[validate_iban])
    mobile = models.CharField(
        _("mobile"),
        max_length=11,
        blank=True,
        validators=[RegexValidator("^09[0-9]{9}$", _("A mobile number is 09 and nine digits."))],
    )
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True, validators=[digits(10)])
    address = models.CharField(_("address"), max_length=300, blank=True)
    last_paid_month = MonthField(_("last paid month"), null=True, blank=True)
    arrears_amount = models.BigIntegerField(_("arrears (Rial)"), null=True, blank=True, validators=AMOUNT)
    arrears_note = models.CharField(_("what the arrears are for"), max_length=200, blank=True)
    overpaid_amount = models.BigIntegerField(_("overpaid (Rial)"), null=True, blank=True, validators=AMOUNT)
    overpaid_note = models.CharField(_("how it was overpaid"), max_length=200, blank=True)
    suspended_since = MonthField(_("suspended since"), null=True, blank=True)
    suspension_reason = models.CharField(_("reason of the suspension"), max_length=200, blank=True)
    paper_pages = models.PositiveIntegerField(_("pages of the paper file"), null=True, blank=True)
    closing_cause = models.CharField(_("cause of closing"), max_length=20, choices=ClosingCause, blank=True)
    closed_on = models.DateField(_("entitled until"), null=True, blank=True)
    frozen_by = models.UUIDField(_("frozen by move"), null=True, blank=True, editable=False)
    content_version = models.PositiveIntegerField(default=1, editable=False)
    name_key = names.generated(names.NameKey(Concat("first_name", Value(" "), "last_name")))
    family_key = names.generated(names.Folded(Concat("last_name", "first_name")))
    sort_key = models.CharField(max_length=240, editable=False, db_collation="C")

    objects = PensionFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("pension file")
        verbose_name_plural = _("pension files")
        constraints = [
            models.UniqueConstraint(name="file_once_in_a_branch", fields=["branch", "pension_number"]),
            models.CheckConstraint(name="file_pension_number", condition=Q(pension_number__regex="^[0-9]{10}$")),
            models.CheckConstraint(name="file_national_code", condition=Q(national_code__regex="^[0-9]{10}$")),
            models.CheckConstraint(name="file_arrears", condition=Q(arrears_amount=None) | Q(arrears_amount__gte=0)),
            models.CheckConstraint(name="file_overpaid", condition=Q(overpaid_amount=None) | Q(overpaid_amount__gte=0)),
            models.CheckConstraint(
                name="file_closed_why_and_when",
                condition=Q(closing_cause="", closed_on=None) | (~Q(closing_cause="") & Q(closed_on__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="file_by_name", fields=["branch", "sort_key", "id"]),
            # By the beginning of a number, whatever the database's collation.
            models.Index(name="file_by_national_code", fields=["national_code"], opclasses=[BEGINNING]),
            models.Index(name="file_by_pension_number", fields=["pension_number"], opclasses=[BEGINNING]),
            models.Index(name="file_by_insurance_number", fields=["insurance_number"]),
            GinIndex(NAME_LEXEMES, name="file_by_lexemes_of_name", gin_pending_list_limit=256),
            # The beginning of a name, either part of it first.
            models.Index(OpClass("name_key", BEGINNING), F("branch_id"), name="file_by_first_name"),
            models.Index(OpClass("family_key", BEGINNING), F("branch_id"), name="file_by_last_name"),
        ]

    def __str__(self) -> str:
        return f"{self.pension_number} {self.full_name}"

    def set_keys(self) -> None:
        super().set_keys()
        self.sort_key = sort_key(f"{self.last_name} {self.first_name}")

    def clean(self) -> None:
        super().clean()
        wrong = {name: ValidationError(NEEDED[name], "missing") for name in self._lacking()}
        if self.kind == Kind.SURVIVORS and not self.death_date:
            wrong["death_date"] = ValidationError(_("A survivors' file needs the date of death."), "missing")
        if self.pk and self.payments.filter(month__gt=self.last_paid_month or 0).exists():
            sentence = _("The payroll of a later month was recorded as paid.")
            wrong["last_paid_month"] = ValidationError(sentence, "paid")
        if wrong:
            raise ValidationError(wrong)

    def _lacking(self) -> list[str]:
        """The halves of the last pay certificate's pairs that are not stated, where the other half is."""
        empty = {name for name in NEEDED if getattr(self, name) in (None, "")}
        return [a for pair in STATED_TOGETHER for a, b in (pair, pair[::-1]) if a in empty and b not in empty]

    @property
    def is_frozen(self) -> bool:
        """Whether a sealed move holds it: read-only until it comes back or is gone."""
        return self.frozen_by is not None


class Dependent(Person):
    """A dependent (فرد تبعی) or survivor of one file; matched on the national code only, per file."""

    file = models.ForeignKey(PensionFile, models.CASCADE, related_name="dependents", verbose_name=_("pension file"))
    national_code = models.CharField(_("national code"), max_length=10, blank=True, validators=[validate_national_code])
    relationship = models.CharField(_("relationship"), max_length=10, choices=Relationship)
    share_percent = models.DecimalField(
        _("share (percent)"), max_digits=7, decimal_places=4, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    entitlement_basis = models.CharField(_("basis of entitlement"), max_length=60, blank=True)
    entitled_from = models.DateField(_("entitled from"), null=True, blank=True)
    entitled_until = models.DateField(_("entitled until"), null=True, blank=True)
    iban = models.CharField(_("Sheba"), max_length=26, blank=True, validators=[validate_iban])

    class Meta:
        verbose_name = _("dependent")
        verbose_name_plural = _("dependents")
        ordering = ["id"]
        indexes = [models.Index(name="dependent_by_national_code", fields=["national_code"])]
        constraints = [
            models.UniqueConstraint(
                name="dependent_once_in_a_file",
                fields=["file", "national_code"],
                condition=~Q(national_code=""),
                violation_error_message=_("A person with this national code is already in this file."),
            ),
            models.CheckConstraint(
                name="dependent_share",
                condition=Q(share_percent=None) | Q(share_percent__gte=0, share_percent__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name


class Decree(models.Model):
    """A decree (حکم): never edited. A wrong one is voided and a correcting one stands beside it."""

    file = models.ForeignKey(PensionFile, models.CASCADE, related_name="decrees", verbose_name=_("pension file"))
    number = models.CharField(_("decree number"), max_length=30)
    kind = models.CharField(_("kind of decree"), max_length=20, choices=DecreeKind)
    issued_on = models.DateField(_("issued on"))
    effective_on = models.DateField(_("effective on"))
    issuing_branch = models.CharField(_("issuing branch"), max_length=4, blank=True)
    previous_number = models.CharField(_("previous decree"), max_length=30, blank=True)
    amount_before = models.BigIntegerField(_("pension before increase (Rial)"), validators=AMOUNT)
    amount_after = models.BigIntegerField(_("pension after increase (Rial)"), validators=AMOUNT)
    description = models.CharField(_("decree text"), max_length=500, blank=True)
    is_valid = models.BooleanField(_("valid"), default=True)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrected_by")

    class Meta:
        verbose_name = _("decree")
        verbose_name_plural = _("decrees")
        ordering = ["effective_on", "id"]
        constraints = [
            models.UniqueConstraint(
                name="decree_once_in_a_file",
                fields=["file", "number"],
                condition=Q(is_valid=True),
                violation_error_message=_("A valid decree with this number is already in this file."),
            ),
            models.CheckConstraint(name="decree_amounts", condition=Q(amount_before__gte=0, amount_after__gte=0)),
        ]

    def __str__(self) -> str:
        return self.number


class DecreeLine(models.Model):
    """One line of a decree, in Rial."""

    decree = models.ForeignKey(Decree, models.CASCADE, related_name="lines")
    order = models.PositiveSmallIntegerField(_("row"))
    title = models.CharField(_("title"), max_length=80)
    group = models.CharField(_("group"), max_length=14, choices=LineGroup)
    amount = models.BigIntegerField(_("amount (Rial)"), validators=AMOUNT)

    class Meta:
        verbose_name = _("decree line")
        verbose_name_plural = _("decree lines")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(name="line_once_in_a_decree", fields=["decree", "order"]),
            models.CheckConstraint(name="line_amount", condition=Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return self.title


class Deduction(models.Model):
    """A monthly deduction (کسور); its remaining amount travels with the file."""

    file = models.ForeignKey(PensionFile, models.CASCADE, related_name="deductions", verbose_name=_("pension file"))
    kind = models.CharField(_("kind of deduction"), max_length=24, choices=DeductionKind)
    creditor = models.CharField(_("creditor"), max_length=80, blank=True, validators=[validate_name])
    monthly_amount = models.BigIntegerField(_("monthly amount (Rial)"), validators=AMOUNT)
    remaining_amount = models.BigIntegerField(_("remaining (Rial)"), null=True, blank=True, validators=AMOUNT)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)

    class Meta:
        verbose_name = _("deduction")
        verbose_name_plural = _("deductions")
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="deduction_amount", condition=Q(monthly_amount__gte=0))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.creditor}"
