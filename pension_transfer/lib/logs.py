"""Logs never hold a person's identifiers."""

import logging
import re

IDENTIFIER = re.compile(r"(?<!\d)(?:IR\d{24}|\d{10}|09\d{9})(?!\d)", re.IGNORECASE)


class Mask(logging.Filter):
    """Replaces national codes, pension numbers, Shebas and mobiles by stars (\\d covers Persian digits)."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = IDENTIFIER.sub("**********", record.getMessage()), ()
        return True
