"""What an application takes from a folder of outputs: chosen figures as a document or table, and the map.

Everything is read from that folder; nothing is measured anew. A file that is there already is left as it is, unless its
content is the same or whoever asks says to replace it: it may have been edited since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from justgeo.core import json_text, whole
from justgeo.core.errors import ConfigError, LayerError, OutputError
from justgeo.core.paths import for_ogr
from justgeo.core.words import suggestion
from justgeo.report import document, grant_files, grant_map, grant_rows, markdown, paper, parquet, tables, word
from justgeo.report import results as reports
from justgeo.report.grant_rows import Grant, Lens
from justgeo.report.results import ALL

FORMATS = ("docx", "xlsx", "md", "pdf", "csv", "parquet")
MAPS = ("pdf", "png")
NONE = "none"
"""In place of kinds of groups: everybody alone."""

LEFT_OUT = ".left-out.csv"
"""Ending of the file beside a table in which no list of what was left out can stand."""

_LONGITUDE, _LATITUDE = ("lon", "lng", "long", "longitude", "x"), ("lat", "latitude", "y")
_NAMES = ("name", "title", "site", "label")


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    n_rows : int
        Rows of figures; 0 for a map.
    left_out : tuple of (str, str)
        What is not in it, and why.
    synthetic : bool
    """

    files: tuple[Path, ...]
    n_rows: int
    left_out: tuple[tuple[str, str], ...]
    synthetic: bool


def export(
    folder: str | PathLike[str],
    form: str = "",
    *,
    only: Sequence[str] = (),
    groups: Sequence[str] | None = None,
    place: str = "",
    out: str | PathLike[str] | None = None,
    replace: bool = False,
) -> Exported:
    """Write chosen figures of a folder of outputs.

    Parameters
    ----------
    folder : path
        As `justgeo run` wrote it.
    form : str
        One of `FORMATS`; by the ending of ``out`` where it is empty.
    only : sequence of str
        Ids of indicators, or of families of them (``WEL-04``); all where it is empty.
    groups : sequence of str, optional
        Kinds of groups (``race``), single ones (``race:black``), or ``none``.
    place : str
        Id or name of an area, whose figures stand in place of the district's.
    out : path, optional
        ``<slug>-grant.<form>`` in the working folder by default.
    replace : bool
        Write over another file of that name.

    Raises
    ------
    ConfigError
        An indicator, a group, an area or a format is not known; the nearest one is named.
    OutputError
        The folder holds no results, or the file is there and differs.
    """
    folder, out = Path(folder), None if out is None else Path(out)
    content = _results(folder)
    form = _form(form, out, FORMATS)
    lens = Lens(_only(content, only), _groups(content, groups), _place(content, place))
    made = grant_rows.grant(content, _targets(folder), lens)
    gone = tuple(grant_rows.left_out(made))
    target = out or Path(f"{content['slug']}-grant.{form}")
    bodies = {target: _WRITERS[form](made, gone)}
    if form == "pdf":
        gone += _boxes(document.texts(document.document(made)), "They stand as boxes; docx and md have them.")
    if form == "csv":
        bodies[target.with_name(target.stem + LEFT_OUT)] = tables.csv_bytes(gone, ("what", "why"))
    _put(bodies, replace)
    return Exported(tuple(bodies), len(made.rows), gone, bool(content["synthetic"]))


def export_map(folder: Path, out: Path, sites: Path | None = None, *, replace: bool = False) -> Exported:
    """Draw the boundary, its census areas and project sites on one page.

    Parameters
    ----------
    folder : Path
        As `justgeo run` wrote it.
    out : Path
        ``.pdf`` or ``.png``.
    sites : Path, optional
        GeoJSON, or CSV with ``name``, ``lon`` and ``lat`` in degrees.
    replace : bool

    Raises
    ------
    ConfigError
        The sites cannot be read, or the ending of ``out`` is another one.
    OutputError
        As for `export`.
    """
    content = _results(folder)
    form = _form("", out, MAPS)
    spots = None if sites is None else read_sites(sites)
    drawn = grant_map.draw(content, zones(folder, content), spots, form)
    _put({out: drawn.body}, replace)
    gone = tuple((name, "It lies off the page.") for name in drawn.off)
    told = [str(content["name"]), *([] if spots is None else spots["name"])]
    gone += _boxes(told, "They stand as boxes on the map: write these names in other letters.")
    return Exported((out,), 0, gone, bool(content["synthetic"]))


