"""The tests' own second site."""

import pytest
from django.db import connections

from tests.sites_apart import another_site


@pytest.mark.django_db(transaction=True)
def test_a_forgotten_connection_does_not_stand_in_the_way() -> None:
    visitor = connections.create_connection("default")
    visitor.ensure_connection()
    try:
        with another_site("visited") as there, there.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
    finally:
        visitor.close()
