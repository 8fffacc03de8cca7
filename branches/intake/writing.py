"""Storing accepted files. Called inside one transaction per chunk: a file stands whole or not at all."""

from collections.abc import Iterable, Iterator

from branches.intake.checking import Content, Values
from branches.models import Branch, CustodyRequest, Decree, DecreeLine, Deduction, Dependent, PensionFile, Status
from pension_transfer.lib.calendar import month_of

PAYABLE = {Status.ACTIVE.value, Status.SUSPENDED.value}


def write(branch: Branch, contents: dict[str, Content]) -> None:
    """Store new files by pension number, and ask the center to open the custody of those that are payable."""
    files = [_file(branch, number, content.file) for number, content in contents.items()]
    PensionFile.objects.bulk_create(files)
    pairs = list(zip(files, contents.values()))
    Dependent.objects.bulk_create(list(_dependents(pairs)))
    Deduction.objects.bulk_create([Deduction(file=file, **row) for file, content in pairs for row in content.deductions])
    decrees = [(_decree(file, row), row["lines"]) for file, content in pairs for row in content.decrees]
    Decree.objects.bulk_create([decree for decree, _lines in decrees])
    DecreeLine.objects.bulk_create([DecreeLine(decree=decree, **line) for decree, lines in decrees for line in lines])
    CustodyRequest.objects.bulk_create([_opening(file) for file in files if file.status in PAYABLE])


def _file(branch: Branch, number: str, values: Values) -> PensionFile:
    file = PensionFile(branch=branch, pension_number=number, **values)
    file.set_keys()
    return file


def _dependents(pairs: Iterable[tuple[PensionFile, Content]]) -> Iterator[Dependent]:
    for file, content in pairs:
        for row in content.dependents:
            yield Dependent(file=file, **row)


def _decree(file: PensionFile, row: Values) -> Decree:
    return Decree(file=file, **{name: value for name, value in row.items() if name != "lines"})


def _opening(file: PensionFile) -> CustodyRequest:
    month = month_of(file.established_on)
    return CustodyRequest(file=file, verb=CustodyRequest.Verb.OPEN, month=month, reason="import")
