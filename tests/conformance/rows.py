"""All rows, by the sections of the page."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance import (
    counties,
    coverage,
    grouped,
    handbook,
    oracles,
    real,
    segregated,
    vulnerable,
    worked,
    worked_places,
)
from tests.conformance.model import Row

SECTIONS: Mapping[str, list[Row]] = {
    "Margins and tests: the Bureau's worked examples": handbook.ROWS,
    "Medians from brackets": grouped.ROWS,
    "Shares of three counties as they were published": counties.ROWS,
    "Apportionment, comparison, crosswalk, prices: hand answers": worked.ROWS,
    "Walks, timetables, canopy, heat, parks, housing: hand answers": worked_places.ROWS,
    "Segregation": segregated.ROWS,
    "Ranks of vulnerability": vulnerable.ROWS,
    "Networks and grids by other programs": oracles.ROWS,
    "Real places": real.ROWS,
    "Do the margins hold the truth": coverage.ROWS,
}

ROWS: list[Row] = [row for rows in SECTIONS.values() for row in rows]
