"""What the checks found in a file, as people read it: a sentence, and the page on which the field is mended."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from branches.models import PensionFile, User
from branches.services import may_be_corrected
from transfers.completeness import sentences
from transfers.fields import KEYS
from transfers.models import Acknowledgement
from transfers.views.context import url_of

# Each part of the content, and the section of the file in which it is corrected.
CORRECTED_IN = {
    "principal": "principal", "contact": "contact", "file": "pension", "last_pay_certificate": "certificate",
    "dependents": "dependent", "decrees": "decree", "deductions": "deduction",
}  # fmt: skip
KEY_COLUMNS = {
    "dependents": ("national_code", "first_name", "last_name", "birth_year"),
    "decrees": ("number",),
    "deductions": ("kind", "creditor"),
}


@dataclass(frozen=True)
class Lack:
    """Something wrong or doubtful in the file, with the page on which it is entered."""

    text: str
    url: str


@dataclass(frozen=True)
class OpenWarning:
    """An open warning; `field` is where the note is written, for who may."""

    lack: Lack
    field: Any


@dataclass(frozen=True)
class Answered:
    """A warning that somebody answered for."""

    text: str
    by: Acknowledgement


def is_of_a_row(path: str) -> bool:
    """Whether a finding is about one row of a list, which only the content can name."""
    return path.partition(".")[0] in KEYS and "." in path


class Findings:
    """Tells findings about one file to one person; `content` is what was looked at."""

    def __init__(self, file: PensionFile, user: User, content: dict[str, Any]):
        self.file, self.user, self.content = file, user, content

    def lacks(self, found: list[list[Any]]) -> list[Lack]:
        texts = sentences(found, self.content)
        return [Lack(text, self._where(row[0])) for text, row in zip(texts, found, strict=True)]

    def _where(self, path: str) -> str:
        """Where it is entered, for who may correct the file now; the others can only read it."""
        part, _dot, rest = path.partition(".")
        section = CORRECTED_IN.get(part, "")
        if not self._corrects or not section:
            return f"{url_of('file', self.file.pk)}{'#' if section else ''}{section}"
        row, name = self._row(part, rest) if part in KEYS else (None, rest)
        if part in KEYS and row is None:
            return f"{url_of('file', self.file.pk)}#{section}"
        return f"{url_of('file_correct', self.file.pk, section, *([row] if row else []))}#id_{name}"

    def _row(self, part: str, rest: str) -> tuple[int | None, str]:
        """The row's primary key, and the column's name; a key may hold a dot itself."""
        keys = self._keys[part]
        found = [key for key in keys if rest == key or rest.startswith(f"{key}.")]
        key = max(found, key=len, default="")
        return keys.get(key), rest[len(key) + 1 :]

    @cached_property
    def _corrects(self) -> bool:
        return may_be_corrected(self.file, self.user)

    @cached_property
    def _keys(self) -> dict[str, dict[str, int]]:
        """The rows of the file, by the key that their paths have."""
        rows = {
            "dependents": self.file.dependents.all(),
            "decrees": self.file.decrees.filter(is_valid=True),
            "deductions": self.file.deductions.all(),
        }
        return {part: {KEYS[part](r): r["pk"] for r in rows[part].values("pk", *KEY_COLUMNS[part])} for part in rows}
