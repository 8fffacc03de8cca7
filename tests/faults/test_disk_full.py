"""The disk of the site's database is full (FAULTS 31): it is read, refuses entries plainly, and recovers by itself."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from tests.cast import Cast, Walk
from tests.expect import run_sql
from tests.flush import unguarded
from tests.pages import as_, command, text
from tests.scans import picture, upload
from transfers import health
from transfers.models import Attachment

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
TABLE = "transfers_scanbytes"


@pytest.fixture
def small_disk(cast: Cast) -> Iterator[Path]:
    """A disk of its own, which only root can make, for what is attached and for what the server puts down aside."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    owner = _account()
    options = f"size=2m,mode=700,uid={owner},gid={owner}"
    if (
        owner is None
        or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode
    ):
        folder.rmdir()
        pytest.skip("NO DISK WAS FILLED: mounting a tmpfs needs root, and PostgreSQL on this machine")
    name = connections["default"].ops.quote_name(folder.name)
    database = connections["default"].ops.quote_name(connections["default"].settings_dict["NAME"])
    run_sql("default", f"CREATE TABLESPACE {name} LOCATION '{folder}'")
    with unguarded(connections["default"]):
        run_sql("default", f"TRUNCATE {TABLE} CASCADE")  # what was deleted before leaves room that needs no disk
    run_sql("default", f"ALTER TABLE {TABLE} SET TABLESPACE {name}")
    run_sql("default", f"ALTER DATABASE {database} SET temp_tablespaces = {name}")
    yield folder
    run_sql("default", f"ALTER DATABASE {database} RESET temp_tablespaces")
    run_sql("default", f"ALTER TABLE {TABLE} SET TABLESPACE pg_default", f"DROP TABLESPACE {name}")
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


def _account() -> int | None:
    """Whose process the server is, where it runs on this machine and we are root."""
    host = connections["default"].settings_dict["HOST"] or connections["default"].connection.info.host
    socket = Path(host) / ".s.PGSQL.5432"
    return socket.stat().st_uid if os.geteuid() == 0 and socket.exists() else None


def _state(name: str) -> str:
    return next(one.state for one in health.findings() if one.name == name)


def test_fault_31_a_full_disk_is_read_from_and_goes_on_when_there_is_room(cast: Cast, small_disk: Path) -> None:
    walk = Walk(cast)
    walk.draft()
    client, address = as_(walk.clerk), f"/cases/{walk.case.pk}/"
    client.raise_request_exception = False
    ballast = small_disk / "ballast"
    _fill(ballast)
    answer = client.post(f"{address}attach/", command(seen=walk.case.trail_length, scans=_scan()))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "فعلاً چیزی ذخیره نمی‌شود" in text(answer)
    assert client.get(address).status_code == 200 and not Attachment.objects.exists()
    assert (_state("database"), client.get("/readyz").json()["writable"]) == ("bad", "not ok")
    ballast.unlink()
    answer = client.post(f"{address}attach/", command(seen=walk.case.trail_length, scans=_scan()))
    assert (answer.status_code, Attachment.objects.count(), _state("database")) == (302, 1, "ok")


def _scan() -> object:
    return upload(picture(), "a.jpg")


def _fill(ballast: Path) -> None:
    """Until nothing more goes onto its disk."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return
