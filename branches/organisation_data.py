"""The organization's administrations and branches, from the tables shipped with the product."""

import csv
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from branches.models import Administration, Branch

DATA = Path(__file__).resolve().parent / "data"


@transaction.atomic
def load_organization() -> tuple[int, int]:
    """Store every administration and branch of `branches/data`; the numbers of both.

    Known codes get the table's names, nothing is deleted or closed: running it again changes nothing.
    """
    administrations = [_administration(row) for row in _rows("administrations.csv")]
    Administration.objects.bulk_create(
        administrations,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "name_en", "province"],
    )
    branches = [_branch(row) for row in _rows("provinces_branches.csv")]
    Branch.objects.bulk_create(
        branches,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["administration", "name", "name_en", "city", "sort_key", "search_key"],
    )
    return len(administrations), len(branches)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _administration(row: dict[str, str]) -> Administration:
    return Administration(
        code=row["admin_code"],
        name=row["admin_name_fa"],
        name_en=row["admin_name_en"],
        province=row["province_fa"],
    )


def _branch(row: dict[str, str]) -> Branch:
    branch = Branch(
        code=row["branch_code"],
        administration_id=row["province_code"],
        name=row["branch_name_fa"],
        name_en=row["branch_name_en"],
        city=row["city_fa"],
    )
    branch.set_keys()
    return branch
