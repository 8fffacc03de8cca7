"""The folders of backups: one per run, named after its UTC time, complete as soon as it has that name."""

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import BadInput

MANIFEST, HALF = "manifest.json", ".part"
NAME = "%Y%m%dT%H%M%S.%fZ"
PIECE = 2**20  # bytes
Told = Callable[[str, int, int], Any]  # what is being done, bytes so far, bytes in all


@dataclass(frozen=True)
class Backup:
    """The last backup: when it was made (UTC), how many bytes it has, whether its files are all there."""

    when: dt.datetime
    size: int
    ok: bool


def last_backup(folder: Path | None = None) -> Backup | None:
    """The newest complete run in a folder of backups (default BACKUP_DIR); None when there is none.

    Looks at names and sizes only, so a page may ask; `restore` reads every byte.
    """
    runs = complete(folder or settings.BACKUP_DIR)
    return _described(runs[-1]) if runs else None


def _described(run: Path) -> Backup:
    when = dt.datetime.strptime(run.name, NAME).replace(tzinfo=dt.timezone.utc)
    try:
        files = json.loads((run / MANIFEST).read_text("utf-8"))["databases"].values()
        sizes = {file["file"]: file["size"] for file in files}
        here = {name: (run / name).stat().st_size for name in sizes}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Backup(when, 0, False)
    return Backup(when, sum(sizes.values()), here == sizes)


def complete(folder: Path) -> list[Path]:
    """The runs in a folder of backups, oldest first; those that were cut have no manifest under a final name."""
    return sorted(path.parent for path in folder.glob(f"*Z/{MANIFEST}"))


def forget(folder: Path, keep: int) -> list[Path]:
    """Delete what was cut, and all but the newest `keep` runs; those that are gone."""
    gone = [*folder.glob(f"*Z{HALF}"), *complete(folder)[: -keep or None]]
    for run in gone:
        shutil.rmtree(run)
    return gone


def read(run: Path) -> dict[str, Any]:
    """The manifest of a run; BadInput where there is none."""
    try:
        manifest = json.loads((run / MANIFEST).read_text("utf-8"))
        return {"databases": dict(manifest["databases"]), **manifest}
    except (OSError, ValueError, KeyError, TypeError) as error:
        sentence = _("%(folder)s is not a complete backup: name the folder that holds manifest.json.")
        raise BadInput(sentence % {"folder": run}, "no_backup") from error


def verify(run: Path, file: dict[str, Any], tell: Told = lambda *_: None) -> Path:
    """A file of a run, read to its end; BadInput when a byte of it is not as it was written."""
    path, done, digest = run / Path(file["file"]).name, 0, hashlib.sha256()
    try:
        with path.open("rb") as bytes_:
            while piece := bytes_.read(PIECE):
                digest.update(piece)
                done += len(piece)
                tell("verify", done, file["size"])
    except OSError as error:
        raise _damaged(path) from error
    if digest.hexdigest() != file["sha256"]:
        raise _damaged(path)
    return path


def _damaged(path: Path) -> BadInput:
    sentence = _("%(file)s is damaged or missing: its SHA-256 is not that of the manifest. Take another backup.")
    return BadInput(sentence % {"file": path}, "damaged")


def write_safely(path: Path, text: str) -> None:
    """Write a small file so that it survives the power going off."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Let a folder's own entries survive the power going off."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
