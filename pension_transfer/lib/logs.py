"""Logs never hold a person's identifiers."""

import logging
import re

DIGIT = "(?:%DB%B[0-9]|%D9%A[0-9]|\\d)"  # \d covers Persian digits; in a raw address they are percent-encoded
START = r"(?:(?<!\d)|(?<=\\x[0-9a-f][0-9a-f]))"  # Django writes a control character as \x00
IDENTIFIER = re.compile(rf"{START}(?:IR{DIGIT}{{24}}|{DIGIT}{{10,11}})(?!{DIGIT})", re.IGNORECASE)


class Masked(logging.Formatter):
    """Writes stars for national codes, pension numbers, Shebas and mobiles, in the traceback as well."""

    def format(self, record: logging.LogRecord) -> str:
        return IDENTIFIER.sub("**********", super().format(record))
