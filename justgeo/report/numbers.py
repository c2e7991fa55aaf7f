"""Numbers as people read them: no more exact than they are sure, with their unit, as plain fractions."""

from __future__ import annotations

import math
from typing import NamedTuple

from justgeo.report import spoken
from justgeo.report.speech import say

SUREST = 0.99
"""No chance is told as surer than this, or than one less it."""

_SHARES = {"share", "proportion", "fraction"}
_PERCENTS = {"percent", "%", "pct"}
_CHANGE = "percent change"
_DOLLARS = {"usd", "dollars", "$", "us dollars", "dollars per month", "usd per month"}
_COUNTS = {"count", "persons", "people", "residents", "households", "homes", "housing units"}
_MINUS = "\u2212"

FEWEST, MOST = 0.015, 0.965
"""Shares below and above which no plain fraction is told: ``fewer than 1 in 50``, ``nearly all``."""

_FRACTIONS = tuple(
    [(1, n) for n in range(2, 11)] + [(2, 3), (3, 4), (2, 5), (3, 5), (4, 5), (3, 10), (7, 10), (9, 10), (1, 12)]
    + [(1, 15), (1, 20), (1, 25), (1, 30), (1, 40), (1, 50)]
)  # fmt: skip


class Scale(NamedTuple):
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
    text = digits(value * s.factor, step(value * s.factor, None if moe is None else moe * s.factor, s))
    sign, text = (_MINUS, text[1:]) if text.startswith("-") else ("", text)
    if s.signed and not sign and text.strip("0."):
        sign = "+"
    tail = "" if bare or not s.unit else f" {s.unit}"
    return f"{sign}{s.before}{text}{s.after}{tail}"


def tick(value: float, unit: str) -> str:
    """A class break as it stands, without rounding beyond six digits: ``12.5%``, ``$40,000``."""
    s = scale(unit)
    text = f"{float(f'{value * s.factor:.6g}') + 0.0:,.6f}".rstrip("0").rstrip(".")
    return f"{s.before}{text}{s.after}".replace("-", _MINUS)


def difference(value: float, unit: str) -> str:
    """A difference without its sign: ``12 points``, ``$8,100``."""
    return rounded(value, unit)[0]


def rounded(value: float, unit: str, finest: float = 0.0) -> tuple[str, float, float]:
    """A difference in words, its number as it is told, and the digit that it is rounded to, of at least ``finest``."""
    s = scale(unit)
    size = abs(value) * s.factor
    to = max(finest, 1.0 if s.after == "%" and size >= 1 else step(size, None, s))
    while size and round(size / to) == 0 and to > 1e-6:
        to /= 10
    text = digits(size, to)
    return f"{s.before}{text}{points(text, s.margin or s.unit)}", round(size / to) * to, to


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


def points(text: str, unit: str) -> str:
    """The words after a number, in the singular after a plain 1."""
    if not unit:
        return ""
    return f" {say('point') if text == '1' and unit == say('points') else unit}"


def step(value: float, moe: float | None, s: Scale) -> float:
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


def digits(value: float, to: float, *, show: bool = False) -> str:
    """``value`` rounded to ``to``; with ``show`` a value that would vanish keeps its first digit."""
    while show and value != 0 and round(value / to) == 0 and to > 1e-6:
        to /= 10
    places = max(0, -math.floor(math.log10(to) + 1e-9)) if to < 1 else 0
    rounded = round(value / to) * to if to >= 1 else round(value, places)
    return f"{rounded + 0.0:,.{places}f}"
