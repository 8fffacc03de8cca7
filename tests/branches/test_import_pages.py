"""The pages of an import, with its real background process; who sees them; and what a kill -9 leaves."""

import datetime as dt
import os
import signal
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from branches.intake import batches
from branches.models import CustodyRequest, Decree, DecreeLine, Dependent, ImportBatch, PensionFile, User
from branches.roles import Role
from tests.branches import legacy
from tests.cast import Cast

State = ImportBatch.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "data" / "media"


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Background processes find this test's databases and folder; none is left running."""
    for variable, alias in (("DATABASE_URL", "default"), ("CENTRAL_DATABASE_URL", settings.CENTER)):
        if os.environ.get(variable):
            url, name = urlsplit(os.environ[variable]), connections[alias].settings_dict["NAME"]
            monkeypatch.setenv(variable, urlunsplit(url._replace(path=f"/{name}")))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    yield
    for process in batches._started:
        process.kill()
        process.wait()
    batches._started.clear()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def head(cast: Cast) -> User:
    return cast.at(cast.origin, Role.BRANCH_HEAD)


def export(tables: legacy.Tables, folder: Path) -> SimpleUploadedFile:
    path = legacy.zipped(folder / "export.zip", legacy.write(folder / "x", tables))
    return SimpleUploadedFile("خروجی.zip", path.read_bytes())


def posted(client: Client, file: Any, branch: str = "0801", command: uuid.UUID | None = None) -> Any:
    data = {"branch": branch, "file": file, "command_id": command or uuid.uuid4()}
    return client.post(reverse("import_new"), data)


def until(batch: ImportBatch, *states: str, also: Callable[[], bool] = lambda: False) -> ImportBatch:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        batch.refresh_from_db()
        if batch.state in states or also():
            return batch
        time.sleep(0.05)
    raise AssertionError(f"still {batch.state}: {batch.message}")


def start(client: Client, batch: ImportBatch, command: Any = None) -> int:
    posted = {"command_id": command or uuid.uuid4()}
    return client.post(reverse("import_start", args=[batch.pk]), posted).status_code


def downloaded(client: Client, page: str, batch: ImportBatch) -> bytes:
    response: Any = client.get(reverse(page, args=[batch.pk]))
    return b"".join(response.streaming_content)


