"""How long the search box takes over the files of the whole country, as a signed-in person's request asks.

    python -m bench.search              200,000 files; SEARCH_FILES=4000000 for the whole country

Works in a database of its own, filled by COPY: one branch with every seventieth file, the others alike, a move for
every eighth file. Prints p50 and p95 in milliseconds of what server and database work for the list that comes while
typing (POST /search/, behind row security where the account may take the role), by who asks and what, and of the same
address asked nothing: time of the processor, so that a busy machine tells the same. Exits 1 when a p95 is over 50 ms.
"""

import contextlib
import io
import os
import random
import sys
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from bench.import_files import drop, manage, national_code
from pension_transfer import embedded

FILES = int(os.environ.get("SEARCH_FILES", "200000").replace(",", ""))
LARGE, MOVES, TIMES, LIMIT = 70, 8, 40, 50  # files for one of the large branch, for a move; askings; milliseconds
FIRST, ROOTS = (
    text.split()
    for text in (
        "علی محمد حسین رضا علی‌رضا محمدرضا غلامرضا مهدی حسن احمد زهرا فاطمه مریم سکینه صدیقه معصومه طاهره کبری",
        "حسینی محمدی احمدی رضایی کریمی موسوی جعفری صادقی رحیمی کاظمی قاسمی اکبری نوری عباسی مرادی شریفی ملکی",
    )
)
ENDS = ["", "", "", "‌پور", "‌زاده", "‌نژاد", " اصل", "‌فر", " تهرانی", " شیرازی", " تبریزی", "‌خواه", "‌نیا"]
LAST = [f"{root}{end}" for root in (*ROOTS, *(a + b for a in ROOTS for b in ROOTS)) for end in ENDS]
Rows = Iterator[dict[str, Any]]


# --- a country ----------------------------------------------------------------------------------------------


def file_rows(codes: list[str]) -> Rows:
    """Some 3,000 last names, the common ones far commoner."""
    pick, likely = random.Random(1405), [1 / (rank + 5) for rank in range(len(LAST))]
    for start in range(0, FILES, 10_000):
        size = min(10_000, FILES - start)
        drawn = zip(pick.choices(FIRST, k=size), pick.choices(LAST, likely, k=size), strict=True)
        for n, (first, last) in enumerate(drawn, start):
            yield {
                "id": n + 1, "branch": codes[0] if n % LARGE == 0 else codes[n % len(codes)], "first_name": first,
                "last_name": last, "sort_key": f"{last} {first}", "pension_number": f"{n * 7919 % 10**7:07d}000",
                "national_code": national_code(n * 7919), "insurance_number": f"00{n:08d}", "birth_year": 1334,
                "sex": "male", "kind": "retirement", "established_on": "2015-04-21",
            }  # fmt: skip


def move_rows(codes: list[str]) -> Rows:
    """Moves that are over, to the last branch."""
    for row in islice(file_rows(codes[:-1]), 0, None, MOVES):
        yield {
            "pension_file": row["id"], "pension_number": row["pension_number"], "national_code": row["national_code"],
            "person_name": f"{row['first_name']} {row['last_name']}", "branch": row["branch"], "side": "origin",
            "origin": row["branch"], "destination": codes[-1], "tracking_number": f"{row['id']:013d}",
            "letter_number": f"{row['id']}/5", "state": "cancelled", "turn": "nobody", "closed_at": "2026-01-01 12:00Z",
            "opened_at": "2026-01-01 12:00Z",
        }  # fmt: skip


