"""A branch moves to another site: its rows leave this database in one archive, and another one takes them in.

The center's directory decides which site serves it. See docs/decisions/0022-a-branch-moves-to-another-site.md.
"""

from transfers.relocation.leaving import leave
from transfers.relocation.taking_in import take_in

__all__ = ["leave", "take_in"]
