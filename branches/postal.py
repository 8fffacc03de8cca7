"""Which province a postal code or an address speaks of; good for a suggestion, never for a rule.

The first two digits of a postal code are those of the post's region; some regions reach over a province's border.
"""

import re

from branches.models import Branch
from pension_transfer.lib.persian import clean

REGIONS = {
    "تهران": ("10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "33"),
    "البرز": ("31", "32", "33"), "قزوین": ("34",), "سمنان": ("35", "36"), "قم": ("37",), "مرکزی": ("38", "39"),
    "گیلان": ("41", "42", "43", "44"), "زنجان": ("45",), "مازندران": ("46", "47", "48"), "گلستان": ("49",),
    "آذربایجان شرقی": ("51", "52", "53", "54", "55"), "اردبیل": ("56",), "آذربایجان غربی": ("57", "58", "59"),
    "خوزستان": ("61", "62", "63", "64"), "همدان": ("65",), "کردستان": ("66",), "کرمانشاه": ("67",),
    "لرستان": ("68",), "ایلام": ("69",), "فارس": ("71", "72", "73", "74"), "بوشهر": ("75",),
    "کهگیلویه و بویراحمد": ("75",), "کرمان": ("76", "77", "78"), "هرمزگان": ("79",),
    "اصفهان": ("81", "82", "83", "84", "85", "86", "87"), "چهارمحال و بختیاری": ("88",), "یزد": ("89",),
    "خراسان رضوی": ("91", "92", "93", "95", "96"), "خراسان شمالی": ("94",), "خراسان جنوبی": ("97",),
    "سیستان و بلوچستان": ("98", "99"),
}  # fmt: skip


def regions_of(province: str) -> tuple[str, ...]:
    """The first two digits of the postal codes of a province; none for a name that is not known."""
    return REGIONS.get(province, ())


def near_by(branches: list[Branch], address: str, postal_code: str) -> list[Branch]:
    """Those that lie where somebody lives: in a city that the address names, or else in the postal code's province."""
    named = [branch for branch in branches if names(address, branch.city)]
    return named or [one for one in branches if postal_code[:2] in regions_of(one.administration.province)]


def names(address: str, city: str) -> bool:
    """Whether a city stands in an address as a word of its own."""
    return bool(city and re.search(rf"(?<!\w){re.escape(clean(city))}(?!\w)", clean(address)))