def fill(model: Any, rows: Rows) -> None:
    """COPY; columns that a row does not name hold the model's defaults. Indexes are built afterwards."""
    from django.db import connection

    given, fields = next(rows), [field for field in model._meta.concrete_fields if not field.generated]
    fields, rows = [field for field in fields if field.name in given or not field.primary_key], chain([given], rows)
    columns, table = ", ".join(f'"{field.column}"' for field in fields), model._meta.db_table
    lines = ("\t".join(_copied(field, row) for field in fields) + "\n" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(f"SET session_replication_role = replica; ALTER TABLE {table} DISABLE TRIGGER USER")
        indexes = _without_indexes(cursor, table)
        while chunk := "".join(islice(lines, 50_000)):
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", io.StringIO(chunk))
        cursor.execute("SET maintenance_work_mem = '512MB'; " + "; ".join(indexes))
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER; RESET session_replication_role")
        cursor.execute(f"VACUUM ANALYZE {table}")


def _copied(field: Any, row: dict[str, Any]) -> str:
    value = row.get(field.name, field.get_default())
    if value in ([], {}):
        return "[]"
    return "\\N" if value is None else str(value)


def _without_indexes(cursor: Any, table: str) -> list[str]:
    """Drop the indexes that are no constraint's; the statements that build them again."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid WHERE i.indrelid = %s::regclass AND c.oid IS NULL",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in indexes]


# --- questions ----------------------------------------------------------------------------------------------


def misspelt(word: str) -> str:
    return word[: len(word) // 2] + "ژ" + word[len(word) // 2 + 1 :]


def questions(rows: Any) -> dict[str, list[str]]:
    """By kind, what is asked about files that the person may see."""
    files = [file for file, _n in zip(rows, range(TIMES), strict=False)]
    return {
        "nothing": [""] * TIMES,
        "whole name": [f"{file.first_name} {file.last_name}" for file in files],
        "last name": [file.last_name for file in files],
        "beginning": [file.last_name[:3] for file in files],
        "commonest name": ["محمد"] * TIMES,
        "misspelt name": [f"{file.first_name} {misspelt(file.last_name)}" for file in files],
        "misspelt last": [misspelt(file.last_name) for file in files],
        "nobody": ["ژیژژیژ پچپچ"] * TIMES,
        "national code": [file.national_code for file in files],
        "part of it": [file.national_code[:6] for file in files],
        "pension number": [file.pension_number for file in files],
        "letter number": [f"{file.pk}/5" for file in files],
    }


def measure(person: Any) -> bool:
    """Print how long each kind takes this person; whether all are quick enough."""
    from django.test import Client

    from branches.models import PensionFile

    client, good = Client(), True
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    for query in ("", "محمد", "علی", "حسن"):  # what is loaded once, by whoever asks first
        _timed(client, query)
    rows = PensionFile.objects.visible_to(person).filter(pk__gte=FILES // 3).order_by("pk")[:TIMES]
    for kind, asked in questions(list(rows)).items():
        times = sorted(_timed(client, query) for query in asked)
        middle, most = times[len(times) // 2], times[int(len(times) * 0.95)]
        good &= most <= LIMIT
        over = "OVER" if most > LIMIT else ""
        print(f"{middle:7.1f} {most:7.1f} {over:4} {person.username:9} {kind}", flush=True)
    return good


def _timed(client: Any, query: str) -> float:
    start = _worked()
    answer = client.post("/search/", {"q": query}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return (_worked() - start) * 1000


def _worked() -> float:
    """Seconds that this process and its PostgreSQL backend have worked; on other systems than Linux, the clock."""
    from django.db import connection

    connection.ensure_connection()
    work = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    if not os.access(work, os.R_OK):
        return time.perf_counter()
    return time.process_time() + int(work.read_text().split()[0]) / 1e9


def people(codes: list[str]) -> list[Any]:
    """A clerk of an ordinary branch and of the largest, a province's supervisor, the country's auditor."""
    from branches.models import Appointment, Branch, User
    from branches.roles import Role

    branch = Branch.objects.get(pk=codes[100])
    posts: dict[str, tuple[str, dict[str, Any]]] = {
        "clerk": (Role.CLERK, {"branch": branch}),
        "large": (Role.CLERK, {"branch_id": codes[0]}),
        "province": (Role.PROVINCE_SUPERVISOR, {"administration": branch.administration}),
        "country": (Role.AUDITOR, {}),
    }
    for name, (role, where) in posts.items():
        Appointment.objects.create(user=User.objects.create(username=name), role=role, since="2020-01-01", **where)
    return list(User.objects.filter(username__in=posts).order_by("pk"))


def measured() -> bool:
    import django

    django.setup()
    from django.conf import settings

    from branches.models import Branch, PensionFile
    from transfers.models import TransferCase

    settings.ALLOWED_HOSTS = ["testserver"]
    codes, began = list(Branch.objects.order_by("code").values_list("code", flat=True)), time.perf_counter()
    fill(PensionFile, file_rows(codes))
    fill(TransferCase, move_rows(codes))
    print(f"{FILES:,} files in {len(codes)} branches, filled in {time.perf_counter() - began:.0f} s")
    print("    p50     p95 ms of work")
    quick = [measure(person) for person in people(codes)]
    return all(quick)


def main() -> int:
    embedded.ensure()
    url = embedded.database_url(f"bench_search_{os.getpid()}")
    os.environ |= {
        "DATABASE_URL": url,
        "CENTRAL_DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "pension_transfer.settings",
    }
    try:
        manage(url, "migrate_all", "--verbosity", "0")
        manage(url, "load_organization")
        return int(not measured())
    finally:
        with contextlib.suppress(ImportError):
            from django.db import connections

            connections.close_all()
        drop(url)


if __name__ == "__main__":
    sys.exit(main())
