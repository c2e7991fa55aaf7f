"""Files of the analyst's folder: what stands in them, of hand-made content and of a small region."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import OutputError
from justgeo.measure.typology import agreement, explain, rivals, sensitivity
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.rivals import Opinion
from justgeo.measure.typology.values import CHANGES, PRESSURES, STAGES, Settings, Typology
from justgeo.report import displacement_tables as tables
from justgeo.report.displacement_content import conditions_of, content, methods_of
from justgeo.report.displacement_plain import clean, drawn
from justgeo.report.displacement_terms import CANNOT, CONDITIONS, LEFT_OUT, MARK, PUBLISHED
from justgeo.sources.typology_table import read_typology_table
from tests import tract_table

NAN = math.nan


@pytest.fixture(scope="module")
def typology(tmp_path_factory: pytest.TempPathFactory) -> Typology:
    path = tract_table.write(tmp_path_factory.mktemp("tracts") / "tracts.csv")
    tracts = read_typology_table(path, price=1.3, years=(2014, 2024)).tracts
    return classify(tracts, Settings(draws=1000))


@pytest.fixture(scope="module")
def opinions(typology: Typology) -> list[Opinion]:
    return [rivals.udp_vulnerable(typology.tracts), rivals.ding(typology.tracts)]


def told(typology: Typology, opinions: list[Opinion], **more: Any) -> dict[str, Any]:
    return content(
        typology,
        opinions,
        agreement.compare(methods_of(typology, opinions), typology.tracts.households.value),
        sensitivity.vary(typology.tracts, typology.settings, scales=(0.9,), reported=typology),
        explain.cards(typology, opinions),
        **{"name": "Gridland", "synthetic": True, **more},
    )


@pytest.fixture(scope="module")
def made(typology: Typology, opinions: list[Opinion]) -> dict[str, Any]:
    return told(typology, opinions)


def rows(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8"))))


# ------------------------------------------------------------------------------------------------------------- content


def test_content_is_json_as_it_stands(made: dict[str, Any]) -> None:
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_conditions_have_a_title_and_a_unit_each_by_the_names_of_the_cards(
    typology: Typology, made: dict[str, Any]
) -> None:
    assert list(conditions_of(typology)) == list(CONDITIONS)
    card = made["cards"][0]
    assert [line["name"] for part in ("pressures", "changes", "market") for line in card[part]] == list(CONDITIONS)
    for line in (*card["pressures"], *card["changes"], *card["market"]):
        assert line["unit"] == CONDITIONS[line["name"]][1], line["name"]
    by_part = {part: [k for k, v in CONDITIONS.items() if v[0] == part] for part in "ABC"}
    assert (by_part["A"], by_part["B"], len(by_part["C"])) == (list(PRESSURES), list(CHANGES), 6)


def test_a_condition_says_its_threshold_and_where_it_holds(typology: Typology, made: dict[str, Any]) -> None:
    renters = next(one for one in made["conditions"] if one["id"] == "renters")
    condition = typology.pressures["renters"]
    assert renters["threshold"]["value"] == pytest.approx(condition.threshold)
    assert renters["threshold"]["moe"] == pytest.approx(condition.threshold_se * 1.645)
    assert (renters["rule"], renters["tracts"], renters["told"]) == ("above", int(condition.holds.sum()), 36)
    assert {one["rule"] for one in made["conditions"] if one["part"] == "B"} == {"at least"}


def test_stages_count_every_tract_once_as_it_stands_and_by_chance(typology: Typology, made: dict[str, Any]) -> None:
    for variant, found in made["stages"].items():
        assert [row["stage"] for row in found] == [*STAGES, CANNOT, LEFT_OUT]
        assert sum(row["tracts"] for row in found) == 36
        assert sum(row["households"] for row in found) == typology.tracts.households.value.sum()
        chances = typology.p_stage[variant]
        known = int(np.isfinite(chances).all(axis=1).sum())
        assert sum(row["expected_tracts"] for row in found[:-1]) == pytest.approx(known)


def test_a_district_is_counted_for_its_part(typology: Typology, opinions: list[Opinion], made: dict[str, Any]) -> None:
    inside = np.zeros(36)
    inside[[2, 5]] = 0.5, 1.0
    found = told(typology, opinions, at=inside)
    assert found["kind"] == "district" and made["kind"] == "region"
    for row in found["stages"]["value"]:
        assert row["tracts"] <= 2
    homes = typology.tracts.households.value
    assert sum(row["households"] for row in found["stages"]["value"]) == pytest.approx(0.5 * homes[2] + homes[5])
    told_of = found["pressures"]["households"]
    assert told_of["of"]["value"] == pytest.approx(0.5 * homes[2] + homes[5])
    assert told_of["cut"] == 1
    assert len(found["tracts"]) == 36, "the reference set is told whole"


def test_years_and_price_are_told_only_where_there_are_two_surveys(
    typology: Typology, opinions: list[Opinion], made: dict[str, Any]
) -> None:
    assert (made["years"], made["price"]) == ([2014, 2024], 1.3)
    assert made["sensitivity"][0]["years"] == [2014, 2024]
    not_said = replace(typology, tracts=replace(typology.tracts, years=(0, 1)))
    assert told(not_said, opinions)["years"] is None


def test_a_published_treatment_is_told_by_its_difference(typology: Typology, opinions: list[Opinion]) -> None:
    ours = opinions[0].holds.copy()
    theirs = ours.copy()
    ours[0], theirs[0] = NAN, 1.0
    ours[1], theirs[1] = 1.0, 0.0
    ours[2], theirs[2] = 0.0, 0.0
    mine = replace(opinions[0], holds=ours)
    published = replace(opinions[0], method=f"udp{PUBLISHED}", holds=theirs)
    found = told(typology, [mine, opinions[1]], published=published, coded=("99001000100",))["as_published"]
    assert found["method"] == "udp"
    assert found["only_published"] == [tract_table.geoid(0)]
    assert found["only_ours"] == [tract_table.geoid(1)]
    assert found["sentinels"] == ["99001000100"]
    assert found["untold_ours"] == 1
    assert found["flagged"] == int(theirs.sum()) and found["flagged_ours"] == int(np.nansum(ours))
    assert f"As published, {int(theirs.sum())} of 36 tracts are flagged" in found["words"]


def test_clean_keeps_the_order_and_has_no_word_for_no_number() -> None:
    @dataclass(frozen=True)
    class One:
        b: float
        a: tuple[float, ...]

    value = {"z": One(NAN, (1.0, NAN)), "a": np.array([np.nan, 2.0]), "n": np.int64(3), "t": np.bool_(True), "s": "x"}
    found = clean(value, "here")
    assert list(found) == ["z", "a", "n", "t", "s"]
    assert found == {"z": {"b": None, "a": [1.0, None]}, "a": [None, 2.0], "n": 3, "t": True, "s": "x"}
    with pytest.raises(OutputError, match="here, x"):
        clean({"x": math.inf}, "here")


def test_shapes_are_drawn_in_degrees_under_their_geoids() -> None:
    shapes = tract_table.shapes(2).to_crs(32614)
    found = drawn(shapes.geometry, list(shapes["GEOID"]))
    assert [one["id"] for one in found["features"]] == list(shapes["GEOID"])
    ring = np.array(found["features"][0]["geometry"]["coordinates"][0])
    assert ring.min(axis=0) == pytest.approx([-100, 40], abs=1e-3)
    assert ring.max(axis=0) == pytest.approx([-99.99, 40.01], abs=1e-3)


# --------------------------------------------------------------------------------------------------------------- files


def test_a_row_of_the_table_says_what_the_tract_says(made: dict[str, Any]) -> None:
    found = rows(tables.tracts_csv(made))
    row, tract = found[4], made["tracts"][4]
    assert row["audience"] == MARK and row["geoid"] == tract["geoid"]
    assert float(row["households"]) == tract["households"]["value"]
    assert float(row["a_renters_value"]) == tract["conditions"]["renters"]["value"]
    assert float(row["b_owners_moe"]) == tract["conditions"]["owners"]["moe"]
    assert float(row["c_value_now_high_threshold"]) == next(
        one["threshold"]["value"] for one in made["conditions"] if one["id"] == "value.now_high"
    )
    assert row["vulnerable"] == str(int(tract["vulnerable"]))
    assert row["rim"] == "", "without shapes nothing is known of the rim"
    assert row["b_income_holds"] == "", "the region's own income is not known"
    assert row["method_udp"] == str(int(tract["methods"]["udp"]))
    assert len(set(found[0])) == len(found[0])


def test_agreement_has_every_pair_and_what_each_flags(made: dict[str, Any]) -> None:
    found = rows(tables.agreement_csv(made))
    assert len(found) == 4 + 6
    for row in found:
        counts = [int(row[name]) for name in ("both", "only_a", "only_b", "neither")]
        assert sum(counts) == int(row["told"])
        assert int(row["told"]) + int(row["untold"]) == 36
    alone = next(row for row in found if row["a"] == row["b"] == "ding")
    assert int(alone["both"]) == next(m["flagged"] for m in made["methods"] if m["id"] == "ding")


def test_sensitivity_has_what_is_flagged_and_counted_for_each_choice(made: dict[str, Any]) -> None:
    found = rows(tables.sensitivity_csv(made))
    assert len(found) == 2 * 4 * 2
    first = found[0]
    assert (first["choice"], first["t0"], first["t1"], first["scale"]) == ("as reported", "2014", "2024", "1.0")
    assert (first["flagged_by"], first["counted"], first["moved_tracts"]) == ("vulnerable", "households", "0")
    assert float(first["flagged"]) == made["pressures"]["households"]["flagged"]["value"]


def headline(**more: Any) -> dict[str, Any]:
    figure = {"value": 1150.0, "moe": 90.0}
    one = {
        "of": {"value": 3400.0, "moe": 120.0}, "flagged": figure, "share": {"value": 0.338, "moe": 0.02},
        "expected": {"value": 1240.0, "moe": 310.0}, "unknown": 0.0, "reason": None,
    }  # fmt: skip
    return {**one, **more}


def content_of(one: Mapping[str, Any], market: str | None = "none") -> dict[str, Any]:
    both = {"households": one, "renter_households": one}
    tracts = [{"variants": {"value": {"market": market}}}]
    return {"headline": both, "pressures": both, "variant": "value", "tracts": tracts}


def test_the_headline_begins_with_those_who_rent() -> None:
    first, second, last = tables.headline_lines(content_of(headline()))
    assert first == (
        "1,150 ± 90 of 3,400 ± 120 renter households (34%) live in tracts where three of four pressures hold and the "
        "market of homes moves; weighted by chance, 1,240 ± 310."
    )
    assert " households (34%) live" in second and "renter" not in second
    assert last == "It does not say that anyone will move."


def test_a_headline_says_what_is_not_known() -> None:
    no_chance = headline(expected={"value": None, "moe": None}, unknown=420.0, flagged={"value": 0.0, "moe": 0.0})
    first = tables.headline_lines(content_of(no_chance))[0]
    assert "weighted" not in first
    assert first.startswith("0 of 3,400 ± 120 renter households")
    assert first.endswith("420 more renter households live in tracts of which it cannot be told.")
    nothing = tables.headline_lines(content_of(headline(reason="nobody lives here")))
    assert nothing[0] == "Renter households: no figure, since nobody lives here."


def test_where_no_market_can_be_told_the_headline_is_of_the_pressures() -> None:
    lines = tables.headline_lines(content_of(headline(), market=None))
    assert "where three of four pressures hold; weighted" in lines[0]
    assert lines[-2] == "The market of homes cannot be told here; the notes say why."


def test_the_summary_begins_with_the_mark_and_ends_with_stages_and_notes(made: dict[str, Any]) -> None:
    text = tables.summary_md(made)
    assert text.startswith(f"> {MARK}.\n")
    at = [text.index(part) for part in ("renter households", "## What each method flags", "## Stages", "## How")]
    assert at == sorted(at)
    assert "| susceptible |" in text


def test_the_readme_says_what_the_folder_does_not_say(made: dict[str, Any]) -> None:
    text = tables.readme(made)
    assert text.startswith(f"{MARK}.\nINVENTED DATA")
    assert "does not say that anyone will move" in text
    for name in set(tables.FILES) - {"README.txt", "summary.md", "summary.json"}:
        assert name in text, name
    real = tables.readme({**made, "invented": ""})
    assert "INVENTED" not in real and "\n\n\n" not in real


def test_the_folder_is_written_whole_or_not_at_all(made: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = tables.write_folder(out, made, lambda c: f"<p>{c['mark']}</p>", [{"id": "table", "file": "t.csv"}], draws=5)
    assert [path.name for path in files] == list(tables.FILES)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["made_by"], manifest["draws"]) == ("justgeo displacement", 5)
    with pytest.raises(KeyError):
        tables.write_folder(tmp_path / "other", {**made, "notes": None, "cards": 1} | {"tracts": [{}]}, str, [])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
