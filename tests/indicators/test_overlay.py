"""Maps of classes over the town of four blocks (200 m by 160 m each), by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo import measuring
from justgeo.core.errors import Absent
from justgeo.core.layer import NO_GROUND, Layer
from justgeo.core.result import Column, Indicator, Record
from justgeo.indicators.overlay import overlay_land, overlay_people, spoken_of
from justgeo.indicators.place import Place
from justgeo.measure.column import NOT_COVERED
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town

ABOUT = 1e-5
"""What a map covers goes through degrees and back."""
TOWN = box(0, 40, 400, 360)
WEST, EAST = box(0, 40, 200, 360), box(200, 40, 400, 360)
FLOOD: dict[str, Any] = {"layer": "data:nfhl", "column": "hazard", "classes": ["wet"], "order": ["wet", "dry"]}
GRADED: dict[str, Any] = {**FLOOD, "classes": ["D"], "order": ["D", "C"], "all_land": "not surveyed"}
HOMES = [5, 10, 15, 20]


def drawn(*shapes: tuple[str, BaseGeometry], covers: BaseGeometry | None = None, name: str = "data:nfhl") -> Layer:
    ground = shapely.union_all([shape for kind, shape in shapes if kind != "unmapped"]) if covers is None else covers
    return town.features(name, [shape for _, shape in shapes], ground, hazard=[kind for kind, _ in shapes])


def place(layer: Layer | None, *zones: BaseGeometry, **layers: Any) -> Place:
    held = {"blocks": town.blocks(housing_units=HOMES), **layers}
    if layer is not None:
        held[layer.name] = layer
    return town.place(held, town.zones(*(zones or (TOWN,))))


def people(where: Place, **told: Any) -> Column:
    field = overlay_people(town.row("overlay_people", parameters={**FLOOD, **told}), where)
    return reduce(field, where.weights, reference=None, settings=ReduceSettings())


def land(where: Place, **told: Any) -> Column:
    field = overlay_land(town.row("overlay_land", parameters={**FLOOD, **told}), where)
    return reduce(field, where.weights, reference=None, settings=ReduceSettings())


# --- land -------------------------------------------------------------------------------------------------------------


def test_land_by_class_with_overlaps_counted_once() -> None:
    layer = drawn(("wet", box(0, 40, 100, 360)), ("wet", box(50, 40, 100, 360)), ("dry", TOWN))
    found = land(place(layer, TOWN, WEST, EAST))
    np.testing.assert_allclose(found.value, [0.25, 0.5, 0.0], atol=ABOUT)
    np.testing.assert_allclose(found.denominator, [128_000, 64_000, 64_000], rtol=ABOUT)
    assert found.moe.tolist() == [0.0, 0.0, 0.0] and np.isnan(found.low).all()
    assert found.flags[0] == ("drawn_twice=0.2500",) and found.flags[2] == ()


def test_a_polygon_beyond_the_town_counts_inside_alone() -> None:
    found = land(place(drawn(("wet", box(-900, 280, 900, 900)), ("dry", box(-900, -900, 900, 280)))))
    assert found.value[0] == pytest.approx(0.25, rel=ABOUT)


def test_water_is_no_land() -> None:
    """The river takes the middle half; a block without land is water too."""
    layer = drawn(("wet", box(0, 40, 300, 360)), ("dry", box(300, 40, 400, 360)))
    river = town.features("water", [box(100, 40, 300, 360)])
    assert land(place(layer, water=river)).value[0] == pytest.approx(0.5, rel=ABOUT)
    bay = town.blocks(land_m2=[0, 32_000, 32_000, 32_000])
    dry = land(place(layer, blocks=bay))
    assert dry.denominator[0] == pytest.approx(96_000, rel=ABOUT)
    assert dry.value[0] == pytest.approx((32_000 + 16_000 + 16_000) / 96_000, rel=ABOUT)
    named = drawn(("open water", box(0, 40, 200, 360)), ("wet", box(200, 40, 300, 360)), ("dry", EAST))
    assert land(place(named), water=["open water"]).value[0] == pytest.approx(0.5, rel=ABOUT)
    all_wet = land(place(named, WEST), water=["open water"])
    assert all_wet.reason[0] == "hardly any land here"


def test_unmapped_ground_is_never_dry() -> None:
    """4 % unmapped: over the rest, with the range; 10 %: no number; zone D is as good as no zone."""
    some = drawn(("wet", box(0, 40, 96, 360)), ("dry", box(96, 40, 384, 360)))
    found = land(place(some))
    assert found.value[0] == pytest.approx(96 / 384, rel=ABOUT)
    assert (found.low[0], found.high[0]) == (pytest.approx(0.24, rel=ABOUT), pytest.approx(0.28, rel=ABOUT))
    assert any(flag.startswith("valid_share=0.9600") for flag in found.flags[0])
    much = drawn(("wet", box(0, 40, 96, 360)), ("dry", box(96, 40, 360, 360)), ("unmapped", box(360, 40, 400, 360)))
    absent = land(place(much))
    assert np.isnan(absent.value[0])
    assert absent.reason[0] == "the map speaks of only 90 % of the land (95 % are needed)"
    assert land(place(much), min_known=0.5).value[0] == pytest.approx(96 / 360, rel=ABOUT)


def test_a_crack_between_polygons_is_no_unmapped_ground() -> None:
    found = land(place(drawn(("wet", box(0, 40, 100, 360)), ("dry", box(100.01, 40, 400, 360)))))
    assert found.value[0] == pytest.approx(0.25, rel=1e-4) and found.flags[0] == () and np.isnan(found.low[0])


def test_land_in_none_of_the_classes() -> None:
    layer = drawn(("D", box(0, 40, 100, 360)), ("C", box(100, 40, 120, 360)), ("not graded", box(120, 40, 200, 360)))
    told = {**GRADED, "outside_of": ["D", "C"]}
    told.pop("classes")
    where = place(layer, TOWN, EAST)
    row = town.row("overlay_land", parameters=told)
    np.testing.assert_allclose(overlay_land(row, where).value, [0.7, 1.0], atol=ABOUT)
    graded = land(place(layer, TOWN, EAST), **GRADED)
    assert graded.value[0] == pytest.approx(0.25, rel=ABOUT)
    assert np.isnan(graded.value[1]) and graded.reason[1] == "not surveyed"


# --- people -----------------------------------------------------------------------------------------------------------


def test_people_by_the_part_of_their_blocks_land() -> None:
    """Wet: the southern blocks up to y = 80, a quarter of each: 10 and 20 of 100 people live in these."""
    found = people(place(drawn(("wet", box(0, 40, 400, 80)), ("dry", box(0, 80, 400, 360)))))
    assert found.value[0] == pytest.approx((10 + 20) / 4 / 100, rel=ABOUT)
    assert found.denominator[0] == pytest.approx(100, rel=ABOUT)
    # By a point in each block (y = 120) nobody is in it.
    assert (found.low[0], found.high[0]) == (0.0, found.value[0])
    assert found.error["noise"][0] > 0
    assert "spread over the land of each block" in found.flags[0]


def test_homes_are_counted_without_noise() -> None:
    wet = drawn(("wet", box(0, 40, 400, 160)), ("dry", box(0, 160, 400, 360)))
    found = people(place(wet), of="homes")
    assert found.value[0] == pytest.approx((5 + 10) * 0.75 / 50, rel=ABOUT)
    assert found.high[0] == pytest.approx((5 + 10) / 50, rel=ABOUT)  # both points lie in it
    assert found.denominator[0] == pytest.approx(50, rel=ABOUT)
    assert found.moe[0] == 0.0


def test_homes_need_their_counts_and_have_no_groups() -> None:
    where = place(drawn(("wet", TOWN)), blocks=town.blocks())
    with pytest.raises(Absent, match="no counts of homes"):
        people(where, of="homes")
    row = town.row("overlay_people", parameters={**FLOOD, "of": "homes"}, groups={"race:black": {"blocks": "p2_black"}})
    assert overlay_people(row, place(drawn(("wet", TOWN)))).groups == {}


def test_a_zone_without_homes_says_so() -> None:
    where = place(drawn(("wet", TOWN)), WEST, blocks=town.blocks(housing_units=[0, 10, 0, 20]))
    found = people(where, of="homes")
    assert np.isnan(found.value[0]) and found.reason[0] == "no homes"


def test_people_on_unmapped_ground_are_not_known() -> None:
    """NE, where 40 of 100 live, is not mapped."""
    layer = drawn(("wet", box(0, 40, 400, 120)), ("dry", box(0, 120, 400, 200)), ("dry", box(0, 200, 200, 360)))
    found = people(place(layer))
    assert found.value[0] == pytest.approx((10 + 20) / 2 / 60, rel=ABOUT)
    assert found.denominator[0] == pytest.approx(60, rel=ABOUT)
    assert "unknown_share=0.4000" in found.flags[0]
    # Nobody or everybody of the 40, with a quarter (by land) or all (by a point) of the southern blocks in the zone.
    assert found.low[0] == pytest.approx(0.15, rel=ABOUT) and found.high[0] == pytest.approx(0.7, rel=ABOUT)
    east = people(place(layer, EAST))
    assert np.isnan(east.value[0]) and "not known for 67% of the people here: unmapped ground" in str(east.reason[0])
    assert "67% of the homes here" in str(people(place(layer, EAST), of="homes").reason[0])


def test_people_of_a_block_with_a_river_live_on_its_land() -> None:
    """Half of SW is river, a quarter of its land is wet."""
    layer = drawn(("wet", box(0, 40, 100, 80)), ("dry", box(0, 80, 400, 360)), ("dry", box(100, 40, 400, 80)))
    river = town.features("water", [box(100, 40, 200, 200)])
    assert people(place(layer, water=river)).numerator[0] == pytest.approx(10 * 0.25, rel=ABOUT)


def test_nobody_is_0_percent_graded_where_nothing_was_surveyed() -> None:
    where = place(drawn(("D", WEST), covers=WEST), TOWN, EAST, WEST)
    row = town.row("overlay_people", parameters=GRADED)
    spoken = spoken_of(row, where)
    assert spoken is not None and spoken.tolist() == [True, False, True]
    found = people(where, **GRADED)
    assert found.value[0] == pytest.approx(0.4, rel=ABOUT)  # of all who live there
    told = measured(row, where)
    assert told["zone 1"].value is None and told["zone 1"].reason == "the layer does not cover this area"
    assert told["zone 2"].value == pytest.approx(1.0, rel=ABOUT)
    assert spoken_of(town.row("overlay_people", parameters=FLOOD), where) is None


def measured(row: Indicator, where: Place) -> dict[str, Record]:
    made = measuring.measure([row], where, settings=ReduceSettings(), judging=JudgeSettings())
    return {record.zone: record for record in made if record.group == "all"}


def test_groups_meet_what_their_blocks_meet() -> None:
    layer = drawn(("wet", box(0, 40, 400, 120)), ("dry", box(0, 120, 400, 360)))
    where = place(layer, blocks=town.blocks(p2_black=[10, 0, 30, 0], p2_white=[0, 20, 0, 40]))
    row = town.row(
        "overlay_people",
        parameters=FLOOD,
        groups={"race:black": {"blocks": "p2_black"}, "race:white": {"blocks": "p2_white"}},
    )
    made = measuring.measure(
        [row], where, settings=ReduceSettings(), judging=JudgeSettings(min_persons=0, group_min=0, group_cv=1e9)
    )
    found = {record.group: record.value for record in made}
    assert found["race:black"] == pytest.approx(5 / 40, rel=ABOUT) and found["race:white"] == pytest.approx(
        10 / 60, rel=ABOUT
    )


# --- not at hand ------------------------------------------------------------------------------------------------------


def test_an_area_has_no_groups() -> None:
    with pytest.raises(Absent, match="an area has no race"):
        overlay_land(town.row("overlay_land", parameters=FLOOD), place(drawn(("wet", TOWN))), "race:black")


def test_a_map_that_nobody_asked_for_says_how_to_have_it() -> None:
    with pytest.raises(Absent) as told:
        land(place(None))
    assert 'tables = ["nfhl"] under [fetch]' in told.value.reason and '[layers."data:nfhl"]' in told.value.reason


def test_a_map_that_does_not_speak_of_the_district_says_so_in_the_rows_own_words() -> None:
    where = town.place(
        {"blocks": town.blocks()}, absent={"data:nfhl": f"Layer 'x': {NO_GROUND} (grade: not surveyed)."}
    )
    with pytest.raises(Absent, match=r"^not surveyed$"):
        land(where, **GRADED)
    with pytest.raises(Absent, match="it speaks of no ground"):
        land(where)


def test_a_use_that_is_not_understood_is_not_mapped() -> None:
    """Of a planner's own map of uses, written in other words."""
    told = {
        "layer": "landuse",
        "column": "hazard",
        "classes": ["retail"],
        "order": ["retail", "other"],
        "min_known": 0.5,
    }
    shapes = [("retail", box(0, 40, 100, 360)), ("other", box(100, 40, 200, 360)), ("Retail", EAST)]
    where = place(drawn(*shapes, covers=TOWN, name="landuse"))
    found = land(where, **told)
    assert found.value[0] == pytest.approx(0.5, rel=ABOUT)
    assert (found.low[0], found.high[0]) == (pytest.approx(0.25, rel=ABOUT), pytest.approx(0.75, rel=ABOUT))
    assert np.isnan(land(where, **{**told, "min_known": 0.6}).value[0])


def test_a_zone_beyond_what_was_read_is_not_unmapped_ground() -> None:
    """Overpass is asked for the district and its halo: what it does not draw elsewhere was not looked for."""
    told = {"layer": "landuse", "column": "hazard", "order": ["retail"], "outside_of": ["retail"], "all_land": "none"}
    where = place(drawn(("retail", WEST), covers=WEST, name="landuse"), TOWN, WEST)
    found = overlay_land(town.row("overlay_land", parameters=told), where)
    assert np.isnan(found.value[0]) and found.reason[0] == NOT_COVERED
    assert found.value[1] == pytest.approx(0.0, abs=ABOUT) and found.reason[1] is None
