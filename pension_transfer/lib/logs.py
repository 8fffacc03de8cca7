"""Logs never hold a person's identifiers."""

import logging
import re

DIGIT = "(?:%DB%B[0-9]|%D9%A[0-9]|\\d)"  # \d covers Persian digits; in a raw address they are percent-encoded
IDENTIFIER = re.compile(rf"(?<!\d)(?:IR{DIGIT}{{24}}|{DIGIT}{{10,11}})(?!{DIGIT})", re.IGNORECASE)


class Masked(logging.Formatter):
    """Writes stars for national codes, pension numbers, Shebas and mobiles, in the traceback as well."""

    def format(self, record: logging.LogRecord) -> str:
        return IDENTIFIER.sub("**********", super().format(record))
