"""Fifeville in Charlottesville: percents of 2019 in 2020 blocks, bus stops and footways, and the gaps by name."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import LayerError, VintageError
from justgeo.core.spec import LayerSpec
from justgeo.measure import complement
from justgeo.sources.files import read_zones
from tests import nowhere
from tests.real import places
from tests.real.places import Found

pytestmark = pytest.mark.real

CITY = "51540"
METRES = 32617


@pytest.fixture(scope="module")
def fifeville(charlottesville: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("fifeville")
    places.write_charlottesville_table(charlottesville, folder)
    return places.run_here(folder, places.charlottesville_toml(charlottesville))


@pytest.fixture(scope="module")
def acs(charlottesville: Path) -> pd.DataFrame:
    table = pd.read_csv(charlottesville / "acs" / "acs_blkgr_cville.csv", dtype={"GEOID": str}).set_index("GEOID")
    return table[table.index.str.startswith(CITY)]


@pytest.fixture(scope="module")
def by_points(charlottesville: Path) -> pd.Series[float]:
    """Share of each 2019 block group's people of 2020 in Fifeville, by points of whole blocks: a plain oracle."""
    spec = LayerSpec(
        "blocks",
        charlottesville / "env_zonal" / "cvillheat_blocks.csv",
        {"geometry": "geometry", "crs": "EPSG:4269", "columns": {"population": "POP20"}},
    )
    blocks = read_zones(spec).features.to_crs(METRES)
    groups = gpd.read_file(charlottesville / "boundaries" / "cville_blkgps.shp").to_crs(METRES)
    areas = gpd.read_file(charlottesville / "boundaries" / "districts" / "Planning_Neighborhood_Area.shp")
    district = areas[areas["NAME"] == "Fifeville"].to_crs(METRES).geometry.iloc[0]
    blocks["inside"] = blocks.representative_point().within(district)
    points = blocks.set_geometry(blocks.representative_point())
    held = points.sjoin(groups[["GEOID", "geometry"]], predicate="within")
    people = held.groupby("GEOID")["population"].sum()
    share: pd.Series[float] = held[held["inside"]].groupby("GEOID")["population"].sum() / people
    return share.dropna()


def test_which_of_two_populations_the_blocks_carry(charlottesville: Path) -> None:
    """POP20 is everybody; Totalpop, which the columns by race add up to, is adults: never the more, and 7,673 fewer."""
    blocks = pd.read_csv(charlottesville / "env_zonal" / "cvillheat_blocks.csv", dtype={"GEOID20": str})
    assert len(blocks) == 648
    assert (blocks["POP20"].sum(), blocks["Totalpop"].sum()) == (46_553, 38_880)
    assert (blocks["Totalpop"] <= blocks["POP20"]).all()
    alone = ["WhiteAlone", "BlackAlone", "AIANalone", "AsianAlone", "NHPIalone", "OtherRaceAlone"]
    assert (blocks[["Hisp", *alone, "TwoOrMorepop"]].sum(axis=1) == blocks["Totalpop"]).all()


def test_the_city_is_what_the_bureau_published(fifeville: Found, acs: pd.DataFrame) -> None:
    assert fifeville.zone("reference")["facts"]["residents"] == 46_553
    people = fifeville.record("DEM-00.population", "reference")
    assert people["value"] == acs["totalpopE"].sum() == 47_096
    assert people["moe"] == pytest.approx(float(np.hypot.reduce(acs["totalpopM"])))
    assert fifeville.record("DEM-00.households", "reference")["value"] == 18_617
    for indicator, name in places.PERCENTS.items():
        plain = (acs[f"{name}E"] * acs["totalpopE"]).sum() / acs["totalpopE"].sum() / 100
        assert fifeville.record(indicator, "reference")["value"] == pytest.approx(plain, rel=1e-9)


def test_the_denominators_put_together_are_those_of_the_percents(charlottesville: Path, tmp_path: Path) -> None:
    """Each percent of a whole number is that number's to the last digit; of a wrong whole it is so by chance only."""
    made = places.write_charlottesville_table(charlottesville, tmp_path)

    def fits(percent: pd.Series[float], whole: pd.Series[float], digits: int) -> float:
        count = (percent * whole / 100).round()
        return float(((100 * count / whole).round(digits) - percent).abs().lt(0.6 * 10.0**-digits).mean())

    for name in ("bachelor", "no_diploma"):
        assert fits(made[name], made["adults25"], 2) == 1.0
        assert fits(made[name], made["adults25"] + 7, 2) < 0.3
    small = made[made["households"].between(1, 399)]
    assert fits(small["renters"], small["households"], 1) > 0.95


