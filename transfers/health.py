"""«سلامت سامانه»: how this site and its way to the center are. One table of small checks; none raises, none waits long.

The page, `manage.py health` and /readyz read it.
"""

import datetime as dt
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension_transfer.lib.calendar import working_time_between
from pension_transfer.lib.fences import as_site
from pension_transfer.lib.servers import Away, Server, look, missing_migrations
from pension_transfer.lib.templatetags.persian import fa, jalali_time
from transfers.backups import last_backup
from transfers.models import Crossing, ReconcileRun, StuckItem, SyncWorker, Telling

OK, WATCH, BAD = "ok", "watch", "bad"
LABELS = {OK: gettext_lazy("In order"), WATCH: gettext_lazy("Keep an eye on it"), BAD: gettext_lazy("Out of order")}
FOR_A_PROBE, FOR_A_PAGE = 1.5, 3.0  # seconds
FOR_A_COUNT = 2000  # milliseconds
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
LAG = (15 * MINUTE, HOUR)  # from when on to keep an eye on it, from when on it is out of order
SYNC = (5 * MINUTE, HOUR)
NIGHTLY = (26 * HOUR, 3 * DAY)
UNTOLD = (HOUR, DAY)  # of working days: on days off nobody is written to
IN_VAIN = (3, 10)  # tries one after the other: some minutes, some hours
HELD_OPEN = 15 * MINUTE  # old rows cannot be cleared away behind a transaction, and claims grow slow
CLOCK = (60, 600)  # seconds
USED = (80, 95)  # percent
FREE = (10, 3)  # percent
log = logging.getLogger(__name__)

REASONS: dict[str, tuple[Any, Any]] = {
    "crowded": (
        gettext_lazy("It takes no more connections."),
        gettext_lazy("Close what is not needed there, or raise max_connections."),
    ),
    "full": (
        gettext_lazy("Its disk is full: it can be read and takes nothing in."),
        gettext_lazy("Make room on its disk; it goes on by itself."),
    ),
    "hangs": (
        gettext_lazy("It does not answer in time."),
        gettext_lazy("Look at its load and at the line to it; what waits is done by itself afterwards."),
    ),
    "read_only": (
        gettext_lazy("It can be read and takes nothing in."),
        gettext_lazy("See whether the address leads to a standby, or default_transaction_read_only was set."),
    ),
    "starting": (
        gettext_lazy("It is starting or being stopped."),
        gettext_lazy("Wait a minute; then look at its log."),
    ),
    "rejected": (
        gettext_lazy("It does not let this site in."),
        gettext_lazy("Check name, password and pg_hba.conf against the configured address."),
    ),
    "refused": (
        gettext_lazy("Nobody answers at its address."),
        gettext_lazy("See whether it runs and the line to it stands; what waits is done by itself afterwards."),
    ),
}


@dataclass(frozen=True)
class Said:
    """What a check found: ok, watch or bad; a sentence, and what to do."""

    state: str
    says: str
    todo: str = ""


@dataclass(frozen=True)
class Finding:
    """A check's answer under its name."""

    name: str
    label: str
    state: str
    state_label: str
    says: str
    todo: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Seen:
    """What all checks look at: the site's server, the center's, and the moment."""

    site: Server | Away
    center: Server | Away
    now: dt.datetime


@dataclass(frozen=True)
class Check:
    """A row of the page. `asks_site`: it counts in the site's tables, so it says nothing while that is away."""

    name: str
    label: Any
    look: Callable[[Seen], Said]
    asks_site: bool = False


# --- what the page and the command ask -----------------------------------------------------------------------


def findings() -> list[Finding]:
    """Every check's answer, in the order of the table."""
    seen = _seen(FOR_A_PAGE)
    with _limited(seen), as_site():  # numbers of the whole site, whoever asks
        return [_finding(check, seen) for check in CHECKS]


