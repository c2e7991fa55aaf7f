"""The public part on displacement and the analyst's page: what each says, and what the public one must not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest

from justgeo.core.errors import OutputError
from justgeo.measure.typology.values import MARKET_NAMES, STAGES
from justgeo.report import (
    choropleth,
    displacement_block,
    displacement_map,
    displacement_page,
    inline,
    page,
    remarks,
    results,
)
from justgeo.report.displacement_cards import figure, percent
from tests.report import made
from tests.report import made_displacement as md
from tests.report.pages import told_in, whole

MARKET_WORDS = ("home value", "housing market", "hot market", "B25075", "appreciat", "accelerat", "for buyers")


class Shape(HTMLParser):
    """Tags and readable text, and the part of the page that an id names."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._hidden = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(data)

    @property
    def told(self) -> str:
        return " ".join("".join(self.text).split())


def public(**more: Any) -> str:
    whole = md.baseline(**more)
    return page.render(results.to_dict(whole), made.checklist(), results.zones_frame(whole.zones), made.basemap())


def content(**more: Any) -> dict[str, Any]:
    return results.to_dict(replace(md.baseline(), displacement=md.block(**more)))


def view(**more: Any) -> dict[str, Any]:
    found = displacement_block.view(content(**more))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def html() -> str:
    return public()


@pytest.fixture(scope="module")
def analyst() -> dict[str, Any]:
    return md.analyst()


@pytest.fixture(scope="module")
def internal(analyst: dict[str, Any]) -> str:
    return displacement_page.render(analyst)


# -------------------------------------------------------------------------------------------------- results.json


def test_results_follow_their_schema() -> None:
    checker = jsonschema.Draft202012Validator(results.schema())
    told = json.loads(results.dump(content()))
    checker.validate(told)
    assert told["displacement"]["cards"][1]["held"] == 3


@pytest.mark.parametrize(
    ("card", "key", "value"),
    [
        (0, "stage", "dynamic"),
        (0, "chance", 1.2),
        (0, "held", None),
        (0, "caveats", ["rich"]),
        (2, "chance", 0.4),
        (2, "households", {"value": 31.0, "moe": 12.0}),
        (2, "reason", ""),
        (2, "held", 3),
    ],
)
def test_schema_refuses_a_card_that_says_too_much(card: int, key: str, value: Any) -> None:
    told = json.loads(results.dump(content()))
    told["displacement"]["cards"][card][key] = value
    assert not jsonschema.Draft202012Validator(results.schema()).is_valid(told)


def test_a_card_without_numbers_keeps_none() -> None:
    card = next(one for one in content()["displacement"]["cards"] if one["reason"])
    assert not re.search(r"\d", json.dumps({k: v for k, v in card.items() if k not in ("zone", "reason")}))


# ---------------------------------------------------------------------------------------------- the public page


def test_the_public_page_holds_no_stage_and_no_market(html: str) -> None:
    own = whole(html).replace(inline.script("leaflet/leaflet.js"), "")
    for name in (*STAGES[1:], *MARKET_NAMES[1:], *MARKET_WORDS):
        assert not re.search(rf"\b{re.escape(name)}", own, flags=re.IGNORECASE), name
    assert "p_stage" not in own and not re.search(r"(?<!aria-)\bpressed\b", own)


def test_both_languages_stand_with_their_marks(html: str) -> None:
    """One side in each body: the switch of the page is the switch of this part."""
    titles = {
        "en": "Protections here, as residents and the city name them",
        "es": "Protecciones aquí, según las nombran los residentes y la ciudad",
    }
    for code, told in (("en", html), ("es", told_in(html, "es"))):
        shape = Shape(told)
        sides = [a for t, a in shape.tags if t == "div" and "data-lang" in a]
        assert [a["lang"] for a in sides] == [code, code] == [a["data-lang"] for a in sides]
        assert "Rent registry since 2021" in shape.told
        assert [shape.told.count(title) for title in titles.values()] == [int(code == one) for one in titles]
        assert next(a for t, a in shape.tags if t == "html")["lang"] == code


def test_links_lead_to_places_on_the_page(html: str) -> None:
    shape = Shape(html)
    ids = [str(a["id"]) for _, a in shape.tags if a.get("id")]
    ours = [one for one in ids if one.startswith("pressures")]
    assert sorted(ours) == ["pressures", "pressures-short", "pressures-words"]
    links = {a["href"] for t, a in shape.tags if t == "a"}
    assert "#pressures-words" in links
    assert all(link is not None and link[1:] in ids for link in links)


