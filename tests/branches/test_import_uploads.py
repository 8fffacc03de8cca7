"""Files that are no export, or are made to hurt: one plain refusal, fast, in bounded memory, and nothing is stored."""

import io
import re
import resource
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from branches.intake import upload
from branches.intake.columns import SHEETS
from branches.intake.service import run
from branches.models import Branch
from branches.organisation_data import load_organization
from pension_transfer.lib.errors import BadInput
from tests.branches import legacy

MB = 2**20


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def samples() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in legacy.DIRTY.glob("*.csv")}


def book(sheet: str = "", parts: dict[str, bytes] | None = None) -> bytes:
    """The clean sample with its first sheet's XML replaced, and parts added."""
    with zipfile.ZipFile(legacy.CLEAN / "legacy.xlsx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if sheet:
        members["xl/worksheets/sheet1.xml"] = sheet.encode()
    return packed(members | (parts or {}))


def xml(rows: str, head: str = "") -> str:
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{head}<worksheet xmlns="{name}"><sheetData>{rows}</sheetData></worksheet>'


LAUGHS = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OLD = bytes.fromhex("d0cf11e0a1b11ae1")


def locked() -> bytes:
    """An archive whose members say that they need a password."""
    content = bytearray(packed(samples()))
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(mark), bytes(content)):
            content[found.start() + flag] |= 1
    return bytes(content)


def lying() -> bytes:
    """An archive whose end says that its list of members is longer than it may be."""
    content = bytearray(packed(samples()))
    struct.pack_into("<L", content, content.rfind(b"PK\x05\x06") + 12, 500 * MB)
    return bytes(content)


def broken() -> bytes:
    """A member damaged in the middle: found when it is read."""
    content = bytearray(packed(samples() | {"files.csv": samples()["files.csv"] * 20}))
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    return bytes(content)


WHOLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (bytes, "upload.empty"),
    "a text": (lambda: b"hello " * 100, "upload.not_an_export"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(500), "upload.not_an_export"),
    "spaces": (lambda: b" " * 20 * MB, "upload.not_an_export"),
    "a workbook of the old format": (lambda: OLD + bytes(4096), "upload.old_format"),
    "a workbook with a password": (
        lambda: OLD + bytes(4096) + "EncryptedPackage".encode("utf-16-le"),
        "upload.password",
    ),
    "an archive with a password": (locked, "upload.password"),
    "half an archive": (lambda: packed(samples())[:20_000], "upload.damaged"),
    "an archive in name only": (lambda: b"PK\x03\x04" + bytes(1000), "upload.damaged"),
    "an archive that lies about its length": (lying, "upload.too_many_members"),
    "a bomb": (lambda: packed(samples() | {"files.csv": b" " * 30 * MB}), "upload.too_large_inside"),
    "a way out": (lambda: packed(samples() | {"../../x.csv": b"x"}), "upload.outside"),
    "many members": (lambda: packed({f"{i}.csv": b"" for i in range(300)}), "upload.too_many_members"),
    "macros": (lambda: book(parts={"xl/vbaProject.bin": b"x"}), "upload.macros"),
    "strings without end": (lambda: book(parts={"xl/sharedStrings.xml": b" " * 60 * MB}), "upload.too_large_inside"),
    "entities": (
        lambda: book(xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>', LAUGHS)),
        "upload.damaged",
    ),
    "broken XML": (lambda: book("<worksheet><sheetData><row"), "upload.damaged"),
    "a string that is not there": (
        lambda: book(xml('<row r="1"><c r="A1" t="s"><v>9</v></c></row>')),
        "upload.damaged",
    ),
    "a million columns": (
        lambda: book(xml(f'<row r="1">{"<c><v>1</v></c>" * 1_000_000}</row>')),
        "upload.too_large_inside",
    ),
    "a sheet of a thousand columns": (
        lambda: book(xml(f'<row r="1">{"<c><v>1</v></c>" * 1000}</row>')),
        "source.columns",
    ),
    "a cell without end": (
        lambda: book(xml(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * 9 * MB}</t></is></c></row>')),
        "upload.too_large_inside",
    ),
    "a row far below": (
        lambda: book(xml('<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>')),
        "upload.damaged",
    ),
    "an archive in an archive": (lambda: packed({"x.xlsx": packed(samples())}), "upload.not_an_export"),
    "a workbook's part that is none": (
        lambda: book(parts={"xl/worksheets/_rels/x.xml": b" " * 5 * MB}),
        "upload.too_large_inside",
    ),
    "other sheets": (lambda: _other_book(), "source.incomplete"),
    "an archive of other files": (lambda: packed({"a.txt": b"x"}), "source.incomplete"),
    "an empty table": (lambda: packed(samples() | {"decrees.csv": b""}), "source.incomplete"),
    "a table twice": (lambda: packed(samples() | {"old/files.csv": b"x"}), "source.incomplete"),
    "a damaged member": (broken, "source.unreadable"),
}


def _other_book() -> bytes:
    buffer = io.BytesIO()
    workbook = openpyxl.Workbook()
    workbook.active.append(["x"])
    workbook.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def branch(db: None) -> Branch:
    load_organization()
    return Branch.objects.get(pk="0801")


@pytest.mark.parametrize("kind", WHOLE)
def test_fault_28_refused(kind: str, branch: Branch, tmp_path: Path) -> None:
    make, code = WHOLE[kind]
    path = tmp_path / "export"
    path.write_bytes(make())
    began, memory = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput) as refusal:
        run(path, branch)
    assert refusal.value.code == code
    assert str(refusal.value)
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 100 * 1024


