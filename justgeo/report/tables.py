"""Tables for spreadsheets and GIS, read from ``results.json`` alone."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from justgeo.core.errors import OutputError
from justgeo.core.paths import is_split
from justgeo.report import words
from justgeo.report.results import ALL, INVENTED

COLUMNS = (
    "place",
    "invented",
    "category",
    "indicator",
    "title",
    "zone",
    "zone_name",
    "zone_role",
    "geography",
    "group",
    "group_label",
    "value",
    "moe",
    "unit",
    "text",
    "reliability",
    "reliability_words",
    "reason",
    "numerator",
    "numerator_moe",
    "denominator",
    "denominator_moe",
    "complement_moe",
    "universe",
    "margin_rule",
    "error_sampling",
    "error_apportionment",
    "error_noise",
    "low",
    "high",
    "compared_with",
    "difference",
    "difference_moe",
    "ratio",
    "z",
    "p",
    "q",
    "verdict",
    "definition",
    "source",
    "vintage",
    "frequency",
    "licence",
    "attribution",
    "caveat",
    "flags",
    "percentile",
    "percentile_low",
    "percentile_high",
    "percentile_tracts",
    "percentile_of",
    "percentile_reason",
    "instead",
    "instead_name",
)
"""Columns of ``indicators.csv``; new ones are added at the end. Margins are for 90 % confidence.
``percentile`` and its ends are shares, 0 to 1, of ``percentile_of`` (see ``measure/percentiles.py``); ``instead`` is
the zone that reports a number where this one is withheld."""

_IN_ORDER = itemgetter(*COLUMNS)
_COMPARED = ("difference", "difference_moe", "ratio", "z", "p", "q", "verdict")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with; the wide forms do where a spreadsheet is set to Chinese, Japanese or Korean."""

_BLANK = re.compile(r"[ \x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff]*")
"""What a program may take away before it looks at how a text begins."""
_WITHIN = re.compile(rf"([;\t\r\n]{_BLANK.pattern})(?=[=+\-@＝＋－＠])")

_OURS = ("district", "reference", "peer", "indicators", "layer_styles")
_FORMATS = ("gpkg_", "rtree_", "sqlite_")
"""Tables of the GeoPackage that areas of whatever name must not write over."""

STAMP = "2000-01-01T00:00:00.000Z"
"""GeoPackage wants a time of change; a fixed one keeps the bytes the same."""


