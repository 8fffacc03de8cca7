"""The product behind its real web server, on the test's databases: gunicorn, its log in a file."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from tests.processes import center_url, database_url


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str
    seconds: float


@dataclass
class Web:
    """A running server; `as_` a client's session it is asked."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str, client: Client | None = None, host: str = "127.0.0.1") -> Answer:
        return self.ask("GET", path, client, host=host)

    def post(self, path: str, client: Client, data: dict[str, str]) -> Answer:
        """With the token against forged requests, as a page's form would."""
        client.cookies["csrftoken"] = token = "a" * 32
        return self.ask("POST", path, client, urlencode(data | {"csrfmiddlewaretoken": token}))

    def ask(
        self, method: str, path: str, client: Client | None = None, body: str = "", host: str = "127.0.0.1"
    ) -> Answer:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()) if client else ""
        headers = {"Host": host, "Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        begun, line = time.monotonic(), http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        try:
            line.request(method, path, body or None, headers)
            said = line.getresponse()
            text = said.read().decode(errors="replace")
        finally:
            line.close()
        return Answer(said.status, dict(said.headers), text, time.monotonic() - begun)

    def written(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def web(folder: Path, workers: int = 2, site: str = "", center: str | None = None, **env: str) -> Iterator[Web]:
    """Until the block ends. Given no `site` and `center`, the test's databases."""
    urls = {
        "DATABASE_URL": site or database_url("default"),
        "CENTRAL_DATABASE_URL": center_url() if center is None else center,
        "DJANGO_SETTINGS_MODULE": "pension_transfer.settings",
    }
    port, log = _free_port(), folder / "web.log"
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--workers", str(workers)], env=os.environ | urls | env, cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
    running = Web(port, log, process)
    try:
        _wait_for(running)
        yield running
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(running: Web, patience: float = 60) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if running.process.poll() is not None:
            raise AssertionError(running.written())
        with suppress(OSError):
            if running.get("/healthz").status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"the server does not answer: {running.written()}")
