"""What the demonstration carries: from where to where, how far, how long ago, and who was slow."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from pension_transfer.lib import calendar

REFERRED = ["refer"]
APPROVED = [*REFERRED, "approve"]
SENT = [*APPROVED, "send"]
DISPATCHED = [*SENT, "dispatch"]
RECEIVED = [*DISPATCHED, "receive"]
COMPARED = [*RECEIVED, "compare"]
VERIFIED = [*COMPARED, "verify"]
REGISTERED = [*VERIFIED, "register"]
ACTIVE = [*REGISTERED, "activate"]
CUT_OFF = [*APPROVED, "send_in_vain", "line_up", "dispatch", *ACTIVE[len(DISPATCHED) :]]
MENDED = [*RECEIVED, "give_back", "mend", *ACTIVE[1:3], *ACTIVE[4:]]
ASKED = [*COMPARED, "ask", "answer", "settle", *ACTIVE[len(COMPARED) :]]

# Working days that pass before a chapter, where nobody is slow; the others follow on the same day.
PACE = {
    "approve": 1, "receive": 1, "compare": 2, "register": 1, "activate": 1, "give_back": 2, "give_back_unknown": 2,
    "give_back_astray": 1, "give_back_unaccompanied": 3, "recall": 1, "cancel": 1, "answer": 1, "line_up": 3,
    "mend": 1, "follow_up": 1,
}  # fmt: skip
OPENS, LONG, EACH = dt.timedelta(hours=8), dt.timedelta(minutes=15), dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Plan:
    """A move between two branches by their codes. `ended`: working days since its last chapter; `slow`: working days
    before a chapter, in the place of its pace."""

    origin: str
    destination: str
    chapters: list[str]
    ended: int = 0
    slow: dict[str, int] = field(default_factory=dict)

    def hours(self, today: dt.date, place: int) -> Iterator[tuple[dt.datetime, str]]:
        """Its chapters and when they happen; `place` among the plans keeps two of them apart."""
        day, left = calendar.add_working_days(today, -self.ended), dict(self.slow)
        days = [day]
        for chapter in reversed(self.chapters[1:]):
            day = calendar.add_working_days(day, -left.pop(chapter, PACE.get(chapter, 0)))
            days.append(day)
        for number, (on, chapter) in enumerate(zip(reversed(days), self.chapters, strict=True)):
            yield calendar.beginning_of(on) + OPENS + number * LONG + place % 15 * EACH, chapter


# What stands on every screen of either branch.
STANDING = [
    Plan("0801", "1001", REFERRED),
    Plan("0801", "1001", REFERRED, ended=4),
    Plan("0801", "1001", APPROVED),
    Plan("0801", "1001", APPROVED, ended=1),
    Plan("0801", "1001", APPROVED, ended=2),
    Plan("0801", "1001", SENT, ended=6),
    Plan("0801", "1001", DISPATCHED, ended=1),
    Plan("0801", "1001", RECEIVED, ended=9, slow={"receive": 4}),
    Plan("0801", "1001", COMPARED),
    Plan("0801", "1001", [*COMPARED, "ask"], ended=3, slow={"approve": 4}),
    Plan("0801", "1001", VERIFIED, ended=4, slow={"compare": 7, "send": 2}),
    Plan("0801", "1001", REGISTERED, ended=1, slow={"approve": 3, "register": 4}),
    Plan("0801", "1001", [*RECEIVED, "give_back"], ended=5, slow={"receive": 5}),
    Plan("0801", "1001", [*SENT, "recall"], ended=1),
    Plan("0801", "1001", [*REFERRED, "cancel"], ended=7),
    Plan("0801", "1001", [*ACTIVE, "follow_up"], ended=2, slow={"compare": 7, "send": 3}),
    Plan("0801", "1001", ["other_bank", *REFERRED], ended=2),
    Plan("0801", "1001", ["other_bank", *REFERRED, "acknowledge"]),
    Plan("0801", "1001", [*ACTIVE, "go_back", *COMPARED], slow={"receive": 2}),
    Plan("1001", "0801", REFERRED, ended=1),
    Plan("1001", "0801", APPROVED),
    Plan("1001", "0801", APPROVED, ended=3),
    Plan("1001", "0801", SENT, ended=2),
    Plan("1001", "0801", DISPATCHED, ended=8),
    Plan("1001", "0801", RECEIVED, ended=1, slow={"receive": 6}),
    Plan("1001", "0801", [*RECEIVED, "ask"], ended=5, slow={"send": 2}),
    Plan("1001", "0801", [*COMPARED, "ask", "answer"], ended=2),
    Plan("1001", "0801", VERIFIED, ended=1, slow={"compare": 4, "approve": 6}),
    Plan("1001", "0801", REGISTERED, ended=6, slow={"receive": 4, "register": 3}),
    Plan("1001", "0801", [*RECEIVED, "give_back"]),
]
# What lies behind: the files of the other branches are those that came to them.
PAST = [
    Plan("0801", "1001", ACTIVE, ended=49, slow={"compare": 4}),
    Plan("0801", "0803", ACTIVE, ended=46, slow={"approve": 3, "receive": 3}),
    Plan("1001", "0801", ACTIVE, ended=43, slow={"approve": 5, "compare": 3}),
    Plan("0801", "0301", [*REFERRED, "cancel"], ended=41),
    Plan("0801", "0901", ACTIVE, ended=37, slow={"receive": 7}),
    Plan("0801", "1001", [*RECEIVED, "give_back_astray", "cancel"], ended=34),
    Plan("1001", "2301", ACTIVE, ended=31, slow={"compare": 8, "activate": 4}),
    Plan("1001", "0801", [*SENT, "recall", "cancel"], ended=28),
    Plan("0801", "1001", CUT_OFF, ended=24, slow={"register": 2, "compare": 6}),
    Plan("0901", "1001", ASKED, ended=19, slow={"answer": 4}),
    Plan("1001", "0801", [*RECEIVED, "give_back_unknown", "cancel"], ended=16),
    Plan("0801", "0901", MENDED, ended=12, slow={"mend": 5, "receive": 3, "activate": 3}),
    Plan("1001", "0901", [*RECEIVED, "give_back_unaccompanied"], ended=7),
    Plan("0803", "0901", RECEIVED, ended=9, slow={"approve": 2, "receive": 2}),
    Plan("2301", "0801", DISPATCHED, ended=6, slow={"approve": 5}),
    Plan("1001", "0301", [*SENT, "receive"], ended=4),
    Plan("0801", "2301", VERIFIED, ended=3, slow={"receive": 5}),
]
