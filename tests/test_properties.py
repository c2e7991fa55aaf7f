"""What holds whatever the data: from layers to records, on a county of sixteen blocks, under hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from justgeo import measuring
from justgeo.core.layer import AnyLayer, Layer, Network
from justgeo.core.result import Indicator, Record
from justgeo.core.zones import Role, Zones
from justgeo.indicators.place import Place
from justgeo.measure.apportion import Weights
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from tests.indicators.town import features, row
from tests.measure import toy
from tests.measure.toy import COUNTY, E1, E2, EAST, W1, W2, WEST, square

Numbers = Mapping[str, Sequence[float]]
GROUPS = (W1, W2, E1, E2)
CODES = ("B25003_001", "B25003_003", "B25003_002")
# Nothing is withheld here for being small: it is the arithmetic that is looked at.
JUDGING = JudgeSettings(min_households=0.0, min_persons=0.0, group_min=0.0)

SHARE = row("acs_share", id="X-1", aggregate="share", weight="households", universe="homes",
            parameters={"numerator": "B25003_003", "denominator": "B25003_001"}, inputs=("acs:B25003",))  # fmt: skip
COUNT = row("acs_count", id="X-2", aggregate="sum", weight="households", unit="households", universe="homes",
            parameters={"numerator": "B25003_003"}, inputs=("acs:B25003",))  # fmt: skip


def walk(metres: float) -> Indicator:
    return row(
        "walk_share", id=f"X-{metres:g}", parameters={"targets": "stops", "distance_m": metres}, inputs=("stops",)
    )


def survey(renters: Sequence[float], owners: Sequence[float], moe: Sequence[float]) -> Layer:
    """Renters and owners of the four block groups, with their sums in tracts and county."""
    x, y, m = (np.array(v, dtype=np.float64) for v in (renters, owners, moe))
    told: dict[str, tuple[Any, Any, Any]] = {g: (x[i], y[i], m[i]) for i, g in enumerate(GROUPS)}
    for above, inside in ((WEST, [0, 1]), (EAST, [2, 3]), (COUNTY, [0, 1, 2, 3])):
        told[above] = (x[inside].sum(), y[inside].sum(), np.sqrt((m[inside] ** 2).sum()))
    levels = {5: "county", 11: "tract", 12: "block group"}
    rows = [
        {"geoid": g, "level": levels[len(g)], "B25003_001E": a + b, "B25003_002E": b, "B25003_003E": a,
         "B25003_001M": 1.4 * e, "B25003_002M": e, "B25003_003M": e}
        for g, (a, b, e) in told.items()
    ]  # fmt: skip
    return Layer("acs:B25003@2024", pd.DataFrame(rows), toy.provenance("acs:B25003@2024"), geography_vintage=2020)


@cache
def streets() -> Network:
    """A grid of streets along the blocks' edges, 50 m off their representative points."""
    nodes = [(100.0 * i, 100.0 * j) for i in range(5) for j in range(5)]
    at = {node: k for k, node in enumerate(nodes)}
    pairs = [(at[n], at[(n[0] + dx, n[1] + dy)]) for n in nodes for dx, dy in ((100.0, 0.0), (0.0, 100.0))
             if (n[0] + dx, n[1] + dy) in at]  # fmt: skip
    x, y = np.array(nodes).T
    u, v = np.array(pairs).T
    return Network(x=x, y=y, u=u, v=v, crs=toy.CRS, provenance=toy.provenance("walk"), covers=None)


@cache
def published(crs: str) -> list[Layer]:
    """County, tracts and block groups in a CRS: the same in every example, made once and not written to."""
    return toy.unit_layers(crs=crs)


