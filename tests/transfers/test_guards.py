"""The database's own guard, tried with plain SQL by the owner of the tables: what no code of ours can get past."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.db.models import F

from branches.models import Correction, Decree, DecreeLine
from central.models import Blob, Custody, Envelope, Receipt, Seat
from tests.cast import Walk
from tests.expect import kept_out, run_sql, tamper
from tests.scans import attach
from transfers import triggers
from transfers.models import Content, Part, Scan, ScanBytes, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
REFUSED, BROKEN = "23000", "23514"  # integrity_constraint_violation by a sealed table; check_violation
CENTER = settings.CENTER
SEALED = {
    "transfers_transferevent": ("default", TransferEvent, "note = 'x'"),
    "transfers_part": ("default", Part, "name = 'drafter'"),
    "transfers_content": ("default", Content, "body = '{}'"),
    "branches_decree": ("default", Decree, "amount_after = 1"),
    "branches_decreeline": ("default", DecreeLine, "amount = 1"),
    "branches_correction": ("default", Correction, "reason = 'x'"),
    "central_envelope": (CENTER, Envelope, "body = '{}'"),
    "central_receipt": (CENTER, Receipt, "body = '{}'"),
    "central_blob": (CENTER, Blob, "bytes = 'x'"),
    "transfers_scan": ("default", Scan, "size = 1"),
    "transfers_scanbytes": ("default", ScanBytes, "bytes = 'x'"),
}
# DESIGN section 5 once more, by hand: every arrow there is, and no other.
ARROWS = {
    "origin": """
        referral>draft draft>referral draft>technically_approved technically_approved>draft
        technically_approved>head_approved head_approved>sent head_approved>draft sent>draft sent>received
        received>verified verified>registered received>returned verified>returned returned>draft
        referral>cancelled draft>cancelled technically_approved>cancelled returned>cancelled
    """,
    "destination": """
        received>verified verified>registered received>returned verified>returned returned>received
        returned>cancelled cancelled>received
    """,
}


# --- what is sealed (I1) -----------------------------------------------------------------------------------


@pytest.fixture
def sealed(walk: Walk) -> Walk:
    """A move that is registered: there is something of everything that is sealed."""
    walk.draft()
    attach(walk.case, walk.clerk)
    for step in ("technical", "send", "receive", "compare", "verify", "register"):
        getattr(walk, step)()
    Correction.objects.create(file=walk.file, section="contact", reason="نشانی", by=walk.clerk)
    return walk


def test_sealed_rows_never_change_and_never_disappear(sealed: Walk) -> None:
    for alias in {"default", CENTER}:
        connections[alias].check_constraints()  # nothing is pending: what refuses is the guard
    for table, (alias, model, change) in SEALED.items():
        rows = model._default_manager.count()
        for attempt in (f"UPDATE {table} SET {change}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            for setting in ("SET LOCAL session_replication_role = origin", _as_replica(alias)):
                with kept_out(REFUSED, alias):
                    run_sql(alias, setting, attempt)
        assert model._default_manager.count() == rows > 0


def _as_replica(alias: str) -> str:
    """The setting that switches off ordinary triggers; only a superuser may set it."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        is_super = cursor.fetchone()[0]
    return f"SET LOCAL session_replication_role = {'replica' if is_super else 'origin'}"


def test_a_decree_may_be_voided_and_nothing_else(sealed: Walk) -> None:
    run_sql("default", "UPDATE branches_decree SET is_valid = false WHERE number = '1/05'")
    for change in ("is_valid = true", "number = '2/05'"):
        with kept_out(REFUSED):
            run_sql("default", f"UPDATE branches_decree SET {change} WHERE NOT is_valid")
    with kept_out(REFUSED):
        run_sql("default", "UPDATE branches_decree SET is_valid = false, amount_after = 1 WHERE number = '1/94'")


def test_a_draft_changes_until_it_is_sealed(walk: Walk) -> None:
    walk.to(State.DRAFT)
    run_sql("default", "UPDATE transfers_content SET body = body")
    with kept_out(REFUSED):
        run_sql("default", "UPDATE transfers_content SET version = 2")
    with kept_out(REFUSED):
        run_sql("default", "DELETE FROM transfers_content")


