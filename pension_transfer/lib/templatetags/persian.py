"""Filters that show stored values to a reader: Jalali dates, the reader's digits, Rials, identifiers.

In Persian digits are ۰–۹; in English they are 0–9. The calendar is Jalali and Tehran's in both.
"""

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from persiantools import digits

from pension_transfer.lib import calendar
from pension_transfer.lib.months import show_month
from pension_transfer.lib.persian import is_persian, show_digits, shown_mark

register = template.Library()
TEHRAN = "Asia/Tehran"
SIGNED_BY_DATE_AFTER = 30  # days: older than this, `since` gives the date itself


@register.filter
def fa(value: Any) -> str:
    """Any value with its digits in the reader's script; empty for None."""
    return "" if value is None else show_digits(value)


def as_day(value: dt.date | dt.datetime) -> dt.date:
    """The day in Tehran of a date or of an aware moment."""
    return timezone.localtime(value).date() if isinstance(value, dt.datetime) else value


@register.simple_tag
def comma() -> str:
    """The comma of the reader's script and a space."""
    return f"{shown_mark('،')} "


@register.simple_tag
def semicolon() -> str:
    """The semicolon of the reader's script and a space."""
    return f"{shown_mark('؛')} "


@register.filter
def jalali(value: dt.date | dt.datetime | None) -> str:
    """A day as ۱۴۰۵/۰۹/۰۲."""
    return fa(calendar.jalali(as_day(value))) if value else ""


@register.filter
def jalali_time(value: dt.datetime | None) -> str:
    """A moment as «۱۴۰۵/۰۹/۰۲ ۱۴:۳۰», Tehran time."""
    if not value:
        return ""
    return fa(f"{calendar.jalali(as_day(value))} {timezone.localtime(value):%H:%M}")


@register.filter
def jalali_month(value: int | None) -> str:
    """A month yyyymm as «آذر ۱۴۰۵»."""
    return show_month(value)


@register.filter
def grouped(value: int | None) -> str:
    """A whole number with its thousands grouped: ۱۰۳٬۹۰۹٬۶۸۰."""
    if value is None:
        return ""
    return fa(f"{value:,}".replace(",", "٬" if is_persian() else ","))


@register.filter
def rial(value: int | None) -> str:
    """An amount as «۱۰۳٬۹۰۹٬۶۸۰ ریال», kept on one line."""
    unit = gettext("Rial")
    return "" if value is None else f"{grouped(value)}\u00a0{unit}"


@register.filter
def words(value: int | None) -> str:
    """An amount in Persian words with its unit; empty in English, which has no such line on a decree."""
    return f"{digits.to_word(value)} ریال" if value is not None and is_persian() else ""


@register.filter
def percent(value: Any) -> str:
    """A share as «۳۵٫۷۱۴۳٪» without trailing zeros."""
    if value is None:
        return ""
    number = f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value}"
    return f"{fa(number).replace('.', '٫')}٪" if is_persian() else f"{number}%"


@register.filter
def ltr(value: Any) -> SafeString | str:
    """An identifier isolated from the text around it and never broken in the middle; empty stays empty."""
    return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', fa(value)) if value not in (None, "") else ""


@register.filter
def sheba(value: str | None) -> SafeString | str:
    """A Sheba in groups of four: IR95 0130 0000 …; a line that is too short breaks between two groups."""
    return format_html('<bdi dir="ltr" class="ltr sheba">{}</bdi>', fa(in_fours(value))) if value else ""


def in_fours(value: str) -> str:
    """Text in groups of four characters."""
    return " ".join(value[i : i + 4] for i in range(0, len(value), 4))


@register.filter
def since(value: dt.datetime | dt.date | None) -> str:
    """How long ago, in calendar days as people count them: «امروز»، «دیروز»، «۳ روز پیش», later the date."""
    if not value:
        return ""
    count = (calendar.today() - as_day(value)).days
    if count < 0 or count > SIGNED_BY_DATE_AFTER:
        return jalali(value)
    near = {0: gettext("today"), 1: gettext("yesterday")}
    return near.get(count) or gettext("%(count)s days ago") % {"count": fa(count)}
