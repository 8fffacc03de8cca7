"""docs/journeys.md is true: each role has its day, walked by the mouse and by the keyboard where the page says."""

import re
from pathlib import Path

from branches.roles import Role

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_journey_is_walked_where_the_page_says() -> None:
    rows = ROW.findall((ROOT / "docs/journeys.md").read_text("utf-8"))
    assert [int(row[0]) for row in rows] == list(range(1, 15))
    assert {role for row in rows for role in row[2].split(", ")} == {*Role.values, "pensioner"}
    for _number, _journey, _roles, mouse, keyboard in rows:
        assert NAMED.findall(mouse) and NAMED.findall(keyboard)
    named = {place for row in rows for place in NAMED.findall(f"{row[3]} {row[4]}")}
    assert {
        (name, test) for name, test in named if not re.search(rf"^def {test}\(", _read(name), re.MULTILINE)
    } == set()
    assert set(re.findall(r"^def (test_\w+)", _read("test_days.py"), re.MULTILINE)) <= {test for _name, test in named}


def test_what_both_columns_name_is_walked_by_both_hands() -> None:
    for row in ROW.findall((ROOT / "docs/journeys.md").read_text("utf-8")):
        for name, test in {*NAMED.findall(row[3])} & {*NAMED.findall(row[4])} - {("test_forms.py", CALENDAR)}:
            assert re.search(
                rf"^@(both_hands|pytest\.mark\.parametrize\(.*Keyboard.*)\ndef {test}\(", _read(name), re.M
            )


CALENDAR = "test_a_day_is_chosen_from_the_calendar"  # by both in one walk


def _read(name: str) -> str:
    return (ROOT / "tests/browser" / name).read_text("utf-8")
