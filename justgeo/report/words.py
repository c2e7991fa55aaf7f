"""Numbers and judgements in words: one place, so that the page, the map and the tables say the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from justgeo.report import spoken
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

SUREST = 0.99
"""No chance is told as surer than this, or than one less it."""

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

_SHARES = {"share", "proportion", "fraction"}
_PERCENTS = {"percent", "%", "pct"}
_CHANGE = "percent change"
_DOLLARS = {"usd", "dollars", "$", "us dollars", "dollars per month", "usd per month"}
_COUNTS = {"count", "persons", "people", "residents", "households", "homes", "housing units"}
_MINUS = "\u2212"
_VERDICTS = {"higher": ("▲", "higher"), "lower": ("▼", "lower"), "unknown": ("", "none")}

FEWEST, MOST = 0.015, 0.965
"""Shares below and above which no plain fraction is told: ``fewer than 1 in 50``, ``nearly all``."""

_FRACTIONS = tuple(
    [(1, n) for n in range(2, 11)] + [(2, 3), (3, 4), (2, 5), (3, 5), (4, 5), (3, 10), (7, 10), (9, 10), (1, 12)]
    + [(1, 15), (1, 20), (1, 25), (1, 30), (1, 40), (1, 50)]
)  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """How a unit is shown.

    Attributes
    ----------
    factor : float
        What a stored value is multiplied by (100 for shares).
    before, after : str
        Around the number: ``$``, ``%``.
    unit : str
        Words after the number where it stands alone; empty where the sign says it all.
    margin : str
        Words after a margin: ``points`` for percentages.
    top : float or None
        End of the scale for a bar; None where there is no natural end.
    signed : bool
        A number above 0 has a plus before it.
    whole : bool
        It counts people or homes, of which there are no parts.
    """

    factor: float
    before: str
    after: str
    unit: str
    margin: str
    top: float | None = None
    signed: bool = False
    whole: bool = False


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


def tick(value: float, unit: str) -> str:
    """A class break as it stands, without rounding beyond six digits: ``12.5%``, ``$40,000``."""
    s = scale(unit)
    text = f"{float(f'{value * s.factor:.6g}') + 0.0:,.6f}".rstrip("0").rstrip(".")
    return f"{s.before}{text}{s.after}".replace("-", _MINUS)


def scale(unit: str) -> Scale:
    """How numbers of ``unit`` are shown; an unknown unit is printed as it stands."""
    key = unit.strip().casefold()
    if key in _SHARES:
        return Scale(100.0, "", "%", "", say("points"), 1.0)
    if key in _PERCENTS or key.startswith("% of") or key.startswith("percent of"):
        return Scale(1.0, "", "%", "", say("points"), 100.0)
    if key == _CHANGE:
        return Scale(1.0, "", "%", "", say("points"), signed=True)
    if key in _DOLLARS:
        return Scale(1.0, "$", "", say("per month") if "month" in key else "", "")
    if key in _COUNTS:
        told = {"count": "", "persons": "people"}.get(key, unit)
        return Scale(1.0, "", "", spoken.spoken(told), "", whole=bool(told))
    return Scale(1.0, "", "", spoken.spoken(unit), "")


def figure(value: float, unit: str, moe: float | None = None, *, bare: bool = False) -> str:
    """A value as people read it, no more exact than its margin warrants: ``54%``, ``$61,300``, ``4.2 acres``.

    Parameters
    ----------
    value, moe : float
        As stored (a share is 0 to 1).
    bare : bool
        Leave the words of the unit away (``4.2``), for columns that name it once.
    """
    s = scale(unit)
    text = _digits(value * s.factor, _step(value * s.factor, None if moe is None else moe * s.factor, s))
    sign, text = (_MINUS, text[1:]) if text.startswith("-") else ("", text)
    if s.signed and not sign and text.strip("0."):
        sign = "+"
    tail = "" if bare or not s.unit else f" {s.unit}"
    return f"{sign}{s.before}{text}{s.after}{tail}"


def margin(moe: float | None, unit: str, value: float | None = None, *, reliability: str = "") -> str:
    """A margin with its sign: ``± 6 points``, ``± $2,100``; in words where there is none."""
    if not moe and reliability in ("modelled", "chance"):
        return say(RELIABILITY[reliability])
    if moe is None:
        return say("margin not known")
    if moe == 0:
        return say("not a sample") if reliability in ("", "exact") else "± 0"
    s = scale(unit)
    text = _digits(moe * s.factor, _step((value or 0.0) * s.factor, moe * s.factor, s), show=True)
    return f"± {s.before}{text}{_points(text, s.margin)}"


def difference(value: float, unit: str) -> str:
    """A difference without its sign: ``12 points``, ``$8,100``."""
    s = scale(unit)
    size = abs(value) * s.factor
    step = 1.0 if s.after == "%" and size >= 1 else _step(size, None, s)
    text = _digits(size, step, show=True)
    return f"{s.before}{text}{_points(text, s.margin or s.unit)}"


def one_in(share: float) -> str:
    """A share in words: ``about 1 in 3``; ``fewer than 1 in 50``, ``nearly all`` at the ends."""
    if share <= 0:
        return say("none")
    if share >= 1:
        return say("all")
    if share < FEWEST:
        return say("fewer than 1 in 50")
    if share > MOST:
        return say("nearly all")
    top, bottom = fraction(share)
    return say("about {n} in {all}", n=top, all=bottom)


def fraction(share: float) -> tuple[int, int]:
    """The plain fraction nearest to a share: ``(7, 10)``."""
    return min(_FRACTIONS, key=lambda f: (round(abs(f[0] / f[1] - share), 3), f[1]))


def chance(p: float) -> str:
    """A chance in whole percent; no surer than `SUREST`: records are cut off there, and lie beyond."""
    if p >= SUREST:
        return say("over {p}", p=f"{SUREST:.0%}")
    return say("under {p}", p=f"{1.0 - SUREST:.0%}") if p <= 1.0 - SUREST else f"{100 * p:.0f}%"


def shown(record: Mapping[str, Any] | None, *, bare: bool = False) -> str:
    """The value of a record, its text (``≥ $200,000``), or a dash where there is none."""
    if record is None:
        return "–"
    if record["value"] is None:
        return str(record["text"] or "–")
    if record.get("reliability") == "chance":
        return chance(record["value"])
    return figure(record["value"], record["unit"], record["moe"], bare=bare)


def shown_margin(record: Mapping[str, Any] | None) -> str:
    """The margin of a record in words; empty where there is no value."""
    if record is None or record["value"] is None:
        return ""
    return margin(record["moe"], record["unit"], record["value"], reliability=record["reliability"])


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


def compared(record: Mapping[str, Any] | None, reference: str, *, terse: bool = False) -> tuple[str, str, str]:
    """What the comparison with the reference says; ``terse`` under a heading that names the reference.

    Returns
    -------
    tuple of str
        Sign (``▲ ▼ ≈`` or empty), the words, and ``higher``, ``lower``, ``same`` or ``none``.
    """
    found = None if record is None or record["value"] is None else record["comparison"]
    if found is None:
        return "", "", "none"
    sign, verdict = _VERDICTS.get(found["verdict"], ("≈", "same"))
    gap = None if found["difference"] is None or record is None else difference(found["difference"], record["unit"])
    return sign, _against(verdict, reference or str(found["reference"]), gap, terse), verdict


def _against(verdict: str, name: str, gap: str | None, terse: bool) -> str:
    """The words of a comparison, with the difference where there is one; ``terse`` without the name."""
    if verdict == "none":
        if gap is None:
            return say("{name} differs, but no margin is known to test it", name=name)
        return say("{name} differs by {gap}, but no margin is known to test it", name=name, gap=gap)
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


def _points(text: str, unit: str) -> str:
    """The words after a number, in the singular after a plain 1."""
    if not unit:
        return ""
    return f" {say('point') if text == '1' and unit == say('points') else unit}"


def _step(value: float, moe: float | None, s: Scale) -> float:
    """The digit to round to: about a tenth of the margin, within what people read easily."""
    size = abs(value)
    if s.after == "%":
        tight = moe is not None and 0 < moe < 0.95
        return 0.1 if tight or size < 1 or (size < 10 and not moe) else 1.0
    if s.before == "$":
        return 100.0 if size >= 10_000 else 10.0 if size >= 1_000 else 1.0
    if size >= 1_000:
        return 100.0 if size >= 10_000 else 10.0
    if s.whole or size >= 100:
        return 1.0
    return 0.01 if size < 1 else 0.1


def _digits(value: float, step: float, *, show: bool = False) -> str:
    """``value`` rounded to ``step``; with ``show`` a value that would vanish keeps its first digit."""
    while show and value != 0 and round(value / step) == 0 and step > 1e-6:
        step /= 10
    places = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    rounded = round(value / step) * step if step >= 1 else round(value, places)
    return f"{rounded + 0.0:,.{places}f}"
