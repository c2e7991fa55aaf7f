"""Units of a person or of a square metre, tables of one row, and what just fills, just fits and just adds up."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import csr_array
from shapely.geometry import box

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.field import ZoneField
from justgeo.core.layer import Provenance, Raster
from justgeo.measure import allocation, countable, former, nesting, recast
from justgeo.measure.apportion import Weights
from justgeo.measure.column import ReduceSettings
from justgeo.measure.complement import Key, Sums
from justgeo.measure.grids import Grid
from justgeo.measure.nesting import Origins
from justgeo.measure.reduce import reduce
from tests.indicators.town import row
from tests.measure import toy
from tests.measure.test_complement import zones as districts
from tests.measure.test_former import BOTH, relation
from tests.measure.toy import E1, W1, W2, WEST, dense, square

NAN = float("nan")


@pytest.mark.parametrize("table", [[WEST], [toy.EAST]])
def test_a_table_of_one_row_is_a_table(table: list[str]) -> None:
    """Its row is row 0."""
    assert dense(toy.weights(square(0, 0, 4, 4)).cover(toy.units(table), "persons")).tolist() == [[1.0]]


def test_a_table_of_unknown_ids_is_refused() -> None:
    with pytest.raises(LayerError, match="None of the 2 ids"):
        toy.weights(square(0, 0)).cover(toy.units(["98001000001", "98001000002"]), "persons")


def test_a_pair_with_one_person_is_not_empty_and_one_with_nobody_is() -> None:
    people = np.array([1.0, 0, 0, 5, *[7.0] * 12])
    weights = Weights.build(
        toy.zones(square(0, 0, 2, 1), square(1, 0, 3, 1)), toy.blocks(population=people), toy.unit_layers(), toy.CRS
    )
    zone, west, east = np.array([0, 1, 1]), *(weights.geoids("tract", 2020).tolist().index(t) for t in (WEST, toy.EAST))
    found = weights._empty("tract", 2020, "persons", zone, np.array([west, west, east]))
    assert found.tolist() == [False, True, False]


@pytest.mark.parametrize(("people", "empty"), [(0.0, False), (0.5, True), (1.0, True), (1000.0, True)])
def test_a_zone_of_one_person_is_counted_by_its_people_and_one_of_nobody_by_its_land(
    people: float, empty: bool
) -> None:
    """Of its two tracts the west has the person, and the east has land."""
    count = np.array([people, *[0.0] * 15])
    weights = Weights.build(toy.zones(square(0, 0, 4, 1)), toy.blocks(population=count), toy.unit_layers(), toy.CRS)
    geoids = weights.geoids("tract", 2020).tolist()
    both = np.array([geoids.index(WEST), geoids.index(toy.EAST)])
    assert weights._empty("tract", 2020, "persons", np.array([0, 0]), both).tolist() == [False, empty]


def test_units_have_the_land_that_is_told_of_them() -> None:
    layer = toy.unit_layers()[1]
    told = replace(layer, data=layer.data.assign(land_m2=[70_000.0, 1.0]))
    known = Weights.build(toy.zones(square(0, 0)), toy.blocks(), [told], toy.CRS).units["tract", 2020]
    assert known.land is not None and known.land.tolist() == [70_000.0, 1.0]
    assert toy.weights(square(0, 0)).units["tract", 2020].land is None


@pytest.mark.parametrize(("land", "empty"), [(0.0, True), (1.0, False), (1e6, False)])
def test_a_unit_that_the_blocks_do_not_fill_may_hold_more_than_they_know_unless_it_is_water(
    land: float, empty: bool
) -> None:
    people = np.array([0.0, 0, 0, 5, *[7.0] * 12])
    weights = Weights.build(toy.zones(square(1, 0, 3, 1)), toy.blocks(population=people), toy.unit_layers(), toy.CRS)
    tracts = weights.units["tract", 2020]
    west = tracts.geoid.tolist().index(WEST)
    units: Any = {
        **weights.units,
        ("tract", 2020): replace(
            tracts, land=np.full(2, land), incomplete=np.arange(2) == west, by="point"
        ),
    }  # fmt: skip
    found = replace(weights, units=units)._empty("tract", 2020, "persons", np.array([0]), np.array([west]))
    assert found.tolist() == [empty]


def origins(area: list[float], land: list[float], known: bool = True) -> Origins:
    return cast(Origins, SimpleNamespace(area=np.array(area), land=np.array(land), land_known=known))


@pytest.mark.parametrize(
    ("drawn", "dry", "land", "known", "lacking"),
    [
        # By land where it is told: nine tenths of it fill a unit.
        (100.0, 899.0, 1000.0, True, True),
        (1.0, 900.0, 1000.0, True, False),
        # A square metre of land is land.
        (1000.0, 0.0, 1.0, True, True),
        # By what is drawn where a unit has no land, where no land is told, where that of the blocks is not.
        (999.0, 0.0, 0.0, True, True),
        (1000.0, 0.0, 0.0, True, False),
        (999.0, 1000.0, None, True, True),
        (1000.0, 0.0, None, True, False),
        (999.0, 1000.0, 1000.0, False, True),
        (1000.0, 0.0, 1000.0, False, False),
    ],
)
def test_units_are_filled_by_nine_tenths_of_their_land_or_half_of_their_outline(
    drawn: float, dry: float, land: float | None, known: bool, lacking: bool
) -> None:
    """Of 2000 m²; a block that lies outside fills nothing."""
    found = nesting._incomplete(
        np.array([0, -1]),
        np.array([2000.0]),
        None if land is None else np.array([land]),
        origins([drawn, 5000.0], [dry, 5000.0], known),
    )
    assert found.tolist() == [lacking]


def test_a_share_of_one_person_or_less_errs_where_it_is_cut() -> None:
    """Var = c S² Y² w (1 - w), alike for a unit of 1000 people and for one of half a person."""
    matrix = csr_array(np.array([[0.5]]))
    for people in (1000.0, 1.0, 0.5):
        found = allocation.share_error(matrix, np.array([0.5]), np.array([people]), between=0.02, c=0.5, cluster=0.0)
        assert found.tolist() == pytest.approx([1.645 * np.sqrt(0.25 * 0.02 * 0.5) / 0.5])
    nobody = allocation.share_error(matrix, np.array([0.5]), np.array([0.0]), between=0.02, c=0.5, cluster=1.0)
    assert np.isnan(nobody).all()


def test_owners_and_renters_make_up_a_number_and_no_other_endings_do() -> None:
    rows = [row("acs_share", id=name) for name in ("HOU-01", "HOU-01.owners", "HOU-01.renters", "HOU-01.late")]
    known: set[Key] = {("district", one.id, "all") for one in rows}
    sums = Sums(known, rows, districts())
    whole, owners, renters, late = (("district", one.id, "all") for one in rows)
    for key in (whole, owners, renters):
        (family,) = sums.of(key)
        assert (family.whole, family.parts) == (whole, (owners, renters))
    assert sums.of(late) == []


def test_tables_of_homes_among_subjects_of_persons() -> None:
    """Ways to work, mothers and fathers, families below the line and at work, computers: by the Bureau's own titles."""
    families = (
        "17010",
        "17012",
        "17013",
        "17014",
        "17015",
        "17016",
        "17017",
        "17018",
        "17019",
        "17022",
        "17023",
        "17026",
    )
    computers = ("28001", "28002", "28003", "28004", "28010", "28011")
    others = ("08201", "08202", "08203", "10063", "16002", "23007", "23009", "23010")
    of_homes = {*families, *computers, *others}
    assert {n for n in of_homes if countable.universe_of(f"B{n}") == "households"} == of_homes
    assert of_homes == countable._HOMES_AMONG_PERSONS
    assert [countable.universe_of(t) for t in ("B08301", "B17001", "B28005", "B16001")] == ["persons"] * 4


