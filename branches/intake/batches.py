"""Imports as the pages know them: uploaded, checked in the background, looked at, taken in."""

import contextlib
import datetime as dt
import logging
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.intake.service import Outcome, run
from branches.intake.upload import kind_of
from branches.models import Branch, User
from branches.models.intake import STALE_AFTER, ImportBatch
from branches.roles import Action, can
from pension_transfer.lib.errors import NotAllowed, NotNow, Refusal

State, Phase = ImportBatch.State, ImportBatch.Phase
BEAT = 1.0  # seconds between two reports of how far it is
PULSE = 5.0  # seconds between two signs of life, however long one statement or one workbook takes
STRAY_AFTER = dt.timedelta(hours=1)  # an upload is stored a moment before its row
log = logging.getLogger(__name__)
_started: list["subprocess.Popen[bytes]"] = []


# --- what a person does -------------------------------------------------------------------------------


def upload(branch: Branch, file: UploadedFile, by: User, command_id: uuid.UUID) -> ImportBatch:
    """Store the file and have it checked. The same `command_id` again answers the same batch.

    Raises NotAllowed, and BadInput for a file that is no export.
    """
    if not can(by, Action.IMPORT_FILES, branch):
        raise NotAllowed(_("You may not take in files of this branch."), "import.not_allowed")
    if known := ImportBatch.objects.filter(command_id=command_id, by=by).first():
        return known
    kind_of(cast(IO[bytes], file.file))
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    batch = ImportBatch(branch=branch, by=by, command_id=command_id, original_name=Path(file.name or "").name[:200])
    batch.upload.save("", file, save=False)
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            transaction.on_commit(lambda: start_process(batch), robust=True)
    except Exception as error:
        batch.upload.delete(save=False)
        if isinstance(error, IntegrityError):
            return _made_meanwhile(command_id, by)
        raise
    return batch


def _made_meanwhile(command_id: uuid.UUID, by: User) -> ImportBatch:
    """The batch that the same press, arriving twice at once, has made."""
    if known := ImportBatch.objects.filter(command_id=command_id, by=by).first():
        return known
    raise NotNow(_("This import is under way or finished already."), "import.not_now")


def folder() -> Path:
    """Where uploads and what is given back are kept; they hold personal data, so nobody else may look in."""
    return Path(settings.MEDIA_ROOT) / "imports"


@transaction.atomic
def go_on(batch: ImportBatch, by: User, command_id: uuid.UUID) -> None:
    """From the preview to taking in; or wake an import whose process died. NotNow when neither is the case.

    The same `command_id` again changes nothing.
    """
    if not can(by, Action.IMPORT_FILES, batch.branch):
        raise NotAllowed(_("You may not take in files of this branch."), "import.not_allowed")
    if batch.state == State.CHECKED and batch.new <= 0:
        raise NotNow(_("There is nothing new to take in."), "import.nothing_new")
    if ImportBatch.objects.filter(pk=batch.pk, start_command_id=command_id).exists():
        return
    now = timezone.now()
    checked = ImportBatch.objects.filter(pk=batch.pk, state=State.CHECKED)
    stopped = ImportBatch.objects.filter(pk=batch.pk, state__in=ImportBatch.UNDER_WAY, heartbeat__lt=now - STALE_AFTER)
    sign = {"heartbeat": now, "start_command_id": command_id}
    begun = checked.update(state=State.IMPORTING, started_by=by, phase=Phase.READING, steps_done=0, **sign)
    if not begun and not stopped.exclude(upload="").update(**sign):
        raise NotNow(_("This import is under way or finished already."), "import.not_now")
    transaction.on_commit(lambda: start_process(batch), robust=True)


def start_process(batch: ImportBatch) -> None:
    """Start the batch's work in a process of its own, which outlives this one."""
    _started[:] = [process for process in _started if process.poll() is None]
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_pension_files", "--batch", str(batch.pk)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=quiet, stdout=quiet, start_new_session=True)
    _started.append(process)


# --- what the process does ----------------------------------------------------------------------------


