"""The envelope's contract: what it refuses, said with the place."""

from typing import Any

import pytest

from central import contract
from tests.cast import Walk
from transfers.states import Side, State

WRONG: list[tuple[str, Any, str]] = [
    ("schema", "envelope-9", "unknown"),
    ("principal.birth_date", "1990-02-31", "format"),
    ("decrees.0.issued_on", "1990-2-3", "pattern"),
    ("approvals.0.at", "1990-01-01T00:00:00Z", "format"),
    ("approvals.0.at", "1990-13-01T00:00:00.000000Z", "format"),
    ("approvals.0.step", "third", "enum"),
    ("move.sealed_at", "yesterday", "format"),
    ("last_pay_certificate.last_paid_month", "140501", "type"),
]


@pytest.mark.django_db(databases="__all__")
def test_a_sealed_content_keeps_its_contract_and_a_wrong_value_is_named(walk: Walk) -> None:
    content = walk.to(State.RECEIVED, Side.DESTINATION).content
    assert contract.faults(content) == []
    for path, value, fault in WRONG:
        *way, name = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = content
        for step in way:
            place = place[step]
        held, place[name] = place[name], value
        assert (path, fault) in contract.faults(content)
        place[name] = held