def measured(
    rows: Sequence[Indicator],
    *shapes: BaseGeometry,
    table: Layer | None = None,
    people: Sequence[float] | None = None,
    crs: str = toy.CRS,
    stop: tuple[float, float] = (200.0, 200.0),
    order: Sequence[int] = tuple(range(16)),
) -> dict[tuple[str, str], Record]:
    """Records of free shapes (the first is the district, the second its reference), by indicator and zone."""
    more: dict[str, object] = {} if people is None else {"population": np.array(people, dtype=np.float64)}
    blocks = toy.blocks(crs, **more)
    frame = blocks.features.iloc[list(order)].reset_index(drop=True)
    blocks = toy.layer("blocks", frame, "block")
    units = published(crs)
    stops = features(
        "stops", [gpd.points_from_xy([stop[0]], [stop[1]])[0]], box(-5000, -5000, 5000, 5000), high_capacity=[False]
    )
    layers: dict[str, AnyLayer] = {"blocks": blocks, "walk": streets(), "stops": stops}
    if table is not None:
        layers["acs:B25003@2024"] = table
    roles: tuple[Role, ...] = ("district", "reference", *("area" for _ in shapes[2:]))[: len(shapes)]
    ids = tuple(f"zone {k}" for k in range(len(shapes)))
    zones = Zones(ids, ids, roles, ("",) * len(shapes), gpd.GeoSeries(list(shapes), crs=toy.CRS))
    place = Place(layers, {}, zones, Weights.build(zones, blocks, units, toy.CRS), toy.CRS, {"t1": 2024})
    found = measuring.measure(rows, place, settings=ReduceSettings(), judging=JUDGING)
    return {(r.indicator, r.zone): r for r in found}


ALL = square(0, 0, 4, 4)
counts = st.lists(st.integers(0, 400), min_size=4, max_size=4)
some = st.lists(st.integers(20, 400), min_size=4, max_size=4)
margins = st.lists(st.integers(1, 90), min_size=4, max_size=4)
few = settings(max_examples=25, deadline=None)


def same(one: Mapping[tuple[str, str], Record], other: Mapping[tuple[str, str], Record], rel: float = 1e-9) -> None:
    assert one.keys() == other.keys()
    for key, record in one.items():
        twin = other[key]
        assert record.reason == twin.reason and record.reliability == twin.reliability, key
        for name in ("value", "moe", "numerator", "denominator"):
            told = getattr(twin, name)
            assert getattr(record, name) == (None if told is None else pytest.approx(told, rel=rel, abs=1e-9)), (
                key,
                name,
            )


@few
@given(some, counts, margins, st.integers(1, 3))
def test_parts_sum_to_the_whole(renters: list[int], owners: list[int], moe: list[int], cut: int) -> None:
    west, east = square(0, 0, cut, 4), square(cut, 0, 4 - cut, 4)
    found = measured([COUNT], ALL, ALL, west, east, table=survey(renters, owners, moe))
    parts = [found["X-2", f"zone {k}"].value for k in (2, 3)]
    assert None not in parts and sum(parts) == pytest.approx(sum(renters), rel=1e-9)  # type: ignore[arg-type]
    assert found["X-2", "zone 0"].value == pytest.approx(sum(renters), rel=1e-12)


@few
@given(some, some, margins, st.sampled_from(["EPSG:4326", "EPSG:4269", "EPSG:3857", "EPSG:32617", "EPSG:5070"]),
       st.floats(0, 150), st.floats(0, 150))  # fmt: skip
def test_the_crs_of_the_layers_does_not_matter(
    renters: list[int], owners: list[int], moe: list[int], crs: str, dx: float, dy: float
) -> None:
    rows, table = [SHARE, COUNT, walk(400)], survey(renters, owners, moe)
    district = box(20 + dx, 30 + dy, 230 + dx, 240 + dy)
    same(measured(rows, district, ALL, table=table), measured(rows, district, ALL, table=table, crs=crs), rel=2e-4)


@few
@given(some, some, margins, st.permutations(range(16)), st.permutations(range(7)))
def test_order_does_not_matter(
    renters: list[int], owners: list[int], moe: list[int], order: list[int], of_rows: list[int]
) -> None:
    rows, table, district = [SHARE, COUNT, walk(400)], survey(renters, owners, moe), box(30, 30, 310, 250)
    turned = Layer(
        table.name, table.data.iloc[of_rows].reset_index(drop=True), table.provenance, geography_vintage=2020
    )
    same(measured(rows, district, ALL, table=table), measured(rows, district, ALL, table=turned, order=order))


