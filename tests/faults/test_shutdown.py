"""The web server is told to stop while people work: what was begun is finished and answered, nothing more is taken."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.urls import reverse

from branches.roles import Action
from tests import oracle
from tests.browser.conftest import session_of
from tests.cast import Cast, Walk, make_file
from tests.pages import command
from tests.processes import center_url, database_url
from transfers import sync
from transfers.models import Command
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def server(transactional_db: None) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A real gunicorn with two workers on the test's databases, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {"DATABASE_URL": database_url("default"), "CENTRAL_DATABASE_URL": center_url()}
    env["DJANGO_SETTINGS_MODULE"] = "pension_transfer.settings"
    words = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    process = subprocess.Popen(words, env=env, cwd=settings.BASE_DIR)
    try:
        _wait_for(port)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


class Presser(threading.Thread):
    """Somebody who sends one case after the other until nobody answers; `answered` and `cut` count the presses."""

    def __init__(self, port: int, cookie: str, presses: list[tuple[str, dict[str, str]]]):
        super().__init__()
        self.port, self.cookie, self.presses = port, cookie, presses
        self.answered: list[tuple[int, str]] = []
        self.cut = 0

    def run(self) -> None:
        for url, form in self.presses:
            try:
                self.answered.append((self._press(url, form), form["command_id"]))
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException):
                self.cut += 1

    def _press(self, url: str, form: dict[str, str]) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        token = "t" * 32
        cookies = f"{settings.SESSION_COOKIE_NAME}={self.cookie}; {settings.CSRF_COOKIE_NAME}={token}"
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", url, urlencode(form | {"csrfmiddlewaretoken": token}), headers)
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status


def test_fault_42_told_to_stop_it_finishes_what_it_has(cast: Cast, server: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = server
    walks = [Walk(cast, make_file(cast.origin, number)) for number in range(1, 17)]
    presses = [_sending(walk) for walk in walks]
    cookie = session_of(walks[0].head)
    people = [Presser(port, cookie, presses[i::4]) for i in range(4)]
    for person in people:
        person.start()
    while sum(len(person.answered) for person in people) < 3:
        time.sleep(0.01)
    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0 and time.monotonic() - told < 20
    for person in people:
        person.join(10)
    answered = [one for person in people for one in person.answered]
    assert {status for status, _key in answered} == {302} and 3 <= len(answered) < len(presses)
    assert Command.objects.filter(pk__in=[key for _status, key in answered]).count() == len(answered)
    sync.sync()
    assert oracle.problems() + oracle.unfinished() == []


def _sending(walk: Walk) -> tuple[str, dict[str, str]]:
    case = walk.to(State.TECHNICALLY_APPROVED)
    form = command(seen=str(case.trail_length), content_hash=case.content_hash)
    return reverse("case_step", args=[case.pk, Action.APPROVE_HEAD]), form
