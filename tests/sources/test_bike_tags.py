"""What tags say of cycling: where one may, whether cars drive, what a street has for bicycles; and the layer of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from justgeo.core.layer import Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.sources import osm, osm_tags
from justgeo.sources.files import read_zones
from justgeo.synthetic import County, county
from justgeo.synthetic import extract as made_extract

Tags = dict[str, str]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "trunk"}, True),
        ({"highway": "primary_link"}, True),
        ({"highway": "service"}, True),
        ({"highway": "cycleway"}, True),
        ({"highway": "path", "bicycle": "designated"}, True),
        ({"highway": "footway", "bicycle": "yes"}, True),
        ({"highway": "pedestrian", "bicycle": "permissive"}, True),
        ({"highway": "residential", "access": "private", "bicycle": "yes"}, True),
        ({"highway": "busway", "bicycle": "designated"}, True),
        ({"highway": "trunk", "bicycle": "no"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway_link"}, False),
        ({"highway": "trunk", "motorroad": "yes"}, False),
        ({"highway": "path"}, False),
        ({"highway": "footway"}, False),
        ({"highway": "track"}, False),
        ({"highway": "footway", "bicycle": "dismount"}, False),
        ({"highway": "cycleway", "bicycle": "no"}, False),
        ({"highway": "primary", "bicycle": "use_sidepath"}, False),
        ({"highway": "residential", "access": "private"}, False),
        ({"highway": "residential", "vehicle": "no"}, False),
        ({"highway": "pedestrian", "bicycle": "yes", "area": "yes"}, False),
        ({"highway": "service", "service": "driveway"}, False),
        ({"highway": "service", "service": "parking_aisle"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "steps", "bicycle": "yes"}, False),
        ({"highway": "proposed"}, False),
        ({"railway": "rail"}, False),
        ({}, False),
    ],
)
def test_where_one_may_cycle(tags: Tags, expected: bool) -> None:
    assert osm_tags.is_bikeable(tags) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "residential", "motor_vehicle": "destination"}, True),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, True),
        ({"highway": "pedestrian", "motor_vehicle": "yes"}, True),
        ({"highway": "residential", "motor_vehicle": "no"}, False),
        ({"highway": "service", "motorcar": "no"}, False),
        ({"highway": "primary", "access": "no", "bicycle": "yes"}, False),
        ({"highway": "cycleway"}, False),
        ({"highway": "path", "access": "yes"}, False),
        ({"highway": "busway", "bicycle": "yes"}, False),
    ],
)
def test_where_cars_drive(tags: Tags, expected: bool) -> None:
    assert osm_tags.has_cars(tags) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"cycleway": "lane"}, "lane"),
        ({"cycleway:both": "lane"}, "lane"),
        ({"cycleway:left": "lane", "cycleway:right": "lane"}, "lane"),
        ({"cycleway:right": "lane", "oneway": "yes"}, "lane"),
        ({"cycleway:left": "lane", "oneway": "-1"}, "lane"),
        ({"cycleway:right": "lane", "cycleway:left": "no"}, ""),
        ({"cycleway:right": "lane"}, ""),
        ({"cycleway:right": "lane", "oneway": "yes", "oneway:bicycle": "no"}, ""),
        ({"cycleway": "opposite_lane", "oneway": "yes"}, ""),
        ({"cycleway": "shared_lane"}, ""),
        ({"cycleway": "separate"}, ""),
        ({"cycleway": "track"}, "track"),
        ({"cycleway:right": "track"}, "track"),
        ({"cycleway:left": "lane", "cycleway:right": "track"}, "track"),
        ({"cycleway": "no"}, ""),
        ({}, ""),
    ],
)
def test_what_a_street_has_for_bicycles(tags: Tags, expected: str) -> None:
    assert osm_tags.bikeway(tags) == expected


@pytest.fixture(scope="module")
def nowhere() -> County:
    return county(2020)


def test_the_layer_holds_the_tags_as_they_are(nowhere: County, tmp_path: Path) -> None:
    made = made_extract.make(nowhere.geography, 2020)
    path = tmp_path / "nowhere.osm"
    made_extract.write(path, made)
    wide = shapely.box(*nowhere.geography.blocks.total_bounds)
    area = Area(nowhere.district, None, wide, nowhere.district, 0.0)
    layer = osm.read_extract(LayerSpec("osm", path), area, {"bike"})["bike"]
    assert isinstance(layer, Layer)
    ways = {f"way/{number}": (nodes, tags) for number, nodes, tags in made.ways}
    assert len(layer.features) > 300 and set(layer.features["osm_id"]) <= set(ways)
    for row in layer.features.to_dict("records"):
        nodes, tags = ways[row["osm_id"]]
        assert row["nodes"] == " ".join(map(str, nodes)) and len(row["geometry"].coords) == len(nodes)
        told = {key: row[key] for key in ("highway", "maxspeed", "lanes", "lts", "name")}
        assert told == {key: tags.get(key, "") for key in told}
        assert (row["cars"], row["bikeway"]) == (osm_tags.has_cars(tags), osm_tags.bikeway(tags))
    assert {"", "25 mph", "35 mph", "40"} <= set(layer.features["maxspeed"])
    assert {"lane", "track", ""} == set(layer.features["bikeway"]) and set(layer.features["cars"]) == {True, False}


def test_a_citys_own_map_of_stress(tmp_path: Path) -> None:
    path = tmp_path / "stress.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"LTS": 2, "id": 7},'
        '"geometry": {"type": "LineString", "coordinates": [[-70, 38], [-70, 38.01]]}}]}',
        encoding="utf-8",
    )
    layer = read_zones(LayerSpec("bike", path))
    row = layer.features.iloc[0]
    assert (row["lts"], row["highway"], row["maxspeed"], row["bikeway"], row["cars"]) == ("2", "", "", "", True)
    assert "nodes" not in layer.features
    assert any("of which kind each street is" in note for note in layer.provenance.notes)
