"""Which commands start the embedded server."""

import pytest

import manage


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("migrate", True),
        ("runserver 8000", True),
        ("import_pension_files file.csv --branch 1", True),
        ("check --database default", True),
        ("check --deploy", False),
        ("collectstatic --no-input", False),
        ("compilemessages", False),
        ("migrate --help", False),
        ("--version", False),
        ("", False),
    ],
)
def test_the_server_is_started_for_those_who_need_it(line: str, needed: bool) -> None:
    assert manage.needs_database(line.split()) is needed
