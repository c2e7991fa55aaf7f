"""Percentiles among the tracts of Nowhere, what stands in for numbers that are withheld, and that none comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from justgeo import among, measuring
from justgeo.catalogue import read as catalogue
from justgeo.core.result import Indicator, Record
from justgeo.indicators.place import Place
from justgeo.measure import complement
from justgeo.measure.complement import Held, Key, Sums
from justgeo.measure.instead import RELIABLE
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.reduce import ReduceSettings
from tests import nowhere

IDS = (
    "DEM-00.population", "BEL-01.vulnerable", "BEL-02", "BEL-06.black", "BEL-08.dissimilarity", "BEL-19",
    "BEL-19.owners", "BEL-19.renters", "OPP-01", "OPP-02", "WEL-04.800", "MOB-08.connected", "ENV-01", "ENV-01.people",
    "BEL-09", "DEM-01.hispanic", "DEM-01.white", "DEM-01.black", "DEM-01.aian", "DEM-01.asian", "DEM-01.nhpi",
    "DEM-01.other", "DEM-01.two",
)  # fmt: skip
ROWS = tuple(row for row in catalogue.indicators() if row.id in IDS)


@dataclass(frozen=True)
class Made:
    place: Place
    rows: Mapping[Key, Record]
    plain: Mapping[Key, Record]
    held: Held


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    seen: Held = {}
    own = complement.protect

    def listen(records, held, rows, zones):  # type: ignore[no-untyped-def]
        seen.update(held)
        found = own(records, held, rows, zones)
        before = {(r.zone, r.indicator, r.group): r for r in records}
        for r in found:
            key = (r.zone, r.indicator, r.group)
            if r.reliability == "suppressed" and key not in seen:
                seen[key] = complement.amount(before[key]) or complement.NO_AMOUNT
        return found

    place = nowhere.district(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        plain = measuring.measure(ROWS, place, settings=ReduceSettings(), judging=JudgeSettings())
        patch.setattr(complement, "protect", listen)
        found = measuring.measure(ROWS, place, settings=ReduceSettings(), judging=JudgeSettings(), among_tracts=True)
    yield Made(place, *({(r.zone, r.indicator, r.group): r for r in one} for one in (found, plain)), seen)


def test_percentiles_come_on_top_and_move_nothing(made: Made) -> None:
    assert {key: replace(r, percentile=None) for key, r in made.rows.items()} == dict(made.plain)
    assert {zone for zone, _, _ in made.rows} <= set(made.place.zones.ids)


def test_the_percentile_of_the_renters_is_the_share_of_homes_in_tracts_with_fewer(made: Made) -> None:
    table, blocks = made.place.frame("B25003").loc["tract"], made.place.origins()
    share = table["B25003_003E"] / table["B25003_001E"]
    homes = blocks.groupby(blocks["geoid"].str[:11])["housing_units"].sum()
    # As areas: fewer than 50 households are not told of.
    told = table.index[table["B25003_001E"] >= 50]
    told = told[np.isin(told, homes.index[homes > 0])]
    inside, values = homes.loc[told].to_numpy(dtype=float), share.loc[told].to_numpy(dtype=float)

    def at(value: float) -> float:
        return float((inside[values < value].sum() + inside[values <= value].sum()) / (2 * inside.sum()))

    for zone in ("district", *made.place.zones.ids[2:]):
        r = made.rows.get((zone, "BEL-02", "all"))
        if r is None or r.value is None or r.percentile is None or r.percentile.value is None:
            continue
        # A tract's own share may come from another division of the same two numbers.
        near = [v for v in values if abs(v - r.value) < 1e-12]
        value = near[0] if near else r.value
        assert r.percentile.value == pytest.approx(at(value))
        assert r.moe is not None and r.percentile.tracts == len(told)
        assert (r.percentile.low, r.percentile.high) == pytest.approx((at(r.value - r.moe), at(r.value + r.moe)))
    found = made.rows["district", "BEL-02", "all"].percentile
    assert found is not None and found.value is not None and found.weight == "households"


def test_who_has_a_percentile_and_why_others_have_none(made: Made) -> None:
    def why(indicator: str) -> str | None:
        found = made.rows["district", indicator, "all"].percentile
        assert found is not None and (found.value is None) == (found.reason is not None)
        return found.reason

    assert why("OPP-01") is why("OPP-02") is why("WEL-04.800") is why("ENV-01") is why("ENV-01.people") is None
    assert why("DEM-00.population") == among.GROWS
    assert why("BEL-01.vulnerable") == among.CHANCE
    assert "people live in tracts with a number" in str(why("BEL-06.black"))
    assert why("MOB-08.connected") == among.UNTOLD
    for (zone, indicator, group), r in made.rows.items():
        if group != "all" or zone == "reference" or r.value is None:
            assert r.percentile is None, (zone, indicator, group)
        elif indicator == "BEL-08.dissimilarity":
            assert r.percentile is not None and r.percentile.reason == among.OF_NO_TRACT


def test_the_number_itself_lies_between_its_ends(made: Made) -> None:
    for r in made.rows.values():
        if r.percentile is not None and r.percentile.value is not None and r.percentile.low is not None:
            assert r.percentile.high is not None
            assert 0 <= r.percentile.low <= r.percentile.value <= r.percentile.high <= 1
            assert r.reliability != "low" and r.percentile.tracts >= 20


def test_what_stands_in_is_told_and_reliable(made: Made) -> None:
    offered = [r for r in made.rows.values() if r.instead is not None]
    assert len(offered) > 20
    for r in offered:
        assert r.instead is not None
        other = made.rows[r.instead, r.indicator, r.group]
        assert r.reliability == "suppressed" and other.value is not None and other.reliability in RELIABLE
        assert made.place.zones.geometry.iloc[made.place.zones.ids.index(r.instead)].area > 0
    assert {"district", "reference"} <= {r.instead for r in offered}


def test_nothing_withheld_is_the_rest_of_what_is_told(made: Made) -> None:
    """Each sum that holds is an equation in the numbers that are withheld: no number is found from all of them."""
    gone = [key for key, r in made.rows.items() if r.reliability == "suppressed"]
    assert any(made.rows[key].reason == complement.WHY for key in gone)
    sums, found = Sums(set(made.rows), ROWS, made.place.zones), []
    for family in dict.fromkeys(f for key in gone for f in sums.of(key)):
        if family.counted:
            # The groups make up all people, whose number each that is told has with it.
            found.append(dict.fromkeys(family.parts, 1.0))
            continue
        every = {key: complement.amount(made.rows[key]) or made.held.get(key) for key in (family.whole, *family.parts)}
        whole, parts = every[family.whole], [every[key] for key in family.parts]
        if whole is None or not all(
            p is not None or made.rows[k].value is None for k, p in zip(family.parts, parts, strict=True)
        ):
            continue
        added = sum(p.have for p in parts if p is not None)
        if np.isclose(added, whole.have) and np.isclose(sum(p.of for p in parts if p is not None), whole.of):
            found.append({**dict.fromkeys(family.parts, 1.0), family.whole: -1.0})
    assert len(found) > 50
    system = np.array([[one.get(key, 0.0) for key in gone] for one in found])
    _, size, turned = np.linalg.svd(system)
    free = np.abs(turned[int((size > 1e-9).sum()) :]).max(axis=0)
    assert [key for key, f in zip(gone, free, strict=True) if f <= 1e-9] == []


def test_small_groups_of_residents_are_withheld_as_beside_any_other_number(made: Made) -> None:
    table = made.place.frame("B03002").loc["tract"]
    few = {(zone, row.id) for (zone, row, _), r in _counted(made) if r.value is None}
    assert {("district", "DEM-01.nhpi"), ("district", "DEM-01.aian")} <= few
    assert any(made.rows[zone, id_, "all"].reason == complement.WHY for zone, id_ in few), "some go with a smaller one"
    for (zone, row, n), r in _counted(made):
        if r.value is not None:
            assert n is not None and n >= 50
        elif zone in table.index and str(r.reason).startswith("suppressed: fewer than 50"):
            assert table.loc[zone, f"{row.parameters['numerator']}E"] < 50


def test_nothing_beside_says_how_many_a_withheld_group_has(made: Made) -> None:
    hidden = {(zone, row.parameters["counts"]) for (zone, row, _), r in _counted(made) if r.value is None}
    seen = 0
    for (zone, indicator, group), r in made.rows.items():
        by_survey = any(flag.startswith("sampled counts") for flag in r.flags)
        if (zone, group) in hidden and by_survey:
            assert r.numerator is r.denominator is None, (zone, indicator, group)
            seen += r.value is not None
    assert seen > 0
    mixed = {zone for zone, _ in hidden}
    for zone in mixed:
        index = made.rows[zone, "BEL-09", "all"].value
        assert index is None or index == round(index, 2)


def _counted(made: Made) -> Iterator[tuple[tuple[str, Indicator, float | None], Record]]:
    """Rows that count a group, zone by zone, with the people that they tell."""
    for row in ROWS:
        for zone in made.place.zones.ids if "counts" in row.parameters else ():
            r = made.rows.get((zone, row.id, "all"))
            if r is not None:
                yield (zone, row, r.numerator), r
