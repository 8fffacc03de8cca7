"""How fast, and in how much memory, an export of the old system is taken in.

    python bench/import_files.py [FILES]        10,000 pension files unless told; 100,000 are 2 million rows

Prints files and rows per second, the import's peak memory and, from the same run, the ratio to the floor: PostgreSQL's
COPY of the same rows into tables of the same columns without a rule or an index.
"""

import contextlib
import csv
import datetime as dt
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from pension_transfer import embedded  # noqa: E402

BRANCH = "0801"
DECREES, LINES = 4, 3
NAMES = ["علی‌رضا", "محمد", "زهرا", "حسین", "فاطمه", "مریم", "رضا", "کبری"]
SURNAMES = ["حسینی", "اکبری", "موسوی", "ملک‌زاده", "رحمانی", "سلیمانی", "نجار", "ستاری"]
HEADERS = {
    "files": "pension_number kind insurance_number national_code first_name last_name father_name birth_date sex "
    "id_number death_date established_on status iban mobile postal_code address last_paid_month service_main_days "
    "service_bonus_days paper_pages",
    "dependents": "pension_number national_code first_name last_name father_name birth_date sex relationship "
    "share_percent entitlement_basis entitled_from entitled_until iban",
    "decrees": "pension_number decree_number kind issued_on effective_on issuing_branch previous_decree_number "
    "amount_before amount_after description",
    "decree_lines": "pension_number decree_number order title group amount",
    "deductions": "pension_number kind creditor monthly_amount remaining_amount ends_on",
}
Rows = Iterator[tuple[str, list[Any]]]


# --- an export ----------------------------------------------------------------------------------------


def national_code(number: int) -> str:
    """A valid code of the range that is believed to belong to nobody (990 and above)."""
    body = f"{990_000_000 + number % 10_000_000:09d}"
    rest = sum(int(digit) * (10 - i) for i, digit in enumerate(body)) % 11
    return body + str(rest if rest < 2 else 11 - rest)


def iban(number: int) -> str:
    body = f"013{number:019d}"
    return f"IR{98 - int(body + '182700') % 97:02d}{body}"


def day(pick: random.Random, first: int, last: int) -> str:
    return f"{pick.randint(first, last)}/{pick.randint(1, 12):02d}/{pick.randint(1, 29):02d}"


def rows_of(index: int, pick: random.Random) -> Rows:
    """The rows of one retired person's file: spouse, child, four decrees of three lines, sometimes a loan."""
    number, code = f"70{index:08d}", 3 * index
    person = [pick.choice(NAMES), pick.choice(SURNAMES), pick.choice(NAMES)]
    year = pick.randint(1385, 1400)
    start = f"{year}/02/01"
    yield "files", [
        number, "بازنشستگی", f"00{index:08d}", national_code(code), *person, day(pick, 1320, 1340), "مرد",
        index % 90_000 + 1, "", start, "فعال", iban(index), f"0912{index % 10_000_000:07d}",
        f"11369{index % 100_000:05d}", f"خیابان ولی‌عصر، کوچه {index}، پلاک {index % 300}", "1405/08",
        pick.randint(4000, 12000), 0, pick.randint(30, 300),
    ]  # fmt: skip
    for i, (sex, relationship) in enumerate([("زن", "همسر"), ("زن", "فرزند اناث")], 1):
        names = [pick.choice(NAMES), pick.choice(SURNAMES), pick.choice(NAMES)]
        born = day(pick, 1345, 1390)
        yield "dependents", [number, national_code(code + i), *names, born, sex, relationship, "", "", start, "", ""]
    previous, amount = "", 9_000_000 + index
    for i in range(DECREES):
        decree, after = f"{BRANCH}/{year + i}/{index:06d}", amount + 1_000_000 * i
        kind = "افزایش سالانه" if i else "برقراری"
        dates = [f"{year + i}/02/20", f"{year + i}/02/01"]
        yield "decrees", [number, decree, kind, *dates, BRANCH, previous, amount if i else 0, after, "مطابق ماده ۹۶"]
        for order, (title, group) in enumerate([("مستمری", "مستمری"), ("حق مسکن", "مزایا"), ("کمک معیشت", "مزایا")], 1):
            yield "decree_lines", [number, decree, order, title, group, after // order]
        previous, amount = decree, after
    if index % 3:
        yield "deductions", [number, "قسط وام", "بانک رفاه کارگران", 12_500_000, 150_000_000, "1407/06/31"]


def generate(folder: Path, files: int) -> int:
    """Write an export of `files` pension files; the number of its rows."""
    pick, count = random.Random(1405), 0
    with contextlib.ExitStack() as stack:
        writers = {}
        for name, header in HEADERS.items():
            file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            writers[name] = csv.writer(file)
            writers[name].writerow(header.split())
        for index in range(files):
            for name, row in rows_of(index, pick):
                writers[name].writerow(row)
                count += 1
    return count


# --- the two ways in ----------------------------------------------------------------------------------


def copy_raw(url: str, folder: Path) -> float:
    """Seconds of PostgreSQL's COPY of the same files."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for name, header in HEADERS.items():
            columns = ", ".join(f'"{column}" text' for column in header.split())
            cursor.execute(f"CREATE TABLE raw_{name} ({columns})")
        connection.commit()
        began = time.perf_counter()
        for name in HEADERS:
            with (folder / f"{name}.csv").open("rb") as file:
                cursor.copy_expert(f"COPY raw_{name} FROM STDIN WITH (FORMAT csv, HEADER)", file)
        connection.commit()
        return time.perf_counter() - began


def manage(url: str, *words: str) -> str:
    command = [sys.executable, str(PROJECT / "manage.py"), *words]
    env = os.environ | {"DATABASE_URL": url}
    return subprocess.run(command, cwd=PROJECT, env=env, stdout=subprocess.PIPE, check=True).stdout.decode()


def take_in(url: str, folder: Path) -> tuple[float, float]:
    """Seconds of an import, and the peak memory of any command so far, in megabytes."""
    began = time.perf_counter()
    manage(url, "import_pension_files", str(folder), "--branch", BRANCH)
    seconds = time.perf_counter() - began
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def drop(url: str) -> None:
    import psycopg2

    parts = urlsplit(url)
    with contextlib.closing(psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))) as connection:
        connection.autocommit = True
        connection.cursor().execute(f'DROP DATABASE IF EXISTS "{parts.path[1:]}" WITH (FORCE)')


def main(files: int) -> None:
    embedded.ensure()
    url = embedded.database_url(f"bench_import_{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory() as name:
            rows = generate(Path(name), files)
            manage(url, "migrate", "--verbosity", "0")
            manage(url, "load_organization")
            raw = copy_raw(url, Path(name))
            first, peak = take_in(url, Path(name))
            again, peak = take_in(url, Path(name))
    finally:
        drop(url)
    figures = {
        "at": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "pension_files": files,
        "rows": rows,
        "import_seconds": round(first, 1),
        "files_per_second": round(files / first),
        "rows_per_second": round(rows / first),
        "again_seconds": round(again, 1),
        "peak_megabytes": round(peak),
        "raw_copy_seconds": round(raw, 2),
        "times_raw_copy": round(first / raw, 1),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 10_000)
