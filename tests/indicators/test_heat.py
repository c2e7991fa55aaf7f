"""Surface temperature against the built-up land of the reference, on a grid of sixteen pixels of 100 m, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo.core.errors import Absent
from justgeo.core.result import Record
from justgeo.indicators.environment import surface_anomaly, surface_anomaly_people
from justgeo.indicators.place import Place
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from justgeo.measuring import measure
from tests.indicators import town
from tests.indicators.test_environment import lived_in, square

NAN = float("nan")
HEAT: list[list[float]] = [[20, 20, 20, 20], [24, 10, 10, 24], [36, 36, 40, 44], [10, 32, 32, 30]]
# Woods and water in the north; built up in the south but for the pixel of water in its corner.
COVER: list[list[float]] = [[41, 41, 41, 41], [41, 11, 11, 41], [22, 22, 23, 24], [11, 21, 21, 21]]
URBAN = (36 + 36 + 40 + 44 + 32 + 32 + 30) / 7
ALL = square(0, 0, 4, 4)
TOLD = {"raster": "surface_temperature", "land_cover": "land_cover", "urban": [21, 22, 23, 24]}
AREA = town.row("surface_anomaly", parameters={**TOLD, "min_valid": 0.95}, unit="°C", aggregate="zone", weight="land")
PEOPLE = town.row("surface_anomaly_people", parameters=TOLD, unit="°C", aggregate="mean")


def place(*shapes: BaseGeometry, heat: Any = HEAT, cover: Any = COVER, **layers: Any) -> Place:
    """Zones, the first of them the reference."""
    held = {
        "surface_temperature": town.raster("surface_temperature", heat),
        "land_cover": town.raster("land_cover", cover),
        **layers,
    }
    roles: Any = ("reference", "district", *("area" for _ in shapes[2:]))[: len(shapes)]
    return town.place(held, town.zones(*shapes, roles=roles))


def test_a_zone_is_held_against_the_built_up_land_alone() -> None:
    found = surface_anomaly(AREA, place(ALL, square(2, 0, 2, 2), square(0, 3, 4, 1)))
    land = (4 * 20 + 2 * 24 + 36 + 36 + 40 + 44 + 32 + 32 + 30) / 13
    assert found.value == pytest.approx([land - URBAN, (40 + 44 + 32 + 30) / 4 - URBAN, 20 - URBAN])
    assert found.flags == ((f"urban_mean={URBAN:.2f}",),) * 3
    assert np.isnan(found.numerator).all() and np.isnan(found.denominator).all()


def test_a_reference_that_is_all_built_up_has_an_anomaly_of_nothing() -> None:
    south = square(1, 0, 3, 1)
    found = surface_anomaly(AREA, place(south, square(1, 0)))
    assert found.value == pytest.approx([0.0, 32 - 94 / 3])


def test_what_is_warmer_everywhere_is_no_warmer() -> None:
    warmer = (np.array(HEAT) + 7.5).tolist()
    one, other = (surface_anomaly(AREA, place(ALL, square(2, 0, 2, 2), heat=heat)).value for heat in (HEAT, warmer))
    assert other == pytest.approx(one)


def test_pixels_that_were_not_seen_leave_both_sides() -> None:
    heat = [row.copy() for row in HEAT]
    heat[2][0] = NAN  # one of seven built-up pixels: 86 % are known
    with pytest.raises(Absent, match="only 86 % is measured"):
        surface_anomaly(AREA, place(ALL, square(2, 0, 2, 2), heat=heat))
    lax = replace(AREA, parameters={**TOLD, "min_valid": 0.85})
    found = surface_anomaly(lax, place(ALL, square(2, 0, 2, 2), square(0, 1, 2, 1), heat=heat))
    urban = (7 * URBAN - 36) / 6
    assert found.value[1] == pytest.approx(36.5 - urban)
    assert np.isnan(found.value[2]) and "only 50 % of the land" in str(found.reason[2])


def test_a_map_that_ends_within_the_reference_is_no_map_of_its_built_up_land() -> None:
    wide = box(0, 0, 1000, 400)
    with pytest.raises(Absent, match="built-up land of the reference, of which only"):
        surface_anomaly(AREA, place(wide, square(2, 0, 2, 2)))


def test_without_built_up_land_or_a_reference_or_a_map_there_is_nothing_to_hold_it_against() -> None:
    woods = np.full((4, 4), 41.0).tolist()
    with pytest.raises(Absent, match="hardly any built-up land"):
        surface_anomaly(AREA, place(ALL, ALL, cover=woods))
    with pytest.raises(Absent, match="hardly any built-up land"):
        surface_anomaly(AREA, place(square(0, 3, 4, 1), ALL))
    held = place(ALL, ALL)
    alone = town.place(held.layers, town.zones(ALL, roles=("district",)))
    with pytest.raises(Absent, match="no reference is known"):
        surface_anomaly(AREA, alone)
    reason = {"surface_temperature": "no map of summer surface temperature was given; [fetch] rasters"}
    without = town.place({"land_cover": held.layers["land_cover"]}, town.zones(ALL, ALL), absent=reason)
    for function in (surface_anomaly, surface_anomaly_people):
        with pytest.raises(Absent, match=r"\[fetch\] rasters"):
            function(AREA, without)
    with pytest.raises(Absent, match="no race or income"):
        surface_anomaly(AREA, held, "race:white")


def records(held: Place, **more: Any) -> dict[tuple[str, str], Record]:
    row = replace(PEOPLE, **more)
    settings = JudgeSettings(group_min=0, min_persons=0)
    return {(r.zone, r.group): r for r in measure([row], held, settings=ReduceSettings(), judging=settings)}


def test_people_are_weighed_and_groups_with_them() -> None:
    homes = lived_in(square(2, 1), square(3, 1), square(0, 2))
    homes.data["population"] = [10, 30, 60]
    homes.data["p2_black"] = [5, 15, 0]
    held = place(ALL, square(2, 0, 2, 2), blocks=homes)
    found = records(held, groups={"race:black": {"blocks": "p2_black"}})
    assert found["zone 1", "all"].value == pytest.approx((10 * 40 + 30 * 44) / 40 - URBAN)
    assert found["zone 0", "all"].value == pytest.approx((10 * 40 + 30 * 44 + 60 * 24) / 100 - URBAN)
    assert found["zone 1", "race:black"].value == pytest.approx(43 - URBAN)
    compared = found["zone 1", "all"].comparison
    assert compared is not None and compared.ratio is None and compared.difference == pytest.approx(43 - 31.6)
