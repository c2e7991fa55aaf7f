"""The page as text: one file, nothing outside, every text of the data escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pytest
import shapely

from justgeo.core.errors import OutputError
from justgeo.report import cells, choropleth, inline, maps, page, results, view
from justgeo.report.basemap import Basemap
from justgeo.report.reader import Reader
from tests.report import made
from tests.report.pages import Shape, data_of, packed, told_in, whole


def test_same_input_same_page(html: str, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    assert page.render(content, made.checklist(), zones, made.basemap()) == html
    assert "\r" not in html


def test_nothing_but_itself(html: str) -> None:
    shape = Shape(html)
    outer = ("link", "iframe", "img", "object", "embed", "base")
    loading = [(t, a) for t, a in shape.tags if a.get("src") or t in outer]
    assert loading == []
    links = {a["href"] for t, a in shape.tags if t == "a" and a.get("href")}
    assert all(link and link.startswith("#") for link in links)
    ids = {a["id"] for _, a in shape.tags if a.get("id")}
    assert {link[1:] for link in links if link} <= ids


def test_policy_names_exactly_the_scripts_of_the_page(html: str) -> None:
    policy = next(a["content"] for t, a in Shape(html).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; ")
    assert "unsafe-eval" not in policy and "http" not in policy
    codes = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    assert len(codes) == 3
    codes += packed(html, 'data-unpack="script"')
    digests = {base64.b64encode(hashlib.sha256(c.encode("utf-8")).digest()).decode("ascii") for c in codes}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests
    assert len(codes) == 5, "and the library and the geometry, which are packed"


@pytest.mark.parametrize(
    "piece",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<a href="javascript:alert(1)">x</a>',
        '<p style="background: url(http://example.org/x.png)">',
        "<style>@import 'x.css';</style>",
        "<style>p { background: url(x.png) }</style>",
        '<p onclick="x()">',
        '<img src="data:text/html,x">',
        '<use xlink:href="other.svg#x"/>',
    ],
)
def test_links_are_refused(piece: str) -> None:
    with pytest.raises(OutputError, match="outside itself"):
        inline.refuse_links(f"<html>{piece}</html>")


def test_what_is_inside_is_allowed() -> None:
    inline.refuse_links(
        "<a href='#x'>x</a><p style='fill: url(#y)'><img src='data:image/png;base64,AA=='>url(http://x)</p>"
    )


def test_every_text_of_the_data_is_escaped() -> None:
    bad = made.HOSTILE
    whole = made.baseline(name=f"Hill {bad}")
    names = ("title", "plain", "method", "caveat", "universe", "frequency")
    told = ("source", "dataset", "vintage", "licence", "attribution", "url")
    whole = replace(
        whole,
        indicators=tuple(replace(i, **{n: f"{n}{bad}" for n in names}, references=(bad,)) for i in whole.indicators),
        groups={g: f"{label}{bad}" for g, label in whole.groups.items()},
        layers=tuple(replace(p, **{n: f"{n}{bad} odbl" for n in told}, notes=(bad,)) for p in whole.layers),
        absent_layers={f"canopy{bad}": f"gone{bad}"},
        notes=(bad,),
        zones=replace(whole.zones, names=tuple(f"{n}{bad}" for n in whole.zones.names)),
        records=tuple(r if r.reason is None else replace(r, reason=f"why{bad}") for r in whole.records),
    )
    texts = ("title", "reason", "question", "answer", "note", "source")
    items = made.Items(tuple(replace(i, **{t: f"{t}{bad}" for t in texts}, phase=bad) for i in made.checklist().items))
    html = page.render(results.to_dict(whole), items, results.zones_frame(whole.zones), made.basemap())
    for told, scripts in ((html, 7), (told_in(html, "es"), 0)):
        shape = Shape(told)
        assert not [t for t, _ in shape.tags if t == "img"]
        assert [code for _, code in shape.scripts if code.strip().startswith("window.hurt")] == []
        assert len(shape.scripts) == scripts
        assert not any(name.startswith("on") for _, attrs in shape.tags for name in attrs)
        assert bad in "".join(shape.text)
    data = data_of(html)
    assert data["said"]["en"][data["indicators"][0]["title"]] == f"title{bad}"


def test_names_that_look_like_links_do_not_stop_the_page(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    base = made.basemap()
    assert base.stops is not None and base.parks is not None
    odd = ["https://example.org/0123456789abcdef0123456789abcdef"]
    stops = base.stops.assign(name=odd * len(base.stops))
    parks = base.parks.assign(name=odd * len(base.parks))
    html = page.render(content, made.checklist(), zones, replace(base, stops=stops, parks=parks))
    assert data_of(html)["stops"][0] == odd[0]


def test_geometry_stands_once_and_short(html: str, content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    script = maps.draw(content, zones, made.basemap()).script
    numbers = re.findall(r"-?\d+\.\d+", script)
    assert max(len(n.split(".")[1]) for n in numbers) <= 5
    corner = re.search(r'"coordinates": ?(\[\[\[-?\d+\.\d+, ?\d+\.\d+\], ?\[-?\d+\.\d+, ?\d+\.\d+\])', script)
    assert corner is not None
    assert html.count(corner.group(1)) == 0 and whole(html).count(corner.group(1)) == 1
    assert len(html) < 450_000


def test_neighbours_keep_one_edge(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    script = maps.draw(content, zones, Basemap()).script
    found = re.search(r"geo_json_data1_add\((\{.*?\})\);", script)
    assert found is not None
    shapes = gpd.GeoDataFrame.from_features(json.loads(found.group(1))["features"]).geometry
    assert shapely.coverage_is_valid(shapes.to_numpy())


def test_nothing_is_random(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    drawn = maps.draw(content, zones, made.basemap())
    assert not re.search(r"[0-9a-f]{32}", drawn.html + drawn.script)
    assert drawn.layers["map"] == "map_justgeo"
    assert set(drawn.layers["data"]) == {"tract", "block group"}


def test_no_district_is_an_error(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    with pytest.raises(OutputError, match="no district"):
        maps.draw(content, zones[zones["role"] != "district"], Basemap())


def test_a_place_without_anything_beneath(content: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    html = page.render(content, made.checklist(), zones)
    assert 'id="stops"' not in html


def cards_of(**reliability: str) -> list[tuple[str, str]]:
    """Cards of the invented place with some of its district's figures called otherwise."""
    known = {key.replace("_", "-", 1): one for key, one in reliability.items()}
    whole = made.baseline()
    changed = [
        replace(r, reliability=known.get(r.indicator, known.get("ALL", r.reliability)))
        if (r.zone, r.group) == ("district", "all") and r.value is not None
        else r
        for r in whole.records
    ]
    found = view.cards(Reader(results.to_dict(replace(whole, records=tuple(changed)))))
    return [(card["id"], card["reliability"]) for card in found]


