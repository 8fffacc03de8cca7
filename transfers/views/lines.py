"""The line of a field in the comparison. A file has hundreds of them: what they share is rendered once."""

import uuid
from functools import lru_cache
from html import escape
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from transfers.checklist import Kind, Row

SLOTS = ("anchor", "look", "seen", "label", "value", "press", "signed", "remarks")
NOTHING = "—"


def line(row: Row, page: Any) -> SafeString:
    """One row as HTML, with its remarks and its form where it has such."""
    seen = row.seen
    texts = [
        row.anchor, row.look, seen, _escaped(row.label), _escaped(row.value or NOTHING),
        _escaped(f"{seen}|{row.field.path}"), _escaped(row.signed), remarks(row, page),
    ]  # fmt: skip
    return mark_safe(skeleton(get_language() or "", row.verdict, row.is_open_to).format(*texts))  # noqa: S308 - escaped


def _escaped(text: Any) -> str:
    """As a template would; Django's own looks for lazy texts first, of which a row has none."""
    return text if isinstance(text, SafeString) else escape(str(text))


def remarks(row: Row, page: Any) -> str:
    """What is said beside the verdict, and the open form."""
    return render_to_string("transfers/_remarks.html", {"row": row, "page": page}) if row.is_remarked else ""


@lru_cache(maxsize=64)
def skeleton(language: str, verdict: str, is_open_to: bool) -> str:
    """A row of this kind, with numbered places for `str.format`; the language is the reader's."""
    kind = Kind(verdict, is_open_to)
    marker = uuid.uuid4().hex
    slots = {name: mark_safe(f"{marker}{number};") for number, name in enumerate(SLOTS)}  # noqa: S308
    html = " ".join(render_to_string("transfers/_mark.html", {"row": kind, "slot": slots}).split())
    html = html.replace("{", "{{").replace("}", "}}")
    for number in range(len(SLOTS)):
        html = html.replace(f"{marker}{number};", f"{{{number}}}")
    return html
