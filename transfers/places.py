"""The places of a content on which a scan may lie, in words: the whole case, a section, a row, a field."""

from typing import Any

from django.utils.translation import gettext as _

from pension_transfer.lib.persian import listed
from transfers.fields import Field, fields_of
from transfers.labels import SECTION_NAMES
from transfers.presentation import ROW_NAMES, field_label, shown_value

WHOLE = ""


def places(content: dict[str, Any]) -> dict[str, str]:
    """Path -> words, in the order of reading; read once for all the attachments of a page."""
    found, fields = {WHOLE: _("The whole case")}, fields_of(content)
    rows = _rows(fields)
    for field in fields:
        section = str(SECTION_NAMES[field.section])
        found.setdefault(field.section, section)
        group = found.setdefault(field.group, _join(section, _row(rows[field.group])) if field.row else section)
        found[field.path] = _join(group, field_label(field))
    return found


def place_of(path: str, known: dict[str, str]) -> str:
    """A path in words; one that the content no longer has, by its section."""
    return known.get(path) or str(SECTION_NAMES.get(path.partition(".")[0], path))


def _rows(fields: list[Field]) -> dict[str, dict[str, Field]]:
    rows: dict[str, dict[str, Field]] = {}
    for field in fields:
        rows.setdefault(field.group, {})[field.name] = field
    return rows


def _row(held: dict[str, Field]) -> str:
    part = next(iter(held.values())).part
    return " ".join(str(shown_value(held[name])) for name in ROW_NAMES[part] if held[name].value)


def _join(*words: str) -> str:
    return listed(words)
