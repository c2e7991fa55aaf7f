"""The region's own figures of both surveys count: a class hangs on those of the earlier one as well as the later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from justgeo import displacing
from justgeo.displacing import Beside
from tests import tract_table as made

PRICE = 1.25


def thresholds(folder: Path, text: str) -> Mapping[str, Any]:
    region = folder / "region.toml"
    region.write_text(text, encoding="utf-8")
    table = made.write(folder / "tracts.csv")
    found = displacing.displacement(table, beside=Beside(region=region), years=(2014, 2024), price=PRICE, draws=1000)
    return {one["id"]: one["threshold"]["value"] for one in found.content["conditions"]}


def test_changes_are_held_against_the_regions_own_figures_of_both_surveys(tmp_path: Path) -> None:
    now = "[t1]\nincome = [81000, 900]\nwhite_share = [0.5, 0.01]\n"
    both = thresholds(tmp_path, f"{now}[t0]\nincome = [60000, 800]\nwhite_share = [0.56, 0.01]\n")
    assert both["income"] == pytest.approx(81_000 / (60_000 * PRICE) - 1)
    assert both["white"] == pytest.approx(0.5 - 0.56)
    other = thresholds(tmp_path, f"{now}[t0]\nincome = [54000, 800]\nwhite_share = [0.44, 0.01]\n")
    assert other["income"] == pytest.approx(81_000 / (54_000 * PRICE) - 1)
    assert other["white"] == pytest.approx(0.5 - 0.44)
    later = thresholds(tmp_path, now)
    assert later["income"] is None, "of one survey no change follows"
    assert later["white"] not in (both["white"], other["white"])
