"""A branch leaves: the center decides it, then its rows are written into the archive and are history here."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Appointment, Branch, CustodyRequest, ImportBatch, PensionFile, Status, User
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.failpoints import fail_point
from pension_transfer.lib.templatetags.persian import fa
from transfers import branch_changes, directory, exchange, sync, trail, transactions, workflow
from transfers.doing import Doing
from transfers.models import BranchChange, Crossing, Job, StuckItem, TransferCase
from transfers.relocation import archive, tables

PATIENCE = 60  # seconds for what was begun before the decision
OLDER = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND backend_type = 'client backend' AND xact_start < %s
"""


def leave(code: str, site: str, path: Path, reason: str, *, by: User) -> dict[str, int]:
    """Let `site` serve a branch of this one from now on, and write what belongs to it into `path`; rows a table.

    May be repeated after a cut. Raises NotAllowed, NotSeen, BadInput; NotNow while something of the branch is under
    way; exchange.Unreachable when the center does not answer.
    """
    branch = _leaving(code, site, by)
    archive.refuse_existing(path)
    line = _line(branch, site)
    if not branch.is_elsewhere:
        _refuse_unready(line)
        exchange.publish_directory()
        branch_changes.decide(lambda: exchange.move_branches(line, site))
        fail_point("moved")
    directory.share()
    _wait_for_what_was_begun()
    _refuse_unready(line)
    return _write_and_leave(line, site, path, {"reason": reason, "by": by, "by_name": str(by)})


def _leaving(code: str, site: str, by: User) -> Branch:
    """The branch, served here still or leaving since a command that was cut."""
    branch = branch_changes.branch_of(code)
    if branch.site != site or not _is_left_behind(branch):
        branch = branch_changes.own(code, by)
    branch_changes.refuse_others(by, branch)
    if not site.strip() or len(site) > 40 or site == settings.SITE:
        raise BadInput(_("Name the other site as its variable SITE does."), "site")
    if branch.succeeded_by_id:
        raise NotNow(f"{branch_changes.REFUSED['succeeded']}.", "succeeded")
    return branch


def _is_left_behind(branch: Branch) -> bool:
    is_done = BranchChange.objects.filter(branch_code=branch.pk, site=branch.site).exists()
    return not is_done and Appointment.objects.filter(branch=branch).exists()


def _line(branch: Branch, site: str) -> list[str]:
    """It goes with those whose place it took: their cases are finished by its people."""
    rows = Branch.objects.filter(pk__in=branch.predecessors, site__in=[settings.SITE, site])
    return [branch.pk, *rows.order_by("pk").values_list("pk", flat=True)]


def _refuse_unready(line: list[str]) -> None:
    """What the site's own machinery has in hand is finished by it, or by a person, before the branch leaves."""
    if sync.sync().unreachable:
        raise exchange.Unreachable("the center did not answer")
    waits = {
        "steps": Crossing.objects.filter(branch__in=line, state="open").count(),
        "requests": CustodyRequest.objects.filter(file__branch__in=line, settled_at=None).count(),
        "stuck": StuckItem.objects.open().filter(branch__in=line).count(),
        "jobs": Job.objects.under_way().filter(branch__in=line).count(),
        "imports": ImportBatch.objects.filter(branch__in=line, state__in=ImportBatch.UNDER_WAY).count(),
    }
    if any(waits.values()):
        sentence = _(
            "Not finished yet: %(steps)s steps on their way to the center, %(requests)s requests about who pays, "
            "%(stuck)s stuck items, %(jobs)s group jobs, %(imports)s imports. See to them, and run the command again."
        )
        raise NotNow(sentence % {name: fa(count) for name, count in waits.items()}, "unfinished")


def _wait_for_what_was_begun() -> None:
    """Whoever began before the decision was heard here may still write; whoever begins now is refused."""
    moment, until = tables.ask("SELECT clock_timestamp()")[0][0], time.monotonic() + PATIENCE
    while tables.ask(OLDER, moment)[0][0]:
        if time.monotonic() > until:
            sentence = _("Somebody has been at work in the database for a minute. Run the command again.")
            raise NotNow(sentence, "busy")
        time.sleep(0.1)


# --- the archive, and what stays behind -------------------------------------------------------------------


def _write_and_leave(line: list[str], site: str, path: Path, said: dict[str, Any]) -> dict[str, int]:
    """One look at everything, and in the same transaction it is history here: nothing can come in between."""
    with transactions.site():
        tables.ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with archive.written(path) as writer:
            _write(writer, line, site)
            _close(line, site)
            rows = (BranchChange(branch_code=code, kind=BranchChange.Kind.MOVED, site=site, **said) for code in line)
            BranchChange.objects.bulk_create(rows)
        fail_point("archived")
    return {table: int(member["rows"]) for table, member in writer.members.items()}


def _write(writer: archive.Writer, line: list[str], site: str) -> None:
    people: set[int] = set()
    for table in tables.OWNED:
        writer.add(table, _lines(table, tables.condition(table), line, people))
    for table in tables.SCANS:
        writer.add(table, _lines(table, tables.scans(), line, set()))
    writer.add(tables.PEOPLE, _people(people, line))
    names = Branch.objects.filter(pk__in=line).values("code", "name_en", "city")
    rows = sorted(names, key=lambda row: line.index(row["code"]))
    writer.end({"branches": rows, "from": settings.SITE, "to": site, "at": trail.utc(timezone.now())})


def _lines(table: str, condition: str, line: list[str], people: set[int]) -> Iterator[str]:
    """Each row as PostgreSQL itself writes it; the numbers of whom it names are added to `people`."""
    key = tables.model_of(table)._meta.pk.column
    named = [column for column, target in tables.numbered(table).items() if target == tables.PEOPLE]
    sql = f"SELECT row_to_json(t)::text FROM {table} t WHERE {condition} ORDER BY {key}"  # noqa: S608 - names of tables
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [line])
        for (said,) in cursor:
            if named:
                row = json.loads(said)
                people.update(row[column] for column in named if row[column])
            yield said


def _people(numbers: set[int], line: list[str]) -> Iterator[str]:
    """Who works for the branch with the own password; who is only named, without one."""
    offices = Appointment.objects.filter(branch__in=line, ended_at=None).values_list("user", flat=True)
    at_work = set(offices)
    sql = "SELECT row_to_json(t)::text FROM branches_user t WHERE id = ANY(%s) ORDER BY id"
    for (said,) in tables.ask(sql, sorted(numbers)):
        row = json.loads(said) | {"is_superuser": False, "is_staff": False}
        yield json.dumps(row if row["id"] in at_work else row | {"is_active": False, "password": "!"})


def _close(line: list[str], site: str) -> None:
    """Nobody's work any more, and nobody's pension to pay; read by those who read the country."""
    for case in TransferCase.objects.open().select_for_update().filter(branch__in=line).order_by("pk"):
        tell(case, site)
    files = PensionFile.objects.filter(branch__in=line)
    files.filter(Q(status__in=directory.ALIVE) | Q(frozen_by__isnull=False)).update(status=Status.MOVED, frozen_by=None)
    Appointment.objects.filter(branch__in=line, ended_at=None).update(ended_at=timezone.now())


def tell(case: TransferCase, site: str) -> None:
    """An open case keeps in its trail where its branch went; in the caller's transaction."""
    told = {"moved_branch": case.branch_id, "to_site": site}
    who = trail.signature(None, "", case.branch_id)
    workflow.carry_out_again(Doing(case, directory.HEARD, None, "", told, who))