def readiness() -> dict[str, bool]:
    """What /readyz tells, by name. The center's is told and decides nothing: work goes on without it."""
    seen = _seen(FOR_A_PROBE)
    site = seen.site if isinstance(seen.site, Server) else None
    return {
        "database": site is not None,
        "writable": site is not None and _cannot_write(site) == "",
        "migrations": site is not None and not missing_migrations(site),
        "center": isinstance(seen.center, Server) and _cannot_write(seen.center) == "",
    }


NEEDED = ("database", "writable", "migrations")


def _seen(within: float) -> Seen:
    servers = look(*{"default", settings.CENTER}, within=within)
    return Seen(servers["default"], servers[settings.CENTER], timezone.now())


@contextmanager
def _limited(seen: Seen) -> Iterator[None]:
    if isinstance(seen.site, Away):
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = %s", [FOR_A_COUNT])
        try:
            yield
        finally:
            cursor.execute("RESET statement_timeout")


def _finding(check: Check, seen: Seen) -> Finding:
    try:
        said = _unknown() if check.asks_site and isinstance(seen.site, Away) else check.look(seen)
    except (DatabaseError, OSError):
        log.exception("health: %s", check.name)
        said = Said(BAD, _("This could not be found out."), _("The log says why; look again in a minute."))
    return Finding(check.name, str(check.label), said.state, str(LABELS[said.state]), said.says, said.todo)


def _unknown() -> Said:
    return Said(WATCH, _("Not known while the database of the site is away."))


# --- servers ------------------------------------------------------------------------------------------------------


def _away(reason: str) -> Said:
    says, todo = REASONS[reason]
    return Said(BAD, str(says), str(todo))


def _cannot_write(server: Server) -> str:
    return "read_only" if server.is_read_only else "full" if server.is_full else ""


def _database(seen: Seen) -> Said:
    if isinstance(seen.site, Away):
        return _away(seen.site.reason)
    if reason := _cannot_write(seen.site):
        return _away(reason)
    if seen.site.ctype in {"C", "POSIX"}:
        todo = _("Move to a database whose LC_CTYPE is C.UTF-8 or fa_IR.UTF-8.")
        return Said(BAD, _("Its LC_CTYPE knows no Persian letter, so names are not found."), todo)
    facts = {"version": fa(seen.site.version), "size": _size(seen.site.size)}
    return Said(OK, _("PostgreSQL %(version)s takes entries; %(size)s of data.") % facts)


def _schema(seen: Seen) -> Said:
    servers = {_("site"): seen.site, _("center"): seen.center}
    behind = [name for name, server in servers.items() if isinstance(server, Server) and missing_migrations(server)]
    if behind:
        says = _("Older than this program: %(where)s.") % {"where": _(", ").join(behind)}
        return Said(BAD, says, _("Run manage.py migrate_all."))
    return Said(OK, _("Every migration has been made."))


def _center(seen: Seen) -> Said:
    if settings.CENTER == "default":
        return Said(OK, _("It stands in the database of the site."))
    if isinstance(seen.center, Away):
        return _away(seen.center.reason)
    if reason := _cannot_write(seen.center):
        return _away(reason)
    said = _("It answers, connecting included, in %(n)s milliseconds.") % {"n": fa(seen.center.milliseconds)}
    return Said(OK if seen.center.milliseconds < 1000 else WATCH, said)


def _clock(seen: Seen) -> Said:
    servers = {_("site"): seen.site, _("center"): seen.center}
    ahead = {name: round(server.ahead) for name, server in servers.items() if isinstance(server, Server)}
    if not ahead:
        return _unknown()
    name, seconds = max(ahead.items(), key=lambda pair: abs(pair[1]))
    if abs(seconds) <= CLOCK[0]:
        return Said(OK, _("This machine and the databases have the same time."))
    says = _("This machine's clock is %(n)s seconds behind the database of: %(where)s.")
    if seconds < 0:
        says = _("This machine's clock is %(n)s seconds ahead of the database of: %(where)s.")
    state = WATCH if abs(seconds) <= CLOCK[1] else BAD
    return Said(state, says % {"n": fa(abs(seconds)), "where": name}, _("Set the clocks by one time server (NTP)."))


