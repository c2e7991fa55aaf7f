"""What lies beneath the values: names lead to the shapes that carry them, and some places are never shown."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from justgeo.report import basemap
from tests.report import made

FRAME = shapely.box(-2000, -2000, 5000, 4000)


def places(**named: str) -> list[tuple[str, str]]:
    """Names and kinds of the places that are shown, of those given."""
    given = {"name": [one.replace("_", " ") for one in named], "kind": list(named.values())}
    layer = gpd.GeoDataFrame(given, geometry=[shapely.Point(i, i) for i in range(len(named))], crs=made.CRS)
    return basemap.places(layer, made.CRS, FRAME)[1]


def test_schools_and_libraries_are_shown_by_name() -> None:
    assert places(Hill_School="school", Old_Library="library") == [
        ("Hill School", "school"),
        ("Old Library", "library"),
    ]


@pytest.mark.parametrize(
    "kind", ["clinic", "doctors", "hospital", "social_facility", "community_centre", "place_of_worship", "childcare",
             "shelter", "social_centre", "refugee_site", "anything a planner calls it", ""],
)  # fmt: skip
def test_other_kinds_are_counted_and_never_shown(kind: str) -> None:
    assert places(Any_Name=kind, Hill_School="school") == [("Hill School", "school")]


@pytest.mark.parametrize(
    "name", ["Harbor Women's Shelter School", "Immigrant Learning Library", "Newcomer Academy", "Clínica Escuela",
             "Refugee School", "Albergue Norte", "Recovery High School"],
)  # fmt: skip
def test_a_school_by_such_a_name_is_not_shown_either(name: str) -> None:
    layer = gpd.GeoDataFrame({"name": [name], "kind": ["school"]}, geometry=[shapely.Point(0, 0)], crs=made.CRS)
    assert basemap.places(layer, made.CRS, FRAME) == ([], [])


def test_places_without_a_name_are_left_out_and_points_follow_the_names() -> None:
    points, names = basemap.places(made.basemap().places, made.CRS, FRAME)
    assert [point["properties"]["i"] for point in points] == list(range(len(names)))
    assert {name for name, _ in names} == {
        "Peñasco Elementary School", "St. Mary's School", f"School {made.HOSTILE}", "Mill Pond Library",
    }  # fmt: skip


def test_a_street_is_found_by_its_name_in_the_shapes_of_its_kind() -> None:
    layer = gpd.GeoDataFrame(
        {"kind": ["residential", "residential", "primary", "residential", "rail", "residential"],
         "name": ["Elm Street", "Elm Street", "Elm Street", "Oak Street", "Night Line", ""]},
        geometry=[shapely.LineString([(x, y), (x + 100, y)]) for x, y in
                  [(0, 0), (100, 0), (200, 0), (0, 50), (0, 90), (0, 130)]],
        crs=made.CRS,
    )  # fmt: skip
    features, named = basemap.streets(layer, made.CRS, FRAME)
    kinds = [one["properties"]["kind"] for one in features]
    assert kinds == ["residential", "rail", "primary"]
    assert [(name, kinds[k]) for name, k, _, _ in named] == [
        ("Elm Street", "residential"), ("Elm Street", "primary"), ("Oak Street", "residential"),
    ]  # fmt: skip
    _, k, start, end = named[0]
    (line,) = features[k]["geometry"]["coordinates"][start:end]
    west, east = (gpd.GeoSeries([shapely.Point(x, 0)], crs=made.CRS).to_crs(4326).iloc[0].x for x in (0, 200))
    assert sorted(point[0] for point in line) == pytest.approx([west, east], abs=1e-5), "joined end to end"


def test_each_part_of_a_park_is_under_one_name() -> None:
    ((feature,), named) = basemap.areas(made.basemap().parks, made.CRS, FRAME)
    assert {name for name, *_ in named} == {"Mill Pond Park", made.HOSTILE}
    covered = [k for _, _, start, end in named for k in range(start, end)]
    assert sorted(covered) == list(range(len(feature["geometry"]["coordinates"])))


def test_parts_of_one_name_stand_as_one() -> None:
    named: list[basemap.Named] = []
    for name, start, count in (("A", 0, 2), ("A", 2, 1), ("B", 3, 0), ("", 3, 4), ("A", 7, 1)):
        basemap._note(named, name, 0, start, count)
    assert named == [("A", 0, 0, 3), ("A", 0, 7, 8)]
