"""A planner's own table with declared columns: counts, percents or medians, each with its margin where it has one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import BoolArray, FloatArray, Layer, Provenance, Told
from justgeo.core.spec import TableColumn, TableSpec
from justgeo.measure.margins import Z90, count_from_percent, decode
from justgeo.sources._frames import check_options, identifiers, numbers, prefixes, read_frame, require_column, selected
from justgeo.sources._hash import combined, sha256_of
from justgeo.sources._options import check_kinds
from justgeo.sources._provenance import provenance

OPTIONS = ("fraction", "margin_fraction", "where", "prefix", "pad", "delimiter")

_WIDEST = 50.0  # a 90 % margin of a percent beyond this says nothing: the percent would be anywhere
_TOO_NARROW = 0.2  # of the margin that a simple random sample of everyone would have
_FEW = 5


def read_table(table: TableSpec, column: TableColumn) -> Layer:
    """Read one declared column of a table.

    Parameters
    ----------
    table : TableSpec
        ``spec.options``, all optional: ``fraction`` (true where percents are written 0 to 1, false to confirm that
        they are percents), ``margin_fraction`` (true where only the margins are), ``where`` (column -> value
        or values), ``prefix`` (of the identifier), ``pad`` (digits to fill up to), ``delimiter``.
    column : TableColumn

    Returns
    -------
    Layer
        Named ``table:<indicator>``, and ``table:<indicator>:<group>`` for a group. Columns ``geoid``, ``level`` and,
        of a count or a percent, ``numerator``, ``numerator_moe`` and, where one is declared, ``denominator``,
        ``denominator_moe``; of a median, ``median``, ``median_moe``. A percent becomes a count by the product
        rule; where the denominator is 0 the count is 0 too, with the denominator's margin.
        NaN where the table has no number; ``data.attrs["reasons"][geoid, name]`` says why. A margin is NaN where
        the table has none.

    Raises
    ------
    ConfigError
        A declared column is not there, or a percent has no denominator.
    LayerError
        Percents outside their range, margins that cannot be margins, identifiers of another geography.

    References
    ----------
    U.S. Census Bureau (2018, rev. 2020), *Understanding and Using American Community Survey Data*, chapter 8.
    """
    spec = table.spec
    where = f"Table {spec.path.name}"
    check_options(spec.options, OPTIONS, where)
    check_kinds(spec.options, where)
    frame = _rows(table, where)
    out = pd.DataFrame({"geoid": frame["_geoid"].to_numpy(), "level": table.geography})
    reasons: dict[tuple[str, str], str] = {}

    def pair(name: str, estimate: str, margin: str | None) -> tuple[FloatArray, FloatArray]:
        return _pair(frame, name, estimate, margin, where, reasons)

    value, moe = pair("median" if column.kind == "median" else "numerator", column.estimate, column.margin)
    notes: list[str] = [] if column.margin else [f"{column.estimate}: the table publishes no margin."]
    if column.kind == "median":
        out["median"], out["median_moe"] = value, moe
    else:
        below = None
        if column.denominator is not None:
            below = pair("denominator", column.denominator, column.denominator_margin)
            if column.denominator_margin is None:
                notes.append(f"{column.denominator}: the table publishes no margin.")
        if column.kind == "percent":
            value, moe = _counts(table, column, value, moe, below, where)
            notes.append(f"{column.estimate} is a percent of {column.denominator}; counts by the product rule.")
        out["numerator"], out["numerator_moe"] = value, moe
        if below is not None:
            out["denominator"], out["denominator_moe"] = below
    out.attrs["reasons"] = Told(reasons)
    name = f"table:{column.indicator}" + ("" if column.group == "all" else f":{column.group}")
    return Layer(
        name=name,
        data=out,
        provenance=provenance(
            spec,
            name,
            sha256=sha256_of(spec.path),
            notes=notes,
            asked={"estimate": column.estimate, "margin": column.margin, "denominator": column.denominator},
        ),
        geography=table.geography,
        geography_vintage=table.geography_vintage,
    )


def _rows(table: TableSpec, where: str) -> pd.DataFrame:
    options = table.spec.options
    frame = read_frame(table.spec.path, where, delimiter=options.get("delimiter"))
    require_column(table.geoid, frame.columns, where, "geoid")
    if options.get("where"):
        frame = frame[selected(frame, options["where"], where)]
    pad = options.get("pad")
    ids = identifiers(frame[table.geoid], table.geography, where, pad=None if pad is None else int(pad))
    frame = frame.assign(_geoid=ids)
    starts = prefixes(options.get("prefix"))
    if starts:
        frame = frame[ids.str.startswith(starts).to_numpy(dtype=np.bool_)]
    if frame.empty:
        raise LayerError(f"{where}: no row is left with prefix {', '.join(starts)}.", remedy="check prefix.")
    return frame.reset_index(drop=True)


def _pair(
    frame: pd.DataFrame,
    name: str,
    estimate: str,
    margin: str | None,
    where: str,
    reasons: dict[tuple[str, str], str],
) -> tuple[FloatArray, FloatArray]:
    """Estimate and margin of one number, decoded; a margin that the table does not have is NaN everywhere."""
    require_column(estimate, frame.columns, where, name)
    value = numbers(frame[estimate], where)
    moe: FloatArray = np.full(len(frame), np.nan)
    if margin is not None:
        require_column(margin, frame.columns, where, f"margin of the {name}")
        moe = numbers(frame[margin], where)
    decoded = decode(value, moe)
    below = np.flatnonzero(decoded.estimate < 0)
    if below.size and name != "median":
        raise LayerError(
            f"{where}: column {estimate!r} holds {decoded.estimate[below[0]]:,.10g} ({below.size} of {len(frame)} "
            f"rows), and it is declared the {name} of a count.",
            remedy="leave cells without a number empty; a code for 'no number' of your own is taken for one.",
        )
    for suffix, why in (("", decoded.estimate_reason), ("_moe", decoded.margin_reason)):
        rows: Any = np.flatnonzero(why != np.array(None))
        reasons.update({(str(frame["_geoid"].iloc[i]), name + suffix): str(why[i]) for i in rows})
    return decoded.estimate, decoded.margin


def _counts(
    table: TableSpec,
    column: TableColumn,
    value: FloatArray,
    moe: FloatArray,
    below: tuple[FloatArray, FloatArray] | None,
    where: str,
) -> tuple[FloatArray, FloatArray]:
    """Counts behind percents of a denominator."""
    if below is None:
        raise ConfigError(
            f"{where}: the percent {column.estimate!r} has no denominator.",
            remedy='name the column of its whole: denominator = "...". Percents of several areas cannot be averaged.',
        )
    options = table.spec.options
    value = _percents(value, column, where, options.get("fraction"))
    if options.get("margin_fraction", options.get("fraction", False)):
        moe = moe * 100.0
    _check_margins(value, moe, below[0], column, where, modelled=table.spec.modelled)
    counts = count_from_percent(value, moe, *below)
    # A percent of nobody is blank, but the part of an empty whole is known: no more than the whole, with its margin.
    empty = np.isnan(value) & (below[0] == 0)
    return np.where(empty, 0.0, counts.value), np.where(empty, below[1], counts.moe)


def _percents(value: FloatArray, column: TableColumn, where: str, fraction: object) -> FloatArray:
    top = 1.0 if fraction else 100.0
    wrong: BoolArray = (value < 0) | (value > top)
    if wrong.any():
        raise LayerError(
            f"{where}: {column.estimate!r} is declared a percent, but {int(wrong.sum())} of {len(value)} values lie "
            f"outside 0 to {top:g}, for example {value[wrong][0]:g}.",
            remedy="declare the column as what it is (count, median), or fraction = false if it is in percents.",
        )
    known = value[np.isfinite(value)]
    if fraction is None and len(known) >= _FEW and known.max() <= 1.0 and ((known > 0) & (known < 1)).any():
        raise LayerError(
            f"{where}: {column.estimate!r} is declared a percent, but no value exceeds 1 (the largest is "
            f"{known.max():g}): it looks like a fraction.",
            remedy="declare fraction = true if 1 is the whole, or fraction = false if these are percents.",
        )
    return value * (100.0 / top)


def _check_margins(
    percent: FloatArray, moe: FloatArray, whole: FloatArray, column: TableColumn, where: str, *, modelled: bool
) -> None:
    """Refuse a declared margin that cannot be one: wider than any percent needs, or narrower than a full sample's."""
    known = np.isfinite(moe) & np.isfinite(percent)
    wide = known & (moe > _WIDEST)
    if known.any() and wide.sum() * 2 > known.sum():
        raise LayerError(
            f"{where}: {column.margin!r} is declared the margin of {column.estimate!r}, but {int(wide.sum())} of "
            f"{int(known.sum())} values exceed {_WIDEST:g} points (the first is {moe[wide][0]:g}): that is no margin "
            "of a percent.",
            remedy="name another column, or leave margin out: the number is then shown as 'margin not published'.",
        )
    asked = known & (moe > 0) & (percent > 0) & (percent < 100) & (whole > 0)
    if modelled or asked.sum() < _FEW:
        return
    p, n = percent[asked], whole[asked]
    least = _TOO_NARROW * Z90 * np.sqrt(p * (100.0 - p) / n)
    narrow = moe[asked] < least
    if narrow.sum() * 2 > len(p):
        raise LayerError(
            f"{where}: {column.margin!r} is declared the margin of {column.estimate!r}, but {int(narrow.sum())} of "
            f"{len(p)} values are smaller than a sample can have (the first is {moe[asked][narrow][0]:g} points).",
            remedy="declare margin_fraction = true if the margins are fractions beside percents, leave margin out if "
            "the column is no margin, or mark the table as modelled.",
        )


