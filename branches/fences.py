"""Which of this app's tables are a branch's own, and how a row's branch is found."""

DIRECTLY = ("branches_pensionfile", "branches_payrollrun", "branches_importbatch")
THROUGH = {
    "branches_dependent": ("file_id", "branches_pensionfile"),
    "branches_decree": ("file_id", "branches_pensionfile"),
    "branches_decreeline": ("decree_id", "branches_decree"),
    "branches_deduction": ("file_id", "branches_pensionfile"),
    "branches_correction": ("file_id", "branches_pensionfile"),
    "branches_payment": ("file_id", "branches_pensionfile"),
    "branches_custodyrequest": ("file_id", "branches_pensionfile"),
    "branches_reminder": ("file_id", "branches_pensionfile"),
    "branches_importfinding": ("batch_id", "branches_importbatch"),
}
FENCED = dict.fromkeys(DIRECTLY, ("branch_id", "")) | THROUGH  # table: column, and the parent it points to
