"""Vector files of any kind become layers with identifiers as text, in EPSG:4326, or are refused with a remedy."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from justgeo.core.errors import BoundaryError, ConfigError, CrsError, LayerError, VintageError
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources._geo import shape_of_text
from justgeo.sources.files import read_boundary, read_zones

REAL = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
IDS = ["990010001001000", "990010001001001", "990010001001002"]


def squares(n: int = 3, crs: str | None = "EPSG:4269") -> gpd.GeoSeries:
    """Squares of 0.01 degree beside each other, starting at 60 W 30 N."""
    return gpd.GeoSeries([shapely.box(-60 + 0.01 * i, 30, -59.99 + 0.01 * i, 30.01) for i in range(n)], crs=crs)


def blocks(**columns: Any) -> gpd.GeoDataFrame:
    base = {"GEOID20": IDS, "POP20": [10, 0, 5], "HOUSING20": [4, 0, 2], "ALAND20": [1e6, 1e6, 9e5], "NAME20": "Block"}
    return gpd.GeoDataFrame({**base, **columns}, geometry=squares())


def spec(path: Path, name: str = "blocks", **options: Any) -> LayerSpec:
    return LayerSpec(name=name, path=path, options=options, source="made for a test")


def write(frame: gpd.GeoDataFrame, path: Path, **kwargs: Any) -> Path:
    frame.to_file(path, **kwargs)
    return path


def test_tiger_columns_are_known_without_declaration(tmp_path: Path) -> None:
    layer = read_zones(spec(write(blocks(), tmp_path / "tl_2020_99_tabblock20.shp")))
    assert list(layer.data.columns) == ["geoid", "population", "housing_units", "land_m2", "geometry"]
    assert layer.data["geoid"].tolist() == IDS
    assert layer.data["population"].tolist() == [10, 0, 5]
    assert (layer.geography, layer.geography_vintage, layer.covers) == ("block", 2020, None)
    assert layer.data.crs == "EPSG:4326"
    assert any("include water" in note for note in layer.provenance.notes)
    assert len(layer.provenance.sha256) == 64
    assert layer.provenance.vintage == "not stated"


@pytest.mark.parametrize("name", ["b.gpkg", "b.geojson", "b.shp", "b.fgb", "b.zip", "b.parquet", "b.csv"])
def test_every_format_gives_the_same_layer(tmp_path: Path, name: str) -> None:
    frame, path, options = blocks(), tmp_path / name, {}
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".csv"):
        frame.assign(WKT=frame.geometry.to_wkt()).drop(columns="geometry").to_csv(path, index=False)
        options = {"crs": "EPSG:4269"}
    elif name.endswith(".zip"):
        write(frame, tmp_path / "tl_2020_99_tabblock20.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("tl_2020_*"):
                archive.write(part, part.name)
    else:
        write(frame, path)
    layer = read_zones(spec(path, **options))
    data = layer.data.sort_values("geoid")  # FlatGeobuf keeps its own order
    assert data["geoid"].tolist() == IDS
    assert data["population"].tolist() == [10, 0, 5]
    assert data.geometry.iloc[2].equals(squares().iloc[2])


def test_projected_files_leave_in_degrees(tmp_path: Path) -> None:
    there = write(blocks().to_crs("EPSG:5070"), tmp_path / "b.gpkg")
    assert np.allclose(read_zones(spec(there)).data.total_bounds, [-60, 30, -59.97, 30.01], atol=1e-7)


def test_declared_columns_win_and_a_wrong_one_names_the_nearest(tmp_path: Path) -> None:
    path = write(blocks(people=[1, 2, 3]), tmp_path / "b.gpkg")
    layer = read_zones(spec(path, columns={"population": "people"}))
    assert layer.data["population"].tolist() == [1, 2, 3]
    with pytest.raises(ConfigError, match="did you mean 'POP20'"):
        read_zones(spec(path, columns={"population": "POP2"}))
    with pytest.raises(ConfigError, match="did you mean 'population'"):
        read_zones(spec(path, columns={"populaton": "people"}))
    with pytest.raises(ConfigError, match="did you mean 'prefix'"):
        read_zones(spec(path, prefixes="99"))


def test_numeric_identifiers_get_their_zeros_back(tmp_path: Path) -> None:
    path = write(blocks(GEOID20=[60010001001000, 60010001001001, 60010001001002]), tmp_path / "b.gpkg")
    assert read_zones(spec(path)).data["geoid"].tolist()[0] == "060010001001000"


def test_lost_zeros_in_text_are_filled_only_on_demand(tmp_path: Path) -> None:
    path = write(blocks(GEOID20=["60010001001000", "60010001001001", "60010001001002"]), tmp_path / "b.gpkg")
    with pytest.raises(LayerError, match="pad = 15"):
        read_zones(spec(path))
    assert read_zones(spec(path, pad=15)).data["geoid"].str.len().eq(15).all()


def test_identifiers_of_another_geography_are_refused(tmp_path: Path) -> None:
    path = write(blocks(), tmp_path / "b.gpkg")
    with pytest.raises(LayerError, match="15 digits is a block"):
        read_zones(spec(path, "tracts"))


def test_a_tract_filled_up_to_a_block_group_is_found_out(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"GEOID20": ["37063000101"]}, geometry=squares(1))
    path = write(frame, tmp_path / "bg.gpkg")
    with pytest.raises(LayerError, match="no state"):
        read_zones(spec(path, "block_groups", pad=12))


def test_doubled_identifiers_are_named(tmp_path: Path) -> None:
    path = write(blocks(GEOID20=[IDS[0], IDS[1], IDS[0]]), tmp_path / "b.gpkg")
    with pytest.raises(LayerError, match=IDS[0]):
        read_zones(spec(path))


def test_where_and_prefix_pick_rows(tmp_path: Path) -> None:
    frame = blocks(GEOID20=["990010001001000", "990030001001001", "980010001001002"], COUNTYFP20=["001", "003", "001"])
    path = write(frame, tmp_path / "b.gpkg")
    assert len(read_zones(spec(path, prefix=["99001", "99003"])).data) == 2
    picked = read_zones(spec(path, where={"COUNTYFP20": ["003"]}))
    assert picked.data["geoid"].tolist() == ["990030001001001"]
    assert picked.provenance.notes[0] == "Of the file, only rows with COUNTYFP20 = 003."
    with pytest.raises(LayerError, match="no row has"):
        read_zones(spec(path, where={"COUNTYFP20": "005"}))
    with pytest.raises(LayerError, match="no identifier in it begins with 12"):
        read_zones(spec(path, prefix="12"))
    frame.assign(WKT=frame.geometry.to_wkt()).drop(columns="geometry").to_csv(tmp_path / "b.csv", index=False)
    assert len(read_zones(spec(tmp_path / "b.csv", crs="EPSG:4269", prefix="99001")).data) == 1


@pytest.mark.parametrize("name", ["b.gpkg", "b.csv"])
def test_a_county_without_a_row_is_no_county_without_blocks(tmp_path: Path, name: str) -> None:
    frame, path = blocks(), tmp_path / name
    if name.endswith(".csv"):
        frame.assign(WKT=frame.geometry.to_wkt()).drop(columns="geometry").to_csv(path, index=False)
    else:
        write(frame, path)
    with pytest.raises(LayerError, match=r"no identifier in it begins with 99005\.") as caught:
        read_zones(spec(path, crs="EPSG:4269", prefix=["99001", "99005"]))
    assert "Connecticut" in caught.value.remedy


# Parts --------------------------------------------------------------------------------------------


def tracts(first: int, state: str = "99", **columns: Any) -> gpd.GeoDataFrame:
    """Two tracts of a state, beside those of the state before."""
    ids = [f"{state}001{first + i:04d}00" for i in range(2)]
    base = {"GEOID": ids, "NAMELSAD": [f"Tract {i}" for i in ids], "ALAND": [1e6, 2e6]}
    shapes = gpd.GeoSeries([shapely.box(-60 + first + i, 30, -59 + first + i, 31) for i in range(2)], crs="EPSG:4269")
    return gpd.GeoDataFrame({**base, **columns}, geometry=shapes)


def two_states(folder: Path) -> tuple[Path, Path]:
    near, far = folder / "near", folder / "far"
    near.mkdir()
    far.mkdir()
    return (
        write(tracts(0, "51"), near / "tl_2024_51_tract.shp"),
        write(tracts(2, "54"), far / "tl_2024_54_tract.shp"),
    )


def test_parts_are_one_layer(tmp_path: Path) -> None:
    one, other = two_states(tmp_path)
    layer = read_zones(spec(one, "tracts", parts=[str(other)]))
    apart = [read_zones(spec(path, "tracts")) for path in (one, other)]
    pd.testing.assert_frame_equal(layer.data, pd.concat([a.data for a in apart], ignore_index=True))
    assert layer.data.crs == "EPSG:4326"
    assert layer.geography_vintage == 2020
    assert layer.provenance.notes[0] == "Read from 2 files: tl_2024_51_tract.shp, tl_2024_54_tract.shp."
    assert layer.provenance.sha256 not in {a.provenance.sha256 for a in apart}
    assert read_zones(spec(one, "tracts", parts=["../far/tl_2024_54_tract.shp"])).data["geoid"].tolist() == (
        layer.data["geoid"].tolist()
    )


def test_the_digest_speaks_of_every_part(tmp_path: Path) -> None:
    one, other = two_states(tmp_path)
    before = read_zones(spec(one, "tracts", parts=[str(other)])).provenance.sha256
    write(tracts(2, "54", ALAND=[1e6, 3e6]), other)
    assert read_zones(spec(one, "tracts", parts=[str(other)])).provenance.sha256 != before


def test_no_path_of_a_part_enters_the_provenance(tmp_path: Path) -> None:
    one, other = two_states(tmp_path)
    asked = read_zones(spec(one, "tracts", parts=[str(other)])).provenance.asked
    assert asked["parts"] == ["tl_2024_54_tract.shp"]
    assert str(tmp_path) not in repr(asked)


def test_a_prefix_has_to_be_met_in_all_parts_together(tmp_path: Path) -> None:
    one, other = two_states(tmp_path)
    both = read_zones(spec(one, "tracts", parts=[str(other)], prefix=["51001", "54001"]))
    assert len(both.data) == 4
    with pytest.raises(LayerError, match=r"tl_2024_54_tract\.shp\): no identifier in it begins with 51001"):
        read_zones(spec(one, "tracts", parts=[str(other)], prefix=["51001"]))
    with pytest.raises(LayerError, match=r"tl_2024_51_tract\.shp and 1 more\): no identifier in it begins with 54003"):
        read_zones(spec(one, "tracts", parts=[str(other)], prefix=["51001", "54001", "54003"]))


def test_parts_that_differ_are_refused_by_name(tmp_path: Path) -> None:
    one, other = two_states(tmp_path)

    def refused(path: Path, error: type[LayerError], match: str) -> None:
        with pytest.raises(error, match=match) as caught:
            read_zones(spec(one, "tracts", parts=[str(path)], geography_vintage=2020))
        assert path.name in caught.value.message

    refused(write(tracts(4).drop(columns="ALAND"), tmp_path / "less.shp"), LayerError, "only one of the two has ALAND")
    refused(write(tracts(4, WATER=1), tmp_path / "more.shp"), LayerError, "only one of the two has WATER")
    refused(write(tracts(4).to_crs("EPSG:5070"), tmp_path / "metric.shp"), CrsError, "Albers")
    refused(write(tracts(4), tmp_path / "tl_2023_99_tract.shp"), VintageError, "it is of 2023, but .* is of 2024")
    refused(tmp_path / "gone.shp", LayerError, "there is no file")
    refused(write(tracts(4).iloc[:0], tmp_path / "none.shp"), LayerError, "no features")
    again = write(tracts(0, "51"), tmp_path / "again.shp")
    with pytest.raises(LayerError, match="2 identifiers come more than once"):
        read_zones(spec(one, "tracts", parts=[str(again)]))
    assert other.exists()


def test_parts_are_names_of_files(tmp_path: Path) -> None:
    one, other = two_states(tmp_path)
    for wrong in ("second.shp", [3], {"path": "second.shp"}):
        with pytest.raises(ConfigError, match="is no list of files"):
            read_zones(spec(one, "tracts", parts=wrong))
    with pytest.raises(ConfigError, match=r"tl_2024_51_tract\.shp is given twice"):
        read_zones(spec(one, "tracts", parts=[str(other), one.name]))


def test_a_table_is_joined_to_all_parts_at_once(tmp_path: Path) -> None:
    one = write(blocks().iloc[:2], tmp_path / "one.gpkg")
    write(blocks().iloc[2:], tmp_path / "two.gpkg")
    pd.DataFrame({"GEOID": IDS, "P": [1, 0, 2]}).to_csv(tmp_path / "p2.csv", index=False)
    join = [{"path": str(tmp_path / "p2.csv"), "columns": {"p2_hispanic": "P"}}]
    layer = read_zones(spec(one, parts=["two.gpkg"], join=join))
    assert layer.data["p2_hispanic"].tolist() == [1, 0, 2]
    assert layer.data["population"].tolist() == [10, 0, 5]
    assert str(tmp_path) not in repr(layer.provenance)


def test_parks_of_two_cities_are_one_layer(tmp_path: Path) -> None:
    for i, name in enumerate(("east.gpkg", "west.gpkg")):
        write(gpd.GeoDataFrame({"NAME": [name]}, geometry=[squares().iloc[i]], crs="EPSG:4269"), tmp_path / name)
    layer = read_zones(spec(tmp_path / "east.gpkg", "parks", parts=["west.gpkg"]))
    assert layer.data["name"].tolist() == ["east.gpkg", "west.gpkg"]
    assert layer.covers is not None and layer.covers.bounds == pytest.approx((-60, 30, -59.98, 30.01))


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_without_crs_asks_for_one(tmp_path: Path) -> None:
    frame = blocks()
    path = write(frame.set_crs(None, allow_override=True), tmp_path / "b.shp")
    with pytest.raises(CrsError, match="EPSG:4269"):
        read_zones(spec(path))
    assert "was declared" in " ".join(read_zones(spec(path, crs="EPSG:4269")).provenance.notes)
    with pytest.raises(CrsError, match="is known"):
        read_zones(spec(path, crs="EPSG:0"))


def test_a_declared_crs_may_not_contradict_the_file(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="the file says"):
        read_zones(spec(write(blocks(), tmp_path / "b.gpkg"), crs="EPSG:5070"))


def test_metres_that_are_said_to_be_degrees_are_refused(tmp_path: Path) -> None:
    metric = blocks().to_crs("EPSG:5070")
    path = write(metric.set_crs("EPSG:4326", allow_override=True), tmp_path / "b.geojson")
    with pytest.raises(CrsError, match="in degrees"):
        read_zones(spec(path))
    assert read_zones(spec(path, crs="EPSG:5070")).data.total_bounds[0] == pytest.approx(-60)


def test_invalid_polygons_are_mended_and_told(tmp_path: Path) -> None:
    bow = shapely.Polygon([(-60, 30), (-59.99, 30.01), (-59.99, 30), (-60, 30.01), (-60, 30)])
    frame = blocks()
    frame.geometry = [bow, *squares().iloc[1:]]
    layer = read_zones(spec(write(frame, tmp_path / "b.gpkg")))
    assert layer.data.geometry.is_valid.all()
    assert f"1 invalid geometry was mended: {IDS[0]}." in layer.provenance.notes
    assert layer.data.geometry.iloc[0].area == pytest.approx(0.01**2 / 2)


def test_heights_are_dropped(tmp_path: Path) -> None:
    frame = blocks()
    frame.geometry = shapely.force_3d(frame.geometry.to_numpy(), 7.0)
    layer = read_zones(spec(write(frame, tmp_path / "b.gpkg")))
    assert not layer.data.geometry.has_z.any()
    assert "Heights (Z values) were dropped." in layer.provenance.notes


def test_only_rows_without_people_may_lack_a_shape(tmp_path: Path) -> None:
    frame = blocks()
    frame.geometry = [squares().iloc[0], None, squares().iloc[2]]
    layer = read_zones(spec(write(frame, tmp_path / "b.gpkg")))
    assert layer.data["geoid"].tolist() == [IDS[0], IDS[2]]
    assert "Rows without people and without geometry, left out: 1." in layer.provenance.notes
    frame["POP20"] = [10, 3, 5]
    with pytest.raises(LayerError, match=IDS[1]):
        read_zones(spec(write(frame, tmp_path / "c.gpkg")))


@pytest.mark.parametrize("people", [[10, None, 5], [10, -1, 5]])
def test_a_block_without_count_is_no_block_without_people(tmp_path: Path, people: list[Any]) -> None:
    with pytest.raises(LayerError, match="missing or negative in 1 of 3"):
        read_zones(spec(write(blocks(POP20=people), tmp_path / "b.gpkg")))


def test_blocks_need_people(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column of people"):
        read_zones(spec(write(blocks().drop(columns="POP20"), tmp_path / "b.gpkg")))


def test_text_where_a_number_is_due_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="'many'"):
        read_zones(spec(write(blocks(POP20=["10", "many", "5"]), tmp_path / "b.gpkg")))


def test_the_vintage_is_told_by_the_file_or_declared(tmp_path: Path) -> None:
    ids = ["99001000100", "99001000200", "99001000300"]
    tracts = gpd.GeoDataFrame({"GEOID": ids, "NAMELSAD": ["a", "b", "c"], "NAME": ["1", "2", "3"]}, geometry=squares())
    assert read_zones(spec(write(tracts, tmp_path / "tl_2019_99_tract.shp"), "tracts")).geography_vintage == 2010
    newer = read_zones(spec(write(tracts, tmp_path / "tl_2024_99_tract.shp"), "tracts"))
    assert newer.geography_vintage == 2020
    assert newer.data["name"].tolist() == ["a", "b", "c"]
    silent = write(tracts, tmp_path / "tracts.gpkg")
    with pytest.raises(VintageError, match="declare geography_vintage"):
        read_zones(spec(silent, "tracts"))
    assert read_zones(spec(silent, "tracts_2010", geography_vintage=2010)).geography_vintage == 2010
    with pytest.raises(VintageError, match="speaks of 2010"):
        read_zones(spec(tmp_path / "tl_2019_99_tract.shp", "tracts", geography_vintage=2020))
    with pytest.raises(ConfigError, match="no census vintage"):
        read_zones(spec(silent, "tracts", geography_vintage=2015))


def test_zones_of_a_planner_serve_as_origins(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"ZONE": [41.0, 40.0], "TOTPOP": [3808.0, 4538.0]}, geometry=squares(2))
    layer = read_zones(
        spec(write(frame, tmp_path / "z.gpkg"), geoid="ZONE", columns={"population": "TOTPOP"}, geography="zone")
    )
    assert layer.data["geoid"].tolist() == ["41", "40"]
    assert (layer.geography, layer.geography_vintage) == ("zone", 0)


def test_counts_are_joined_by_the_bureaus_long_identifiers(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "GEO_ID": ["Geography", *(f"1000000US{g}" for g in [*IDS, "990010001001009"])],
            "P2_002N": [" !!Total:!!Hispanic or Latino", "1", "0", "2", "9"],
        }
    )
    table.to_csv(tmp_path / "p2.csv", index=False)
    path = write(blocks(), tmp_path / "b.gpkg")
    join = {"path": "p2.csv", "geoid": "GEO_ID", "columns": {"p2_hispanic": "P2_002N"}}
    layer = read_zones(spec(path, join=join))
    assert layer.data["p2_hispanic"].tolist() == [1, 0, 2]
    assert any("without a partner here: 1" in note for note in layer.provenance.notes)
    alone = read_zones(spec(path)).provenance.sha256
    assert layer.provenance.sha256 != alone


def test_a_join_across_vintages_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"GEOID": [IDS[0], "990010001001777"], "P": [1, 2]}).to_csv(tmp_path / "p2.csv", index=False)
    path = write(blocks(), tmp_path / "b.gpkg")
    with pytest.raises(VintageError, match="2 of 3 identifiers have no partner") as error:
        read_zones(spec(path, join={"path": "p2.csv", "columns": {"p2_white": "P"}}))
    assert IDS[1] in error.value.message
    pd.DataFrame({"GEOID": [*IDS, IDS[0]], "P": [1, 2, 3, 4]}).to_csv(tmp_path / "p3.csv", index=False)
    with pytest.raises(LayerError, match="more than once"):
        read_zones(spec(path, join={"path": "p3.csv", "columns": {"p2_white": "P"}}))


def test_pl94_names_are_known(tmp_path: Path) -> None:
    frame = blocks(P1_001N=[7, 8, 9], P2_006N=[1, 2, 3]).drop(columns=["POP20"])
    layer = read_zones(spec(write(frame, tmp_path / "b.gpkg")))
    assert layer.data["population"].tolist() == [7, 8, 9]
    assert layer.data["p2_black"].tolist() == [1, 2, 3]


def test_of_several_layers_none_is_taken_by_chance(tmp_path: Path) -> None:
    path = tmp_path / "b.gpkg"
    write(blocks(), path, layer="one")
    write(blocks(POP20=[1, 1, 1]), path, layer="two")
    with pytest.raises(LayerError, match="one, two"):
        read_zones(spec(path))
    assert read_zones(spec(path, layer="two")).data["population"].sum() == 3
    with pytest.raises(ConfigError, match="no layer 'tow'"):
        read_zones(spec(path, layer="tow"))


def test_damaged_and_missing_files_are_errors(tmp_path: Path) -> None:
    (tmp_path / "b.gpkg").write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(LayerError, match="cannot be read"):
        read_zones(spec(tmp_path / "b.gpkg"))
    with pytest.raises(LayerError, match="there is no file"):
        read_zones(spec(tmp_path / "c.gpkg"))
    with pytest.raises(ConfigError, match="did you mean 'blocks'"):
        read_zones(spec(tmp_path / "c.gpkg", "block"))


def window(west: float, east: float) -> Area:
    box = shapely.box(west, 29, east, 31)
    return Area(district=box, reference=None, window=box, halo=box, halo_m=0.0)


def test_stops_from_a_csv_with_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "stops.csv"
    rows = ["stop_id,stop_name,stop_lon,stop_lat,rail", "7,Main St,-60,30,yes", "8,Far,-50,30,no"]
    path.write_text("\n".join(rows), encoding="utf-8")
    asked = spec(path, "stops", crs="EPSG:4326", columns={"high_capacity": "rail"}, kind="bus_stop")
    layer = read_zones(asked)
    assert list(layer.data.columns) == ["osm_id", "name", "kind", "high_capacity", "geometry"]
    assert layer.data["high_capacity"].tolist() == [True, False]
    assert layer.data["osm_id"].tolist() == ["7", "8"]
    assert layer.covers is not None and layer.covers.bounds == (-60, 30, -50, 30)
    near = read_zones(asked, window(-61, -59))
    assert near.data["name"].tolist() == ["Main St"]
    assert near.covers is not None and near.covers.bounds == (-60, 30, -50, 30)
    with pytest.raises(LayerError, match="neither yes nor no"):
        read_zones(spec(path, "stops", crs="EPSG:4326", columns={"high_capacity": "stop_name"}))


def test_parks_take_their_cover_from_what_is_declared(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"NAME": ["A", "B", "C"]}, geometry=squares())
    path = write(frame, tmp_path / "parks.gpkg")
    layer = read_zones(spec(path, "parks"))
    assert layer.data["public"].tolist() == [True] * 3
    assert layer.data["name"].tolist() == ["A", "B", "C"]
    assert layer.covers is not None and layer.covers.bounds == pytest.approx((-60, 30, -59.97, 30.01))
    assert any("box around its features" in note for note in layer.provenance.notes)
    write(gpd.GeoDataFrame(geometry=[shapely.box(-61, 29, -59, 31)], crs="EPSG:4326"), tmp_path / "city.geojson")
    declared = read_zones(spec(path, "parks", covers="city.geojson"))
    assert declared.covers is not None and declared.covers.bounds == (-61, 29, -59, 31)
    boxed = read_zones(spec(path, "parks", covers=[-61, 29, -59, 31]))
    assert boxed.covers is not None and boxed.covers.equals(declared.covers)
    with pytest.raises(ConfigError, match="is no box"):
        read_zones(spec(path, "parks", covers=[-59, 29, -61, 31]))


def test_pieces_of_a_park_are_joined_on_demand(tmp_path: Path) -> None:
    small = shapely.box(-59.9, 30, -59.895, 30.005)
    frame = gpd.GeoDataFrame({"NAME": ["A", "A", "A", "B"]}, geometry=[*squares(), small], crs="EPSG:4326")
    layer = read_zones(spec(write(frame, tmp_path / "parks.gpkg"), "parks", dissolve=True))
    assert sorted(layer.data["name"]) == ["A", "B"]
    assert shapely.area(layer.data.geometry.to_numpy()).sum() == pytest.approx(3e-4 + 0.005**2)
    assert "4 pieces were joined into 2 where they touch." in layer.provenance.notes


def test_features_of_another_kind_are_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.LineString([(-60, 30), (-59, 30)])], crs="EPSG:4326")
    with pytest.raises(LayerError, match="made of polygons"):
        read_zones(spec(write(frame, tmp_path / "l.gpkg"), "parks"))


# Geometry as text ---------------------------------------------------------------------------------

RING = "c(0, 4, 4, 0, 0, 0, 0, 4, 4, 0)"
HOLE = "c(1, 2, 2, 1, 1, 1, 1, 2, 2, 1)"
ASIDE = "c(5, 6, 6, 5, 5, 5, 5, 6, 6, 5)"


@pytest.mark.parametrize(
    ("text", "kind", "area"),
    [
        (f"list({RING})", "Polygon", 16),
        (f"list({RING}, {HOLE})", "Polygon", 15),
        (f"list(list({RING}, \n{HOLE}), list({ASIDE}))", "MultiPolygon", 16),
        (f"list({RING}, {ASIDE})", "MultiPolygon", 17),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))", "Polygon", 15),
        ("c(1, 2)", "Point", 0),
        ("c(1, 2, 3, 5, 6, 7)", "LineString", 0),
    ],
)
def test_text_becomes_the_geometry_that_it_says(text: str, kind: str, area: float) -> None:
    shape = shape_of_text(text)
    assert shape is not None
    assert shape.geom_type == kind
    assert shape.area == pytest.approx(area)
    assert shape.is_valid


def test_coordinates_are_read_column_by_column() -> None:
    shape = shape_of_text("c(1, 2, 3, 5, 6, 7)")
    assert shape is not None
    assert list(shape.coords) == [(1, 5), (2, 6), (3, 7)]


@pytest.mark.parametrize(
    "text",
    ["list(c(0, 4, 4, 0, 0, 0, 4))", f"list({RING}", "c(1, 2", "list(c(0, 4, 4, 1, 0, 0, 4, 4))", "hello", "list(1)"],
)
def test_text_that_is_cut_off_is_an_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"."):
        shape_of_text(text)
    frame = pd.DataFrame({"GEOID20": IDS[:1], "POP20": [1], "geometry": [text]})
    frame.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(LayerError, match="row 1 of column 'geometry'"):
        read_zones(spec(tmp_path / "b.csv", crs="EPSG:4269"))


def test_a_csv_without_crs_or_geometry_asks_for_it(tmp_path: Path) -> None:
    pd.DataFrame({"GEOID20": IDS, "POP20": 1, "geometry": f"list({RING})"}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(CrsError, match="declare it"):
        read_zones(spec(tmp_path / "b.csv"))
    pd.DataFrame({"GEOID20": IDS, "POP20": 1}).to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(ConfigError, match="no column holds geometry"):
        read_zones(spec(tmp_path / "c.csv", crs="EPSG:4269"))


# Boundaries ---------------------------------------------------------------------------------------


def test_a_boundary_is_picked_by_name(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"NAME": ["Old Town", "New Town", "Hill"]}, geometry=squares())
    write(frame, tmp_path / "towns.gpkg")
    picked = read_boundary({"file": "towns.gpkg", "column": "NAME", "values": ["Old Town", "Hill"]}, tmp_path)
    assert picked["NAME"].tolist() == ["Old Town", "Hill"]
    assert len(read_boundary(tmp_path / "towns.gpkg", Path("elsewhere"))) == 3
    assert len(read_boundary({"path": "towns.gpkg", "column": "NAME", "value": "Hill"}, tmp_path)) == 1
    with pytest.raises(BoundaryError, match="did you mean 'Old Town'"):
        read_boundary({"file": "towns.gpkg", "column": "NAME", "value": "Old Twon"}, tmp_path)
    with pytest.raises(ConfigError, match="go together"):
        read_boundary({"file": "towns.gpkg", "column": "NAME"}, tmp_path)
    with pytest.raises(BoundaryError, match="no boundary file"):
        read_boundary("gone.gpkg", tmp_path)
    with pytest.raises(ConfigError, match="unknown key 'colum'"):
        read_boundary({"file": "towns.gpkg", "colum": "NAME", "value": "Hill"}, tmp_path)


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_boundary_keeps_what_the_district_has_to_judge(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=shapely.force_3d(squares(1).to_numpy(), 5.0))
    write(frame, tmp_path / "high.shp")
    found = read_boundary("high.shp", tmp_path)
    assert found.crs is None
    assert found.geometry.has_z.all()


# Real data ----------------------------------------------------------------------------------------


def real(relative: str) -> Path:
    path = REAL / relative
    if not path.exists():
        pytest.skip(f"real data absent: {path}")
    return path


@pytest.mark.real
def test_albemarle_blocks() -> None:
    path = real("charlottesville/albemarle_districts/blocks_2020_pl94.geojson")
    groups = {"p2_hispanic": "hispanic", "p2_white": "whitenh", "p2_black": "blacknh"}
    layer = read_zones(spec(path, columns={"population": "Total Population", **groups}))
    assert len(layer.data) == 2046
    assert layer.geography_vintage == 2020
    assert layer.data["population"].sum() == 112_395
    assert layer.data.geometry.is_valid.all()
    assert "housing_units" not in layer.data


@pytest.mark.real
def test_charlottesville_blocks_from_the_text_of_r() -> None:
    path = real("charlottesville/env_zonal/cvillheat_blocks.csv")
    layer = read_zones(spec(path, crs="EPSG:4269"))
    assert len(layer.data) == 648
    assert not any("mended" in note for note in layer.provenance.notes)
    assert layer.data.geometry.is_valid.all()
    assert sum(len(g.interiors) for g in layer.data.geometry if g.geom_type == "Polygon") == 5
    metric = gpd.GeoSeries(layer.data.geometry).to_crs("EPSG:32617").to_numpy()
    # Land alone, so water-bearing blocks are larger; the 5 blocks with a hole agree as well.
    water: list[int] = pd.read_csv(path)["AWATER20"].to_list()
    dry = np.array(water) == 0
    land = layer.data["land_m2"].to_numpy()
    assert np.allclose(shapely.area(metric)[dry], land[dry], rtol=2e-3, atol=30)


@pytest.mark.real
def test_charlottesville_block_groups() -> None:
    path = real("charlottesville/boundaries/cville_blkgps.shp")
    layer = read_zones(spec(path, "block_groups", geography_vintage=2010, prefix=["51540"]))
    assert len(layer.data) == 37
    assert layer.data["geoid"].str.startswith("51540").all()
    assert len(read_zones(spec(path, "block_groups", geography_vintage=2010)).data) == 155


def test_many_blocks_without_homes_are_read_and_without_people_are_refused(tmp_path: Path) -> None:
    """A campus has people in halls and no homes; blocks in which nobody lives at all are counts that were not there."""
    ids = [f"{IDS[0][:-3]}{k:03d}" for k in range(100, 120)]
    shapes = [shapely.box(-71 + k / 100, 41, -70.99 + k / 100, 41.01) for k in range(20)]
    told = {"GEOID20": ids, "POP20": 5, "HOUSING20": 0, "ALAND20": 9e5, "NAME20": "Block"}
    campus = gpd.GeoDataFrame(told, geometry=shapes, crs=4326)
    found = read_zones(spec(write(campus, tmp_path / "campus.gpkg")))
    assert found.data["housing_units"].tolist() == [0] * 20 and found.data["population"].sum() == 100
    with pytest.raises(LayerError, match="population is 0 in all 20 rows"):
        read_zones(spec(write(campus.assign(POP20=0, HOUSING20=3), tmp_path / "nobody.gpkg")))