def stacked(one: Layer, other: Layer) -> Layer:
    """Rows of two tables of the same indicator at different geographies.

    Raises
    ------
    ConfigError
        Both are of one geography, or they differ in kind or census vintage.
    """
    twice = set(one.data["level"]) & set(other.data["level"])
    if twice or one.geography_vintage != other.geography_vintage or list(one.data) != list(other.data):
        raise ConfigError(
            f"{one.name} is declared by two tables that do not go together "
            f"({'both for ' + twice.pop() if twice else 'another kind or census vintage'}).",
            remedy="keep one table a geography, of one kind and one census vintage.",
        )
    data = pd.concat([one.data, other.data], ignore_index=True)
    data.attrs["reasons"] = Told(one.data.attrs.get("reasons", {}) | other.data.attrs.get("reasons", {}))
    return replace(one, data=data, geography="", provenance=_both(one.provenance, other.provenance))


def _both(one: Provenance, other: Provenance) -> Provenance:
    def joined(a: str, b: str) -> str:
        return a if a == b else "; ".join(t for t in (a, b) if t)

    texts = ("source", "dataset", "vintage", "retrieved", "licence", "attribution", "url")
    return replace(
        one,
        **{name: joined(getattr(one, name), getattr(other, name)) for name in texts},
        sha256=combined([("1", one.sha256), ("2", other.sha256)]),
        asked={"tables": [dict(one.asked), dict(other.asked)]},
        synthetic=one.synthetic or other.synthetic,
        modelled=one.modelled or other.modelled,
        notes=tuple(dict.fromkeys([*one.notes, *other.notes])),
    )
