"""A branch comes from another site: everything in its archive is written in one transaction, or nothing.

Rows get numbers of this site. The guards of the database stand as always: what was paid and where a case stands is
written step by step, as it came about.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from branches.models import Branch, PensionFile, User
from pension_transfer.lib.errors import BadInput, NotNow
from pension_transfer.lib.failpoints import fail_point
from pension_transfer.lib.persian import listed
from transfers import branch_changes, directory, exchange, trail, transactions
from transfers.models import BranchChange, HeardUntil, TransferCase
from transfers.relocation import archive, tables
from transfers.relocation.leaving import tell
from transfers.states import Side, State

Row = dict[str, Any]
Numbers = dict[str, dict[int, int]]  # table: the other site's number of a row, and this one's
BEGINS = {Side.ORIGIN: State.REFERRAL, Side.DESTINATION: State.RECEIVED}
INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)"
UNPAID: Row = {"status": "active", "last_paid_month": None, "frozen_by": None}
AS_IT_STANDS = f"""
UPDATE {tables.FILE} f SET status = j.status, last_paid_month = j.last_paid_month, frozen_by = j.frozen_by
  FROM json_populate_recordset(NULL::{tables.FILE}, %s) j WHERE f.id = j.id
"""  # noqa: S608 - names of tables
REPLAY = f"""
UPDATE {tables.CASE} c SET state = e.to_state, trail_length = e.sequence
  FROM {tables.EVENT} e WHERE e.case_id = c.id AND e.sequence = %s AND c.branch_id = ANY(%s)
