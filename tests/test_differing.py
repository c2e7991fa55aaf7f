"""Two runs against each other: what moved, by how much, by which input, and what must not be called a change."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from justgeo import differing
from justgeo.core.errors import OutputError
from justgeo.core.layer import Provenance
from justgeo.core.result import Baseline
from justgeo.differing import Change, Difference
from justgeo.report import results, write
from tests.report import made, made_displacement

SETTINGS = {"district.toml": "1" * 64, "boundary": "2" * 64, "answers": "3" * 64, "catalogue/indicators.yml": "4" * 64}
RUN = {"justgeo": "0.1.0", "python": "3.11.7", "packages": {"numpy": "2.1.0"}}
READ = {"source": "Census", "dataset": "Counties", "vintage": "2024", "retrieved": "", "sha256": "e" * 64}

Edit = Callable[[Baseline], Baseline]


@pytest.fixture(scope="module")
def before() -> Baseline:
    return replace(made.baseline(), settings={"acs_years": {"t1": 2024}, "halo_m": 1246.07, "reference": "the county"})


@pytest.fixture
def against(before: Baseline, tmp_path: Path) -> Callable[..., Difference]:
    """The difference between a run and the same with something edited."""
    write_run(tmp_path / "one", before)

    def held(*edits: Edit, **manifest: Any) -> Difference:
        after = before
        for edit in edits:
            after = edit(after)
        write_run(tmp_path / "two", after, **manifest)
        return differing.diff(tmp_path / "one", tmp_path / "two")

    return held


def write_run(
    folder: Path,
    baseline: Baseline,
    settings: Mapping[str, str] = SETTINGS,
    run: Mapping[str, Any] = RUN,
    read: Mapping[str, str] = READ,
) -> None:
    content = results.to_dict(baseline)
    folder.mkdir(exist_ok=True)
    (folder / "results.json").write_bytes(results.dump(content))
    outputs = {"results.json": hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()}
    files = [{"id": name, "file": name, "sha256": digest} for name, digest in settings.items()]
    more = {"run": run, "settings": files, "inputs": [{"id": "counties", **read}]}
    (folder / "manifest.json").write_bytes(write.manifest_bytes(content, outputs, more))


def record(indicator: str, zone: str = "district", group: str = "all", **changed: Any) -> Edit:
    """One record changed; with ``gone``, taken out."""

    def edit(baseline: Baseline) -> Baseline:
        key, rows = (zone, indicator, group), []
        assert any((r.zone, r.indicator, r.group) == key for r in baseline.records)
        for row in baseline.records:
            if (row.zone, row.indicator, row.group) != key:
                rows.append(row)
            elif "gone" not in changed:
                rows.append(replace(row, **changed))
        return replace(baseline, records=tuple(rows))

    return edit


def layer(name: str, **changed: Any) -> Edit:
    def edit(baseline: Baseline) -> Baseline:
        assert any(one.layer == name for one in baseline.layers)
        rows = tuple(replace(one, **changed) if one.layer == name else one for one in baseline.layers)
        return replace(baseline, layers=rows)

    return edit


def row(name: str, **changed: Any) -> Edit:
    def edit(baseline: Baseline) -> Baseline:
        rows = tuple(replace(one, **changed) if one.id == name else one for one in baseline.indicators)
        return replace(baseline, indicators=rows)

    return edit


def survey_of(year: int, sha256: str = "f" * 64) -> Edit:
    """The same tables of another five years."""
    old, new = "acs:B25003@2024", f"acs:B25003@{year}"

    def edit(baseline: Baseline) -> Baseline:
        renamed = tuple(
            replace(one, layers=tuple(new if name == old else name for name in one.layers)) for one in baseline.records
        )
        told = layer(old, layer=new, vintage=f"{year - 4}-{year}", sha256=sha256)(baseline)
        return replace(told, records=renamed, settings={**baseline.settings, "acs_years": {"t1": year}})

    return edit


def only(difference: Difference, *kinds: str) -> Change:
    (found,) = difference.of(*kinds) if kinds else difference.changes
    return found


def said(difference: Difference) -> str:
    """Everything in words, without the line breaks."""
    lines = differing.words(difference)
    assert max(map(len, lines)) <= 100
    return " ".join(" ".join(lines).split())


# ----------------------------------------------------------------------------------------------- nothing, or almost


def test_the_same_run_is_the_same(against: Callable[..., Difference], before: Baseline) -> None:
    found = against(run={**RUN, "finished": "later"})
    assert found.empty
    assert (found.same, found.same_inputs) == (len(before.records), len(before.layers) + 1)
    assert said(found) == f"Mill Pond: the second run against the first the same to the last digit: {found.same} " + (
        "records, 5 inputs"
    )
    assert list(differing.table(found).columns) == list(differing.COLUMNS) and differing.table(found).empty


def test_less_than_a_result_has_digits_is_no_difference(against: Callable[..., Difference]) -> None:
    assert against(record("BEL-02", value=0.5347 + 1e-14)).empty
    assert not against(record("BEL-02", value=0.5347 + 1e-11)).empty


def test_what_is_the_same_in_its_value_is_counted_and_not_listed(against: Callable[..., Difference]) -> None:
    found = against(
        record("BEL-02", moe=0.05),
        record("OPP-01", "99001000004", reason="another reason"),
        record("BEL-03", comparison=None),
        layer("acs:B25003@2024", sha256="9" * 64),
    )
    kinds = {(c.indicator, c.kind) for c in found.changes}
    assert kinds == {("BEL-02", "margin alone"), ("OPP-01", "other parts"), ("BEL-03", "other parts")}
    assert "1 margin alone, 2 other parts" in said(found)
    assert "Numbers of" not in said(found)
    absent = against(record("ENV-01", reason="the raster was lost"))
    assert only(absent).kind == "reason alone"


# ------------------------------------------------------------------------------------------------------- judgements


def test_the_same_survey_is_never_tested(against: Callable[..., Difference]) -> None:
    found = against(layer("acs:B25003@2024", sha256="9" * 64), record("BEL-02", value=0.95))
    moved = only(found)
    assert (moved.kind, moved.judgement) == ("moved", "the same survey read otherwise")
    assert moved.difference == pytest.approx(0.4153) and moved.difference_moe is None
    assert moved.inputs == ("acs:B25003@2024",) and moved.otherwise == ()
    text = (
        "BEL-02 Renters: 53% ± 4 points → 95% ± 4 points; up 42 points, the same survey read otherwise; by acs:B25003"
    )
    assert text in said(found)


@pytest.mark.parametrize(
    ("new", "judgement"),
    [
        (0.5347 - 0.0502, "larger than the margins allow"),  # sqrt(0.0402**2 + 0.03**2) = 0.050160
        (0.5347 - 0.0501, "within the margins"),
        (0.5347 + 0.0502, "larger than the margins allow"),
        (0.5347 + 0.0501, "within the margins"),
    ],
)
def test_periods_that_lie_apart_are_judged_by_both_margins(
    against: Callable[..., Difference], new: float, judgement: str
) -> None:
    found = against(survey_of(2019), record("BEL-02", value=new, moe=0.03))
    moved = next(c for c in found.of("moved") if (c.zone, c.indicator, c.group) == ("district", "BEL-02", "all"))
    assert moved.judgement == judgement
    assert moved.difference == pytest.approx(new - 0.5347)
    assert moved.difference_moe == pytest.approx(math.sqrt(0.0402**2 + 0.03**2))
    assert "± 5 points" in said(found) and judgement in said(found)


@pytest.mark.parametrize("year", [2020, 2023, 2028])
def test_periods_that_overlap_are_not_compared(against: Callable[..., Difference], year: int) -> None:
    moved = only(against(survey_of(year), record("BEL-02", value=0.9)), "moved")
    assert moved.judgement == "the survey's periods overlap, not comparable by this test"
    assert moved.difference_moe is None


def test_an_earlier_period_that_was_the_newest_is_shared(against: Callable[..., Difference], before: Baseline) -> None:
    """One run holds 2020-2024 and an earlier survey, the other that earlier survey alone: they share its answers."""
    older = Provenance("acs:B25003@2014", "U.S. Census Bureau", "ACS", "2010-2014", sha256="7" * 64)

    def both(baseline: Baseline) -> Baseline:
        settings = {**baseline.settings, "acs_years": {"t0": 2014, "t1": 2029}}
        told = replace(baseline, layers=(*baseline.layers, older), settings=settings)
        return record("BEL-02", value=0.9, layers=("acs:B25003@2029", "acs:B25003@2014"))(survey_of(2029)(told))

    alone = next(c for c in against(both).of("moved") if c.group == "all" and c.zone == "district")
    assert alone.judgement == "larger than the margins allow"
    older = replace(older, layer="acs:B25003@2024", vintage="2020-2024")

    def shared(baseline: Baseline) -> Baseline:
        told = survey_of(2029)(baseline)
        told = replace(told, layers=(*told.layers, older))
        return record("BEL-02", value=0.9, layers=("acs:B25003@2029", "acs:B25003@2024"))(told)

    found = next(c for c in against(shared).of("moved") if c.group == "all" and c.zone == "district")
    assert found.judgement.startswith("the survey's periods overlap")


def test_the_newest_survey_of_one_run_is_held_against_the_newest_of_the_other(
    against: Callable[..., Difference],
) -> None:
    found = against(survey_of(2019), record("BEL-02", value=0.9))
    (moved,) = found.inputs
    assert (moved.layer, moved.state) == ("acs:B25003@2019", "moved")
    assert moved.parts["vintage"] == ("2020-2024", "2015-2019")
    assert [(s.name, s.old, s.new) for s in found.settings] == [("acs_years.t1", 2024, 2019)]


def test_what_is_no_sample_is_told_without_a_test(against: Callable[..., Difference]) -> None:
    found = against(layer("parks", sha256="9" * 64), record("WEL-04.800", value=0.75))
    moved = only(found)
    assert (moved.judgement, moved.inputs) == ("not a sample, no test", ("parks",))
    assert "72% → 75%; up 3 points, not a sample, no test; by parks" in said(found)


def test_an_unknown_margin_is_said_to_be_unknown(against: Callable[..., Difference]) -> None:
    assert only(against(record("WEL-05", value=7.0))).judgement == "margin not known, no test"
    # Of one side too: a margin that was known and is not any more.
    lost = against(survey_of(2019), record("BEL-02", value=0.9, moe=None, reliability="unknown"))
    assert only(lost, "moved").judgement == "margin not known, no test"


@pytest.mark.parametrize(
    ("old", "new", "judgement"),
    [
        ("2015-2019", "2020-2024", "larger than the margins allow"),
        ("2018-2022", "2020–2024", "the survey's periods overlap, not comparable by this test"),
        ("2019 (city)", "2024 (city)", "larger than the margins allow"),
        ("2019", "2019", "the same survey read otherwise"),
        ("first wave", "first wave", "the same survey read otherwise"),
        ("first wave", "second wave", "the survey's periods are not stated, no test"),
        ("2019", "second wave", "the survey's periods are not stated, no test"),
    ],
)
def test_a_planners_own_survey_is_judged_by_its_vintage(
    before: Baseline, tmp_path: Path, old: str, new: str, judgement: str
) -> None:
    sides = []
    for name, vintage, value in (("a", old, 0.3), ("b", new, 0.6)):
        own = Provenance("table:BEL-02", "City", "Own survey", vintage, sha256=name * 64)
        told = replace(before, layers=(*before.layers, own))
        write_run(tmp_path / name, record("BEL-02", value=value, layers=("table:BEL-02", "blocks"))(told))
        sides.append(tmp_path / name)
    moved = only(differing.diff(*sides), "moved")
    assert (moved.judgement, moved.inputs) == (judgement, ("table:BEL-02",))


def test_a_planners_table_without_margins_is_no_survey(before: Baseline, tmp_path: Path) -> None:
    for name, value in (("a", 0.3), ("b", 0.6)):
        own = Provenance("table:WEL-05", "City", "Count", "2024", sha256=name * 64)
        told = replace(before, layers=(*before.layers, own))
        write_run(tmp_path / name, record("WEL-05", value=value, layers=("table:WEL-05",))(told))
    assert only(differing.diff(tmp_path / "a", tmp_path / "b")).judgement == "margin not known, no test"


def test_what_stands_beside_displacement_is_told_where_it_alone_moved(before: Baseline, tmp_path: Path) -> None:
    block = made_displacement.block(["Rent registry since 2021"])
    told = replace(before, displacement=block)
    fewer = {**block["cards"][0], "caveats": ["students"]}
    for name, after, said_of in (
        ("same", block, ()),
        ("words", {**block, "protections": []}, ("displacement (protections)",)),
        ("card", {**block, "cards": [fewer, *block["cards"][1:]]}, ("displacement (cards)",)),
        ("none", None, ("displacement",)),
    ):
        write_run(tmp_path / "a", told)
        write_run(tmp_path / name, replace(before, displacement=after))
        found = differing.diff(tmp_path / "a", tmp_path / name)
        assert (found.parts, found.changes, found.empty) == (said_of, (), not said_of)
        assert all(f"other parts of the results: {part}" in said(found) for part in said_of)


# ----------------------------------------------------------------------------------------- appeared, absent, in words


def test_what_went_absent_and_what_appeared_have_their_reasons(against: Callable[..., Difference]) -> None:
    def without_parks(baseline: Baseline) -> Baseline:
        kept = tuple(one for one in baseline.layers if one.layer != "parks")
        absent = {**baseline.absent_layers, "parks": "the city took it down"}
        rows = tuple(
            r
            if "parks" not in r.layers
            else replace(r, value=None, moe=None, reliability="absent", reason="no parks", layers=(), comparison=None)
            for r in baseline.records
        )
        return replace(baseline, layers=kept, absent_layers=absent, records=rows)

    found = against(
        without_parks, record("MOB-01.800", "reference", value=0.4, moe=0.0, reliability="exact", reason=None)
    )
    went = found.of("went absent")
    assert {c.indicator for c in went} == {"WEL-04.800", "WEL-05"}
    assert all(c.inputs == ("parks",) for c in went)
    assert all(c.judgement == "" and c.difference is None for c in found.changes)
    (gone,) = found.inputs
    assert (gone.layer, gone.state, gone.reason) == ("parks", "only in the first", "the city took it down")
    appeared = only(found, "appeared")
    assert (appeared.zone, appeared.indicator) == ("reference", "MOB-01.800")
    text = said(found)
    assert "parks: only in the first; the other has it not: the city took it down" in text
    assert "WEL-04.800 People within a 10-minute walk of a park: 72%, not a sample → no number (no parks)" not in text
    assert "WEL-04.800 People within a 10-minute walk of a park: 72% → no number (no parks); by parks" in text
    assert "no number (the streets do not reach so far) → 40%" in text
    assert "(absent_layers)" not in text and "other parts of the results: absent_layers" in text


def test_a_layer_that_is_new_names_what_it_gave(against: Callable[..., Difference]) -> None:
    canopy = Provenance("tree_canopy", "USFS", "Canopy", "2023", sha256="8" * 64)

    def grown(baseline: Baseline) -> Baseline:
        absent = {name: why for name, why in baseline.absent_layers.items() if name != "tree_canopy"}
        told = replace(baseline, layers=(*baseline.layers, canopy), absent_layers=absent)
        return record("ENV-01", value=0.3, moe=0.0, reliability="exact", reason=None, layers=("tree_canopy",))(told)

    found = against(grown)
    (new,) = found.inputs
    assert (new.layer, new.state, new.reason) == ("tree_canopy", "only in the second", "no canopy raster was given")
    assert only(found).kind == "appeared" and only(found).inputs == ("tree_canopy",)


def test_texts_are_changes_too(against: Callable[..., Difference]) -> None:
    found = against(record("OPP-01", "99001000004", text="≥ $200,000"))
    assert only(found).kind == "told in words"
    assert "OPP-01 Median household income: ≥ $250,000 → ≥ $200,000; by" in " ".join(
        " ".join(differing.words(found, every=True)).split()
    )
    number = against(
        record("OPP-01", "99001000004", value=190_000.0, moe=9000.0, reliability="high", text=None, reason=None)
    )
    assert (only(number).kind, only(number).difference) == ("told in words", None)


def test_records_zones_and_rows_of_one_run_alone(against: Callable[..., Difference], before: Baseline) -> None:
    found = against(record("BEL-02", gone=True))
    assert (only(found).kind, only(found).new) == ("only in the first", None)
    assert "Records of one run alone BEL-02 Renters: 1 only in the first" in said(found)

    def smaller(baseline: Baseline) -> Baseline:
        zones = baseline.zones
        kept = replace(
            zones,
            ids=zones.ids[:-1],
            names=zones.names[:-1],
            roles=zones.roles[:-1],
            geography=zones.geography[:-1],
            geometry=zones.geometry.iloc[:-1],
        )
        rows = tuple(r for r in baseline.records if r.zone != zones.ids[-1])
        return replace(baseline, zones=kept, zone_facts=baseline.zone_facts[:-1], records=rows)

    found = against(smaller)
    lost = [r for r in before.records if r.zone == before.zones.ids[-1]]
    assert lost and {c.kind for c in found.changes} == {"only in the first"} and len(found.changes) == len(lost)
    assert [(z.zone, z.state) for z in found.zones] == [(before.zones.ids[-1], "only in the first")]
    assert "1 zone only in the first" in said(found) and "Records of one run alone" not in said(found)


# ------------------------------------------------------------------------------------------------------------- causes


def test_the_layer_that_moved_is_named_for_exactly_the_records_that_stand_on_it(
    against: Callable[..., Difference], before: Baseline
) -> None:
    """Every number moves a little, one layer moved: those without it are not put to its account."""

    def shaken(baseline: Baseline) -> Baseline:
        rows = tuple(r if r.value is None else replace(r, value=r.value * 1.01) for r in baseline.records)
        return replace(baseline, records=rows)

    found = against(shaken, layer("parks", sha256="9" * 64))
    named = {(c.zone, c.indicator, c.group) for c in found.by("parks")}
    on_it = {(r.zone, r.indicator, r.group) for r in before.records if "parks" in r.layers and r.value is not None}
    assert named == on_it and on_it
    others = [c for c in found.changes if not c.inputs]
    assert others and {c.otherwise for c in others} == {("parks, which it is not told to stand on",)}


def test_words_of_a_layer_move_no_number(against: Callable[..., Difference]) -> None:
    found = against(layer("parks", retrieved="2026-11-01", licence="ODbL"), record("WEL-04.800", value=0.75))
    (told,) = found.inputs
    assert not told.moves and set(told.parts) == {"retrieved", "licence"}
    assert only(found).inputs == () and only(found).otherwise == ("nothing that is recorded",)
    assert "taken on another day; licence ODbL 1.0 → ODbL; the bytes are the same" in " ".join(said(found).split())


def test_the_same_bytes_read_otherwise_are_an_input_that_moved(before: Baseline, tmp_path: Path) -> None:
    one = layer("walk", asked={"crossings": True, "bounds": [1, 2]})(before)
    other = layer("walk", asked={"crossings": False, "bounds": [1, 3]})(record("MOB-01.800", value=0.5)(before))
    write_run(tmp_path / "a", one)
    write_run(tmp_path / "b", other)
    found = differing.diff(tmp_path / "a", tmp_path / "b")
    assert [set(one.parts) for one in found.inputs] == [{"asked.crossings"}]  # the window follows from the boundary
    assert only(found).inputs == ("walk",)
    assert "walk: read otherwise (crossings); 1 record of MOB-01.800" in said(found)


def test_without_a_digest_another_vintage_is_other_bytes(before: Baseline, tmp_path: Path) -> None:
    write_run(tmp_path / "a", layer("parks", sha256="")(before))
    write_run(tmp_path / "b", layer("parks", sha256="", vintage="2027")(record("WEL-04.800", value=0.75)(before)))
    assert only(differing.diff(tmp_path / "a", tmp_path / "b")).inputs == ("parks",)


def test_a_layer_that_no_number_names_is_the_last_to_be_suspected(against: Callable[..., Difference]) -> None:
    found = against(record("BEL-02", value=0.6), read={**READ, "sha256": "0" * 64})
    assert [one.layer for one in found.inputs] == ["counties"]
    assert only(found).otherwise == ("counties, which it is not told to stand on",)


@pytest.mark.parametrize(
    ("manifest", "cause"),
    [
        ({"settings": {**SETTINGS, "district.toml": "0" * 64}}, ("district.toml",)),
        ({"settings": {**SETTINGS, "boundary": "0" * 64}}, ("boundary",)),
        ({"settings": {**SETTINGS, "reference": "0" * 64}}, ("reference",)),
        ({"run": {**RUN, "justgeo": "0.2.0"}}, ("justgeo",)),
        ({"run": {**RUN, "packages": {"numpy": "2.3.0"}}}, ("numpy",)),
        ({"settings": {**SETTINGS, "answers": "0" * 64}}, ("nothing that is recorded",)),
        ({"settings": {**SETTINGS, "catalogue/indicators.yml": "0" * 64}}, ("nothing that is recorded",)),
        ({}, ("nothing that is recorded",)),
    ],
)
def test_where_no_input_moved_the_settings_or_the_program_are_named(
    against: Callable[..., Difference], manifest: dict[str, Any], cause: tuple[str, ...]
) -> None:
    found = against(record("BEL-02", value=0.6), **manifest)
    assert (only(found).inputs, only(found).otherwise) == ((), cause)
    assert f"; by {cause[0]}" in said(found)


def test_settings_are_told_by_value_and_files_by_their_change(against: Callable[..., Difference]) -> None:
    def nearer(baseline: Baseline) -> Baseline:
        return replace(baseline, settings={**baseline.settings, "halo_m": 900.5, "judging": {"low_cv": 30.0}})

    settings = {name: digest for name, digest in SETTINGS.items() if name != "answers"} | {"boundary": "0" * 64}
    found = against(nearer, settings=settings, run={**RUN, "justgeo": "0.2.0"})
    told = {s.name: (s.kind, s.old, s.new) for s in found.settings}
    assert told["halo_m"] == ("setting", 1246.07, 900.5)
    assert told["judging.low_cv"] == ("setting", None, 30.0)
    assert told["justgeo"] == ("program", "0.1.0", "0.2.0")
    text = said(found)
    assert "halo_m 1,246.07 → 900.5" in text and "judging.low_cv nothing → 30" in text
    assert "boundary: other content" in text and "answers: only in the first" in text
    assert "program justgeo 0.1.0 → 0.2.0" in text
    assert "2" * 64 not in text


def test_a_row_of_the_catalogue_is_a_cause_where_its_arithmetic_moved(against: Callable[..., Difference]) -> None:
    found = against(
        row("BEL-02", parameters={"numerator": "B25003_002"}, plain="Otherwise."), record("BEL-02", value=0.4)
    )
    assert found.rows == {"BEL-02": ("parameters", "plain")}
    assert only(found).otherwise == ("its row of the catalogue",)
    assert "BEL-02: parameters, plain" in said(found)
    words = against(row("BEL-02", plain="Otherwise."), record("BEL-02", value=0.4))
    assert only(words).otherwise == ("nothing that is recorded",)


def test_a_zone_of_another_shape_is_a_cause_of_its_own(before: Baseline, tmp_path: Path) -> None:
    def facts(km2: float, people: float) -> Edit:
        first = {"area_km2": km2, "residents": people}
        return lambda b: replace(b, zone_facts=(first, *b.zone_facts[1:]))

    write_run(tmp_path / "a", facts(2.0, 7000.0)(before))
    moved = record("BEL-02", "reference", value=0.5)(record("BEL-02", value=0.6)(before))
    write_run(tmp_path / "b", facts(2.5, 8000.0)(moved), settings={**SETTINGS, "boundary": "0" * 64})
    found = differing.diff(tmp_path / "a", tmp_path / "b")
    causes = {c.zone: c.otherwise for c in found.changes}
    assert causes == {"district": ("the shape of the zone",), "reference": ("boundary",)}
    (zone,) = found.zones
    assert zone.facts == {"area_km2": (2.0, 2.5), "residents": (7000.0, 8000.0)}
    assert "1 zone of another shape" in said(found)
    assert "Mill Pond: area_km2 2 → 2.5; residents 7,000 → 8,000" in said(found)
    # Other residents in the same area: that is the blocks' doing, not the boundary's.
    write_run(tmp_path / "c", layer("blocks", sha256="9" * 64)(facts(2.0, 8000.0)(moved)))
    found = differing.diff(tmp_path / "a", tmp_path / "c")
    assert {c.inputs for c in found.changes} == {("blocks",)}
    assert {c.otherwise for c in found.changes} == {()}
    assert "1 zone with other facts" in said(found)


# -------------------------------------------------------------------------------------------- in words, as a table


def test_two_numbers_that_look_the_same_are_told_with_more_digits(against: Callable[..., Difference]) -> None:
    found = against(layer("acs:B25003@2024", sha256="9" * 64), record("BEL-02", value=0.53471))
    assert "53.47% ± 4.02 points → 53.471% ± 4.02 points" in said(found)
    dollars = against(record("OPP-01", value=55_976.0))
    assert "$55,975.9 ± $4,706.5 → $55,976 ± $4,706.5; up $0.1" in said(dollars)


def test_groups_are_told_by_their_names_and_areas_are_counted(against: Callable[..., Difference]) -> None:
    areas = [record("BEL-03", zone, value=0.1) for zone in ("99001000001", "99001000002")]
    found = against(record("BEL-02", group="race:black", value=0.1), *areas)
    text = said(found)
    assert "BEL-02 Renters, Black, not Hispanic: 54% ± 6 points → 10% ± 6 points; down 44 points" in text
    assert "Numbers of the areas within BEL-03 Households with high housing costs: 2 moved" in text
    every = differing.words(found, every=True)
    assert "Numbers of Census Tract 1 (area)" in every and "Numbers of Census Tract 2 (area)" in every
    assert max(map(len, every)) <= 100


def test_the_tables_of_a_survey_are_told_as_one(before: Baseline, tmp_path: Path) -> None:
    other = replace(made.ACS, layer="acs:B19013@2024")
    told = replace(before, layers=(*before.layers, other))
    write_run(tmp_path / "a", told)
    fresh = tuple(replace(one, sha256="9" * 64) if one.layer.startswith("acs:") else one for one in told.layers)
    write_run(tmp_path / "b", record("BEL-02", value=0.6)(replace(told, layers=fresh)))
    text = said(differing.diff(tmp_path / "a", tmp_path / "b"))
    assert "2 moved (acs 2024 (2 tables)), 4 the same" in text
    assert "acs 2024 (2 tables): other bytes; 1 record of BEL-02" in text


def test_the_first_screen_counts(against: Callable[..., Difference], before: Baseline) -> None:
    found = against(layer("acs:B25003@2024", sha256="9" * 64), record("BEL-02", value=0.6))
    lines = differing.words(found)
    assert lines[:6] == [
        "Mill Pond: the second run against the first",
        "  inputs     1 moved (acs:B25003@2024), 4 the same",
        "  settings   the same",
        "  program    the same versions",
        f"  numbers    1 moved, {len(before.records) - 1} the same to the last digit",
        "             moved 1: the same survey read otherwise",
    ]


def test_an_invented_place_is_marked(tmp_path: Path) -> None:
    whole = made.baseline(synthetic=True, name="Nowhere (invented)", slug="nowhere-invented")
    write_run(tmp_path / "a", whole)
    write_run(tmp_path / "b", record("BEL-02", value=0.6)(whole))
    assert differing.words(differing.diff(tmp_path / "a", tmp_path / "b"))[1].strip().startswith("INVENTED")


def test_the_table_has_every_change_with_its_margins(against: Callable[..., Difference]) -> None:
    found = against(
        survey_of(2019),
        record("BEL-02", value=0.6, moe=0.03),
        record("OPP-02", value=None, moe=None, reliability="absent", reason="not asked"),
    )
    table = differing.table(found)
    assert len(table) == len(found.changes)
    moved = table[(table["zone"] == "district") & (table["indicator"] == "BEL-02") & (table["group"] == "all")].iloc[0]
    assert (moved["old"], moved["old_moe"], moved["new"], moved["new_moe"]) == (0.5347, 0.0402, 0.6, 0.03)
    assert moved["difference"] == pytest.approx(0.0653) and moved["difference_moe"] == pytest.approx(0.05016, abs=1e-5)
    assert (moved["judgement"], moved["inputs"]) == ("larger than the margins allow", "acs:B25003@2019")
    gone = table[(table["zone"] == "district") & (table["indicator"] == "OPP-02")].iloc[0]
    assert pd.isna(gone["new"]) and gone["new_reason"] == "not asked" and gone["kind"] == "went absent"
    assert table["old"].dtype == "float64" and table["difference_moe"].dtype == "float64"


# ------------------------------------------------------------------------------------------------------------ refusals


def test_an_invented_and_a_real_place_are_never_told_together(before: Baseline, tmp_path: Path) -> None:
    write_run(tmp_path / "a", before)
    write_run(tmp_path / "b", made.baseline(synthetic=True, name="Nowhere (invented)", slug="nowhere-invented"))
    with pytest.raises(OutputError, match="one is invented"):
        differing.diff(tmp_path / "a", tmp_path / "b")


def test_another_place_is_named(against: Callable[..., Difference]) -> None:
    found = against(lambda b: replace(b, name="Old Town", slug="old-town"))
    assert [(s.name, s.kind, s.old, s.new) for s in found.settings] == [
        ("name", "place", "Mill Pond", "Old Town"),
        ("slug", "place", "mill-pond", "old-town"),
    ]
    assert "name Mill Pond → Old Town" in said(found)


def test_folders_without_results_are_refused(before: Baseline, tmp_path: Path) -> None:
    write_run(tmp_path / "a", before)
    with pytest.raises(OutputError, match=r"results\.json"):
        differing.diff(tmp_path / "a", tmp_path / "nothing")
    (tmp_path / "a" / "manifest.json").unlink()
    with pytest.raises(OutputError, match=r"manifest\.json"):
        differing.diff(tmp_path / "a", tmp_path / "a")


def test_results_that_were_edited_together_with_their_manifest_are_refused(before: Baseline, tmp_path: Path) -> None:
    write_run(tmp_path / "a", before)
    write_run(tmp_path / "b", before)
    content = json.loads((tmp_path / "b" / "results.json").read_bytes())
    del content["zones"][1]["facts"]
    body = json.dumps(content).encode()
    (tmp_path / "b" / "results.json").write_bytes(body)
    outputs = {"results.json": hashlib.sha256(body).hexdigest()}
    told = json.loads((tmp_path / "b" / "manifest.json").read_bytes()) | {"outputs": outputs}
    (tmp_path / "b" / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(OutputError, match=r"results\.json is damaged, or was edited: zones\[1\] has no 'facts'"):
        differing.diff(tmp_path / "a", tmp_path / "b")
