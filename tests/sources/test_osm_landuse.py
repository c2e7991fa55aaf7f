"""Use of land in OpenStreetMap: what tags say of it, and areas that leave the extract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from justgeo.core.errors import LayerError
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.sources import osm
from justgeo.sources.osm_landuse import USES, land_use
from tests.sources.test_osm import Extract, area

Tags = dict[str, str]

SAID: list[tuple[Tags, str | None]] = [
    ({"landuse": "residential"}, "residential"),
    ({"landuse": "retail"}, "retail"),
    ({"landuse": "commercial"}, "commercial"),
    ({"landuse": "industrial"}, "industrial"),
    ({"landuse": "port"}, "industrial"),
    ({"landuse": "education"}, "institutional"),
    ({"landuse": "religious"}, "institutional"),
    ({"amenity": "school"}, "institutional"),
    ({"amenity": "school", "building": "yes"}, None),
    ({"landuse": "residential", "building": "no"}, "residential"),
    ({"landuse": "residential", "amenity": "hospital"}, "institutional"),
    ({"leisure": "park"}, "other"),
    ({"leisure": "park", "landuse": "residential"}, "other"),
    ({"landuse": "farmland"}, "other"),
    ({"landuse": "forest"}, "other"),
    ({"landuse": "a value that nobody knows"}, "other"),
    ({"landuse": "flowerbed"}, None),
    ({"landuse": "no"}, None),
    ({"amenity": "cafe"}, None),
    ({"natural": "water"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("tags", "use"), SAID, ids=[str(tags) for tags, _ in SAID])
def test_what_tags_say_of_the_use(tags: Tags, use: str | None) -> None:
    assert land_use(tags) == use
    assert use is None or use in USES


def read(path: Path, **more: Any) -> Layer:
    found = osm.read_extract(LayerSpec("osm", path), area(**more), ["landuse"])["landuse"]
    assert isinstance(found, Layer)
    return found


def test_areas_with_a_use_nested_and_in_pieces(tmp_path: Path) -> None:
    made = Extract()
    made.ring(1, 10, 10, 30, landuse="residential", name="Old town")
    made.ring(2, 15, 15, 5, landuse="retail")
    made.ring(3, 60, 10, 10)
    made.ring(4, 62, 12, 4)
    made.relation(5, [(3, "outer"), (4, "inner")], type="multipolygon", landuse="industrial")
    made.ring(6, 80, 10, 5, building="yes", amenity="school")
    made.way(7, [made.node(1, 5, 80), made.node(2, 9, 80)], landuse="residential")  # a line holds no ground
    found = read(made.write(tmp_path))
    assert found.data[["osm_id", "name", "use"]].to_numpy().tolist() == [
        ["relation/5", "", "industrial"],
        ["way/1", "Old town", "residential"],
        ["way/2", "", "retail"],
    ]
    shapes = found.features.geometry
    assert shapes.iloc[0].area == pytest.approx((10**2 - 4**2) * 1e-6)  # the hole is none of it
    assert shapes.iloc[1].area == pytest.approx(30**2 * 1e-6)


def test_a_use_that_leaves_the_extract_is_noted_and_refuses_nothing(tmp_path: Path) -> None:
    """A forest of a whole county is cut by every extract: its ground is then not mapped, and the run goes on."""
    made = Extract()
    made.ring(1, 10, 10, 10, landuse="retail")
    made.way(2, [made.node(21, 50, 50), made.node(22, 60, 50), made.node(23, 60, 60), 9_999, 21], landuse="forest")
    made.way(3, [made.node(31, 70, 70), made.node(32, 80, 70)])
    made.relation(4, [(3, "outer"), (99, "outer")], type="multipolygon", landuse="farmland")
    found = read(made.write(tmp_path))
    assert found.data["use"].tolist() == ["retail"]
    assert "2 areas of land use leave the extract and are taken as not mapped" in found.provenance.notes


def test_a_park_that_is_cut_is_still_refused(tmp_path: Path) -> None:
    made = Extract()
    made.way(2, [made.node(21, 50, 50), made.node(22, 60, 50), made.node(23, 60, 60), 9_999, 21], leisure="park")
    path = made.write(tmp_path)
    with pytest.raises(LayerError, match="cuts 1 ways"):
        osm.read_extract(LayerSpec("osm", path), area(), ["landuse", "parks"])
    assert len(read(path).data) == 0  # where parks are not asked for, its ground is not mapped
