"""People at a branch while the center fails over: heads who approve and send, at a real site in front of it."""

import http.cookiejar
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.ha.cluster import free_port
from pension_transfer.embedded import PROJECT
from transfers.models import TransferCase
from transfers.states import State

PASSWORD = "mostamari-1405"
EVERY = 1.5  # seconds between two presses
SYNC_EVERY = 2
AWAY = 45  # seconds after which nobody waits for a page any more


class Site:
    """gunicorn and `sync_center --watch`, as they run in production."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        env = os.environ | {"WEB_CONCURRENCY": "3"}
        serve = ["-m", "gunicorn", "-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{self.port}"]
        sync = ["manage.py", "sync_center", "--watch", "--every", str(SYNC_EVERY)]
        with open(home / "site.log", "ab") as log:
            self.processes = [
                subprocess.Popen([sys.executable, *words], cwd=PROJECT, env=env, stdout=log, stderr=log)
                for words in (serve, sync)
            ]

    def wait(self) -> None:
        """Until it serves pages; RuntimeError when it does not."""
        for _ in range(120):
            with suppress(OSError), urllib.request.urlopen(f"{self.address}/sign-in/", timeout=5):
                return
            time.sleep(0.5)
        raise RuntimeError("the site does not serve pages; see site.log")

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)


@dataclass(eq=False)
class Head(threading.Thread):
    """Signs in and sends one case after the other, from the case's own page, until they are all pressed."""

    site: Site
    username: str
    cases: list[int]
    pressed: int = 0
    at_once: int = 0
    kept: int = 0
    slowest: float = 0
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(jar)
        self._open("/sign-in/", {"username": self.username, "password": PASSWORD})
        self.slowest = 0

    def run(self) -> None:
        for case in self.cases:
            time.sleep(EVERY)
            try:
                self._send(case)
            except OSError as error:  # an answer of 400 and more, too
                self.errors.append(f"case {case}: {error}")

    def _send(self, case: int) -> None:
        """Press; what the person is told is what is stored by then."""
        self.pressed += 1
        self._open(f"/cases/{case}/approve_head/", {}, form=f"/cases/{case}/")
        state = TransferCase.objects.values_list("state", flat=True).get(pk=case)
        self.at_once += state == State.SENT
        self.kept += state == State.HEAD_APPROVED

    def _open(self, path: str, typed: dict[str, str], form: str = "") -> str:
        """Fill in the form of a page that leads to `path`, press, and follow where it leads."""
        page = self._read(self.site.address + (form or path))
        hidden = _form_of(page, path if form else "")
        data = urllib.parse.urlencode(hidden | typed).encode()
        return self._read(self.site.address + path, data)

    def _read(self, url: str, data: bytes | None = None) -> str:
        headers, begun = {"Referer": url, "Accept-Language": "fa"}, time.monotonic()
        try:
            with self.browser.open(urllib.request.Request(url, data, headers), timeout=AWAY) as answer:
                return str(answer.read().decode())
        finally:
            self.slowest = max(self.slowest, time.monotonic() - begun)


def _form_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action; of the first one that has a token, without."""
    for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL):
        if (f'action="{action}"' in form) if action else "csrfmiddlewaretoken" in form:
            found = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input\b[^>]*>", form)]
            return {tag["name"]: tag.get("value", "") for tag in found if tag.get("type") == "hidden"}
    raise OSError(f"no form for {action or 'the page'}")
