"""The database's own guard over payment and keys: psql is held to it, too (invariants I1, I5, I6; DESIGN 6, 7)."""

from pension_transfer.lib.triggers import sealing

CUSTODY = """
CREATE FUNCTION custody_is_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NOT upper_inf(NEW.months) OR lower_inf(NEW.months) THEN
      RAISE EXCEPTION 'custody of % begins with a first month and without a last one', NEW.pension_number
        USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND upper_inf(OLD.months) AND NOT upper_inf(NEW.months) AND NEW.ended_at IS NOT NULL
    AND (isempty(NEW.months) OR lower(NEW.months) = lower(OLD.months))
    AND (NEW.id, NEW.pension_number, NEW.branch_code, NEW.reason, NEW.at) =
        (OLD.id, OLD.pension_number, OLD.branch_code, OLD.reason, OLD.at)
    AND NEW.move IS NOT DISTINCT FROM OLD.move THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'custody is ended once and kept: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER custody_is_history BEFORE INSERT OR UPDATE OR DELETE ON central_custody
  FOR EACH ROW EXECUTE FUNCTION custody_is_history();
CREATE TRIGGER custody_is_kept BEFORE TRUNCATE ON central_custody
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
SEAT = """
CREATE FUNCTION seat_counts_its_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.pension_number = OLD.pension_number AND NEW.version = OLD.version + 1 THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a seat is kept and counts its changes: % refused', TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER seat_counts_its_changes BEFORE UPDATE OR DELETE ON central_seat
  FOR EACH ROW EXECUTE FUNCTION seat_counts_its_changes();
CREATE TRIGGER seat_is_kept BEFORE TRUNCATE ON central_seat
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
# Looked at when the transaction ends; the seat, locked first, is what decides between two (DESIGN 6).
AGREE = """
CREATE FUNCTION seat_and_custody_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE payer text; holder text;
BEGIN
  SELECT payable_branch INTO payer FROM central_seat WHERE pension_number = NEW.pension_number;
  SELECT branch_code INTO holder FROM central_custody
    WHERE pension_number = NEW.pension_number AND upper_inf(months);
  IF payer IS DISTINCT FROM holder THEN
    RAISE EXCEPTION 'pension %: the seat says %, custody says %', NEW.pension_number, payer, holder
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER seat_agrees AFTER INSERT OR UPDATE ON central_seat
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seat_and_custody_agree();
CREATE CONSTRAINT TRIGGER custody_agrees AFTER INSERT OR UPDATE ON central_custody
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION seat_and_custody_agree();
"""
ALWAYS = """
ALTER TABLE central_custody ENABLE ALWAYS TRIGGER custody_is_history;
ALTER TABLE central_custody ENABLE ALWAYS TRIGGER custody_is_kept;
ALTER TABLE central_custody ENABLE ALWAYS TRIGGER custody_agrees;
ALTER TABLE central_seat ENABLE ALWAYS TRIGGER seat_counts_its_changes;
ALTER TABLE central_seat ENABLE ALWAYS TRIGGER seat_is_kept;
ALTER TABLE central_seat ENABLE ALWAYS TRIGGER seat_agrees;
"""
UNDO = """
DROP TRIGGER custody_is_history ON central_custody;
DROP TRIGGER custody_is_kept ON central_custody;
DROP TRIGGER custody_agrees ON central_custody;
DROP TRIGGER seat_counts_its_changes ON central_seat;
DROP TRIGGER seat_is_kept ON central_seat;
DROP TRIGGER seat_agrees ON central_seat;
DROP FUNCTION custody_is_history, seat_counts_its_changes, seat_and_custody_agree;
"""
KEY = """
CREATE FUNCTION key_is_retired_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW.retired_at IS NULL
    AND NEW.key_id = left(encode(sha256(decode(NEW.public_key, 'hex')), 'hex'), 32) THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL
    AND (NEW.key_id, NEW.site, NEW.public_key, NEW.since) = (OLD.key_id, OLD.site, OLD.public_key, OLD.since) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a key bears the name of its bytes, is retired once and kept: % refused', TG_OP
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER key_is_retired_only BEFORE INSERT OR UPDATE OR DELETE ON central_key
  FOR EACH ROW EXECUTE FUNCTION key_is_retired_only();
CREATE TRIGGER key_is_kept BEFORE TRUNCATE ON central_key
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE central_key ENABLE ALWAYS TRIGGER key_is_retired_only;
ALTER TABLE central_key ENABLE ALWAYS TRIGGER key_is_kept;
"""
WITHOUT_KEY = """
DROP TRIGGER key_is_retired_only ON central_key;
DROP TRIGGER key_is_kept ON central_key;
DROP FUNCTION key_is_retired_only;
"""
# What must stand in the center, as table.trigger or table.constraint.
GUARDS = {
    "central_custody.custody_is_history",
    "central_custody.custody_is_kept",
    "central_custody.custody_agrees",
    "central_custody.one_payer_a_month",
    "central_key.key_is_retired_only",
    "central_key.key_is_kept",
    "central_seat.seat_counts_its_changes",
    "central_seat.seat_is_kept",
    "central_seat.seat_agrees",
    "central_seat.seat_never_empty",
    *sealing("central_envelope"),
    *sealing("central_receipt"),
    *sealing("central_blob"),
}
