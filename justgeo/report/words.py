"""Numbers and judgements in words: one place, so that the page, the map and the tables say the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from justgeo.report import numbers, spoken
from justgeo.report.flags import flag
from justgeo.report.numbers import FEWEST as FEWEST
from justgeo.report.numbers import MOST as MOST
from justgeo.report.numbers import SUREST as SUREST
from justgeo.report.numbers import Scale as Scale
from justgeo.report.numbers import chance as chance
from justgeo.report.numbers import difference as difference
from justgeo.report.numbers import figure as figure
from justgeo.report.numbers import fraction as fraction
from justgeo.report.numbers import one_in as one_in
from justgeo.report.numbers import scale as scale
from justgeo.report.numbers import tick as tick
from justgeo.report.speech import say

RELIABILITY = {
    "high": "reliable",
    "medium": "use with care",
    "low": "too uncertain to rely on",
    "exact": "not a sample",
    "unknown": "margin not known",
    "modelled": "modelled, not counted",
    "chance": "a chance, not a count",
    "even": "a chance, too close to tell",
    "absent": "no number",
    "suppressed": "withheld",
}
"""What each class of reliability means, for people who never heard of a coefficient of variation."""

CATEGORIES = {
    "belonging": "Belonging",
    "opportunity": "Opportunity",
    "wellbeing": "Wellbeing",
    "mobility": "Mobility",
    "environment": "Environment",
    "demographics": "Who lives here",
}
"""The Protocol's five categories, and what its baseline action asks to be told of the people."""

GROUP_KINDS = {
    "race": "By race and ethnicity",
    "income": "By household income",
    "age": "By age",
    "sex": "By sex",
    "employment": "By employment",
    "tenure": "By tenure",
    "vehicle": "By whether the home has a vehicle",
}

_VERDICTS = {"higher": "higher", "lower": "lower", "unknown": "none"}
_SIGNS = {"higher": "▲", "lower": "▼", "none": ""}
NOISE_ALONE = "no survey margin, only noise of the census"
"""Of what is no sample but stands on counts that the Bureau changed a little, which no digit that is told shows."""

ROUNDED, OTHERWISE = "rounded", "otherwise"
"""Why a difference is not what a reader finds from the two numbers."""


def sentence(text: str) -> str:
    """``text`` with a capital letter in front."""
    return spoken.capital(text)


def reliability(key: str) -> str:
    """What a class of `RELIABILITY` means, in the language that is spoken."""
    return say(RELIABILITY.get(key, key))


def group_kind(kind: str) -> str:
    """Title over the groups of a kind."""
    return say(GROUP_KINDS[kind]) if kind in GROUP_KINDS else say("By {kind}", kind=kind)


def category(text: str) -> str:
    """Key of a category in ``CATEGORIES``, however it is written (``Belonging``, ``belonging``, ``BEL``)."""
    key = text.strip().casefold()
    if key in CATEGORIES or len(key) < 3:
        return key
    return next((known for known in CATEGORIES if known[:3] == key[:3]), key)


