"""What a referral will ask is said with the import, and refuses nothing there."""

from collections import Counter
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from branches import checks
from branches.intake.doubts import NAME_OF
from branches.intake.findings import sentence
from branches.intake.service import run
from branches.models import Branch, ImportBatch, PensionFile
from branches.organisation_data import load_organization
from branches.roles import Role
from pension_transfer.lib.persian import to_ascii_digits
from tests.branches import legacy
from tests.cast import Cast
from transfers import completeness

pytestmark = pytest.mark.django_db
NUMBER, SURVIVORS, ANOTHER = "7080100001", "7080100003", "7080100007"


@pytest.fixture
def branch(db: None) -> Branch:
    load_organization()
    return Branch.objects.get(pk="0801")


def take(branch: Branch, path: Path) -> ImportBatch:
    batch = ImportBatch.objects.create(branch=branch)
    assert run(path, branch, batch, writing=True).written == PensionFile.objects.count()
    return batch


def look(branch: Branch, path: Path) -> ImportBatch:
    """A dry run that refuses no file."""
    batch = ImportBatch.objects.create(branch=branch)
    outcome = run(path, branch, batch)
    assert outcome.rejected == {}
    assert outcome.accepted
    return batch


def doubts(batch: ImportBatch) -> list[tuple[int, int, str, str]]:
    rows = batch.findings.filter(level="doubt").values_list("sheet", "row", "code", "value")
    return list(rows.order_by("sheet", "row", "id"))


CELLS = [
    ("files", "iban", "", 0, (0, 2, "iban.needed", "")),
    ("files", "paper_pages", "", 0, (0, 2, "paper_pages.needed", "")),
    ("files", "last_paid_month", "1499/01", 0, (0, 2, "last_paid_month.future", "149901")),
    ("files", "postal_code", "7602045678", 0, (0, 2, "postal_code.postal_code", "7602045678")),
    ("decrees", "effective_on", "1300/01/01", 0, (2, 2, "effective_on.before_birth", "1300/01/01")),
    ("decrees", "previous_decree_number", "", 1, (2, 3, "previous_decree_number.chain_broken", "")),
    ("decrees", "amount_before", "7", 1, (2, 3, "amount_before.amount_before", "7")),
    ("decrees", "kind", "تغییر وضعیت", 0, (2, 2, "kind.no_establishing", "")),
]


@pytest.mark.parametrize(("sheet", "column", "value", "nth", "said"), CELLS, ids=[cell[-1][2] for cell in CELLS])
def test_a_doubt_names_its_cell_and_the_file_is_taken_in(
    branch: Branch, tmp_path: Path, sheet: str, column: str, value: str, nth: int, said: tuple[int, int, str, str]
) -> None:
    tables = legacy.only(legacy.read(), NUMBER)
    before = doubts(look(branch, legacy.write(tmp_path / "whole", tables)))
    batch = look(branch, legacy.write(tmp_path / "x", legacy.changed(tables, sheet, NUMBER, column, value, nth)))
    assert said in doubts(batch)
    assert said not in before
    assert not batch.findings.exclude(level="doubt").exists()


def test_a_dependent_who_is_the_principal(branch: Branch, tmp_path: Path) -> None:
    tables = legacy.only(legacy.read(), SURVIVORS)
    code = to_ascii_digits(tables["files"][1][3])
    changed = legacy.changed(tables, "dependents", SURVIVORS, "national_code", code)
    batch = look(branch, legacy.write(tmp_path / "x", changed))
    assert (1, 2, "national_code.same_person", code) in doubts(batch)


@pytest.mark.parametrize(("column", "code"), [("national_code", "other_file"), ("insurance_number", None)])
def test_two_files_with_one_identifier_name_each_other(
    branch: Branch, tmp_path: Path, column: str, code: str | None
) -> None:
    """In one export, and between the export and what the branch holds already; also in a dry run."""
    place = 3 if column == "national_code" else 2
    whole = legacy.only(legacy.read(), NUMBER, ANOTHER)
    first = legacy.only(whole, NUMBER)
    tables = legacy.changed(whole, "files", ANOTHER, column, first["files"][1][place])
    code = f"{column}.{code or 'insurance_of_another'}"
    both = look(branch, legacy.write(tmp_path / "both", tables))
    assert {said[3] for said in doubts(both) if said[2] == code} == {NUMBER, ANOTHER}
    take(branch, legacy.write(tmp_path / "one", legacy.only(tables, NUMBER)))
    other = look(branch, legacy.write(tmp_path / "other", legacy.only(tables, ANOTHER)))
    assert {said[3] for said in doubts(other) if said[2] == code} == {NUMBER}


def test_a_closed_file_is_asked_nothing(branch: Branch, tmp_path: Path) -> None:
    tables = legacy.only(legacy.read(), NUMBER)
    for column, value in [("status", "قطع"), ("iban", ""), ("paper_pages", "")]:
        tables = legacy.changed(tables, "files", NUMBER, column, value)
    assert not doubts(take(branch, legacy.write(tmp_path / "x", tables)))


@pytest.mark.parametrize("sample", [legacy.DIRTY, legacy.CLEAN])
def test_the_import_says_what_the_referral_will_ask(branch: Branch, sample: Path) -> None:
    """File by file and code by code the same as the checks of the draft find in what was stored."""
    branch = Branch.objects.get(pk=sample.name)
    batch = take(branch, sample)
    codes = batch.findings.filter(level="doubt").values_list("number", "code")
    said = Counter((number, code.partition(".")[2].replace("needed", "missing")) for number, code in codes)
    asked: Counter[tuple[str, str]] = Counter()
    for file in PensionFile.objects.filter(status__in=checks.ALIVE):
        errors, warnings, _content = completeness.of_file(file)
        asked.update((file.pension_number, row[1]) for row in [*errors, *warnings])
    assert said == asked
    assert said


def test_every_rule_has_its_sentence() -> None:
    faults = {"checksum", "twice", "share_sum", "previous_unknown"}  # refused, with codes of their own
    faults |= {"before_established", "not_suspended"}  # of columns that the export does not have
    for code in {rule.code for rule in checks.RULES} - faults:
        assert sentence(f"x.{NAME_OF.get(code, code)}")


def test_the_import_page_lists_them(cast: Cast, client: Client, tmp_path: Path) -> None:
    tables = legacy.changed(legacy.only(legacy.read(), NUMBER), "files", NUMBER, "iban", "")
    batch = look(cast.origin, legacy.write(tmp_path / "x", tables))
    ImportBatch.objects.update(state=ImportBatch.State.CHECKED)
    client.force_login(cast.at(cast.origin, Role.BRANCH_HEAD))
    page = client.get(reverse("import_batch", args=[batch.pk]) + "?level=doubt").content.decode()
    assert "بدون آن ارجاع پذیرفته نمی‌شود" in page
