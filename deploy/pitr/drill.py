"""Recovery to the moment before a mistake: base backup, archived WAL, a mass delete, and back.

Exit 1 when a row is missing.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from deploy.pitr.cluster import Cluster, folder
from pension_transfer import embedded_place as place

ROWS = 2_000
TABLE = "CREATE TABLE sealed (id int PRIMARY KEY, body text NOT NULL, seal text NOT NULL)"
WRITE = """
INSERT INTO sealed SELECT n, body, encode(sha256(convert_to(body, 'UTF8')), 'hex')
  FROM generate_series(%s, %s) n, repeat('پ' || n, 50) body
"""
WHOLE = "SELECT count(*) FROM sealed WHERE seal = encode(sha256(convert_to(body, 'UTF8')), 'hex')"


def drill() -> int:
    """How many rows came back with their seals whole, of ROWS."""
    with folder() as home:
        archive = home / "archive"
        archive.mkdir()
        main = Cluster(home, "main", wal_level="replica", archive_mode="on", archive_command=_into(archive))
        place.give(archive, main.account)
        main.make()
        main.configure()
        main.start()
        try:
            moment = _story(main, home)
        finally:
            main.stop("immediate")
        return _recover(home, archive, moment)


def _into(archive: Path) -> str:
    """As in docs/operations.md: never over a file that is there, and under its final name when it is whole."""
    whole, half = archive / "%f", archive / "%f.part"
    return f"test ! -f {whole} && cp %p {half} && sync {half} && mv {half} {whole}"


def _story(main: Cluster, home: Path) -> str:
    """A base backup in the middle of the work, then the mistake; the moment before it."""
    connection = main.connect()
    cursor = connection.cursor()
    cursor.execute(TABLE)
    cursor.execute(WRITE, [1, ROWS // 2])
    main.run(
        "pg_basebackup",
        "-h",
        str(home),
        "-U",
        "drill",
        "-D",
        str(home / "base"),
        "-X",
        "none",
        "--no-sync",
        "-c",
        "fast",
    )
    cursor.execute(WRITE, [ROWS // 2 + 1, ROWS])
    moment = _one(cursor, "SELECT clock_timestamp()::text")
    time.sleep(0.05)
    cursor.execute("DELETE FROM sealed")
    cursor.execute("INSERT INTO sealed VALUES (0, '', '')")  # work goes on after the mistake
    segment = _one(cursor, "SELECT pg_walfile_name(pg_switch_wal())")
    _wait(lambda: _one(cursor, f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver"))
    connection.close()
    return moment


def _recover(home: Path, archive: Path, moment: str) -> int:
    began = time.monotonic()
    again = Cluster(home, "base")
    again.configure(
        restore_command=f"cp {archive}/%f %p", recovery_target_time=moment, recovery_target_inclusive="off",
        recovery_target_action="promote",
    )  # fmt: skip
    (again.data / "recovery.signal").touch()
    place.give(again.data / "recovery.signal", again.account)
    again.start()
    try:
        cursor = again.connect().cursor()
        _wait(lambda: not _one(cursor, "SELECT pg_is_in_recovery()"))
        print(f"recovery: {time.monotonic() - began:.1f} s, to just before {moment}")
        return int(_one(cursor, WHOLE))
    finally:
        again.stop()


def _one(cursor: Any, question: str) -> Any:
    cursor.execute(question)
    return cursor.fetchone()[0]


def _wait(until: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster does not get there")
        time.sleep(0.02)


def main() -> None:
    """Prints what came back and how long it took."""
    if shutil.which("cp") is None:
        sys.exit("the drill needs cp and mv")
    began = time.monotonic()
    found = drill()
    print(f"rows recovered: {found} of {ROWS}\nthe whole drill: {time.monotonic() - began:.1f} s")
    sys.exit(found != ROWS)


if __name__ == "__main__":
    main()