def test_households_rents_and_protections_come_first() -> None:
    told = Shape(public()).told
    order = ["1,150 of 3,400 renter households", "The middle rent is the one", "Protections here", "What it means",
             "What it does not mean", "Tract by tract", "How this figure is made"]  # fmt: skip
    part = told[told.index("When rents rise: what four shares say") :]
    places = [part.index(one) for one in order]
    assert places == sorted(places)


def test_without_protections_the_meeting_is_asked() -> None:
    for side, question in zip(view()["sides"], ("what protects tenants here?", "¿qué protege aquí"), strict=True):
        assert question in side["ask"] and side["protections"] == []
    named = view(protections=["Rent registry since 2021"])["sides"][0]
    assert named["ask"] == "What else protects tenants here?"


def test_the_rents_of_the_tracts_are_counted() -> None:
    english = view()["sides"][0]["rents"]
    assert english[1] == (
        "Tracts where it rose after inflation: 1. Where it fell: 0. Too close to tell: 1. Not known: 1."
    )
    assert view(years=[None, 2024])["sides"][0]["rents"] == ["How the middle rent has changed is not known."]


def test_a_card_in_words() -> None:
    first, second, third, fourth = view()["sides"][0]["cards"]
    assert (first["name"], first["held"]) == ("Tract 1", "Shares that are larger here: 4 of 4.")
    assert first["chance"] == "Chance that three or more are larger: over 99%, very likely."
    assert first["lines"] == [
        "1,200 ± 100 households live here; 698 ± 81 of them rent.",
        "After inflation, the middle rent rose from 2014 to 2024.",
        "Another method (the rule of the Urban Displacement Project, worked out by us) agrees: it counts this tract "
        "too.",
    ]
    renters = first["pressures"][0]
    assert (renters["here"], renters["there"], renters["told"]) == (
        "58% ± 7 points", "36.9% ± 0.4 points", "yes, very likely (over 99%)",
    )  # fmt: skip
    assert renters["bar"] == {"length": 58.0, "from": 51.0, "to": 65.0, "base": 36.9}
    assert [p["sign"] for p in second["pressures"]] == ["yes-sure", "yes-close", "no-sure", "yes-close"]
    assert len(second["caveats"]) == 2 and "study beyond high school" in second["caveats"][0]
    assert third["absent"] and "pressures" not in third and third["summary"] == "no number"
    assert fourth["held"] == "Shares that are larger here: at least 2 of 4; not known: 1."
    assert fourth["pressures"][1]["bar"] is None and fourth["pressures"][1]["here"] == "not known"
    spanish = view()["sides"][1]["cards"][1]
    assert spanish["name"] == "Sector censal 2"
    assert spanish["lines"][2] == (
        "Otro método (la regla del Urban Displacement Project, calculada por nosotros) no coincide: no cuenta este "
        "sector."
    )


def test_cards_stand_in_the_order_of_their_tracts() -> None:
    for side in view()["sides"]:
        zones = [one["zone"] for one in side["cards"]]
        assert zones == sorted(zones)


def test_it_claims_no_more_than_the_plain_count_can_be_worked_out_again() -> None:
    english, spanish = view()["sides"]
    assert english["rebuild_can"] == (
        "Anyone can work out the plain count from public tables. The chances also need justgeo’s own code, which is "
        "open."
    )
    assert "necesitan además el código de justgeo" in spanish["rebuild_can"]
    told = Shape(public()).told
    assert english["rebuild_can"] in told and "Anyone can rebuild" not in told
    rebuild = english["rebuild"]
    assert rebuild["tables"] == [
        "It comes from public tables of the Census Bureau: the American Community Survey of 2020–2024."
    ]
    assert dict(rebuild["list"])["B25003"] == "homes that are rented or owned"
    assert all(what for _, what in rebuild["list"])
    assert any("10,000 times" in step for step in rebuild["steps"])
    assert any("80% of the middle income of Nowhere County (B19013)" in step for step in rebuild["steps"])
    assert any("survey of 2010–2014 and the consumer price index" in step for step in rebuild["steps"])
    alone = view(years=[None, 2024])["sides"][0]["rebuild"]["steps"]
    assert not any("consumer price" in step for step in alone)
    assert any("fewer than 100 households" in step and "more than 50%" in step for step in rebuild["steps"])


def test_nothing_is_shown_where_there_is_nothing_to_say() -> None:
    nothing = {"cards": [], "region": [], "tables": [], "reason": "its conditions are judged against a county"}
    assert displacement_block.view(content(**nothing)) is None
    assert displacement_block.view(results.to_dict(made.baseline())) is None
    named = view(**nothing, protections=["Rent registry since 2021"])["sides"]
    assert named[0]["no_figure"] == "There is no figure for this district."
    assert named[1]["why"] == ("its conditions are judged against a county", "en")


