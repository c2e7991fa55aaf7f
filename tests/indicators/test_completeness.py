"""Signs of how complete the volunteered map is, in a town small enough to be answered by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from shapely.geometry import LineString, box

from justgeo.core.budget import Completeness, Kept
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.result import Record
from justgeo.indicators import completeness
from justgeo.indicators.place import Place
from tests.indicators import town

KEPT = Kept(volunteered=True, sign="what is counted", unknown="nothing to hold it against")
TOWN, EAST = box(0, 40, 400, 360), box(200, 40, 400, 360)


def osm(layer: Any) -> Any:
    return replace(layer, provenance=replace(layer.provenance, source="OpenStreetMap", licence="ODbL-1.0"))


def place(layers: Mapping[str, AnyLayer]) -> Place:
    found = town.zones(EAST, TOWN, roles=("district", "reference"), ids=("district", "reference"))
    return town.place({"blocks": town.blocks(), **layers}, found)


def of(layer: str, where: Place, records: Mapping[str, Record] | None = None) -> dict[str, Completeness]:
    return {one.zone: one for one in completeness.signs(layer, KEPT, where, records or {})}


def timetable() -> Any:
    """Twelve stops 30 m apart, of which all but the first three lie in the eastern half, and one without service."""
    at = {(125.0 + 30.0 * i, 200.0 if i % 2 else 220.0): [8.0] for i in range(9)}
    return town.feed({**at, (210.0, 300.0): [8.0], (300.0, 300.0): [9.0], (390.0, 300.0): [9.0], (300.0, 60.0): []})


def test_stops_of_the_timetable_with_a_mapped_one_near() -> None:
    mapped = osm(town.stops((125.0, 200.0), (185.0, 215.0), (305.0, 205.0), (300.0, 60.0)))
    found = of("stops", place({"stops": mapped, "gtfs": timetable()}))
    whole = found["reference"]
    # Of twelve with service: 125 to 215 (four), and 275 to 335 (three: 300 +- 50), none of those at 300 m north.
    assert (whole.of, whole.unit, whole.against, whole.sign) == (12, "stops", "gtfs", "what is counted")
    assert whole.share == pytest.approx(7 / 12) and whole.low
    few = found["district"]
    assert few.share is None and few.reason == "the timetable has fewer than 10 stops here" and few.of == 9


def test_without_a_timetable_it_is_said_why() -> None:
    found = completeness.signs("stops", KEPT, place({"stops": osm(town.stops((0.0, 0.0)))}), {})
    assert found == (Completeness("stops", reason="nothing to hold it against"),)


def test_a_city_s_own_layer_is_not_the_volunteers() -> None:
    found = completeness.signs("stops", KEPT, place({"stops": town.stops((0.0, 0.0)), "gtfs": timetable()}), {})
    assert found == (Completeness("stops", reason=completeness.OWN),)


def test_a_layer_that_is_not_there_is_not_told_of() -> None:
    assert completeness.signs("stops", KEPT, place({}), {}) == ()


def test_where_the_map_ends_nothing_is_told() -> None:
    mapped = osm(town.stops((125.0, 200.0), covers=box(150, 0, 500, 500)))
    found = of("stops", place({"stops": mapped, "gtfs": timetable()}))
    assert found["reference"].reason == completeness.BEYOND and found["reference"].share is None


@pytest.mark.parametrize(("west", "share"), [(380, 1.0), (480, 0.5)])
def test_people_whose_block_meets_the_streets(west: float, share: float) -> None:
    """A hundred people live 190 m from the street that runs north, or 290 m from it."""
    far = box(west, 900, west + 20, 940)
    blocks = town.blocks({f"{town.TRACT}2009": far}, population=[10, 20, 30, 40, 100])
    zones = town.zones(EAST, box(0, 40, 600, 940), roles=("district", "reference"), ids=("district", "reference"))
    found = of("walk", town.place({"blocks": blocks, "walk": osm(town.streets())}, zones))
    assert found["district"].share == pytest.approx(1.0) and found["district"].of == pytest.approx(60)
    whole = found["reference"]
    assert whole.share == pytest.approx(share) and whole.of == pytest.approx(200) and whole.unit == "people"
    assert whole.low == (share < 0.6)


def test_streets_whose_tags_are_mapped() -> None:
    lines = [LineString([(0, 200), (400, 200)]), LineString([(300, 40), (300, 360)])]
    told = {"highway": ["secondary", "secondary"], "cars": [True, True], "bikeway": ["", ""], "lts": ["", ""]}
    layer = osm(town.features("bike", lines, town.WIDE, maxspeed=["25", ""], lanes=["2", ""], **told))
    found = of("bike", place({"bike": layer}))
    assert found["district"].share == pytest.approx(200 / 520) and found["district"].of == pytest.approx(0.52)
    assert found["reference"].share == pytest.approx(400 / 720) and found["reference"].unit == "km"


def pad(*shapes: Any, access: list[str]) -> Layer:
    return town.features("data:pad_us", shapes, access=access)


def test_open_land_that_the_map_draws_as_a_park() -> None:
    parks = osm(town.features("parks", [box(0, 40, 200, 200)], town.WIDE, public=[True]))
    theirs = pad(box(0, 40, 300, 200), box(300, 200, 400, 360), access=["open", "closed"])
    found = of("parks", place({"parks": parks, completeness.PAD_US: theirs}))
    whole = found["reference"]
    assert whole.share == pytest.approx(2 / 3) and not whole.low
    assert whole.of == pytest.approx(300 * 160 / completeness.M2_AN_ACRE) and whole.against == completeness.PAD_US
    assert found["district"].reason == "PAD-US has fewer than 5 acres of open ground here"


def test_parks_without_a_second_list_and_amenities_are_not_known() -> None:
    parks = osm(town.features("parks", [box(0, 40, 200, 200)], town.WIDE, public=[True]))
    shops = osm(town.features("amenities", [box(0, 40, 200, 200).centroid], town.WIDE))
    where = place({"parks": parks, "amenities": shops})
    for layer in ("parks", "amenities"):
        assert completeness.signs(layer, KEPT, where, {}) == (Completeness(layer, reason="nothing to hold it against"),)


def test_land_that_is_drawn_is_told_by_the_record() -> None:
    def record(zone: str, value: float | None, *flags: str) -> Record:
        return Record(zone, "X", "all", value, 0.0, "share", "land", "exact", None, flags=flags)

    drawn = osm(town.features("landuse", [TOWN], town.WIDE))
    records = {"district": record("district", 0.5, "valid_share=0.8123"), "reference": record("reference", 0.5)}
    found = of("landuse", place({"landuse": drawn}), records)
    assert found["district"].share == 0.8123 and found["reference"].share == 1.0
    gone = of("landuse", place({"landuse": drawn}), {"district": record("district", None)})
    assert gone["district"].share is None and gone["district"].reason


def test_what_is_invented_in_the_form_of_an_extract_counts_as_drawn() -> None:
    one = town.stops((0.0, 0.0)).provenance
    assert not completeness.volunteered(one)
    assert completeness.volunteered(replace(one, asked={"bounds": [0], "layer": "stops", "file": "x.osm.pbf"}))
    assert completeness.volunteered(replace(one, licence="ODbL 1.0"))
