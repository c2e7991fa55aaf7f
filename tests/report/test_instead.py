"""In place of a number that is withheld; and percentiles, which stand in the files and on no page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import jsonschema
import pytest

from justgeo.core.errors import OutputError
from justgeo.core.result import Percentile, Record
from justgeo.report import page, remarks, results, speech, tables
from justgeo.report.instead import instead, of_groups
from justgeo.report.reader import Reader
from justgeo.results import Results
from tests.report import made
from tests.report.pages import packed

HELD = ("district", "BEL-02", "race:asian")
STANDS = Percentile(0.87654321, 0.81234567, 0.91234567, 36, "households", None)
UNTOLD = Percentile(None, None, None, 12, "persons", "only 12 tracts of the reference have a number (20 are needed)")


def content(change: Callable[[Record], Record]) -> dict[str, Any]:
    whole = made.baseline()
    extra = made.Made()
    rows = {row.id: row for row in made.INDICATORS}
    extra.add("reference", rows["BEL-02"], 0.23, 0.01, "high", group="race:asian")
    return results.to_dict(replace(whole, records=tuple(change(r) for r in (*whole.records, *extra.records))))


def with_both(r: Record) -> Record:
    key = (r.zone, r.indicator, r.group)
    if key == HELD or (r.reliability == "suppressed" and r.group == "all"):
        return replace(r, instead="reference")
    if r.group != "all" or r.value is None or r.zone == "reference":
        return r
    return replace(r, percentile=UNTOLD if r.indicator == "OPP-02" else STANDS)


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return content(with_both)


def test_both_stand_in_the_results_and_keep_to_the_schema(told: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(results.schema()).validate(told)
    by = {(r["zone"], r["indicator"], r["group"]): r for r in told["records"]}
    assert by[HELD]["instead"] == {"zone": "reference"} and by[HELD]["value"] is None
    found = dict(by["district", "BEL-02", "all"]["percentile"])
    assert {name: found.pop(name) for name in ("value", "low", "high")} == dict(
        value=0.87654321, low=0.81234567, high=0.91234567
    )
    assert found == {"tracts": 36, "weight": "households", "reason": None}
    assert by["district", "OPP-02", "all"]["percentile"]["reason"] == UNTOLD.reason
    assert by["reference", "BEL-02", "all"]["percentile"] is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda r: replace(r, percentile=replace(STANDS, reason="and why not")), "percentile"),
        (lambda r: replace(r, percentile=replace(UNTOLD, reason=None)), "percentile"),
        (lambda r: replace(r, instead="elsewhere"), "elsewhere"),
    ],
)
def test_what_cannot_be_is_refused(change: Callable[[Record], Record], what: str) -> None:
    with pytest.raises(OutputError, match=what):
        content(lambda r: change(r) if (r.zone, r.indicator, r.group) == ("district", "BEL-02", "all") else r)


def test_nothing_of_a_withheld_number_is_left_with_a_percentile() -> None:
    found = content(lambda r: replace(r, percentile=STANDS) if r.reliability == "suppressed" else r)
    assert all(r["percentile"] is None for r in found["records"])


def test_the_tables_have_them(told: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(tables.indicators_csv(told).decode("utf-8"))))
    by = {(r["zone"], r["indicator"], r["group"]): r for r in rows}
    one = by["district", "BEL-02", "all"]
    assert [float(one[c]) for c in ("percentile", "percentile_low", "percentile_high")] == [
        0.87654321,
        0.81234567,
        0.91234567,
    ]
    assert (one["percentile_of"], one["percentile_tracts"], one["percentile_reason"]) == ("households", "36", "")
    gone = by[HELD]
    assert (gone["instead"], gone["instead_name"], gone["percentile"], gone["value"]) == (
        "reference",
        "Nowhere County",
        "",
        "",
    )
    frame = Results(told).table(group=None).set_index(["zone", "indicator", "group"])
    assert frame.loc[("district", "BEL-02", "all"), "percentile"] == 0.87654321
    assert frame.loc[("district", "OPP-02", "all"), "percentile_reason"] == UNTOLD.reason
    assert frame.loc[HELD, "instead"] == "reference"


def test_no_page_tells_a_percentile(told: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    html = page.render(told, made.checklist(), zones, made.basemap())
    every = "".join([html, *packed(html, "")])
    assert "percentile" not in every.casefold().replace("90th percentile", "")
    assert all(number not in every for number in ("0.8765", "87.65", "0.8123", "0.9123"))
    without = page.render(
        content(lambda r: replace(with_both(r), percentile=None)), made.checklist(), zones, made.basemap()
    )
    assert html == without


def test_the_page_says_what_a_larger_area_reports(told: dict[str, Any], zones: gpd.GeoDataFrame) -> None:
    html = page.render(told, made.checklist(), zones, made.basemap())
    assert "In Nowhere County it is 23% ± 1 point" in html


def test_the_words() -> None:
    reader = Reader(remarks.marked(content(with_both)))
    held = reader.records["BEL-02", "district", "race:asian"]
    assert instead(held, reader) == "in Nowhere County it is 23% ± 1 point"
    assert instead(reader.records["BEL-02", "district", "all"], reader) == instead(None, reader) == ""
    assert of_groups([("Asian", held)], reader) == ["In Nowhere County it is 23% ± 1 point."]
    assert of_groups([("Asian", held), ("Other", None)], reader) == ["In Nowhere County: Asian 23% ± 1 point."]
    with speech.language("es"):
        assert "en Nowhere County es 23%" in instead(held, reader)
