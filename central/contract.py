"""The envelope's contract: canonical bytes (RFC 8785), its seal (SHA-256), its versioned JSON Schema."""

import datetime as dt
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
from jsonschema import Draft202012Validator, FormatChecker

SCHEMAS = Path(__file__).parent / "schemas"
CURRENT = "envelope-3"  # the earlier ones stay readable for ever
FORMATS = FormatChecker(formats=["date"])


def canonical(content: Any) -> bytes:
    """The one way to write `content` as bytes."""
    return rfc8785.dumps(content)


def seal_of(body: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def moment(text: str) -> dt.datetime:
    """A moment as it is sealed: UTC to the microsecond, ending in Z; ValueError for anything else."""
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.timezone.utc)


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(moment(value))


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")), format_checker=FORMATS)


def is_unknown(content: dict[str, Any]) -> bool:
    """Whether its schema is none of this version's: a newer product may have written it."""
    name = content.get("schema")
    return not isinstance(name, str) or not (SCHEMAS / f"{name}.json").is_file()


def faults(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Where `content` breaks its schema: (path such as dependents.0.sex, the keyword broken)."""
    if is_unknown(content):
        return [("schema", "unknown")]
    errors = _validator(content["schema"]).iter_errors(content)
    return sorted((".".join(str(p) for p in e.absolute_path), str(e.validator)) for e in errors)
