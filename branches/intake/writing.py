"""Storing accepted files. Called inside one transaction per chunk: a file stands whole or not at all.

Rows go in by COPY, in the columns the models name; a column that is not given gets its field's default.
"""

import io
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, Model
from django.utils import timezone

from branches.intake.checking import Content, Values
from branches.intake.staging import escaped
from branches.models import Branch, CustodyRequest, Decree, DecreeLine, Deduction, Dependent, PensionFile, Status
from pension_transfer.lib.months import Month

PAYABLE = {Status.ACTIVE.value, Status.SUSPENDED.value}
NULL = r"\N"


def write(branch: Branch, contents: dict[str, Content]) -> None:
    """Store new files by pension number, and ask the center to open the custody of those that are payable."""
    files = [_file(branch, number, content.file) for number, content in contents.items()]
    ids = store(PensionFile, files)
    owned = list(zip(ids, contents.values(), strict=True))
    store(Dependent, [row | {"file_id": pk} for pk, content in owned for row in content.dependents])
    store(Deduction, [row | {"file_id": pk} for pk, content in owned for row in content.deductions])
    decrees = [row | {"file_id": pk} for pk, content in owned for row in content.decrees]
    numbered = list(zip(store(Decree, decrees), decrees, strict=True))
    store(DecreeLine, [line | {"decree_id": pk} for pk, decree in numbered for line in decree["lines"]])
    store(CustodyRequest, [_opening(pk, content.file) for pk, content in owned if content.file["status"] in PAYABLE])


def _file(branch: Branch, number: str, values: Values) -> Values:
    """A file's columns, with the keys its model makes of them."""
    file = PensionFile(branch=branch, pension_number=number, **values)
    file.set_keys()
    return {
        field.attname: getattr(file, field.attname)
        for field in PensionFile._meta.concrete_fields
        if not field.generated
    }


def _opening(pk: int, values: Values) -> Values:
    month = Month.of(values["established_on"])
    return {"file_id": pk, "verb": CustodyRequest.Verb.OPEN, "month": month, "reason": "import"}


# --- rows ---------------------------------------------------------------------------------------------


def store(model: type[Model], rows: list[Values]) -> list[int]:
    """Store rows given by column name; their new ids. Raises what bulk_create would."""
    if not rows:
        return []
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    defaults = {field.attname: _default(field) for field in fields}
    names = [field.attname for field in fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields if not field.primary_key)
    ids = _new_ids(model, len(rows))
    lines = [
        f"{pk}\t" + "\t".join([_value(row[name] if name in row else defaults[name]) for name in names])
        for pk, row in zip(ids, rows, strict=True)
    ]
    with connection.wrap_database_errors, connection.cursor() as cursor:
        copy = f"COPY {model._meta.db_table} (id, {columns}) FROM STDIN"
        cursor.copy_expert(copy, io.BytesIO("\n".join(lines).encode()))
    return ids


def _default(field: "Field[Any, Any]") -> Any:
    is_moment = isinstance(field, DateTimeField) and (field.auto_now_add or field.auto_now)
    return timezone.now() if is_moment else field.get_default()


def _value(value: Any) -> str:
    if value is None:
        return NULL
    return escaped(value) if type(value) is str else str(value)


def _new_ids(model: type[Model], count: int) -> list[int]:
    query = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(query, [model._meta.db_table, count])
        return [row[0] for row in cursor.fetchall()]
