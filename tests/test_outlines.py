"""A drawing becomes a district: shown, written down, and run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import shapely

import justgeo
from justgeo import config
from justgeo.core.errors import BoundaryError, ConfigError, JustgeoError
from justgeo.report import inline
from tests.nowhere import boundary, only
from tests.report.made import HOSTILE
from tests.sources.test_drawing import FEATURE, SHAPE, collection

DRAWING = collection(FEATURE)


def test_a_drawing_is_a_district() -> None:
    place = justgeo.district(DRAWING, name="Mill Quarter")
    assert isinstance(place, justgeo.District)
    assert place == justgeo.District.from_drawing(DRAWING, "Mill Quarter")
    assert (place.name, place.slug, place.notes) == ("Mill Quarter", "mill-quarter", ())
    assert place.boundary.equals(SHAPE)
    # A box of 0.01 by 0.01 degrees at latitude 38.035: 877.5 m by 1,110.0 m.
    assert place.area_km2 == pytest.approx(0.9747, rel=1e-3)
    frame = place.to_frame()
    assert frame.crs == "EPSG:4326" and list(frame["name"]) == ["Mill Quarter"]


@pytest.mark.parametrize(
    ("drawing", "told"),
    [
        (shapely.Polygon([(-78.49, 38.03), (-78.48, 38.04), (-78.48, 38.03), (-78.49, 38.04)]), "crosses itself"),
        (shapely.box(2.34, 48.85, 2.35, 48.86), "outside the United States"),
        (shapely.box(-80.0, 36.0, -78.0, 38.0), "may have up to"),
        (shapely.box(-78.49, 38.03, -78.48999, 38.03001), "less than a city block"),
        (shapely.Polygon([(-78.49, 38.03, 5.0), (-78.48, 38.03, 5.0), (-78.48, 38.04, 5.0)]), "three-dimensional"),
    ],
)
def test_what_cannot_be_measured_is_refused(drawing: Any, told: str) -> None:
    with pytest.raises(BoundaryError, match=told) as refused:
        justgeo.district(drawing, name="Mill Quarter")
    assert "that was drawn" in refused.value.message and refused.value.remedy


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x7f", "a\u202eb", "x" * 121, "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a district"):
        justgeo.district(DRAWING, name=name)


def test_it_is_written_so_that_it_can_be_read(tmp_path: Path) -> None:
    name = 'The "Río" \\ Wharf'
    place = justgeo.district(DRAWING, name=name)
    written = place.write(tmp_path / "wharf")
    assert written == tmp_path / "wharf" / "district.toml"
    assert tomllib.loads(written.read_text(encoding="utf-8"))["fetch"]["census"] is True
    found = justgeo.district(tmp_path / "wharf")
    assert found == justgeo.district(written) == place
    assert shapely.get_coordinates(found.boundary).tolist() == shapely.get_coordinates(place.boundary).tolist()
    assert justgeo.district(tmp_path / "wharf" / "boundary.geojson", name=name) == place


def test_nothing_is_written_over(tmp_path: Path) -> None:
    place = justgeo.district(DRAWING, name="Mill Quarter")
    (tmp_path / "boundary.geojson").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="there already"):
        place.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["boundary.geojson"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written"):
        place.write(tmp_path / "file" / "within")


def test_practice_says_that_it_is_invented(tmp_path: Path) -> None:
    justgeo.district(DRAWING, name="Mill Quarter").write(tmp_path, invented=7)
    found = config.read(tmp_path)
    assert (found.name, found.slug, found.invented_seed) == ("Mill Quarter (invented)", "mill-quarter-invented", 7)
    assert found.fetch is None


def test_a_file_with_several_outlines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.geojson"
    path.write_text(json.dumps(collection(FEATURE, FEATURE)), encoding="utf-8")
    with pytest.raises(BoundaryError, match="holds 2 shapes"):
        justgeo.district(str(path), name="Mill Quarter")
    with pytest.raises(JustgeoError):
        justgeo.district(tmp_path / "none.geojson", name="Mill Quarter")


def test_it_shows_itself_and_no_name_is_more_than_text() -> None:
    place = justgeo.District(HOSTILE, "hostile", SHAPE, (f"Mended {HOSTILE}",))
    html = place._repr_html_()
    assert html.count("<svg") == 1 and "0.97 km²" in html and "centred on 38.0, -78.5" in html
    assert "<img" not in html and "<script" not in html and html.count("&lt;script&gt;") == 3
    inline.refuse_links(html)
    assert "INVENTED" not in html
    assert "INVENTED" in justgeo.district(DRAWING, name="M", slug="m-invented")._repr_html_()


@pytest.mark.slow
def test_a_drawn_district_runs(tmp_path: Path) -> None:
    from justgeo import synthetic

    (whole,) = boundary(synthetic.ensure(2020)).geometry
    half = shapely.clip_by_rect(whole, whole.bounds[0], whole.bounds[1], whole.centroid.x, whole.bounds[3])
    justgeo.district(shapely.geometry.mapping(half), name="West Half").write(tmp_path / "west", invented=2020)
    with only(("DEM-00.population", "BEL-02", "OPP-01", "WEL-04.800", "MOB-01.400", "MOB-03", "ENV-01", "ENV-03")):
        report = justgeo.baseline(tmp_path / "west", tmp_path / "out")
    assert report.synthetic and report.n_measured > 50
    found = justgeo.load(report.folder)
    assert found["name"] == "West Half (invented)"
    people = found.record("DEM-00.population")
    assert 0 < people["value"] < 12_000
    assert "INVENTED" in found._repr_html_() and "INVENTED" in justgeo.checklist(report.folder)._repr_html_()
