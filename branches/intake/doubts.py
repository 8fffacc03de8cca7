"""What a referral will ask about a file that is taken in: the checks of the draft, said with the import.

They refuse nothing here. The branch reads them while the old system is still at hand and mends the file in time.
"""

import datetime as dt
import io
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from branches import checks
from branches.intake.checking import DECREE, DEPENDENT, FILE, Checked, Content, Values
from branches.intake.findings import LONGEST_VALUE, Finding, Level
from branches.models import Branch
from pension_transfer.lib.calendar import jalali

SHEET_OF = {"dependents": DEPENDENT, "decrees": DECREE}
COLUMN_OF = {"number": "decree_number", "previous_number": "previous_decree_number"}
NAME_OF = {"missing": "needed"}  # a missing cell is refused; this one only a referral will ask for
WHOLE_PART = {"dependents": "share_percent", "decrees": "kind"}  # where what is said of a whole table is shown

CREATE = """
DROP TABLE IF EXISTS intake_living CASCADE;
CREATE TEMP TABLE intake_living (number text COLLATE "C", row integer, national_code text, insurance_number text);
"""
DROP = "DROP TABLE IF EXISTS intake_living CASCADE"
# Two living files of one branch with one strong identifier: held before, or both of this export.
LIVING = """
CREATE TEMP VIEW intake_other AS
SELECT number, national_code, insurance_number FROM intake_living
UNION SELECT pension_number, national_code, insurance_number FROM branches_pensionfile
WHERE branch_id = %s AND status = ANY(%s);
ANALYZE intake_living;
"""
SHARED = """
INSERT INTO intake_finding
SELECT 'doubt', 0, mine.row, 'national_code', 'national_code.other_file', mine.number,
  left(string_agg(other.number, ', ' ORDER BY other.number), %(longest)s)
FROM intake_living mine JOIN intake_other other USING (national_code)
WHERE other.number <> mine.number GROUP BY mine.number, mine.row;
INSERT INTO intake_finding
SELECT 'doubt', 0, mine.row, 'insurance_number', 'insurance_number.insurance_of_another', mine.number,
  left(string_agg(other.number, ', ' ORDER BY other.number), %(longest)s)
FROM intake_living mine JOIN intake_other other USING (insurance_number)
WHERE other.number <> mine.number AND other.national_code <> mine.national_code GROUP BY mine.number, mine.row;
"""


def prepare() -> None:
    """Begin a list of the living files that an export brings."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)


def drop() -> None:
    """Remove the list."""
    with connection.cursor() as cursor:
        cursor.execute(DROP)


def of_files(accepted: Iterable[tuple[Checked, Content]]) -> list[Finding]:
    """What the checks say of each living file alone; its identity is kept for `of_all`."""
    living = [(one, content) for one, content in accepted if content.file["status"] in checks.ALIVE]
    rows = [
        f"{one.number}\t{one.records[FILE][0].row}\t{content.file['national_code']}\t{content.file['insurance_number']}"
        for one, content in living
    ]
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY intake_living FROM STDIN", io.BytesIO("\n".join(rows).encode()))
    return [finding for one, content in living for finding in _of_file(one, content)]


def of_all(branch: Branch) -> None:
    """Note, at the end of the walk, what two files say against each other."""
    with connection.cursor() as cursor:
        cursor.execute(LIVING, [branch.pk, list(checks.ALIVE)])
        cursor.execute(SHARED, {"longest": LONGEST_VALUE})


def _of_file(checked: Checked, content: Content) -> Iterator[Finding]:
    for found in checks.findings(_as_checked(content)):
        spot = found.spot
        sheet = SHEET_OF.get(spot.part, FILE)
        row = checked.records[sheet][spot.row or 0].row
        column = COLUMN_OF.get(spot.name, spot.name) or WHOLE_PART[spot.part]
        code = f"{column}.{NAME_OF.get(found.code, found.code)}"
        yield Finding(Level.DOUBT, sheet, row, column, code, checked.number, _shown(_cell(content, spot)))


def _cell(content: Content, spot: checks.Spot) -> Any:
    if spot.part not in SHEET_OF:
        return content.file[spot.name]
    return None if spot.row is None else getattr(content, spot.part)[spot.row][spot.name]


def _as_checked(content: Content) -> checks.Content:
    """The content in the parts of a sealed one; what stands in the file's row may be asked of each part it fills."""
    file = _plain(content.file)
    of_the_file = dict.fromkeys(("principal", "file", "contact", "last_pay_certificate"), file)
    return of_the_file | {name: [_plain(row) for row in getattr(content, name)] for name in SHEET_OF}


def _plain(values: Values) -> Values:
    return {name: value.isoformat() if type(value) is dt.date else value for name, value in values.items()}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return jalali(value) if type(value) is dt.date else str(value)[:LONGEST_VALUE]
