"""The tests' own door through the seal closes behind them."""

import pytest
from django.db import InternalError, connection, transaction

from tests.flush import unguarded

SEALED = """
    CREATE TABLE sealed_example (id int);
    CREATE FUNCTION sealed_example() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'sealed' USING ERRCODE = 'internal_error'; END $$;
    CREATE TRIGGER refuse BEFORE TRUNCATE ON sealed_example EXECUTE FUNCTION sealed_example();
    ALTER TABLE sealed_example ENABLE ALWAYS TRIGGER refuse;
    INSERT INTO sealed_example VALUES (1);
"""


def _is_sealed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'refuse'")
        assert cursor.fetchone() == ("A",)
        with pytest.raises(InternalError, match="sealed"), transaction.atomic():
            cursor.execute("TRUNCATE sealed_example")
    return True


@pytest.mark.django_db
def test_a_sealed_table_is_emptied_and_sealed_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SEALED)
        assert _is_sealed()
        connection.ops.execute_sql_flush(["TRUNCATE sealed_example"])
        cursor.execute("SELECT count(*) FROM sealed_example")
        assert cursor.fetchone() == (0,)
    assert _is_sealed()


@pytest.mark.django_db
def test_a_failure_inside_leaves_it_sealed() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SEALED)
    with pytest.raises(ZeroDivisionError), unguarded(connection):
        1 / 0  # noqa: B018 - the failure
    assert _is_sealed()
