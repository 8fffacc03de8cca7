"""What tests of pages share: somebody's client, a press of a button, what a page costs."""

import uuid
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches.models import User
from transfers.models import TransferCase

ASCII = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def command(**more: Any) -> dict[str, Any]:
    return {"command_id": str(uuid.uuid4())} | more


def goes_to(answer: Any) -> str:
    """Where an answer leads."""
    assert answer.status_code == 302
    return str(answer.url)


def push(user: User, action: str, case: TransferCase, **data: Any) -> Any:
    """Press a button as the page would: with its own number and what the page had seen."""
    url = reverse("case_step", args=[case.pk, action])
    return as_(user).post(url, command(seen=case.trail_length) | data)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def queries(user: User, url: str) -> int:
    """How many queries a page takes with nothing remembered, at both databases."""
    client = as_(user)
    cache.clear()
    with CaptureQueriesContext(connections["default"]) as site:
        if settings.CENTER == "default":
            client.get(url)
            return len(site)
        with CaptureQueriesContext(connections[settings.CENTER]) as center:
            client.get(url)
    return len(site) + len(center)
