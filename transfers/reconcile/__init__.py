"""`manage.py reconcile`: the invariants I1 to I10 over everything that this site and the center hold (DESIGN 8).

Each pass walks one table by its key, a batch at a time, and asks the other database for the same keys: no query joins
the two, and nothing is held in memory but a batch and the problems. Nothing is written but the run itself.
"""

from transfers.reconcile.problems import INVARIANTS, Problem, in_words
from transfers.reconcile.run import MOST, TABLES, Report, reconcile
from transfers.reconcile.scope import Scope

__all__ = ["INVARIANTS", "MOST", "TABLES", "Problem", "Report", "Scope", "in_words", "reconcile"]