def test_blocks_of_2010_have_the_land_that_is_told_of_them() -> None:
    """The first two rows are one block, of 300 m²; without land each block counts alike."""
    land = [300.0, 300.0, *(100.0 * n for n in range(1, 14)), 0.0]
    now = toy.weights(square(0, 0, 4, 4))
    told = former.weights_of_2010(now, [relation(land10=land)], BOTH).origins
    assert told is not None and told.land_known
    assert told.land.tolist() == land[1:] and told.area.tolist() == [*land[1:-1], 1.0]
    untold = former.weights_of_2010(now, [relation()], BOTH).origins
    assert untold is not None and not untold.land_known and untold.land.tolist() == [1.0] * 15


@pytest.mark.parametrize(("second", "refused"), [(570.0, False), (571.0, True)])
def test_parts_may_come_to_a_twentieth_and_twenty_heads_more_than_their_county(second: float, refused: bool) -> None:
    data = pd.DataFrame(
        [("99001", "county", 1000.0), (f"{WEST}", "tract", 500.0), (toy.EAST, "tract", second)],
        columns=["geoid", "level", "n"],
    )
    asked: Any = SimpleNamespace(unit="tract")
    if not refused:
        recast._check_sums(data, asked, "n", "a table")
        return
    with pytest.raises(ConfigError, match="come to 1,071"):
        recast._check_sums(data, asked, "n", "a table")


@pytest.mark.parametrize("unit", ["m", "km", "us-ft"])
def test_edges_are_split_every_500_metres_whatever_the_unit_of_their_crs(unit: str) -> None:
    """9.9 km are twenty pieces, four times, and the first point again."""
    grid = Grid.of(
        Raster(np.zeros((2, 2)), (1.0, 0.0, -82.0, 0.0, -1.0, 38.0), "EPSG:4326", Provenance("n", "s", "d", "2021"))
    )
    metres = {"m": 1.0, "km": 1000.0, "us-ft": 1200 / 3937}[unit]
    ends = np.array([500_000.0, 4_100_000.0, 509_900.0, 4_109_900.0]) / metres
    shape = gpd.GeoSeries([box(*ends)], crs=f"+proj=utm +zone=17 +datum=WGS84 +units={unit} +no_defs")
    (brought,) = grid.bring(shape)
    assert shapely.get_num_coordinates(brought) == 81
    assert brought.bounds[0] == pytest.approx(-81.0)  # the middle of zone 17


