"""Which branch took the place of which: the chains of Directory.succeeded_by (DESIGN 11.7).

What is sealed keeps the code of its day; whoever stands at the end of the chain takes, answers and pays for it.
"""

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from central.models import Directory


def successors() -> dict[str, str]:
    """The branches that were closed, each with the one that took its place."""
    return dict(Directory.objects.exclude(succeeded_by="").values_list("branch_code", "succeeded_by"))


def line_of(code: str, known: dict[str, str] | None = None) -> list[str]:
    """A branch and those that took its place, one after the other; `known` as `successors` gives them."""
    after = successors() if known is None else known
    codes: list[str] = []
    while code and code not in codes:
        codes.append(code)
        code = after.get(code, "")
    return codes


def current(code: str, known: dict[str, str] | None = None) -> str:
    """Who answers for a branch today: itself, or the last of its line."""
    return (line_of(code, known) or [code])[-1]


def heir_of(column: str) -> Subquery:
    """For lists: the branch that took the place of the one in a column; nothing where none did."""
    return Subquery(Directory.objects.filter(pk=OuterRef(column)).exclude(succeeded_by="").values("succeeded_by"))


def succeeded_by(codes: Iterable[str]) -> list[str]:
    """These branches and all those whose place they took."""
    wanted, known = set(codes), successors()
    return sorted(wanted | {code for code in known if current(code, known) in wanted})
