"""Two folders of outputs against the targets: what is on track, what is not, and what nobody can tell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from justgeo import progress
from justgeo.core.answers import Target, target_row
from justgeo.core.errors import ConfigError, OutputError
from justgeo.core.result import Baseline
from justgeo.report import progress_text
from justgeo.report.progress_text import Row, Table
from tests.report import made
from tests.test_differing import record, row, survey_of, write_run

HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:y) =1+1"
TARGETS = (Target("BEL-03", 0.30, 2034, note="Voted on"),)


def outputs(folder: Path, baseline: Baseline, targets: tuple[Target, ...] = TARGETS) -> Path:
    write_run(folder, baseline)
    told = [target_row(one) for one in targets]
    content = {"slug": baseline.slug, "name": baseline.name, "items": [], "targets": told}
    (folder / "checklist.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def looks(tmp_path: Path) -> Callable[..., Table]:
    """Progress between 2024 with 40 % ± 3 and a later look, edited."""

    def held(*edits: Callable[[Baseline], Baseline], targets: tuple[Target, ...] = TARGETS, **more: Any) -> Table:
        first = record("BEL-03", value=0.40, moe=0.03)(made.baseline())
        later = first
        for edit in edits:
            later = edit(later)
        outputs(tmp_path / "old", first, ())
        outputs(tmp_path / "new", later, targets)
        return progress.progress(tmp_path / "old", tmp_path / "new", **more)

    return held


def of(table: Table, indicator: str = "BEL-03", group: str = "all") -> Row:
    return next(one for one in table.rows if (one.indicator, one.group) == (indicator, group))


@pytest.mark.parametrize(
    ("value", "verdict", "judgement"),
    [
        (0.31, "on track", "larger than the margins allow"),
        (0.34, "cannot tell", "larger than the margins allow"),
        (0.42, "needs attention", "within the margins"),
    ],
)
def test_half_way_to_the_target(looks: Callable[..., Table], value: float, verdict: str, judgement: str) -> None:
    """40 % ± 3 in 2024, 30 % wanted in 2034: 35 % on the line in 2029, margin sqrt(2² + 1.5²) = 2.5 points."""
    one = of(looks(survey_of(2029), record("BEL-03", value=value, moe=0.02)))
    assert (one.old_year, one.new_year, one.target, one.target_year) == (2024, 2029, 0.30, 2034)
    assert one.expected == pytest.approx(0.35) and one.gap_moe == pytest.approx(0.025)
    assert one.difference == pytest.approx(value - 0.40) and one.difference_moe == pytest.approx(0.0013**0.5)
    assert (one.verdict, one.judgement) == (verdict, judgement)


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ((), "both come from one survey"),
        ((survey_of(2026), record("BEL-03", value=0.31)), "the periods of the two surveys overlap"),
        ((survey_of(2029), record("BEL-03", value=0.31, moe=None, reliability="unknown")), "no margin is known"),
        (
            (survey_of(2029), record("BEL-03", value=None, moe=None, reliability="suppressed", reason="too few")),
            "later outputs: too few",
        ),
        ((survey_of(2029), record("BEL-03", gone=True)), "not among the later outputs"),
        ((survey_of(2029), row("BEL-03", parameters={"numerator": "x"})), "its row of the catalogue changed"),
    ],
)
def test_what_cannot_be_told_says_why(looks: Callable[..., Table], edits: Any, why: str) -> None:
    one = of(looks(*edits))
    assert one.verdict == "cannot tell" and why in one.why, one.why


def test_another_boundary_is_another_place(looks: Callable[..., Table]) -> None:
    def moved(baseline: Baseline) -> Baseline:
        facts = tuple({**one, "area_km2": 9.9} for one in (baseline.zone_facts or ({},) * len(baseline.zones.ids)))
        return replace(baseline, zone_facts=facts)

    assert "the boundary moved" in of(looks(survey_of(2029), moved)).why


def test_targets_of_groups_and_of_nothing_have_their_rows(looks: Callable[..., Table]) -> None:
    targets = (
        Target("BEL-02", 0.5, 2034, "race:black"),
        Target("BEL-99", 1.0, 2034),
        Target("BEL-02", 0.6, 2034, "race:x"),
    )
    table = looks(survey_of(2029), record("BEL-02", group="race:black", value=0.5, moe=0.001), targets=targets)
    assert of(table, "BEL-02", "race:black").verdict in ("on track", "cannot tell")
    assert of(table, "BEL-99").why == "there is no such indicator in either"
    assert of(table, "BEL-02", "race:x").why == "it is not among the earlier outputs"
    assert of(table, "BEL-02").verdict == "no target" == of(table, "BEL-03").verdict


def test_what_is_no_sample_is_judged_as_it_stands(looks: Callable[..., Table]) -> None:
    targets = (Target("WEL-05", 100.0, 2034),)
    table = looks(targets=targets)
    one = of(table, "WEL-05")
    assert one.verdict == "cannot tell" and "no later year" in one.why
    assert "no sample" in " ".join(table.notes)


def test_targets_that_are_not_shown_come_from_the_answers_alone(looks: Callable[..., Table], tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text('targets: [{indicator: BEL-03, target: "20 %", year: 2034}]', encoding="utf-8")
    edits = survey_of(2029), record("BEL-03", value=0.31, moe=0.02)
    assert of(looks(*edits, targets=())).verdict == "no target"
    assert of(looks(*edits, targets=(), answers=file)).target == 0.2
    with pytest.raises(ConfigError, match="does not exist"):
        looks(*edits, answers=tmp_path / "none.yml")


def test_two_places_are_no_progress(tmp_path: Path) -> None:
    outputs(tmp_path / "old", made.baseline())
    outputs(tmp_path / "new", made.baseline(slug="other"))
    with pytest.raises(OutputError, match="are not one place"):
        progress.progress(tmp_path / "old", tmp_path / "new")
    (tmp_path / "old" / "checklist.json").unlink()
    with pytest.raises(OutputError, match="holds no checklist"):
        progress.progress(tmp_path / "old", tmp_path / "old")


def test_it_reads_as_text_markdown_and_table(looks: Callable[..., Table]) -> None:
    targets = (Target("BEL-03", 0.30, 2034, note=HOSTILE),)
    table = looks(survey_of(2029), record("BEL-03", value=0.31, moe=0.02), targets=targets)
    text = "\n".join(progress_text.text(table))
    assert (
        "▲ on track: 1" in text
        and "40% ± 3 points in 2024, 31% ± 2 points in 2029; change −9 points ± 3.6 points" in text
    )
    assert "target 30% by 2034, on the line 35%" in text
    made_of = progress_text.markdown(table)
    assert "## ▲ On track (1)" in made_of and "<img" not in made_of and "\\[x\\](javascript" in made_of
    assert "not a designation" in made_of and "90 %" in made_of
    rows = list(csv.DictReader(io.StringIO(progress_text.csv(table).decode("utf-8-sig"))))
    one = next(r for r in rows if r["indicator"] == "BEL-03")
    assert (one["verdict"], one["old"], one["new"], one["target"], one["gap"]) == (
        "on track",
        "0.4",
        "0.31",
        "0.3",
        one["gap"],
    )
    assert float(one["gap"]) == pytest.approx(-0.04) and len(rows) == len(table.rows)
