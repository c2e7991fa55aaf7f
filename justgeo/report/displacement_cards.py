"""Cards of the analyst's page as short texts: the script lays them out and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from justgeo.report import words
from justgeo.report.displacement_caveats import CAVEATS, SINGLE_CHANGE

_LEAST_SHOWN = 0.005
_SIGNED = {"points", "change"}


def percent(p: float | None) -> str:
    """A chance in percent; a dash where it is not known."""
    if p is None:
        return "–"
    return "> 99%" if p > 0.99 else "< 1%" if p < 0.01 else f"{100 * p:.0f}%"


def figure(numbers: Mapping[str, Any] | Sequence[float | None] | None, unit: str) -> str:
    """Value ± margin in its unit; a dash where there is no value.

    Parameters
    ----------
    numbers : mapping or pair
        ``value`` and ``moe``.
    unit : str
        ``share``, ``points`` (a change of a share), ``change`` (a relative one), ``dollars``, ``households``.
    """
    if numbers is None:
        return "–"
    value, moe = (numbers["value"], numbers["moe"]) if isinstance(numbers, Mapping) else numbers
    if value is None:
        return "–"
    kind = "share" if unit in ("share", "points", "change") else unit
    told = words.figure(value, kind, moe, bare=True)
    if unit == "points":
        told = told.removesuffix("%") + (" points" if not moe else "")
    sign = "+" if unit in _SIGNED and value > 0 else ""
    return f"{sign}{told}" + ("" if moe is None else f" {words.margin(moe, kind, value, reliability='sampled')}")


def pack(content: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Every card by its GEOID.

    Parameters
    ----------
    content : mapping
        As for ``displacement_page.render``.
    titles : mapping of str to str
        Of the conditions.
    """
    names = {one["id"]: str(one["title"]) for one in content["methods"]}
    return {str(card["geoid"]): _card(card, titles, names) for card in content["cards"]}


def _card(card: Mapping[str, Any], titles: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    head = {
        "homes": f"{figure(card['households'], 'households')} households, "
        f"{figure(card['renter_households'], 'households')} of them rent",
        "excluded": card["excluded"],
        "caveats": [CAVEATS.get(one, one) for one in card["caveats"]],
        "opinions": [_opinion(one, names) for one in card["opinions"]],
    }
    if card["excluded"] is not None:
        return head
    return {
        **head,
        "parts": [
            {
                "part": "A",
                "said": _said(card["vulnerable"], card["pressures_hold"]),
                "lines": _lines(card["pressures"]),
            },
            {
                "part": "B",
                "said": _said(card["changed"], card["changes_hold"]),
                "lines": _lines(card["changes"]),
                "note": f"{SINGLE_CHANGE}.",
            },
            {"part": "C", "said": "", "lines": _lines(card["market"])},
        ],
        "stages": [_stage(one) for one in card["stages"]],
        "flips": [_flip(one, card, titles) for one in card["flips"]],
    }


def _said(answer: Mapping[str, Any], hold: int | None) -> str:
    """``yes, chance 99% (firm); 4 of 4 hold``."""
    if answer["holds"] is None:
        return "cannot be told"
    word = "yes" if answer["holds"] else "no"
    chance = "" if answer["probability"] is None else f", chance {percent(answer['probability'])} ({answer['label']})"
    return f"{word}{chance}" + ("" if hold is None else f"; {hold} of 4 hold")


def _lines(lines: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Id, value ± margin, whether it holds, its chance, how far it is from its threshold."""
    return [[one["name"], _value(one), one["holds"], percent(one["probability"]), _needed(one)] for one in lines]


def _value(line: Mapping[str, Any]) -> str:
    told = figure(line["value"], line["unit"])
    return f"{told} or more" if line["top"] and told != "–" else told


def _needed(line: Mapping[str, Any]) -> str:
    """How far the value would have to move to reach its threshold."""
    return "–" if line["needed"] is None else step(line["needed"], line["unit"])


def step(needed: float, unit: str) -> str:
    """A move with its sign: ``+3 points``, ``−$12,000``."""
    kind = "share" if unit in ("share", "points", "change") else unit
    return f"{'+' if needed > 0 else '−' if needed < 0 else ''}{words.difference(needed, kind)}"


def _stage(one: Mapping[str, Any]) -> dict[str, Any]:
    chances = one["probabilities"] or {}
    bars = [[name, percent(p), round(100 * p, 1)] for name, p in chances.items() if p >= _LEAST_SHOWN]
    nearest = ""
    if one["next_stage"] is not None:
        nearest = f"next: {one['next_stage']}, {percent(one['next_probability'])}"
    return {
        "variant": one["variant"],
        "market": one["market"] or "cannot be told",
        "stage": one["stage"] or "cannot be told",
        "chance": percent(one["probability"]),
        "label": one["label"],
        "next": nearest,
        "bars": bars,
        "pressed": _said(one["pressed"], None),
        "stood_in": one["stood_in"],
    }


def _flip(flip: Mapping[str, Any], card: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """What would change, and what would follow: ``If Renters did not hold (−21 points)``; ``vulnerable: no``."""
    units = {one["name"]: one["unit"] for part in ("pressures", "changes", "market") for one in card[part]}
    name = flip["condition"]
    how = "" if flip["needed"] is None else f" ({step(flip['needed'], units.get(name, 'share'))})"
    verb = "held" if flip["holds"] else "did not hold"
    return [f"If “{titles.get(name, name)}” {verb}{how}", "; ".join(_followed(flip))]


def _followed(flip: Mapping[str, Any]) -> list[str]:
    """The classes that would be others."""
    classes = flip["classes"]
    told = []
    for key in flip["alters"]:
        what, _, variant = key.partition(".")
        value = classes[what][variant] if variant else classes[what]
        word = "cannot be told" if value is None else value if isinstance(value, str) else "yes" if value else "no"
        by = f" by {variant}" if variant else ""
        told.append(f"{'under pressure' if what == 'pressed' else what}{by}: {word}")
    return told


def _opinion(verdict: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    holds = verdict["holds"]
    lines = [
        [one["name"].replace("_", " "), figure(one["value"], one["unit"]),
         f"{one['rule']} {figure(one['threshold'], one['unit'])}", one["holds"]]
        for one in verdict["lines"]
    ]  # fmt: skip
    return {
        "title": names.get(verdict["method"], verdict["title"]),
        "said": _flags(holds),
        "lines": lines,
    }


def _flags(holds: bool | None) -> str:
    """What another method comes to: its rule, which others wrote and we work out."""
    if holds is None:
        return "by its rule, worked out here, it cannot be told"
    return f"its rule, worked out here, {'flags' if holds else 'does not flag'} this tract"