def safe_text(text: str) -> str:
    """``text`` for a cell: an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if _BLANK.sub("", text, count=1).startswith(_FORMULA) else text


def safe_line(text: str) -> str:
    """As `safe_text`, for a file that may be opened with another separator than it was written with.

    Where a country writes decimal commas, a spreadsheet parts the cells of a CSV at semicolons: what stands behind one,
    behind a tab or at the beginning of a line is then the beginning of a cell.

    References
    ----------
    OWASP, *CSV Injection*.
    """
    return _WITHIN.sub(r"\1'", safe_text(text))


class _Cells(dict[str, str]):
    """Texts that come again and again as cells of a CSV: made safe, and quoted where ``csv`` does."""

    def __missing__(self, text: str) -> str:
        self[text] = _line((safe_line(text), "")).removesuffix(",\r\n")
        return self[text]

    def line(self, row: Sequence[Any]) -> str:
        """Cells of a row; a lone empty one is quoted, for a line must not be empty."""
        cells = [self[cell] if isinstance(cell, str) else "" if cell is None else self._other(cell) for cell in row]
        return ",".join(cells) or '""'

    def _other(self, cell: Any) -> str:
        return str(cell) if isinstance(cell, (int, float)) else self[str(cell)]


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def csv_bytes(rows: Iterable[Sequence[Any]], header: Sequence[str]) -> bytes:
    """CSV in UTF-8 with ``\\r\\n``; None is an empty cell, numbers keep all their digits, texts are made safe."""
    known = _Cells()  # quoting each text once takes a third of the time of quoting every cell
    lines = [f"{known.line(row)}\r\n" for row in rows]
    return "".join([_line(header), *lines]).encode("utf-8")


def indicators_csv(results: Mapping[str, Any]) -> bytes:
    """``indicators.csv``: one row a record, columns as in ``COLUMNS``.

    The columns hold what the Protocol's target template asks of an indicator: name, unit, brief definition, data
    source, frequency of the data, and the current baseline.
    """
    return csv_bytes(indicator_rows(results), COLUMNS)


def indicator_rows(results: Mapping[str, Any]) -> list[list[Any]]:
    """Cells of ``indicators.csv``, one row a record; texts as they are, None where there is nothing."""
    place = {"place": results["name"], "invented": INVENTED if results["synthetic"] else ""}
    indicators = {row["id"]: _of_indicator(row) for row in results["indicators"]}
    zones = {zone["id"]: zone for zone in results["zones"]}
    groups = {group["id"]: group["label"] for group in results["groups"]}
    origins = _Origins(results)
    rows = []
    for record in results["records"]:
        zone = zones[record["zone"]]
        comparison = record["comparison"] or {}
        cells = {
            **record,
            **standing(record),
            **{name: comparison.get(name) for name in _COMPARED},
            **place,
            **indicators[record["indicator"]],
            "zone_name": zone["name"],
            "zone_role": zone["role"],
            "geography": zone["geography"],
            "group_label": groups[record["group"]],
            "reliability_words": words.RELIABILITY.get(record["reliability"], ""),
            "margin_rule": record["rule"],
            **{f"error_{part}": record["error"].get(part) for part in ("sampling", "apportionment", "noise")},
            "compared_with": zones[comparison["reference"]]["name"]
            if comparison.get("reference") in zones
            else comparison.get("reference"),
            **origins.told(record["layers"]),
            "flags": "; ".join(record["flags"]),
        }
        cells["instead_name"] = zones[cells["instead"]]["name"] if cells["instead"] else None
        rows.append([*_IN_ORDER(cells)])
    return rows


def _of_indicator(row: Mapping[str, Any]) -> dict[str, Any]:
    """Cells that all records of an indicator share."""
    return {
        "category": words.category_title(row["category"]),
        "title": row["title"],
        "definition": row["plain"] or row["method"],
        "frequency": row.get("frequency", ""),
        "caveat": row["caveat"],
    }


def standing(record: Mapping[str, Any]) -> dict[str, Any]:
    """Cells of a record's percentile, and of the zone that reports a number in its stead; None where there is none."""
    percentile = record.get("percentile") or {}
    return {
        "percentile": percentile.get("value"),
        **{f"percentile_{name}": percentile.get(name) for name in ("low", "high", "tracts")},
        "percentile_of": percentile.get("weight"),
        "percentile_reason": percentile.get("reason"),
        "instead": (record.get("instead") or {}).get("zone"),
    }


class _Origins:
    """What is told of the layers behind a record, worked out once for each set of layers."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.layers = {layer["id"]: layer for layer in results["layers"]}
        self.known: dict[tuple[str, ...], dict[str, str]] = {}

    def told(self, ids: Sequence[str]) -> dict[str, str]:
        key = tuple(ids)
        if key not in self.known:
            used = [self.layers[one] for one in ids]
            self.known[key] = {
                "source": joined(f"{one['source']}, {one['dataset']}".strip(", ") for one in used),
                **{name: joined(one[name] for one in used) for name in ("vintage", "licence", "attribution")},
            }
        return self.known[key]


def joined(texts: Iterable[str]) -> str:
    """Texts without repeats, in order, parted by semicolons."""
    return "; ".join(dict.fromkeys(text for text in texts if text))


def column_name(indicator: str) -> str:
    """An indicator's id as a column name: ``WEL-04.800`` becomes ``wel_04_800``."""
    return re.sub(r"[^0-9a-z]+", "_", indicator.casefold()).strip("_")