def _boxes(texts: Iterable[str], why: str) -> tuple[tuple[str, str], ...]:
    """What a PDF or a map cannot show, since its font has no such letters."""
    signs = paper.lacking(texts)
    return ((f"Letters that its font lacks: {signs}", why),) if signs else ()


def read_sites(path: Path) -> gpd.GeoDataFrame:
    """Project sites with the column ``name``, in EPSG:4326.

    Raises
    ------
    ConfigError
        The file cannot be read, holds no place, or lacks its columns.
    """
    try:
        frame = _listed(path) if path.suffix.casefold() == ".csv" else gpd.read_file(for_ogr(path))
    except (OSError, ValueError, RuntimeError) as why:
        raise ConfigError(f"The sites {path.name} cannot be read: {why}.", remedy="give a GeoJSON or a CSV.") from why
    if not isinstance(frame, gpd.GeoDataFrame):
        raise ConfigError(f"The sites {path.name} have no places.", remedy="give a GeoJSON with points or polygons.")
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty]
    if frame.empty:
        raise ConfigError(f"The sites {path.name} hold no place.", remedy="add a site, or leave --sites away.")
    frame = frame.set_geometry(frame.geometry.force_2d())  # heights say nothing here, and one that is no number ends it
    frame = frame.set_crs(4326) if frame.crs is None else frame.to_crs(4326)
    named = next((c for c in frame.columns if str(c).casefold() in _NAMES), None)
    names = [f"Site {n + 1}" for n in range(len(frame))] if named is None else frame[named].fillna("").astype(str)
    return gpd.GeoDataFrame({"name": list(names)}, geometry=list(frame.geometry), crs=4326)


def _listed(path: Path) -> gpd.GeoDataFrame:
    table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    found = {str(column).strip().casefold(): column for column in table.columns}
    lon, lat = (next((found[name] for name in names if name in found), None) for names in (_LONGITUDE, _LATITUDE))
    if lon is None or lat is None:
        raise ConfigError(
            f"The sites {path.name} have the columns {', '.join(map(str, table.columns))}.",
            remedy="name them name, lon and lat (degrees, as in -78.5 and 38.0).",
        )
    x, y = (pd.to_numeric(table[column], errors="coerce") for column in (lon, lat))
    wrong = (x.isna() | y.isna() | (x.abs() > 180) | (y.abs() > 90)).to_numpy()
    if wrong.any():
        row = int(wrong.argmax()) + 2
        raise ConfigError(f"The sites {path.name}, line {row}: lon and lat are not degrees.", remedy="mend that line.")
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y), crs=4326)


def _results(folder: Path) -> dict[str, Any]:
    path = folder / "results.json" if folder.is_dir() else folder
    return reports.load(path)