def test_a_place_with_no_block_renders_as_before(html: str) -> None:
    whole = made.baseline()
    plain = page.render(results.to_dict(whole), made.checklist(), results.zones_frame(whole.zones), made.basemap())
    assert 'id="pressures"' not in plain and 'id="pressures"' in html


def test_hostile_protections_and_names_are_text() -> None:
    bad = made.HOSTILE
    whole = md.baseline(protections=[bad, "Rent registry"], name=f"Hill {bad}")
    zones = replace(whole.zones, names=tuple(f"{name} {bad}" for name in whole.zones.names))
    block = md.block([bad], reference=f"County {bad}")
    block["cards"][2]["reason"] = f"why {bad}"
    whole = replace(whole, zones=zones, displacement=block)
    told = page.render(results.to_dict(whole), made.checklist(), results.zones_frame(zones), made.basemap())
    shape = Shape(told)
    assert not [t for t, _ in shape.tags if t == "img"]
    assert sum(t == "script" for t, _ in shape.tags) == 7
    assert not any(name.startswith("on") for _, attrs in shape.tags for name in attrs)
    assert shape.told.count("<img src=x") >= 10


def test_a_dark_area_is_a_likely_one_not_the_likeliest_here() -> None:
    whole = md.baseline()
    shown = choropleth.payload(remarks.marked(results.to_dict(whole)))
    row = next(one for one in shown["indicators"] if one["id"] == md.HOMES.id)
    assert row["labels"] == ["under 10%", "10% to under 30%", "30% to under 70%", "70% to under 90%", "90% or more"]
    assert row["classes"] == [4, 2, -1, -1]
    assert [cell[2] for cell in row["cells"]] == ["chance", "even", "absent", "absent"]
    assert (row["even"], row["low"]) == (1, 0)


# --------------------------------------------------------------------------------------------- the analyst's page


def test_the_same_content_gives_the_same_page(analyst: dict[str, Any], internal: str) -> None:
    assert displacement_page.render(analyst) == internal
    assert "\r" not in internal


