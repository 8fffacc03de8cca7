"""Restoring: checked to the last byte, built beside the old database, and put in its place by one rename."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg2 import sql

from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.failpoints import fail_point
from transfers.backups import folders, making, programs

HALF, BEFORE = "_restoring", "_before_"
SKIPPED = 1000  # tracking serials: more than a branch gives between two backups
ATTEMPTS = 10


def restore(run: Path, which: str = "site", replace: bool = False, tell: folders.Told = lambda *_: None) -> str:
    """Bring the database `which` (site, center) back from a run; the name under which the old one is kept, or "".

    BadInput when the run is damaged, the database is not empty and `replace` is not said, or what was
    restored is not what was backed up. Cut anywhere, the old database stands as it was.
    """
    alias = next(alias for alias, name in making.NAMES.items() if name == which)
    if alias not in making.aliases() or which not in (made := folders.read(run)["databases"]):
        sentence = _("There is no database of that kind, here or in the backup: %(name)s.")
        raise BadInput(sentence % {"name": which}, "no_database")
    dump = folders.verify(run, made[which], tell)
    is_empty = not connections[alias].introspection.table_names()
    if not is_empty and not replace:
        sentence = _("The database is not empty. Say --replace to put the backup in its place; the old one is kept.")
        raise BadInput(sentence, "not_empty")
    return _replace(alias, dump, made[which], is_empty, tell)


def _replace(alias: str, dump: Path, made: dict[str, Any], is_empty: bool, tell: folders.Told) -> str:
    name = connections[alias].get_connection_params()["dbname"]
    with _server(alias) as cursor:
        try:
            _make_anew(cursor, name + HALF)
            _load(alias, dump, name + HALF, made, tell)
            fail_point("restored")
            _check(alias, name + HALF, made)
        except Exception:
            _drop(cursor, name + HALF)
            raise
        before = name + BEFORE + timezone.now().strftime("%Y%m%d%H%M%S")
        connections.close_all()
        _swap(cursor, name, before)
        fail_point("swapped")
        if is_empty:
            _drop(cursor, before)
    return "" if is_empty else before


@contextlib.contextmanager
def _server(alias: str, database: str = "postgres") -> Iterator[Any]:
    """A cursor beside Django's connections, each statement committed at once."""
    params = connections[alias].get_connection_params()
    kept = {key: value for key, value in params.items() if key not in ("cursor_factory", "options")}
    connection = psycopg2.connect(**kept | {"dbname": database})
    try:
        connection.autocommit = True
        yield connection.cursor()
    finally:
        connection.close()


def _make_anew(cursor: Any, name: str) -> None:
    """What an earlier run that was cut left behind goes first."""
    _drop(cursor, name)
    cursor.execute("SELECT datcollate, datctype FROM pg_database WHERE datname = %s", [name.removesuffix(HALF)])
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 LC_COLLATE {} LC_CTYPE {}")
    cursor.execute(create.format(sql.Identifier(name), *map(sql.Literal, cursor.fetchone())))


def _drop(cursor: Any, name: str) -> None:
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _load(alias: str, dump: Path, name: str, made: dict[str, Any], tell: folders.Told) -> None:
    program, done = programs.find("pg_restore", alias), 0
    words = ["--exit-on-error", "--no-owner", "--no-comments", f"--dbname={name}"]
    reading = programs.running(program, *words, alias=alias, stdin=subprocess.PIPE)
    gone = contextlib.suppress(BrokenPipeError)  # the program says itself why it left
    with reading as process, dump.open("rb") as file, gone:
        while piece := file.read(folders.PIECE):
            process.stdin.write(piece)  # type: ignore[union-attr]
            done += len(piece)
            tell("restore", done, made["size"])
            fail_point("restoring")
        process.stdin.close()  # type: ignore[union-attr]


def _check(alias: str, name: str, made: dict[str, Any]) -> None:
    """Every row and every guard is there again; then what this site must know of its restore is written."""
    with _server(alias, name) as cursor:
        here = {"rows": making.rows(cursor, made["rows"]), "guards": making.guards(cursor)}
        if different := [name for name, value in here.items() if value != made[name]]:
            sentence = _("What was restored is not what was backed up, and nothing was changed: %(what)s")
            raise BadInput(sentence % {"what": ", ".join(different)}, "not_the_same")
        if alias == "default":
            _note(cursor)


def _note(cursor: Any) -> None:
    """The next round asks the center what happened since; no tracking number of a lost referral is given again."""
    cursor.execute("UPDATE transfers_trackingserial SET last = last + %s", [SKIPPED])
    noted = "INSERT INTO transfers_hearduntil (what, number) VALUES ('restored', 1) ON CONFLICT (what) DO NOTHING"
    cursor.execute(noted)


def _swap(cursor: Any, name: str, before: str) -> None:
    """Both names change in one transaction. Whoever is connected is shown out, and finds the new one."""
    for attempt in range(ATTEMPTS):
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (%s, %s)", [name, name + HALF]
        )
        try:
            _rename(cursor, (name, before), (name + HALF, name))
            return
        except psycopg2.errors.ObjectInUse:
            cursor.execute("ROLLBACK")
            if attempt == ATTEMPTS - 1:
                raise


def _rename(cursor: Any, *pairs: tuple[str, str]) -> None:
    cursor.execute("BEGIN")
    for old, new in pairs:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        cursor.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
    fail_point("renamed")
    cursor.execute("COMMIT")