@few
@given(some, some, margins, st.lists(st.integers(0, 300), min_size=16, max_size=16))
def test_twice_the_people_are_the_same_shares(
    renters: list[int], owners: list[int], moe: list[int], people: list[int]
) -> None:
    rows, district = [SHARE, COUNT, walk(300)], box(30, 30, 310, 250)
    once = measured(rows, district, ALL, table=survey(renters, owners, moe), people=people)
    double = [[2 * n for n in values] for values in (renters, owners, moe)]
    twice = measured(rows, district, ALL, table=survey(*double), people=[2 * n for n in people])
    for zone in ("zone 0", "zone 1"):
        for i in ("X-1", "X-300"):
            one, two = once[i, zone].value, twice[i, zone].value
            assert two == (None if one is None else pytest.approx(one, rel=1e-9))
        count, larger = once["X-2", zone], twice["X-2", zone]
        assert larger.value == pytest.approx(2 * count.value, rel=1e-9)  # type: ignore[operator]
        assert larger.error["sampling"] == pytest.approx(2 * count.error["sampling"], rel=1e-9)  # type: ignore[operator]


@few
@given(st.floats(0, 400), st.floats(0, 400), st.lists(st.integers(0, 300), min_size=16, max_size=16),
       st.lists(st.integers(10, 700), min_size=2, max_size=5, unique=True))  # fmt: skip
def test_a_longer_walk_never_serves_fewer(x: float, y: float, people: list[int], limits: list[int]) -> None:
    rows = [walk(t) for t in sorted(limits)]
    found = measured(rows, box(30, 30, 310, 250), ALL, people=people, stop=(x, y))
    for zone in ("zone 0", "zone 1"):
        told = [found[one.id, zone].value for one in rows]
        known = [value for value in told if value is not None]
        assert known == sorted(known)
        assert len(known) in (0, len(told)), "who lives there does not hang on the walk"


@few
@given(counts, counts, margins, st.floats(10, 390), st.floats(10, 390))
def test_margins_are_never_negative(
    renters: list[int], owners: list[int], moe: list[int], width: float, height: float
) -> None:
    found = measured([SHARE, COUNT, walk(300)], box(0, 0, width, height), ALL, table=survey(renters, owners, moe))
    for record in found.values():
        parts = [record.moe, record.numerator_moe, record.denominator_moe, *record.error.values()]
        assert all(part is None or part >= 0 for part in parts)
        assert record.value is not None or record.text is not None or record.reason
        assert record.value is None or np.isfinite(record.value)


@few
@given(some, some, margins, st.sampled_from(GROUPS), st.booleans())
def test_a_missing_number_is_never_a_zero(
    renters: list[int], owners: list[int], moe: list[int], gone: str, with_tracts: bool
) -> None:
    """A block group without its number gives way to its tract and says so; where there is no tract, nothing is told."""
    table = survey(renters, owners, moe)
    data = table.data.copy()
    data.loc[data["geoid"] == gone, [f"{code}{kind}" for code in CODES for kind in "EM"]] = np.nan
    if not with_tracts:
        data = data[data["level"] == "block group"]
    lacking = Layer(table.name, data.reset_index(drop=True), table.provenance, geography_vintage=2020)
    # Three of the four block groups, the gone one among them, so that no larger unit lies wholly inside.
    shapes = {W1: square(0, 0, 2, 2), W2: square(0, 2, 2, 2), E1: square(2, 0, 2, 2), E2: square(2, 2, 2, 2)}
    other = E1 if gone in (W1, W2) else W1
    district = shapes[gone].union(shapes[other])
    record = measured([COUNT], district, ALL, table=lacking)["X-2", "zone 0"]
    as_zero = float(renters[GROUPS.index(other)])
    if record.value is None:
        assert record.reason and record.numerator is None and record.moe is None
        return
    assert with_tracts and record.flags, "what stands for a missing number is said"
    tract = WEST if gone in (W1, W2) else EAST
    inside = [g for g in GROUPS if g.startswith(tract)]
    people = dict(zip(GROUPS, toy.HOMES.reshape(2, 2, 2, 2).sum(axis=(1, 3)).T.ravel(), strict=True))
    part = people[gone] / sum(people[g] for g in inside)
    expected = as_zero + part * sum(renters[GROUPS.index(g)] for g in inside)
    assert record.value == pytest.approx(expected, rel=1e-9) and record.value > as_zero