def test_a_number_too_uncertain_to_rely_on_is_no_headline() -> None:
    """OPP-02 is: it is in its table, not among the numbers of "In short", as long as others can be."""
    cards = cards_of()
    assert len(cards) == 8 and "OPP-02" not in dict(cards) and "low" not in dict(cards).values()
    assert "OPP-02" in dict(cards_of(OPP_02="medium"))
    assert "BEL-02" in dict(cards_of()) and "BEL-02" not in dict(cards_of(BEL_02="low"))


def test_where_others_are_few_an_uncertain_number_has_its_card_after_them() -> None:
    assert cards_of(ALL="low")[0][1] == "low" and len(cards_of(ALL="low")) == view.FEW_CARDS
    cards = cards_of(ALL="low", OPP_01="high", BEL_02="high")
    assert [one for one, how in cards if how == "high"] == [one for one, _ in cards[:2]] == ["OPP-01", "BEL-02"]
    assert len(cards) == view.FEW_CARDS


def test_a_place_without_small_areas() -> None:
    whole = made.baseline()
    keep = [i for i, r in enumerate(whole.zones.roles) if r != "area"]
    few = replace(
        whole.zones,
        **{n: tuple(getattr(whole.zones, n)[i] for i in keep) for n in ("ids", "names", "roles", "geography")},
        geometry=whole.zones.geometry.iloc[keep],
    )
    records = tuple(r for r in whole.records if r.zone in few.ids)
    whole = replace(whole, zones=few, records=records, zone_facts=())
    html = page.render(results.to_dict(whole), made.checklist(), results.zones_frame(few), made.basemap())
    assert data_of(html)["indicators"] == []


