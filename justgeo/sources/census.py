"""American Community Survey tables from the Bureau's files, as they are.

The Bureau's table-based summary file has one file a table, ``acsdt5y2024-b25003.dat``: cells separated by ``|``, a
header ``GEO_ID|B25003_E001|B25003_M001|...``, one row a geography of the whole nation. A CSV or Parquet of the same
columns, or of those of the Bureau's API (``B25003_001E``), serves as well.

Definitions
-----------
summary level
    First three digits of a GEO_ID: ``050`` county, ``140`` tract, ``150`` block group.
geographic component
    The two characters before ``US``: ``00`` is the whole area, anything else a part of it (its urban part, say).
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import logging
import lzma
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.layer import Layer, Told
from justgeo.core.spec import TRACTS_2020, LayerSpec
from justgeo.measure.margins import decode
from justgeo.sources._census_cells import check_counts
from justgeo.sources._frames import (
    WIDTHS,
    all_plain,
    bare_suffix,
    cells,
    check_options,
    numbers,
    read_frame,
    require_file,
    without_label_row,
)
from justgeo.sources._hash import sha256_of
from justgeo.sources._provenance import provenance

log = logging.getLogger(__name__)

OPTIONS = ("year", "prefix", "files")
LEVELS: Mapping[str, str] = {"050": "county", "140": "tract", "150": "block group"}
FIRST_YEAR = 2009  # the first five-year estimates, 2005-2009
_PLANNING_REGIONS = 2022

_IDS = ("GEO_ID", "GEOID", "geoid")
_TEXTS = (*_IDS, "NAME")
_GEO_ID = re.compile(r"^(050|140|150)[0-9A-Z]{2}00US([0-9]+)$")
_FILE_CODE = re.compile(r"^([BC][0-9]{5}[A-Z]{0,3})_([EM])([0-9]{3})$")
_API_CODE = re.compile(r"^([BC][0-9]{5}[A-Z]{0,3})_([0-9]{3})([EM])$")
_TABLE = re.compile(r"^[BC][0-9]{5}[A-Z]{0,3}$")
_YEAR_IN_NAME = re.compile(r"acsdt\dy(\d{4})|(?<!\d)(20\d{2})(?!\d)")
_ONE_YEAR = re.compile(r"acsdt1y|(?<![a-z0-9])acs1(?!\d)", re.IGNORECASE)
_SUFFIXES = (".dat", ".csv", ".txt", ".tsv", ".parquet", ".pq")
_OPENERS: Mapping[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

# What data.census.gov prints for the sentinels (the Bureau's "Notes on ACS Estimate and Annotation Values").
_ANNOTATIONS: Mapping[str, str] = {
    "*****": "-555555555",
    "***": "-333333333",
    "**": "-222222222",
    "-": "-666666666",
    "N": "-999999999",
    "(X)": "-888888888",
}


def read_acs(
    path: Path,
    tables: Iterable[str],
    year: int,
    *,
    prefixes: Sequence[str] = (),
    spec: LayerSpec | None = None,
) -> dict[str, Layer]:
    """Read tables of one five-year vintage.

    Parameters
    ----------
    path : Path
        A folder with one file a table, or one file with the columns of one or several tables.
    tables : iterable of str
        ``"B25003"``, ...
    year : int
        End year of the period: 2024 stands for 2020-2024.
    prefixes : sequence of str
        States and counties to keep (``"99"``, ``"99001"``); all where empty. National files are passed through line
        by line, so that only these are held in memory.
    spec : LayerSpec, optional
        What the planner declared; for the provenance.

    Returns
    -------
    dict of str to Layer
        By table, those that were found. ``data`` has ``geoid`` (5, 11 or 12 digits), ``level`` (``"county"``,
        ``"tract"``, ``"block group"``) and for each cell ``B25003_001E`` and ``B25003_001M``. Where the Bureau
        published no number there is NaN, and ``data.attrs["reasons"][geoid, column]`` says why; a controlled
        estimate has margin 0.

    Raises
    ------
    LayerError
        The path is missing, a file is of another vintage or of one-year estimates, carries no margins or no
        identifiers, holds doubled rows, or has none of the areas asked for.

    References
    ----------
    U.S. Census Bureau, *American Community Survey Summary File Handbook* (table-based format).
    """
    where = f"ACS tables of {year} ({path.name})"
    require_file(path, where)
    wanted = list(dict.fromkeys(t.upper() for t in tables))
    for table in wanted:
        if not _TABLE.match(table):
            raise ConfigError(
                f"{table!r} is no table of the ACS.", remedy="tables look like B25003, C17002 or B19013I."
            )
    if not FIRST_YEAR <= year <= 2100:
        raise ConfigError(f"{year} ends no five-year period.", remedy="give the end year: 2024 stands for 2020-2024.")
    spec = spec or LayerSpec(name="acs", path=path)
    if path.is_file():
        _check_name(path, year, where)
        frame = _rows(path, prefixes, where)
        present = {table for table, _, _ in _codes(frame.columns)}
        return {t: _layer(frame, t, year, path, spec) for t in wanted if t in present}
    found: dict[str, Layer] = {}
    for table in wanted:
        file = _file_of(path, table, year, where)
        if file is not None:
            log.info("reading %s", file.name)
            found[table] = _layer(_rows(file, prefixes, where), table, year, file, spec)
    return found


def of_table(spec: LayerSpec, table: str) -> LayerSpec | None:
    """The declaration of one table, where the layer's declaration names the file of each.

    Parameters
    ----------
    spec : LayerSpec
        ``options["files"]``, where it is there: table -> ``path`` (relative to the layer's folder, or whole),
        ``retrieved``, ``notes``.
    table : str
        ``"B25003"``.

    Returns
    -------
    LayerSpec or None
        None where the table is not among them; the declaration itself where no files are named.

    Raises
    ------
    ConfigError
        A file is not declared as a mapping with a path.
    """
    files = spec.options.get("files")
    if files is None:
        return spec
    told = files.get(table) if isinstance(files, Mapping) else files
    if told is None:
        return None
    if not isinstance(told, Mapping) or not isinstance(told.get("path"), str):
        raise ConfigError(
            f"Layer {spec.name!r}: the file of table {table} is declared as {told!r}.",
            remedy=f'write it so: files = {{ {table} = {{ path = "acs5-2024-{table}.csv" }} }}.',
        )
    check_options(told, ("path", "retrieved", "notes"), f"Layer {spec.name!r}, file of table {table}")
    folder = spec.path if spec.path.is_dir() else spec.path.parent
    return replace(
        spec,
        path=folder / str(told["path"]),
        options={key: value for key, value in spec.options.items() if key != "files"},
        retrieved=str(told.get("retrieved", spec.retrieved)),
        notes=(*spec.notes, *map(str, told.get("notes", ()))),
    )


def _check_name(path: Path, year: int, where: str) -> None:
    """A file that names another vintage, or one-year estimates, is not what was declared."""
    if _ONE_YEAR.search(path.name):
        raise LayerError(
            f"{where}: {path.name} holds one-year estimates.", remedy="give the five-year estimates (acsdt5y...)."
        )
    years = {int(y) for pair in _YEAR_IN_NAME.findall(path.name) for y in pair if y}
    if years and year not in years:
        raise LayerError(
            f"{where}: {path.name} is of {min(years)}, not of {year}.",
            remedy="mend the path or the year of this layer.",
        )


def _file_of(folder: Path, table: str, year: int, where: str) -> Path | None:
    """The file of one table in a folder, None where there is none of this year."""
    named = re.compile(rf"(?<![a-z0-9]){table}(?![a-z0-9])", re.IGNORECASE)
    here = sorted(p for p in folder.iterdir() if named.search(p.name))  # of some hundred that lie there, one or two
    files = [p for p in here if p.is_file() and bare_suffix(p) in _SUFFIXES]
    fitting = [p for p in files if not _ONE_YEAR.search(p.name) and _of_year(p, year)]
    official = [p for p in fitting if p.name.casefold().startswith(f"acsdt5y{year}-{table.casefold()}.")]
    best = official or fitting
    if len(best) > 1:
        raise LayerError(
            f"{where}: {len(best)} files could be table {table}: {', '.join(p.name for p in best[:3])}.",
            remedy=f"keep one of them, for example acsdt5y{year}-{table.lower()}.dat.",
        )
    return best[0] if best else None


def _of_year(path: Path, year: int) -> bool:
    years = {int(y) for pair in _YEAR_IN_NAME.findall(path.name) for y in pair if y}
    return not years or year in years


def _codes(columns: Iterable[object]) -> Iterator[tuple[str, str, str]]:
    """(table, code in our form, column) of the cells in a header, ``B25003_E001`` and ``B25003_001E`` alike."""
    for column in map(str, columns):
        if found := _FILE_CODE.match(column):
            yield found[1], f"{found[1]}_{found[3]}{found[2]}", column
        elif found := _API_CODE.match(column):
            yield found[1], column, column


def _rows(path: Path, prefixes: Sequence[str], where: str) -> pd.DataFrame:
    """Rows of counties, tracts and block groups with the given prefixes, with ``geoid`` and ``level``."""
    if bare_suffix(path) == ".dat":
        frame = _barred(_filtered(path, prefixes, where), path, where)
    else:
        frame = read_frame(path, where, texts=_TEXTS)
    column = next((c for c in _IDS if c in frame), None)
    if column is None:
        raise LayerError(
            f"{where}: {path.name} has no column GEO_ID.", remedy="give the Bureau's file as it is, with its header."
        )
    frame = without_label_row(frame)
    parts = [_area(str(text)) for text in frame[column].to_numpy(dtype=object)]
    keep = np.array([p is not None and (not prefixes or p[1].startswith(tuple(prefixes))) for p in parts], dtype=bool)
    known = [p for p, k in zip(parts, keep, strict=True) if k and p is not None]
    if not known:
        asked = f" that begin with {', '.join(prefixes[:5])}" if prefixes else ""
        raise LayerError(
            f"{where}: {path.name} has no counties, tracts or block groups{asked}.",
            remedy="check that the file holds these areas (GEO_ID like 1400000US99001000100).",
        )
    kept = frame[keep].reset_index(drop=True)
    if own := [c for c in ("geoid", "level") if c in kept]:
        kept = kept.drop(columns=own)
    head = pd.DataFrame({"geoid": [g for _, g in known], "level": [lv for lv, _ in known]})
    doubled = head["geoid"][head["geoid"].duplicated()]
    if len(doubled):
        raise LayerError(
            f"{where}: {path.name} has {doubled.nunique()} areas more than once, for example {doubled.iloc[0]!r}.",
            remedy="keep one row an area and vintage.",
        )
    return pd.concat([head, kept], axis=1)


def _barred(text: str, path: Path, where: str) -> pd.DataFrame:
    """Cells between bars; the Bureau's files have no quotes, so that one is a sign like any other."""
    try:
        return cells(lambda: io.StringIO(text), _TEXTS, sep="|", quoting=csv.QUOTE_NONE)
    except ValueError as error:  # pandas' parser errors are ValueErrors
        raise LayerError(f"{where}: {path.name} cannot be read ({error}).", remedy="take the file again.") from error


def _area(text: str) -> tuple[str, str] | None:
    """Level and digits of a GEO_ID; None for what is no county, tract or block group, or only a part of one."""
    found = _GEO_ID.match(text)
    if found:
        level, digits = LEVELS[found[1]], found[2]
        return (level, digits) if len(digits) == WIDTHS[level] else None
    if text.isdigit():  # the short form of the API
        return next(((level, text) for level in LEVELS.values() if WIDTHS[level] == len(text)), None)
    return None


def _filtered(path: Path, prefixes: Sequence[str], where: str) -> str:
    """Header and those lines of a national file that are asked for; nothing else is held."""
    opener = _OPENERS.get(path.suffix.lower())
    starts = tuple(prefixes)
    kept: list[str] = []
    try:
        with opener(path, "rt", encoding="utf-8-sig") if opener else path.open(encoding="utf-8-sig") as file:
            header = file.readline()
            for line in file:
                if line[:3] not in LEVELS:
                    continue
                if not starts or line.partition("|")[0].partition("US")[2].startswith(starts):
                    kept.append(line)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise LayerError(f"{where}: {path.name} cannot be read ({error}).", remedy="take the file again.") from error
    bars = header.count("|")
    if bars == 0:
        raise LayerError(
            f"{where}: the header of {path.name} has no '|' ({header[:40].strip()!r}).",
            remedy="give the Bureau's file as it is; a page of HTML is not one.",
        )
    short = next((line for line in kept if line.count("|") != bars), None)
    if short is not None:
        raise LayerError(
            f"{where}: a line of {path.name} has {short.count('|') + 1} cells where the header has {bars + 1} "
            f"({short[:30].strip()!r}): the file is damaged or cut off.",
            remedy="take the file again.",
        )
    return header + "".join(kept)


def _layer(frame: pd.DataFrame, table: str, year: int, file: Path, spec: LayerSpec) -> Layer:
    where = f"ACS table {table} of {year} ({file.name})"
    columns = {code: column for of, code, column in _codes(frame.columns) if of == table}
    estimates = sorted(code for code in columns if code.endswith("E"))
    without = [code for code in estimates if code[:-1] + "M" not in columns]
    if not estimates or without:
        raise LayerError(
            f"{where} carries no {'cells of this table' if not estimates else 'margin for ' + without[0]}.",
            remedy="give the file with estimates and margins (B25003_E001, B25003_M001): no number without its margin.",
        )
    raw = _numbers(frame, columns, where)
    reasons: dict[tuple[str, str], str] = {}
    data: dict[str, Any] = {"geoid": frame["geoid"], "level": frame["level"]}
    geoid = frame["geoid"].to_numpy()
    for estimate in estimates:
        margin = estimate[:-1] + "M"
        decoded = decode(raw[estimate], raw[margin])
        data[estimate], data[margin] = decoded.estimate, decoded.margin
        for code, why in ((estimate, decoded.estimate_reason), (margin, decoded.margin_reason)):
            reasons.update({(str(geoid[i]), code): str(why[i]) for i in np.flatnonzero(why != np.array(None))})
    out = pd.DataFrame(data)
    check_counts(out, table, where)
    out.attrs["reasons"] = Told(reasons)
    notes = []
    if year >= _PLANNING_REGIONS and out["geoid"].str.startswith("09").any():
        notes.append("Connecticut's planning regions stand in place of its counties (from 2022 on).")
    invented = spec.synthetic
    return Layer(
        name=f"acs:{table}@{year}",
        data=out,
        provenance=provenance(
            spec,
            f"acs:{table}@{year}",
            sha256=sha256_of(file),
            notes=notes,
            asked={"file": file.name, "table": table, "year": year},
            source="" if invented else "U.S. Census Bureau",
            dataset=f"American Community Survey 5-year estimates, table {table}" if not invented else f"table {table}",
            vintage=f"{year - 4}-{year}",
            licence="" if invented else "public domain (work of the U.S. government)",
        ),
        geography="",
        geography_vintage=2010 if year < TRACTS_2020 else 2020,
    )


def _numbers(frame: pd.DataFrame, columns: Mapping[str, str], where: str) -> dict[str, Any]:
    """Cells of a table by their codes: those that were read as whole numbers are taken at once."""
    places = {column: at for at, column in enumerate(frame.columns.tolist())}
    found = frame.iloc[:, [places[column] for column in columns.values()]]
    if all(dtype == np.int64 for dtype in found.dtypes):
        return dict(zip(columns, np.ascontiguousarray(found.to_numpy(dtype=np.float64).T), strict=True))
    return {code: _cells(frame[column], where) for code, column in columns.items()}


def _cells(values: pd.Series[Any], where: str) -> Any:
    """Numbers of a column, with the signs that data.census.gov prints for the sentinels read as these."""
    if pd.api.types.is_numeric_dtype(values):
        return numbers(values, where)
    plain = all_plain(values)
    if plain is not None:
        return plain
    text = values.astype(str).str.strip()
    return numbers(text.replace(dict(_ANNOTATIONS)).str.removeprefix("±"), where)
