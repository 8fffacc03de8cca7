"""Which of this app's tables are a branch's own, and how a row's branch is found."""

DIRECTLY = (
    "transfers_transfercase",
    "transfers_crossing",
    "transfers_followup",
    "transfers_paperarrival",
    "transfers_stuckitem",
)
OF_CASE = (
    "transfers_content",
    "transfers_transferevent",
    "transfers_part",
    "transfers_attachment",
    "transfers_mark",
    "transfers_discrepancy",
    "transfers_question",
    "transfers_acknowledgement",
    "transfers_heard",
)
FENCED = dict.fromkeys(DIRECTLY, ("branch_id", "")) | dict.fromkeys(OF_CASE, ("case_id", "transfers_transfercase"))
# Those that came after the fences were first set; each is fenced by the migration that makes it.
FENCED_SINCE = {"transfers_job": ("branch_id", ""), "transfers_jobitem": ("job_id", "transfers_job")}
EVERY_FENCE = FENCED | FENCED_SINCE
