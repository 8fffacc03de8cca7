"""What every test of the moves has."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_memory() -> Iterator[None]:
    """What the menu remembers of the center ends with the test."""
    cache.clear()
    yield
    cache.clear()
