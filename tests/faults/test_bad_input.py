"""Bad input, through the command line: refused with the offending value and the remedy, and nothing half-written.

Each test runs ``justgeo run`` on a ``district.toml`` that points to layers of the invented county, with one thing in it
wrong. What is wrong ends in exit status 2 and two lines on stderr; what is merely missing ends in a page that says so.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.warp
from shapely.affinity import translate
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from justgeo import synthetic
from justgeo.cli import main
from tests import nowhere

SEED = 2020
ROWS = ("BEL-02", "ENV-01", "ENV-03", "MOB-01.400", "MOB-02.400", "WEL-05")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.ensure(SEED, nowhere.cache(tmp_path_factory))


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    """A row or two for each layer that is damaged here: the others would be measured, or refused, as they are."""
    with nowhere.only(ROWS):
        yield


Refuse = Callable[..., str]


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder with its digest, every folder by its name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


@pytest.fixture
def refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Run, and see that it is refused with these words and leaves all as it was."""

    def run(path: Path, *words: str, out: Path | None = None) -> str:
        before = listing(tmp_path)
        assert main(["-q", "run", str(path), "--out", str(out or tmp_path / "out")]) == 2
        printed = capsys.readouterr()
        lines = printed.err.splitlines()
        assert [line for line in lines if line.startswith("error: ")], printed.err
        assert [line for line in lines if line.startswith("what to do: ") and len(line) > 20], printed.err
        assert "Traceback" not in printed.err
        for word in words:
            assert word in printed.err
        assert printed.out == ""
        assert listing(tmp_path) == before
        return printed.err

    return run


def accept(path: Path) -> dict[str, Any]:
    """Run, and read the results."""
    out = path.parent / "out"
    assert main(["-q", "run", str(path), "--out", str(out)]) == 0
    # What is published speaks of files by their names: no folder of whoever ran it.
    for name in ("results.json", "index.html", "indicators.csv", "checklist.csv", "manifest.json"):
        assert str(path.parent) not in (out / name).read_text(encoding="utf-8"), name
    results: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return results


def of_district(results: Mapping[str, Any], indicator: str) -> dict[str, Any]:
    (found,) = (
        r for r in results["records"] if (r["zone"], r["indicator"], r["group"]) == ("district", indicator, "all")
    )
    return dict(found)


def toml(tmp_path: Path, source: Path, *names: str, **changes: Mapping[str, Any]) -> Path:
    """The invented district on some layers, options of some of them changed."""
    told = nowhere.layers(source, names)
    for name, change in changes.items():
        told[name] = {**told.get(name, {}), **change}
    return nowhere.write(tmp_path, told, {"boundary": str(source / "district.geojson")})


# -------------------------------------------------------------------------------------------------------- boundary

PLACE = box(-70.02, 38.80, -70.00, 38.81)
BOWTIE = Polygon([(-70.02, 38.80), (-70.00, 38.81), (-70.00, 38.80), (-70.02, 38.81)])
SOLID = Polygon([(-70.02, 38.80, 12.0), (-70.00, 38.80, 12.0), (-70.00, 38.81, 12.0)])
PARIS = box(2.33, 48.85, 2.36, 48.87)


def bounded(tmp_path: Path, source: Path, shapes: list[BaseGeometry], crs: str | None = "EPSG:4326") -> Path:
    """A district of a boundary drawn here, on the tracts of the invented county."""
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    gpd.GeoDataFrame(geometry=shapes, crs=crs).to_file(drawn / "outline.shp")
    return nowhere.write(tmp_path, nowhere.layers(source, ["tracts"]), {"boundary": "drawn/outline.shp"})


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([BOWTIE], ("crosses itself", "-70.01")),
        ([SOLID], ("three-dimensional", "12")),
        ([PARIS], ("outside the United States", "48.8500")),
        ([box(-71, 38, -70, 39)], ("km²", "1,000 km²")),
        ([box(-70.02, 38.80, -70.0199, 38.8001)], ("less than a city block",)),
        ([translate(PLACE, 108.82, -108.82)], ("outside the United States",)),  # the axes swapped
    ],
    ids=["self-crossing", "three-dimensional", "not in the US", "too large", "too small", "swapped axes"],
)
def test_a_boundary_that_cannot_be_measured(
    tmp_path: Path, source: Path, refuse: Refuse, shapes: list[BaseGeometry], words: tuple[str, ...]
) -> None:
    refuse(bounded(tmp_path, source, shapes), "outline.shp", *words)