def work(batch: ImportBatch) -> None:
    """Check the batch, or take it in, as its state says; every end is written into it."""
    if not batch.is_under_way:
        return
    writing = batch.state == State.IMPORTING
    remove_strays()
    _change(batch, state=State.IMPORTING if writing else State.CHECKING)
    report, rejected = (folder() / f"{batch.pk}-{name}" for name in ("report.xlsx", "rejected.zip"))
    try:
        with alive(batch):
            outcome = run(Path(batch.upload.path), batch.branch, batch, writing, report, rejected, Beat(batch))
    except NotNow as error:
        _change(batch, message=str(error.message))
    except Refusal as error:
        fail(batch, error.message)
    except Exception:
        log.exception("import %s broke off", batch.pk)
        fail(batch, _("The import broke off through a fault of the program. What was taken in before is kept."))
    else:
        finish(batch, outcome, State.DONE if writing else State.CHECKED, report, rejected)


def fail(batch: ImportBatch, message: Any) -> None:
    """Write why a batch ends without a result."""
    _end(batch, state=State.FAILED, message=str(message))


def finish(batch: ImportBatch, outcome: Outcome, state: str, report: Path | None, rejected: Path | None) -> None:
    """Write the end of a batch, or of its check, with its counts."""
    write = _end if state == State.DONE else _change
    write(
        batch,
        state=state,
        message="",
        pension_files=outcome.pension_files,
        accepted=outcome.accepted,
        rejected=outcome.rejected_files,
        unchanged=outcome.unchanged,
        different=outcome.different,
        report=_media_name(report),
        rejected_files=_media_name(rejected) if outcome.rejected else "",
    )


def _end(batch: ImportBatch, **values: Any) -> None:
    """The batch's last change, which forgets its upload: an export that is through is a copy of everybody's data."""
    _change(batch, finished_at=timezone.now(), upload="", **values)
    if batch.upload:
        batch.upload.delete(save=False)


def remove_strays() -> None:
    """Remove uploads that no batch names: a process was killed before its row was written, or after."""
    oldest = time.time() - STRAY_AFTER.total_seconds()
    for file in folder().iterdir() if folder().is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # another import removes them too
            if not file.suffix and file.stat().st_mtime < oldest and not _is_named(file):
                file.unlink()


def _is_named(upload: Path) -> bool:
    return ImportBatch.objects.filter(upload=_media_name(upload)).exists()


def _media_name(path: Path | None) -> str:
    return os.path.relpath(path, settings.MEDIA_ROOT) if path else ""


def _change(batch: ImportBatch, **values: Any) -> None:
    ImportBatch.objects.filter(pk=batch.pk).update(heartbeat=timezone.now(), **values)


@contextlib.contextmanager
def alive(batch: ImportBatch) -> Iterator[None]:
    """Signs of life from beside the work: indexing millions of rows is one statement, which tells nothing itself."""
    over = threading.Event()
    pulse = threading.Thread(target=_beat_until, args=(over, batch), daemon=True)
    pulse.start()
    try:
        yield
    finally:
        over.set()
        pulse.join()


def _beat_until(over: threading.Event, batch: ImportBatch) -> None:
    while not over.wait(PULSE):
        with contextlib.suppress(Error):  # the work itself says what is wrong with the database
            _change(batch)
        connection.close()


class Beat:
    """Writes how far a batch is, at most once a second."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch, self.last, self.phase = batch, 0.0, ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase != self.phase or now - self.last > BEAT:
            self.last, self.phase = now, phase
            _change(self.batch, phase=phase, steps_done=done, steps_total=total)


# --- imports from the command line ----------------------------------------------------------------------


def run_directly(path: Path, branch: Branch, report: Path | None, rejected: Path | None) -> Outcome:
    """Take in the export at `path` at once; the batch is the record of it."""
    batch = ImportBatch(branch=branch, original_name=path.name[:200], state=State.IMPORTING)
    batch.save(force_insert=True)
    try:
        with alive(batch):
            outcome = run(path, branch, batch, True, report, rejected, Beat(batch))
    except Refusal as error:
        fail(batch, error.message)
        raise
    finish(batch, outcome, State.DONE, None, None)
    return outcome