def write_gpkg(path: Path, results: Mapping[str, Any], zones: gpd.GeoDataFrame) -> None:
    """``indicators.gpkg``: zones with a column of values and one of margins for each indicator, in EPSG:4326.

    Parameters
    ----------
    path : Path
        File to make; it must not be there yet.
    results : dict
        As in ``results.json``.
    zones : GeoDataFrame
        Columns ``id, name, role, geography`` (see ``results.zones_frame``), any CRS.

    Notes
    -----
    One layer for each role and geography (``district``, ``reference``, ``tract``, ``block_group``, ``area``), and the
    table ``indicators`` that says what the columns mean. Absent values are NULL.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    try:
        if is_split(path):
            # pyogrio would write to another path: the file is made elsewhere, and moved.
            with tempfile.TemporaryDirectory() as aside:
                _write_layers(Path(aside) / path.name, results, zones)
                shutil.move(Path(aside) / path.name, path)
        else:
            _write_layers(path, results, zones)
        _write_dictionary(path, results)
    except (RuntimeError, sqlite3.Error) as why:  # GDAL's errors are RuntimeErrors
        raise OutputError(
            f"{path.name} cannot be written: {why}.",
            remedy="See that there is room left, and that no program has it open.",
        ) from why


def _write_layers(path: Path, results: Mapping[str, Any], zones: gpd.GeoDataFrame) -> None:
    ids = [row["id"] for row in results["indicators"]]
    by_zone: dict[str, dict[str, Any]] = {}
    for record in results["records"]:
        if record["group"] == ALL:
            name = column_name(record["indicator"])
            cells = by_zone.setdefault(record["zone"], {})
            cells[name] = record["value"]
            cells[f"{name}_moe"] = record["moe"]
            cells[f"{name}_rel"] = record["reliability"]
    frame = zones.to_crs(4326)
    # A column and not a list: pandas takes a list of one entry for the name of a column.
    kinds = pd.Series(
        [layer_name(r, g) for r, g in zip(frame["role"], frame["geography"], strict=True)], index=frame.index
    )
    for kind, part in frame.groupby(kinds):
        columns: dict[str, Any] = {name: part[name] for name in ("id", "name", "role", "geography")}
        columns["invented"] = INVENTED if results["synthetic"] else ""
        known = [by_zone.get(zone, {}) for zone in part["id"]]
        for one in ids:
            name = column_name(one)
            for column in (name, f"{name}_moe"):
                columns[column] = np.array([cells.get(column) for cells in known], dtype=np.float64)
            columns[f"{name}_rel"] = np.array([cells.get(f"{name}_rel") for cells in known], dtype=object)
        wide = gpd.GeoDataFrame(columns, index=part.index, geometry=part.geometry, crs=4326)
        wide.to_file(path, layer=str(kind), driver="GPKG", engine="pyogrio", promote_to_multi=True)


def layer_name(role: str, geography: str) -> str:
    """Layer of the GeoPackage in which a zone lies."""
    if role != "area":
        return role
    name = column_name(geography) or "area"
    return f"area_{name}" if name in _OURS or name.startswith(_FORMATS) else name


def _write_dictionary(path: Path, results: Mapping[str, Any]) -> None:
    """The table of columns, and a fixed time of change. Plain SQL: geometry is not needed for it."""
    fields = ("column_name", "indicator", "title", "category", "unit", "universe", "definition", "caveat", "invented")
    rows = [
        (
            column_name(row["id"]),
            row["id"],
            row["title"],
            words.category_title(row["category"]),
            row["unit"],
            row["universe"],
            row["plain"] or row["method"],
            row["caveat"],
            INVENTED if results["synthetic"] else "",
        )
        for row in results["indicators"]
    ]
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"CREATE TABLE indicators (fid INTEGER PRIMARY KEY, {', '.join(f'{f} TEXT' for f in fields)})")
        db.executemany(f"INSERT INTO indicators ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})", rows)
        db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
            "VALUES (?, ?, ?, ?, ?)",
            ("indicators", "attributes", "indicators", "What each column of the layers means", STAMP),
        )
        db.execute("UPDATE gpkg_contents SET last_change = ?", (STAMP,))
