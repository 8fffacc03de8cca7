"""The database's own guard, written from the table of states: .update(state=…) and psql are held to it, too."""

from branches.fences import FENCED as FENCED_FILES
from branches.triggers import GUARDS as PAYMENT_GUARDS
from pension_transfer.lib.fences import fencing
from pension_transfer.lib.triggers import sealing
from transfers.fences import EVERY_FENCE
from transfers.states import MOVES, Side, State

IDENTITY = ("transfer_id", "side", "branch_id", "tracking_number", "pension_number", "opened_at")


def _pairs() -> str:
    rows = sorted({(move.side, source, str(move.target)) for move in MOVES for source in move.sources})
    return ",\n      ".join(f"('{side}', '{source}', '{target}')" for side, source, target in rows)


def case_guard() -> str:
    """SQL: only the moves of the table, each with an event in the trail, and an identity that never changes."""
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in IDENTITY)
    return f"""
CREATE OR REPLACE FUNCTION transfer_case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF (NEW.side, NEW.state) NOT IN
      (('{Side.ORIGIN}', '{State.REFERRAL}'), ('{Side.DESTINATION}', '{State.RECEIVED}')) THEN
      RAISE EXCEPTION 'a case does not begin as % at the %', NEW.state, NEW.side USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF NOT ({same}) THEN
    RAISE EXCEPTION 'the identity of a case never changes' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.side, OLD.state, NEW.state) NOT IN (VALUES
      {_pairs()}) THEN
    RAISE EXCEPTION 'no step leads from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state <> OLD.state AND NEW.trail_length <> OLD.trail_length + 1 THEN
    RAISE EXCEPTION 'a step without an event in the trail' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
"""


TRAIL = """
CREATE FUNCTION transfer_case_has_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM transfers_transferevent e JOIN transfers_transfercase c ON c.id = e.case_id
                 WHERE e.case_id = NEW.id AND e.sequence = c.trail_length AND e.to_state = c.state) THEN
    RAISE EXCEPTION 'case % stands at a state that its trail does not tell', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION transfer_event_chained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text;
BEGIN
  SELECT hash INTO before FROM transfers_transferevent WHERE case_id = NEW.case_id AND sequence = NEW.sequence - 1;
  IF NEW.previous_hash <> coalesce(before, '') OR (NEW.sequence > 1 AND before IS NULL) THEN
    RAISE EXCEPTION 'event % of case % does not follow the one before', NEW.sequence, NEW.case_id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER transfer_case_guard BEFORE INSERT OR UPDATE ON transfers_transfercase
  FOR EACH ROW EXECUTE FUNCTION transfer_case_guard();
CREATE CONSTRAINT TRIGGER transfer_case_has_event
  AFTER INSERT OR UPDATE OF state, trail_length ON transfers_transfercase
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transfer_case_has_event();
CREATE TRIGGER transfer_event_chained BEFORE INSERT ON transfers_transferevent
  FOR EACH ROW EXECUTE FUNCTION transfer_event_chained();
ALTER TABLE transfers_transfercase ENABLE ALWAYS TRIGGER transfer_case_guard;
ALTER TABLE transfers_transfercase ENABLE ALWAYS TRIGGER transfer_case_has_event;
ALTER TABLE transfers_transferevent ENABLE ALWAYS TRIGGER transfer_event_chained;
"""
CONTENT = """
CREATE FUNCTION sealed_content_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.seal = '' AND OLD.case_id = NEW.case_id AND OLD.version = NEW.version THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'sealed content never changes: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER transfers_content_sealed_rows BEFORE UPDATE OR DELETE ON transfers_content
  FOR EACH ROW EXECUTE FUNCTION sealed_content_stands();
CREATE TRIGGER transfers_content_sealed_table BEFORE TRUNCATE ON transfers_content
  FOR EACH STATEMENT EXECUTE FUNCTION sealed_content_stands();
ALTER TABLE transfers_content ENABLE ALWAYS TRIGGER transfers_content_sealed_rows;
ALTER TABLE transfers_content ENABLE ALWAYS TRIGGER transfers_content_sealed_table;
"""
UNDO = """
DROP TRIGGER transfer_case_guard ON transfers_transfercase;
DROP TRIGGER transfer_case_has_event ON transfers_transfercase;
DROP TRIGGER transfer_event_chained ON transfers_transferevent;
DROP TRIGGER transfers_content_sealed_rows ON transfers_content;
DROP TRIGGER transfers_content_sealed_table ON transfers_content;
DROP FUNCTION transfer_case_guard, transfer_case_has_event, transfer_event_chained, sealed_content_stands;
"""
# It speaks when the transaction ends, for whoever that is by then: it sees every row, and only real tables.
SEES_ALL = """
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION transfer_case_has_event() SECURITY DEFINER SET search_path = %I, pg_temp',
    current_schema());
END $$;
"""
SEES_NO_MORE = "ALTER FUNCTION transfer_case_has_event() SECURITY INVOKER RESET search_path"
# What must stand in a branch's database, as table.trigger, table.constraint or table.policy.
GUARDS = {
    "transfers_transfercase.transfer_case_guard",
    "transfers_transfercase.transfer_case_has_event",
    "transfers_transferevent.transfer_event_chained",
    *sealing("transfers_transferevent"),
    *sealing("transfers_part"),
    *sealing("transfers_content"),
    *sealing("transfers_branchchange"),
    *PAYMENT_GUARDS,
    *fencing(FENCED_FILES | EVERY_FENCE),
}
