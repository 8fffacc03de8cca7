"""How often strangers may ask in vain: counted in PostgreSQL, so that the limit holds across processes and machines.

A try is counted before it is answered and given back when it was no vain one: whoever asks from many processes at
once gets no more answers than who asks one by one.
"""

import datetime as dt
import ipaddress

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from transfers.models import VainTry

WINDOW = dt.timedelta(hours=1)
# Of the ten thousand endings that a national code can have, five an hour; many telephones share one address.
AT_A_NUMBER, OF_AN_ADDRESS = 5, 30
SWEPT = 100  # rows of windows past that are taken away when a new one is begun
COUNT = """
INSERT INTO transfers_vaintry AS held (key, tries, until) VALUES (%(key)s, 1, %(until)s)
ON CONFLICT (key) DO UPDATE SET
  tries = CASE WHEN held.until <= %(now)s THEN 1 ELSE held.tries + 1 END,
  until = CASE WHEN held.until <= %(now)s THEN excluded.until ELSE held.until END
RETURNING tries
"""


class Tries:
    """The tries at one tracking number from one address."""

    def __init__(self, address: str, number: str):
        self.limits = {key_of("address", address): OF_AN_ADDRESS, key_of("number", number): AT_A_NUMBER}

    def may_ask(self) -> bool:
        """Count this try; whether it is within both limits. Past the address's own, no number is counted."""
        return all(_count(key) <= limit for key, limit in self.limits.items())

    def give_back(self) -> None:
        """This one was not in vain."""
        VainTry.objects.filter(pk__in=self.limits, tries__gt=0).update(tries=F("tries") - 1)


def key_of(kind: str, value: str) -> str:
    """What is stored instead of an address or a number."""
    return salted_hmac(f"vain-try-{kind}", value, algorithm="sha256").hexdigest()


def _count(key: str) -> int:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "now": now, "until": now + WINDOW})
        tries = int(cursor.fetchone()[0])
    if tries == 1:
        _sweep(now)
    return tries


def _sweep(now: dt.datetime) -> None:
    past = VainTry.objects.filter(until__lte=now).order_by("until").select_for_update(skip_locked=True)
    VainTry.objects.filter(pk__in=past.values("pk")[:SWEPT]).delete()


def address_of(request: HttpRequest) -> str:
    """Whose request it is: behind a proxy what that saw last; of IPv6 the network, which is one household."""
    seen = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        seen = request.META.get("HTTP_X_FORWARDED_FOR", seen).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(seen)
    except ValueError:
        return seen[:60]
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