def test_people_of_the_district(fifeville: Found, acs: pd.DataFrame, by_points: pd.Series[float]) -> None:
    assert fifeville.zone("district")["facts"]["residents"] == pytest.approx(3558, rel=0.005)
    row = fifeville.record("DEM-00.population")
    plain = (by_points * acs["totalpopE"].reindex(by_points.index)).sum()
    assert row["value"] == pytest.approx(plain, rel=0.01)
    assert row["value"] == pytest.approx(4392, abs=1)
    assert 0.7 < 3558 / row["value"] < 1.3  # a count of 2020 beside a survey of 2015-2019
    assert row["moe"] == pytest.approx(597, abs=1)


def test_shares_of_the_district(fifeville: Found, acs: pd.DataFrame, by_points: pd.Series[float]) -> None:
    table, withheld = acs.reindex(by_points.index), {}
    for indicator, name in places.PERCENTS.items():
        row = fifeville.record(indicator)
        weight = by_points * table["totalpopE"]
        people = (weight * table[f"{name}E"]).sum() / 100
        if row["value"] is None:
            withheld[indicator] = people < 50, row["reason"]
            continue
        assert row["value"] == pytest.approx(people / weight.sum(), abs=0.003)
        assert row["value"] == pytest.approx(row["numerator"] / row["denominator"], rel=1e-9)
        radicand = row["numerator_moe"] ** 2 - row["value"] ** 2 * row["denominator_moe"] ** 2
        assert row["error"]["sampling"] == pytest.approx(np.sqrt(radicand) / row["denominator"], rel=1e-9)
        assert row["moe"] == pytest.approx(np.hypot(row["error"]["sampling"], row["error"]["apportionment"]))
    # The one group that is too small, and the next one, without which it would be all people less the others.
    few = "suppressed: fewer than 50 people or households of this group stand behind it"
    assert withheld == {"DEM-01.aian": (True, few), "DEM-01.two": (False, complement.WHY)}


@pytest.mark.parametrize(
    ("indicator", "value", "moe"),
    [
        ("DEM-01.black", 0.464, 0.103),
        ("DEM-01.white", 0.359, 0.056),
        ("BEL-02", 0.646, 0.085),
        ("OPP-02", 0.229, 0.085),
        ("OPP-04", 0.328, 0.055),
        ("OPP-05", 0.162, 0.044),
    ],
)
def test_figures(fifeville: Found, indicator: str, value: float, moe: float) -> None:
    row = fifeville.record(indicator)
    assert row["value"] == pytest.approx(value, abs=0.002)
    assert row["moe"] == pytest.approx(moe, abs=0.002)
    assert row["comparison"]["difference"] == pytest.approx(
        row["value"] - fifeville.record(indicator, "reference")["value"], abs=1e-9
    )


def test_medians_stay_where_they_were_published(fifeville: Found, charlottesville: Path) -> None:
    tracts = pd.read_csv(charlottesville / "acs" / "acs_tract_cville.csv", dtype={"GEOID": str}).set_index("GEOID")
    rows = fifeville.of("OPP-01", "tract")
    assert set(rows) == {"51540000401", "51540000501", "51540000502"}
    for geoid, row in rows.items():
        assert (row["value"], row["moe"]) == (tracts.loc[geoid, "hhincE"], tracts.loc[geoid, "hhincM"])
    district = fifeville.record("OPP-01")
    assert district["value"] is None
    assert "shown for its own area only" in district["reason"]


