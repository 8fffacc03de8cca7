"""Files of any content, returned with any differences, corrected and sent again.

What is registered is what was sealed, field by field (I4), and what changed between the two versions is what was
corrected and nothing else.
"""

import os
import random
import uuid
from typing import Any

import pytest

from branches import services
from branches.models import PensionFile
from branches.roles import Action
from central.models import Envelope
from tests import oracle
from tests.cast import PAPER, Cast, Walk, judge_all, press
from tests.conftest import SEARCHES
from tests.expect import fresh
from tests.files import MAKE, Files
from transfers import completeness, fields, snapshot, versions
from transfers.discrepancies import OfCase, ToCorrect
from transfers.fields import Field
from transfers.models import TransferCase

pytestmark = pytest.mark.django_db(databases="__all__")
FILES, BATCH, MOST_DIFFERENCES = int(os.environ.get("RESENT", "15")), 5, 5
NAMES_ROW = {"first_name", "last_name", "birth_date"}  # of who has no national code, they are what a path knows
NEVER_WRONG = {("contact", "iban"), ("dependents", "iban"), ("deductions", "kind")}  # of these there is one
NEVER_WRONG |= {("last_pay_certificate", "last_paid_month")}  # another one is of a payroll to come, or that has run


def may_be_wrong(field: Field) -> bool:
    """What is corrected in its place, in the row that its path names."""
    is_known = field.part != "dependents" or field.row.isdigit() or field.name not in NAMES_ROW
    if field.part == "last_pay_certificate" and field.value in fields.EMPTY:  # it is stated in pairs
        return False
    can_be_made = (field.part, field.name) in MAKE or ("", field.name) in MAKE
    return is_known and can_be_made and (field.part, field.name) not in NEVER_WRONG


def differ(walk: Walk, files: Files) -> set[str]:
    """Random fields of what was received are not as on paper; their paths."""
    press(Action.SHOW_DECREES, walk.copy, walk.staff)
    possible = [field for field in fields.fields_of(walk.copy.content) if may_be_wrong(field)]
    by_row = {(field.group, field.name): field for field in possible}  # of the lines of a decree one
    chosen = files.random.sample(list(by_row.values()), files.random.randint(1, MOST_DIFFERENCES))
    for field in chosen:
        said = {"path": field.path, "verdict": "differs", "paper_value": "به شرح پرونده", "code": "different_value"}
        press(Action.JUDGE, walk.copy, walk.staff, **said, severity="must_be_corrected", note="")
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff)
    return {field.path for field in chosen}


def correct_all(walk: Walk, files: Files) -> None:
    """The clerk follows each discrepancy to its place in the file and corrects it there."""
    for path in [one.finding.path for one in OfCase(fresh(walk.case)).left]:
        asked = OfCase(fresh(walk.case))
        one = next(one for one in asked.left if one.finding.path == path)
        section, row, column = asked.place(one) or ("", None, "")
        file = PensionFile.objects.get(pk=walk.file.pk)
        data = {column: another(file, one, column, files)}
        services.correct(file, section, row, walk.clerk, "برابر پرونده کاغذی", data, command_id=uuid.uuid4())
    assert OfCase(fresh(walk.case)).left == []


def another(file: PensionFile, one: ToCorrect, column: str, files: Files) -> Any:
    """A right value: another one than the file has. Of lines, that one line changes."""
    field = fields.by_path(snapshot.read_file(file))[one.finding.path]
    if column != fields.LINES:
        held = getattr(services.row_of(file, "principal", None), column, None) if not field.row else field.value
        return files.another(field.part, column, held)
    rows = dict(fields.rows_of(snapshot.read_file(file), "decrees"))[field.row]["lines"]
    return [
        {name: line[name] for name in services.LINE_FIELDS}
        | ({"amount": abs(line["amount"] - 1)} if line == field.value else {})
        for line in rows
    ]


def go_round(cast: Cast, files: Files, number: int) -> None:
    walk = Walk(cast, files.make(cast.origin, number))
    walk.draft()
    complete(walk)
    for step in (lambda: approve(walk), walk.send, walk.receive):
        step()
    wrong = differ(walk, files)
    correct_all(walk, files)
    walk.case = press(Action.REOPEN, fresh(walk.case), walk.clerk)
    complete(walk)
    approve(walk)
    for step in (walk.send, walk.receive):
        step()
    press(Action.SHOW_DECREES, walk.copy, walk.staff)
    press(Action.RECORD_PAPER, walk.copy, walk.staff, **PAPER)
    judge_all(walk.copy, walk.staff)
    for step in (walk.verify, walk.register):
        step()
    as_sealed(walk, wrong)


def complete(walk: Walk) -> None:
    """The clerk answers for what is unusual in a random file; then, or otherwise, the draft is complete."""
    case = fresh(walk.case)
    if completeness.open_warnings(case):
        case = press(Action.ACKNOWLEDGE, case, walk.clerk, note="برابر پرونده کاغذی است")
    walk.case = case if case.is_assembled else press(Action.ASSEMBLE, case, walk.clerk)


def approve(walk: Walk) -> None:
    month = PensionFile.objects.get(pk=walk.file.pk).last_paid_month
    judge_all(walk.case, walk.officer)
    walk.case = press(Action.APPROVE_TECHNICAL, walk.case, walk.officer, last_paid_month=str(month))


def as_sealed(walk: Walk, wrong: set[str]) -> None:
    copy = TransferCase.objects.get(pk=walk.copy.pk)
    envelope = Envelope.objects.get(pk=copy.envelope)
    first, second = copy.content_of(1), copy.content_of(2)
    assert envelope.body == copy.contents.get(version=2).body
    registered = snapshot.read_file(copy.file)
    assert {change.field.path for change in fields.changes(second, registered)} == {"principal.status"}
    assert {change.field.path for change in fields.changes(first, second)} == wrong
    assert versions.number_of(versions.differences(first, second)) == len(wrong)


@pytest.mark.parametrize("batch", range(FILES // BATCH))
def test_what_is_registered_is_what_was_sealed_and_corrected(cast: Cast, batch: int) -> None:
    seed = random.randrange(10**6) if SEARCHES else batch
    print(f"seed {seed}")  # shown where it fails
    files = Files(seed)
    for number in range(1, BATCH + 1):
        go_round(cast, files, number)
    assert oracle.problems() == []
