"""From a boundary and the census geography to district, reference and areas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import MultiPolygon, box
from shapely.geometry.base import BaseGeometry

from justgeo import zoning
from justgeo.core.district import District, centre, metric_crs
from justgeo.core.errors import ConfigError
from justgeo.core.layer import Layer
from tests.measure.toy import provenance

# Degrees; two counties side by side, the border at -78.5, and a third across the sea.
WEST, EAST, FAR = "99001", "99003", "99005"
COUNTIES: Mapping[str, BaseGeometry] = {
    WEST: box(-78.6, 38.0, -78.5, 38.1),
    EAST: box(-78.5, 38.0, -78.4, 38.1),
    FAR: box(-70.1, 38.0, -70.0, 38.1),
}


def layer(geography: str, shapes: Mapping[str, BaseGeometry], **columns: Any) -> Layer:
    frame = gpd.GeoDataFrame({"geoid": list(shapes), **columns}, geometry=list(shapes.values()), crs="EPSG:4326")
    return Layer(geography, frame, provenance(geography), geography=geography, geography_vintage=2020)


def counties() -> Layer:
    return layer("county", COUNTIES, name=["West County", "East County", "Far County"])


def tracts() -> Layer:
    """Two to a county, its south and its north."""
    shapes = {}
    for county, shape in COUNTIES.items():
        west, _, east, _ = shape.bounds
        shapes[f"{county}000100"] = box(west, 38.0, east, 38.05)
        shapes[f"{county}000203"] = box(west, 38.05, east, 38.1)
    return layer("tract", shapes)


def district(west: float = -78.56, south: float = 38.02, east: float = -78.52, north: float = 38.06) -> District:
    return District("Old Town", "old-town", box(west, south, east, north))


# --------------------------------------------------------------------------------------------------------- reference


def test_the_reference_is_the_county_that_the_district_lies_in() -> None:
    found = zoning.find_reference(district(), [counties(), tracts()])
    assert (found.name, found.prefixes, found.notes) == ("West County", (WEST,), ())
    assert found.shape is not None and found.shape.equals(COUNTIES[WEST])
    assert found.centre.equals(COUNTIES[WEST])


def test_a_district_of_two_counties_is_compared_with_both_and_centred_on_the_larger_part() -> None:
    found = zoning.find_reference(district(west=-78.51, east=-78.47), [counties()])
    assert (found.name, found.prefixes) == ("West County and East County", (WEST, EAST))
    assert found.shape is not None and found.shape.area == pytest.approx(0.02)
    assert found.centre.equals(COUNTIES[EAST])
    assert centre(metric_crs(found.centre)) == pytest.approx((38.1, -78.4), abs=0.11)


@pytest.mark.parametrize(("beyond", "both"), [(0.0003, False), (0.0005, True)])
def test_less_than_a_hundredth_of_the_district_brings_no_county_in(beyond: float, both: bool) -> None:
    found = zoning.find_reference(district(west=-78.54, east=-78.5 + beyond), [counties()])
    assert found.prefixes == ((WEST, EAST) if both else (WEST,))


def test_the_planner_may_name_the_counties_and_the_reference() -> None:
    found = zoning.find_reference(district(), [counties()], geoids=[EAST], name="Across the river")
    assert (found.name, found.prefixes) == ("Across the river", (EAST,))
    assert found.shape is not None and found.shape.equals(COUNTIES[EAST])


def test_counties_that_nobody_drew_are_an_error_that_names_them() -> None:
    with pytest.raises(ConfigError, match="99007, 99009") as caught:
        zoning.find_reference(district(), [counties()], geoids=["99007", WEST, "99009"])
    assert WEST not in caught.value.message
    assert "counties" in caught.value.remedy


def test_without_a_county_layer_it_is_put_together_and_says_so() -> None:
    found = zoning.find_reference(district(), [tracts()])
    assert (found.name, found.prefixes) == (f"County {WEST}", (WEST,))
    assert found.shape is not None and found.shape.symmetric_difference(COUNTIES[WEST]).area < 1e-12
    assert found.notes == ("The reference was put together from its tracts; no county layer was given.",)


def test_a_named_county_away_from_the_district_is_put_together_too() -> None:
    found = zoning.find_reference(district(), [tracts()], geoids=[FAR])
    assert found.prefixes == (FAR,)
    assert found.shape is not None and found.shape.bounds == pytest.approx(COUNTIES[FAR].bounds)
    with pytest.raises(ConfigError, match="99007"):
        zoning.find_reference(district(), [tracts()], geoids=["99007"])


def test_a_county_layer_without_names_is_known_by_its_number() -> None:
    assert zoning.find_reference(district(), [layer("county", COUNTIES)]).name == f"County {WEST}"


def test_a_planners_zones_are_no_counties() -> None:
    own = layer("zone", {"12345678": COUNTIES[WEST]})
    found = zoning.find_reference(district(), [own])
    assert (found.shape, found.prefixes) == (None, ())


def test_without_any_geography_there_is_none_and_it_says_so() -> None:
    place = district()
    found = zoning.find_reference(place, [])
    assert (found.shape, found.prefixes, len(found.notes)) == (None, (), 1)
    assert found.centre is place.boundary
    with pytest.raises(ConfigError, match=WEST):
        zoning.find_reference(place, [], geoids=[WEST])


def test_a_planners_own_shape_comes_before_all_counties() -> None:
    shape = box(-78.58, 38.01, -78.5, 38.09)
    found = zoning.find_reference(district(), [counties()], own_shape=shape, name="Metro")
    assert (found.name, found.prefixes) == ("Metro", ())
    assert found.shape is shape


def test_the_window_holds_the_reference_and_the_halo() -> None:
    place = district()
    reference = zoning.find_reference(place, [counties()])
    crs = metric_crs(reference.centre)
    area = zoning.make_area(place, reference, crs, 800.0)
    assert area.halo_m == pytest.approx(800 * 1.3 + 200)
    assert area.window.contains(COUNTIES[WEST])
    metric = gpd.GeoSeries([area.halo, place.boundary], crs="EPSG:4326").to_crs(crs)
    west = metric.iloc[1].bounds[0] - metric.iloc[0].bounds[0]
    assert west == pytest.approx(area.halo_m, rel=0.01)
    alone = zoning.make_area(place, zoning.find_reference(place, []), crs, 800.0)
    assert alone.window.equals(alone.halo) and alone.reference is None


# ------------------------------------------------------------------------------------------------------------- zones


def made(place: District, **layers: Layer | None) -> Any:
    reference = zoning.find_reference(place, [counties()])
    told: dict[str, Any] = {"tracts": None, "block_groups": None, "own_areas": None, **layers}
    return zoning.make_zones(place, reference, metric_crs(reference.centre), **told)


def test_zones_are_district_reference_and_the_areas_that_the_district_touches() -> None:
    found = made(district(), tracts=tracts())
    assert found.ids == ("district", "reference", f"{WEST}000100", f"{WEST}000203")
    assert found.roles == ("district", "reference", "area", "area")
    assert found.geography == ("", "", "tract", "tract")
    assert found.names == ("Old Town", "West County", "Tract 1", "Tract 2.03")


def test_areas_keep_their_whole_shape_so_that_their_published_numbers_stand() -> None:
    found = made(district(), tracts=tracts())
    whole = tracts().features.to_crs(found.geometry.crs).area.iloc[0]
    assert found.geometry.iloc[2].area == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize(("over", "kept"), [(0.00004, False), (0.0002, True)])
def test_a_sliver_of_drawing_is_no_part_of_the_district(over: float, kept: bool) -> None:
    # The north tract is 0.05° high; 0.08 % and 0.4 % of it along its whole width, a hundredth of the district or less.
    found = made(district(west=-78.6, east=-78.5, south=38.02, north=38.05 + over), tracts=tracts())
    assert (f"{WEST}000203" in found.ids) == kept


def test_a_district_that_is_small_beside_its_tract_still_lies_in_it() -> None:
    """A hamlet in a rural tract of a thousand times its size."""
    found = made(district(west=-78.551, east=-78.550, south=38.020, north=38.021), tracts=tracts())
    assert found.ids == ("district", "reference", f"{WEST}000100")


def test_block_groups_follow_the_tracts_with_their_names() -> None:
    groups = layer("block group", {f"{WEST}0002032": COUNTIES[WEST], f"{WEST}0002031": COUNTIES[WEST]})
    found = made(district(), tracts=tracts(), block_groups=groups)
    assert found.ids[4:] == (f"{WEST}0002031", f"{WEST}0002032")
    assert found.names[4:] == ("Tract 2.03, block group 1", "Tract 2.03, block group 2")
    assert found.geography[4:] == ("block group", "block group")


def test_a_planners_own_areas_take_the_place_of_tracts() -> None:
    shapes = {"p2": box(-78.55, 38.0, -78.5, 38.1), "p1": box(-78.6, 38.0, -78.55, 38.1), "p3": COUNTIES[FAR]}
    frame = layer("", shapes, name=["Hill", "Harbour", "Island"])
    found = made(district(), tracts=tracts(), own_areas=frame)
    assert found.ids == ("district", "reference", "p1", "p2")
    assert found.names == ("Old Town", "West County", "Harbour", "Hill")
    assert found.geography == ("", "", "area", "area")


def test_own_areas_without_names_are_known_by_their_identifier() -> None:
    assert made(district(), own_areas=layer("", {"p1": COUNTIES[WEST]})).names[2:] == ("p1",)


@pytest.mark.parametrize("taken", ["district", "reference"])
def test_an_own_area_may_not_take_the_name_of_a_zone_of_justgeo(taken: str) -> None:
    with pytest.raises(ConfigError, match=taken):
        made(district(), own_areas=layer("", {taken: COUNTIES[WEST]}))


def test_without_reference_and_layers_there_is_the_district_alone() -> None:
    place = district()
    none = zoning.find_reference(place, [])
    crs = metric_crs(place.boundary)
    found = zoning.make_zones(place, none, crs, tracts=None, block_groups=None, own_areas=None)
    assert (found.ids, found.roles) == (("district",), ("district",))
    assert found.geometry.crs == crs


# --------------------------------------------------------------------------- counties of the census; the 180th meridian


def test_a_county_that_only_the_blocks_know_is_put_together_from_them() -> None:
    """Connecticut's counties are no more; the blocks of 2020 have them."""
    old, west = "09003", COUNTIES[WEST].bounds
    halves = {
        f"{old}0001001000": box(west[0], 38.0, west[2], 38.05),
        f"{old}0002001000": box(west[0], 38.05, west[2], 38.1),
        "090010001001000": COUNTIES[EAST],
    }
    blocks = layer("block", halves)
    found = zoning.find_reference(district(), [counties(), tracts(), blocks], geoids=[old])
    assert (found.name, found.prefixes) == (f"County {old}", ())
    assert found.shape is not None and found.shape.equals(COUNTIES[WEST])
    assert found.notes == (
        f"{old}: known to the census of the blocks, not to the layer of counties; put together from its blocks.",
    )
    with pytest.raises(ConfigError, match="names the counties 09005, of which no geometry"):
        zoning.find_reference(district(), [counties(), blocks], geoids=[old, "09005"])
    partly = layer("block", {f"{WEST}0001001000": COUNTIES[WEST], "990070001001000": COUNTIES[FAR]})
    with pytest.raises(ConfigError, match="names the counties 99007, of which no geometry"):
        zoning.find_reference(district(), [counties(), partly], geoids=["99007"])


def test_the_window_keeps_to_the_districts_side_of_the_antimeridian() -> None:
    """A box around both sides would go round the world, and bring the timetables of Europe."""
    county = MultiPolygon([box(172.4, 51.3, 179.8, 53.1), box(-179.2, 51.2, -166.0, 54.1)])
    for place in (box(-166.55, 53.86, -166.51, 53.88), box(172.5, 52.8, 172.6, 52.9)):
        reference = zoning.Reference("Aleutians West", ("02016",), county, county)
        area = zoning.make_area(District("x", "x", place), reference, metric_crs(county, place), 800.0)
        west, _, east, _ = area.window.bounds
        assert east - west < 14
        assert area.window.covers(area.halo)
        assert area.reference is county
