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

NESTED = ("comparison", "error", "flags", "layers")


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
        mark = " (invented)" if self["synthetic"] else ""
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
            ``zone, indicator, title, group, value, moe, unit, reliability, reason, verdict`` and the counts behind
            shares. An absent value is NaN and has its reason.
        """
        titles = {row["id"]: row["title"] for row in self["indicators"]}
        rows = [
            {
                "title": titles[one["indicator"]],
                **{key: value for key, value in one.items() if key not in NESTED},
                "verdict": (one["comparison"] or {}).get("verdict"),
            }
            for one in self["records"]
            if (zone is None or one["zone"] == zone) and (group is None or one["group"] == group)
        ]
        return pd.DataFrame(rows)


def read(folder: str | PathLike[str]) -> Results:
    """Open ``results.json`` of a folder of outputs, or the file itself.

    Raises
    ------
    OutputError
        It is not there or not of this version.
    """
    path = Path(folder)
    return Results(load(path / "results.json" if path.is_dir() else path))
