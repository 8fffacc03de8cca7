"""The database's own guard over what was paid: psql is held to it, too (invariant I5)."""

from pension_transfer.lib.triggers import sealing

PAYMENTS = """
CREATE FUNCTION payment_is_of_this_branch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held branches_pensionfile;
BEGIN
  SELECT * INTO held FROM branches_pensionfile WHERE id = NEW.file_id FOR UPDATE;
  IF NEW.month <= coalesce(held.last_paid_month, 0) THEN
    RAISE EXCEPTION 'month % of pension % is paid already', NEW.month, held.pension_number
      USING ERRCODE = 'check_violation';
  END IF;
  IF held.frozen_by IS NOT NULL OR held.status NOT IN ('active', 'terminated')
    AND NOT (held.status = 'suspended' AND NEW.month < coalesce(held.suspended_since, 0)) THEN
    RAISE EXCEPTION 'pension % is not paid here: it is % or sealed in a move', held.pension_number, held.status
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION last_paid_month_covers_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM branches_payment WHERE file_id = NEW.id AND month > coalesce(NEW.last_paid_month, 0)) THEN
    RAISE EXCEPTION 'a later month of pension % was paid', NEW.pension_number USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER payment_is_of_this_branch BEFORE INSERT ON branches_payment
  FOR EACH ROW EXECUTE FUNCTION payment_is_of_this_branch();
CREATE TRIGGER last_paid_month_covers_payments BEFORE UPDATE OF last_paid_month ON branches_pensionfile
  FOR EACH ROW WHEN (NEW.last_paid_month IS DISTINCT FROM OLD.last_paid_month)
  EXECUTE FUNCTION last_paid_month_covers_payments();
ALTER TABLE branches_payment ENABLE ALWAYS TRIGGER payment_is_of_this_branch;
ALTER TABLE branches_pensionfile ENABLE ALWAYS TRIGGER last_paid_month_covers_payments;
"""
UNDO_PAYMENTS = """
DROP TRIGGER payment_is_of_this_branch ON branches_payment;
DROP TRIGGER last_paid_month_covers_payments ON branches_pensionfile;
DROP FUNCTION payment_is_of_this_branch, last_paid_month_covers_payments;
"""
# What must stand in a branch's database, as table.trigger or table.constraint.
GUARDS = {
    "branches_payment.payment_is_of_this_branch",
    "branches_payment.paid_once_a_month",
    "branches_pensionfile.last_paid_month_covers_payments",
    *sealing("branches_payment"),
}
