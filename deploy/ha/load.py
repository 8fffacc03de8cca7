"""Load on the center: writers that remember what was acknowledged, and ask for it again when they do not know."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg2
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from central import services
from central.models import Custody
from deploy.ha.cluster import Cluster
from pension_transfer.lib.postgresql.base import OutcomeUnknown

BRANCH = "9999"  # of another site: the claims are nobody's files here
PAUSE = 0.005  # seconds between two commits of a writer
TABLE = "CREATE TABLE IF NOT EXISTS drill (id uuid PRIMARY KEY)"


class Writer(threading.Thread):
    """Writes one thing after the other, each under its own key, until it is acknowledged."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[tuple[float, str]] = []
        self.errors: Counter[str] = Counter()
        self.is_over, self.unknown = threading.Event(), 0

    def run(self) -> None:
        while not self.is_over.wait(PAUSE):
            key = self.new_key()
            while not self.is_over.is_set() and not self._is_acknowledged(key):
                self.hang_up()
                time.sleep(random.uniform(0.05, 0.1))
        self.hang_up()

    def _is_acknowledged(self, key: str) -> bool:
        try:
            self.write(key)
        except (DatabaseError, InterfaceError, psycopg2.Error) as error:
            self.unknown += isinstance(error, OutcomeUnknown) or self.is_committing
            self.errors[str(error).strip().split("\n")[0][:90]] += 1
            return False
        self.acknowledged.append((time.monotonic(), key))
        return True

    is_committing = False

    def new_key(self) -> str:
        return str(uuid.uuid4())

    def write(self, key: str) -> None:
        """One transaction; it may raise whatever the line does."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Give a broken connection up."""


class Counting(Writer):
    """Plain rows, as fast as they are acknowledged; what a careful client does by hand."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.url, self.connection = cluster.url, None

    def write(self, key: str) -> None:
        self.is_committing = False
        if self.connection is None:
            self.connection: Any = psycopg2.connect(self.url, connect_timeout=3, tcp_user_timeout=5000)
        with self.connection.cursor() as cursor:
            cursor.execute("INSERT INTO drill VALUES (%s) ON CONFLICT DO NOTHING", [key])
        self.is_committing = True
        self.connection.commit()
        if self.connection.notices:
            raise OutcomeUnknown(self.connection.notices[-1])
        self.is_committing = False

    def hang_up(self) -> None:
        with suppress(psycopg2.Error, AttributeError):
            self.connection.close()
        self.connection = None


class Claiming(Writer):
    """The product's own verb, through the product's own connection: a branch claims the payment of new pensions."""

    numbers = iter(range(10**9))

    def new_key(self) -> str:
        return f"99{next(self.numbers):08d}"

    def write(self, key: str) -> None:
        services.open_custody({key: 140501}, BRANCH, "drill")

    def hang_up(self) -> None:
        with suppress(DatabaseError, InterfaceError):
            connections[settings.CENTER].close()


class Load:
    """Four writers; `lost` counts what they were told is there and is not."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.writers: list[Writer] = [Counting(cluster), Counting(cluster), Claiming(), Claiming()]

    def __enter__(self) -> "Load":
        for writer in self.writers:
            writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self.writers:
            writer.is_over.set()
        for writer in self.writers:
            writer.join(20)

    def flows(self, seconds: float = 0.5) -> bool:
        """Whether every writer was acknowledged something a moment ago."""
        now = time.monotonic()
        return all(writer.acknowledged and now - writer.acknowledged[-1][0] < seconds for writer in self.writers)

    def outage(self, since: float) -> float:
        """Seconds of the longest silence from a moment (of time.monotonic) on in which nobody was acknowledged."""
        moments = sorted(at for writer in self.writers for at, _key in writer.acknowledged if at > since)
        gaps = (later - earlier for earlier, later in zip([since, *moments], [*moments, time.monotonic()], strict=True))
        return max(gaps)

    def count(self, what: Callable[[Writer], int]) -> int:
        return sum(what(writer) for writer in self.writers)

    def lost(self) -> int:
        """Asked of whoever leads now."""
        connections[settings.CENTER].close()
        counted, claimed = (
            {key for writer in self.writers if isinstance(writer, kind) for _at, key in writer.acknowledged}
            for kind in (Counting, Claiming)
        )
        with connections[settings.CENTER].cursor() as cursor:
            cursor.execute("SELECT id::text FROM drill")
            kept = {key for (key,) in cursor}
        held = set(Custody.objects.filter(branch_code=BRANCH).values_list("pension_number", flat=True))
        return len(counted - kept) + len(claimed - held)
