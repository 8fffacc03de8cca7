"""Server time and queries of every page on the demo data, by the person who uses it.

    make demo SERVE=0 && .venv/bin/python -m bench.pages

Prints the median of nine requests in milliseconds, its ratio to the page that asks nothing of the database
(sign-in), and the number of queries. Exits 1 when a page takes over 100 ms or 18 queries.
"""

import os
import statistics
import sys
import time
from typing import Any

from pension_transfer import embedded

embedded.ensure()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pension_transfer.settings")

import django  # noqa: E402

django.setup()

from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from branches.models import PensionFile, User  # noqa: E402
from transfers.models import TransferCase  # noqa: E402

LIMIT_MS, LIMIT_QUERIES, TIMES = 100, 18, 9


def pages() -> list[tuple[str, str]]:
    """(username, address): every page a role opens in its day."""
    case = {
        (c.side, c.state, c.branch_id): c.pk
        for c in TransferCase.objects.filter(branch__in=["0801", "1001"], closed_at=None)
    }
    file = PensionFile.objects.filter(branch="0801", status="active").first()
    assert file
    at = ("origin", "technically_approved", "0801"), ("destination", "received", "1001")
    return [
        ("auditor", reverse("cartable")),
        ("clerk-0801", reverse("cartable")),
        ("officer-0801", reverse("cartable")),
        ("clerk-0801", reverse("file_list")),
        ("clerk-0801", reverse("file", args=[file.pk])),
        ("clerk-0801", reverse("refer", args=[file.pk])),
        ("officer-0801", reverse("case_list")),
        ("officer-0801", reverse("case", args=[case["origin", "draft", "0801"]])),
        ("head-0801", reverse("case", args=[case[at[0]]])),
        ("head-0801", reverse("send_list")),
        ("staff-1001", reverse("receive_list")),
        ("staff-1001", reverse("case", args=[case[at[1]]])),
        ("staff-1001", reverse("decrees", args=[case[at[1]]])),
        ("staff-1001", reverse("tracking")),
        ("officer-0801", reverse("payroll")),
        ("head-0801", reverse("payable_nowhere")),
        ("head-0801", reverse("import_list")),
        ("clerk-0801", reverse("help")),
    ]


def measure(client: Client, address: str) -> tuple[float, int]:
    """Median milliseconds and the number of queries."""
    client.get(address)
    times = [_timed(client, address) for _time in range(TIMES)]
    with CaptureQueriesContext(connections["default"]) as queries:
        answer: Any = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return statistics.median(times), len(queries)


def _signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def _timed(client: Client, address: str) -> float:
    start = time.perf_counter()
    client.get(address)
    return (time.perf_counter() - start) * 1000


def main() -> int:
    slow = 0
    floor, _none = measure(Client(), reverse("sign_in"))
    for username, address in pages():
        milliseconds, queries = measure(_signed_in(username), address)
        bad = milliseconds > LIMIT_MS or queries > LIMIT_QUERIES
        slow += bad
        measured = f"{milliseconds:7.1f} ms {milliseconds / floor:5.1f} x {queries:3d} queries"
        print(f"{measured}  {username:13} {address}{'  OVER' if bad else ''}")
    print(f"{slow} pages over {LIMIT_MS} ms or {LIMIT_QUERIES} queries")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
