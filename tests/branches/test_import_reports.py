"""What an import gives back: the report and the rejected files, inert in any spreadsheet, and fit to be mended."""

import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from branches.intake.findings import Level
from branches.intake.service import run
from branches.models import Branch
from branches.organisation_data import load_organization
from tests.branches import legacy

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
WICKED = ['=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "\t=1", "=cmd|' /C calc'!A0"]


@pytest.fixture
def branch(db: None) -> Branch:
    load_organization()
    return Branch.objects.get(pk="0801")


def cells(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        tables = [io.StringIO(archive.read(name).decode("utf-8-sig"), newline="") for name in archive.namelist()]
    return [cell for table in tables for row in csv.reader(table) for cell in row]


def test_the_rejected_files_come_back_as_they_were(branch: Branch, tmp_path: Path) -> None:
    archive = tmp_path / "rejected.zip"
    first = run(legacy.DIRTY, branch, rejected_to=archive)
    again = run(archive, branch)
    assert again.rejected == first.rejected
    assert (again.pension_files, again.accepted) == (50, 0)


@pytest.mark.parametrize("sign", ["\x07", "\x00", "\x1f", "\x85", "\r"])
def test_a_control_character_comes_back_to_be_refused_again(sign: str, branch: Branch, tmp_path: Path) -> None:
    tables = legacy.only(legacy.read(), "7080100001")
    tables = legacy.changed(tables, "files", "7080100001", "first_name", f"عل{sign}ی")
    path, archive = legacy.write(tmp_path / "x", tables), tmp_path / "rejected.zip"
    assert run(path, branch, rejected_to=archive).rejected == {"7080100001": ["first_name.characters"]}
    assert run(archive, branch).rejected == {"7080100001": ["first_name.characters"]}


def test_the_report_opens_whatever_a_cell_holds(branch: Branch, tmp_path: Path) -> None:
    tables = legacy.changed(legacy.read(), "files", "7080100001", "first_name", "=\x07\ufffe\uffff")
    run(legacy.write(tmp_path / "x", tables), branch, report_to=tmp_path / "report.xlsx")
    rows = openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets[1].values
    assert "'=\ufffd\ufffd\ufffd" in [row[5] for row in rows]


def test_what_was_mended_is_taken_in(branch: Branch, tmp_path: Path) -> None:
    run(legacy.DIRTY, branch, rejected_to=tmp_path / "rejected")
    tables = legacy.changed(legacy.read(tmp_path / "rejected"), "files", "7080100013", "last_name", "حسینی")
    assert run(legacy.write(tmp_path / "mended", tables), branch).accepted == 1


def test_fault_53_no_cell_that_is_given_back_is_a_formula(branch: Branch, tmp_path: Path) -> None:
    tables = legacy.many(len(WICKED))
    for index, text in enumerate(WICKED):
        for sheet, field in [("files", "first_name"), ("files", "address"), ("decree_lines", "title")]:
            tables = legacy.changed(tables, sheet, f"70{index:08d}", field, text)
    tables["files"][0][1:] = [*tables["files"][0][1:-1], '=HYPERLINK("x")']
    path = legacy.write(tmp_path / "x", tables)
    run(path, branch, report_to=tmp_path / "report.xlsx", rejected_to=tmp_path / "rejected.zip")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    shown = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
    assert any(cell.value == '\'=HYPERLINK("x")' for cell in shown)
    assert all(cell.data_type != "f" for cell in shown)
    assert [text for text in cells(tmp_path / "rejected.zip") if text.startswith(DANGEROUS)] == []
    assert [cell.value for cell in shown if str(cell.value).startswith(DANGEROUS)] == []
    codes = {number: set(found) for number, found in run(tmp_path / "rejected.zip", branch).rejected.items()}
    assert all("first_name.characters" in found for found in codes.values()) and len(codes) == len(WICKED)


def test_the_report_has_every_fault_with_its_place(branch: Branch, tmp_path: Path) -> None:
    outcome = run(legacy.DIRTY, branch, report_to=tmp_path / "report.xlsx")
    summary, findings = openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets
    assert [row[1] for row in summary.values] == [96, 46, 50, 0, 0, 0, 5]
    rows = list(findings.values)[1:]
    assert {(row[1], row[7]) for row in rows if row[0] == Level.FAULT.label} == {
        (number, code) for number, codes in outcome.rejected.items() for code in codes
    }
    place = next(row for row in rows if row[7] == "iban.checksum")
    assert place[2:5] == ("files", 18, "شماره شبا")
    assert all(row[6] for row in rows)
