"""How long the payroll of a large branch takes: the answer for every pension, the list as a file, the run itself.

    python -m bench.payroll [FILES]        60,000 pension files unless told

Works in a database of its own, with custody of every file at the branch. Prints the seconds of the bulk question
through the API and of the list as CSV and, from the same run, of a plain SELECT of the same rows.
"""

import contextlib
import datetime as dt
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from bench.import_files import BRANCH, drop, iban, manage, national_code  # noqa: E402
from pension_transfer import embedded  # noqa: E402

PLAIN = """
SELECT f.pension_number, f.first_name, f.last_name, f.national_code, f.iban, f.status, f.last_paid_month
FROM branches_pensionfile f WHERE f.branch_id = %s ORDER BY f.pension_number
"""
LIMIT = 10  # seconds for the bulk question


def seed(files: int) -> Any:
    """`files` active pension files of the branch, their custody, and an officer; the branch."""
    from django.db import connection

    from branches.models import Appointment, Branch, PensionFile, User
    from branches.roles import Role
    from pension_transfer.lib.months import Month
    from transfers import exchange

    branch, paid = Branch.objects.get(pk=BRANCH), Month.of(dt.date.today()) - 1
    exchange.publish_directory()
    rows = [
        PensionFile(
            branch=branch, pension_number=f"70{n:08d}", kind="retirement", insurance_number=f"00{n:08d}",
            national_code=national_code(n), first_name="علی‌رضا", last_name="حسینی", birth_year=1334, sex="male",
            established_on=dt.date(2015, 4, 21), iban=iban(n), last_paid_month=paid,
        )
        for n in range(files)
    ]  # fmt: skip
    PensionFile.objects.bulk_create(rows, batch_size=5000)
    for i in range(0, files, 5000):
        exchange.open_custody({row.pension_number: 139402 for row in rows[i : i + 5000]}, branch.pk, "import")
    officer = User.objects.create(username="officer")
    Appointment.objects.create(user=officer, role=Role.TECHNICAL_OFFICER, branch=branch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does where files do not come all at once
    return branch


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def measured(branch: Any) -> dict[str, float]:
    """Seconds of each way to ask; the run comes last, because it changes what is asked."""
    from django.db import connection
    from django.test import Client

    from branches.models import User
    from pension_transfer.lib.months import Month
    from transfers import claims, payroll
    from transfers.payroll_list import Tally, write_csv_file

    client, month, officer = Client(), Month.of(dt.date.today()), User.objects.get(username="officer")
    client.force_login(officer, "django.contrib.auth.backends.ModelBackend")
    with connection.cursor() as cursor:
        plain, rows = timed(lambda: cursor.execute(PLAIN, [branch.pk]) or cursor.fetchall())
    body = {"branch": branch.pk, "month": int(month)}
    named = json.dumps(body | {"pension_numbers": [row[0] for row in rows][:60_000]})
    bulk, answer = timed(lambda: client.post("/api/payment/bulk/", named, "application/json"))
    assert sum(row["payable"] for row in answer.json()["payments"]) == min(len(rows), 60_000)
    whole, _answer = timed(lambda: client.post("/api/payment/bulk/", body, "application/json"))
    with tempfile.TemporaryDirectory() as folder:
        path, tally = Path(folder) / "list.csv", Tally()
        csv, _none = timed(lambda: write_csv_file(path, tally, payroll.lines(branch.pk, month)))
    page, _page = timed(lambda: client.get("/payroll/", {"group": "left"}))
    claimed, none = timed(claims.claim_missing)
    assert none == 0
    run, paid = timed(lambda: payroll.pay(branch, month, officer, uuid.uuid4()).paid)
    assert paid == len(rows) == tally.payable
    return {
        "plain_select": plain, "bulk": bulk, "bulk_whole_branch": whole, "list_csv": csv, "page": page,
        "claims": claimed, "run": run,
    }  # fmt: skip


def main(files: int) -> int:
    embedded.ensure()
    url = embedded.database_url(f"bench_payroll_{os.getpid()}")
    os.environ |= {
        "DATABASE_URL": url,
        "CENTRAL_DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "pension_transfer.settings",
    }
    try:
        manage(url, "migrate", "--verbosity", "0")
        manage(url, "load_organization")
        import django

        django.setup()
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["testserver"]
        seconds = measured(seed(files))
    finally:
        with contextlib.suppress(ImportError):
            from django.db import connections

            connections.close_all()
        drop(url)
    figures = {"at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"), "pension_files": files}
    figures |= {f"{name}_seconds": round(value, 2) for name, value in seconds.items()}
    figures["times_plain_select"] = round(seconds["bulk"] / seconds["plain_select"], 1)
    print(json.dumps(figures, indent=1))
    return int(seconds["bulk"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 60_000))
