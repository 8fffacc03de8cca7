"""What tests of faults have: real processes on the test's databases, and a bad line between them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.cast import Cast, make_cast
from tests.line import Line
from tests.processes import NOWHERE, Site, center_url, site


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    with django_db_blocker.unblock(), site() as process:
        yield process


@pytest.fixture(scope="module")
def cut_off(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """A site that does not reach the center."""
    with django_db_blocker.unblock(), site(NOWHERE) as process:
        yield process


@pytest.fixture(scope="module")
def line(django_db_setup: None, django_db_blocker: Any) -> Iterator[Line]:
    with django_db_blocker.unblock():
        between = Line(settings.CENTER)
    yield between
    between.close()


@pytest.fixture(scope="module")
def far_off(line: Line, django_db_blocker: Any) -> Iterator[Site]:
    """A site at the other end of the line."""
    with django_db_blocker.unblock(), site(center_url(line.address)) as process:
        yield process
