"""`manage.py payroll_list`: the list as CSV or workbook, whole or not at all, and recorded."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from openpyxl import load_workbook

from branches.models import Payment, PensionFile, Status
from branches.roles import Role
from pension_transfer.lib.months import Month
from tests.cast import Cast, Walk, make_file
from transfers import exchange, payroll, sync
from transfers.payroll import Group
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
HEADERS = [
    "شماره مستمری", "نام", "کد ملی", "شبا", "گروه", "از ماه", "تا ماه", "تعداد ماه", "علت", "پرداخت‌کننده",
    "شماره رهگیری",
]  # fmt: skip


def this_month() -> Month:
    return Month.of(timezone.localdate())


def run(*words: Any, **options: Any) -> tuple[list[list[str]], str]:
    """The rows printed, and what was said beside."""
    out, said = io.StringIO(), io.StringIO()
    call_command("payroll_list", *map(str, words), stdout=out, stderr=said, **options)
    return list(csv.reader(io.StringIO(out.getvalue()))), said.getvalue()


def a_list(cast: Cast) -> tuple[PensionFile, PensionFile, PensionFile]:
    month = this_month()
    plain, held, paid = (make_file(cast.origin, n, last_paid_month=month - 2) for n in (1, 2, 3))
    PensionFile.objects.filter(pk=held.pk).update(status=Status.SUSPENDED)
    PensionFile.objects.filter(pk=paid.pk).update(last_paid_month=month)
    return plain, held, paid


def written(month: Month) -> str:
    return f"{month // 100}/{month % 100:02d}"


def test_the_list_on_the_standard_output(cast: Cast) -> None:
    month = this_month()
    plain, held, paid = a_list(cast)
    exchange.open_custody({"7099999999": 139402}, cast.origin.pk, "test")
    (header, *rows), said = run("0801", int(month))
    assert header == HEADERS
    assert rows[0] == [
        plain.pension_number, plain.full_name, plain.national_code, plain.iban, str(Group.PAYABLE.label),
        written(month - 1), written(month), "2", rows[0][8], "0801", "",
    ]  # fmt: skip
    assert [(row[0], row[4]) for row in rows[1:]] == [
        (held.pension_number, str(Group.SUSPENDED.label)), (paid.pension_number, str(Group.PAID.label)),
        ("7099999999", str(Group.BLOCKED.label)),
    ]  # fmt: skip
    counts = dict(line.split(": ") for line in said.splitlines())
    assert {label: counts[str(Group(label).label)] for label in Group} == {
        "payable": "1", "first": "0", "left": "0", "suspended": "1", "blocked": "1", "paid": "1",
    }  # fmt: skip


def test_who_came_and_who_left(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    month = this_month()
    sync.sync()

    def groups() -> list[str]:
        both = [run("0801", int(of))[0][1:] for of in (month, month + 1)]
        return [row[4] for rows in both for row in rows if row[0] == walk.file.pension_number]

    assert groups() == [str(Group.LEFT.label)]
    PensionFile.objects.filter(branch="0801").update(status=Status.ACTIVE)  # as long as the origin has not heard of it
    assert groups() == [str(Group.BLOCKED.label)] * 2
    (_header, row), _said = run("1001", written(month + 1))
    assert (row[4], row[5], row[10]) == (str(Group.FIRST.label), "1405/09", walk.case.tracking_number)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_has_the_same_rows(cast: Cast, tmp_path: Path, kind: str) -> None:
    a_list(cast)
    path, month = tmp_path / f"list.{kind}", int(this_month())
    printed, _said = run("0801", month)
    nothing, said = run("0801", month, f"--{kind}", path)
    assert nothing == [] and said
    assert [path.name] == [found.name for found in tmp_path.iterdir()]
    if kind == "csv":
        assert list(csv.reader(io.StringIO(path.read_text("utf-8-sig")))) == printed
        return
    book = load_workbook(path)
    rows, counts = (list(sheet.values) for sheet in book)
    assert [[str(cell or "") for cell in row] for row in rows] == printed
    assert dict(counts)[str(Group.PAYABLE.label)] == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_fault_53_no_cell_is_run_by_a_spreadsheet(cast: Cast, tmp_path: Path, kind: str) -> None:
    file = make_file(cast.origin, last_paid_month=this_month() - 1)
    PensionFile.objects.filter(pk=file.pk).update(first_name="=HYPERLINK(1)")
    path = tmp_path / f"list.{kind}"
    run("0801", int(this_month()), f"--{kind}", path)
    is_csv = kind == "csv"
    name = (
        path.read_text("utf-8-sig").splitlines()[1].split(",")[1]
        if is_csv
        else load_workbook(path).worksheets[0]["B2"].value
    )
    assert name.startswith("'=")


@pytest.mark.parametrize("kind", ["csv", "xlsx", ""])
def test_half_a_list_never_stays(cast: Cast, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a_list(cast)
    whole = payroll.lines

    def cut(*args: Any) -> Any:
        yield next(whole(*args))
        raise exchange.Unreachable("away")

    monkeypatch.setattr(payroll, "lines", cut)
    path, out = tmp_path / f"list.{kind}", io.StringIO()
    path.write_text("yesterday's")
    words = [f"--{kind}", str(path)] if kind else []
    with pytest.raises(CommandError) as refused:
        call_command("payroll_list", "0801", str(int(this_month())), *words, stdout=out, stderr=io.StringIO())
    assert (refused.value.returncode, out.getvalue(), len(str(refused.value).splitlines())) == (1, "", 1)
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [(path.name, "yesterday's")]


@pytest.mark.parametrize(
    "words",
    [("9999", "140509"), ("0801", "140513"), ("0801", "آذر"), ("0801", "140509", "--record"),
     ("0801", "140509", "--record", "--by", "nobody")],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_and_no_file(cast: Cast, tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "list.csv"
    with pytest.raises(CommandError) as refused:
        run(*words, "--csv", path)
    assert (refused.value.returncode, len(str(refused.value).splitlines()), path.exists()) == (1, 1, False)


def test_a_folder_that_cannot_be_written_is_said(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError):
        run("0801", int(this_month()), "--csv", tmp_path / "file" / "list.csv")


def test_what_is_listed_is_recorded_by_who_may(cast: Cast, tmp_path: Path) -> None:
    a_list(cast)
    path, month = tmp_path / "list.csv", int(this_month())
    with pytest.raises(CommandError):
        run("0801", month, "--csv", path, "--record", "--by", cast.at(cast.origin, Role.CLERK).username)
    assert (path.exists(), Payment.objects.count()) == (False, 0)
    officer = cast.at(cast.origin, Role.TECHNICAL_OFFICER).username
    rows, _said = run("0801", month, "--record", "--by", officer)
    assert rows[1][4] == str(Group.PAYABLE.label)
    assert Payment.objects.count() == 2
    again, _said = run("0801", month, "--record", "--by", officer)
    assert again[1][4] == str(Group.PAID.label)
    assert Payment.objects.count() == 2
