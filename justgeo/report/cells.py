"""One number in words, as a cell of a table: value, margin, how sure, against the reference."""

from __future__ import annotations

from typing import Any

from justgeo.report import remarks, words
from justgeo.report.reader import Reader, Record, has_value
from justgeo.report.results import ALL
from justgeo.report.speech import say

_TRUSTED = ("high", "medium", "exact", "modelled")


def cell(record: Record | None, reader: Reader) -> dict[str, Any]:
    """One number in words: value, margin, how sure, in plain fractions, against the reference."""
    sign, compared, verdict = words.compared(record, reader.reference_name)
    reliability = "absent" if record is None else record["reliability"]
    share = None if record is None else words.share_of(record)
    trusted = record is not None and record["reliability"] in _TRUSTED
    return {
        "value": words.shown(record, bare=True),
        "unit": "" if record is None or record["value"] is None else words.scale(record["unit"]).unit,
        "margin": words.shown_margin(record),
        "reliability": reliability,
        "sure": words.reliability(reliability),
        "one_in": words.one_in(share) if share is not None and trusted else "",
        "sign": sign,
        "compared": compared,
        "terse": words.compared(record, reader.reference_name, terse=True)[1],
        "verdict": verdict,
        "reason": say("not computed") if record is None else record["reason"] or "",
        "absent": not has_value(record),
        "beside": remarks.beside(record),
    }


def against(reader: Reader, indicator: str, group: str | None = ALL) -> dict[str, Any]:
    """The reference's number beside that of the district; empty without a group."""
    record = None if group is None else reader.at(indicator, "reference", group)
    return {
        "reference_value": words.shown(record) if has_value(record) else "",
        "reference_margin": words.shown_margin(record),
        "reference_beside": remarks.beside(record),
        "reference_reason": "" if record is None or has_value(record) else record["reason"],
    }
