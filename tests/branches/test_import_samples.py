"""The shipped samples, and the same rows in every shape an old system may have written them."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from branches.intake import service
from branches.intake.service import run
from branches.models import (
    Branch,
    CustodyRequest,
    Decree,
    DecreeLine,
    Deduction,
    Dependent,
    ImportBatch,
    PensionFile,
)
from branches.organisation_data import load_organization
from pension_transfer.lib.months import Month
from tests.branches import legacy

pytestmark = pytest.mark.django_db
TABLES = (PensionFile, Dependent, Decree, DecreeLine, Deduction, CustodyRequest)


@pytest.fixture(autouse=True)
def organization(db: None) -> None:
    load_organization()


def counts() -> list[int]:
    return [model.objects.count() for model in TABLES]


def command(path: Path, branch: str, *options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(
        "import_pension_files", str(path), "--branch", branch, "--json", *options, stdout=out, stderr=io.StringIO()
    )
    return json.loads(out.getvalue())


@pytest.mark.parametrize("sample", [legacy.DIRTY, legacy.CLEAN])
def test_a_dry_run_says_what_is_expected_and_writes_nothing(sample: Path) -> None:
    document = command(sample, sample.name, "--dry-run")
    assert list(document) == ["branch", "pension_files", "accepted", "rejected"]
    assert document == {name: legacy.expected(sample)[name] for name in document}
    assert sum(counts()) == 0
    assert ImportBatch.objects.count() == 0


@pytest.mark.parametrize("sample", [legacy.DIRTY, legacy.CLEAN])
def test_what_is_taken_in_is_what_was_expected(sample: Path) -> None:
    expected = legacy.expected(sample)
    assert legacy.as_sets(command(sample, sample.name)) == legacy.as_sets(expected)
    files = PensionFile.objects.filter(branch=sample.name)
    assert files.count() == expected["accepted"]
    assert not files.filter(pension_number__in=expected["rejected"]).exists()
    for number, values in expected["checks"].items():
        file = files.get(pension_number=number)
        assert {name: str(getattr(file, name)) for name in values} == values
    for model in TABLES[:-1]:
        for row in model.objects.all()[:100]:
            row.full_clean(validate_unique=False, validate_constraints=False)


def test_everything_under_a_file_comes_with_it() -> None:
    command(legacy.CLEAN, "1001")
    assert counts() == [40, 89, 177, 531, 21, 40]
    file = PensionFile.objects.get(pension_number="3100100001")
    wife = file.dependents.get(national_code="9911980367")
    assert wife.relationship == "wife"
    assert wife.share_percent == 50
    decree = file.decrees.get(number="1001/1402/00001")
    assert decree.lines.get(order=1).amount == decree.amount_after
    request = file.custody_requests.get()
    assert (request.verb, request.month, request.reason) == ("open", Month.of(file.established_on), "import")
    assert file.sort_key


def test_the_same_import_again_changes_nothing() -> None:
    first = command(legacy.DIRTY, "0801")
    before = counts()
    assert command(legacy.DIRTY, "0801") == first
    assert counts() == before
    outcome = run(legacy.DIRTY, Branch.objects.get(pk="0801"))
    assert (outcome.unchanged, outcome.different, outcome.written) == (46, 0, 0)


SHAPES: dict[str, Any] = {
    "windows-1256": lambda tmp, t: legacy.write(tmp / "x", arabic(t), "cp1256", lineterminator="\r\n"),
    "utf-8 without its mark, LF": lambda tmp, t: legacy.write(tmp / "x", t, lineterminator="\n"),
    "utf-16": lambda tmp, t: legacy.write(tmp / "x", t, "utf-16"),
    "utf-16 without its mark": lambda tmp, t: legacy.write(tmp / "x", t, "utf-16-le"),
    "semicolons, quoted": lambda tmp, t: legacy.write(tmp / "x", t, "utf-8-sig", delimiter=";", quoting=1),
    "tabs": lambda tmp, t: legacy.write(tmp / "x", t, delimiter="\t"),
    "English headers": lambda tmp, t: legacy.write(tmp / "x", legacy.english(t)),
    "zip": lambda tmp, t: legacy.zipped(tmp / "x.zip", legacy.DIRTY),
    "zip of a folder": lambda tmp, t: legacy.zipped(tmp / "x.zip", legacy.DIRTY, "export/0801/"),
    "workbook of text": lambda tmp, t: legacy.workbook(tmp / "x.xlsx", t),
    "workbook of numbers and days": lambda tmp, t: legacy.workbook(tmp / "x.xlsx", legacy.english(t), legacy.typed),
}


def arabic(tables: legacy.Tables) -> legacy.Tables:
    """Arabic letters for Persian, as Windows-1256 has them, and no digit it does not know."""
    swap = str.maketrans("یک۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٬", "يك01234567890123456789,")
    return {name: [[cell.translate(swap) for cell in row] for row in rows] for name, rows in tables.items()}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_of_the_export_does_not_count(shape: str, tmp_path: Path) -> None:
    path = SHAPES[shape](tmp_path, legacy.read())
    assert legacy.as_sets(command(path, "0801")) == legacy.as_sets(legacy.expected(legacy.DIRTY))
    outcome = run(legacy.DIRTY, Branch.objects.get(pk="0801"))
    assert (outcome.unchanged, outcome.different) == (46, 0)


def test_a_workbook_is_read_as_it_is_shown(tmp_path: Path) -> None:
    """Percents and zeros that only the cell's format shows."""
    number = "7080100003"
    path = legacy.workbook(tmp_path / "x.xlsx", legacy.only(legacy.read(), number))
    book = openpyxl.load_workbook(path)
    for sheet, row, column, value, shown in [
        ("files", 2, 4, 95136134, "0000000000"),
        ("dependents", 2, 9, 0.335, "0.0%"),
    ]:
        cell = book[sheet].cell(row, column, value)
        cell.number_format = shown
    book.save(path)
    command(path, "0801")
    file = PensionFile.objects.get()
    assert file.national_code == "0095136134"
    assert [float(one.share_percent or 0) for one in file.dependents.all()] == [33.5]
    assert not ImportBatch.objects.get().findings.exclude(level="doubt").exists()