def _targets(folder: Path) -> list[Mapping[str, Any]]:
    """What the community aims at, from the checklist beside the results; nothing where there is none."""
    path = folder / "checklist.json"
    if not path.is_file():
        return []
    try:
        told = json_text.loads(path.read_bytes(), finite=True)
    except (OSError, ValueError) as why:
        raise _damaged(path, str(why)) from why
    found = told.get("targets", []) if isinstance(told, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _damaged(path, "it holds no list of targets")
    return [one for one in found if {"indicator", "group", "target", "year"} <= set(one)]


def _damaged(path: Path, why: str) -> OutputError:
    """What the community aims at is not passed over in silence."""
    return OutputError(
        f"{path.name} is damaged ({why}), so the targets in it are lost.", remedy="run `justgeo run` again."
    )


def zones(folder: Path, content: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Zones from the GeoPackage beside the results, less the reference; refused where it is of another run.

    Raises
    ------
    OutputError
        It cannot be read.
    LayerError
        It holds other areas than the results.
    """
    path = folder / "indicators.gpkg"
    try:
        layers = [
            name
            for name in gpd.list_layers(for_ogr(path)).query("geometry_type.notna()")["name"]
            if name != "reference"
        ]
        parts = [
            gpd.read_file(for_ogr(path), layer=name, columns=["id", "name", "role", "geography"]) for name in layers
        ]
    except (OSError, RuntimeError) as why:
        raise OutputError(f"{path.name} cannot be read: {why}.", remedy="Run `justgeo run` again.") from why
    found = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=4326)
    told = {zone["id"] for zone in content["zones"] if zone["role"] != "reference"}
    if set(found["id"]) != told:
        raise LayerError(
            f"{path.name} and results.json hold other areas: they are of two runs.", remedy="run `justgeo run` again."
        )
    return found


def _form(asked: str, out: Path | None, known: Iterable[str]) -> str:
    ending = "" if out is None else out.suffix.removeprefix(".").casefold()
    form = asked or ending
    if form not in known:
        what = f"There is no format {form!r}." if form else "No format is named."
        raise ConfigError(what, remedy=suggestion(form, known))
    if ending and ending != form:
        raise ConfigError(f"{out} does not end in .{form}.", remedy=f"name a file that ends in .{form}.")
    return form


def _only(content: Mapping[str, Any], asked: Iterable[str]) -> tuple[str, ...]:
    """Ids of indicators; a family where none has that id itself."""
    known = [row["id"] for row in content["indicators"]]
    folded = {one.casefold(): one for one in known}
    found: list[str] = []
    for name in (one.strip().casefold() for one in asked if one.strip()):
        family = [folded[name]] if name in folded else [one for one in known if one.casefold().startswith(f"{name}.")]
        if not family:
            families = {one.partition(".")[0] for one in known}
            raise ConfigError(f"There is no indicator {name.upper()!r}.", remedy=suggestion(name, {*known, *families}))
        found += family
    return tuple(dict.fromkeys(found))


def _groups(content: Mapping[str, Any], asked: Sequence[str] | None) -> tuple[str, ...] | None:
    if asked is None:
        return None
    known = {group["id"] for group in content["groups"]} - {ALL}
    kinds = {group.partition(":")[0] for group in known}
    for one in asked:
        if one not in known | kinds | {NONE}:
            raise ConfigError(f"There are no groups {one!r}.", remedy=suggestion(one, known | kinds | {NONE}))
    return tuple(one for one in asked if one != NONE)


def _place(content: Mapping[str, Any], asked: str) -> str:
    if not asked:
        return ""
    areas = {str(zone["id"]): str(zone["name"]) for zone in content["zones"] if zone["role"] == "area"}
    found = next((one for one, name in areas.items() if asked in (one, name)), None)
    if found is None:
        raise ConfigError(f"There is no area {asked!r}.", remedy=suggestion(asked, {*areas, *areas.values()}))
    return found


LeftOut = tuple[tuple[str, str], ...]


def _docx(made: Grant, _: LeftOut) -> bytes:
    return word.docx(document.document(made), _title(made), synthetic=made.results["synthetic"])


def _pdf(made: Grant, _: LeftOut) -> bytes:
    return paper.pdf(document.document(made), _title(made), synthetic=made.results["synthetic"])


def _md(made: Grant, _: LeftOut) -> bytes:
    return markdown.markdown(document.document(made))


def _xlsx(made: Grant, _: LeftOut) -> bytes:
    return grant_files.workbook(made)


def _csv(made: Grant, _: LeftOut) -> bytes:
    return tables.csv_bytes(tables.indicator_rows(_chosen(made)), tables.COLUMNS)


def _parquet(made: Grant, gone: LeftOut) -> bytes:
    return parquet.indicators_parquet(_chosen(made), left_out=gone)


_WRITERS: Mapping[str, Callable[[Grant, LeftOut], bytes]] = {
    "docx": _docx, "xlsx": _xlsx, "md": _md, "pdf": _pdf, "csv": _csv, "parquet": _parquet,
}  # fmt: skip


def _title(made: Grant) -> str:
    return f"Baseline of {made.place}"


def _chosen(made: Grant) -> dict[str, Any]:
    """The results with the records of the rows alone, and of the reference beside them."""
    records = [r for row in made.rows for r in (row.record, row.base) if r is not None]
    return {**made.results, "records": records}


def _put(bodies: Mapping[Path, bytes], replace: bool) -> None:
    """Write files beside their place and move them there; other files of those names are refused first."""
    for path, body in bodies.items():
        if path.is_dir() or (path.exists() and not replace and path.read_bytes() != body):
            raise OutputError(
                f"{path} is there already, and differs.", remedy="name another file with --out, or say --replace."
            )
    try:
        with ExitStack() as made:
            parts: dict[Path, Path] = {}
            for path, body in bodies.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                whole.sweep(path)
                parts[path] = made.enter_context(whole.making(path, Path.touch))
                parts[path].write_bytes(body)
            for path, part in parts.items():
                part.replace(path)
    except OSError as why:
        raise OutputError(
            f"{next(iter(bodies))} cannot be written: {why.strerror or why}.",
            remedy="Choose a place that you may write to, with room left; close programs that have the file open.",
        ) from why
