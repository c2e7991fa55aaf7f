"""Downloaded tables by census area: identifiers put together, counties picked, measures side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from justgeo.core.errors import CoverageError, LayerError
from justgeo.core.layer import FloatArray
from justgeo.sources import _parts
from justgeo.sources._dataset_columns import Reasons, decoded, glued
from justgeo.sources._dataset_files import json_rows, table
from justgeo.sources._dataset_form import Column, Long, Reading, Work
from justgeo.sources._frames import as_text, identifiers, numbers, require_column, selected
from justgeo.sources._vector import open_vector

_SHOWN = 5
_COUNTY = 5  # digits
_NO_ROW = "the source has no row of this measure for this area"


def by_area(work: Work) -> pd.DataFrame:
    """Rows of the counties asked for, decoded; what is known of them goes to ``work.attrs``.

    Raises
    ------
    ConfigError, LayerError, CoverageError
        As :func:`justgeo.sources.datasets.read_dataset`.
    """
    reading, where = work.reading, work.where
    cells = pd.concat([_cells(path, work) for path in work.files], ignore_index=True)
    if work.prefix:
        cells = cells[cells["geoid"].str.startswith(work.prefix)].reset_index(drop=True)
    _check_counties(cells, work)
    if reading.rows and len(cells):
        cells = cells[selected(cells, reading.rows, where)].reset_index(drop=True)
    if reading.latest and len(cells):
        if reading.long is None and not reading.strata:
            work.attrs["times"] = _times(cells, work)
        cells = _latest(cells, work)
    several = reading.long is not None or bool(reading.strata)
    ids = cells["geoid"].drop_duplicates() if several else cells["geoid"]
    identifiers(ids.rename(" + ".join(reading.geoid)), reading.geography, where)
    if reading.long is not None:
        data, reasons = _side_by_side(cells, reading.long, work)
    else:
        data, reasons = _row_by_row(cells, work)
    work.attrs["reasons"] = reasons
    work.attrs["outside"] = outside_of(reading)
    return data.reset_index(drop=True)


def outside_of(reading: Reading) -> dict[str, float | str]:
    """What holds where the source has no row or feature, as far as it says so: 0 jobs, "not surveyed"."""
    values: dict[str, float | str] = {c.name: c.outside for c in reading.columns if c.outside is not None}
    return values | {one.name: one.outside for one in reading.classes if one.outside}


def _cells(path: Path, work: Work) -> pd.DataFrame:
    """What is needed of one file, as it is in it, with ``geoid`` put together."""
    reading, where = work.reading, _parts.named(work.spec.name, [path])
    if reading.form == "csv":
        frame = _of_text(path, reading, work.prefix, where)
    elif reading.form == "vector":
        told = {key: value for key, value in (("layer", reading.layer), ("crs", reading.crs)) if value}
        frame = pd.DataFrame(open_vector(path, told, where, need_crs=False)[0].drop(columns="geometry"))
    else:
        rows = json_rows(path, reading.form, where)
        frame = pd.DataFrame([row["properties"] for row in rows] if reading.form == "geojson" else rows)
    for column in reading.needs():
        if column not in frame and (reading.form == "rows" or frame.empty):
            frame[column] = ""  # an answer leaves out what is empty in all of its rows
        require_column(column, frame.columns, where, "read from it")
    parts = [
        as_text(frame[column]).map(partial(_digits, width=width)).astype(str)
        for column, width in zip(reading.geoid, reading.digits, strict=True)
    ]
    return pd.concat([glued(parts).rename("geoid"), frame[[c for c in reading.needs() if c != "geoid"]]], axis=1)


def _digits(cell: str, width: int) -> str:
    """Digits of an identifier: without what stands before ``US``, with the zeros that a spreadsheet took away."""
    return cell.strip().rpartition("US")[2].removesuffix(".0").zfill(width)


def _of_text(path: Path, reading: Reading, prefix: tuple[str, ...], where: str) -> pd.DataFrame:
    """Rows of the counties asked for: most of a national file is of others."""
    columns = reading.needs()
    places = [(columns.index(column), width) for column, width in zip(reading.geoid, reading.digits, strict=True)]

    def keep(row: list[str]) -> bool:
        return "".join(_digits(row[place], width) for place, width in places).startswith(prefix)

    alone = len(reading.geoid) == 1
    needles = [start.lstrip("0") for start in prefix] if alone else []
    return table(path, reading, columns, where, keep=keep if prefix else None, needles=needles)


def _check_counties(cells: pd.DataFrame, work: Work) -> None:
    """Counties of which there is no row: refused, told, or as it should be in a list of designations."""
    had = set(cells["geoid"].str[:_COUNTY])
    lost = [start for start in work.prefix if not any(county.startswith(start) for county in had)]
    if not lost or work.reading.lacking == "none":
        return
    named = ", ".join(lost[:_SHOWN]) + (", ..." if len(lost) > _SHOWN else "")
    if work.reading.lacking == "refuse":
        raise LayerError(
            f"{work.where}: it has no row of {named}, though it should have some of each county.",
            remedy="compare the codes with the file: some counties got another one over the years, all of "
            "Connecticut's in 2022; or the file is another state's or only a part.",
        )
    if len(lost) == len(work.prefix):
        raise CoverageError(f"{work.where}: it has nothing of {named}.", remedy="nothing can be said of it from here.")
    work.notes.append(f"It has nothing of {named}.")
    work.attrs["lacking"] = tuple(lost)


def _latest(cells: pd.DataFrame, work: Work) -> pd.DataFrame:
    """Rows of the newest period of each county, so that the areas of a county speak of one time."""
    column = work.reading.latest
    times = pd.Series(_periods(cells, work), index=cells.index)
    county = cells["geoid"].str[:_COUNTY]
    newest = times.groupby(county).transform("max")
    for when, members in county[times == newest].groupby(times[times == newest]):
        named = ", ".join(sorted(set(members)))
        work.notes.append(f"Newest {column} of {named}: {when:g}.")
    return cells[(times == newest).to_numpy(dtype=np.bool_)].reset_index(drop=True)


def _periods(cells: pd.DataFrame, work: Work) -> FloatArray:
    """The period of each row; one below 0 is a sentinel, which would pass for the oldest of all."""
    column = work.reading.latest
    found = numbers(cells[column], work.where)
    if (found < 0).any():
        raise LayerError(
            f"{work.where}: a row has {found[found < 0][0]:.12g} in column {column!r}, which is no period.",
            remedy="take the file again, or leave such rows out.",
        )
    return found


def _times(cells: pd.DataFrame, work: Work) -> dict[str, list[Any]]:
    """Every period, one list a column: ``geoid``, the period, and each declared column."""
    reading, geoids = work.reading, cells["geoid"]
    times = _periods(cells, work)
    found, _ = decoded(cells, reading, geoids.tolist(), work.where)
    frame = pd.DataFrame({"geoid": geoids.to_numpy(), reading.latest: times})
    doubled = frame[frame.duplicated()]
    if len(doubled):
        geoid, when = doubled.iloc[0]
        raise LayerError(
            f"{work.where}: {len(doubled)} rows come more than once, for example {geoid} of {when:g}.",
            remedy="take the file again: which of the rows is right cannot be known.",
        )
    told = {name: np.asarray(values).tolist() for name, values in found.items()}
    return {"geoid": geoids.tolist(), reading.latest: frame[reading.latest].tolist(), **told}


def _row_by_row(cells: pd.DataFrame, work: Work) -> tuple[pd.DataFrame, Reasons]:
    """A row for a row; of a table in strata, the columns that tell these apart stand beside the identifier."""
    reading, geoids = work.reading, cells["geoid"]
    strata = {name: as_text(cells[name]) for name in reading.strata}
    labels = glued([geoids, *strata.values()], "|")
    found, reasons = decoded(cells, reading, labels.tolist(), work.where)
    head: dict[str, Any] = {"geoid": geoids, **strata}
    if reading.latest:
        head[reading.latest] = _periods(cells, work)
    data = pd.DataFrame({**head, **found}, index=cells.index)
    if strata:
        doubled = data[data.duplicated()]
        if len(doubled):
            raise LayerError(
                f"{work.where}: {len(doubled)} rows come more than once, for example {doubled['geoid'].iloc[0]!r}.",
                remedy="take the file again: what is doubled would be counted twice.",
            )
        work.attrs["strata"] = tuple(strata)
    return data, reasons


def _side_by_side(cells: pd.DataFrame, long: Long, work: Work) -> tuple[pd.DataFrame, Reasons]:
    """Measures that stand below one another, side by side: one row an area."""
    reading, where = work.reading, work.where
    keys = as_text(cells[long.key])
    geoids = cells["geoid"].drop_duplicates().sort_values().reset_index(drop=True)
    data: dict[str, Any] = {"geoid": geoids}
    reasons: Reasons = {}
    for column in reading.columns:
        rows = cells[(keys == column.column).to_numpy(dtype=np.bool_)]
        if rows.empty and len(cells):
            known = sorted(set(keys))
            require_column(column.column, known, f"{where}, {long.key}", column.name)
        identifiers(rows["geoid"], reading.geography, f"{where}, {column.column}")
        one = Column(
            column.name, long.value, column.kind, column.unit, low=long.low, high=long.high, strip=column.strip
        )
        labels = rows["geoid"].tolist()
        only = Reading(reading.form, reading.geography, columns=(one,), missing=reading.missing)
        found, why = decoded(rows, only, labels, where)
        for name, values in found.items():
            data[name] = pd.Series(values, index=labels).reindex(geoids).to_numpy()
        reasons |= why
        reasons |= {(str(geoid), column.name): _NO_ROW for geoid in set(geoids) - set(labels)}
    return pd.DataFrame(data), reasons
