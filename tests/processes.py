"""Steps taken in processes of their own, which can be killed in the middle, and a line that can be cut.

`Site` is a real process of the product on the test's databases. It forks a child for every order, so that a
killed one costs no new start. `Line` stands between a site and the center and can lose the answer to a COMMIT.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db import connections

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"  # nobody listens on port 1


def database_url(alias: str, address: tuple[str, int] | None = None) -> str:
    """The URL of a test database, at another address when one is given."""
    connections[alias].ensure_connection()
    at = connections[alias].connection.info
    host, port = address or (at.host, at.port)
    query = f"host={quote(host, safe='')}&port={port}"
    return f"postgresql://{quote(at.user)}:{quote(at.password or '')}@/{quote(at.dbname)}?{query}"


def center_url(address: tuple[str, int] | None = None) -> str:
    """The center's database for another process; empty where it stands together with the site's."""
    return database_url(settings.CENTER, address) if settings.CENTER != "default" else ""


class Site:
    """A process of the product. `order` carries one out in a child and says how it ended."""

    def __init__(self, center: str | None = None):
        urls = {
            "DATABASE_URL": database_url("default"),
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
def site(center: str | None = None) -> Iterator[Site]:
    running = Site(center)
    try:
        yield running
    finally:
        running.close()


# --- a line that loses answers ---------------------------------------------------------------------------------


class Line:
    """A line to the center: forwards bytes, and cuts once, when the center has been given a COMMIT to carry out.

    Or it takes questions and never answers, as a center does whose machine hangs.
    """

    def __init__(self) -> None:
        connections[settings.CENTER].ensure_connection()
        at = connections[settings.CENTER].connection.info
        self.upstream = (at.host, at.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.lose_next_commit, self.lost = False, 0
        self.is_silent = False  # takes questions about the center's tables and never answers
        self.cut: socket.socket | None = None
        self.ends: list[socket.socket] = [self.listener]
        self.threads = [self._run(self._accept)]

    def _run(self, pump: Callable[..., None], *ends: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=pump, args=ends, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, far = self.listener.accept()[0], self._reach()
                self.ends += [near, far]
                self.threads += [self._run(self._ask, near, far), self._run(self._answer, near, far)]

    def _reach(self) -> socket.socket:
        host, port = self.upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if self.is_silent and b"central_" in data:
                    continue
                if self.lose_next_commit and b"COMMIT" in data:
                    self.lose_next_commit, self.lost = False, self.lost + 1
                    self.cut = near
                far.sendall(data)
        _hang_up(far)

    def _answer(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while (data := far.recv(65536)) and near is not self.cut:
                near.sendall(data)
        _hang_up(near)

    def close(self) -> None:
        for end in self.ends:
            _hang_up(end)
        for thread in self.threads:
            thread.join(5)
        for end in self.ends:
            end.close()


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


# --- in the process ---------------------------------------------------------------------------------------------


def _carry_out(do: str, given: dict[str, Any]) -> None:
    from branches.models import Branch, User
    from tests.scans import pdf, upload, uploads
    from transfers import sync, workflow

    if do == "sync":
        sync.sync()
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