def test_levels_fall_to_the_other_where_all_is_absent() -> None:
    whole = made.baseline()
    renters = next(i for i in whole.indicators if i.id == "BEL-02")
    moved = tuple(replace(i, map="tract") if i.id == renters.id else i for i in whole.indicators)
    shown = choropleth.payload(results.to_dict(replace(whole, indicators=moved)))
    row = next(i for i in shown["indicators"] if i["id"] == "BEL-02")
    assert row["level"] == "block group" and "census tracts" in row["notes"][0]
    canopy = next(i for i in shown["indicators"] if i["id"] == "ENV-01")
    assert canopy["level"] == "block group" and canopy["absent"] == 12 and canopy["labels"] == []
    assert "WEL-05" not in [i["id"] for i in shown["indicators"]]


def test_what_the_map_says_of_each_area(content: dict[str, Any]) -> None:
    row = next(i for i in choropleth.payload(content)["indicators"] if i["id"] == "BEL-02")
    assert row["cells"][0] == ["20%", "± 8 points", "medium", ""]
    assert row["classes"][5] == -1 and row["cells"][5][0] == "–" and row["cells"][5][3].startswith("withheld")
    assert row["low"] == 2 and row["absent"] == 2
    assert sum(row["counts"]) == 10


def test_attribution_of_openstreetmap_stands_on_the_map(html: str) -> None:
    assert data_of(html)["notices"] == ["© OpenStreetMap contributors"]


def test_invented_places_are_loud() -> None:
    whole = made.baseline(synthetic=True, name="Nowhere", slug="nowhere-invented")
    html = page.render(results.to_dict(whole), made.checklist(), results.zones_frame(whole.zones), made.basemap())
    shape = Shape(html)
    assert html.count(results.INVENTED) >= 3
    assert "INVENTED DATA" in html[html.index("<title>") : html.index("</title>")]
    assert any("watermark" in (a.get("class") or "") for _, a in shape.tags)
    assert "".join(shape.text).count("invented data") >= 6
    assert "What public data say" not in html


def test_real_places_are_not(html: str) -> None:
    assert "INVENTED" not in html


def test_the_page_says_what_it_is(html: str) -> None:
    text = " ".join("".join(Shape(html).text).split())
    assert text.count(results.DISCLAIMER) >= 2, "at the top, at the end, and on each sheet for the printer"
    for said in ("53%", "± 4 points", "higher than Nowhere County by 8 points", "about 1 in 3", "2020-2024",
                 "too uncertain to rely on", "ODbL 1.0", "No canopy raster was given",
                 "Withheld: fewer than 50 households", "The bus depot, said eleven of fourteen."):  # fmt: skip
        assert said in text, said
    assert not re.search(r"\b(nan|None|inf)\b", text)


def test_the_period_is_said_and_not_today(html: str) -> None:
    text = " ".join("".join(Shape(html).text).split())
    assert "What public data of 2020 to 2026 say about Mill Pond" in text
    assert "today" not in text


def test_paper_carries_the_disclaimer_on_every_page(html: str) -> None:
    assert f'@bottom-left {{ content: "{results.DISCLAIMER}"' in html


