"""Tracking numbers: branch code, two digits of the Jalali year, a serial of six, a check digit (Luhn)."""

from django.db.models import F

from branches.models import Branch
from pension_transfer.lib import calendar
from transfers.models import TrackingSerial


def next_number(branch: Branch) -> str:
    """The branch's next tracking number: 13 digits, unique in the country because it begins with the branch."""
    year = calendar.jalali_year(calendar.today())
    TrackingSerial.objects.get_or_create(branch=branch, year=year)
    TrackingSerial.objects.filter(branch=branch, year=year).update(last=F("last") + 1)
    last = TrackingSerial.objects.get(branch=branch, year=year).last
    body = f"{branch.pk}{year % 100:02d}{last:06d}"
    return body + check_digit(body)


def check_digit(digits: str) -> str:
    """Luhn's check digit: catches every single wrong digit and nearly every swap."""
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(digits))]
    return str(-sum(d // 10 + d % 10 for d in doubled) % 10)
