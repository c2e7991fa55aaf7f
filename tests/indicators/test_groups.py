"""Whose exposure: full counts from blocks, samples from block groups, and the reason where there is neither."""

from __future__ import annotations

import math

import numpy as np
import pytest

from justgeo.indicators.groups import exposure_groups, why_absent
from justgeo.measure.equity import SAMPLED
from tests.indicators import town
from tests.indicators.town import TRACT

BG1, BG2 = TRACT + "1", TRACT + "2"
POOR = {
    TRACT: {"C17002_001E": 90.0, "C17002_001M": 1.0, "C17002_008E": 50.0, "C17002_008M": 1.0},
    BG1: {"C17002_001E": 40.0, "C17002_001M": 13.0, "C17002_008E": 30.0, "C17002_008M": 5.0},
    BG2: {"C17002_001E": 50.0, "C17002_001M": 10.0, "C17002_008E": 20.0, "C17002_008M": 6.0},
}
POOR_SUM = {
    BG1: {"C17002_002E": 4.0, "C17002_002M": 3.0, "C17002_003E": 6.0, "C17002_003M": 4.0},
    BG2: {"C17002_002E": 0.0, "C17002_002M": 3.0, "C17002_003E": 0.0, "C17002_003M": 9.0},
}


def test_full_counts_come_from_the_blocks_without_margin() -> None:
    held = town.place({"blocks": town.blocks(p2_white=[1, 2, 3, 4])})
    found = exposure_groups(town.row(groups={"race:white": {"blocks": "p2_white"}}), held)["race:white"]
    assert (found.count.tolist(), found.moe) == ([1, 2, 3, 4], None)
    assert found.units.geoid.tolist() == held.origin_units().geoid.tolist()


def test_samples_are_of_block_groups_where_there_are_any_and_add_up_with_their_margins() -> None:
    held = town.place({"blocks": town.blocks(), "acs:C17002@2024": town.table("acs:C17002", {**POOR, **POOR_SUM})})
    found = exposure_groups(town.row(groups={"income:low": {"cells": "C17002_002 + C17002_003"}}), held)["income:low"]
    assert found.units.geoid.tolist() == [BG1, BG2]
    assert found.count.tolist() == [10, 0]
    assert found.moe is not None
    # 3 and 4 make 5; of two zero cells only the larger margin counts.
    assert found.moe.tolist() == pytest.approx([5.0, 9.0])
    assert (found.source, found.units.vintage) == ("ACS C17002", 2020)


def test_a_difference_is_of_a_part_from_its_whole() -> None:
    held = town.place({"blocks": town.blocks(), "acs:C17002@2024": town.table("acs:C17002", POOR)})
    found = exposure_groups(town.row(groups={"g": {"cells": "C17002_001 - C17002_008"}}), held)["g"]
    assert found.count.tolist() == [10, 30]
    assert found.moe is not None
    assert found.moe.tolist() == pytest.approx([math.sqrt(13**2 - 5**2), math.sqrt(10**2 - 6**2)])  # 12 and 8


def test_without_block_groups_tracts_are_taken() -> None:
    held = town.place({"blocks": town.blocks(), "acs:C17002@2024": town.table("acs:C17002", {TRACT: POOR[TRACT]})})
    found = exposure_groups(town.row(groups={"g": {"cells": "C17002_008"}}), held)["g"]
    assert (found.units.geoid.tolist(), found.units.level.tolist()) == ([TRACT], ["tract"])


def test_a_group_that_cannot_be_had_is_left_out_and_why_is_told() -> None:
    county = town.table("acs:B2", {"99001": {"B2_001E": 1.0, "B2_001M": 1.0}})
    held = town.place({"blocks": town.blocks(), "acs:B19037@2024": county}, absent={"acs:C17002@2024": "not bought"})
    row = town.row(groups={"a": {"blocks": "p2_asian"}, "b": {"cells": "C17002_008"}, "c": {"cells": "B19037_001"}})
    assert exposure_groups(row, held) == {}
    assert why_absent(row, held, "a") == "the blocks at hand carry no counts for this group"
    assert why_absent(row, held, "b") == "not bought"
    assert why_absent(row, held, "c") == "B19037 is not published for block groups or tracts here"


def test_a_group_that_can_be_had_has_no_reason_to_be_absent() -> None:
    held = town.place({"blocks": town.blocks(p2_white=[1, 2, 3, 4])})
    assert why_absent(town.row(groups={"w": {"blocks": "p2_white"}}), held, "w") is None


def test_a_sample_stands_beside_the_full_counts_for_where_the_group_is_small() -> None:
    race = {g: {"B03002_006E": float(k), "B03002_006M": 2.0} for g, k in ((BG1, 3), (BG2, 5))}
    asked = town.row(groups={"race:asian": {"blocks": "p2_asian", "sample": "B03002_006"}})
    held = town.place({"blocks": town.blocks(p2_asian=[1, 1, 2, 4]), "acs:B03002@2024": town.table("acs:B03002", race)})
    found = exposure_groups(asked, held)
    assert found["race:asian"].count.tolist() == [1, 1, 2, 4]
    assert found["race:asian" + SAMPLED].count.tolist() == [3, 5]
    without = exposure_groups(asked, town.place({"blocks": town.blocks(p2_asian=[1, 1, 2, 4])}))
    assert list(without) == ["race:asian"]  # the survey is missing: the blocks' counts stay


def test_the_same_survey_is_read_once() -> None:
    held = town.place({"blocks": town.blocks(), "acs:C17002@2024": town.table("acs:C17002", POOR)})
    row = town.row(groups={"g": {"cells": "C17002_008"}})
    assert exposure_groups(row, held)["g"] is exposure_groups(row, held)["g"]
    assert not np.isnan(exposure_groups(row, held)["g"].count).any()