def test_one_import_of_a_branch_writes_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PATIENCE", 0.3)
    with contextlib.closing(psycopg2.connect(**connection.get_connection_params())) as other:
        other.cursor().execute("SELECT pg_advisory_lock(hashtextextended('import into 0801', 0))")
        with pytest.raises(CommandError):
            command(legacy.DIRTY, "0801")
        assert legacy.as_sets(command(legacy.DIRTY, "0801", "--dry-run"))["accepted"] == 46
        assert command(legacy.CLEAN, "1001")["accepted"] == 40
    assert command(legacy.DIRTY, "0801")["accepted"] == 46


@pytest.mark.parametrize("words", [["no-such-file", "--branch", "0801"], ["x", "--branch", "0000"], ["x"], []])
def test_a_wrong_command_is_one_sentence(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("import_pension_files", *words)


def test_columns_in_any_order_extra_ones_reported(tmp_path: Path) -> None:
    tables = {name: [["نشان", *row[::-1]] for row in rows] for name, rows in legacy.read(legacy.DIRTY).items()}
    tables["files"][0] = [f" {header.replace('ی', 'ي')} " for header in tables["files"][0]]
    document = command(legacy.write(tmp_path / "x", tables), "0801", "--report", str(tmp_path / "report.xlsx"))
    assert legacy.as_sets(document) == legacy.as_sets(legacy.expected(legacy.DIRTY))
    codes = ImportBatch.objects.get().findings.filter(code="column.ignored")
    assert codes.count() == 5


def test_a_difference_is_told_and_not_written(tmp_path: Path) -> None:
    number = "7080100001"
    tables = legacy.only(legacy.read(), number)
    command(legacy.write(tmp_path / "x", tables), "0801")
    held = PensionFile.objects.get()
    tables = legacy.changed(tables, "files", number, "address", "تهران")
    tables = legacy.changed(tables, "decree_lines", number, "amount", "77", nth=2)
    command(legacy.write(tmp_path / "x", tables), "0801")
    batch = ImportBatch.objects.first()
    assert batch and (batch.different, batch.unchanged, batch.written) == (1, 0, 0)
    assert set(batch.findings.values_list("level", "code")) == {
        ("difference", "address.different"),
        ("difference", "decrees.different"),
    }
    assert PensionFile.objects.get().address == held.address
    assert not DecreeLine.objects.filter(amount=77).exists()
