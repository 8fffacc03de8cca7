"""Rows that any of many texts finds: each text is looked up by itself, by an index, and few rows of it are taken.

PostgreSQL cannot guess how many names begin in some way and, beside other conditions or asked for a few rows only,
rather reads a table from end to end. So the texts come in an array, about whose members it supposes nothing, and their
rows' keys are an array, too, which is made before any other condition is looked at.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, TextField
from django.db.models.expressions import RawSQL

ASKED = RawSQL("asked.text", (), TextField())
BEHIND = RawSQL("(asked.text || chr(1114111))", (), TextField())  # behind all texts that begin with what is asked
_TEXTS = "unnest(string_to_array(%s, E'\\n'))"  # a thousand literals would take longer than what they ask


class _Among(Func):
    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


@dataclass(frozen=True)
class Each:
    """The first `most` of the `rows`, whose conditions name ASKED, for each of the texts: of one line each."""

    rows: QuerySet[Any]
    texts: Collection[str]
    most: int

    def sql(self) -> tuple[str, list[Any]]:
        """Their keys."""
        sql, params = self.rows.order_by().values("pk")[: self.most].query.sql_with_params()
        each = f"SELECT found.* FROM {_TEXTS} AS asked(text) CROSS JOIN LATERAL ({sql}) AS found"  # noqa: S608
        return each, ["\n".join(self.texts), *params]


def found_by(rows: QuerySet[Any], asked: Collection[Each]) -> QuerySet[Any]:
    """Those of the rows that one of the texts finds."""
    parts = [each.sql() for each in asked]
    keys = f"ARRAY({' UNION ALL '.join(sql for sql, _params in parts)})"
    return rows.filter(_Among(F("pk"), RawSQL(keys, [value for _sql, params in parts for value in params])))  # noqa: S611