def test_what_is_not_measured_is_named_once_in_its_category_and_not_as_dashes(content: dict[str, Any]) -> None:
    found = {c["id"]: c for c in view.page(content)["categories"]}
    environment = found["environment"]
    assert environment["rows"] == []
    assert [(g["reason"], [r["id"] for r in g["rows"]]) for g in environment["gone"]] == [
        ("No canopy raster was given", ["ENV-01"]),
        ("Not computed", ["ENV-03"]),
    ]
    assert found["belonging"]["gone"] == []
    named = [r["id"] for c in found.values() for r in [*c["rows"], *(r for g in c["gone"] for r in g["rows"])]]
    assert sorted(named) == sorted(row["id"] for row in content["indicators"])


def test_without_a_reference_there_are_no_columns_for_it() -> None:
    whole = made.baseline()
    keep = [i for i, r in enumerate(whole.zones.roles) if r != "reference"]
    names = ("ids", "names", "roles", "geography")
    alone = replace(
        whole.zones,
        **{n: tuple(getattr(whole.zones, n)[i] for i in keep) for n in names},
        geometry=whole.zones.geometry.iloc[keep],
    )
    records = tuple(replace(r, comparison=None) for r in whole.records if r.zone in alone.ids)
    whole = replace(whole, zones=alone, records=records, zone_facts=())
    html = page.render(results.to_dict(whole), made.checklist(), results.zones_frame(alone), made.basemap())
    assert "Compared" not in "".join(Shape(html).text)


def test_details_show_the_fraction_the_parts_of_the_margin_and_the_reference(content: dict[str, Any]) -> None:
    rows = {r["id"]: r for c in view.page(content)["categories"] for r in c["rows"]}
    told = dict(rows["BEL-02"]["details"])
    assert told["Numerator and denominator"] == "1,069 ± 80 of 2,000 ± 110"
    inside = [what for name, what in rows["BEL-02"]["budget"] if name == "In the margin"]
    assert inside[0].startswith("± 4 points because the survey asks only some people")
    assert "the cut areas is not in it" in inside[1]
    assert told["By other ways of dividing the cut areas"] == "52% to 55%"
    assert told["Compared with"].startswith("Nowhere County: 45.5% ± 0.9 points (909 ± 80 of 2,000 ± 110).")
    assert "Difference: 8 points more (± 3 points)" in told["Compared with"]


def test_cards_prefer_the_headlines_and_have_numbers(content: dict[str, Any]) -> None:
    cards = view.page(content)["cards"]
    assert [c["id"] for c in cards][:4] == ["DEM-00.population", "OPP-01", "BEL-03", "WEL-04.800"]
    assert all(not c["absent"] for c in cards) and len(cards) <= view.MOST_CARDS
    reader = Reader(content)
    poverty = cells.cell(reader.at("OPP-02", "district"), reader)
    assert poverty["one_in"] == "", "an uncertain share is not put in easy words"


def test_sources_of_one_product_stand_together(content: dict[str, Any]) -> None:
    whole = made.baseline()
    more = replace(made.ACS, layer="acs:B19001@2024")
    found = view.page(results.to_dict(replace(whole, layers=(*whole.layers, more))))["sources"]
    bureau = next(s for s in found if s["source"] == made.ACS.source)
    assert [s["source"] for s in found].count(made.ACS.source) == 1
    acs = next(s for s in bureau["sets"] if s["dataset"] == made.ACS.dataset)
    assert acs["ids"] == ["acs:B19001@2024", "acs:B25003@2024"]


@pytest.mark.parametrize("text", ["</script>", "</ScRiPt >", "<!--"])
def test_a_script_cannot_end_early(text: str) -> None:
    with pytest.raises(OutputError, match="script"):
        inline.checked_script(f"let a = '{text}'")
    assert "<" not in inline.safe_json({"a": text + "\u2028"})


def test_assets_carry_their_licence() -> None:
    assert "BSD" in inline.text("leaflet/LICENSE")
    assert "1.9.4" in inline.text("leaflet/leaflet.js")
    assert "sourceMappingURL" not in inline.script("leaflet/leaflet.js")
    assert "url(images" not in inline.stylesheet("leaflet/leaflet.css")


# ------------------------------------------------------------------------------------------ told of the reference alone

