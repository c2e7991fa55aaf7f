"""What is known of the region as a whole: its own shares and median incomes, which no table of tracts can give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from justgeo.core.errors import ConfigError
from justgeo.core.words import suggestion
from justgeo.measure.margins import Z90
from justgeo.measure.typology.values import Pooled, Tracts
from justgeo.sources._typology_columns import ONLY_NOW, ROLES, SHARE, read_toml

VINTAGES = {"t1": "now", "t0": "before"}
APART = 10.0
"""No median of a region lies so many times below the least, or above the greatest, of its tracts' medians."""


@dataclass(frozen=True)
class Region:
    """By the names of ``Tracts.region_now`` and ``region_before``."""

    now: Mapping[str, Pooled] = field(default_factory=dict)
    before: Mapping[str, Pooled] = field(default_factory=dict)
    file: str = ""

    def of_years(self, own: tuple[int, int] | None, others: tuple[int, int] | None) -> Region:
        """What holds of other end years (t0, t1) than its own: the figures of a year that both have."""
        if own == others:
            return self
        pairs = zip(own or (0, 0), others or (0, 0), strict=True)
        same = [a == b != 0 for a, b in pairs]
        return Region(self.now if same[1] else {}, self.before if same[0] else {}, self.file)


def read_region(path: Path) -> Region:
    """Read a file of the region's own figures.

    ``[t1]`` and ``[t0]``, each with ``income`` and shares by the names of the table's columns (``owner_share``), as a
    value with its 90 % margin, ``income = [84213, 512]``, or as a value alone, whose margin is then not known.

    Raises
    ------
    ConfigError
        No such file, an unknown name, a number that cannot be.
    """
    told = read_toml(path, "file of the region")
    made: dict[str, dict[str, Pooled]] = {"now": {}, "before": {}}
    for key, numbers in told.items():
        if key not in VINTAGES or not isinstance(numbers, dict):
            raise ConfigError(f"{path.name} has an unknown part {key!r}.", remedy=suggestion(key, VINTAGES))
        known = _names(key)
        for name, number in numbers.items():
            if name not in known:
                raise ConfigError(f"{path.name}, [{key}] has an unknown name {name!r}.", remedy=suggestion(name, known))
            quantity, complement = known[name]
            made[VINTAGES[key]][quantity] = _pooled(number, f"{path.name}, [{key}] {name}", complement, name)
    return Region(made["now"], made["before"], path.name)


def merged(tracts: Tracts, region: Region | None) -> Tracts:
    """Tracts with what is told of the region in place of what was pooled, and a note of it."""
    if region is None:
        return tracts
    _check_dollars(tracts, region)
    given = [f"{name} ({when})" for when, told in (("t1", region.now), ("t0", region.before)) for name in told]
    note = f"The region's own figures come from {region.file}: {', '.join(given) or 'none'}."
    return replace(
        tracts,
        region_now={**tracts.region_now, **region.now},
        region_before={**tracts.region_before, **region.before},
        notes=(*tracts.notes, note),
    )


def _check_dollars(tracts: Tracts, region: Region) -> None:
    """Refuse a median income in other dollars than those of the tracts.

    The median of all lies between the least and the greatest of the parts' medians. Tables have gaps, so that this is
    asked for by a factor of `APART` only; thousands are further off.
    """
    for key, told, amounts in (("t1", region.now, tracts.now), ("t0", region.before, tracts.before)):
        if "income" not in told or "income" not in amounts or not np.isfinite(amounts["income"].value).any():
            continue
        own, values = told["income"].value, amounts["income"].value
        low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
        if own * APART < values[low] or own > values[high] * APART:
            near = low if own * APART < values[low] else high
            raise ConfigError(
                f"{region.file}, [{key}] income = {own:,.10g}, and the tracts of the table have medians from "
                f"{values[low]:,.10g} to {values[high]:,.10g} ({tracts.geoid[near]} for one): they cannot be dollars "
                "both.",
                remedy="give both in dollars, not in thousands: income = [84213, 512].",
            )


def _names(vintage: str) -> dict[str, tuple[str, bool]]:
    """What may be told of a vintage: the quantity that it is, and whether one less it is meant."""
    found = {"income": ("income", False)}
    for quantity, role in ROLES.items():
        if quantity == "low_income_of_tracts" or (vintage == "t0" and quantity in ONLY_NOW):
            continue
        found |= {share: (quantity, complement) for share, complement in role.shares}
    return found


def _pooled(number: object, where: str, complement: bool, name: str) -> Pooled:
    parts: list[Any] = number if isinstance(number, list) else [number]
    right = len(parts) in (1, 2) and all(isinstance(n, int | float) and not isinstance(n, bool) for n in parts)
    value, moe = (float(parts[0]), float(parts[1]) if len(parts) == 2 else math.nan) if right else (math.nan, math.nan)
    share = name.endswith(SHARE)
    most = 1.0 if share else math.inf
    if not right or not 0 <= value <= most or moe < 0 or moe > most or math.isinf(moe):
        raise ConfigError(
            f"{where} = {number!r} cannot be.",
            remedy="give a share from 0 to 1 with its margin, percents divided by 100: [0.63, 0.01]."
            if share
            else "give [dollars, margin].",
        )
    return Pooled(1.0 - value if complement else value, moe / Z90)
