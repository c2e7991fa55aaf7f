"""What a notebook shows: the numbers with what belongs to them, every text as text, nothing from outside."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from matplotlib import image

from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import basemap, charts, checklist, explorer, inline, notebook, results
from justgeo.report.results import DISCLAIMER, INVENTED
from tests.report import made
from tests.report.made import HOSTILE


@pytest.fixture(scope="module")
def hostile() -> dict[str, Any]:
    """Every text that comes from outside is a script."""
    content = json.loads(results.dump(results.to_dict(made.baseline(synthetic=True, name=HOSTILE))))
    for row in content["indicators"]:
        row |= {"title": HOSTILE, "universe": HOSTILE, "plain": HOSTILE}
    for group in content["groups"]:
        group["label"] = HOSTILE
    for zone in content["zones"]:
        zone["name"] = HOSTILE
    for layer in content["layers"]:
        layer |= {"source": HOSTILE, "dataset": HOSTILE, "vintage": HOSTILE, "attribution": HOSTILE}
    for record in content["records"]:
        record["reason"] = record["reason"] and HOSTILE
    return dict(content)


def listed(synthetic: bool = False, name: str = "Mill Pond") -> dict[str, Any]:
    content = results.to_dict(made.baseline(synthetic=synthetic, name=name))
    return dict(json.loads(checklist.to_json(made.checklist(), content)))


def rows(html: str) -> list[str]:
    """Lines of a table, as text."""
    lines = re.findall(r"<tr>(.*?)</tr>", html, flags=re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in lines]


# ---------------------------------------------------------------------------------------------------- results
def test_a_number_stands_with_its_margin_and_how_sure_it_is(content: dict[str, Any]) -> None:
    html = notebook.results(content)
    told = {line.partition(" · ")[0]: line for line in rows(html)}
    assert "53% ± 4 points reliable" in told["Renters BEL-02"]
    assert "▲ higher by 8 points 45.5% ± 0.9 points" in told["Renters BEL-02"]
    assert "too uncertain to rely on" in told["People in poverty OPP-02"]
    assert DISCLAIMER in html and "U.S. Census Bureau" in html and "© OpenStreetMap contributors" in html


def test_an_absent_number_is_a_dash_with_its_reason(content: dict[str, Any]) -> None:
    (line,) = [line for line in rows(notebook.results(content)) if line.startswith("Tree canopy")]
    assert "– no canopy raster was given" in line.casefold()


def test_of_many_the_headline_is_shown(content: dict[str, Any]) -> None:
    more = {**content["indicators"][-1]}
    many = [*content["indicators"], *({**more, "id": f"ENV-9{i}"} for i in range(5))]
    html = notebook.results({**content, "indicators": many})
    assert f"8 of {len(many)} indicators" in html and "Not measured, and why" in html


def test_invented_is_marked_and_nothing_else_is(content: dict[str, Any]) -> None:
    assert INVENTED in notebook.results({**content, "synthetic": True}) and INVENTED not in notebook.results(content)
    assert INVENTED in notebook.checklist(listed(True)) and INVENTED not in notebook.checklist(listed())


def test_the_checklist_counts_by_phase(content: dict[str, Any]) -> None:
    html = notebook.checklist(listed())
    told = rows(html)
    assert "Actions: Groundwork 1 1" in told and "Actions: Governance 1" in told
    assert told[-1].startswith(f"All {len(made.checklist().items)} items")
    assert "The bus depot, said eleven of fourteen." in html


def harmless(html: str) -> None:
    """No element and no attribute comes of a text."""
    inline.refuse_links(html)
    assert "<img src=x" not in html and "window.hurt=2</script>" not in html.replace("&lt;", "")


def test_hostile_texts_stay_texts(hostile: dict[str, Any]) -> None:
    html = notebook.results(hostile)
    harmless(html)
    assert "&lt;img src=x onerror=" in html
    told = listed(name=HOSTILE)
    for item in told["items"]:
        item |= {"title": HOSTILE, "reason": HOSTILE, "question": HOSTILE, "answer": HOSTILE, "phase": HOSTILE}
    harmless(notebook.checklist(told))


# ---------------------------------------------------------------------------------------------------- map
def test_the_map_asks_nothing_of_anybody(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    found = explorer.explore(content, zones, made.basemap(), "BEL-02")
    inline.refuse_links(found.page)
    assert "default-src &#39;none&#39;" in found.page and "sandbox=" not in found.page
    # Leaflet's own text names pages in remarks; that it asks for none is seen in the browser.
    own = found.page.replace(inline.script("leaflet/leaflet.js"), "")
    own = own.replace(inline.stylesheet("leaflet/leaflet.css"), "")
    assert len(own) < len(found.page) - 100_000 and not re.search(r"https?:|//\w+\.\w", own)
    assert "© OpenStreetMap contributors" in found.page
    frame = found._repr_html_()
    assert 'sandbox="allow-scripts"' in frame and frame.count("<iframe") == 1
    assert "<script" not in frame and len(found.page) < 400_000


def test_the_map_says_what_the_table_says(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    page = explorer.explore(content, zones, None, "BEL-02").page
    data = json.loads(re.findall(r'id="justgeo-data">(.*?)</script>', page, flags=re.DOTALL)[0])
    assert len(data["areas"]) == 12 and data["level"] == "block group"
    assert data["areas"][5]["value"] == "–" and "withheld" in data["areas"][5]["why"]
    assert data["fills"][5] == "url(#no-number)" and data["fills"][2].startswith("url(#hatch-")
    assert page.count('<tr><th scope="row">') == 12 and "too uncertain to rely on (2)" in page


def test_no_place_is_led_to(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    page = explorer.explore(content, zones, made.basemap(), "BEL-02").page
    assert "Peñasco" not in page and "Harbor Clinic" not in page and "geo_json_places" not in page
    assert isinstance(made.basemap(), basemap.Basemap)


def test_a_map_of_what_has_none_is_refused(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    with pytest.raises(OutputError, match="WEL-05 is told of no area"):
        explorer.explore(content, zones, None, "WEL-05")
    with pytest.raises(ConfigError, match="did you mean 'ENV-03'"):
        explorer.explore(content, zones, None, "ENV-3")


def test_the_map_is_the_same_twice_and_can_be_kept(
    content: dict[str, Any], zones: gpd.GeoDataFrame, tmp_path: Any
) -> None:
    one = explorer.explore(content, zones, made.basemap())
    assert one == explorer.explore(content, zones, made.basemap())
    assert one.save(tmp_path / "map.html").read_text(encoding="utf-8") == one.page
    with pytest.raises(OutputError, match="cannot be written"):
        one.save(tmp_path / "none" / "map.html")


def test_a_hostile_map_runs_nothing(hostile: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    found = explorer.explore(hostile, zones, made.basemap(), "BEL-02")
    harmless(found.page)
    assert len(re.findall(r"<script", found.page)) == 4 and found._repr_html_().count("<") == 2


# ---------------------------------------------------------------------------------------------------- charts
def bars(found: charts.Chart) -> list[Any]:
    return [one for one in found.axes.containers if type(one).__name__ == "ErrorbarContainer"]


def test_a_chart_draws_the_margins(content: dict[str, Any]) -> None:
    found = charts.chart(content, "BEL-02")
    drawn = bars(found)
    # Everyone and five groups of the place, and all six of the reference; the sixth group is withheld.
    assert len(drawn) == 12
    dot, _, (whisker,) = drawn[0]
    (ends,) = whisker.get_segments()
    assert dot.get_xdata()[0] == pytest.approx(53.47)
    assert ends[:, 0].tolist() == pytest.approx([53.47 - 4.02, 53.47 + 4.02])
    assert "53% ± 4 points" in found.told and "withheld: fewer than 50 households" in found.told


def test_groups_differ_in_more_than_colour(content: dict[str, Any]) -> None:
    drawn = bars(charts.chart(content, "BEL-02"))
    assert {one[0].get_marker() for one in drawn} == {"o", "D"}
    assert {one[0].get_color() for one in drawn} == {charts.PLACE, charts.REFERENCE}
    assert any(one[0].get_markerfacecolor() == "white" for one in drawn)


def test_areas_stand_in_their_own_order(content: dict[str, Any]) -> None:
    labels = [text.get_text() for text in charts.chart(content, "OPP-02", by="areas").axes.get_yticklabels()]
    assert labels == ["Everyone", *(f"Census Tract {i + 1}" for i in range(4))]


def test_the_headline_has_shares_alone(content: dict[str, Any]) -> None:
    labels = [text.get_text() for text in charts.chart(content).axes.get_yticklabels()]
    assert "Renters" in labels and "Median household income" not in labels


def test_a_chart_is_the_same_twice_and_marked(content: dict[str, Any], tmp_path: Any) -> None:
    shown = {}
    for synthetic in (False, True):
        found = charts.chart({**content, "synthetic": synthetic}, "OPP-01")
        assert found.png() == charts.chart({**content, "synthetic": synthetic}, "OPP-01").png()
        shown[synthetic] = image.imread(io.BytesIO(found.png()))
        assert (INVENTED in found.told) == synthetic
    assert not np.array_equal(shown[False], shown[True])
    assert charts.chart(content, "OPP-01").save(tmp_path / "chart.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(OutputError, match="does not end in"):
        charts.chart(content, "OPP-01").save(tmp_path / "chart.svg")


def test_hostile_texts_are_drawn_as_they_are(hostile: dict[str, Any]) -> None:
    hostile["indicators"][2]["title"] = r"$\frac{1}{0}$" + HOSTILE
    for by in charts.BY:
        found = charts.chart(hostile, "BEL-02", by)
        html = found._repr_html_()
        assert html.count("<") == 1 and 'alt="INVENTED' in html
        assert found.png()


def test_without_matplotlib_it_says_what_to_install(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(OutputError, match="needs matplotlib") as refused:
        charts.chart(content, "BEL-02")
    assert "justgeo[export]" in refused.value.remedy


def test_what_cannot_be_drawn_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(OutputError, match="no number to draw"):
        charts.chart(content, "ENV-01")
    with pytest.raises(ConfigError, match="did you mean 'areas'"):
        charts.chart(content, "BEL-02", "area")
    with pytest.raises(ConfigError, match="There is no indicator"):
        charts.chart(content, "BEL-99")
