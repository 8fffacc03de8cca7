"""Two payers of one month, or a history that is rewritten, by hand in the database: it refuses each (I5, I6)."""

from typing import Any

import pytest
from django.conf import settings
from django.db import Error, connections, transaction

from central import services
from central.models import Custody, Seat
from tests.central.sealed import DESTINATION, NUMBER, ORIGIN, THIRD, envelope, open_center, say

pytestmark = pytest.mark.django_db(databases="__all__")
OPEN = "INSERT INTO central_custody (pension_number, branch_code, months, reason, at, ended_reason) VALUES "
END = "UPDATE central_custody SET ended_at = now(), months = int4range(lower(months), 140509)"

FORBIDDEN = {
    "a second payer from the same month": f"{OPEN} ('{NUMBER}', '{THIRD}', '[139402,)', '', now(), '')",
    "a second payer from a later month": f"{OPEN} ('{NUMBER}', '{THIRD}', '[140601,)', '', now(), '')",
    "a second payer for one month": f"{OPEN} ('{NUMBER}', '{THIRD}', '[140508,140509)', '', now(), '')",
    "a payer for all times": f"{OPEN} ('{NUMBER}', '{THIRD}', '(,)', '', now(), '')",
    "one row more for the same payer": f"{OPEN} ('{NUMBER}', '{ORIGIN}', '[140601,)', '', now(), '')",
    "another payer behind the seat's back": f"{END}; {OPEN} ('{NUMBER}', '{THIRD}', '[140509,)', '', now(), '')",
    "custody that nobody's seat tells": f"{OPEN} ('7999999999', '{THIRD}', '[140509,)', '', now(), '')",
    "an end that nobody's seat tells": END,
    "another payer in the row": f"UPDATE central_custody SET branch_code = '{THIRD}'",
    "another pension in the row": "UPDATE central_custody SET pension_number = '7000000009'",
    "another beginning": "UPDATE central_custody SET months = '[140001,)'",
    "another reason": "UPDATE central_custody SET reason = 'x'",
    "a custody deleted": "DELETE FROM central_custody",
    "all custody emptied": "TRUNCATE central_custody",
    "another payer in the seat": f"UPDATE central_seat SET version = version + 1, payable_branch = '{THIRD}'",
    "nobody in the seat": "UPDATE central_seat SET version = version + 1, payable_branch = NULL",
    "nobody in the seat, with an excuse": (
        "UPDATE central_seat SET version = version + 1, payable_branch = NULL, closure = 'x'"
    ),
    "a change that is not counted": "UPDATE central_seat SET closure = 'x'",
    "another pension in the seat": "UPDATE central_seat SET version = version + 1, pension_number = '7000000009'",
    "a seat deleted": "DELETE FROM central_seat",
    "all seats emptied": "TRUNCATE central_seat",
}


def run(sql: str) -> None:
    """As one transaction, to its end."""
    with transaction.atomic(using=settings.CENTER), connections[settings.CENTER].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def history() -> list[Any]:
    return [*Custody.objects.order_by("id").values_list(), *Seat.objects.order_by("pk").values_list()]


@pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_refuses(sql: str) -> None:
    open_center()
    before = history()
    with pytest.raises(Error):
        run(sql)
    assert history() == before


@pytest.mark.parametrize("said", [[], ["received"], ["received", "verified", "registered"]], ids=len)
def test_it_refuses_while_a_move_is_open_too(said: list[str]) -> None:
    open_center()
    sent = services.deposit(envelope())
    for kind in said:
        say(sent, kind)
    before = history()
    for branch in (ORIGIN, DESTINATION, THIRD):
        for months in ("[139402,)", "[140508,140509)", "[140509,)", "[140601,)"):
            with pytest.raises(Error):
                run(f"{OPEN} ('{NUMBER}', '{branch}', '{months}', '', now(), '')")
    assert history() == before


def test_an_ended_custody_is_not_ended_again_nor_opened_again() -> None:
    open_center()
    services.close_custody(NUMBER, ORIGIN, 140509, "death")
    for sql in (END, "UPDATE central_custody SET months = int4range(lower(months), NULL)"):
        with pytest.raises(Error):
            run(sql)


def test_history_tells_which_move_brought_a_pension_and_why_it_left() -> None:
    open_center()
    sent = services.deposit(envelope())
    for kind in ("received", "verified", "registered", "activated"):
        say(sent, kind)
    services.close_custody(NUMBER, DESTINATION, 140601, "death")
    told = Custody.objects.order_by("id").values_list("branch_code", "reason", "move", "ended_reason")
    assert list(told) == [(ORIGIN, "test", None, "registered"), (DESTINATION, "registered", sent.move, "death")]
    assert not Custody.objects.filter(ended_at=None).exists()
