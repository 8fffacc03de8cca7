"""Steps taken in processes of their own, which can be killed in the middle, and a line that can be bad (tests/line.py).

`Site` is a real process of the product on the test's databases. It forks a child for every order, so that a
killed one costs no new start.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db import connections

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"  # nobody listens on port 1


def database_url(alias: str, address: tuple[str, int] | None = None, user: str = "", password: str = "") -> str:
    """The URL of a test database, at another address or for another role when one is given."""
    connections[alias].ensure_connection()
    at = connections[alias].connection.info
    host, port = address or (at.host, at.port)
    query = f"host={quote(host, safe='')}&port={port}"
    return f"postgresql://{quote(user or at.user)}:{quote(password or at.password or '')}@/{quote(at.dbname)}?{query}"


def center_url(address: tuple[str, int] | None = None) -> str:
    """The center's database for another process; empty where it stands together with the site's."""
    return database_url(settings.CENTER, address) if settings.CENTER != "default" else ""


class Site:
    """A process of the product. `order` carries one out in a child and says how it ended."""

    def __init__(self, center: str | None = None, own: str | None = None):
        urls = {
            "DATABASE_URL": own or database_url("default"),
            "CENTRAL_DATABASE_URL": center_url() if center is None else center,
        }
        env = {k: v for k, v in os.environ.items() if k != "FAIL_POINT"} | urls
        env["DJANGO_SETTINGS_MODULE"] = "pension_transfer.settings"
        command = [sys.executable, "-m", "tests.processes"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdin=pipe, stdout=pipe, text=True)

    def order(self, do: str, fail: str = "", **given: Any) -> str:
        """'killed', 'done' or the code of the refusal."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps({"do": do, "fail": fail, "given": given}, default=str), file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        self.process.communicate()


@contextmanager
def site(center: str | None = None, own: str | None = None) -> Iterator[Site]:
    """A running site; `center` and `own` are the addresses of the databases where they are not the usual ones."""
    running = Site(center, own)
    try:
        yield running
    finally:
        running.close()


# --- in the process ---------------------------------------------------------------------------------------------


def _sync() -> None:
    from transfers import sync

    sync.sync()


def _backup(to: str) -> None:
    from transfers import backups

    backups.make("site", Path(to))


def _restore(run: str) -> None:
    from transfers import backups

    backups.restore(Path(run), replace=True)


def _work_jobs() -> None:
    from transfers import jobs

    for _item in jobs.work():
        pass


ALONE: dict[str, Callable[..., None]] = {
    "sync": _sync,
    "work_jobs": _work_jobs,
    "backup": _backup,
    "restore": _restore,
}  # nobody's steps


def _carry_out(do: str, given: dict[str, Any]) -> None:
    from branches.models import Branch, User
    from tests.scans import pdf, upload, uploads
    from transfers import workflow

    if do in ALONE:
        ALONE[do](**given)
        return
    by, key = User.objects.get(username=given["by"]), UUID(given["key"])
    if do == "receive":
        branch = Branch.objects.get(pk=given["branch"])
        workflow.receive(UUID(given["envelope"]), branch=branch, by=by, command_id=key)
    else:
        files = [upload(pdf(mark=name), name) for name in given.get("scans", [])]
        sent = {"data": given.get("data"), "files": uploads(*files) if files else None}
        workflow.perform(do, given["case"], by=by, command_id=key, **sent)


def _child(order: dict[str, Any]) -> str:
    from pension_transfer.lib import failpoints
    from pension_transfer.lib.errors import Refusal

    failpoints.ARMED = order["fail"]
    try:
        _carry_out(order["do"], order["given"])
    except Refusal as refusal:
        return refusal.code
    return "done"


def _main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        if child := os.fork():
            _pid, status = os.waitpid(child, 0)
            if status:
                print("killed" if os.waitstatus_to_exitcode(status) == -9 else "failed", flush=True)
        else:
            print(_child(json.loads(line)), flush=True)
            os._exit(0)


if __name__ == "__main__":
    _main()
