"""What tests of the door share: a refusal that writes nothing, a second office, a step taken back."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from branches.models import Appointment, Branch, User
from pension_transfer.lib.errors import Refusal
from transfers.models import (
    Acknowledgement,
    Attachment,
    Command,
    Content,
    Crossing,
    Discrepancy,
    FollowUp,
    Mark,
    Part,
    Question,
    Scan,
    ScanBytes,
    TransferCase,
    TransferEvent,
)

WRITTEN = (
    Attachment,
    Scan,
    ScanBytes,
    Acknowledgement,
    Command,
    Content,
    Crossing,
    Discrepancy,
    FollowUp,
    Part,
    Mark,
    Question,
    TransferCase,
    TransferEvent,
)


def written() -> list[int]:
    """How many rows there are of everything that a step may write."""
    return [model._default_manager.count() for model in WRITTEN]


@contextmanager
def refused(kind: type[Refusal], code: str) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """The step inside is refused so, with a sentence for the person, and nothing is written."""
    before = written()
    with pytest.raises(kind) as caught:
        yield caught
    assert (type(caught.value), caught.value.code) == (kind, code), str(caught.value)
    assert str(caught.value.message) and written() == before


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back; what the database checks at commit is checked before."""
    with ExitStack() as stack:
        for alias in sorted({"default", settings.CENTER}):
            atomic = transaction.atomic(using=alias)
            atomic._from_testcase = True  # type: ignore[attr-defined] # the door may open its own inside
            stack.enter_context(atomic)
            stack.callback(transaction.set_rollback, True, using=alias)
        yield
        connections["default"].check_constraints()


def also(user: User, role: str, branch: Branch) -> User:
    """The same person with one more office, read anew as the next request would."""
    Appointment.objects.create(user=user, role=role, branch=branch, since=dt.date(2020, 1, 1))
    return User.objects.get(pk=user.pk)


def fresh(case: TransferCase) -> TransferCase:
    """The case as it stands now."""
    return TransferCase.objects.get(pk=case.pk)


TRIGGERS = "SELECT quote_ident(tgname) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"


def tamper(alias: str, table: str, *statements: str) -> None:
    """What the owner of a table can do, and nobody else: put its triggers aside, change it, set them back."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(TRIGGERS, [table])
        triggers = [name for (name,) in cursor.fetchall()]
        for name in triggers:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for name in triggers:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


@contextmanager
def kept_out(sqlstate: str, alias: str = "default") -> Iterator[None]:
    """The database itself refuses what happens inside, with this SQLSTATE."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(using=alias):
        yield
    assert getattr(caught.value.__cause__, "pgcode", None) == sqlstate, str(caught.value)


def run_sql(alias: str, *statements: str) -> None:
    """Plain SQL, as the role that owns the tables."""
    with connections[alias].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
