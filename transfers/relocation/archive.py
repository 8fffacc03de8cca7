"""The archive of a branch that moves: a zip of JSON lines, one member a table, and a manifest with their hashes."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import BadInput

MANIFEST = "manifest.json"
PIECE = 2**20  # bytes
ROWS, LETTERS = 500, 2**22  # of one statement, at most
DAMAGED = (OSError, KeyError, ValueError, TypeError, EOFError, zlib.error, zipfile.BadZipFile)


def migrations() -> list[str]:
    """Those of this database: two that have the same speak of the same tables."""
    rows = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in rows if app in ("branches", "transfers"))


# --- writing --------------------------------------------------------------------------------------------


class Writer:
    """One member after the other; `end` writes what the archive is about."""

    def __init__(self, file: zipfile.ZipFile):
        self.file = file
        self.members: dict[str, dict[str, Any]] = {}

    def add(self, table: str, lines: Iterable[str]) -> None:
        digest, count = hashlib.sha256(), 0
        with self.file.open(f"{table}.jsonl", "w", force_zip64=True) as member:
            for line in lines:
                said = f"{line}\n".encode()
                digest.update(said)
                member.write(said)
                count += 1
        self.members[table] = {"rows": count, "sha256": digest.hexdigest()}

    def end(self, about: dict[str, Any]) -> None:
        manifest = about | {"migrations": migrations(), "members": self.members}
        self.file.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


def refuse_existing(path: Path) -> None:
    """BadInput where something lies there already: it may be the only archive of another branch."""
    if path.exists():
        raise BadInput(_("%(file)s is there already: name another file.") % {"file": path}, "file")


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """A new archive, readable to its owner only; it has its name once it is whole and on the disk."""
    half = path.with_name(f"{path.name}.part")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            yield Writer(packed)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)


# --- reading --------------------------------------------------------------------------------------------


class Archive:
    """An archive that is whole and as it was written; BadInput otherwise."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.file = zipfile.ZipFile(path)
            self.manifest = dict(json.loads(self.file.read(MANIFEST)))
            is_whole = all(self._digest(table) == said["sha256"] for table, said in self.members.items())
        except DAMAGED as error:
            raise self.damaged() from error
        if not is_whole:
            raise self.damaged()

    @property
    def members(self) -> dict[str, dict[str, Any]]:
        return dict(self.manifest["members"])

    @property
    def branches(self) -> list[str]:
        """The code of the branch, and of those whose place it took."""
        return [str(row["code"]) for row in self.manifest["branches"]]

    def damaged(self) -> BadInput:
        sentence = _("%(file)s is not a whole archive of a branch, or it was altered: have it brought again.")
        return BadInput(sentence % {"file": self.path}, "damaged")

    def chunks(self, table: str) -> Iterator[list[dict[str, Any]]]:
        """Its rows, as many at once as one statement takes."""
        rows: list[dict[str, Any]] = []
        letters = 0
        with self._open(table) as member:
            for line in member:
                rows.append(json.loads(line))
                letters += len(line)
                if len(rows) >= ROWS or letters >= LETTERS:
                    yield rows
                    rows, letters = [], 0
        yield rows

    def _open(self, table: str) -> IO[bytes]:
        return self.file.open(f"{table}.jsonl")

    def _digest(self, table: str) -> str:
        digest = hashlib.sha256()
        with self._open(table) as member:
            while piece := member.read(PIECE):
                digest.update(piece)
        return digest.hexdigest()