def by_category(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Rows by the key of their category, the known ones in the order of ``CATEGORIES``, then what else there is."""
    found: dict[str, list[Mapping[str, Any]]] = {key: [] for key in CATEGORIES}
    for row in rows:
        found.setdefault(category(row["category"]), []).append(row)
    return list(found.items())


def category_title(text: str) -> str:
    """Title of a category for people."""
    known = CATEGORIES.get(category(text))
    return spoken.spoken(text) if known is None else say(known)


def margin(moe: float | None, unit: str, value: float | None = None, *, reliability: str = "") -> str:
    """A margin with its sign: ``± 6 points``, ``± $2,100``; in words where there is none."""
    if not moe and reliability in ("modelled", "chance"):
        return say(RELIABILITY[reliability])
    if moe is None:
        return say("margin not known")
    if moe == 0:
        return say("not a sample") if reliability in ("", "exact") else "± 0"
    s = scale(unit)
    text = numbers.digits(moe * s.factor, numbers.step((value or 0.0) * s.factor, moe * s.factor, s), show=True)
    return f"± {s.before}{text}{numbers.points(text, s.margin)}"


def shown(record: Mapping[str, Any] | None, *, bare: bool = False) -> str:
    """The value of a record, its text (``≥ $200,000``), or a dash where there is none."""
    if record is None:
        return "–"
    if record["value"] is None:
        return str(record["text"] or "–")
    if record.get("reliability") == "chance":
        return chance(record["value"])
    return figure(record["value"], record["unit"], shown_moe(record), bare=bare)


def shown_moe(record: Mapping[str, Any]) -> float | None:
    """The margin by which a record's digits are cut: none where it cannot be seen in them (`quiet`)."""
    moe: float | None = record["moe"]
    return 0.0 if quiet(record) else moe


def noise(record: Mapping[str, Any]) -> float:
    """The noise of the census counts in a number that has no other margin; 0 for all others."""
    parts = record.get("error") or {}
    made = float(parts.get("noise") or 0.0)
    if made and any(part for name, part in parts.items() if name != "noise"):
        return 0.0
    return made


def quiet(record: Mapping[str, Any]) -> bool:
    """Whether all that is known of a number's error is noise of the census counts that no digit of it shows.

    To tell it as a margin would claim too much: what the map lacks weighs more, and is not in it.
    """
    made = noise(record)
    if not made or record["value"] is None:
        return False
    s = scale(record["unit"])
    return made * s.factor < numbers.step(record["value"] * s.factor, 0.0, s) / 2


def by_chance(record: Mapping[str, Any] | None) -> str:
    """``8.5 to 27.3``: both ends of the exact interval of a rate of rare events, which lie unevenly around it."""
    low, high = (None if record is None else flag(record, f"by_chance_{end}") for end in ("low", "high"))
    if record is None or low is None or high is None:
        return ""
    ends = (figure(end, record["unit"], end / 10, bare=True) for end in (low, high))
    return say("{low} to {high}", **dict(zip(("low", "high"), ends, strict=True)))


def shown_margin(record: Mapping[str, Any] | None) -> str:
    """The margin of a record in words; empty where there is no value."""
    if record is None or record["value"] is None:
        return ""
    if ends := by_chance(record):
        return say("{ends} by chance alone", ends=ends)
    told = margin(shown_moe(record), record["unit"], record["value"], reliability=record["reliability"])
    if not noise(record) or told == say(RELIABILITY["modelled"]):
        return told
    return say(NOISE_ALONE) if quiet(record) else say("{margin} by the noise of the census counts alone", margin=told)


def told(record: Mapping[str, Any] | None) -> str:
    """Value and margin in one breath: ``54% ± 4 points``; ``72%, not a sample``."""
    value, tail = shown(record), shown_margin(record)
    if not tail:
        return value
    return f"{value} {tail}" if tail.startswith("±") else f"{value}, {tail}"


def share_of(record: Mapping[str, Any]) -> float | None:
    """The value as a share from 0 to 1, or None where it is something else."""
    s = scale(record["unit"])
    if record["value"] is None or s.top is None:
        return None
    return float(record["value"]) / s.top


def verdict(record: Mapping[str, Any] | None) -> str:
    """What may be said of a number against the reference's: the one place where that is decided.

    Returns
    -------
    str
        ``higher`` or ``lower``; ``alike`` where they would be but print as one number; ``same`` where they cannot be
        told apart; ``none`` where there is nothing to compare, or no margin to do it by.
    """
    found = None if record is None or record["value"] is None else record["comparison"]
    if record is None or found is None:
        return "none"
    told = _VERDICTS.get(found["verdict"], "same")
    base = found.get("base")
    return "alike" if told in ("higher", "lower") and _printed_alike(record, base) else told


def _printed_alike(record: Mapping[str, Any], base: Mapping[str, Any] | None) -> bool:
    return base is not None and base["value"] is not None and shown(record) == shown(base)


def compared(record: Mapping[str, Any] | None, reference: str, *, terse: bool = False) -> tuple[str, str, str]:
    """What the comparison with the reference says; ``terse`` under a heading that names the reference.

    Returns
    -------
    tuple of str
        Sign (``▲ ▼ ≈`` or empty), the words, and the `verdict`.
    """
    found = None if record is None or record["value"] is None else record["comparison"]
    if record is None or found is None:
        return "", "", "none"
    told = verdict(record)
    return _SIGNS.get(told, "≈"), _against(told, reference or str(found["reference"]), gap(record), terse), told


def gap(record: Mapping[str, Any]) -> str | None:
    """The difference from the reference in words, and why it is not what a reader finds from the two, where it is not.

    None where there is no difference.
    """
    told = apart(record)
    if told is None or not told.why:
        return None if told is None else told.size
    if told.why == ROUNDED:
        return say("{gap} before rounding", gap=told.size)
    return say("{gap}, with both worked out in the same way", gap=told.size)


class Apart(NamedTuple):
    """A difference in words, and why it is not that of the two numbers as they are told: `ROUNDED`, `OTHERWISE`."""

    size: str
    why: str


def apart(record: Mapping[str, Any]) -> Apart | None:
    """The difference from the reference, no finer than the two numbers are told; None where there is none.

    It may have been taken before the two were rounded, or of two numbers that were worked out in one way (medians from
    brackets, groups by the survey) and not as each is shown.
    """
    found = record["comparison"]
    size, base = found["difference"], found.get("base")
    if size is None:
        return None
    if base is None or base["value"] is None or record["value"] is None:
        return Apart(difference(size, record["unit"]), "")
    text, told, step = numbers.rounded(size, record["unit"], max(_step_of(record), _step_of(base)))
    read = abs(_printed(record) - _printed(base))
    if abs(read - told) <= step / 2 * (1 + 1e-9):
        return Apart(text, "")
    own = record["value"] - base["value"]
    return Apart(text, ROUNDED if math.isclose(own, size, rel_tol=1e-6, abs_tol=1e-9) else OTHERWISE)


def _step_of(record: Mapping[str, Any]) -> float:
    """The digit that a record's number is rounded to, as it is shown."""
    s, moe = scale(record["unit"]), shown_moe(record)
    return numbers.step(record["value"] * s.factor, None if moe is None else moe * s.factor, s)


def _printed(record: Mapping[str, Any]) -> float:
    """A record's number as it is shown."""
    value, step = float(record["value"]) * scale(record["unit"]).factor, _step_of(record)
    return round(value / step) * step


def _against(verdict: str, name: str, gap: str | None, terse: bool) -> str:
    """The words of a comparison, with the difference where there is one; ``terse`` without the name."""
    if verdict == "none":
        if gap is None:
            return say("{name} differs, but no margin is known to test it", name=name)
        return say("{name} differs by {gap}, but no margin is known to test it", name=name, gap=gap)
    if verdict == "alike":
        return say("about the same") if terse else say("about the same as in {name}", name=name)
    if verdict == "same":
        return say("not distinguishable") if terse else say("not distinguishable from {name}", name=name)
    higher = verdict == "higher"
    if gap is None and terse:
        return say("higher") if higher else say("lower")
    if gap is None:
        return say("higher than {name}", name=name) if higher else say("lower than {name}", name=name)
    if terse:
        return say("higher by {gap}", gap=gap) if higher else say("lower by {gap}", gap=gap)
    if higher:
        return say("higher than {name} by {gap}", name=name, gap=gap)
    return say("lower than {name} by {gap}", name=name, gap=gap)
