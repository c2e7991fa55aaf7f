"""The checklist: what counts as measured, and what says that it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from justgeo.core.answers import Answers, Entry
from justgeo.core.known import OF_THE_REGION
from justgeo.core.protocol import (
    Action,
    BaselineItem,
    Category,
    Checklist,
    ChecklistItem,
    Commitment,
    Objective,
    OutcomeArea,
    Pillar,
    Protocol,
    Question,
    fill,
)
from justgeo.core.result import Indicator, Record

PAGE = "https://example.org/"


def action(id: str, name: str | None, *, phase: str | None = "Groundwork", baseline: bool = False) -> Action:
    known = "unknown" if name is None else "verified"
    return Action(id, name, phase, "What it is.", "What do you say?", known, "inferred", PAGE, baseline)  # type: ignore[arg-type]


PROTOCOL = Protocol(
    name="P",
    version="1",
    url=PAGE,
    phases=("Groundwork",),
    pillars=(Pillar("P1", "Racial Equity", "Our words.", "verified", PAGE),),
    categories=(Category("BEL", "Belonging", "verified", PAGE), Category("MOB", "Mobility", "verified", PAGE)),
    outcomes=(OutcomeArea("housing", "Housing", "verified", PAGE), OutcomeArea("food", "Food", "verified", PAGE)),
    baseline=(
        BaselineItem("B01", "Race", "verified", PAGE, "nothing serves it"),
        BaselineItem(
            "B12", "Burden by race", "verified", PAGE, "nothing serves it", partly="the split by race is lacking"
        ),
        BaselineItem("B13", "Evictions", "verified", PAGE, "needs court filings"),
    ),
    actions=(
        action("A1", "Know", baseline=True),
        action("A2", "Plan"),
        action("A3", None, phase=None),
        action("A4", None),
    ),
    n_commitments=17,
    n_objectives=22,
)


def row(id: str, **changes: Any) -> Indicator:
    told: dict[str, Any] = {
        "id": id, "title": f"Title of {id}", "category": "Belonging", "unit": "share", "direction": "down",
        "field": "acs_share", "inputs": ("acs:B25003",), "parameters": {}, "aggregate": "share", "weight": "persons",
        "universe": "people", "method": "", "caveat": "", "references": (), **changes,
    }  # fmt: skip
    return Indicator(**told)


def record(id: str, value: float | None, reason: str | None = None, **changes: Any) -> Record:
    told: dict[str, Any] = {
        "zone": "district", "indicator": id, "group": "all", "value": value, "moe": None, "unit": "share",
        "universe": "people", "reliability": "high", "reason": reason, **changes,
    }  # fmt: skip
    return Record(**told)


ROWS = (
    row("R1", baseline=("B01",), pillars=("P1",)),
    row("R2", baseline=("B01",)),
    row("R3", baseline=("B12",), outcomes=("housing",), pillars=("P1",)),
    row("R4", category="Mobility", inputs=("walk", "acs:B08301")),
)
WHOLE = [record("R1", 0.2), record("R2", 0.0), record("R3", 0.4), record("R4", 0.5)]


def items(records: list[Record], answers: Mapping[str, str] | None = None, **changes: Any) -> dict[str, ChecklistItem]:
    told: dict[str, Any] = {"absent": {}, "protocol": PROTOCOL, **changes}
    said = Answers({item: (Entry(text, publish=True),) for item, text in (answers or {}).items()})
    found = fill(told["protocol"], records, ROWS, said, told["absent"])
    return {item.id: item for item in found.items}


def test_an_item_is_measured_when_all_its_indicators_are_a_zero_included() -> None:
    item = items(WHOLE)["B01"]
    assert (item.status, item.reason, item.evidence) == ("measured", None, ("R1", "R2"))


def test_an_item_is_partly_measured_when_one_indicator_lacks_and_says_which() -> None:
    item = items([record("R1", 0.2), record("R2", None, "the table is missing")])["B01"]
    assert (item.status, item.evidence) == ("partly", ("R1",))
    assert item.reason == "Title of R2: the table is missing"


def test_an_item_that_the_protocol_asks_by_race_stays_partly() -> None:
    item = items(WHOLE)["B12"]
    assert (item.status, item.reason) == ("partly", "the split by race is lacking")


def test_an_item_is_not_measured_with_the_reason_of_its_records() -> None:
    item = items([record("R1", None, "too few people"), record("R2", None, "too few people")])["B01"]
    assert (item.status, item.reason, item.evidence) == ("not measured", "too few people", ())


def test_an_item_that_nothing_serves_gives_the_catalogues_reason() -> None:
    item = items(WHOLE)["B13"]
    assert (item.status, item.reason) == ("not measured", "needs court filings")


def test_an_open_ended_median_is_a_number_in_words() -> None:
    found = items([record("R1", None, "in the open class", text="≥ 200,000"), record("R2", 0.1)])
    assert found["B01"].status == "measured"


@pytest.mark.parametrize("changes", [{"zone": "reference"}, {"group": "race:black"}])
def test_numbers_of_other_zones_and_groups_do_not_count(changes: dict[str, str]) -> None:
    found = items([record("R1", 0.2, **changes), record("R2", 0.1, **changes)])
    assert found["B01"].status == "not measured"


def test_without_a_record_the_missing_layer_is_the_reason() -> None:
    found = items([], absent={"walk": "no walk network was given", "acs:B25003@2024": "no ACS tables were given"})
    assert found["MOB"].reason == "no walk network was given"
    assert found["B01"].reason == "no ACS tables were given"


def test_without_record_and_layer_it_says_that_it_was_not_computed() -> None:
    assert items([])["B01"].reason == "not computed in this run"


def test_a_theme_is_never_wholly_measured() -> None:
    found = items(WHOLE)
    for id in ("P1", "BEL", "MOB", "housing"):
        assert found[id].status == "partly"
        assert "not publicly readable" in (found[id].reason or "")
    assert found["BEL"].evidence == ("R1", "R2", "R3")
    assert found["P1"].reason is not None and found["P1"].reason.startswith("2 of 2 indicators measured")
    assert (found["food"].status, found["food"].evidence) == ("not measured", ())


def test_what_is_told_of_the_reference_alone_is_named_beside_what_is_measured() -> None:
    here = record("R3", None, OF_THE_REGION)
    found = items([record("R1", 0.2), here, record("R3", 0.4, zone="reference")])
    assert (found["P1"].reason or "").startswith("1 of 2 indicators measured, 1 told of the reference area alone; ")
    # Neither where the reference has no number, nor where the district lacks it for another reason.
    for others in ([here], [record("R3", None, "no table"), record("R3", 0.4, zone="reference")]):
        found = items([record("R1", 0.2), *others])
        assert (found["P1"].reason or "").startswith("1 of 2 indicators measured; ")


def test_the_baseline_action_sums_up_its_items() -> None:
    item = items(WHOLE)["A1"]
    assert item.status == "partly"
    assert item.reason == "of 3 items that the baseline asks for, 1 are measured and 1 partly"
    assert item.evidence == ("R1", "R2", "R3")
    assert items([])["A1"].status == "not measured"


def test_other_actions_are_for_the_community_with_their_question() -> None:
    item = items(WHOLE)["A2"]
    assert (item.status, item.question, item.answer) == ("for the community", "What do you say?", None)
    assert "its phase inferred" in (item.note or "")


def test_unknown_actions_are_counted_and_never_named() -> None:
    found = items(WHOLE)
    for id, count in (("A3", 1), ("A4", 2)):
        assert found[id].title == f"Action not publicly readable ({count} of 2)"
        assert found[id].status == "not measured"
    assert found["A3"].phase == "Phase not publicly readable"
    assert found["A4"].phase == "Groundwork"


def test_an_answer_stands_with_its_item_and_changes_no_figure() -> None:
    found = items(WHOLE, {"A2": "We met in May.", "B13": "Forty filings in 2023.", "B01": "Too low, we think."})
    assert found["A2"].answer == "We met in May."
    assert (found["B13"].status, found["B13"].answer) == ("for the community", "Forty filings in 2023.")
    assert (found["B01"].status, found["B01"].answer) == ("measured", "Too low, we think.")


def test_an_answer_to_no_item_changes_nothing() -> None:
    assert items(WHOLE, {"b01": "x"}) == items(WHOLE)


def test_who_says_it_when_and_how_far_it_is_stand_in_the_answer() -> None:
    said = (
        Entry("Of May.", by="resident", date="2026-05", publish=True, more={"state": "done"}),
        Entry("", publish=True, more={"state": "under way"}),
    )
    found = fill(PROTOCOL, WHOLE, ROWS, Answers({"A2": said}), {})
    item = next(item for item in found.items if item.id == "A2")
    assert item.answer == "done: Of May. (resident, 2026-05)\nunder way" and item.answers == said


def test_what_is_not_to_be_shown_is_nowhere_in_the_checklist() -> None:
    kept = Answers({"A2": (Entry("Kept back."),), "B13": (Entry("Kept too.", name="Ada"),)}, {"swot": (Entry("No."),)})
    assert fill(PROTOCOL, WHOLE, ROWS, kept, {}) == fill(PROTOCOL, WHOLE, ROWS, Answers(), {})


def test_an_action_is_named_by_the_planners_file() -> None:
    own = action("A3", "Form a body", phase="Groundwork")
    found = items(WHOLE, protocol=PROTOCOL.having((), (own,)))
    assert found["A3"].title == "Form a body" and found["A4"].title == "Action not publicly readable (1 of 1)"


def test_without_the_planners_file_commitments_are_counted_and_not_named() -> None:
    found = [i for i in items(WHOLE).values() if i.kind == "commitment"]
    assert [i.title for i in found] == ["17 commitments", "22 objectives"]
    assert all(i.status == "not measured" and "[protocol] commitments" in (i.reason or "") for i in found)


def test_with_the_planners_file_its_names_stand_with_their_evidence() -> None:
    own = (
        Commitment("C1", "Homes", "Belonging", "our copy", ("R1",), (Objective("C1.1", "Rents", ("R3",)),)),
        Commitment("C2", "Voice", "Belonging", "our copy"),
        Commitment("C3", "Bus", "Mobility", "our copy", ("R4",)),
    )
    found = items([record("R1", 0.2), record("R3", None, "no margin"), record("R4", None, "no feed")],
                  protocol=PROTOCOL.having(own))  # fmt: skip
    assert (found["C1"].status, found["C1"].evidence) == ("partly", ("R1",))
    assert (found["C1.1"].status, found["C1.1"].reason) == ("not measured", "no margin")
    assert found["C2"].status == "for the community"
    assert (found["C3"].status, found["C3"].reason) == ("not measured", "no feed")
    assert "our copy" in (found["C1"].note or "")
    assert found["commitments"].title == "3 commitments in the planner's file, 17 in the Protocol"
    whole = items(WHOLE, protocol=replace(PROTOCOL.having(own), n_commitments=3, n_objectives=1))
    assert not {"commitments", "objectives"} & set(whole)


def test_a_theme_without_a_figure_is_asked_of_somebody() -> None:
    asked = (Question("Who goes without?", "the food bank"), Question("What do shops carry?", "shoppers"))
    outcomes = (PROTOCOL.outcomes[0], replace(PROTOCOL.outcomes[1], questions=asked))
    found = {i.id: i for i in fill(replace(PROTOCOL, outcomes=outcomes), WHOLE, ROWS, Answers(), {}).having("outcome")}
    assert found["food"].status == "for the community" and not found["food"].evidence
    assert found["food"].question == "Who goes without? (Ask the food bank.) What do shops carry? (Ask shoppers.)"
    assert found["housing"].question is None


def test_every_item_that_is_not_measured_has_a_reason_and_ids_are_unique() -> None:
    checklist: Checklist = fill(PROTOCOL, WHOLE, ROWS, Answers(), {})
    assert all(item.reason for item in checklist.items if item.status != "measured")
    assert len({item.id for item in checklist.items}) == len(checklist.items)
    assert [i.id for i in checklist.having("outcome")] == ["housing", "food"]
