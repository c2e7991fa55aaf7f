"""What indicator functions may look at: layers with their reason when they are not there, and things found once."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import box

from justgeo.core.errors import Absent
from tests.indicators import town
from tests.indicators.town import NE, SW, TRACT


def test_a_layer_that_is_not_there_is_absent_with_its_reason_or_a_plain_one() -> None:
    held = town.place({}, absent={"parks": "the city does not publish them"})
    with pytest.raises(Absent, match="the city does not publish them"):
        held.layer("parks")
    for ask, name in ((held.network, "walk"), (held.feed, "gtfs"), (lambda: held.raster("tree_canopy"), "tree_canopy")):
        with pytest.raises(Absent, match=f"no layer '{name}' was given"):
            ask()


def test_a_layer_of_another_kind_is_a_fault_not_an_absence() -> None:
    held = town.place({"walk": town.stops((0, 0)), "tree_canopy": town.streets()})
    with pytest.raises(TypeError, match="'walk' is a Layer, not a Network"):
        held.network()
    with pytest.raises(TypeError, match="not a Raster"):
        held.raster("tree_canopy")


def test_tables_are_named_with_the_year_of_their_role() -> None:
    held = town.place({}, years={"t1": 2024, "t0": 2014})
    assert held.table_name("B25003") == "acs:B25003@2024"
    assert held.table_name("B25003", "t0") == "acs:B25003@2014"
    assert held.table_name("B25003", "t9") == "acs:B25003"


def test_things_are_made_once() -> None:
    held, made = town.place({}), []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [held.once("a", make), held.once("a", make), held.once("b", make)] == [1, 1, 2]


def test_origins_are_brought_to_metres_and_keep_their_order() -> None:
    blocks = town.blocks()
    degrees = type(blocks)(
        blocks.name,
        blocks.features.to_crs("EPSG:4326").iloc[::-1],  # rows in another order, index with it
        blocks.provenance,
        geography="block",
        geography_vintage=2020,
    )
    held = town.place({"blocks": degrees})
    assert held.origins().index.tolist() == [0, 1, 2, 3]
    assert held.origin_units().geoid.tolist() == held.origins()["geoid"].tolist()
    assert held.origin_units().geoid[0] == NE
    assert held.population().tolist() == [40, 30, 20, 10]
    assert held.origins().area.to_numpy() == pytest.approx(np.full(4, 200 * 160), rel=1e-6)
    assert (set(held.origin_units().level), held.origin_units().vintage) == ({"block"}, 2020)


def test_people_of_a_zone_are_those_of_its_blocks_cut_ones_by_area() -> None:
    whole, half = box(0, 40, 200, 200), box(0, 40, 300, 360)  # SW; west and half of the east
    held = town.place({"blocks": town.blocks()}, town.zones(whole, half))
    assert held.zone_population() == pytest.approx([10, 10 + 30 + 10 + 20], rel=1e-6)


def test_tables_are_indexed_by_level_and_identifier() -> None:
    held = town.place({"acs:B1@2024": town.table("acs:B1", {TRACT + "2": {"B1_001E": 2}, TRACT: {"B1_001E": 3}})})
    frame = held.frame("B1")
    assert frame.loc[("tract", TRACT), "B1_001E"] == 3
    assert frame.index.names == ["level", "geoid"]
    assert SW not in frame.index.get_level_values("geoid")