# --- the way of an import -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_from_the_upload_to_the_report(cast: Cast, tmp_path: Path, process: None) -> None:
    client, command = as_(head(cast)), uuid.uuid4()
    upload = legacy.zipped(tmp_path / "x.zip", legacy.DIRTY).read_bytes()
    page = posted(client, SimpleUploadedFile("x.zip", upload), command=command)
    assert page.status_code == 302
    assert posted(client, SimpleUploadedFile("x.zip", upload), command=command).url == page.url
    batch = until(ImportBatch.objects.get(), State.CHECKED)
    assert (batch.pension_files, batch.accepted, batch.rejected, batch.new) == (96, 46, 50, 46)
    assert PensionFile.objects.count() == 0
    shown = client.get(page.url)
    assert shown.context["may_start"] and shown.context["strays"] == 5
    assert len(shown.context["shown"]) == 50 and shown.context["page"].next_url
    assert client.get(page.url, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"

    pressed = uuid.uuid4()
    assert [start(client, batch, "nothing"), start(client, batch, pressed), start(client, batch, pressed)] == [
        422,
        302,
        302,
    ]
    batch = until(batch, State.DONE)
    assert (batch.written, batch.unchanged, PensionFile.objects.count()) == (46, 0, 46)
    running = list(batches._started)
    assert start(client, batch, pressed) == 302 and batches._started == running  # nothing was begun again
    assert start(client, batch) == 409
    assert not batch.upload
    assert downloaded(client, "import_report", batch)[:2] == b"PK"
    names = zipfile.ZipFile(BytesIO(downloaded(client, "import_rejected", batch))).namelist()
    assert sorted(names) == sorted(f"{name}.csv" for name in legacy.read())
    assert client.get(reverse("import_list")).context["rows"][0][0] == batch


@pytest.mark.django_db(transaction=True)
def test_fault_29_a_kill_in_the_middle_loses_nothing_and_doubles_nothing(
    cast: Cast, tmp_path: Path, process: None
) -> None:
    count = 750
    client, tables = as_(head(cast)), legacy.many(count)
    posted(client, export(tables, tmp_path))
    batch = until(ImportBatch.objects.get(), State.CHECKED)
    start(client, batch)
    with transaction.atomic():  # the last file is in the way: the process waits before it ends
        number, day = tables["files"][-1][0], dt.date(2015, 1, 17)
        PensionFile.objects.create(
            branch=cast.origin, pension_number=number, national_code=number, established_on=day, birth_year=1330
        )
        until(batch, also=lambda: batch.written > 0)
        batches._started[-1].send_signal(signal.SIGKILL)
        batches._started[-1].wait()
        transaction.set_rollback(True)
    batch.refresh_from_db()
    held = PensionFile.objects.count()
    assert 0 < held < count and held == batch.written == CustodyRequest.objects.count()
    assert Decree.objects.count() == held * (len(tables["decrees"]) - 1) // count

    ImportBatch.objects.update(heartbeat=timezone.now() - dt.timedelta(minutes=1))
    batch.refresh_from_db()
    assert batch.is_stopped
    assert (
        reverse("import_start", args=[batch.pk])
        in client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    )
    assert start(client, batch) == 302
    batch = until(batch, State.DONE)
    assert (batch.written, batch.unchanged, batch.different) == (count, 0, 0)
    stored = [model.objects.count() for model in (PensionFile, Dependent, Decree, DecreeLine, CustodyRequest)]
    sheets = ("files", "dependents", "decrees", "decree_lines", "files")
    assert stored == [len(tables[name]) - 1 for name in sheets]


@pytest.mark.django_db(transaction=True)
def test_one_long_statement_does_not_look_like_a_death(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PULSE", 0.05)
    long_ago = timezone.now() - dt.timedelta(minutes=1)
    batch = ImportBatch.objects.create(branch=cast.origin, state=State.IMPORTING, heartbeat=long_ago)
    assert batch.is_stopped
    with batches.alive(batch), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")
        batch.refresh_from_db()
        assert not batch.is_stopped
    batch.refresh_from_db()
    last = batch.heartbeat
    time.sleep(0.2)
    batch.refresh_from_db()
    assert batch.heartbeat == last


@pytest.mark.django_db(transaction=True)
def test_a_refused_export_says_why(cast: Cast, tmp_path: Path, process: None) -> None:
    client = as_(head(cast))
    posted(client, export(legacy.without(legacy.read(), "files", [3]), tmp_path))
    batch = until(ImportBatch.objects.get(), State.FAILED)
    assert "کد ملی" in batch.message
    assert batch.message in client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert start(client, batch) == 409


def test_no_row_names_an_upload_that_is_through(batch: ImportBatch) -> None:
    """Not even when the process dies before the file is gone."""
    batch.upload.save("", ContentFile(b"x"))
    path = Path(batch.upload.path)
    path.unlink()
    (path / "stuck").mkdir(parents=True)
    with pytest.raises(OSError):
        batches.fail(batch, "no")
    batch.refresh_from_db()
    assert (batch.state, batch.upload.name) == (State.FAILED, "")


def test_uploads_that_no_row_names_are_swept(batch: ImportBatch) -> None:
    batch.upload.save("", ContentFile(b"named"))
    named = Path(batch.upload.path)
    stray, young, report = (named.with_name(name) for name in ("a" * 32, "b" * 32, "c-report.xlsx"))
    for file in (stray, young, report):
        file.write_bytes(b"x")
    for file in (named, stray, report):
        os.utime(file, (0, 0))
    batches.remove_strays()
    assert sorted(batches.folder().iterdir()) == sorted([named, young, report])


# --- who sees it --------------------------------------------------------------------------------------


@pytest.fixture
def batch(cast: Cast) -> ImportBatch:
    return ImportBatch.objects.create(
        branch=cast.origin, by=head(cast), original_name="x", state=State.CHECKED, accepted=1
    )


WHO = [
    (lambda cast: head(cast), 200, 200),
    (lambda cast: cast.at(cast.origin, Role.INSURANCE_DEPUTY), 200, 200),
    (lambda cast: cast.reader(Role.CENTER_OPERATOR), 200, 200),
    (lambda cast: cast.at(cast.destination, Role.BRANCH_HEAD), 404, 200),
    (lambda cast: cast.at(cast.origin, Role.CLERK), 404, 403),
    (lambda cast: cast.reader(Role.AUDITOR), 404, 403),
    (lambda cast: cast.reader("outsider"), 404, 403),
]


@pytest.mark.parametrize(("who", "own", "pages"), WHO)
def test_only_those_who_may_import_see_it(
    who: Callable[[Cast], User], own: int, pages: int, cast: Cast, batch: ImportBatch
) -> None:
    client = as_(who(cast))
    assert client.get(reverse("import_batch", args=[batch.pk])).status_code == own
    assert client.get(reverse("import_list")).status_code == pages
    assert client.get(reverse("import_new")).status_code == pages
    if own != 200:
        assert start(client, batch) == own
        assert client.get(reverse("import_report", args=[batch.pk])).status_code == 404
        assert batch not in [row for row, _look in (client.get(reverse("import_list")).context or {}).get("rows", [])]


def test_nobody_uploads_for_a_branch_that_is_not_theirs(cast: Cast) -> None:
    upload = SimpleUploadedFile("x.xlsx", (legacy.CLEAN / "legacy.xlsx").read_bytes())
    page = posted(as_(cast.at(cast.destination, Role.BRANCH_HEAD)), upload, branch="0801")
    assert page.status_code == 422
    assert not ImportBatch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_import(cast: Cast, process: None, tmp_path: Path) -> None:
    user, command, gate = head(cast), uuid.uuid4(), threading.Barrier(2)
    content = (legacy.CLEAN / "legacy.xlsx").read_bytes()

    def press() -> uuid.UUID:
        try:
            gate.wait()
            return batches.upload(cast.origin, SimpleUploadedFile("x.xlsx", content), user, command).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        made = [future.result() for future in [pool.submit(press), pool.submit(press)]]
    assert made == [ImportBatch.objects.get().pk] * 2
    stored = [file for file in batches.folder().iterdir() if not file.suffix]
    assert len(stored) == 1 and batches.folder().stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_no_export_is_refused_at_once(cast: Cast) -> None:
    page = posted(as_(head(cast)), SimpleUploadedFile("x.xlsx", b"hello"))
    assert page.status_code == 422
    assert page.context["form"].errors["file"]
    assert not ImportBatch.objects.exists()


def test_get_never_starts_anything(cast: Cast, batch: ImportBatch) -> None:
    assert as_(head(cast)).get(reverse("import_start", args=[batch.pk])).status_code == 405
