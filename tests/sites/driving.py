"""Two sites driven from outside, as browsers and programs do: over HTTP, signed in, through the API."""

import http.cookiejar
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from deploy.sites.run import Country, Site
from tests.cast import PAPER
from tests.scans import pdf
from transfers.snapshot import SECTIONS

PASSWORD = "mostamari-1405"
PATIENCE = 90  # seconds for what comes by itself, on a busy machine
READY = """
from branches.models import Branch, PensionFile
from transfers.demo.story import Story, files_ready
for file, _n in zip(files_ready({origin!r}), range({count})):
    told = Story(file, Branch.objects.get(pk={destination!r}))
    told._pay_until_now()
    print(file.pk, file.pension_number, PensionFile.objects.get(pk=file.pk).last_paid_month)
"""


class Refused(Exception):
    """The API's answer, when it is a refusal."""


class Person:
    """Somebody at a browser of one site."""

    def __init__(self, site: Site, username: str):
        self.at = f"http://127.0.0.1:{site.port}"
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.opener.open(f"{self.at}/sign-in/").read()
        given = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": self._token()}
        self.opener.open(f"{self.at}/sign-in/", urllib.parse.urlencode(given).encode()).read()

    def _token(self) -> str:
        return next(str(cookie.value) for cookie in self.cookies if cookie.name == "csrftoken")

    def page(self, path: str) -> str:
        return str(self.opener.open(f"{self.at}{path}").read().decode())

    def get(self, path: str) -> Any:
        return json.loads(self.page(f"/api/{path}"))

    def post(self, path: str, **given: Any) -> Any:
        return self._send(path, json.dumps(given | {"command_id": str(uuid.uuid4())}).encode(), "application/json")

    def _send(self, path: str, body: bytes, kind: str) -> Any:
        headers = {"Content-Type": kind, "X-CSRFToken": self._token(), "Referer": self.at}
        try:
            return json.load(self.opener.open(urllib.request.Request(f"{self.at}/api/{path}", body, headers)))
        except urllib.error.HTTPError as answer:
            raise Refused(f"{answer.code} {answer.read().decode()}") from answer

    def press(self, action: str, case: Any, **data: Any) -> Any:
        """One step; the case as it then is."""
        return self.post(f"cases/{case['id']}/steps/{action}/", data=data)

    def upload(self, action: str, case: Any, content: bytes, **data: Any) -> Any:
        """A step with a scan."""
        given = data | {"command_id": str(uuid.uuid4())}
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in given.items()]
        named = b'name="scans"; filename="scan.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        line = uuid.uuid4().hex
        body = b"".join(
            f"--{line}\r\nContent-Disposition: form-data; ".encode() + part + b"\r\n"
            for part in [*parts, named + content]
        )
        path = f"cases/{case['id']}/steps/{action}/"
        return self._send(path, body + f"--{line}--\r\n".encode(), f"multipart/form-data; boundary={line}")

    def case(self, case: Any) -> Any:
        return self.get(f"cases/{case['id']}/")


def until(question: Callable[[], Any]) -> Any:
    """The answer, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.5)
    return answer


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Move:
    """One move between two branches, wherever they are served, pressed by the people of both."""

    def __init__(self, country: Country, file: str, origin: str, destination: str):
        self.pk, self.number, self.month = file.split()
        here, there = (next(s for s in country.sites.values() if c in s.branches) for c in (origin, destination))
        self.destination = destination
        self.clerk, self.officer, self.head = (Person(here, f"{n}-{origin}") for n in ("clerk", "officer", "head"))
        self.staff, self.activator = (Person(there, f"{n}-{destination}") for n in ("staff", "officer"))

    def refer(self) -> None:
        given = {
            "destination": self.destination, "reason": "residence", "letter_number": "۱۲", "letter_date": "1405/01/20",
        }  # fmt: skip
        self.case = self.clerk.post("cases/", pension_file=int(self.pk), data=given)

    def attach(self) -> None:
        self.clerk.upload("attach", self.case, pdf(mark=self.number), path="")
        self.case = self.clerk.case(self.case)

    def send(self) -> None:
        for section in SECTIONS:
            self.officer.press("judge", self.case, path=section, verdict="match")
        self.officer.press("approve_technical", self.case, last_paid_month=self.month)
        self.case = self.head.press("approve_head", self.case)

    def receive(self) -> None:
        waits = until(self._waiting)[0]
        self.copy = self.staff.post(f"waiting/{waits['id']}/receive/", branch=waits["destination"])

    def _waiting(self) -> list[Any]:
        number = self.case["tracking_number"]
        return [row for row in self.staff.get("waiting/") if row["tracking_number"] == number]

    def compare(self) -> None:
        self.staff.press("show_decrees", self.copy)
        self.staff.press("record_paper", self.copy, **PAPER | {"paper_arrived_on": "1405/01/25"})
        for section in SECTIONS:
            self.staff.press("judge", self.copy, path=section, verdict="match")

    def finish(self) -> None:
        """Verified and registered as soon as the attachments are here, then active."""
        until(lambda: all(row["url"] for row in self.staff.case(self.copy)["attachments"]))
        self.staff.press("verify", self.copy)
        self.staff.press("register", self.copy)
        owed = self.activator.case(self.copy).get("arrears_months") or 0
        self.copy = self.activator.press("activate", self.copy, **({"arrears_months": owed} if owed else {}))

    def is_over(self) -> bool:
        return bool(self.clerk.case(self.case)["closed_at"])

    def carry(self) -> "Move":
        """From the referral to the pension's first month at the destination."""
        for step in (self.refer, self.send, self.receive, self.compare, self.finish):
            step()
        until(self.is_over)
        return self


def ready(site: Site, origin: str, destination: str, count: int) -> list[str]:
    """So many complete files, their payrolls recorded until now: id, pension number, last paid month."""
    told = site.manage("shell", "-v0", "-c", READY.format(origin=origin, destination=destination, count=count))
    rows = told.strip().splitlines()
    assert len(rows) == count, told
    return rows
