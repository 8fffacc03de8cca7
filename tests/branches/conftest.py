"""A pension file of the origin, and the clerk who may correct it."""

import pytest

from branches.models import PensionFile, User
from branches.roles import Role
from tests.cast import Cast, make_file


@pytest.fixture
def file(cast: Cast) -> PensionFile:
    return make_file(cast.origin)


@pytest.fixture
def clerk(cast: Cast) -> User:
    return cast.at(cast.origin, Role.CLERK)
