"""After a restore: a site is brought to today from what the center knows, a center from what its sites know."""

from transfers.rebuild.finding import bring_back
from transfers.rebuild.people import served
from transfers.rebuild.retelling import retell

__all__ = ["bring_back", "retell", "served"]