def _transactions(seen: Seen) -> Said:
    servers = {_("site"): seen.site, _("center"): seen.center}
    ages = {name: server.at - server.oldest for name, server in servers.items()
            if isinstance(server, Server) and server.oldest}  # fmt: skip
    if not ages or max(ages.values()) < HELD_OPEN:
        return Said(OK, _("None is older than %(n)s minutes.") % {"n": fa(HELD_OPEN // MINUTE)})
    name = max(ages, key=lambda one: ages[one])
    says = _("One has stood open for %(age)s in the database of: %(where)s.") % {"age": _age(ages[name]), "where": name}
    return Said(BAD, says, _("End it there (pg_stat_activity, pg_terminate_backend): behind it everything grows slow."))


def _connections(seen: Seen) -> Said:
    servers = {_("site"): seen.site, _("center"): seen.center}
    shares = {name: (100 * one.used // one.most, one) for name, one in servers.items() if isinstance(one, Server)}
    if not shares:
        return _unknown()
    name, (share, server) = max(shares.items(), key=lambda pair: pair[1][0])
    says = _("%(used)s of %(most)s are used in the database of: %(where)s.")
    todo = "" if share < USED[0] else str(REASONS["crowded"][1])
    return Said(_state(share, USED), says % {"used": fa(server.used), "most": fa(server.most), "where": name}, todo)


def _disk(seen: Seen) -> Said:
    room = shutil.disk_usage(settings.DATA_DIR)
    free = 100 * room.free // room.total
    says = _("%(free)s free, %(percent)s percent.") % {"free": _size(room.free), "percent": fa(free)}
    state = BAD if free < FREE[1] else WATCH if free < FREE[0] else OK
    return Said(state, says, "" if state == OK else _("Make room in DATA_DIR, or give it a larger disk."))


# --- work --------------------------------------------------------------------------------------------------------


def _lag(seen: Seen) -> Said:
    waiting = Crossing.objects.filter(state="open").aggregate(n=Count("pk"), oldest=Min("created_at"))
    if not waiting["n"]:
        return Said(OK, _("No step waits for the center."))
    age = seen.now - waiting["oldest"]
    says = _("%(n)s steps wait for the center, the oldest for %(age)s.") % {"n": fa(waiting["n"]), "age": _age(age)}
    todo = _("If the center answers, see whether manage.py sync_center --watch runs.")
    return Said(_state(age, LAG), says, todo if age >= LAG[0] else "")


def _stuck(seen: Seen) -> Said:
    number = stuck_now()
    if number:
        says = _("%(n)s items were set aside.") % {"n": fa(number)}
        return Said(BAD, says, _("Retry them, hand them over or give them up on the page of stuck items."))
    return Said(OK, _("Nothing was set aside."))


def _sync(seen: Seen) -> Said:
    return _last(seen, last_sync(), SYNC, _("See whether manage.py sync_center --watch runs."))


def _reconcile(seen: Seen) -> Said:
    run = ReconcileRun.objects.order_by("-pk").only("finished_at", "problems").first()
    if run and run.problems:
        says = _("The last check, of %(at)s, found %(n)s problems.")
        said = says % {"at": jalali_time(run.finished_at), "n": fa(run.problems)}
        return Said(BAD, said, _("They stand, with what to do, on the page of the reconciliation."))
    return _last(seen, run.finished_at if run else None, NIGHTLY, _("Let manage.py reconcile run every night."))


def _backup(seen: Seen) -> Said:
    return _last(seen, last_backup_at(), NIGHTLY, _("Let manage.py backup run every night."))


def _notices(seen: Seen) -> Said:
    """The rows of those who chose messages tell it themselves: each round puts off every one that was due."""
    failing = Q(tries__gte=IN_VAIN[0])
    found = Telling.objects.aggregate(
        chosen=Count("pk"), due=Min("next_at"), n=Count("pk", filter=failing), tries=Max("tries", filter=failing)
    )
    if not found["chosen"]:
        return Said(OK, _("Nobody has chosen to be told by e-mail or text message."))
    if found["n"]:
        says = _("%(n)s messages could not be sent, one of them after %(tries)s tries.")
        said = says % {"n": fa(found["n"]), "tries": fa(found["tries"])}
        return Said(
            _state(found["tries"], IN_VAIN), said, _("The log says why: look at the mail server or SMS_BACKEND.")
        )
    late = working_time_between(found["due"], seen.now)
    if late < UNTOLD[0]:
        return Said(OK, _("Those who chose messages are told in time (%(n)s).") % {"n": fa(found["chosen"])})
    says = _("Nobody has been told by e-mail or text message for %(age)s of working days.") % {"age": _age(late)}
    return Said(_state(late, UNTOLD), says, _("Let manage.py send_notices run every five minutes, with SITE_URL set."))


def _last(seen: Seen, at: dt.datetime | None, limits: tuple[dt.timedelta, dt.timedelta], todo: str) -> Said:
    if at is None:
        return Said(WATCH, _("Not recorded yet."), todo)
    state = _state(seen.now - at, limits)
    return Said(state, _("Last at %(at)s.") % {"at": jalali_time(at)}, "" if state == OK else todo)


# --- what other parts record ----------------------------------------------------------------------------------


def stuck_now() -> int:
    """How many items stand aside."""
    return StuckItem.objects.waiting().count()


def last_sync() -> dt.datetime | None:
    """When a round of sync last ended; None before the first one."""
    return SyncWorker.objects.aggregate(at=Max("last_round_at"))["at"]


def last_backup_at() -> dt.datetime | None:
    """When the newest whole backup was finished; None without any."""
    newest = last_backup()
    return newest.when if newest and newest.ok else None


# --- words -----------------------------------------------------------------------------------------------------


def _state(value: Any, limits: tuple[Any, Any]) -> str:
    return BAD if value >= limits[1] else WATCH if value >= limits[0] else OK


def _age(age: dt.timedelta) -> str:
    if age >= DAY:
        return _("%(n)s days") % {"n": fa(age // DAY)}
    if age >= HOUR:
        return _("%(n)s hours") % {"n": fa(age // HOUR)}
    return _("%(n)s minutes") % {"n": fa(age // MINUTE)}


def _size(size: int) -> str:
    if size >= 2**30:
        return _("%(n)s GB") % {"n": fa(size // 2**30)}
    return _("%(n)s MB") % {"n": fa(size // 2**20)}


CHECKS = (
    Check("database", gettext_lazy("Database of the site"), _database),
    Check("schema", gettext_lazy("Migrations"), _schema),
    Check("center", gettext_lazy("Center"), _center),
    Check("lag", gettext_lazy("Steps that wait for the center"), _lag, asks_site=True),
    Check("stuck", gettext_lazy("Stuck items"), _stuck, asks_site=True),
    Check("sync", gettext_lazy("Exchange with the center"), _sync, asks_site=True),
    Check("reconcile", gettext_lazy("Reconciliation"), _reconcile, asks_site=True),
    Check("notices", gettext_lazy("Notices by e-mail and text message"), _notices, asks_site=True),
    Check("backup", gettext_lazy("Backup"), _backup, asks_site=True),
    Check("disk", gettext_lazy("Disk of this machine"), _disk),
    Check("clock", gettext_lazy("Clock"), _clock),
    Check("transactions", gettext_lazy("Open transactions"), _transactions),
    Check("connections", gettext_lazy("Connections"), _connections),
)
