"""Other choices as the analyst's output has them: what each would say, or why it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from justgeo.measure.typology.sensitivity import Untold, Variation
from justgeo.measure.typology.values import VARIANTS
from justgeo.report import words
from justgeo.report.displacement_terms import NO_MARKET, WHERE_PRESSURES, tracts_told

_NOTHING = dict.fromkeys(("reference", "scale", "tracts", "absent", "vulnerable", "pressed", "moved"))


def choice(row: Variation | Untold) -> dict[str, Any]:
    """One choice; None stands for what it cannot tell, and ``reason`` says why.

    Returns
    -------
    dict
        The fields of a `Variation`, then ``reason`` (None where all is told) and ``remedy``. ``pressed`` and what
        ``moved`` of it are None by a market that can be told of no tract: that none is flagged would be no finding.
    """
    told = {one.name: getattr(row, one.name) for one in fields(row)}
    if isinstance(row, Untold):
        return {**_NOTHING, **told, "years": None if row.years is None else [*row.years]}
    known = {v: v in row.markets for v in VARIANTS}
    pressed = {v: row.pressed[v] if known[v] else None for v in VARIANTS}
    moved: dict[str, Any] = {"vulnerable": row.moved.vulnerable}
    for key, counts in (("pressed", row.moved.pressed), ("stage", row.moved.stage)):
        moved |= {key: {v: counts[v] if known[v] else None for v in VARIANTS}}
    reason = None if row.markets else NO_MARKET
    return {**told, "years": shown(row.years, row.before), "pressed": pressed, "moved": moved,
            "reason": reason, "remedy": ""}  # fmt: skip


def shown(years: tuple[int, int], before: bool) -> list[int] | None:
    """End years of both surveys; None where there is one survey, or nobody named them."""
    return [*years] if min(years) > 1 and before else None


def told_lines(made: Mapping[str, Any]) -> Iterator[str]:
    """A line for each choice: the tracts where three of four shares are high, or why it is not told."""
    for one in made["sensitivity"]:
        name, vulnerable = words.sentence(one["name"]), one["vulnerable"]
        if vulnerable is None:
            yield f"{name}: {untold(one)}"
            continue
        parts = [f"{vulnerable['tracts']} of {vulnerable['told']} tracts where {WHERE_PRESSURES}"]
        pressed = one["pressed"][made["variant"]]
        if pressed is not None:
            parts.append(f"{tracts_told(pressed)} where the market of homes moves too, there or next door")
        parts.append(f"held against {one['reference']} tracts")
        if one["absent"]:
            parts.append(f"{one['absent']} of the {one['tracts']} tracts counted are not in this set")
        yield f"{name}: {'; '.join(parts)}."


def untold_lines(made: Mapping[str, Any]) -> Iterator[str]:
    """A line for each choice that is not told."""
    for one in made["sensitivity"]:
        if one["vulnerable"] is None:
            yield f"{one['name']}: {untold(one)}"


def untold(one: Mapping[str, Any]) -> str:
    """Why a choice is not told, and what to do."""
    told = f"not told, since {one['reason'].rstrip('.')}."
    return told + (f" What to do: {one['remedy'].rstrip('.')}." if one["remedy"] else "")
