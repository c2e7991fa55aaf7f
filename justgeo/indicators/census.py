"""Counts, shares and medians of the American Community Survey: no code for another one, only a catalogue row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from justgeo.core.errors import Absent
from justgeo.core.expression import parse
from justgeo.core.field import Cells, CountField, Counts, GapField, MedianField, MixField, Weight
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.core.zones import Units
from justgeo.indicators.place import Place

ACS_2020_TRACTS = 2020
_LESS = "less_"


def acs_share(row: Indicator, place: Place, group: str = "all") -> CountField:
    """A part of a whole from ACS cells, or from the planner's own table.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``numerator``, ``denominator`` (expressions), optional ``components``,
        ``denominator_components``, ``complement``.
    group : str
        ``all`` or one of ``row.groups`` with its own ``numerator`` and ``denominator``.

    Returns
    -------
    CountField
        At every summary level that all its tables have.
    """
    own = place.layers.get(_own_name(row, group))
    if own is not None:
        return _own_share(row, place, group)
    asked = _parameters(row, group)
    named = [str(asked[key]) for key in _EXPRESSIONS if key in asked]
    tables = _joined(place, named, _when(asked))
    numerator = _counts(tables, str(asked["numerator"]), asked.get("components"))
    denominator = _counts(tables, str(asked["denominator"]), asked.get("denominator_components"))
    complement = _cells(tables, parse(str(asked["complement"])).plus) if "complement" in asked else None
    return CountField(
        units=tables.units,
        numerator=numerator,
        denominator=denominator,
        weight=cast(Weight, row.weight),
        kind="ratio" if row.aggregate == "ratio" else "share",
        universe=row.universe,
        complement=complement,
        zero_moe=tables.zero_moe,
    )


def acs_gap(row: Indicator, place: Place, group: str = "all") -> GapField:
    """How far apart two groups' shares are; neither group has members in the other.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``numerator``, ``denominator``, optional ``complement`` of the first group; the same with
        ``less_`` before them of the group whose share is taken off.

    Returns
    -------
    GapField
    """
    if group != "all":
        raise Absent(f"{row.id} is itself of two groups")
    own = {k: v for k, v in row.parameters.items() if not k.startswith(_LESS)}
    other = {k.removeprefix(_LESS): v for k, v in row.parameters.items() if k.startswith(_LESS) or k == "when"}
    shares = [acs_share(replace(row, parameters=told, aggregate="share"), place) for told in (own, other)]
    return GapField(shares[0], shares[1])


def acs_count(row: Indicator, place: Place, group: str = "all") -> CountField:
    """A count from ACS cells; ``parameters``: ``numerator``, optional ``universe_cells`` that it is a part of."""
    if place.layers.get(_own_name(row, group)) is not None:
        return _own_share(row, place, group)
    asked = _parameters(row, group)
    whole = asked.get("universe_cells")
    tables = _joined(place, [str(asked["numerator"]), *([str(whole)] if whole else [])], _when(asked))
    return CountField(
        units=tables.units,
        numerator=_counts(tables, str(asked["numerator"]), asked.get("components")),
        denominator=None,
        weight=cast(Weight, row.weight),
        kind="sum",
        universe=row.universe,
        apportion_of=_counts(tables, str(whole), None) if whole else None,
    )


def acs_mixture(row: Indicator, place: Place, group: str = "all") -> MixField:
    """How mixed the people are; ``parameters``: ``cells`` of the groups that make up all of them, and ``index``."""
    if group != "all":
        raise Absent(f"{row.id} is of all groups at once")
    asked = _parameters(row, group)
    tables = _joined(place, [str(asked["cells"])], _when(asked))
    return MixField(
        units=tables.units,
        cells=_cells(tables, parse(str(asked["cells"])).plus),
        index="evenness" if asked["index"] == "evenness" else "diversity",
        weight=cast(Weight, row.weight),
        universe=row.universe,
    )


def acs_median(row: Indicator, place: Place, group: str = "all") -> MedianField:
    """A median rebuilt from bins; ``parameters``: ``bins``, ``edges``, ``published``, ``pareto``, ``jam``.

    Zones that are published units show the Bureau's own median.
    """
    asked = _parameters(row, group)
    if place.layers.get(_own_name(row, group)) is not None:
        return _own_median(row, place, group)
    if asked.get("bins") and asked.get("published") and not _at_hand(place, str(asked["bins"]), _when(asked)):
        # Without its brackets a median can still be shown where the Bureau publishes it.
        asked = {**asked, "bins": None}
    expressions = [str(asked[key]) for key in ("bins", "published") if asked.get(key)]
    tables = _joined(place, expressions, _when(asked))
    edges = np.array([np.inf if str(e) == "inf" else float(e) for e in asked["edges"]], dtype=np.float64)
    if asked.get("bins"):
        bins = _cells(tables, parse(str(asked["bins"])).plus)
    else:
        nothing = np.full((len(tables.units), len(edges) - 1), np.nan)
        bins = Cells((), nothing, nothing)
    published, margin, text = _published(tables, asked)
    return MedianField(
        units=tables.units,
        bins=bins,
        edges=edges,
        weight=cast(Weight, row.weight),
        universe=row.universe,
        pareto=bool(asked.get("pareto", False)),
        published=published,
        published_moe=margin,
        published_text=text,
    )


def _at_hand(place: Place, expression: str, when: str) -> bool:
    return all(place.table_name(table, when) in place.layers for table in parse(expression).tables)


def _published(
    tables: _Tables, asked: Mapping[str, Any]
) -> tuple[FloatArray | None, FloatArray | None, tuple[str | None, ...] | None]:
    """Published medians, with jam values (250,001) told as the text that they stand for."""
    if not asked.get("published"):
        return None, None, None
    cells = _cells(tables, parse(str(asked["published"])).plus)
    value, margin = cells.estimate[:, 0].copy(), cells.moe[:, 0].copy()
    jam = {float(code): str(text) for code, text in dict(asked.get("jam", {})).items()}
    text = tuple(jam.get(float(v)) for v in value)
    jammed = np.array([t is not None for t in text], dtype=np.bool_)
    value[jammed] = np.nan
    margin[jammed] = np.nan
    return value, margin, text


def _parameters(row: Indicator, group: str) -> Mapping[str, Any]:
    if group == "all":
        return row.parameters
    if group not in row.groups:
        raise Absent(f"no table of {row.id} is published for this group")
    return {**{k: v for k, v in row.parameters.items() if k not in _SPECIFIC}, **dict(row.groups[group])}


# What belongs to the whole population's cells and must not be carried over to a group's own table.
_EXPRESSIONS = ("numerator", "denominator", "components", "denominator_components", "complement")
_SPECIFIC = frozenset({*_EXPRESSIONS, "bins", "published", "universe_cells"})


def _when(asked: Mapping[str, Any]) -> str:
    return str(asked.get("when", "t1"))


def tables_of(expressions: Iterable[str]) -> list[str]:
    """Table names of some expressions, in order, once each."""
    return list(dict.fromkeys(table for text in expressions for table in parse(text).tables))


@dataclass(frozen=True)
class _Tables:
    """Tables side by side, at the units that all of them have.

    Attributes
    ----------
    units : Units
    numbers : (n, k) float
        Their estimates and margins.
    column : mapping of str to int
        Which of the k columns holds ``B25003_001E``.
    zero_moe : (n,) float
        See `_largest_zero_margin`.
    """

    units: Units
    numbers: FloatArray
    column: Mapping[str, int]
    zero_moe: FloatArray

    def of(self, codes: Sequence[str], kind: str) -> FloatArray:
        """Estimates (``E``) or margins (``M``) of some cells, (n, len(codes)); NaN where there is no such column."""
        at = np.array([self.column.get(code + kind, -1) for code in codes], dtype=np.int64)
        found = self.numbers[:, at]
        found[:, at < 0] = np.nan
        return found


def _joined(place: Place, expressions: Sequence[str], when: str) -> _Tables:
    """All tables of the expressions side by side: once for all rows and groups that look at the same ones."""
    names = tables_of(expressions)
    return place.once(f"joined:{when}:{','.join(names)}", lambda: _side_by_side(place, names, when))


def _side_by_side(place: Place, names: Sequence[str], when: str) -> _Tables:
    frames = [place.frame(name, when) for name in names]
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, axis=1, join="inner")
    if frame.empty:
        raise Absent(f"the tables {', '.join(names)} have no area in common")
    vintage = place.layer(place.table_name(names[0], when)).geography_vintage
    level = frame.index.get_level_values("level").to_numpy(dtype=np.str_)
    geoid = frame.index.get_level_values("geoid").to_numpy(dtype=np.str_)
    numbers = frame.select_dtypes("number")
    column = {str(name): at for at, name in enumerate(numbers.columns)}
    values = numbers.to_numpy(dtype=np.float64)
    return _Tables(Units(geoid, level, vintage), values, column, _largest_zero_margin(values, column))


def _cells(tables: _Tables, codes: Sequence[str]) -> Cells:
    absent = [c for c in codes if f"{c}E" not in tables.column]
    if absent:
        raise Absent(f"the tables at hand have no {', '.join(absent)}")
    # A cell without its margin has none known: NaN, never 0.
    return Cells(tuple(codes), tables.of(codes, "E"), tables.of(codes, "M"))


def _counts(tables: _Tables, expression: str, components: object) -> Counts:
    asked = parse(expression)
    parts = parse(str(components)).plus if components else ()
    return Counts(
        plus=_cells(tables, asked.plus),
        minus=_cells(tables, asked.minus) if asked.minus else None,
        components=_cells(tables, parts) if parts else None,
    )


def _largest_zero_margin(numbers: FloatArray, column: Mapping[str, int]) -> FloatArray:
    """Largest margin of a zero estimate in the tables, for shares of exactly one (METHODS 2.0 item 4)."""
    pairs = [(at, column[f"{c[:-1]}M"]) for c, at in column.items() if c.endswith("E") and f"{c[:-1]}M" in column]
    if not pairs:
        return np.full(len(numbers), np.nan)
    estimate, margin = (numbers[:, list(at)] for at in zip(*pairs, strict=True))
    zero = np.where((estimate == 0) & np.isfinite(margin), margin, -np.inf)
    largest = zero.max(axis=1)
    return np.where(np.isfinite(largest), largest, np.nan)


def _own_name(row: Indicator, group: str) -> str:
    return f"table:{row.id}" if group == "all" else f"table:{row.id}:{group}"


def _own(row: Indicator, place: Place, group: str) -> tuple[pd.DataFrame, Units]:
    layer = place.layer(_own_name(row, group))
    frame = layer.data
    units = Units(
        frame["geoid"].to_numpy(dtype=np.str_), frame["level"].to_numpy(dtype=np.str_), layer.geography_vintage
    )
    return frame, units


def _own_share(row: Indicator, place: Place, group: str) -> CountField:
    """The planner's own table: percents were made counts when it was read."""
    frame, units = _own(row, place, group)

    def column(name: str) -> Counts:
        return Counts(
            Cells((name,), frame[[name]].to_numpy(dtype=np.float64), frame[[f"{name}_moe"]].to_numpy(dtype=np.float64))
        )

    return CountField(
        units=units,
        numerator=column("numerator"),
        denominator=column("denominator") if "denominator" in frame else None,
        weight=cast(Weight, row.weight),
        kind="share" if "denominator" in frame else "sum",
        universe=row.universe,
    )


def _own_median(row: Indicator, place: Place, group: str) -> MedianField:
    """A published median is shown where it is published and never aggregated: it comes without bins."""
    frame, units = _own(row, place, group)
    nothing = np.full((len(units), 1), np.nan)
    return MedianField(
        units=units,
        bins=Cells((), nothing, nothing),
        edges=np.array([0.0, np.inf]),
        weight=cast(Weight, row.weight),
        universe=row.universe,
        published=frame["median"].to_numpy(dtype=np.float64),
        published_moe=frame["median_moe"].to_numpy(dtype=np.float64),
    )
