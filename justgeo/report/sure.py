"""How sure a number is, in a line for the wall: between what it lies, or that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

from justgeo.report import remarks, saying, words
from justgeo.report.saying import Fact
from justgeo.report.speech import say

EXACT = "Counted or measured, not asked of a sample. It may still be wrong where its source is."
UNKNOWN = "How far off it may be is not known: use with care."
_MAY_BE_NEGATIVE = "°C"


def line(this: Fact) -> str:
    """How far a number may be off, and what must stand beside it.

    Parameters
    ----------
    this : Fact

    Returns
    -------
    str
        ``Likely between 36% and 44%: the survey asked only some people. Use with care.`` Empty where there is no
        number, or its sentence says already that it is too uncertain to be told.
    """
    record = this.record
    if record is None or record["value"] is None or this.state == "low" or this.even:
        return ""
    return " ".join(_parts(this))


def _parts(this: Fact) -> Iterator[str]:
    record = this.record
    assert record is not None
    yield f"{words.sentence(words.reliability('chance'))}." if this.state == "chance" else _range(this)
    if beside := remarks.beside(record):
        yield say("Also: {notes}.", notes="; ".join(beside))
    if record["reliability"] == "medium":
        yield f"{words.sentence(words.reliability('medium'))}."


def _range(this: Fact) -> str:
    """Between what it lies; in other words where there is no margin, or one that cannot be seen."""
    record = this.record
    assert record is not None
    if not record["moe"]:
        return say(EXACT) if record["moe"] == 0 and not this.modelled else say(UNKNOWN)
    if words.by_chance(record):
        return f"{words.sentence(words.shown_margin(record))}."
    low, high = _ends(this)
    if low == high:
        return say("Give or take {size}.", size=words.difference(record["moe"], record["unit"]))
    if this.modelled:
        return say("The model puts it between {low} and {high}.", low=low, high=high)
    if this.surveyed:
        return say("Likely between {low} and {high}: the survey asked only some people.", low=low, high=high)
    return say("Likely between {low} and {high}.", low=low, high=high)


def _ends(this: Fact) -> tuple[str, str]:
    """Both ends of the margin as the sentence tells the number: without a sign, within what there can be.

    They are alike where the margin is smaller than the digits that are shown.
    """
    record = this.record
    assert record is not None
    unit, moe, top = str(record["unit"]), record["moe"], words.scale(record["unit"]).top
    value = abs(record["value"]) if this.signed else record["value"]
    low, high = value - moe, value + moe
    if value >= 0 and unit != _MAY_BE_NEGATIVE:
        low = max(0.0, low)
    if top is not None:
        high = min(top, high)
    (_, least), (full, most) = (saying.sized(end, unit, moe, plain=this.signed) for end in (low, high))
    return least, most if least == most or "{number}" in str(this.row["says"]) else full