def test_nothing_is_written_into_the_middle_of_a_trail(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    columns = "case_id, sequence, action, from_state, to_state, by_name, role, branch_code, at, note, details, version"
    values = f"{case.pk}, %s, 'assemble', 'draft', 'draft', '', '', '', now(), '', '{{}}', 1, '', %s, ''"
    insert = f"INSERT INTO transfers_transferevent ({columns}, content_hash, previous_hash, hash) VALUES ({values})"
    for sequence, previous in ((3, "''"), (3, "'0000'"), (9, "''")):
        with kept_out(BROKEN):
            run_sql("default", insert % (sequence, previous))


# --- states change by the table only (D4) --------------------------------------------------------------------


def _stand(case: TransferCase, state: str) -> None:
    """Put a case where no step brought it, as only the owner of the table could."""
    tamper(
        "default", "transfers_transfercase", f"UPDATE transfers_transfercase SET state = '{state}' WHERE id = {case.pk}"
    )


def _leaps(side: str) -> Iterator[tuple[str, str, bool]]:
    arrows = {tuple(arrow.split(">")) for arrow in ARROWS[side].split()}
    for source in State.values:
        for target in State.values:
            if source != target:
                yield source, target, (source, target) in arrows


@pytest.mark.parametrize("side", Side.values)
def test_no_leap_that_is_not_in_the_table(walk: Walk, side: str) -> None:
    case, at = walk.to(State.RECEIVED, side), ""
    for source, target, is_step in _leaps(side):
        if source != at:
            _stand(case, at := source)
        update = f"UPDATE transfers_transfercase SET state = '{target}', trail_length = trail_length + %s"
        for events in (0, 1, 2):  # a step adds one event to the trail, and that event is there
            with kept_out(BROKEN):
                run_sql(
                    "default", f"{update % events} WHERE id = {case.pk}", *["SET CONSTRAINTS ALL IMMEDIATE"] * is_step
                )
    assert {(source, target) for source, target, is_step in _leaps(side) if is_step} == _drawn(side)


def _drawn(side: str) -> set[tuple[str, str]]:
    moves = {(source, str(move.target)) for move in triggers.MOVES if move.side == side for source in move.sources}
    return {(source, target) for source, target in moves if source != target}


def test_the_length_of_a_trail_is_no_number_to_be_written(walk: Walk) -> None:
    walk.to(State.DRAFT)
    with kept_out(BROKEN):
        run_sql("default", "UPDATE transfers_transfercase SET trail_length = 9", "SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("side", Side.values)
def test_a_case_begins_at_the_beginning(walk: Walk, side: str) -> None:
    given = {"branch": walk.cast.origin, "origin": walk.cast.origin, "destination": walk.cast.third}
    for state in set(State.values) - {{"origin": "referral", "destination": "received"}[side]}:
        case = TransferCase(side=side, state=state, tracking_number="0801050000019", **given)
        with kept_out(BROKEN):
            case.save()
    with kept_out(BROKEN):  # and not without the event that tells of it
        TransferCase(side=side, state={"origin": "referral"}.get(side, "received"), **given).save()
        run_sql("default", "SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "change",
    [
        f"transfer_id = '{uuid.UUID(int=1)}'",
        "side = 'destination'",
        "branch_id = '0701'",
        "tracking_number = '0000000000000'",
        "pension_number = '7000000002'",
        "opened_at = now() - interval '1 day'",
    ],
)
def test_what_a_case_is_never_changes(walk: Walk, change: str) -> None:
    walk.to(State.DRAFT)
    with kept_out(BROKEN):
        run_sql("default", f"UPDATE transfers_transfercase SET {change}")


def test_a_case_with_a_trail_is_not_deleted(walk: Walk) -> None:
    walk.to(State.DRAFT)
    connections["default"].check_constraints()
    with kept_out("23503"):
        run_sql("default", "DELETE FROM transfers_transfercase", "SET CONSTRAINTS ALL IMMEDIATE")


def test_the_guard_in_the_database_is_the_one_the_table_of_states_gives() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'transfer_case_guard'")
        (stored,) = cursor.fetchone()
    rendered = re.search(r"\$\$(.*)\$\$", triggers.case_guard(), re.DOTALL)
    assert rendered and stored == rendered[1], "states changed: a migration must write the guard anew"


@pytest.mark.parametrize("alias", sorted({"default", CENTER}))
def test_no_session_setting_switches_a_guard_off(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal")
        enabled = dict(cursor.fetchall())
    assert len(enabled) >= 4 and set(enabled.values()) == {"A"}, enabled


# --- who pays (I2, I5, I6) ---------------------------------------------------------------------------------------


def test_two_branches_never_hold_the_same_month(walk: Walk) -> None:
    number, taken = walk.file.pension_number, (None, "1001")
    for months in ((139402, None), (140509, None), (138001, None)):
        with kept_out("23P01", CENTER):
            Custody.objects.create(pension_number=number, branch_code=taken[1], months=months, reason="test")
    for months in ((140501, 140502), (138001, 139403), (138001, 139402)):  # custody begins without an end
        with kept_out(BROKEN, CENTER):
            Custody.objects.create(pension_number=number, branch_code=taken[1], months=months, reason="test")


def test_no_pension_is_held_by_nobody_for_no_reason(walk: Walk) -> None:
    with kept_out(BROKEN, CENTER):
        Seat.objects.update(payable_branch=None, version=F("version") + 1)
    with kept_out(BROKEN, CENTER):
        Seat.objects.create(pension_number="7000000009")


def test_a_pension_has_one_open_move(walk: Walk) -> None:
    case = walk.to(State.DRAFT)
    again = {"tracking_number": "0801050000099", "transfer_id": uuid.uuid4(), "pk": None, "state": State.REFERRAL}
    with kept_out("23505"), transaction.atomic():
        fields = {f.attname: getattr(case, f.attname) for f in TransferCase._meta.concrete_fields} | again
        TransferCase(**{name: value for name, value in fields.items() if name != "id"}).save()
