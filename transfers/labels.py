"""The names people know for the fields of sealed content: read from the models, so that they stand once."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext_lazy as _

from branches.models import Decree, DecreeLine, Deduction, Dependent, PensionFile
from pension_transfer.lib.persian import listed

MODELS: dict[str, Any] = {
    "file": PensionFile,
    "principal": PensionFile,
    "contact": PensionFile,
    "dependents": Dependent,
    "decrees": Decree,
    "lines": DecreeLine,
    "deductions": Deduction,
    "last_pay_certificate": PensionFile,
}
PARTS = {
    "file": _("Pension file"),
    "principal": _("Principal"),
    "contact": _("Bank account and address"),
    "dependents": _("Dependents"),
    "decrees": _("Decrees"),
    "deductions": _("Deductions"),
    "last_pay_certificate": _("Last pay certificate"),
    "move": _("Referral"),
}

SECTION_NAMES = {
    "principal": _("Principal"),
    "contact": _("Bank account and address"),
    "dependents": _("Dependents"),
    "decrees": _("Decrees"),
    "deductions": _("Deductions"),
    "last_pay_certificate": _("Last pay certificate"),
}


def field_of(part: str, name: str) -> Any:
    """The model field behind a field of the content."""
    return MODELS[part]._meta.get_field(name)


def label_of(path: str) -> str:
    """«dependents.0.sex» as «Dependents 1, sex»."""
    part, *rest = path.split(".")
    title = str(PARTS.get(part, part))
    number = next((int(step) + 1 for step in rest if step.isdigit() and len(step) < 4), None)
    name = next((step for step in reversed(rest) if not step.isdigit()), "")
    with suppress(LookupError, FieldDoesNotExist):
        name = str(field_of("lines" if "lines" in rest else part, name).verbose_name)
    where = f"{title} {number}" if number else title
    return listed([where, name]) if name else where
