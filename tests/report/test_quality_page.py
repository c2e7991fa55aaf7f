"""The page of data quality by hand-made checks: order, limits, what stands on them, both languages, the table."""

from __future__ import annotations

import csv
import io
from typing import Any

import jsonschema
import pytest

from justgeo.core.errors import OutputError
from justgeo.report import inline, quality_page, speech, view
from justgeo.report import results as report_results

VALIDATOR = jsonschema.Draft202012Validator(report_results.schema())


def check(name: str, status: str, layers: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    told = {"id": name, "title": f"Title of {name}", "status": status, "layers": list(layers), "found": 0.5, "low": 0.8}
    rest = {"high": None, "unit": "share", "why": "", "matters": "", "remedy": "", "source": "our choice"}
    return {**told, **rest, **more}


def having(content: dict[str, Any], *checks: dict[str, Any]) -> dict[str, Any]:
    counts = {status: sum(one["status"] == status for one in checks) for status in quality_page.MARKS}
    return {**content, "quality": {"counts": counts, "checks": list(checks)}}


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.9999, "share", "99.99%"),
        (1.0, "share", "100%"),
        (0.0004, "share of the people", "0.04%"),
        (0.0, "share", "0%"),
        (0.123, "share", "12%"),
        (4291.4, "people per km²", "4,291 people per km²"),
        (1.338, "ratio", "1.34"),
        (5.0, "years", "5 years"),
        (None, "years", ""),
    ],
)
def test_nearly_all_is_not_all(value: float | None, unit: str, told: str) -> None:
    assert quality_page.figure(value, unit) == told


@pytest.mark.parametrize(
    ("low", "high", "unit", "told"),
    [
        (0.8, None, "share", "at least 80%"),
        (1.0, None, "share", "100%"),
        (None, 5.0, "years", "at most 5 years"),
        (0.2, 80.0, "km per km²", "0.2 to 80 km per km²"),
        (0.05, 1.02, "share", "5% to 102%"),
        (1 - 1e-6, 1 + 1e-6, "ratio", "1"),
        (1e-6, 60.0, "stops per km²", "more than 0, at most 60 stops per km²"),
        (None, None, "share", ""),
    ],
)
def test_limits_in_words(low: float | None, high: float | None, unit: str, told: str) -> None:
    assert quality_page.limits(check("a", "holds", low=low, high=high, unit=unit)) == told


def test_what_is_odd_has_all_that_is_to_be_told(content: dict[str, Any]) -> None:
    layer = next(r["layers"][0] for r in content["records"] if r["value"] is not None)
    uses = {r["indicator"] for r in content["records"] if r["value"] is not None and layer in r["layers"]}
    odd = check("x", "odd", (layer,), why="half <of> it", matters="M why.", remedy="R do.")
    results = having(content, odd, check("y", "holds", found=0.9), check("z", "unknown", found=None, why="no map"))
    page = quality_page.render(results)
    english = page[page.index('<div id="en"') :]
    told = [
        "▲",
        "Title of x",
        "50%",
        "Half &lt;of&gt; it",
        "at least 80%",
        "our choice",
        "M why.",
        "R do.",
        f"<b>{len(uses)}</b>",
    ]
    places = [english.index(one) for one in (*told, "Title of y", "90%", "Title of z", "No map")]
    assert places == sorted(places), "odd first, then what holds, then what could not be checked"
    assert uses and quality_page.view(results)["odd"][0]["n"] == len(uses)


def test_only_some_of_many_indicators_are_named(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality_page, "MOST", 1)
    layers = tuple(one["id"] for one in content["layers"])
    results = having(content, check("x", "odd", layers, why="so"))
    [one] = quality_page.view(results)["odd"]
    assert one["n"] > 1 and len(one["standing"]) == 1
    assert f"and {one['n'] - 1} more" in quality_page.render(results)


def test_all_tables_of_the_survey_are_one_entry(content: dict[str, Any]) -> None:
    tables = {
        r["indicator"]
        for r in content["records"]
        for name in r["layers"]
        if name.startswith("acs:") and r["value"] is not None
    }
    [one] = quality_page.view(having(content, check("x", "holds", ("acs",), found=1.0)))["holds"]
    assert (one["layers"], one["n"]) == ("the tables of the survey", len(tables))


def test_each_language_is_whole_and_english_stands_last(content: dict[str, Any]) -> None:
    page = quality_page.render(having(content, check("x", "odd", why="so")))
    assert page.index('<div id="es" lang="es">') < page.index('<div id="en" lang="en">')
    assert "Lo que resulta raro" in page and "What is odd" in page
    assert "<script" not in page


def test_results_of_before_there_were_checks_can_be_shown(content: dict[str, Any]) -> None:
    old = {key: value for key, value in content.items() if key != "quality"}
    assert "Nothing: all that could be checked holds." in quality_page.render(old)
    assert quality_page.odd(old) == [] and view.page(old)["checked"] is False


def test_the_table_is_one_row_a_check_and_safe(content: dict[str, Any]) -> None:
    results = having(content, check("x", "odd", ("acs",), why="=1+1"), check("z", "unknown", found=None, why="no map"))
    rows = list(csv.DictReader(io.StringIO(quality_page.to_csv(results).decode("utf-8"))))
    assert [(row["check"], row["status"], row["found"]) for row in rows] == [("x", "odd", "0.5"), ("z", "unknown", "")]
    assert rows[0]["why"] == "'=1+1" and rows[0]["layers"] == "acs" and rows[0]["indicators"]


def test_the_head_of_the_page_says_it_in_both_languages(content: dict[str, Any]) -> None:
    results = having(content, check("x", "odd", why="so"), check("y", "odd", why="so"))
    for code, told in (("en", "2 checks of the data"), ("es", "2 comprobaciones de los datos")):
        with speech.language(code):
            page = view.page(results)
            html = inline.environment().from_string(_HEAD).render(page=page)
        assert told in html and '<a href="quality.html">' in html
        assert "Title of x" not in html, "for residents the number of them, not the words of experts"
    with speech.language("en"):
        assert "odd-data" not in inline.environment().from_string(_HEAD).render(page=view.page(having(content)))


_HEAD = inline.environment().loader.get_source(inline.environment(), "header.html")[0]  # type: ignore[union-attr]
_HEAD = _HEAD[_HEAD.index("{% if page.odd %}") : _HEAD.index("{% endif +%}", _HEAD.index("{% if page.odd %}")) + 12]


def test_links_lead_to_that_page_alone() -> None:
    inline.refuse_links('<a href="quality.html">x</a>', ["quality.html"])
    for bad in ('<a href="quality.html">x</a>', '<img src="quality.html">', '<a href="other.html">x</a>'):
        with pytest.raises(OutputError, match="outside itself"):
            inline.refuse_links(bad, () if bad.startswith('<a href="q') else ["quality.html"])


def test_checks_stand_in_the_results_as_the_schema_has_them(content: dict[str, Any]) -> None:
    assert content["quality"] == {"counts": {"odd": 0, "holds": 0, "unknown": 0}, "checks": []}
    good = having(
        content, check("x", "odd", why="so"), check("y", "holds"), check("z", "unknown", found=None, why="no map")
    )
    assert not list(VALIDATOR.iter_errors(good))
    for bad in (check("x", "odd", why=""), check("z", "unknown", why="a number all the same"), check("X 1", "holds")):
        assert list(VALIDATOR.iter_errors(having(content, bad))), bad
