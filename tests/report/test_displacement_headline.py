"""What stands beside the headline: on the analyst's page, and on the public card where many homes have no chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from justgeo.measure.typology import headline
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.values import Settings, Typology
from justgeo.report import displacement_block as block
from justgeo.report import displacement_page, remarks, results
from justgeo.report.displacement_headline import beside, by_market, of_pressures, span, told
from justgeo.report.displacement_plain import clean
from tests.measure.typology import invented
from tests.report import made_displacement as md


@pytest.fixture(scope="module")
def blind() -> Typology:
    """A region of which nobody knows who touches whom."""
    return classify(replace(invented.region(8, 5), neighbours=None), Settings(draws=1_000))


def test_a_market_without_neighbours_is_told_by_both_ends(blind: Typology) -> None:
    one = clean(by_market(blind, "value", np.ones(40))["households"], "here")
    text = told(one, "households", markets=True)
    assert text.startswith("Between ") and headline.NO_NEIGHBOURS in text
    assert span(one).count("±") <= 2 and " to " in span(one)
    assert one["share"]["value"] is None and "%" not in text
    whole = clean(of_pressures(blind, np.ones(40))["households"], "here")
    assert whole["bounded"] is None and told(whole, "households", markets=False).count("weighted by chance") == 1


def test_the_analysts_page_says_what_is_in_no_number() -> None:
    """The headline of the page, its tables of markets, of methods and of other choices."""
    content = md.analyst(kind="district")
    one = content["headline"]["renter_households"]
    assert one["cut"] > 0 and one["split"]["next_door"]["value"] is not None
    html = displacement_page.render(content)
    for sentence in beside(one, "renter households"):
        assert sentence.replace("'", "&#39;") in html, sentence
    assert (
        html.count("next door only") >= 2 and "Next door only: the tract’s own prices are not among the highest" in html
    )


def test_the_analysts_page_has_bounds_where_nobody_knows_who_touches_whom(
    monkeypatch: pytest.MonkeyPatch, blind: Typology
) -> None:
    real = invented.region
    monkeypatch.setattr(invented, "region", lambda *size: replace(real(*size), neighbours=None))
    content = md.analyst()
    one = content["headline"]["households"]
    html = displacement_page.render(content)
    assert one["bounded"] == headline.NO_NEIGHBOURS
    assert f"{span(one)} <span>of " in html
    assert f"In {one['tracts']} to {one['tracts'] + one['untold']} tracts. No one number between the two" in html
    assert "Each tract by its chance" not in html
    method = next(m for m in content["methods"] if m["id"] == "pressed")
    most, of = method["flagged"] + one["untold"], method["told"] + one["untold"]
    assert f'<td class="num">{method["flagged"]} to {most} of {of}</td>' in html


def test_the_page_says_why_there_is_no_number_by_chance() -> None:
    content = md.analyst()
    why = "the chance is not known for 37% of these homes, and we stop at 10%"
    nothing = {"value": None, "moe": None}
    for one in content["headline"].values():
        one |= {"unweighted": why, "expected": nothing, "expected_share": nothing}
    html = displacement_page.render(content)
    assert f"There is no number by chance, since {why}." in html and "Each tract by its chance" not in html


def side(unknown: float, lang: str) -> str:
    content: dict[str, Any] = remarks.marked(results.to_dict(md.baseline()))
    for record in content["records"]:
        if record["zone"] == "district" and record["indicator"] == md.RENTERS.id:
            record["flags"] = [*record["flags"], f"unknown_share={unknown:.4f}"]
    found = block.view(content)
    assert found is not None
    return " ".join(next(one for one in found["sides"] if one["lang"] == lang)["rest"])


@pytest.mark.parametrize(
    ("lang", "number", "none"),
    [
        ("en", "it is about 1,050", "For more than 10% of the renter households here the chance is not known."),
        (
            "es",
            "son unos 1,050",
            "Para más del 10\u00a0% de los hogares que alquilan de aquí no se conoce la probabilidad.",
        ),
    ],
)
def test_the_public_card_gives_no_number_by_chance_of_a_part_of_the_homes(lang: str, number: str, none: str) -> None:
    some, many = side(headline.LARGE_PART, lang), side(headline.LARGE_PART + 0.01, lang)
    assert number in some and none not in some
    assert none in many and number not in many
    both = {"en": "number by chance holds both", "es": "incluye las dos cosas"}[lang]
    assert both in some and both not in many, "no margin is told of a number that is not there"
    for text in (some, many):
        assert {"en": "They are in neither number.", "es": "No están en ninguna de las dos cifras."}[lang] in text
