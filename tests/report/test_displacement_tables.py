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
from justgeo.measure.typology.flips import conditions as conditions_of
from justgeo.measure.typology.headline import NO_NEIGHBOURS
from justgeo.measure.typology.rivals import Opinion
from justgeo.measure.typology.values import CHANGES, PRESSURES, STAGES, Settings, Typology
from justgeo.report import displacement_tables as tables
from justgeo.report.displacement_content import content, methods_of
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
    assert f"treated as published, {int(theirs.sum())} of 36 tracts are flagged" in found["words"]


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


NO_FIGURE: dict[str, float | None] = {"value": None, "moe": None}


def figure(value: float, moe: float = 0.0) -> dict[str, float]:
    return {"value": value, "moe": moe}


def headline(**more: Any) -> dict[str, Any]:
    figure = {"value": 1150.0, "moe": 90.0}
    one = {
        "of": {"value": 3400.0, "moe": 120.0}, "flagged": figure, "share": {"value": 0.338, "moe": 0.02},
        "expected": {"value": 1240.0, "moe": 310.0}, "unknown": 0.0, "reason": None, "bounded": None,
        "unweighted": None, "untold": 0, "uncounted": 0, "chanceless": 0.0, "cut": 0, "tracts": 2, "told": 9,
        "bounds": {"least": figure, "most": figure, "of": {"value": 3400.0, "moe": 120.0}},
        "split": dict.fromkeys(("itself", "next_door", "falling", "unplaced"), NO_FIGURE),
    }  # fmt: skip
    return {**one, **more}


def content_of(one: Mapping[str, Any], market: str | None = "none") -> dict[str, Any]:
    both = {"households": one, "renter_households": one}
    tracts = [{"variants": {"value": {"market": market}}}]
    moving = {"prices": "home prices", "notes": []}
    return {"headline": both, "pressures": both, "variant": "value", "tracts": tracts, "market": moving}


def test_the_headline_begins_with_those_who_rent() -> None:
    first, second, last = tables.headline_lines(content_of(headline()))
    assert first == (
        "1,150 ± 90 of 3,400 ± 120 renter households (34%) live in tracts where three of four shares are high and home "
        "prices rose fast, or are high or rose fast in a tract next door; weighted by chance, 1,240 ± 310."
    )
    assert second == "1,150 ± 90 of 3,400 ± 120 households (34%) live there; weighted by chance, 1,240 ± 310."
    assert last == "It does not say that anyone will move."


def test_a_headline_says_what_is_not_known() -> None:
    bounds = {"least": figure(0.0), "most": figure(420.0, 31.0), "of": figure(3820.0, 130.0)}
    why = "the chance is not known for 37% of these homes, and we stop at 10%"
    no_chance = headline(expected=NO_FIGURE, unweighted=why, unknown=500.0, flagged=figure(0.0), bounds=bounds)
    first = tables.headline_lines(content_of(no_chance))[0]
    assert first.startswith("0 of 3,400 ± 120 renter households")
    assert "next door; there is no number weighted by chance, since the chance is not known for 37% of these" in first
    assert (
        "420 more renter households live in tracts of which it cannot be told: counting none or all of them, it is 0 "
        "to 420 ± 31 of 3,820 ± 130." in first
    )
    assert first.endswith("80 more renter households live in tracts that are left out.")
    nothing = tables.headline_lines(content_of(headline(reason="nobody lives here")))
    assert nothing[0] == "Renter households: no figure, since nobody lives here."
    alone = content_of(headline())
    alone["headline"] = {"renter_households": headline(reason="nobody rents here"), "households": headline()}
    assert "households (34%) live in tracts where three of four" in tables.headline_lines(alone)[1]


def test_a_headline_says_which_homes_are_in_no_number_by_chance() -> None:
    first = tables.headline_lines(content_of(headline(chanceless=210.0, uncounted=3, cut=8)))[0]
    assert (
        "weighted by chance, 1,240 ± 310. The tracts of 210 of these renter households have no chance: they " in first
    )
    assert "Tracts whose number of renter households is not known: 3; they are in no number here." in first
    assert "Tracts that lie in the district in part: 8; what dividing them adds is in no margin here." in first
    bare = tables.headline_lines(content_of(headline()))[0]
    assert bare.endswith("1,240 ± 310.")


def test_a_headline_of_bounds_has_no_number_between_them() -> None:
    bounds = {"least": figure(1000.0, 80.0), "most": figure(1800.0, 110.0), "of": figure(3400.0, 120.0)}
    nothing = dict.fromkeys(("of", "flagged", "share", "expected"), NO_FIGURE)
    first = tables.headline_lines(
        content_of(headline(**nothing, bounded="who touches whom is not known", bounds=bounds))
    )[0]
    assert first.startswith("Between 1,000 ± 80 and 1,800 ± 110 of 3,400 ± 120 renter households live in tracts where ")
    assert first.endswith("; no one number between the two can be told, since who touches whom is not known.")
    assert "weighted" not in first and "%" not in first


def test_a_headline_tells_whose_own_market_moves_and_who_lives_next_door_to_one() -> None:
    split = {"itself": figure(700.0, 60.0), "next_door": figure(450.0, 50.0), "falling": figure(120.0, 30.0)}
    first = tables.headline_lines(content_of(headline(split={**split, "unplaced": figure(0.0)})))[0]
    assert first.endswith(
        "Of these, 700 ± 60 where the tract's own prices rose fast, 450 ± 50 next door only (120 ± 30 where the "
        "tract's own fell, in real terms)."
    )
    unplaced = tables.headline_lines(content_of(headline(split={**split, "unplaced": figure(90.0, 20.0)})))[0]
    assert unplaced.endswith("in real terms), 90 ± 20 where it cannot be told which.")


def test_without_shapes_no_file_has_a_share_of_the_tracts_that_can_be_told(made: dict[str, Any]) -> None:
    """The region of the table has no shapes: what hangs on a neighbour cannot be told, and what can is no sample."""
    one = made["headline"]["households"]
    assert one["bounded"] == NO_NEIGHBOURS and one["share"]["value"] is one["expected"]["value"] is None
    assert one["bounds"]["least"]["value"] < one["bounds"]["most"]["value"]
    assert "Between " in tables.summary_md(made) and "weighted by chance" not in tables.summary_md(made)
    pressed = next(line for line in tables.method_lines(made) if "next door" in line)
    method = next(one for one in made["methods"] if one["id"] == "pressed")
    assert f"{method['flagged']} to {method['flagged'] + 36 - method['told']} of 36 tracts" in pressed
    for row in rows(tables.sensitivity_csv(made)):
        assert row["reason"] == (NO_NEIGHBOURS if row["flagged_by"].startswith("pressed") else "")
        assert (row["share"] == "") == (row["expected_tracts"] == "") == (row["expected"] == "") == bool(row["reason"])
        assert float(row["bounds_least"]) <= float(row["bounds_most"]) <= float(row["bounds_of"])


def test_where_no_market_can_be_told_the_headline_is_of_the_pressures() -> None:
    lines = tables.headline_lines(content_of(headline(), market=None))
    assert "where three of four shares are high; weighted" in lines[0]
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
