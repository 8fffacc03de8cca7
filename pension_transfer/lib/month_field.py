"""The column of a Jalali month."""

from typing import Any

from django.db import models

from pension_transfer.lib.months import Month, is_month
from pension_transfer.lib.validation import validate_month


class MonthField(models.PositiveIntegerField):
    """A month yyyymm, read as a Month. What is stored and is no month is read as the number it is."""

    default_validators = [validate_month]

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> int | None:
        return Month(value) if value is not None and is_month(value) else value
