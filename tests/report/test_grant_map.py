"""The grant map: true to scale, marked, deterministic; what is off the page is told."""

from __future__ import annotations

import io
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from matplotlib import image
from pyproj import Geod

from justgeo.core.errors import OutputError
from justgeo.report import grant_map, results
from tests.report import made


def sites(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    middle = zones.to_crs(4326)[zones["role"] == "district"].geometry.iloc[0].representative_point()
    far = gpd.points_from_xy([middle.x, middle.x + 3], [middle.y, middle.y])
    return gpd.GeoDataFrame({"name": ["$\\frac{1}{0}$ <b>", "Elsewhere"]}, geometry=far, crs=4326)


def test_a_letter_page_in_both_forms(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    pdf = grant_map.draw(content, zones, sites(zones), "pdf")
    assert pdf.off == ("Elsewhere",)
    assert b"/MediaBox [ 0 0 612 792 ]" in pdf.body and b"CreationDate" not in pdf.body
    png = image.imread(io.BytesIO(grant_map.draw(content, zones, sites(zones), "png").body))
    assert png.shape[:2] == (2200, 1700)


@pytest.mark.parametrize("given", ["none", "off the page", "on the page"])
def test_sites_are_spoken_of_where_there_are_any(
    content: dict[str, Any], zones: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(grant_map, "_saved", lambda figure, form: drawn.append(figure) or b"")
    both = sites(zones)
    grant_map.draw(content, zones, {"none": None, "off the page": both[1:], "on the page": both}[given])
    (figure,) = drawn
    legend = [one.get_text() for one in figure.legends[0].get_texts()]
    told = " ".join(one.get_text() for one in figure.texts)
    assert "Boundary" in legend
    on = given == "on the page"
    assert ("Project site" in legend) == on
    assert ("project sites" in told) == on and ("given by the applicant" in told) == on


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_the_same_bytes_twice(content: dict[str, Any], zones: gpd.GeoDataFrame, form: str) -> None:
    assert grant_map.draw(content, zones, None, form).body == grant_map.draw(content, zones, None, form).body


def test_invented_places_are_marked_across_the_page(zones: gpd.GeoDataFrame) -> None:
    shown = {}
    for synthetic in (False, True):
        body = grant_map.draw(results.to_dict(made.baseline(synthetic=synthetic)), zones, None, "png").body
        shown[synthetic] = image.imread(io.BytesIO(body))[..., :3]
    middle = np.s_[600:1500, 300:1400]
    assert (np.abs(shown[True][middle] - shown[False][middle]).max(axis=2) > 0.02).mean() > 0.05


def test_the_scale_is_true_on_the_ground(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    place = zones[zones["role"] == "district"].to_crs(4326)
    west, south, east, north = place.total_bounds
    _, _, across = Geod(ellps="WGS84").inv(west, (south + north) / 2, east, (south + north) / 2)
    crs = grant_map.metric_crs(place.geometry.union_all())
    bounds = place.to_crs(crs).total_bounds
    view = grant_map._View.of(bounds)
    assert bounds[2] - bounds[0] == pytest.approx(across, rel=2e-3)
    assert grant_map.draw(content, zones).scale == pytest.approx(view.scale)
    assert view.scale * view.frame()[0] * 0.0254 == pytest.approx(view.x[1] - view.x[0])


@pytest.mark.parametrize(("size", "told"), [(0.37, 0.2), (1.0, 1.0), (4.9, 2.0), (5.0, 5.0), (730.0, 500.0)])
def test_round_lengths(size: float, told: float) -> None:
    assert grant_map._round(size) == told


def test_no_district_no_map(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    with pytest.raises(OutputError, match="no district"):
        grant_map.draw(content, zones[zones["role"] == "area"])
