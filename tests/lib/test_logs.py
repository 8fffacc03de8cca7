"""Logs never hold a person's identifiers, whichever way they come in."""

import copy
import logging
import logging.config
import runpy
from urllib.parse import quote

import pytest
from django.conf import settings
from gunicorn.config import Config

from pension_transfer.lib.logs import Masked

CODE, PERSIAN, ARABIC = "0084575948", "۰۰۸۴۵۷۵۹۴۸", "٠٠٨٤٥٧٥٩٤٨"


def written(message: str, error: Exception | None = None) -> str:
    """What the console would show of it."""
    how = copy.deepcopy(settings.LOGGING["formatters"]["line"])  # it is taken apart while it is read
    formatter = logging.config.DictConfigurator({}).configure_formatter(how)
    failed = (type(error), error, None) if error else None
    return str(formatter.format(logging.LogRecord("test", logging.ERROR, "", 0, "%s", (message,), failed)))


@pytest.mark.parametrize("value", [CODE, PERSIAN, ARABIC, "09121234567", "IR620570028180010870832001"])
def test_identifiers_are_masked_in_messages_addresses_and_tracebacks(value: str) -> None:
    shown = written(f"GET /tracking/?q={quote(value)} {value}", ValueError(f"Key (national_code)=({value}) exists"))
    assert value not in shown
    assert quote(value) not in shown
    assert "Key (national_code)=(**********) exists" in shown


def test_a_control_character_in_front_hides_nothing() -> None:
    assert CODE not in written(f"Not Found: /files/\\x00{CODE}")


def test_tracking_numbers_stay() -> None:
    assert "0801050000182" in written("0801050000182 is late")


def test_the_web_servers_own_log_is_masked() -> None:
    configured = runpy.run_path(str(settings.BASE_DIR / "gunicorn.conf.py"))
    log = configured["logger_class"](Config())
    assert [type(handler.formatter) for handler in log.error_log.handlers] == [Masked]
