"""Dollars of one year in those of another: one price index for all runs, pinned in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from justgeo.core.errors import Absent


@dataclass(frozen=True)
class PriceIndex:
    """Annual averages of a price index.

    Attributes
    ----------
    name, source, url : str
        The series, who publishes it and where, in words that can be cited.
    note : str
        What a reader should know of the choice.
    averages : mapping of int to float
        Index by calendar year.
    """

    name: str
    source: str
    url: str
    note: str
    averages: Mapping[int, float]

    def factor(self, before: int, now: int) -> float:
        """What a dollar of ``before`` is in dollars of ``now``.

        Five-year estimates of the ACS are in dollars of their last year, so that year is the one to name.

        Raises
        ------
        Absent
            A year has no average: there is no other index to fall back on.
        """
        for year in (before, now):
            if year not in self.averages:
                raise Absent(
                    f"the price index at hand ({self.name}) has no average of {year}: add it to 'prices' in the "
                    "catalogue's layers.yml"
                )
        return self.averages[now] / self.averages[before]
