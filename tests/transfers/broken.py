"""What can be done past the product, by SQL with every guard put aside, and what `reconcile` must say of it."""

from typing import Any

from django.conf import settings

from tests.cast import Walk
from tests.transfers.standings import STANDINGS
from transfers.states import State

CENTER = settings.CENTER
CASE, FILE = "transfers_transfercase", "branches_pensionfile"
OTHER_FILE = "pension_number = '7000000009'"
SECOND = "INSERT INTO central_custody (pension_number, branch_code, months, reason, at, ended_reason)"
NO_WALL = "ALTER TABLE central_custody DROP CONSTRAINT one_payer_a_month"


def _v2(walk: Walk) -> None:
    standing = next(s for s in STANDINGS if s.name == "next version waits")
    standing.reach(walk)


# Where the case stands, whose table is altered and how, and everything that must be said of it.
BROKEN: dict[str, tuple[Any, str, str, list[str], str]] = {
    "content at the center": (
        State.SENT, CENTER, "central_envelope",
        ["UPDATE central_envelope SET body = replace(body, '166255', '186255')"], "seal_broken",
    ),
    "address at the center": (
        State.SENT, CENTER, "central_envelope", ["UPDATE central_envelope SET last_paid_month = 140501"], "seal_broken",
    ),
    "content at the branch": (
        State.SENT, "default", "transfers_content", ["UPDATE transfers_content SET body = body || ' '"], "copy_broken",
    ),
    "envelope deleted": (
        State.RECEIVED, CENTER, "central_envelope", ["DELETE FROM central_envelope"],
        "envelope_gone receipt_alone move_unknown",
    ),
    "receipt deleted": (
        _v2, CENTER, "central_receipt", ["DELETE FROM central_receipt WHERE kind = 'returned'"], "two_live",
    ),
    "seat freed": (
        State.SENT, CENTER, "central_seat", ["UPDATE central_seat SET open_move = NULL"], "live_unseated case_unseated",
    ),
    "seat held for nothing": (
        None, CENTER, "central_seat", ["UPDATE central_seat SET open_move = gen_random_uuid()"], "move_unknown",
    ),
    "receipt of a stranger": (
        State.RECEIVED, CENTER, "central_receipt", ["UPDATE central_receipt SET by_branch = '0701'"], "not_addressed",
    ),
    "receipt of the other side": (
        State.VERIFIED, CENTER, "central_receipt",
        ["UPDATE central_receipt SET by_branch = '0801' WHERE kind = 'verified'"], "not_addressed",
    ),
    "receipt out of order": (
        State.REGISTERED, CENTER, "central_receipt", ["DELETE FROM central_receipt WHERE kind = 'verified'"],
        "out_of_order",
    ),
    "queue emptied": (State.SENT, CENTER, "central_waiting", ["DELETE FROM central_waiting"], "queued_wrongly"),
    "queued again": (
        State.RECEIVED, CENTER, "central_waiting",
        ["INSERT INTO central_waiting SELECT id, destination, now() FROM central_envelope"], "queued_wrongly",
    ),
    "registered file": (
        State.REGISTERED, "default", FILE, [f"UPDATE {FILE} SET iban = '' WHERE branch_id = '1001'"], "file_differs",
    ),
    "registered share": (
        State.REGISTERED, "default", "branches_dependent",
        ["UPDATE branches_dependent SET share_percent = 50 "
         f"WHERE file_id IN (SELECT id FROM {FILE} WHERE branch_id = '1001')"], "file_differs",
    ),
    "another sealed copy": (
        State.RECEIVED, "default", "transfers_content",
        ["UPDATE transfers_content SET body = body || ' ', "
         "seal = encode(sha256(convert_to(body || ' ', 'UTF8')), 'hex') "
         f"WHERE case_id IN (SELECT id FROM {CASE} WHERE side = 'destination')"], "copy_differs",
    ),
    "two payers of a month": (
        None, CENTER, "central_custody",
        [NO_WALL, f"{SECOND} VALUES ('7000000001', '0701', '[140501,140506)', 'x', now(), 'x')"],
        "guard_aside months_overlap",
    ),
    "months of nobody": (
        State.REGISTERED, CENTER, "central_custody",
        ["UPDATE central_custody SET months = int4range(139402, 140501) WHERE NOT upper_inf(months)"], "months_missing",
    ),
    "another payer in the seat": (
        None, CENTER, "central_seat", ["UPDATE central_seat SET payable_branch = '0701'"],
        "custody_disagrees paid_elsewhere no_file",
    ),
    "custody without a seat": (
        None, CENTER, "central_custody", [f"{SECOND} VALUES ('7999999999', '0701', '[140501,)', 'x', now(), '')"],
        "custody_alone",
    ),
    "thawed on its way": (State.SENT, "default", FILE, [f"UPDATE {FILE} SET frozen_by = NULL"], "thawed"),
    "a month that is another's": (
        State.REGISTERED, "default", "branches_payment",
        ["INSERT INTO branches_payrollrun (id, branch_id, month, at, paid) "
         "VALUES ('00000000-0000-4000-8000-000000000001', '0801', 140612, now(), 1)",
         "INSERT INTO branches_payment (file_id, run_id, month) SELECT id, '00000000-0000-4000-8000-000000000001', "
         f"140612 FROM {FILE} WHERE branch_id = '0801'"],
        "paid_unheld",
    ),
    "frozen for nothing": (
        None, "default", FILE, [f"UPDATE {FILE} SET frozen_by = gen_random_uuid()"], "frozen_alone",
    ),
    "a pension of nobody": (
        None, CENTER, "central_seat",
        ["ALTER TABLE central_custody DISABLE TRIGGER custody_is_history", "DELETE FROM central_custody",
         "ALTER TABLE central_custody ENABLE ALWAYS TRIGGER custody_is_history", "DELETE FROM central_seat"],
        "paid_nowhere",
    ),
    "a payer without a file": (None, "default", FILE, [f"UPDATE {FILE} SET status = 'terminated'"], "no_file"),
    "registered without a case": (
        None, "default", FILE, [f"UPDATE {FILE} SET status = 'registered'"], "registered_alone",
    ),
    "a case of another branch": (
        State.DRAFT, "default", CASE, [f"UPDATE {CASE} SET branch_id = '0701'"], "other_branch other_file other_actor",
    ),
    "a case of another file": (
        State.DRAFT, "default", CASE, [f"UPDATE {CASE} SET {OTHER_FILE}"], "other_file",
    ),
    "an event of another branch": (
        State.DRAFT, "default", "transfers_transferevent", ["UPDATE transfers_transferevent SET branch_code = '0701'"],
        "chain_broken other_actor",
    ),
    "two parts of one person": (
        State.TECHNICALLY_APPROVED, "default", "transfers_part",
        ["UPDATE transfers_part SET name = 'head_approver' WHERE name = 'drafter'"], "two_parts",
    ),
    "a part forgotten": (
        State.TECHNICALLY_APPROVED, "default", "transfers_part",
        ["DELETE FROM transfers_part WHERE name = 'technical_approver'"], "part_missing",
    ),
    "a note in the trail": (
        State.SENT, "default", "transfers_transferevent", ["UPDATE transfers_transferevent SET note = 'x' "
        "WHERE sequence = 3"], "chain_broken",
    ),
    "the end of the trail": (
        State.SENT, "default", "transfers_transferevent", ["DELETE FROM transfers_transferevent WHERE sequence = 5"],
        "chain_broken",
    ),
    "another state": (
        State.VERIFIED, "default", CASE, [f"UPDATE {CASE} SET state = 'received' WHERE side = 'destination'"],
        "state_untold",
    ),
    "another turn": (State.DRAFT, "default", CASE, [f"UPDATE {CASE} SET turn = 'other_branch'"], "nobodys_turn"),
    "closed under way": (
        State.DRAFT, "default", CASE, [f"UPDATE {CASE} SET closed_at = now(), due_on = NULL, turn = 'nobody'"],
        "closed_open",
    ),
    "a step forgotten": (
        State.SENT, "default", "transfers_crossing",
        ["UPDATE transfers_crossing SET state = 'open', created_at = now() - interval '3 days'"], "crossing_late",
    ),
}  # fmt: skip


def of_the_first(statement: str) -> str:
    """The second file stays sound."""
    whole = "WHERE" not in statement and statement.startswith(("UPDATE", "DELETE"))
    is_of_many = any(f" {table}" in statement for table in (FILE, "central_seat", "central_custody"))
    return f"{statement} WHERE pension_number = '7000000001'" if whole and is_of_many else statement
