"""Programmes that fund: read strictly, each with its source or with the word that it has none."""

from __future__ import annotations

from typing import Any

import pytest

from justgeo.catalogue import models, programmes, read
from justgeo.core.errors import CatalogueError

ROW: dict[str, Any] = {
    "title": "A", "agency": "B", "rule": "C", "official": "D", "submit": "theirs", "status": "E", "seen": "2026-01",
    "url": "https://x.example", "differs": "F", "evidence": "V", "sources": ["https://x.example"],
}  # fmt: skip


def check(**more: Any) -> None:
    model = models.ProgrammesModel.model_validate({"programmes": {"one": {**ROW, **more}}})
    programmes.check(model, {"OPP-02"})


def test_the_rows_that_a_grant_writer_asks_for() -> None:
    found = {one.id: one for one in read.programmes()}
    assert {"cdbg_area", "choice_neighborhoods", "nmtc", "opportunity_zones_2027", "cejst_1", "cejst_2"} <= set(found)
    assert found["cdbg_area"].indicator == "" and found["cdbg_area"].submit == "theirs"
    assert found["cejst_2"].submit == "lapsed" and found["cejst_2"].indicator == "BEL-18"
    assert all(one.sources for one in found.values() if one.evidence != "M")
    for one in found.values():
        if one.threshold is not None:
            assert f"{one.threshold:.0%}".replace("%", " %") in one.rule


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"indicator": "OPP-2"}, "did you mean 'OPP-02'"),
        ({"threshold": 0.2}, "a threshold of what"),
        ({"sources": []}, "without the pages"),
        ({"sources": ["somebody said"]}, "without the pages"),
    ],
)
def test_what_does_not_hold_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        check(**more)
    assert told in str(refused.value)


def test_memory_needs_no_page() -> None:
    check(evidence="M", sources=[])