def test_what_a_zone_measures_is_a_ratio_only_where_it_is_that_of_its_two_numbers() -> None:
    nothing: Any = (None, None, None)
    field = ZoneField(
        value=np.array([0.5, 0.6, NAN]),
        numerator=np.array([1.0, 1.0, 1.0]),
        denominator=np.array([2.0, 2.0, 0.0]),
        valid_share=np.ones(3),
        reason=nothing,
        universe="homes",
        universe_moe=np.array([0.2, 0.2, 0.2]),
    )
    weights = toy.weights(*[square(n, 0) for n in range(3)])
    column = reduce(field, weights, reference=None, settings=ReduceSettings())
    assert column.rule == ("ratio", "none", "")
    assert column.error["sampling"][:2].tolist() == pytest.approx([0.05, 0.06])


def test_a_count_is_a_count_though_a_universe_stands_beside_it() -> None:
    """Its error where it is cut is that of its share of what it is a part of, times all of that."""
    ids = [W1, W2, E1, toy.E2]
    share = toy.share(ids, [60, 30, 20, 12], [0.0] * 4, [100, 60, 80, 90], [0.0] * 4)
    count = replace(share, kind="sum", apportion_of=share.denominator)
    weights = toy.weights(box(0, 0, 150, 400), square(0, 0, 4, 4))
    two, one = (
        reduce(f, weights, reference=1, settings=ReduceSettings()) for f in (count, replace(count, denominator=None))
    )
    assert one.error["apportionment"][0] > 0
    assert two.error["apportionment"].tolist() == one.error["apportionment"].tolist()
    assert two.value.tolist() == one.value.tolist()


def test_which_published_unit_a_zone_is_by_its_id() -> None:
    """The first of its level and the last; a free shape is none, whatever it holds."""
    shapes = (square(2, 2, 2, 2), square(2, 2, 2, 2), square(0, 0, 2, 4), square(0, 0, 2, 2))
    weights = toy.weights(
        *shapes, ids=["free", toy.E2, WEST, W1], geography=["", "block group", "tract", "block group"]
    )
    table = toy.units([WEST, W1, W2, toy.E2])
    assert weights._by_id(table).tolist() == [-1, 3, 0, 1]
    assert weights._published(2010) == {}
    published = weights._published(2020)
    assert published["block group"].tolist() == ["", toy.E2, "", W1]
    assert published["tract"].tolist() == ["", "", WEST, ""]
    assert weights.identity(table, "persons").tolist() == [3, 3, 0, 1]
    assert weights.identity(table, "persons", np.array([True, False, True, True])).tolist() == [3, 3, 0, -1]


def test_a_shape_that_holds_all_people_of_a_unit_but_not_its_land_is_not_that_unit() -> None:
    people = np.zeros(16)
    people[[0, 1, 10]] = 5.0
    weights = Weights.build(
        toy.zones(square(0, 0, 2, 1), square(2, 2, 2, 2), square(2, 2, 1, 1)),
        toy.blocks(population=people), toy.unit_layers(), toy.CRS,
    )  # fmt: skip
    assert weights.identity(toy.units([W1, W2, E1, toy.E2]), "persons").tolist() == [-1, 3, -1]


def test_parts_of_a_zone_are_two_units_or_more_of_the_finest_level_mostly_inside_it() -> None:
    weights = toy.weights(square(0, 0, 4, 4), square(0, 0, 2, 4), square(0, 0, 2, 2))
    table = toy.units([toy.COUNTY, WEST, toy.EAST, W1, E1])
    every = np.ones(5, dtype=np.bool_)
    for zone, expected in (
        (None, [3, 4]), (0, [3, 4]), (1, []), (2, []),
    ):  # fmt: skip
        assert np.flatnonzero(weights.parts_of(table, zone, "persons", every)).tolist() == expected
    known = np.array([True, True, True, True, False])
    assert np.flatnonzero(weights.parts_of(table, 0, "persons", known)).tolist() == [1, 2]


@pytest.mark.parametrize(("width", "inside"), [(303.0, True), (300.0, False)])
def test_a_unit_is_part_of_a_zone_that_has_more_than_half_of_its_land(width: float, inside: bool) -> None:
    weights = toy.weights(box(0, 0, width, 400))
    for table in (toy.units([WEST, toy.EAST]), toy.units([W1, E1])):
        found = weights.parts_of(table, 0, "land", np.ones(2, dtype=np.bool_))
        assert found.tolist() == [inside, inside]
