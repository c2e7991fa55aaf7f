"""What a run wrote, for notebooks: ``results.json`` with a few verbs, never another truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from justgeo.core.errors import ConfigError, OutputError
from justgeo.core.words import suggestion
from justgeo.report.results import load
from justgeo.report.tables import indicators_csv, standing

if TYPE_CHECKING:
    from justgeo.report.basemap import Basemap
    from justgeo.report.charts import Chart
    from justgeo.report.explorer import Map

NESTED = ("comparison", "error", "flags", "layers", "percentile", "instead")
FIRST = (
    "indicator", "title", "category", "zone", "group", "value", "moe", "unit", "text", "reliability", "reason",
    "verdict", "numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe", "universe", "rule",
)  # fmt: skip
"""Columns that every table begins with; what else a record holds comes after."""


@dataclass(frozen=True)
class Results:
    """The content of one ``results.json``, which shows itself in a notebook.

    Attributes
    ----------
    content : mapping
        As written; ``results["records"]`` reads from it.
    folder : Path or None
        Where it lies, with the shapes beside it.
    zones, basemap : GeoDataFrame and Basemap, or None
        Shapes at hand, where nothing was written.
    """

    content: Mapping[str, Any]
    folder: Path | None = None
    zones: gpd.GeoDataFrame | None = field(default=None, repr=False, compare=False)
    basemap: Basemap | None = field(default=None, repr=False, compare=False)

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __repr__(self) -> str:
        measured = sum(r["reason"] is None for r in self["records"])
        mark = " (invented)" if self["synthetic"] and "(invented)" not in self["name"] else ""
        return f"<Results of {self['name']}{mark}: {measured} numbers, {len(self['records']) - measured} absences>"

    def _repr_html_(self) -> str:
        from justgeo.report import notebook

        return notebook.results(self.content)

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
            for 90 % confidence. An absent value is NaN and has its reason. ``percentile`` with ``percentile_low`` and
            ``percentile_high`` is the share of the reference's people in tracts with a lower number (for analysts, and
            no verdict on a place); ``instead`` is the zone that reports a number where this one is withheld.
        """
        words = {row["id"]: row for row in self["indicators"]}
        rows = [
            {
                "title": words[one["indicator"]]["title"],
                "category": words[one["indicator"]].get("category", ""),
                **{key: value for key, value in one.items() if key not in NESTED},
                "verdict": (one["comparison"] or {}).get("verdict"),
                **{f"error_{part}": value for part, value in one["error"].items()},
                **standing(one),
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

    def to_frame(self, zone: str | None = None, group: str | None = None) -> pd.DataFrame:
        """The analyst's table: every column of ``indicators.csv``, one row a record, typed.

        Returns
        -------
        DataFrame
            Numbers as floats, NaN where there is none and ``reason`` says why; texts as they are. Beside each number
            its margin, comparison, percentile, source and vintage.
        """
        from justgeo.report.fields import FIELDS
        from justgeo.report.tables import COLUMNS, indicator_rows

        made = pd.DataFrame(indicator_rows(self.content), columns=list(COLUMNS))
        made = made.astype({one.name: "float64" for one in FIELDS if one.kind == "number"})
        here = (made["zone"] == zone) if zone is not None else made["zone"].notna()
        told = (made["group"] == group) if group is not None else made["group"].notna()
        return made[here & told].reset_index(drop=True)

    def plot(self, indicator: str = "", by: str = "groups") -> Chart:
        """A chart with margins as whiskers: an indicator by its groups or areas, or the shares of the headline.

        Parameters
        ----------
        indicator : str
            Its id; the shares of the headline where none is named.
        by : {'groups', 'areas'}

        Returns
        -------
        Chart
            Shows itself in a notebook; ``.figure`` is matplotlib's.

        Raises
        ------
        ConfigError
            The indicator is not known.
        OutputError
            matplotlib is not installed (``pip install 'justgeo[export]'``), or there is no number.
        """
        from justgeo.report import charts

        return charts.chart(self.content, indicator, by)

    def explore(self, indicator: str = "") -> Map:
        """A map of an indicator to look into, without tiles and without a network.

        Parameters
        ----------
        indicator : str
            Its id; the one that the public map opens with where none is named.

        Returns
        -------
        Map
            Shows itself in a notebook; ``.save(path)`` writes it as a page.

        Raises
        ------
        ConfigError
            The indicator is not known.
        OutputError
            It is told of no area, or there are no shapes beside the results.
        """
        from justgeo.report import explorer

        return explorer.explore(self.content, self._shapes(), self.basemap, indicator)

    def _shapes(self) -> gpd.GeoDataFrame:
        if self.zones is not None:
            return self.zones
        if self.folder is None:
            raise OutputError(
                "There are no shapes beside these results.", remedy="open the folder of outputs: justgeo.load(folder)."
            )
        from justgeo.exporting import zones

        return zones(self.folder, self.content)

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write ``indicators.csv`` again, to ``path``: the same bytes as those beside ``results.json``.

        Raises
        ------
        OutputError
            It cannot be written; what was there is then untouched.
        """
        from justgeo.progress import put

        put(Path(path), indicators_csv(self.content))


def read(folder: str | PathLike[str]) -> Results:
    """Open ``results.json`` of a folder of outputs, or the file itself.

    Raises
    ------
    OutputError
        It is not there or not of this version.
    """
    path = Path(folder)
    file = path / "results.json" if path.is_dir() else path
    return Results(load(file), file.parent)