APART = made.indicator("BEL-08.isolation", "Isolation around", "Belonging", "share", "none", field="segregation")
WHOLE = "it is told of the reference area as a whole: inside a part of it, it would say little"


def apart(value: float | None = 0.43, reason: str | None = None) -> dict[str, Any]:
    """The made place with an index that the reference alone has, for everybody and for one group; another has none."""
    whole, found = made.baseline(), made.Made()
    for group, told in (("all", value), ("race:black", None if value is None else 0.31), ("race:asian", None)):
        found.add("district", APART, None, None, "absent", group=group, reason=WHOLE)
        why = reason if told is None and group == "all" else "a group that it needs has nobody here"
        rel = "absent" if told is None else "high"
        moe = None if told is None else 0.012
        found.add("reference", APART, told, moe, rel, group=group, reason=why if told is None else None)
    return results.to_dict(
        replace(whole, indicators=(*whole.indicators, APART), records=(*whole.records, *found.records))
    )


def test_what_is_told_of_the_reference_alone_stands_in_its_table(content: dict[str, Any]) -> None:
    before, after = view.page(content), view.page(apart())
    belonging = next(c for c in after["categories"] if c["id"] == "belonging")
    assert belonging["gone"] == []
    row = next(r for r in belonging["rows"] if r["id"] == APART.id)
    assert (row["only_reference"], row["value"], row["margin"], row["sure"]) == (True, "43%", "± 1 point", "reliable")
    assert "Compared with" not in dict(row["details"])
    (race,) = row["groups"]
    assert [(g["label"], g["value"], g["absent"]) for g in race["rows"]] == [
        ("Black, not Hispanic", "31%", False),
        ("Asian, not Hispanic", "–", True),
    ]
    assert {g["reference_value"] for g in race["rows"]} == {""}, "its number stands once"
    assert after["n_indicators"] == before["n_indicators"] + 1
    assert after["absent"]["indicators"] == before["absent"]["indicators"]
    more = {*after["absent"]["groups"]} - {*before["absent"]["groups"]}
    assert more == {("a group that it needs has nobody here", 1)}
    assert APART.id not in [card["id"] for card in after["cards"]]
    other = next(r for r in belonging["rows"] if r["id"] == "BEL-02")
    assert not other["only_reference"]


def test_the_page_says_of_whom_it_is_told(zones: gpd.GeoDataFrame) -> None:
    html = page.render(apart(), made.checklist(), zones, made.basemap())
    body = html[html.index(f'<tbody id="{page.anchor(APART.id)}"') :].split("</tbody>")[0]
    said = " ".join(re.sub(r"<[^>]*>", " ", body).split())
    assert "Told of Nowhere County as a whole, not of Mill Pond 43% ± 1 point reliable" in said
    assert WHOLE not in html and "as a whole: inside a part" not in html


def test_without_its_number_the_reason_of_the_reference_is_told() -> None:
    shown = view.page(apart(None, "nobody lives there"))
    belonging = next(c for c in shown["categories"] if c["id"] == "belonging")
    assert [(g["reason"], [r["id"] for r in g["rows"]]) for g in belonging["gone"]] == [
        ("Nobody lives there", [APART.id])
    ]
    assert ("nobody lives there", 1) in shown["absent"]["indicators"]


@pytest.mark.parametrize("field", ["walk_share", "walk_kinds", "transit_trips", "raster_people", "acs_share"])
def test_what_is_of_a_place_and_not_of_its_people_says_so(content: dict[str, Any], field: str) -> None:
    rows = [{**row, "field": field} for row in content["indicators"]]
    shown = view.page({**content, "indicators": rows})
    assert {r["by_place"] for c in shown["categories"] for r in c["rows"]} == {field != "acs_share"}


def test_every_id_stands_once(html: str) -> None:
    ids = [str(a["id"]) for _, a in Shape(html).tags if a.get("id")]
    assert sorted(ids) == sorted(set(ids))
    fills = set(re.findall(r"url\(#([\w-]+)\)", html))
    assert "no-number" in fills and fills <= set(ids)
