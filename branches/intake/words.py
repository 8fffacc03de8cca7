"""The words of the old system for our values. Compared by `key`: spaces, half-spaces and letter forms do not count."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices

from branches.models import DecreeKind, DeductionKind, Kind, LineGroup, Relationship, Sex, Status
from pension_transfer.lib.persian import fold

NOT_LETTERS = re.compile(r"[\W_]+")


def key(text: str) -> str:
    """What words and headers are compared by: letters and digits only, folded."""
    return NOT_LETTERS.sub("", fold(text))


def _words(table: Mapping[TextChoices, str]) -> dict[str, str]:
    """Every word of a table (separated by «|») and the value's own English name, each with its value."""
    return {key(word): value.value for value, words in table.items() for word in [value.value, *words.split("|")]}


KINDS = _words(
    {
        Kind.RETIREMENT: "بازنشستگی|مستمری بازنشستگی|بازنشسته",
        Kind.DISABILITY_TOTAL_WORK: "ازکارافتادگی کلی ناشی از کار|مستمری ازکارافتادگی کلی ناشی از کار",
        Kind.DISABILITY_TOTAL_NONWORK: (
            "ازکارافتادگی کلی غیر ناشی از کار|مستمری ازکارافتادگی کلی غیر ناشی از کار|ازکارافتادگی کلی غیرناشی از کار"
        ),
        Kind.DISABILITY_PARTIAL: (
            "ازکارافتادگی جزئی|ازکارافتادگی جزئی ناشی از کار|مستمری ازکارافتادگی جزئی ناشی از کار"
        ),
        Kind.SURVIVORS: "بازماندگان|مستمری بازماندگان|بازمانده|فوتی",
    }
)
# A registered or moved file is a step of this system, not of the old one.
STATUSES = _words(
    {
        Status.ACTIVE: "فعال|برقرار",
        Status.SUSPENDED: "معلق|تعلیق|تعلیق شده",
        Status.TERMINATED: "قطع|قطع شده|خاتمه یافته|مختومه",
    }
)
SEXES = _words({Sex.FEMALE: "زن|مؤنث|مونث|اناث|خانم|f", Sex.MALE: "مرد|مذکر|ذکور|آقا|m"})
# Husband and wife, son and daughter: where the word does not say which, the sex does.
SPOUSE, CHILD = "spouse", "child"
RELATIONSHIPS = {key(word): SPOUSE for word in ("همسر", SPOUSE)} | {key(word): CHILD for word in ("فرزند", CHILD)}
RELATIONSHIPS |= _words(
    {
        Relationship.WIFE: "زوجه|همسر (زوجه)|زن",
        Relationship.HUSBAND: "شوهر|زوج",
        Relationship.SON: "فرزند ذکور|پسر|فرزند پسر",
        Relationship.DAUGHTER: "فرزند اناث|دختر|فرزند دختر",
        Relationship.FATHER: "پدر",
        Relationship.MOTHER: "مادر",
    }
)
BY_SEX: dict[tuple[Any, Any], str] = {
    (SPOUSE, Sex.FEMALE): Relationship.WIFE,
    (SPOUSE, Sex.MALE): Relationship.HUSBAND,
    (CHILD, Sex.FEMALE): Relationship.DAUGHTER,
    (CHILD, Sex.MALE): Relationship.SON,
}
DECREE_KINDS = _words(
    {
        DecreeKind.ESTABLISHING: "برقراری|حکم برقراری|برقراری مستمری",
        DecreeKind.ANNUAL_INCREASE: "افزایش سالانه|حکم افزایش سالانه|افزایش سالانه (ماده ۹۶)",
        DecreeKind.HARMONISATION: "متناسب‌سازی|حکم متناسب‌سازی",
        DecreeKind.CHANGE_OF_STATUS: "تغییر وضعیت|حکم تغییر وضعیت",
        DecreeKind.CORRECTING: "اصلاحی|حکم اصلاحی|اصلاح",
        DecreeKind.SUSPENSION: "تعلیق|تعلیق مستمری",
        DecreeKind.TERMINATION: "قطع|قطع مستمری",
        DecreeKind.REESTABLISHMENT: "برقراری مجدد|برقراری مجدد مستمری",
        DecreeKind.CHANGE_OF_SHARES: "تغییر سهم بازماندگان|تغییر سهم",
    }
)
LINE_GROUPS = _words(
    {
        LineGroup.PENSION: "مستمری|اصل مستمری",
        LineGroup.ALLOWANCE: "مزایا|مزایای جانبی|کمک هزینه",
        LineGroup.HARMONISATION: "متناسب‌سازی",
        LineGroup.OTHER: "سایر|سایر موارد",
    }
)
DEDUCTION_KINDS = _words(
    {
        DeductionKind.LOAN: "قسط وام|اقساط وام|وام",
        DeductionKind.SUPPLEMENTARY_INSURANCE: "بیمه تکمیلی",
        DeductionKind.ASSOCIATION_FEE: "حق عضویت کانون|حق عضویت کانون بازنشستگان|حق عضویت",
        DeductionKind.DEBT: "بدهی|بدهی مستمری‌بگیر|اضافه پرداخت|اضافه پرداختی",
        DeductionKind.ATTACHMENT: "کسر از حقوق|کسر از مستمری|تعهد کسر از حقوق|گواهی کسر از حقوق",
        DeductionKind.OTHER: "سایر|سایر کسور",
    }
)
