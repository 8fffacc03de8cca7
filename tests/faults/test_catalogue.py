"""docs/faults.md is true: every fault is tried, and where the page says."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]+) \|$", re.MULTILINE)


def test_every_fault_is_tried_where_the_page_says() -> None:
    rows = {int(number): re.findall(r"`([^`]+)`", named) for number, named in ROW.findall(_read("docs/faults.md"))}
    assert sorted(rows) == list(range(1, 56))
    assert all(rows.values())
    wrong = [(number, name) for number, names in rows.items() for name in names if not _tries(name, number)]
    assert wrong == []


def _tries(name: str, number: int) -> bool:
    if name == "make ha-drill":
        return f"Scene({number}" in _read("deploy/ha/scenes.py")
    return bool(re.search(rf"(def test_|\")fault_{number:02}", _read(f"tests/{name}")))


def _read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")
