"""Making a backup: one snapshot of each database, streamed to disk while it is hashed."""

import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg2 import sql

from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.failpoints import fail_point
from pension_transfer.lib.triggers import ENABLED
from pension_transfer.lib.turns import alone
from transfers.backups import folders, programs

NAMES = {"default": "site", "center": "center"}
# What is counted, so that a restored database can be held against it; with an id the highest one is noted.
COUNTED = {
    "branches": ("Branch", "User", "Appointment", "PensionFile", "Dependent", "Decree", "Payment", "CustodyRequest"),
    "transfers": ("TransferCase", "TransferEvent", "Content", "Part", "Command", "Crossing", "Heard", "ScanBytes"),
    "central": ("Directory", "Key", "Envelope", "Receipt", "Waiting", "Blob", "Seat", "Custody"),
}


def aliases(only: str = "") -> list[str]:
    """The databases that are backed up: the site's and, where it stands apart, the center's; or one of them."""
    here = ["default"] + ["center"] * (settings.CENTER == "center")
    return [alias for alias in here if only in ("", NAMES[alias])]


def make(only: str = "", folder: Path | None = None, keep: int = 14, tell: folders.Told = lambda *_: None) -> Path:
    """Back up into a new folder below `folder` (default BACKUP_DIR); that folder, complete and safe on disk.

    Only the newest `keep` runs stay. BadInput when a program is missing or fails, OSError when the disk is full:
    then nothing is left behind. After a kill a folder named .part is, which the next run deletes.
    """
    home = folder or settings.BACKUP_DIR
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone("backup"):
        folders.forget(home, keep=10**9)
        when = timezone.now().astimezone(dt.timezone.utc)
        run = home / when.strftime(folders.NAME)
        half = run.with_name(run.name + folders.HALF)
        half.mkdir(mode=0o700)
        try:
            databases = {NAMES[alias]: _dump(alias, half, tell) for alias in aliases(only)}
            _finish(half, run, {"made_at": when.isoformat(), "databases": databases})
        finally:
            shutil.rmtree(half, ignore_errors=True)  # a full disk gets its room back
        folders.forget(home, keep)
    return run


def _finish(half: Path, run: Path, manifest: dict[str, Any]) -> None:
    """The last step is the name: a run that was cut never looks complete."""
    folders.write_safely(half / folders.MANIFEST, json.dumps(manifest, indent=1))
    folders.settle(half)
    fail_point("backed_up")
    half.rename(run)
    folders.settle(run.parent)


def _dump(alias: str, half: Path, tell: folders.Told) -> dict[str, Any]:
    """One database: its file with hash and size, and what stood in it at that very moment."""
    if not connections[alias].introspection.table_names():
        raise BadInput(_("The database is empty: there is nothing to back up. Run migrate_all first."), "empty")
    name, program = f"{NAMES[alias]}.dump", programs.find("pg_dump", alias)
    with _snapshot(alias) as (cursor, snapshot):
        words = ["--format=custom", f"--snapshot={snapshot}", f"--dbname={cursor.connection.info.dbname}"]
        said = _facts(cursor, alias)
        with programs.running(program, *words, alias=alias, stdout=subprocess.PIPE) as process:
            sha256, size = _write(half / name, iter(lambda: process.stdout.read(folders.PIECE), b""), said, tell)  # type: ignore[union-attr]
    return {"file": name, "sha256": sha256, "size": size} | said


@contextmanager
def _snapshot(alias: str) -> Iterator[tuple[Any, str]]:
    """A connection of its own, whose transaction sees what pg_dump sees."""
    params = connections[alias].get_connection_params()
    params = {name: value for name, value in params.items() if name not in ("cursor_factory", "options")}
    connection = psycopg2.connect(**params)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor = connection.cursor()
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor, cursor.fetchone()[0]
    finally:
        connection.close()


def _write(path: Path, pieces: Iterable[bytes], said: dict[str, Any], tell: folders.Told) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            digest.update(piece)
            size += file.write(piece)
            tell(path.stem, size, said["bytes_in_database"])
            fail_point("dumping")
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _facts(cursor: Any, alias: str) -> dict[str, Any]:
    cursor.execute("SELECT pg_database_size(current_database()), current_setting('server_version')")
    size, server = cursor.fetchone()
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
    migrations = [name for (name,) in cursor.fetchall()]
    said = {"bytes_in_database": size, "server_version": server, "migrations": migrations, "guards": guards(cursor)}
    highest = {model._meta.db_table: _highest(cursor, model) for model in _counted(alias) if _has_number(model)}
    return said | {"rows": rows(cursor, [m._meta.db_table for m in _counted(alias)]), "highest_ids": highest}


def rows(cursor: Any, tables: Iterable[str]) -> dict[str, int]:
    """How many rows each of these tables has."""
    found = {}
    for table in tables:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        found[table] = cursor.fetchone()[0]
    return found


def guards(cursor: Any) -> list[str]:
    """The triggers and constraints that stand, as table.name."""
    cursor.execute(ENABLED)
    return sorted(name for (name,) in cursor.fetchall())


def _has_number(model: Any) -> bool:
    return bool(model._meta.pk.get_internal_type() == "BigAutoField")


def _highest(cursor: Any, model: Any) -> int:
    cursor.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(model._meta.db_table)))
    return int(cursor.fetchone()[0])


def _counted(alias: str) -> list[Any]:
    """The center's tables stand in the site's database unless the center stands apart."""
    there = {"center": ["central"], "default": list(COUNTED)}[alias]
    labels = [label for label in there if label != "central" or alias == settings.CENTER]
    return [apps.get_model(label, name) for label in labels for name in COUNTED[label]]
