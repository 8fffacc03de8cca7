"""What a file lacks before anyone is asked to approve it: codes here, sentences for people beside them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from central import contract
from pension_transfer.lib import calendar
from transfers.labels import label_of

SENTENCES = {
    "missing": _("is missing"),
    "invalid": _("is not as it has to be"),
    "future": _("lies in the future"),
    "share_sum": _("add up to more than 100 percent"),
    "before_birth": _("lies before the date of birth"),
}
SHARE_TOLERANCE = 0.01


def faults(content: dict[str, Any]) -> list[list[str]]:
    """[path, code] of everything that keeps `content` from being a draft; empty when it is complete."""
    found = [[path, "missing" if path == "decrees" else "invalid"] for path, _keyword in contract.faults(content)]
    found += [[path, "missing"] for path in _missing(content)]
    found += [["dependents", "share_sum"]] if _shares(content) > 100 + SHARE_TOLERANCE else []
    found += [["last_pay_certificate.last_paid_month", "future"]] if _paid_ahead(content) else []
    return sorted(found)


def _missing(content: dict[str, Any]) -> list[str]:
    empty = [path for path in ("contact.iban", "file.paper_pages") if not _at(content, path)]
    if content["last_pay_certificate"]["last_paid_month"] is None:
        empty.append("last_pay_certificate.last_paid_month")
    return empty


def _at(content: dict[str, Any], path: str) -> Any:
    part, name = path.split(".")
    return content[part][name]


def _shares(content: dict[str, Any]) -> float:
    """Percent, of those whose entitlement has not ended, as the import counts (Act of 1354, article 83)."""
    today = calendar.today().isoformat()
    entitled = (row for row in content["dependents"] if (row["entitled_until"] or today) >= today)
    return sum(float(row["share_percent"] or 0) for row in entitled)


def _paid_ahead(content: dict[str, Any]) -> bool:
    month = content["last_pay_certificate"]["last_paid_month"]
    return bool(month) and month > calendar.month_of(calendar.today())


def sentences(found: list[list[str]]) -> list[str]:
    """For people: which field, what is wrong with it."""
    return [f"{label_of(path)}: {SENTENCES.get(code, SENTENCES['invalid'])}" for path, code in found]
