"""Rows of change: the same cells as the figure itself, the classes of their year, and no market of a single tract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from justgeo.catalogue import check as checks
from justgeo.catalogue import read as catalogue
from justgeo.core.errors import CatalogueError
from justgeo.core.expression import parse
from justgeo.core.result import Indicator
from justgeo.indicators.trends import parameters_in
from justgeo.synthetic.forms import columns
from justgeo.synthetic.layouts import layouts

ROWS: Mapping[str, Indicator] = {row.id: row for row in catalogue.indicators()}
CHANGES = [row for row in ROWS.values() if row.field == "acs_change"]
OF = {
    "DEM-00.population-change": "DEM-00.population",
    "DEM-01.hispanic-change": "DEM-01.hispanic",
    "DEM-01.black-change": "DEM-01.black",
    "BEL-02.change": "BEL-02",
    "BEL-05.change": "BEL-05",
    "BEL-05.value-change": "BEL-05.value",
    "OPP-01.change": "OPP-01",
    "OPP-02.change": "OPP-02",
    "OPP-04.change": "OPP-04",
}
MEDIANS = [row for row in CHANGES if row.parameters["measure"] == "median"]


def test_every_row_of_change_is_of_a_figure_of_the_catalogue() -> None:
    assert {row.id for row in CHANGES} == set(OF)


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: str(row.id))
def test_a_change_is_made_of_the_very_cells_of_its_figure(row: Indicator) -> None:
    figure = ROWS[OF[row.id]]
    own = {k: v for k, v in row.parameters.items() if k not in ("measure", "dollars", "until")}
    assert own == dict(figure.parameters)
    assert figure.field == f"acs_{row.parameters['measure']}"
    assert (row.weight, row.universe, row.category) == (figure.weight, figure.universe, figure.category)
    assert bool(row.parameters.get("dollars")) == figure.unit.startswith("USD")
    assert row.unit == ("percentage points" if figure.unit == "share" else "percent change")


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: str(row.id))
def test_both_surveys_tables_are_asked_for_and_the_crosswalk_can_be_used(row: Indicator) -> None:
    now = {name for name in row.inputs if "@" not in name}
    assert now and {f"{name}@t0" for name in now} == set(row.inputs) - now
    assert row.optional == ("crosswalk",)


def test_the_market_and_who_lives_there_are_not_told_of_a_single_tract() -> None:
    told = {row.id for row in CHANGES if row.areas}
    assert told == {"DEM-00.population-change"}
    assert "not of single tracts" in " ".join(ROWS["OPP-02.change"].caveat.split())
    assert not ROWS["BEL-05.value"].areas
    assert {row.map for row in CHANGES} == {ROWS["BEL-05.value"].map} == {"none"}


def test_only_home_values_over_time_serve_a_baseline_item() -> None:
    """The Protocol asks for the income, not for its change: without an earlier survey its item is still measured."""
    assert {row.id: row.baseline for row in CHANGES if row.baseline} == {"BEL-05.value-change": ("B14",)}
    assert ROWS["BEL-05.value"].baseline == ("B14",)


@pytest.mark.parametrize("row", MEDIANS, ids=lambda row: str(row.id))
@pytest.mark.parametrize("year", [2010, 2014, 2015, 2019, 2024])
def test_classes_are_those_of_the_year(row: Indicator, year: int) -> None:
    """As the tables of that year have them: as many lines, and the scale's end under the last one."""
    asked = parameters_in(row.parameters, year)
    bins = parse(asked["bins"])
    table = bins.tables[0]
    known = list(columns(layouts(2014 if year < 2015 else 2024)[table]))
    last = known[-2] if table == "B25063" else known[-1]  # the last line of rents is of those who pay none
    assert bins.plus[-1] == last and len(bins.plus) == len(asked["edges"]) - 1
    top = {"B19001": 200_000, "B25063": 2_000 if year < 2015 else 3_500, "B25075": 1e6 if year < 2015 else 2e6}
    assert asked["edges"][-2] == top[table]
    if table != "B19001":  # published medians of income go beyond the classes
        assert max(float(code) for code in asked["jam"]) == top[table] + 1


def test_until_speaks_of_surveys_up_to_its_year() -> None:
    asked = {"measure": "median", "dollars": True, "a": 1, "until": {2014: {"a": 2}, "2009": {"a": 3, "b": 4}}}
    assert parameters_in(asked, 2009) == {"a": 3, "b": 4}
    assert parameters_in(asked, 2010) == parameters_in(asked, 2014) == {"a": 2}
    assert parameters_in(asked, 2015) == {"a": 1}


RENT = ROWS["BEL-05.change"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"measure": "mean"}, "unknown measure 'mean'"),
        ({"measure": ["mean"]}, r"unknown measure \['mean'\]"),
        ({"until": {"early": {}}}, "names no years"),
        ({"until": {2014: "B25063_003"}}, "names no years"),
        ({"until": {2014: {"bins": "B25063_003..022"}}}, "20 bins need 21 edges"),
        ({"until": {2014: {"numerator": "B25063_001"}}}, "takes no parameter 'numerator'"),
        ({"numerator": "B25063_001"}, "takes no parameter 'numerator'"),
        ({"bins": "B25063_003 - B25063_004"}, "subtracts"),
    ],
)
def test_a_row_that_is_not_understood_is_refused(told: dict[str, Any], words: str) -> None:
    row = replace(RENT, parameters={**RENT.parameters, **told})
    with pytest.raises(CatalogueError, match=words):
        catalogue.check([row], catalogue.layers())


@pytest.mark.parametrize("index", ["equality", ["diversity"], {}])
def test_an_index_that_nobody_knows_is_refused(index: object) -> None:
    row = next(one for one in ROWS.values() if one.field == "acs_mixture")
    row = replace(row, parameters={**row.parameters, "index": index})
    with pytest.raises(CatalogueError, match="unknown index"):
        catalogue.check([row], catalogue.layers())


def test_a_row_without_its_measure_is_refused() -> None:
    row = replace(RENT, parameters={k: v for k, v in RENT.parameters.items() if k != "measure"})
    with pytest.raises(CatalogueError, match="needs the parameter 'measure'"):
        catalogue.check([row], catalogue.layers())


def test_tables_of_both_surveys_are_found_from_the_expressions() -> None:
    assert checks.tables("acs_change", {"measure": "count", "numerator": "B01003_001"}, {}) == (
        ("acs:B01003", "acs:B01003@t0"), (),
    )  # fmt: skip
