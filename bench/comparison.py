"""Server time and queries of the comparison of a big file, beside those of a small one in the same run.

    make demo SERVE=0 && .venv/bin/python -m bench.comparison

Both files are referred through the door by the demo's clerk and opened by its technical officer; at the end both
referrals are cancelled. Prints, each with half of the fields judged: the median of nine requests in milliseconds, how
much of it was work of this process (a busy machine makes the rest), the number of queries and the answer's size; of the
page, of one judgement, and of asking what colleagues did. Exits 1 when the big file's page takes 150 ms or more, or its
queries are not those of the small one's.
"""

import datetime as dt
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.pages import TIMES, _signed_in  # its import sets Django up
from branches.models import Branch, Decree, DecreeLine, Dependent, PensionFile, User
from branches.roles import Action
from transfers import exchange, workflow
from transfers.checklist import Checklist
from transfers.models import TransferCase

LIMIT_MS, BRANCH, LINES = 150, "0801", 5
MOVE = {"reason": "residence", "letter_number": "1/1", "letter_date": "1405/01/20", "note": "", "destination": "1001"}


# --- a file -------------------------------------------------------------------------------------------------


def national_code(number: int) -> str:
    """A valid code of the range that is believed to belong to nobody (990 and above)."""
    body = f"{990_000_000 + number % 10_000_000:09d}"
    rest = sum(int(digit) * (10 - i) for i, digit in enumerate(body)) % 11
    return body + str(rest if rest < 2 else 11 - rest)


def make_file(dependents: int, decrees: int) -> PensionFile:
    """A file of this size at the demo's branch, which pays it; numbered by the clock, so that each run has its own."""
    number = time.time_ns() // 1_000_000 % 10_000_000
    file = PensionFile.objects.create(
        branch_id=BRANCH, pension_number=f"79{number:08d}", kind="retirement", insurance_number=f"99{number:08d}",
        national_code=national_code(number), first_name="علی‌رضا", last_name="حسینی", father_name="محمد",
        birth_date=dt.date(1955, 5, 5), sex="male", established_on=dt.date(1985, 4, 21), mobile="09121234567",
        iban="IR950130000000123456789012", postal_code="1136934567", last_paid_month=140508, paper_pages=120,
    )  # fmt: skip
    for i in range(dependents):
        Dependent.objects.create(
            file=file, national_code=national_code(number + i + 1), first_name="زهرا", last_name="حسینی", sex="female",
            relationship="daughter", birth_date=dt.date(1990 + i, 6, 1), entitled_from=dt.date(2015, 4, 21),
        )  # fmt: skip
    for i in range(decrees):
        _make_decree(file, i)
    exchange.open_custody({file.pension_number: 139402}, BRANCH, "bench")
    return file


def _make_decree(file: PensionFile, i: int) -> None:
    day, amount = dt.date(1985 + i, 4, 21), 1_000_000 * (i + 1)
    decree = Decree.objects.create(
        file=file, number=f"{i + 1}/64", kind="annual_increase" if i else "establishing", issued_on=day,
        effective_on=day, issuing_branch=BRANCH, previous_number=f"{i}/64" if i else "",
        amount_before=1_000_000 * i, amount_after=amount,
    )  # fmt: skip
    DecreeLine.objects.bulk_create(
        DecreeLine(decree=decree, order=n + 1, title=f"مزایای {n + 1}", group="pension", amount=amount // LINES)
        for n in range(LINES)
    )


# --- measuring ----------------------------------------------------------------------------------------------


def _judge(case: TransferCase, path: str) -> None:
    officer = User.objects.get(username=f"officer-{BRANCH}")
    data = {"path": path, "verdict": "match"}
    workflow.perform(Action.JUDGE, case.pk, by=officer, command_id=uuid.uuid4(), data=data)


def judge_half(case: TransferCase) -> None:
    """Every other row of the list, as the officer would by «everything of this»."""
    groups = [group.path for part in Checklist(case).parts for group in part.groups if group.is_row]
    for path in groups[::2]:
        _judge(case, path)


def presses(client: Client, case: TransferCase) -> dict[str, Callable[[], Any]]:
    """What is measured."""
    address, piece = reverse("comparison", args=[case.pk]), {"HX-Request": "true"}
    stamp = Checklist(case).stamp

    def press() -> Any:
        data = {"command_id": str(uuid.uuid4()), "match": "|principal.father_name"}
        return client.post(address, data, headers=piece)

    return {
        "page": lambda: client.get(address),
        "judgement": press,
        "colleagues": lambda: client.get(reverse("comparison_marks", args=[case.pk]), {"stamp": stamp}),
    }


def measure(ask: Callable[[], Any]) -> tuple[float, float, int, int]:
    """Median milliseconds, those of work, queries, kilobytes."""
    ask()
    times, works = [], []
    for _time in range(TIMES):
        start, begun = time.perf_counter(), time.process_time()
        ask()
        times.append((time.perf_counter() - start) * 1000)
        works.append((time.process_time() - begun) * 1000)
    with CaptureQueriesContext(connections["default"]) as queries:
        answer = ask()
    assert answer.status_code in (200, 204), answer.status_code
    return statistics.median(times), statistics.median(works), len(queries), len(answer.content) // 1024


def main() -> int:
    clerk, found = User.objects.get(username=f"clerk-{BRANCH}"), {}
    for name, (dependents, decrees) in {"small": (1, 2), "big": (6, 40)}.items():
        case = workflow.open_case(make_file(dependents, decrees).pk, by=clerk, command_id=uuid.uuid4(), data=MOVE)
        judge_half(case)
        case = TransferCase.objects.get(pk=case.pk)
        print(f"{name}: {Checklist(case).total} fields, {Branch.objects.get(pk=BRANCH)}")
        for what, ask in presses(_signed_in(f"officer-{BRANCH}"), case).items():
            found[name, what] = ms, work, queries, size = measure(ask)
            print(f"  {what:10} {ms:7.1f} ms {work:7.1f} ms work {queries:3d} queries {size:5d} kB")
        data = {"reason": "bench"}
        workflow.perform(Action.CANCEL, case.pk, by=clerk, command_id=uuid.uuid4(), data=data)
    unequal = [what for name, what in found if found[name, what][2] != found["small", what][2]]
    return 1 if unequal or found["big", "page"][0] >= LIMIT_MS else 0


if __name__ == "__main__":
    sys.exit(main())
