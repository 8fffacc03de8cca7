"""What the tests of corrections type and press."""

import uuid
from typing import Any

from django.urls import reverse

from branches import services
from branches.models import Correction, PensionFile, User

CONTACT = {
    "iban": "IR95 0130 0000 0012 3456 7890 12",
    "mobile": "۰۹۳۵۱۲۳۴۵۶۷",
    "postal_code": "1136934567",
    "address": "خیابان سعدي",
    "reason": "برگ ۱۲ پرونده",
}


def correct_url(file: PensionFile, *place: Any) -> str:
    return reverse("file_correct", args=[file.pk, *place])


def typed(file: PensionFile, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return data | {"seen": file.content_version, "command_id": uuid.uuid4()} | more


def correct_mobile(file: PensionFile, by: User, mobile: str, **more: Any) -> Correction:
    return services.correct(file, "contact", None, by, "برگ ۳", {"mobile": mobile}, **more)
