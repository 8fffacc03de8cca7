"""People who press over HTTP: each branch works on what is its turn, and repeats a press whose outcome is unknown."""

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any

from tests.soak.ground import PASSWORD

PATIENCE = 40  # seconds for one answer: gunicorn ends a worker after thirty
LOST = (urllib.error.URLError, http.client.HTTPException, OSError)
AGAIN = {None, 502, 503}  # nothing is known, or «please wait»
ROLES = ("clerk", "technical_officer", "branch_head", "destination_staff")
REFERRAL = {"reason": "residence", "letter_number": "1234/5", "letter_date": "1405/08/20", "note": ""}


@dataclass
class Heard:
    """What was answered, to everybody together."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    acknowledged: dict[str, list[str]] = field(default_factory=lambda: {"north": [], "south": []})

    def note(self, path: str, status: int | None, body: str) -> None:
        self.statuses[str(status or "no answer")] += 1
        if status and status >= 500 and status != 503:
            self.faults.append(f"{status} at {path}: {body[:300]}")


class Person:
    """Somebody with a session at a site."""

    def __init__(self, address: str, name: str, heard: Heard) -> None:
        self.address, self.name, self.heard, self.jar = address, name, heard, CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.is_in = False

    def ask(self, path: str, body: bytes | None = None, kind: str = "") -> tuple[int | None, Any]:
        """Status and answer; None when the line was cut before there was one."""
        request = urllib.request.Request(self.address + path, body)
        request.add_header("X-CSRFToken", next((c.value or "" for c in self.jar if c.name == "csrftoken"), ""))
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with self.opener.open(request, timeout=PATIENCE) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        except LOST:
            status, text = None, ""
        self.heard.note(path, status, text)
        return status, json.loads(text) if text.startswith(("{", "[")) else text

    def sign_in(self) -> bool:
        form = urllib.parse.urlencode({"username": self.name, "password": PASSWORD}).encode()
        if not self.is_in and self.ask("/sign-in/")[0] == 200:
            status, _page = self.ask("/sign-in/", form)
            self.is_in = status == 200 and any(cookie.name == "sessionid" for cookie in self.jar)
        return self.is_in

    def look(self, path: str) -> Any:
        """What is to be read there; nothing when there was no answer."""
        status, found = self.ask(path) if self.sign_in() else (None, None)
        return found if status == 200 else None

    def press(self, path: str, **body: Any) -> tuple[int | None, str]:
        """A command, repeated until its outcome is known; its status and its key."""
        key, status = str(uuid.uuid4()), None
        for times in range(12):
            if self.sign_in():
                status, _answer = self.ask(path, json.dumps(body | {"command_id": key}).encode(), "application/json")
            if status not in AGAIN:
                break
            time.sleep(min(3, 0.3 * 2**times))
        return status, key


class Office(threading.Thread):
    """The people of a branch, one press after the other."""

    def __init__(self, site: str, address: str, branch: str, others: list[str], heard: Heard, pace: float) -> None:
        super().__init__(name=branch, daemon=True)
        self.site, self.branch, self.others, self.heard, self.pace = site, branch, others, heard, pace
        self.people = {role: Person(address, f"{role}_{branch}", heard) for role in ROLES}
        self.random = random.Random(branch)
        self.stopped, self.is_closing, self.steps = threading.Event(), False, 0

    def run(self) -> None:
        while not self.stopped.wait(self.pace * self.random.random()):
            try:
                self._work()
            except Exception as error:  # an answer that nobody expects is a fault, and the work goes on
                self.heard.faults.append(f"{self.branch}: {error!r}")

    def press(self, role: str, case: Any, action: str, **data: Any) -> bool:
        status, key = self.people[role].press(f"/api/cases/{case['id']}/steps/{action}/", data=data)
        return self._note(status, key)

    def _note(self, status: int | None, key: str) -> bool:
        is_done = status in (200, 201)
        if is_done:
            self.heard.acknowledged[self.site].append(key)
            self.steps += 1
        return is_done

    def _work(self) -> None:
        chance = self.random.random()
        if chance < 0.12 and not self.is_closing:
            self._refer()
        elif chance < 0.3:
            self._receive()
        else:
            self._go_on()

    def _refer(self) -> None:
        page = self.people["clerk"].look("/api/files/") or {"results": []}
        files = [f for f in page["results"] if f["status"] == "active" and not f["is_frozen"]]
        if files:
            file, to = self.random.choice(files), self.random.choice(self.others)
            data = REFERRAL | {"destination": to}
            self._note(*self.people["clerk"].press("/api/cases/", pension_file=file["id"], data=data))

    def _receive(self) -> None:
        """An answer only says that it is here: whoever began to receive it has the command."""
        for row in (self.people["destination_staff"].look("/api/waiting/") or [])[:2]:
            self.people["destination_staff"].press(f"/api/waiting/{row['id']}/receive/", branch=self.branch)

    def _go_on(self) -> None:
        page = self.people["technical_officer"].look("/api/cases/") or {"results": []}
        cases = [c for c in page["results"] if not c["closed_at"] and (c["side"], c["state"]) in WAYS]
        if cases:
            case = self.random.choice(cases)
            WAYS[case["side"], case["state"]](self, case)

    # --- what a case's turn asks for

    def _assemble(self, case: Any) -> None:
        self.press("clerk", case, "assemble")

    def _approve(self, case: Any) -> None:
        if whole := self.people["technical_officer"].look(f"/api/cases/{case['id']}/"):
            self._judge_all("technical_officer", whole)
            month = whole["content"]["last_pay_certificate"]["last_paid_month"]
            if not self.press("technical_officer", case, "approve_technical", last_paid_month=str(month)):
                self.press("clerk", case, "assemble")

    def _judge_all(self, role: str, case: Any) -> None:
        for section in SECTIONS:
            self.press(role, case, "judge", path=section, verdict="match")

    def _send(self, case: Any) -> None:
        self.press("branch_head", case, "approve_head")

    def _recall(self, case: Any) -> None:
        if self.random.random() < 0.05:
            self.press("branch_head", case, "recall", reason="بازپس‌گیری")

    def _answer(self, case: Any) -> None:
        whole = self.people["technical_officer"].look(f"/api/cases/{case['id']}/") or {"questions": []}
        for question in whole["questions"]:
            if not question["closed_at"] and not question["answered_at"]:
                self.press("technical_officer", case, "answer_question", question=question["key"], text="درست است")

    def _reopen(self, case: Any) -> None:
        if self.random.random() < 0.2:
            self.press("branch_head", case, "cancel", reason="منصرف شد")
        else:
            self.press("clerk", case, "reopen")

    def _compare(self, case: Any) -> None:
        chance = self.random.random()
        if chance < 0.1:
            self.press("destination_staff", case, "judge", **DIFFERS)
            self.press("destination_staff", case, "return_to_origin")
        elif chance < 0.2:
            self.press("destination_staff", case, "ask_question", **ASKED)
        else:
            self._verify(case)

    def _verify(self, case: Any) -> None:
        whole = self.people["destination_staff"].look(f"/api/cases/{case['id']}/")
        if not whole:
            return
        for question in whole["questions"]:
            if not question["closed_at"]:
                self.press("destination_staff", case, "close_question", question=question["key"])
        self.press("destination_staff", case, "show_decrees")
        if not any(event["action"] == "record_paper" for event in whole["events"]):
            self.press("destination_staff", case, "record_paper", **PAPER)
        self._judge_all("destination_staff", case)
        self.press("destination_staff", case, "verify")

    def _register(self, case: Any) -> None:
        self.press("destination_staff", case, "register")

    def _activate(self, case: Any) -> None:
        if whole := self.people["technical_officer"].look(f"/api/cases/{case['id']}/"):
            owed = whole["arrears"]
            data = {"arrears_months": owed["count"]} if owed else {}
            self.press("technical_officer", case, "activate", **data)


SECTIONS = ("principal", "contact", "dependents", "decrees", "deductions", "last_pay_certificate")
PAPER = {
    "paper_arrived_on": "1405/08/25", "paper_letter_number": "77/1", "paper_pages": "120", "paper_condition": "good",
}  # fmt: skip
DIFFERS = {
    "path": "principal.father_name", "verdict": "differs", "paper_value": "غلام", "code": "different_value",
    "severity": "must_be_corrected", "note": "",
}  # fmt: skip
ASKED = {"path": "principal.birth_date", "text": "تاریخ تولد خوانا نیست؛ کدام است؟", "due_on": "1450/01/05"}
WAYS: dict[tuple[str, str], Any] = {
    ("origin", "referral"): Office._assemble,
    ("origin", "draft"): Office._approve,
    ("origin", "technically_approved"): Office._send,
    ("origin", "sent"): Office._recall,
    ("origin", "received"): Office._answer,
    ("origin", "verified"): Office._answer,
    ("origin", "returned"): Office._reopen,
    ("destination", "received"): Office._compare,
    ("destination", "verified"): Office._register,
    ("destination", "registered"): Office._activate,
}
