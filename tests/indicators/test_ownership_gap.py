"""A gap is made of two shares, each from its own table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from justgeo.core.errors import Absent
from justgeo.core.field import GapField
from justgeo.indicators.census import acs_gap
from justgeo.measure.gaps import GapColumn
from justgeo.measure.reduce import ReduceSettings, reduce
from tests.indicators import town
from tests.indicators.town import TRACT

BG1, BG2 = TRACT + "1", TRACT + "2"


def tenure(suffix: str, *rows: tuple[str, float, float]) -> dict[str, Any]:
    """A table of owners and all households; each count with a margin of 3."""
    cells = {
        g: {
            **{f"B25003{suffix}_{line}E": n for line, n in (("001", of), ("002", own), ("003", of - own))},
            **{f"B25003{suffix}_{line}M": 3.0 for line in ("001", "002", "003")},
        }
        for g, own, of in rows
    }
    return {f"acs:B25003{suffix}@2024": town.table(f"acs:B25003{suffix}", cells)}


LAYERS: dict[str, Any] = {
    "blocks": town.blocks(),
    **tenure("H", (BG1, 30, 40), (BG2, 30, 60)),
    **tenure("B", (BG1, 10, 40), (BG2, 15, 60)),
}
ROW = town.row(
    "acs_gap",
    unit="percentage points",
    aggregate="difference",
    weight="households",
    parameters={
        "numerator": "B25003H_002",
        "denominator": "B25003H_001",
        "complement": "B25003H_003",
        "less_numerator": "B25003B_002",
        "less_denominator": "B25003B_001",
        "less_complement": "B25003B_003",
    },
)


def test_each_side_has_its_own_cells() -> None:
    field = acs_gap(ROW, town.place(LAYERS))
    assert isinstance(field, GapField)
    assert field.first.numerator.plus.codes == ("B25003H_002",)
    assert field.second.numerator.plus.codes == ("B25003B_002",)
    assert field.second.complement is not None and field.second.complement.codes == ("B25003B_003",)
    assert field.first.kind == field.second.kind == "share"


def test_sixty_percent_less_twenty_five() -> None:
    held = town.place(LAYERS)
    found = reduce(acs_gap(ROW, held), held.weights, reference=None, settings=ReduceSettings())
    assert isinstance(found, GapColumn)
    assert found.value.tolist() == pytest.approx([100 * (60 / 100 - 25 / 100)])
    assert np.isfinite(found.moe).all()


def test_a_missing_table_is_absent_and_there_are_no_groups() -> None:
    less = {name: layer for name, layer in LAYERS.items() if "B25003B" not in name}
    with pytest.raises(Absent):
        acs_gap(ROW, town.place(less, absent={}))
    with pytest.raises(Absent, match="itself of two groups"):
        acs_gap(ROW, town.place(LAYERS), "race:black")