def test_a_boundary_without_crs(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    refuse(bounded(tmp_path, source, [PLACE], crs=None), "outline.shp", "no coordinate reference system", "crs =")


@pytest.mark.parametrize("content", ['{"type": "FeatureCollection", "features": []}', None])
def test_an_empty_boundary(tmp_path: Path, source: Path, refuse: Refuse, content: str | None) -> None:
    geometry = {"type": "Polygon", "coordinates": []}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    text = content or json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "empty.geojson").write_text(text, encoding="utf-8")
    path = nowhere.write(tmp_path, nowhere.layers(source, ["tracts"]), {"boundary": "empty.geojson"})
    refuse(path, "empty.geojson", "empty")


def test_a_boundary_of_lines(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    refuse(bounded(tmp_path, source, [LineString(PLACE.exterior)]), "outline.shp", "not a polygon")


def test_a_boundary_that_is_not_there_or_no_map(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    path = nowhere.write(tmp_path, nowhere.layers(source, ["tracts"]), {"boundary": "gone.geojson"})
    refuse(path, "gone.geojson")
    (tmp_path / "page.geojson").write_text("<html><body>Sign in</body></html>", encoding="utf-8")
    path = nowhere.write(tmp_path, nowhere.layers(source, ["tracts"]), {"boundary": "page.geojson"})
    refuse(path, "page.geojson", "cannot be read")


# --------------------------------------------------------------------------------------------------- district.toml

LEAST = '[district]\nname = "A"\nboundary = "a.geojson"\n'
TABLE = """
[[tables]]
path = "t.csv"
geoid = "G"
geography = "tract"
geography_vintage = 2020
[[tables.columns]]
indicator = "BEL-99"
estimate = "x"
kind = "count"
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[district]\nboundary = "a.geojson"\n', ("district.name",)),
        ('[district]\nname = "A"\n', ("no boundary",)),
        ('[district]\nname = "A"\nboundry = "a.geojson"\n', ("boundry", "did you mean 'boundary'?")),
        (LEAST + '[layer.walk]\npath = "x"\n', ("layer", "'layers'")),
        (LEAST + '[layers.tree_canopi]\npath = "x"\n', ("tree_canopi", "'tree_canopy'")),
        (LEAST + TABLE, ("BEL-99",)),
        (LEAST + '[vintages]\nacs = "2024"\n', ("vintages.acs",)),
        ("[district\n", ("not TOML",)),
    ],
    ids=["no name", "no place", "unknown key", "unknown table", "unknown layer", "unknown indicator", "text", "torn"],
)
def test_a_district_file_that_is_not_understood(
    tmp_path: Path, refuse: Refuse, text: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "district.toml"
    path.write_text(text, encoding="utf-8")
    refuse(path, "district.toml", *words)


def test_a_district_file_that_is_not_there(tmp_path: Path, refuse: Refuse) -> None:
    refuse(tmp_path / "nowhere.toml", "nowhere.toml", "does not exist")


def test_an_option_that_no_reader_knows(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    refuse(toml(tmp_path, source, "tracts", tracts={"geiod": "GEOID"}), "geiod", "did you mean 'geoid'?")


# -------------------------------------------------------------------------------------------------- layers elsewhere


def test_blocks_of_elsewhere(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    frame = gpd.read_file(source / "tl_2024_99_tabblock20.zip").head(40)
    frame.geometry = frame.translate(xoff=5)
    frame.to_file(tmp_path / "blocks.gpkg")
    blocks = {**nowhere.layers(source, ["blocks"])["blocks"], "path": "blocks.gpkg"}
    del blocks["join"]
    path = toml(tmp_path, source, "tracts", blocks=blocks)
    refuse(path, "blocks.gpkg", "0.0% of the district")


def test_tracts_of_half_the_district(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    district = nowhere.boundary(source).union_all()
    frame = gpd.read_file(source / "tl_2024_99_tract.zip")
    west = frame[frame.to_crs("EPSG:4326").representative_point().x < district.centroid.x]
    west.to_file(tmp_path / "west.gpkg")
    path = toml(tmp_path, source, tracts={**nowhere.layers(source, ["tracts"])["tracts"], "path": "west.gpkg"})
    refuse(path, "west.gpkg", "of the district")


def moved_raster(source: Path, target: Path, metres: float = 0.0, crs: bool = True) -> None:
    with rasterio.open(source) as opened:
        profile, values = opened.profile, opened.read()
    a = profile["transform"]
    profile["transform"] = rasterio.Affine(a.a, a.b, a.c + metres, a.d, a.e, a.f)
    if not crs:
        profile["crs"] = None
    with rasterio.open(target, "w", **profile) as opened:
        opened.write(values)


def test_a_raster_of_elsewhere_is_absent_and_the_rest_is_measured(tmp_path: Path, source: Path) -> None:
    moved_raster(source / "tree_canopy.tif", tmp_path / "canopy.tif", metres=500_000)
    results = accept(
        toml(tmp_path, source, "counties", "tracts", "blocks", "impervious", tree_canopy={"path": "canopy.tif"})
    )
    canopy = of_district(results, "ENV-01")
    assert canopy["value"] is None
    assert "does not touch the district" in canopy["reason"] and "canopy.tif" in canopy["reason"]
    assert of_district(results, "ENV-03")["value"] > 0
    assert "does not touch" in results["absent_layers"]["tree_canopy"]


EXTRACT = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="test">
<bounds minlat="38.0" minlon="-78.6" maxlat="38.1" maxlon="-78.5"/>
<node id="1" version="1" lat="38.05" lon="-78.55"/>
<node id="2" version="1" lat="38.06" lon="-78.55"/>
<way id="3" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
</osm>
"""


def test_an_extract_of_elsewhere_is_absent_and_the_rest_is_measured(tmp_path: Path, source: Path) -> None:
    (tmp_path / "elsewhere.osm").write_text(EXTRACT, encoding="utf-8")
    path = toml(tmp_path, source, "counties", "tracts", "blocks", "impervious", osm={"path": "elsewhere.osm"})
    results = accept(path)
    stops = of_district(results, "MOB-01.400")
    assert stops["value"] is None and "elsewhere.osm" in stops["reason"]
    assert of_district(results, "WEL-05")["value"] is None
    assert of_district(results, "ENV-03")["value"] > 0


def test_a_timetable_of_elsewhere_is_absent_and_the_rest_is_measured(tmp_path: Path, source: Path) -> None:
    with zipfile.ZipFile(source / "gtfs.zip") as read, zipfile.ZipFile(tmp_path / "feed.zip", "w") as written:
        for name in read.namelist():
            text = read.read(name).decode("utf-8")
            if name == "stops.txt":
                stops = pd.read_csv(io.StringIO(text), dtype=str)
                stops["stop_lon"] = (stops["stop_lon"].astype(float) - 5).map("{:.6f}".format)
                text = stops.to_csv(index=False)
            written.writestr(name, text)
    results = accept(toml(tmp_path, source, "tracts", "blocks", "osm", "impervious", gtfs={"path": "feed.zip"}))
    frequent = of_district(results, "MOB-02.400")
    assert frequent["value"] is None and "feed.zip" in frequent["reason"]
    assert of_district(results, "MOB-01.400")["value"] > 0


def test_parks_of_elsewhere_are_absent_never_no_park_at_all(tmp_path: Path, source: Path) -> None:
    gpd.GeoDataFrame(geometry=[translate(PLACE, -5)], crs="EPSG:4326").to_file(tmp_path / "parks.gpkg")
    results = accept(toml(tmp_path, source, "tracts", "blocks", "impervious", parks={"path": "parks.gpkg"}))
    acres = of_district(results, "WEL-05")
    assert (acres["value"], acres["reason"]) == (None, "parks.gpkg does not reach the district")


# ----------------------------------------------------------------------------------------------------- raster CRSs


def test_a_raster_in_another_crs_gives_the_same_figure(tmp_path: Path, source: Path) -> None:
    with rasterio.open(source / "impervious.tif") as opened:
        values, nodata = opened.read(1), opened.nodata
        transform, width, height = rasterio.warp.calculate_default_transform(
            opened.crs, "EPSG:32619", opened.width, opened.height, *opened.bounds, resolution=10
        )
        warped = np.full((height, width), 255 if nodata is None else nodata, dtype=values.dtype)
        rasterio.warp.reproject(
            values, warped, src_transform=opened.transform, src_crs=opened.crs, src_nodata=nodata,
            dst_transform=transform, dst_crs="EPSG:32619", dst_nodata=warped[0, 0],
            resampling=rasterio.warp.Resampling.nearest,
        )  # fmt: skip
        assert opened.crs.to_epsg() != 32619
    with rasterio.open(
        tmp_path / "utm.tif", "w", driver="GTiff", width=width, height=height, count=1, dtype=warped.dtype,
        crs="EPSG:32619", transform=transform, nodata=255 if nodata is None else nodata,
    ) as opened:  # fmt: skip
        opened.write(warped, 1)
    own = accept(toml(tmp_path / "own", source, "counties", "tracts", "blocks", "impervious"))
    other = accept(
        toml(tmp_path / "utm", source, "counties", "tracts", "blocks", impervious={"path": str(tmp_path / "utm.tif")})
    )
    first, second = (of_district(r, "ENV-03")["value"] for r in (own, other))
    assert 0.05 < first < 0.95
    assert second == pytest.approx(first, abs=0.003)


def test_a_raster_without_crs(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    moved_raster(source / "impervious.tif", tmp_path / "bare.tif", crs=False)
    path = toml(tmp_path, source, "counties", "tracts", "blocks", impervious={"path": "bare.tif"})
    refuse(path, "bare.tif", "CRS", "gdal_edit")


def test_a_layer_without_crs(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    frame = gpd.read_file(source / "tl_2024_99_tract.zip")
    (tmp_path / "bare").mkdir()
    gpd.GeoDataFrame({"GEOID": frame["GEOID"]}, geometry=frame.geometry.to_numpy(), crs=None).to_file(
        tmp_path / "bare" / "tracts.shp"
    )
    told = {"path": "bare/tracts.shp", "geoid": "GEOID", "geography_vintage": 2020}
    refuse(
        nowhere.write(tmp_path, {"tracts": told}, {"boundary": str(source / "district.geojson")}), "tracts.shp", "crs"
    )


# ----------------------------------------------------------------------------------------------- vintages of GEOIDs


def test_a_survey_of_2019_on_areas_of_2020(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    folder = tmp_path / "acs2019"
    folder.mkdir()
    shutil.copy(source / "acs2024" / "acsdt5y2024-b25003.dat", folder / "acsdt5y2019-b25003.dat")
    path = toml(tmp_path, source, "counties", "tracts", "block_groups", "blocks", acs={"path": "acs2019", "year": 2019})
    refuse(path, "2010")


def test_blocks_of_2020_joined_with_counts_of_2010(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    join = {
        "path": str(source / "tabblock2010_99_pophu.csv"),
        "geoid": "BLOCKID10",
        "columns": {"population": "POP10"},
    }
    blocks = {"join": join, "columns": {"housing_units": "HOUSING20", "land_m2": "ALAND20"}}
    refuse(toml(tmp_path, source, "tracts", "blocks", blocks=blocks), "2010")


def test_a_vintage_that_contradicts_its_file(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    refuse(toml(tmp_path, source, "tracts", tracts={"geography_vintage": 2010}), "2010", "2020", "tl_2024_99_tract.zip")


def test_a_table_of_the_planner_on_areas_of_another_vintage(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    tract = str(gpd.read_file(source / "tl_2024_99_tract.zip")["GEOID"].iloc[0])
    (tmp_path / "own.csv").write_text(f"GEOID,renters,homes\n{tract},10,100\n", encoding="utf-8")
    table = (
        '[[tables]]\npath = "own.csv"\ngeoid = "GEOID"\ngeography = "tract"\ngeography_vintage = 2010\n'
        '[[tables.columns]]\nindicator = "BEL-02"\nestimate = "renters"\nkind = "count"\ndenominator = "homes"\n'
    )
    told = nowhere.layers(source, ["counties", "tracts", "blocks"])
    path = nowhere.write(tmp_path, told, {"boundary": str(source / "district.geojson")}, text=table)
    refuse(path, "2010")


# ------------------------------------------------------------------------------------------------------ the output


@pytest.fixture
def ready(tmp_path: Path, source: Path) -> Path:
    """A district that can be measured: what fails is its output alone."""
    return toml(tmp_path, source, "counties", "tracts", "blocks")


def test_a_file_in_the_way_of_the_output(tmp_path: Path, ready: Path, refuse: Refuse) -> None:
    (tmp_path / "out").write_text("my notes", encoding="utf-8")
    refuse(ready, "out", "is a file")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "my notes"


def test_an_output_below_a_file(tmp_path: Path, ready: Path, refuse: Refuse) -> None:
    (tmp_path / "notes").write_text("my notes", encoding="utf-8")
    refuse(ready, "notes", out=tmp_path / "notes" / "out")


def test_an_output_folder_of_something_else(tmp_path: Path, ready: Path, refuse: Refuse) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("ten years", encoding="utf-8")
    refuse(ready, "thesis.txt", "empty folder")


def test_a_second_run_that_fails_leaves_the_first_as_it_was(
    tmp_path: Path, ready: Path, refuse: Refuse, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-q", "run", str(ready), "--out", str(tmp_path / "out")]) == 0
    (tmp_path / "out" / "comments.txt").write_text("from the meeting", encoding="utf-8")
    with ready.open("a", encoding="utf-8") as opened:
        opened.write('\n[layers.gtfs]\npath = "gone.zip"\n')
    capsys.readouterr()
    refuse(ready, "gone.zip")
    assert (tmp_path / "out" / "index.html").is_file()


# --------------------------------------------------------------------------------------------------- damaged files


def cut(source: Path, target: Path, share: float = 0.6) -> None:
    content = source.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])


def test_a_damaged_zip_of_tracts(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    cut(source / "tl_2024_99_tract.zip", tmp_path / "tl_2024_99_tract.zip")
    path = toml(
        tmp_path, source, tracts={**nowhere.layers(source, ["tracts"])["tracts"], "path": "tl_2024_99_tract.zip"}
    )
    refuse(path, "tl_2024_99_tract.zip", "cannot be read")


@pytest.mark.parametrize(
    ("layer", "file"),
    [("osm", "nowhere.osm.pbf"), ("gtfs", "gtfs.zip"), ("impervious", "impervious.tif")],
)
def test_a_damaged_layer_is_an_error_not_an_absence(
    tmp_path: Path, source: Path, refuse: Refuse, layer: str, file: str
) -> None:
    cut(source / file, tmp_path / f"cut-{file}")
    refuse(toml(tmp_path, source, "counties", "tracts", "blocks", **{layer: {"path": f"cut-{file}"}}), f"cut-{file}")


@pytest.mark.parametrize(
    ("layer", "file"),
    [("gtfs", "gtfs.zip"), ("impervious", "grid.tif"), ("osm", "town.osm.pbf"), ("tracts", "tl_2024_99_tract.zip")],
)
def test_a_web_page_in_place_of_a_layer(tmp_path: Path, source: Path, refuse: Refuse, layer: str, file: str) -> None:
    (tmp_path / file).write_text("<!DOCTYPE html><html><body>404 Not Found</body></html>", encoding="utf-8")
    names = [n for n in ("counties", "tracts", "blocks") if n != layer]
    told = {"path": file, **({"geography_vintage": 2020} if layer == "tracts" else {})}
    refuse(toml(tmp_path, source, *names, **{layer: told}), file)


@pytest.mark.parametrize("layer", ["tracts", "osm", "gtfs", "impervious", "acs", "parks"])
def test_a_declared_file_that_is_not_there(tmp_path: Path, source: Path, refuse: Refuse, layer: str) -> None:
    names = [n for n in ("counties", "tracts", "blocks") if n != layer]
    told = {"path": "gone.zip", **({"year": 2024} if layer == "acs" else {})}
    refuse(toml(tmp_path, source, *names, **{layer: told}), "gone.zip")


def test_a_survey_table_that_was_cut_off(tmp_path: Path, source: Path, refuse: Refuse) -> None:
    survey = nowhere.survey(source, tmp_path, ["B25003"])
    file = tmp_path / "acs2024" / "acsdt5y2024-b25003.dat"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:5]) + lines[5][:25])
    refuse(toml(tmp_path, source, "counties", "tracts", "blocks", acs=survey), "acsdt5y2024-b25003.dat", "cut off")