def test_nothing_but_itself_and_one_known_script(internal: str) -> None:
    shape = Shape(internal)
    policy = next(a["content"] for _, a in shape.tags if a.get("http-equiv") == "Content-Security-Policy")
    codes = re.findall(r"<script>(.*?)</script>", internal, flags=re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(c.encode("utf-8")).digest()).decode("ascii") for c in codes}
    assert policy is not None and set(re.findall(r"'sha256-([^']+)'", policy)) == digests and len(codes) == 1
    assert not [t for t, a in shape.tags if a.get("src") or t in ("link", "iframe", "img", "object", "base")]
    ids = [a["id"] for _, a in shape.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    assert all(a["href"] is not None and a["href"][1:] in ids for t, a in shape.tags if t == "a")


def test_it_says_that_it_is_internal_and_invented(internal: str) -> None:
    shape = Shape(internal)
    assert (
        shape.told.count(displacement_page.MARK) == 2 and displacement_page.MARK in internal[: internal.index("<main")]
    )
    assert f'content: "{displacement_page.MARK}"' in internal, "and on every printed page"
    assert internal.count(results.INVENTED) >= 2
    real = displacement_page.render(md.analyst(synthetic=False, invented=""))
    assert "INVENTED" not in real


def test_the_headline_comes_before_the_stages(internal: str) -> None:
    told = Shape(internal).told
    order = ["Homes in tracts that are vulnerable", "Tracts", "Thresholds", "Methods against", "Stages", "Sensitivity"]
    places = [told.index(one, told.index("Homes in tracts")) for one in order]
    assert places == sorted(places)


def test_tracts_stand_by_geoid_and_every_one_has_its_card(analyst: dict[str, Any], internal: str) -> None:
    rows = re.findall(r'<tr data-geoid="(\d+)">', internal)
    assert rows == [one["geoid"] for one in analyst["tracts"]] == sorted(rows)
    data = json.loads(re.findall(r'id="displacement-data">(.*?)</script>', internal, flags=re.DOTALL)[0])
    assert set(data["cards"]) == set(rows)
    assert sum("aria-sort" in tag for tag in re.findall(r"<th[^>]*>", internal)) == 1
    excluded = data["cards"][rows[3]]
    assert excluded["excluded"] == "fewer than 100 households" and "parts" not in excluded
    card = data["cards"][rows[12]]
    assert [len(part["lines"]) for part in card["parts"]] == [4, 4, 6]
    assert len(card["stages"]) == 3 and card["opinions"][0]["title"].startswith("Vulnerable")
    assert not re.search(r"\bnan\b|None|undefined", json.dumps(data))


def test_every_number_of_a_card_is_that_of_its_tract(analyst: dict[str, Any], internal: str) -> None:
    data = json.loads(re.findall(r'id="displacement-data">(.*?)</script>', internal, flags=re.DOTALL)[0])
    units = {one["id"]: one["unit"] for one in analyst["conditions"]}
    for tract in analyst["tracts"]:
        lines = [line for part in data["cards"][tract["geoid"]].get("parts", []) for line in part["lines"]]
        for key, value, holds, p, _ in lines:
            own = tract["conditions"][key]
            assert value == figure(own, units[key]) and holds == own["holds"] and p == percent(own["p"])


def test_the_agreement_is_the_same_from_both_sides(internal: str, analyst: dict[str, Any]) -> None:
    pair = next(one for one in analyst["agreement"]["pairs"] if (one["a"], one["b"]) == ("vulnerable", "udp"))
    told = Shape(internal).told
    both = f"both {pair['both']} · only this row "
    assert f"{both}{pair['only_a']} · only the column {pair['only_b']} · neither {pair['neither']}" in told
    assert f"{both}{pair['only_b']} · only the column {pair['only_a']} · neither {pair['neither']}" in told


def test_a_region_without_shapes_has_a_table_all_the_same() -> None:
    told = displacement_page.render(md.analyst(shapes=None, outline=None))
    assert "<svg class" not in told and told.count("<tr data-geoid") == 40


def test_the_map_marks_what_is_uncertain_and_what_has_no_class(analyst: dict[str, Any]) -> None:
    drawn = displacement_map.draw(analyst)
    assert drawn is not None and len(drawn.tracts) == 40 and drawn.outline.startswith("M")
    assert drawn.width <= 760 and drawn.height <= 620
    for tract in analyst["tracts"]:
        for fills in drawn.fills.values():
            fill, p = fills[tract["geoid"]], tract["p_vulnerable"]
            if tract["excluded"] or p is None:
                assert fill == "url(#absent)"
            else:
                assert fill.startswith("url(#hatch-") == (0.3 < p < 0.7)
    reds_and_greens = re.findall(r"#(?:f|e|d|c)\w0\w0\w|#0\w(?:f|e|d|c)\w0\w", json.dumps(drawn.fills))
    assert reds_and_greens == []


def test_a_district_shows_the_part_inside() -> None:
    told = Shape(displacement_page.render(md.analyst(kind="district"))).told
    assert "In the district" in told and "60%" in told and "The district, held against 40 tracts" in told


def test_hostile_texts_stay_texts() -> None:
    bad = made.HOSTILE
    told = md.analyst(name=f"Hill {bad}", notes=[bad])
    told["reference"]["excluded"] = {"99001000400": bad}
    told["tracts"][3]["excluded"] = told["cards"][3]["excluded"] = bad
    told["methods"][0]["title"] = bad
    shape = Shape(displacement_page.render(told))
    assert not [t for t, _ in shape.tags if t == "img"]
    assert sum(t == "script" for t, _ in shape.tags) == 2
    assert not any(name.startswith("on") for _, attrs in shape.tags for name in attrs)


def test_a_link_in_the_template_is_refused(monkeypatch: pytest.MonkeyPatch, analyst: dict[str, Any]) -> None:
    monkeypatch.setattr(inline, "stylesheet", lambda name: "p { background: url(https://example.org/x.png) }")
    with pytest.raises(OutputError, match="outside itself"):
        displacement_page.render(analyst)


@pytest.mark.parametrize(
    ("value", "moe", "unit", "told"),
    [
        (0.58, 0.07, "share", "58% ± 7 points"),
        (0.0312, 0.07, "points", "+3 ± 7 points"),
        (-0.0312, 0.07, "points", "−3 ± 7 points"),
        (0.42, 0.134, "change", "+42% ± 13 points"),
        (395_000.0, 22_000.0, "dollars", "$395,000 ± $22,000"),
        (1_204.0, 96.0, "households", "1,200 ± 100"),
        (0.001, 0.07, "points", "+0.1 ± 7.0 points"),
        (0.031, None, "points", "+3.1 points"),
        (None, None, "share", "–"),
    ],
)
def test_figures_have_their_unit(value: float | None, moe: float | None, unit: str, told: str) -> None:
    assert figure(md.figure(value, moe) if value is not None else {"value": None, "moe": None}, unit) == told


def test_it_is_written_with_plain_line_ends(tmp_path: Any, analyst: dict[str, Any], internal: str) -> None:
    displacement_page.write(tmp_path / "displacement.html", analyst)
    assert (tmp_path / "displacement.html").read_bytes() == internal.encode("utf-8")
