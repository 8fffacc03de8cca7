"""Who runs sync, and when each last did: what the health page reads."""

import datetime as dt
from typing import Any

from django.db.models import F
from django.utils import timezone

from transfers.models import SyncWorker

KEPT = dt.timedelta(days=1)  # after its last round


def beat(name: str, finished: int = 0, *, is_reached: bool = False, is_stopped: bool = False) -> None:
    """Record a round of a worker: how many steps it finished, whether the center answered."""
    now = timezone.now()
    changed: dict[str, Any] = {"last_round_at": now, "finished": F("finished") + finished, "is_stopped": is_stopped}
    if is_reached:
        changed["last_reached_at"] = now
    if not SyncWorker.objects.filter(name=name).update(**changed):
        begin(name)
        SyncWorker.objects.filter(name=name).update(**changed)


def begin(name: str) -> None:
    """A worker starts; those that stopped, or fell silent, a day ago are forgotten."""
    now = timezone.now()
    SyncWorker.objects.filter(last_round_at__lt=now - KEPT).delete()
    begun = {"started_at": now, "last_round_at": now, "is_stopped": False}
    SyncWorker.objects.update_or_create(name=name, defaults=begun)
