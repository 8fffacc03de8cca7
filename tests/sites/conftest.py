"""deploy/sites itself, in a folder and on ports of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.sites.run import Country
from deploy.sites.run import country as everything
from tests.sites.driving import free_ports


@pytest.fixture(scope="session")
def country(tmp_path_factory: Any) -> Iterator[Country]:
    with everything(tmp_path_factory.mktemp("sites"), free_ports(2)) as running:
        yield running
