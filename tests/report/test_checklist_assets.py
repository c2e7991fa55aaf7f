"""The asset map: what may be listed by name, what is only counted, and what no map shows."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pytest
import shapely

from justgeo.core.answers import ASSET_KINDS, Answers, Entry
from justgeo.report import checklist_assets, results
from justgeo.report.basemap import Basemap
from tests.report import made

CRS = 32617
HERE, FAR = shapely.Point(100, 100), shapely.Point(5000, 5000)
OSM = {"source": "OpenStreetMap", "attribution": "© OpenStreetMap contributors", "licence": "ODbL 1.0", "dataset": "x"}


def zones() -> gpd.GeoDataFrame:
    shapes = [shapely.box(0, 0, 1000, 1000), shapely.box(-9000, -9000, 9000, 9000)]
    return gpd.GeoDataFrame({"role": ["district", "reference"]}, geometry=shapes, crs=CRS)


def places(*rows: tuple[str, str | None], at: shapely.Point = HERE) -> gpd.GeoDataFrame:
    kinds, names = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"kind": kinds, "name": names}, geometry=[at] * len(rows), crs=CRS)


def found(basemap: Basemap, layers: list[dict[str, Any]] | None = None) -> checklist_assets.AssetMap:
    made_of = checklist_assets.find(basemap, zones(), {"layers": layers or []})
    assert made_of is not None
    return made_of


def test_public_places_are_listed_once_each() -> None:
    one = found(Basemap(places=places(("school", "Elm School"), ("school", "Elm School"), ("school", None))))
    assert one.found == (checklist_assets.Found("institutions", "schools", 2, ("Elm School",)),)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("social_facility", "St Mary's"), ("clinic", "Elm Clinic"), ("doctors", "Dr Moss"), ("hospital", "General"),
        ("childcare", "Little Feet"), ("kindergarten", "Sun"), ("social_centre", "La Peña"), ("pharmacy", "Corner"),
        ("place_of_worship", "Elm Mosque"), ("a kind of tomorrow", "Unthought"), ("supermarket", "Foods"),
        ("community_centre", "Centro Latino"), ("community_centre", "Women's Crisis House"),
        ("school", "Shelter School"),
        ("community_centre", "Refugee Welcome Center"), ("library", "Family Health Library"),
        ("arts_centre", "Hmong House"),
    ],
)  # fmt: skip
def test_places_that_nobody_must_be_led_to_are_counted_and_never_named(kind: str, name: str) -> None:
    one = found(Basemap(places=places((kind, name))))
    assert [line.n for line in one.found] == [1] and name not in str(one)
    assert name not in str(checklist_assets.sheet(one)) and name not in str(view(one))


def view(found: checklist_assets.AssetMap | None, said: Answers | None = None) -> Any:
    class Filled:
        items: tuple[Any, ...] = ()

    filled = Filled()
    filled.said = said or Answers()  # type: ignore[attr-defined]
    return checklist_assets.view(filled, found)


def test_places_outside_the_district_are_not_its_assets() -> None:
    assert found(Basemap(places=places(("library", "Far"), at=FAR))).found == ()


def test_parks_are_open_ones_and_stops_are_counted() -> None:
    parks = gpd.GeoDataFrame(
        {"name": ["Elm Park", "Gated", "Elm Park"], "public": [True, False, True]},
        geometry=[HERE.buffer(50), HERE.buffer(9), shapely.Point(1000, 500).buffer(30)], crs=CRS,
    )  # fmt: skip
    stops = gpd.GeoDataFrame({"name": ["1st", "2nd"]}, geometry=[HERE, FAR], crs=CRS).to_crs(4326)
    lines = found(Basemap(parks=parks, stops=stops)).found
    assert [(one.n, one.names) for one in lines] == [(1, ("Elm Park",)), (1, ())]


def test_who_has_to_be_named_is_named() -> None:
    osm, city = {"id": "amenities", **OSM}, {"id": "parks", **OSM, "source": "The City", "attribution": "City GIS"}
    shown = Basemap(places=places(("library", "Elm")), parks=gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS))
    assert "OpenStreetMap" in found(shown, []).notice, "where it is not known, it is OpenStreetMap's"
    notice = found(shown, [osm, city]).notice
    assert "OpenStreetMap" in notice and "ODbL" in notice and "City GIS" in notice
    own = Basemap(parks=shown.parks)
    assert "OpenStreetMap" not in found(own, [city]).notice


def test_seven_kinds_are_asked_whatever_a_map_shows() -> None:
    said = Answers(
        {}, {"assets": (Entry("The choir", publish=True, more={"kind": "events"}), Entry("No kind", publish=True))}
    )
    told = view(found(Basemap(places=places(("theatre", "Elm Stage")))), said)
    assert [kind["title"] for kind in told["kinds"]] == [*ASSET_KINDS, "of no kind yet"]
    events = next(kind for kind in told["kinds"] if kind["title"] == "events")
    assert events["found"][0]["names"] == ["Elm Stage"] and events["said"][0]["text"] == "The choir"
    people = told["kinds"][0]
    assert people["found"] == [] and "only people can tell" in people["none"]
    assert view(None) is None and view(None, said)["notice"] == ""


def test_without_layers_there_is_no_map_and_with_the_pages_layers_there_is() -> None:
    assert checklist_assets.find(None, zones(), {"layers": []}) is None
    assert checklist_assets.find(Basemap(), zones(), {"layers": []}) is None
    content = results.to_dict(made.baseline())
    whole = checklist_assets.find(made.basemap(), results.zones_frame(made.zones("Mill Pond")), content)
    assert whole is not None and any("Mill Pond Park" in one.names for one in whole.found)