def test_frequent_stops_and_footways(fifeville: Found) -> None:
    near, far = fifeville.record("MOB-02.400"), fifeville.record("MOB-02.800")
    assert 0 < near["value"] < far["value"] < 1
    assert near["value"] == pytest.approx(0.062, abs=0.002)
    assert far["value"] == pytest.approx(0.394, abs=0.002)
    for row in (near, far):
        assert {"walk", "gtfs", "blocks"} <= set(row["layers"])
        [unknown] = [f for f in row["flags"] if f.startswith("unknown_share=")]
        assert 0.05 < float(unknown.partition("=")[2]) < 0.2  # blocks off the mapped footways: unknown, not unserved
    notes = fifeville.layer("walk")["notes"]
    assert any("no streets" in n for n in notes)
    assert any("largest connected part" in n for n in notes)
    assert "service day 2017-08-09" in fifeville.layer("gtfs")["vintage"]


@pytest.mark.parametrize(
    ("indicator", "why"),
    [
        ("ENV-01", "no raster of this place"),
        ("ENV-03", "no raster of this place"),
        ("ENV-03.developed", "no raster of this place"),
        ("WEL-04.800", "leave the city out"),
        ("WEL-05", "leave the city out"),
        ("MOB-01.400", "no list of stops"),
        ("DEM-04.unemployed", "not the labour force"),
        ("BEL-03.renters", "burden could not be computed"),
        ("BEL-01.vulnerable", "no ACS tables were given"),
        ("DEM-02.female", "no ACS tables were given"),
    ],
)
def test_gaps_are_named(fifeville: Found, indicator: str, why: str) -> None:
    row = fifeville.record(indicator)
    assert (row["value"], row["moe"], row["reliability"]) == (None, None, "absent")
    assert why in row["reason"]
    # At the head of its list a reason begins with a capital.
    assert why.casefold() in (fifeville.folder / "index.html").read_text(encoding="utf-8").casefold()


def test_nesting_across_vintages_is_recorded_and_vintages_are_shown(fifeville: Found) -> None:
    notes = fifeville.results["notes"]
    for level in ("block groups", "tracts", "counties"):
        assert f"Blocks of 2020 were nested in {level} of 2010 by their representative point, not by id." in notes
    assert any(n.startswith("118 of 155 block groups are not filled by the blocks at hand") for n in notes)
    assert fifeville.layer("blocks")["vintage"] == "2020"
    assert fifeville.layer("block_groups")["vintage"] == "2019"
    assert fifeville.layer("table:DEM-01.black")["vintage"] == "2015-2019"
    assert fifeville.results["settings"]["acs_years"] == {"t1": 2019}
    page = (fifeville.folder / "index.html").read_text(encoding="utf-8")
    assert "2015-2019" in page and "2017-08-09" in page


def test_a_column_that_is_called_margin_and_is_none_is_refused(charlottesville: Path, tmp_path: Path) -> None:
    places.write_charlottesville_table(charlottesville, tmp_path)
    why = r"'pcompbroadM' is declared the margin .* 45 of 49 values exceed 50 points"
    toml = places.charlottesville_toml(charlottesville, poverty_margin="pcompbroadM")
    with nowhere.only(places.in_tables(toml)), pytest.raises(LayerError, match=why):
        places.run_here(tmp_path, toml)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("tables", [2010, 2020])
def test_block_groups_of_2019_under_the_vintage_of_2020_are_refused(
    charlottesville: Path, tmp_path: Path, tables: int
) -> None:
    """601 blocks have the id of the 2019 block group in which they lie, 47 have not: their outlines give it away."""
    places.write_charlottesville_table(charlottesville, tmp_path)
    why = "47 of 648 blocks lie in another block group"
    toml = places.charlottesville_toml(charlottesville, block_groups=2020, tables=tables)
    with nowhere.only(places.in_tables(toml)), pytest.raises(VintageError, match=why):
        places.run_here(tmp_path, toml)
    assert not (tmp_path / "out").exists()


def test_a_table_of_another_vintage_than_the_block_groups_is_refused(charlottesville: Path, tmp_path: Path) -> None:
    """Blocks know the block groups of 2020 by their ids, and every id of 2019 but one is used again in 2020."""
    places.write_charlottesville_table(charlottesville, tmp_path)
    why = "block groups of 2020, but the layer of block groups is of 2010"
    toml = places.charlottesville_toml(charlottesville, tables=2020)
    with nowhere.only(places.in_tables(toml)), pytest.raises(VintageError, match=why):
        places.run_here(tmp_path, toml)
    assert not (tmp_path / "out").exists()
