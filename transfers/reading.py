"""A case with everything that its page and the API tell of it, in a constant number of queries."""

from django.db.models import Prefetch

from transfers.attachments import ROWS
from transfers.models import with_open_questions, with_taker
from transfers.models.case import TransferCaseQuerySet

BESIDE = ("marks__by", "events", "discrepancies", "parts", "crossings", "contents")


def whole(cases: TransferCaseQuerySet) -> TransferCaseQuerySet:
    """These cases, each with what stands beside it; never the bytes of a scan."""
    rows = cases.select_related("branch", "origin", "destination", "pension_file")
    return with_taker(with_open_questions(rows)).prefetch_related(Prefetch("attachments", ROWS), *BESIDE)