"""  # noqa: S608 - names of tables
LENGTH = f"SELECT max(sequence) FROM {tables.EVENT} e JOIN {tables.CASE} c ON c.id = case_id WHERE branch_id = ANY(%s)"  # noqa: S608
BATCH = 500  # cases whose trails are read at once


def take_in(path: Path, reason: str, *, by: User) -> dict[str, int]:
    """Serve the branch of an archive from now on; rows a table, none where that was done before.

    Raises NotAllowed, NotSeen; BadInput for an archive that was altered or is not for this site; NotNow where the
    center or this database says otherwise; exchange.Unreachable when the center does not answer.
    """
    packed = archive.Archive(path)
    branch_changes.refuse_others(by, branch_changes.branch_of(packed.branches[0]))
    if BranchChange.objects.filter(branch_code=packed.branches[0], site=settings.SITE).exists():
        return {}
    _refuse_foreign(packed)
    with transactions.site():
        _write(packed)
        _serve(packed)
        fail_point("brought")
        said = {"kind": BranchChange.Kind.MOVED, "site": settings.SITE, "reason": reason, "by": by, "by_name": str(by)}
        BranchChange.objects.bulk_create(BranchChange(branch_code=code, **said) for code in packed.branches)
    directory.share()
    return {table: int(member["rows"]) for table, member in packed.members.items()}


# --- may it come ------------------------------------------------------------------------------------------


def _refuse_foreign(packed: archive.Archive) -> None:
    said, codes = packed.manifest, packed.branches
    if said["to"] != settings.SITE:
        sentence = _("This archive is for site «%(there)s», and this one is called «%(here)s».")
        raise BadInput(sentence % {"there": said["to"], "here": settings.SITE}, "other_site")
    if said["migrations"] != archive.migrations():
        raise NotNow(_("The two sites do not run the same version: bring both up to date first."), "version")
    served = {row.pk: row.site for row in exchange.directory()}
    if wrong := [code for code in codes if served.get(code) != settings.SITE]:
        sentence = _("Branch %(branch)s is served by site %(site)s: make the change there.")
        raise NotNow(sentence % {"branch": wrong[0], "site": served.get(wrong[0]) or "?"}, "elsewhere")
    if _holds_something(codes):
        sentence = _("This site still holds what branch %(branch)s left here before: it cannot come back.")
        raise NotNow(sentence % {"branch": codes[0]}, "held_before")


def _holds_something(codes: list[str]) -> bool:
    held = (model.objects.filter(branch__in=codes).exists() for model in (PensionFile, TransferCase))
    return any(held)


# --- its rows ---------------------------------------------------------------------------------------------


def _write(packed: archive.Archive) -> None:
    numbers: Numbers = {tables.PEOPLE: _people(packed)}
    for table in (*tables.SCANS, *tables.OWNED):
        for rows in packed.chunks(table):
            _insert(table, [*_renumbered(table, rows, numbers)])
    _bring_to_date(packed, numbers)


def _renumbered(table: str, rows: list[Row], numbers: Numbers) -> Iterator[Row]:
    columns = tables.numbered(table)
    if tables.has_number(table):
        numbers.setdefault(table, {}).update(_new(table, [row["id"] for row in rows]))
    for row in rows:
        here = {name: row[name] and numbers[target][row[name]] for name, target in columns.items()}
        here |= {"id": numbers[table][row["id"]]} if tables.has_number(table) else {}
        yield row | here | AT_FIRST.get(table, lambda _row: {})(row)


def _new(table: str, old: list[int]) -> dict[int, int]:
    sql = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    return dict(zip(old, (number for (number,) in tables.ask(sql, table, len(old))), strict=True))


# What a row is written with where the database lets it become what it is only step by step.
AT_FIRST: dict[str, Any] = {
    tables.FILE: lambda row: UNPAID,
    tables.CASE: lambda row: {"state": BEGINS[row["side"]], "trail_length": 1},
    tables.EVENT: lambda row: {"signed_as": row["signed_as"] or {"case_id": row["case_id"], "by_id": row["by_id"]}},
}


def _insert(table: str, rows: list[Row]) -> None:
    clash = " ON CONFLICT DO NOTHING" if table in tables.SCANS else ""
    tables.ask(INSERT.format(table=table, columns=tables.written(table)) + clash, json.dumps(rows))


def _bring_to_date(packed: archive.Archive, numbers: Numbers) -> None:
    """The files as they stand, after their payments; each case through the states that its trail tells."""
    for rows in packed.chunks(tables.FILE):
        tables.ask(AS_IT_STANDS, json.dumps([row | {"id": numbers[tables.FILE][row["id"]]} for row in rows]))
    for sequence in range(2, (tables.ask(LENGTH, packed.branches)[0][0] or 0) + 1):
        tables.ask(REPLAY, sequence, packed.branches)


# --- its people -------------------------------------------------------------------------------------------


def _people(packed: archive.Archive) -> dict[int, int]:
    """Each under the own user name, with the account of this site where there is one; NotNow for two who share one."""
    numbers: dict[int, int] = {}
    for rows in packed.chunks(tables.PEOPLE):
        held = {user.username: user for user in User.objects.filter(username__in=[row["username"] for row in rows])}
        _refuse_namesakes([row for row in rows if row["username"] in held and not _is(row, held[row["username"]])])
        numbers |= {row["id"]: held[row["username"]].pk for row in rows if row["username"] in held}
        new = [row for row in rows if row["username"] not in held]
        numbers |= _new(tables.PEOPLE, [row["id"] for row in new])
        _insert(tables.PEOPLE, [row | {"id": numbers[row["id"]]} for row in new])
    return numbers


def _is(row: Row, user: User) -> bool:
    return (row["first_name"], row["last_name"]) == (user.first_name, user.last_name)


def _refuse_namesakes(rows: list[Row]) -> None:
    if rows:
        sentence = _("Other people have these user names here: %(names)s. Give those accounts other names first.")
        raise NotNow(sentence % {"names": listed(sorted(row["username"] for row in rows))}, "username")


# --- served here ------------------------------------------------------------------------------------------


def _serve(packed: archive.Archive) -> None:
    for row in packed.manifest["branches"]:
        branch = Branch.objects.get(pk=row["code"])
        branch.site, branch.name_en, branch.city = settings.SITE, row["name_en"], row["city"]
        branch.save()
    HeardUntil.objects.update(number=0)  # what was said meanwhile was heard by neither site
    cases = TransferCase.objects.filter(branch__in=packed.branches).order_by("pk")
    for case in cases.iterator(BATCH):
        if trail.first_break(case) is not None:
            raise packed.damaged()
        if case.is_open:
            tell(case, settings.SITE)
