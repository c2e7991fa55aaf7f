"""What a run says of its data: in the results, on their page, in a table, and beside every number that is concerned."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from justgeo import quality, quality_layers, quality_sums, quality_zones
from justgeo.core.errors import LayerError
from justgeo.core.quality import STATUSES, Check, Rule
from justgeo.core.result import Record
from justgeo.measure import sanity_places
from justgeo.report import quality_page, remarks
from tests import nowhere

RULES = (*quality_sums.RULES, *quality_layers.RULES, *quality_zones.RULES)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nowhere.demo(tmp_path_factory, "nowhere-invented")


@pytest.fixture(scope="module")
def results(out: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return found


def record(value: float | None, moe: float | None = 0.01, **more: Any) -> Record:
    told: dict[str, Any] = {"unit": "share", "universe": "homes", "reliability": "high", "reason": None, **more}
    return Record("district", "BEL-02", "all", value, moe, told.pop("unit"), told.pop("universe"), **told)


# In the results ------------------------------------------------------------------------------------------------------


def test_the_invented_county_has_nothing_odd_and_much_that_holds(results: Mapping[str, Any]) -> None:
    told = results["quality"]
    assert [one["id"] for one in told["checks"] if one["status"] == "odd"] == []
    assert told["counts"] == {s: sum(one["status"] == s for one in told["checks"]) for s in STATUSES}
    assert told["counts"]["holds"] >= 30
    assert len({one["id"] for one in told["checks"]}) == len(told["checks"])
    assert not any(str(flag).startswith(quality.FLAG) for r in results["records"] for flag in r["flags"])


def test_what_was_promised_is_checked(results: Mapping[str, Any]) -> None:
    ids = {one["id"] for one in results["quality"]["checks"]}
    assert {rule.id for rule in RULES} <= ids
    assert {rule.id for rule in sanity_places.RULES} <= ids


def test_every_check_says_what_it_asks_and_why_it_has_no_answer(results: Mapping[str, Any]) -> None:
    for one in results["quality"]["checks"]:
        assert len(one["title"]) > 10 and one["source"], one["id"]
        assert one["found"] is None or one["status"] != "unknown", one["id"]
        assert bool(one["why"]) == (one["status"] != "holds"), one["id"]
        low, high = one["low"], one["high"]
        if one["status"] == "holds" and one["found"] is not None:
            assert (low is None or one["found"] >= low) and (high is None or one["found"] <= high), one["id"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_limits_a_reason_and_a_remedy(rule: Rule) -> None:
    assert rule.low is not None or rule.high is not None
    assert len(rule.matters) > 20 and len(rule.remedy) > 10
    if rule.low is not None:
        assert rule.check(rule.low, (), "low").status == "holds"
        assert rule.check(rule.low - 1e-6, ("a",), "low").status == "odd"
    if rule.high is not None:
        assert rule.check(rule.high, (), "high").status == "holds"
        assert rule.check(rule.high + 1e-6, ("a",), "high").why == "high"
    assert rule.unknown("nobody says").found is None


def test_only_tables_of_counts_are_to_add_up() -> None:
    for table in ("B25031", "B25057", "B25059", "B25097", "B06011", "B07011", "B19013", "B19081", "B20002", "B25064"):
        assert not quality_sums.counts(table), f"{table} is of medians, means or dollars"
    for table in ("B01003", "B03002", "B25003", "B25003B", "B25034", "B19001", "B25070"):
        assert quality_sums.counts(table), table


# Beside the numbers --------------------------------------------------------------------------------------------------


def odd(*layers: str, name: str = "stops-per-area") -> Check:
    return Check(
        name, "Stops of the timetable for their area", "odd", layers, 0.0, 0.1, None, "stops per km2", "no stop"
    )


def test_numbers_on_odd_data_say_so_and_absences_do_not() -> None:
    some = [
        record(0.4, layers=("gtfs", "walk")),
        record(0.4, layers=("walk",)),
        record(None, None, layers=("gtfs",), reason="no stops"),
    ]
    holds = Check("parks-and-land", "Parks and land", "holds", ("walk",), 0.1)
    found = quality.flagged(some, [odd("gtfs"), odd("gtfs", "walk", name="feed-and-map"), holds])
    assert [one.flags for one in found] == [
        ("odd data: stops-per-area", "odd data: feed-and-map"),
        ("odd data: feed-and-map",),
        (),
    ]
    again = quality.flagged(found, [odd("gtfs"), odd("gtfs", "walk", name="feed-and-map"), holds])
    assert [one.flags for one in again] == [one.flags for one in found]
    assert quality.flagged(some, [holds]) == some


@pytest.mark.parametrize(
    ("value", "moe", "unit", "told"),
    [
        (1.2, 0.1, "share", "is a share of 1.2"),
        (-0.1, 0.1, "share", "is a share of -0.1"),
        (0.5, -0.1, "share", "has a margin of -0.1"),
        (0.5, float("nan"), "share", "has a margin of nan"),
        (float("inf"), 0.1, "dollars", "is inf"),
    ],
)
def test_what_cannot_be_true_is_refused(value: float, moe: float, unit: str, told: str) -> None:
    with pytest.raises(LayerError, match=f"BEL-02 of district .* {told}") as why:
        quality_zones.refuse_impossible([record(0.5), record(value, moe, unit=unit, layers=("acs:B25003",))])
    assert "acs:B25003" in why.value.remedy


def test_what_can_be_true_is_let_pass() -> None:
    quality_zones.refuse_impossible(
        [record(0.0, 0.0), record(1.0), record(12.5, 3.0, unit="minutes"), record(None, None, reason="none")]
    )


# For people ----------------------------------------------------------------------------------------------------------


def test_the_page_and_the_table_hold_every_check(out: Path, results: Mapping[str, Any]) -> None:
    text = (out / quality_page.FILE).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO((out / quality_page.TABLE).read_text(encoding="utf-8-sig"))))
    checks = results["quality"]["checks"]
    assert [row["check"] for row in rows] == [one["id"] for one in checks]
    assert [row["status"] for row in rows] == [one["status"] for one in checks]
    for one in checks:
        assert one["title"].replace("'", "&#39;") in text, one["id"]
    assert 'lang="es"' in text and "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert f'href="{quality_page.FILE}"' in (out / "index.html").read_text(encoding="utf-8")


def test_the_head_of_the_page_says_what_is_odd(results: Mapping[str, Any]) -> None:
    told = json.loads(json.dumps(results))
    one = next(check for check in told["quality"]["checks"] if check["status"] == "holds")
    one.update(status="odd", why="7 of 9 lie elsewhere", remedy="See where they lie.")
    assert quality_page.odd(told) == [one["title"]]
    html = quality_page.render(told)
    assert "7 of 9 lie elsewhere" in html
    assert "Nothing: all that could be checked holds." not in html


def test_a_number_on_odd_data_names_the_page() -> None:
    told = {"flags": ["odd data: stops-per-area"], "error": {}, "indicator": "MOB-01.800", "unit": "share"}
    assert "quality.html" in next(iter(remarks._also(told)))
