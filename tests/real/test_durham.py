"""Old East Durham and the 52 block groups that the land-cover raster holds whole: no blocks, few roads, one proxy."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo.core.errors import LayerError
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources.rasters import raster_footprint, read_raster
from tests import nowhere
from tests.real import places
from tests.real.places import Found

pytestmark = pytest.mark.real

OLD_EAST_DURHAM = """
[district.boundary]
file = "{data}/boundaries/selectgroups.geojson.json"
column = "label"
values = ["Old East Durham"]
"""


@pytest.fixture(scope="module")
def block_groups(durham: Path) -> gpd.GeoDataFrame:
    found = gpd.read_file(durham / "boundaries" / "blockgroup.geojson.json")
    return found.set_crs(4326, allow_override=True).assign(id=found["id"].astype(str)).set_index("id")


@pytest.fixture(scope="module")
def footprint(durham: Path) -> shapely.Polygon:
    everywhere = shapely.box(-79.2, 35.8, -78.6, 36.3)
    spec = LayerSpec("land_cover", durham / "raster" / "NLCD_landcover.tif")
    return raster_footprint(read_raster(spec, Area(everywhere, None, everywhere, everywhere, 0.0)))


@pytest.fixture(scope="module")
def neighbourhood(durham: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("old-east-durham")
    places.write_durham_tables(durham, folder)
    boundary = OLD_EAST_DURHAM.format(data=durham.as_posix())
    return places.run_here(
        folder, places.durham_toml(durham, name="Old East Durham", slug="old-east-durham", boundary=boundary)
    )


@pytest.fixture(scope="module")
def covered(
    durham: Path,
    tmp_path_factory: pytest.TempPathFactory,
    block_groups: gpd.GeoDataFrame,
    footprint: shapely.Polygon,
) -> Found:
    """The union of the 52 block groups, given as a list of GEOIDs: what its tables and its land cover say."""
    inside = sorted(block_groups.index[block_groups.within(footprint)])
    folder = tmp_path_factory.mktemp("covered")
    places.write_durham_tables(durham, folder)
    listed = ", ".join(f'"{g}"' for g in inside)
    toml = places.durham_toml(durham, name="Covered Durham", slug="covered-durham", boundary=f"geoids = [{listed}]")
    with nowhere.only(places.in_tables(toml, "ENV-03.developed")):
        return places.run_here(folder, toml)


def test_developed_share_of_each_block_group_follows_the_published_impervious_share(
    covered: Found, durham: Path
) -> None:
    rows = covered.of("ENV-03.developed", "block group")
    assert len(rows) == 52
    assert all(r["value"] is not None and r["layers"] == ["land_cover"] for r in rows.values())
    share = pd.Series({g: r["value"] for g, r in rows.items()})
    r: dict[int, float] = {}
    for year in (2011, 2016, 2019):
        part, whole = (places.compass(durham, f"{k}PCTIMP", year=f"y_{year}") for k in "rd")
        published = (part / whole).reindex(share.index)
        assert published.notna().all()
        r[year] = float(np.corrcoef(share, published)[0, 1])
    print("r by year of the published share:", r)
    assert r[2011] >= 0.96
    assert r[2011] == pytest.approx(0.969, abs=0.003)
    # a proxy: it follows the impervious share from place to place, and lies far above it
    part, whole = (places.compass(durham, f"{k}PCTIMP", year="y_2011") for k in "rd")
    assert (share > (part / whole).reindex(share.index)).all()


def test_the_district_is_the_sum_of_its_block_groups(covered: Found, block_groups: gpd.GeoDataFrame) -> None:
    rows = covered.of("ENV-03.developed", "block group").values()
    whole = covered.record("ENV-03.developed")
    assert whole["value"] == pytest.approx(sum(r["numerator"] for r in rows) / sum(r["denominator"] for r in rows))
    people = covered.record("DEM-00.population")
    inside = [z["id"] for z in covered.results["zones"] if z["geography"] == "block group"]
    made = pd.read_csv(covered.folder.parent / "compass_2016.csv", dtype={"geoid": str}).set_index("geoid").loc[inside]
    assert people["value"] == pytest.approx(made["people"].sum())
    assert people["moe"] == pytest.approx(float(np.hypot.reduce(made["people_moe"])))
    black = covered.record("DEM-01.black")
    assert black["value"] == pytest.approx(float((made["black"] * made["people"]).sum() / made["people"].sum() / 100))
    assert black["error"]["apportionment"] == 0


def test_developed_share_of_the_neighbourhood(neighbourhood: Found, footprint: shapely.Polygon, durham: Path) -> None:
    groups = gpd.read_file(durham / "boundaries" / "selectgroups.geojson.json").set_crs(4326, allow_override=True)
    assert groups[groups["label"] == "Old East Durham"].geometry.iloc[0].within(footprint)
    row = neighbourhood.record("ENV-03.developed")
    assert row["value"] == pytest.approx(0.720, abs=0.001)
    assert row["denominator"] == pytest.approx(1.1612e6, rel=1e-3)
    told = next(i for i in neighbourhood.results["indicators"] if i["id"] == "ENV-03.developed")
    assert "proxy" in told["title"]
    reference = neighbourhood.record("ENV-03.developed", "reference")
    assert reference["value"] is None
    assert "of the land has valid pixels" in reference["reason"]


@pytest.mark.parametrize(
    ("indicator", "why"),
    [
        ("ENV-03", "no raster of hard surfaces is at hand"),
        ("ENV-01", "no canopy raster is at hand"),
        ("MOB-02.400", "tertiary and up"),
        ("WEL-04.800", "tertiary and up"),
        ("WEL-05", "no census blocks"),
        ("MOB-01.400", "no list of stops"),
        ("OPP-01", "a published median is shown for its own area only"),
        ("OPP-04", "no ACS tables were given"),
    ],
)
def test_what_is_missing_is_absent_with_its_reason(neighbourhood: Found, indicator: str, why: str) -> None:
    row = neighbourhood.record(indicator)
    assert (row["value"], row["moe"], row["reliability"]) == (None, None, "absent")
    assert why in row["reason"]


def test_without_blocks_cut_block_groups_are_divided_by_area_and_it_is_said(neighbourhood: Found) -> None:
    assert any("divided by area, not by people" in n for n in neighbourhood.results["notes"])
    row = neighbourhood.record("DEM-01.black")
    assert row["value"] == pytest.approx(0.582, abs=0.001)
    assert row["error"]["sampling"] > 0.1
    assert row["error"]["apportionment"] > 0.1
    assert row["moe"] == pytest.approx(float(np.hypot(row["error"]["sampling"], row["error"]["apportionment"])))
    assert row["comparison"]["difference"] == pytest.approx(0.210, abs=0.002)


def test_shares_come_back_from_their_row(neighbourhood: Found) -> None:
    for indicator in ("DEM-01.white", "DEM-01.black", "DEM-01.hispanic", "DEM-03.under18"):
        for zone in ("district", "reference"):
            row = neighbourhood.record(indicator, zone)
            if (indicator, zone) == ("DEM-01.white", "district"):
                # So few were asked that it says nothing: a row that counts a group is withheld as the group is.
                assert row["value"] is None and "too wide to say anything" in row["reason"]
                continue
            assert row["value"] == pytest.approx(row["numerator"] / row["denominator"], rel=1e-9)
            radicand = row["numerator_moe"] ** 2 - row["value"] ** 2 * row["denominator_moe"] ** 2
            assert row["rule"] == "proportion"
            assert row["error"]["sampling"] == pytest.approx(np.sqrt(radicand) / row["denominator"], rel=1e-9)


def test_a_block_group_without_people_does_not_empty_the_county(neighbourhood: Found, durham: Path) -> None:
    """The airport's block group has no residents: its percents are blank, the county's are known all the same."""
    made = pd.read_csv(neighbourhood.folder.parent / "compass_2016.csv", dtype={"geoid": str}).set_index("geoid")
    assert made.loc["370639801001", "people"] == 0
    assert np.isnan(made.loc["370639801001", "black"])
    row = neighbourhood.record("DEM-01.black", "reference")
    assert row["value"] == pytest.approx(
        float(np.nansum(made["black"] * made["people"]) / made["people"].sum() / 100), rel=1e-9
    )


def test_a_margin_that_is_not_published_is_not_made_up(neighbourhood: Found) -> None:
    for indicator in ("DEM-00.households", "BEL-02"):
        row = neighbourhood.record(indicator)
        assert row["value"] is not None
        assert (row["moe"], row["reliability"]) == (None, "unknown")
    assert neighbourhood.record("BEL-02")["value"] == pytest.approx(0.793, abs=0.001)


def test_medians_are_shown_where_they_are_published(neighbourhood: Found, durham: Path) -> None:
    rows = neighbourhood.of("OPP-01", "tract")
    assert set(rows) == {"37063001001", "37063001002", "37063001400"}
    income, margin = places._incomes(durham, "tract")
    for geoid, row in rows.items():
        assert row["value"] == income[geoid]
        assert row["moe"] == margin[geoid]


def test_vintages_are_shown(neighbourhood: Found) -> None:
    assert neighbourhood.layer("land_cover")["vintage"].startswith("2011")
    assert neighbourhood.layer("table:DEM-01.black")["vintage"].startswith("2012-2016")
    assert neighbourhood.layer("parks")["vintage"] == "2019"
    assert neighbourhood.results["settings"]["acs_years"] == {"t1": 2016}
    page = (neighbourhood.folder / "index.html").read_text(encoding="utf-8")
    assert "2012-2016" in page


def test_a_table_under_ids_of_another_level_is_refused(durham: Path, tmp_path: Path) -> None:
    """The atlas keeps tract ids in one of its block-group files."""
    boundary = OLD_EAST_DURHAM.format(data=durham.as_posix())
    toml = places.durham_toml(durham, name="Old East Durham", slug="old-east-durham", boundary=boundary)
    wrong = f"""
[[tables]]
path = "{durham.as_posix()}/compass/metric/blockgroup/nHMINC.csv"
geoid = "id"
geography = "block group"
geography_vintage = 2010
columns = [{{ indicator = "OPP-01", estimate = "y_2015", kind = "median" }}]
"""
    toml = toml[: toml.index("[[tables]]")] + wrong
    with (
        nowhere.only(places.in_tables(toml)),
        pytest.raises(LayerError, match="not those of a block group"),
    ):
        places.run_here(tmp_path, toml)
    assert not (tmp_path / "out").exists()
