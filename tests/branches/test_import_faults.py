"""Cells and rows: what is cleaned, what is told, what is refused, each by its code."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from branches.intake import cleaning as c
from branches.intake import columns, words
from branches.intake.columns import SHEETS
from branches.intake.findings import SENTENCES, column_label, sentence
from branches.intake.service import run
from branches.models import Branch, ImportBatch
from branches.organisation_data import load_organization
from tests.branches import legacy

NUMBER = "7080100003"  # survivors: a widow and her children
RETIRED = "7080100001"
DAY = dt.date(2015, 1, 17)  # 1393/10/27

CLEAN: list[tuple[c.Cleaner, str, Any]] = [
    (c.day, "1393/10/27", DAY),
    (c.day, "۱۳۹۳/۱۰/۲۷", DAY),
    (c.day, "١٣٩٣-١٠-٢٧", DAY),
    (c.day, "93.10.27", DAY),
    (c.day, "13931027", DAY),
    (c.day, "1393/10/27 00:00:00", DAY),
    (c.birth, "1331/00/00", c.Noted(c.Birth(None, 1331), "year_only")),
    (c.birth, "31/0/0", c.Noted(c.Birth(None, 1331), "year_only")),
    (c.birth, "1393/10/27", c.Birth(DAY, 1393)),
    (c.month, "1405/08", 140508),
    (c.month, "۱۴۰۵-۸", 140508),
    (c.month, "1405/08/30", 140508),
    (c.national_code, "۹۹۶۰۳۱۳۷۲۷", "9960313727"),
    (c.national_code, " 996-031372-7", "9960313727"),
    (c.national_code, "95136134", c.Noted("0095136134", "padded")),
    (c.iban, "ir95 0130 0000 0012 3456 7890 12", "IR950130000000123456789012"),
    (c.mobile, "+98 912 742 2953", "09127422953"),
    (c.mobile, "00989127422953", "09127422953"),
    (c.mobile, "۹۱۲۷۴۲۲۹۵۳", "09127422953"),
    (c.mobile, "989127422953", "09127422953"),
    (columns.RIALS, "1,250,000 ریال", 1_250_000),
    (columns.RIALS, "۱٬۲۵۰٬۰۰۰", 1_250_000),
    (columns.RIALS, "1250000.0", 1_250_000),
    (columns.RIALS, "1 250 000 ﷼", 1_250_000),
    (c.share, "33.3333", Decimal("33.3333")),
    (c.share, "۳۳٫۳۳", Decimal("33.33")),
    (c.share, "%50", Decimal(50)),
    (c.share, "۵۰ درصد", Decimal(50)),
    (c.share, "33/33", Decimal("33.33")),
    (c.digits(8, 10, 10), "21535642", "0021535642"),
    (c.name(60), "  علي‌ رضا كاظمي", "علی‌ رضا کاظمی"),
    (c.prose(60), "خیابان ولی‌عصر\nپلاک ۲۷", "خیابان ولی‌عصر پلاک 27"),
    (c.prose(60), "- پلاک 4", "- پلاک 4"),
    (c.choice(words.KINDS), "ازكارافتادگي كلی غیر‌ناشی از کار", "disability_total_nonwork"),
    (c.choice(words.KINDS), "Survivors", "survivors"),
    (c.choice(words.RELATIONSHIPS), "فرزند‌ ذکور", "son"),
    (c.choice(words.STATUSES), "معلّق", "suspended"),
]
UNCLEAN: list[tuple[c.Cleaner, str, str]] = [
    (c.day, "1404/12/30", "no_such_date"),
    (c.day, "1393/13/01", "no_such_date"),
    (c.day, "2015/01/17", "no_such_date"),
    (c.day, "27/10/1393", "no_such_date"),
    (c.birth, "1340/05/00", "no_such_date"),
    (c.birth, "1499/01/01", "future"),
    (c.month, "1405/13", "no_such_date"),
    (c.national_code, "1111111111", "repeated"),
    (c.national_code, "9960313728", "checksum"),
    (c.national_code, "996031", "length"),
    (c.national_code, "9.96E+09", "length"),
    (c.iban, "IR960130000000123456789012", "checksum"),
    (c.iban, "950130000000123456789012", "length"),
    (c.mobile, "02188776655", "length"),
    (columns.RIALS, "-5", "negative"),
    (columns.RIALS, "\u2212۵ ریال", "negative"),
    (columns.RIALS, "دویست هزار", "not_a_number"),
    (columns.RIALS, "12,50", "not_a_number"),
    (columns.RIALS, "1250 تومان", "not_a_number"),
    (columns.RIALS, "=SUM(A1)", "not_a_number"),
    (columns.RIALS, "9" * 19, "too_large"),
    (c.share, "-1", "negative"),
    (c.share, "نیم", "not_a_number"),
    (c.name(60), '=HYPERLINK("x")', "characters"),
    (c.name(60), "+", "characters"),
    (c.name(60), "\u200d=1", "characters"),
    (c.name(60), "\u202a\u00a0=1", "characters"),
    (c.name(60), "\u200d\u200c", "missing"),
    (c.name(60), "علی\x07", "characters"),
    (c.name(60), "علی\tرضا", "characters"),
    (c.prose(60), "@x", "characters"),
    (c.name(60), "ا" * 61, "length"),
    (c.name(60), "\ufdfa" * 10, "length"),
    (c.digits(10, 10), "708000021", "length"),
    (c.choice(words.RELATIONSHIPS), "پسرخاله", "unknown"),
    (c.choice(words.STATUSES), "moved", "unknown"),
]


@pytest.mark.parametrize(("clean", "text", "value"), CLEAN)
def test_cleaned(clean: c.Cleaner, text: str, value: Any) -> None:
    assert clean(text) == value


@pytest.mark.parametrize(("clean", "text", "code"), UNCLEAN)
def test_not_cleaned(clean: c.Cleaner, text: str, code: str) -> None:
    with pytest.raises(c.Unclean) as fault:
        clean(text)
    assert fault.value.code == code


def codes(folder: Path, tables: legacy.Tables) -> dict[str, list[str]]:
    return run(legacy.write(folder / "x", tables), Branch.objects.get(pk="0801")).rejected


@pytest.fixture
def tables(db: None) -> legacy.Tables:
    load_organization()
    return legacy.only(legacy.read(), NUMBER, RETIRED)


CELLS = [
    ("files", "kind", "کارمند", {"kind.unknown"}),
    ("files", "kind", "", {"kind.missing"}),
    ("files", "status", "نامعلوم", {"status.unknown"}),
    ("files", "sex", "؟", {"sex.unknown"}),
    ("files", "established_on", "", {"established_on.missing"}),
    ("files", "death_date", "", {"death_date.missing"}),
    ("files", "insurance_number", "1234567", {"insurance_number.length"}),
    ("files", "postal_code", "12345", {"postal_code.length"}),
    ("files", "birth_date", "", {"birth_date.missing"}),
    ("files", "last_paid_month", "هشت", {"last_paid_month.no_such_date"}),
    ("files", "service_main_days", "-3", {"service_main_days.negative"}),
    ("dependents", "national_code", "", {"national_code.missing"}),
    ("dependents", "relationship", "", {"relationship.missing"}),
    ("dependents", "share_percent", "120", {"dependents.share_sum"}),
    ("dependents", "share_percent", "-1", {"share_percent.negative"}),
    ("dependents", "iban", "IR960130000000123456789012", {"iban.checksum"}),
    ("decrees", "kind", "حکم", {"kind.unknown"}),
    ("decrees", "amount_before", "", {"amount_before.missing"}),
    ("decrees", "issuing_branch", "شیراز", {"issuing_branch.length"}),
    ("decree_lines", "group", "هیچ", {"group.unknown"}),
    ("decree_lines", "order", "یک", {"order.not_a_number"}),
    ("decree_lines", "decree_number", "1/1", {"decree.unknown"}),
    ("decree_lines", "title", "-x", {"title.characters"}),
]


@pytest.mark.parametrize(("sheet", "field", "value", "wanted"), CELLS)
def test_one_bad_cell_refuses_its_whole_file(
    tables: legacy.Tables, tmp_path: Path, sheet: str, field: str, value: str, wanted: set[str]
) -> None:
    rejected = codes(tmp_path, legacy.changed(tables, sheet, NUMBER, field, value))
    assert {number: set(found) for number, found in rejected.items()} == {NUMBER: wanted}


REPEATED = [
    ("dependents", "national_code", "national_code.duplicate"),
    ("decrees", "decree_number", "decree_number.duplicate"),
    ("decree_lines", "order", "order.duplicate"),
    ("files", "pension_number", "pension_number.duplicate"),
]


@pytest.mark.parametrize(("sheet", "field", "code"), REPEATED)
def test_a_row_that_stands_twice(tables: legacy.Tables, tmp_path: Path, sheet: str, field: str, code: str) -> None:
    rows = tables[sheet]
    twice = next(row for row in rows if row[0] == NUMBER)
    path = legacy.write(tmp_path / "x", tables | {sheet: [*rows, list(twice)]})
    batch = ImportBatch.objects.create(branch_id="0801", original_name="x")
    assert run(path, batch.branch, batch).rejected == {NUMBER: [code]}
    assert batch.findings.filter(code=code, column=field).count() == 2


def test_rows_without_a_number_or_a_file(tables: legacy.Tables, tmp_path: Path) -> None:
    tables["decrees"].append(["", *tables["decrees"][1][1:]])
    tables["deductions"].append(["9999999999", "قسط وام", "", "5", "", ""])
    tables["files"].append(["", *tables["files"][1][1:]])
    assert codes(tmp_path, tables) == {
        "": ["pension_number.missing", "decrees.missing"],
        "9999999999": ["pension_number.unknown"],
    }


def test_a_decree_may_not_precede_itself(tables: legacy.Tables, tmp_path: Path) -> None:
    number = next(row for row in tables["decrees"] if row[0] == NUMBER)[1]
    tables = legacy.changed(tables, "decrees", NUMBER, "previous_decree_number", number)
    assert codes(tmp_path, tables) == {NUMBER: ["decree.previous_unknown"]}


def test_shares_of_those_whose_entitlement_ended_do_not_count(tables: legacy.Tables, tmp_path: Path) -> None:
    tables = legacy.changed(tables, "dependents", NUMBER, "share_percent", "120")
    assert codes(tmp_path, tables) == {NUMBER: ["dependents.share_sum"]}
    tables = legacy.changed(tables, "dependents", NUMBER, "entitled_until", "1402/01/01")
    assert codes(tmp_path, tables) == {}


def test_a_separator_inside_a_cell_is_seen(tables: legacy.Tables, tmp_path: Path) -> None:
    folder = legacy.write(tmp_path / "x", tables)
    file = folder / "files.csv"
    file.write_text(file.read_text().replace("خیابان", "خیابان, ", 1))
    rejected = run(folder, Branch.objects.get(pk="0801")).rejected
    assert [number for number, found in rejected.items() if "row.columns" in found] == [RETIRED]


def test_too_many_rows_under_one_number(tables: legacy.Tables, tmp_path: Path) -> None:
    line = next(row for row in tables["decree_lines"] if row[0] == NUMBER)
    tables["decree_lines"] += [[*line[:2], str(i), *line[3:]] for i in range(10, 1100)]
    assert codes(tmp_path, tables) == {NUMBER: ["pension_number.too_many_rows"]}


def test_every_finding_names_its_place(tables: legacy.Tables, tmp_path: Path) -> None:
    tables = legacy.changed(tables, "decree_lines", NUMBER, "amount", "-5", nth=1)
    batch = ImportBatch.objects.create(branch_id="0801", original_name="x")
    run(legacy.write(tmp_path / "x", tables), batch.branch, batch)
    finding = batch.findings.get()
    assert (SHEETS[finding.sheet].name, finding.column, finding.value) == ("decree_lines", "amount", "-5")
    assert tables["decree_lines"][finding.row - 1][5] == "-5"


def test_every_place_has_a_persian_name() -> None:
    fields = [(index, field) for index, sheet in enumerate(SHEETS) for field in sheet.fields]
    parts = [(0, part) for part in ("birth_year", "dependents", "decrees", "deductions")]
    assert not [place for place in fields + parts if column_label(*place).isascii()]


def test_every_code_has_a_sentence() -> None:
    kinds = {"missing", "length", "characters", "no_such_date", "future", "not_a_number", "negative", "too_large"}
    assert kinds | {"unknown", "different"} <= SENTENCES.keys()
    assert all(sentence(f"x.{kind}") for kind in kinds)
    assert all(sentence(code) for *_rest, found in CELLS for code in found)