def test_too_big_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "export"
    with path.open("wb") as file:
        file.truncate(upload.MAX_UPLOAD + 1)
    with path.open("rb") as file, pytest.raises(BadInput) as refusal:
        upload.kind_of(file)
    assert refusal.value.code == "upload.too_big"


def folder(path: Path, **members: bytes) -> Path:
    path.mkdir()
    for name, content in (samples() | {f"{name}.csv": content for name, content in members.items()}).items():
        (path / name).write_bytes(content)
    return path


TABLES: dict[str, tuple[bytes, str]] = {
    "a million columns": (b"x," * 1_000_000, "source.unreadable"),
    "one endless line": (samples()["files.csv"].split(b"\n", 1)[0] + b"\n" + b" " * 20 * MB, "source.unreadable"),
    "a quotation without end": (samples()["files.csv"] + b'"' + b"x\n" * MB, "source.unreadable"),
    "UTF-8 with a broken place": (
        samples()["files.csv"][:5000] + b"\xff\xfe" + samples()["files.csv"][5000:],
        "source.unreadable",
    ),
    "half of UTF-16": (samples()["files.csv"].decode("utf-8-sig").encode("utf-16")[:-1], "source.unreadable"),
    "bytes": (bytes(range(256)) * 100, "source.incomplete"),
    "no header": (samples()["files.csv"].split(b"\n", 1)[1], "source.incomplete"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_cannot_be_read(kind: str, branch: Branch, tmp_path: Path) -> None:
    content, code = TABLES[kind]
    with pytest.raises(BadInput) as refusal:
        run(folder(tmp_path / "x", files=content), branch)
    assert refusal.value.code == code


def test_everything_that_is_missing_is_named_at_once(branch: Branch, tmp_path: Path) -> None:
    tables = legacy.without(legacy.read(), "files", [3, 4])
    tables["decrees"][0][1] = "چیزی دیگر"
    path = legacy.write(tmp_path / "x", tables)
    (path / "deductions.csv").unlink()
    with pytest.raises(BadInput) as refusal:
        run(path, branch)
    assert all(name in str(refusal.value) for name in ("کد ملی", "نام", "شماره حکم", "deductions"))


def test_a_column_that_may_be_absent_is_told(branch: Branch, tmp_path: Path) -> None:
    path = legacy.write(tmp_path / "x", legacy.without(legacy.read(), "files", [16]))
    outcome = run(path, branch, report_to=tmp_path / "report.xlsx")
    assert outcome.accepted == 46
    report = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert "column.absent" in [row[-1] for row in report.worksheets[1].values]


def test_an_archive_may_hold_the_workbook_and_other_things(branch: Branch, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    book = (legacy.CLEAN / "legacy.xlsx").read_bytes()
    path.write_bytes(packed({"a/legacy.xlsx": book, "a/notes.txt": b"x", "__MACOSX/a/._legacy.xlsx": b"x"}))
    assert run(path, branch).accepted == 40


def renamed(rename: Callable[[str], str]) -> bytes:
    return packed({rename(name): content for name, content in samples().items()})


def persian(encoding: str) -> bytes:
    """The tables under Persian names as an older tool writes them: plain bytes, not marked as UTF-8."""
    names = {
        f"{sheet.name}.csv": sheet.aliases.split("|")[0].replace("ی", "ي").encode(encoding) + b".csv"
        for sheet in SHEETS
    }
    stand_ins = {name: chr(65 + index) * len(raw) for index, (name, raw) in enumerate(names.items())}
    content = renamed(stand_ins.__getitem__)
    for name, stand_in in stand_ins.items():
        content = content.replace(stand_in.encode(), names[name])
    return content


NAMED: dict[str, Callable[[], bytes]] = {
    "with a dot before": lambda: renamed(lambda name: f"./{name}"),
    "with a double slash": lambda: renamed(lambda name: f"a//{name}"),
    "with backslashes": lambda: renamed(lambda name: f"a\\{name}"),
    "in the letters of Windows": lambda: persian("cp1256"),
    "in UTF-8 that does not say so": lambda: persian("utf-8"),
}


@pytest.mark.parametrize("kind", NAMED)
def test_how_an_archive_writes_its_names_does_not_count(kind: str, branch: Branch, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(NAMED[kind]())
    assert run(tmp_path / "x.zip", branch).accepted == 46


def test_a_workbook_that_is_open_in_office_stands_alone(branch: Branch, tmp_path: Path) -> None:
    (tmp_path / "legacy.xlsx").write_bytes((legacy.CLEAN / "legacy.xlsx").read_bytes())
    (tmp_path / "~$legacy.xlsx").write_bytes(b"x")
    assert run(tmp_path, branch).accepted == 40


def headed(change: Callable[[list[str]], list[list[str]]], folder: Path) -> Path:
    tables = {name: [*change(rows[0]), *rows[1:]] for name, rows in legacy.read().items()}
    return legacy.write(folder / "x", tables)


def test_a_header_may_be_broken_into_lines_under_an_empty_row(branch: Branch, tmp_path: Path) -> None:
    path = headed(lambda header: [[""] * 9, [cell.replace(" ", "\n") for cell in header]], tmp_path)
    assert run(path, branch).accepted == 46


def test_an_endless_cell_above_the_header_is_refused(branch: Branch, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run(headed(lambda header: [["x" * 140_000], header], tmp_path), branch)


def test_fault_28_a_formula_is_refused_cell_by_cell(branch: Branch, tmp_path: Path) -> None:
    path = legacy.workbook(tmp_path / "x.xlsx", legacy.only(legacy.read(), "7080100001"))
    book = openpyxl.load_workbook(path)
    book["files"]["M2"] = '="فعال"'
    book["decrees"]["I2"] = "=H2*2"
    book.save(path)
    assert run(path, branch).rejected == {"7080100001": ["status.unknown", "amount.not_a_number"]}


def test_control_characters_reach_no_name(branch: Branch, tmp_path: Path) -> None:
    content = samples()["files.csv"].decode("utf-8-sig")
    number, kind = content.splitlines()[2].split(",")[0], content.splitlines()[2].split(",")[4]
    spoilt = content.replace(f"{kind}", f"{kind}\x00\x1f", 1)
    assert run(folder(tmp_path / "x", files=spoilt.encode()), branch).rejected[number] == ["first_name.characters"]
