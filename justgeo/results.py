"""What a run wrote, for notebooks: ``results.json`` with a few verbs, never another truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from justgeo.core.errors import ConfigError
from justgeo.core.words import suggestion
from justgeo.report.results import load
from justgeo.report.tables import indicators_csv

NESTED = ("comparison", "error", "flags", "layers")
FIRST = (
    "indicator", "title", "category", "zone", "group", "value", "moe", "unit", "text", "reliability", "reason",
    "verdict", "numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe", "universe", "rule",
)  # fmt: skip
"""Columns that every table begins with; what else a record holds comes after."""


@dataclass(frozen=True)
class Results:
    """The content of one ``results.json``.

    Attributes
    ----------
    content : mapping
        As written; ``results["records"]`` reads from it.
    """

    content: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __repr__(self) -> str:
        measured = sum(r["reason"] is None for r in self["records"])
        mark = " (invented)" if self["synthetic"] and "(invented)" not in self["name"] else ""
        return f"<Results of {self['name']}{mark}: {measured} numbers, {len(self['records']) - measured} absences>"

    def record(self, indicator: str, zone: str = "district", group: str = "all") -> Mapping[str, Any]:
        """One number with everything that belongs to it: margin, reliability, counts, comparison, or the reason.

        Raises
        ------
        ConfigError
            No such record.
        """
        asked = {"indicator": indicator, "zone": zone, "group": group}
        for one in self["records"]:
            if all(one[key] == value for key, value in asked.items()):
                found: Mapping[str, Any] = one
                return found
        for key, value in asked.items():
            known = {str(one[key]) for one in self["records"]}
            if value not in known:
                raise ConfigError(f"There is no {key} {value!r} in these results.", remedy=suggestion(value, known))
        raise ConfigError(
            f"There is no record of {indicator} for {zone}, {group}.", remedy="see table() for those there are."
        )

    def table(self, zone: str | None = None, group: str | None = "all") -> pd.DataFrame:
        """Records as a table, one row each; ``None`` for all zones or all groups.

        Returns
        -------
        DataFrame
            ``indicator, title, category, zone, group, value, moe, unit, text, reliability, reason, verdict``, the
            counts behind shares with their margins, and the parts of the margin (``error_sampling``, ...). Margins are
            for 90 % confidence. An absent value is NaN and has its reason.
        """
        words = {row["id"]: row for row in self["indicators"]}
        rows = [
            {
                "title": words[one["indicator"]]["title"],
                "category": words[one["indicator"]].get("category", ""),
                **{key: value for key, value in one.items() if key not in NESTED},
                "verdict": (one["comparison"] or {}).get("verdict"),
                **{f"error_{part}": value for part, value in one["error"].items()},
            }
            for one in self["records"]
            if (zone is None or one["zone"] == zone) and (group is None or one["group"] == group)
        ]
        made = pd.DataFrame(rows)
        return made[[*(c for c in FIRST if c in made), *(c for c in made if c not in FIRST)]]

    @property
    def records(self) -> pd.DataFrame:
        """Every record, of all zones and groups; as :meth:`table`."""
        return self.table(group=None)

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write ``indicators.csv`` again, to ``path``: the same bytes as those beside ``results.json``."""
        Path(path).write_bytes(indicators_csv(self.content))


def read(folder: str | PathLike[str]) -> Results:
    """Open ``results.json`` of a folder of outputs, or the file itself.

    Raises
    ------
    OutputError
        It is not there or not of this version.
    """
    path = Path(folder)
    return Results(load(path / "results.json" if path.is_dir() else path))
