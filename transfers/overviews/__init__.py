"""«نمای کلی»: what happened in a period and what stands now, at a branch, in a province, in the country."""

from transfers.overviews.overview import Overview, overview_of
from transfers.overviews.place import Place, find_place

__all__ = ["Overview", "Place", "find_place", "overview_of"]
