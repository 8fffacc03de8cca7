"""What one run looks at, and what explains a state that is only on its way."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from branches.models import Appointment, Branch, PensionFile
from central import succession
from transfers import exchange
from transfers.models import Crossing

SIZE = 1000  # rows held in memory at once
YOUNG = dt.timedelta(hours=1)  # a step under way explains what it has not finished for so long
LATE = dt.timedelta(days=1)


@dataclass
class Scope:
    """All branches or one, `size` rows at a time, as of `now` (UTC)."""

    branch: str = ""
    size: int = SIZE
    now: dt.datetime = field(default_factory=timezone.now)

    def is_young(self, moment: dt.datetime) -> bool:
        return moment > self.now - YOUNG

    def is_late(self, moment: dt.datetime) -> bool:
        return moment < self.now - LATE

    @cached_property
    def served(self) -> set[str]:
        """The branches whose files are kept in this database: all of them where the center is, too."""
        rows = Branch.objects.exclude(pk__in=self.left)
        if settings.CENTER != "default":
            here = Exists(PensionFile.objects.filter(branch=OuterRef("pk")))
            rows = rows.filter(here | Exists(Appointment.objects.filter(branch=OuterRef("pk"))))
        codes = set(rows.values_list("pk", flat=True))
        return codes & {self.branch} if self.branch else codes

    @cached_property
    def left(self) -> set[str]:
        """The branches that another site serves; what one of them left behind here is history (decision 0022)."""
        return set(Branch.objects.elsewhere().values_list("pk", flat=True))

    @cached_property
    def successors(self) -> dict[str, str]:
        return exchange.look_up(succession.successors)

    def and_successors(self, branch: str) -> set[str]:
        """A branch and those that took its place, one after the other (DESIGN 11.7)."""
        codes: set[str] = set()
        while branch and branch not in codes:
            codes.add(branch)
            branch = self.successors.get(branch, "")
        return codes

    def under_way(self, **of: Any) -> list[Crossing]:
        """Steps that explain what looks wrong: young ones, and those that wait for the release of a held envelope."""
        rows = list(Crossing.objects.filter(state="open", **of))
        held = held_of(row.envelope_id for row in rows if not self.is_young(row.created_at))
        return [row for row in rows if self.is_young(row.created_at) or row.envelope_id in held]


def held_of(envelopes: Iterable[UUID]) -> set[UUID]:
    """Those of these envelopes that a life event holds."""
    wanted = set(envelopes)
    receipts = exchange.receipts_of(wanted) if wanted else []
    last = {row.envelope_id: row.kind for row in receipts if row.kind in ("held", "released")}
    return {envelope for envelope, kind in last.items() if kind == "held"}
