"""A planner's own lines as walk network: what meets, what passes over, what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from justgeo.core.errors import ConfigError, CoverageError, CrsError, LayerError
from justgeo.core.spec import Area, LayerSpec
from justgeo.measure import reach
from justgeo.sources.lines import read_lines
from justgeo.sources.noding import largest_share, noded

BOX = (-122.50, 37.70, -122.40, 37.80)
UTM = "EPSG:32610"


def area(bounds=BOX, district=None):
    window = shapely.box(*bounds)
    inside = district if district is not None else window.centroid.buffer(0.01)
    return Area(inside, None, window, inside, 1200.0)


def lines_file(tmp_path, rows, crs="EPSG:4326", name="streets.gpkg"):
    """Rows of (coordinates in thousandths of a degree, columns)."""
    frame = gpd.GeoDataFrame(
        [columns for _, columns in rows],
        geometry=[
            shapely.LineString([(BOX[0] + x / 1000, BOX[1] + y / 1000, *z) for x, y, *z in xy]) for xy, _ in rows
        ],
        crs="EPSG:4326",
    ).to_crs(crs)
    path = tmp_path / name
    frame.to_file(path)
    return path


CROSS = [
    ([(10, 50), (50, 50), (90, 50)], {"class": "street", "structure": "none"}),
    ([(50, 10), (50, 50), (50, 90)], {"class": "street", "structure": "none"}),
]


def lines_of(path, **options):
    return read_lines(LayerSpec("walk", path, options=options), area())


def components(network):
    graph = reach.project(network, UTM)
    return int((graph.share > 0).sum())


def test_lines_meet_at_shared_vertices(tmp_path):
    network, streets = lines_of(lines_file(tmp_path, CROSS), kind="class")
    assert len(network.u) == 4 and len(network.x) == 5 and components(network) == 1
    assert streets.data["kind"].tolist() == ["residential"] * 2 and list(streets.data)[:3] == ["osm_id", "kind", "name"]


def test_lines_in_feet_say_the_same(tmp_path):
    network, _ = lines_of(lines_file(tmp_path, CROSS, crs="EPSG:2227"))
    assert network.crs == "EPSG:4326" and components(network) == 1
    assert network.x.max() == pytest.approx(BOX[0] + 0.09, abs=1e-5)


@pytest.mark.parametrize("raised", ["bridge", "tunnel"])
def test_bridges_and_tunnels_join_at_their_ends_only(tmp_path, raised):
    over = [CROSS[0], (CROSS[1][0], {"class": "street", "structure": raised})]
    options = {"bridge": "structure", "bridge_values": ["bridge", "tunnel"]}
    network, _ = lines_of(lines_file(tmp_path, over), **options)
    assert components(network) == 2 and len(network.u) == 4
    ramp = [*over, ([(50, 90), (90, 50)], {"class": "street", "structure": "none"})]
    network, _ = lines_of(lines_file(tmp_path, ramp, name="ramp.gpkg"), **options)
    assert components(network) == 1


def test_vertices_within_the_tolerance_join(tmp_path):
    # One hundred-thousandth of a thousandth of a degree of latitude is 1.1 mm.
    rows = [([(10, 50), (50, 50)], {"class": "a"}), ([(50, 50.0004), (90, 50)], {"class": "a"})]  # 44 mm apart
    path = lines_file(tmp_path, rows)
    assert components(lines_of(path)[0]) == 1
    assert components(lines_of(path, snap_m=0.01)[0]) == 2


def test_where_exclude_and_heights(tmp_path):
    rows = [
        ([(10, 50, 3.0), (50, 50, 3.0)], {"class": "street"}),
        ([(50, 50, 3.0), (90, 50, 9.0)], {"class": "path"}),
        ([(50, 50, 3.0), (50, 90, 9.0)], {"class": "motorway"}),
    ]
    path = lines_file(tmp_path, rows)
    network, streets = lines_of(path, exclude={"class": ["motorway"]}, kind="class")
    assert len(network.u) == 2 and sorted(streets.data["kind"]) == ["motorway", "path", "residential"]
    assert any("Heights" in note for note in network.provenance.notes)
    assert len(lines_of(path, where={"class": ["path"]})[0].u) == 1


def test_multilines_and_other_shapes(tmp_path):
    both = shapely.MultiLineString([[(-122.45, 37.75), (-122.44, 37.75)], [(-122.43, 37.75), (-122.42, 37.75)]])
    frame = gpd.GeoDataFrame(geometry=[both, shapely.Point(-122.45, 37.75)], crs="EPSG:4326")
    path = tmp_path / "mixed.geojson"
    frame.to_file(path)
    network, streets = lines_of(path)
    assert len(network.u) == 2 and len(streets.data) == 2
    assert any("1 features that are no lines were left out (Point)" in note for note in network.provenance.notes)


@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_line_refusals(tmp_path):
    path = lines_file(tmp_path, CROSS)
    with pytest.raises(ConfigError, match="unknown key"):
        lines_of(path, bridges="structure")
    with pytest.raises(ConfigError, match="go together"):
        lines_of(path, bridge="structure")
    with pytest.raises(ConfigError, match="structur"):
        lines_of(path, bridge="structur", bridge_values=["bridge"])
    with pytest.raises(LayerError, match="no line is left"):
        lines_of(path, exclude={"class": "street"})
    with pytest.raises(ConfigError, match="snap_m"):
        lines_of(path, snap_m=50)
    with pytest.raises(CoverageError, match="do not touch"):
        read_lines(LayerSpec("walk", path), area((-90.1, 35.0, -90.0, 35.1)))
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(-122.45, 37.75)], crs="EPSG:4326").to_file(tmp_path / "p.gpkg")
    with pytest.raises(LayerError, match="none of them a line"):
        lines_of(tmp_path / "p.gpkg")
    gpd.GeoSeries([shapely.LineString([(0, 0), (1, 1)])]).to_file(tmp_path / "bare.shp")
    with pytest.raises(CrsError, match="no coordinate reference system"):
        lines_of(tmp_path / "bare.shp")


X_WITHOUT_VERTEX = [
    ([(10, 50), (90, 50)], {"class": "street", "structure": "none"}),
    ([(50, 10), (50, 90)], {"class": "street", "structure": "none"}),
]


def test_crossings_without_a_vertex_join_when_asked(tmp_path, caplog):
    path = lines_file(tmp_path, X_WITHOUT_VERTEX)
    assert components(lines_of(path)[0]) == 2
    assert "crossings = true" in caplog.text
    network, _ = lines_of(path, crossings=True)
    assert components(network) == 1 and len(network.u) == 4 and len(network.x) == 5
    at = int(np.argmin(np.hypot(network.x + 122.45, network.y - 37.75)))
    assert (network.x[at], network.y[at]) == pytest.approx((-122.45, 37.75), abs=1e-7)


@pytest.mark.parametrize("over", [X_WITHOUT_VERTEX[1][0], CROSS[1][0]], ids=["bare", "with a vertex there"])
@pytest.mark.parametrize("structure", ["bridge", "tunnel"])
def test_crossings_never_join_bridges_or_tunnels(tmp_path, structure, over):
    rows = [X_WITHOUT_VERTEX[0], (over, {"class": "street", "structure": structure})]
    # A street that crosses both at another place keeps the bridge apart, too.
    rows.append(([(20, 20), (80, 80)], {"class": "street", "structure": "none"}))
    options = {"bridge": "structure", "bridge_values": ["bridge", "tunnel"], "crossings": True}
    assert components(lines_of(lines_file(tmp_path, rows), **options)[0]) == 2


def test_end_on_another_line_joins_when_asked(tmp_path):
    # The second street ends 44 mm short of the first, which has no vertex there.
    rows = [([(10, 50), (90, 50)], {"a": 1}), ([(50, 50.0004), (50, 90)], {"a": 1})]
    path = lines_file(tmp_path, rows)
    assert components(lines_of(path)[0]) == 2
    assert components(lines_of(path, crossings=True)[0]) == 1
    assert components(lines_of(path, crossings=True, snap_m=0.01)[0]) == 2


def test_crossings_change_no_length(tmp_path):
    rng = np.random.default_rng(5)
    rows = [([tuple(p) for p in rng.uniform(10, 90, (3, 2))], {"a": 1}) for _ in range(20)]
    path = lines_file(tmp_path, rows)
    plain, cut = (reach.project(lines_of(path, **o)[0], UTM) for o in ({}, {"crossings": True, "snap_m": 0}))
    assert len(cut.u) > 2 * len(plain.u) and cut.length.sum() == pytest.approx(plain.length.sum(), rel=1e-6)
    # Noded by GEOS, the same pieces hang together and there are as many of them.
    lines = [
        shapely.LineString([(plain.x[a], plain.y[a]), (plain.x[b], plain.y[b])])
        for a, b in zip(plain.u, plain.v, strict=True)
    ]
    assert len(cut.u) == len(shapely.get_parts(shapely.node(shapely.MultiLineString(lines))))


def test_noding_nothing():
    assert largest_share(*noded([], np.array([], dtype=bool))) == 0
    x, _, u, _ = noded([], np.array([], dtype=bool))
    assert len(x) == 0 and len(u) == 0


# -- real places --------------------------------------------------------------------------------------------------


def real(*parts):
    root = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real data: {'/'.join(parts)} is not there (set JUSTGEO_REAL_DATA)")
    return path


def area_of(bounds, shrink=0.0):
    west, south, east, north = bounds
    inner = (west + shrink, south + shrink, east - shrink, north - shrink)
    return area(inner)


def test_haight_castro():
    """Map tiles have lost the vertices at crossings: 58 % hangs together by vertices, nearly all by crossings."""
    path = real("haight_castro", "osm.gpkg")
    options = {
        "layer": "road",
        "exclude": {"class": ["minor_rail"]},
        "bridge": "structure",
        "bridge_values": ["bridge", "tunnel"],
        "kind": "class",
    }
    where = area_of((-122.4646, 37.7533, -122.4316, 37.7794))
    network, streets = read_lines(LayerSpec("walk", path, options=options), where)
    assert reach.project(network, UTM).largest_share < 0.7
    network, streets = read_lines(LayerSpec("walk", path, options={**options, "crossings": True, "snap_m": 0.5}), where)
    assert reach.project(network, UTM).largest_share > 0.99
    assert "rail" in set(streets.data["kind"])


def test_charlottesville_footways():
    """Sidewalks mapped apart: the largest of some 770 parts holds 76 % of the length."""
    path = real("charlottesville", "osm", "cville_footways_from_pmtiles_z14.geojson")
    spec = LayerSpec("walk", path, options={"crossings": True, "snap_m": 0})
    network, _ = read_lines(spec, area_of((-78.53, 38.0, -78.44, 38.08)))
    graph = reach.project(network, "EPSG:32617")
    assert graph.largest_share == pytest.approx(0.76, abs=0.01)
    assert 700 < (graph.share > 0).sum() < 800
