"""Reading a file of residents' corrections: GeoJSON, any other format of features, or a CSV with lon and lat."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.correction import KINDS, PLACES, SHAPES, Correction, CorrectionKind
from justgeo.core.errors import LayerError
from justgeo.core.words import suggestion
from justgeo.sources._geo import to_wgs84
from justgeo.sources._vector import open_vector

NAMES = ("corrections.geojson", "corrections.csv")
"""Looked for beside ``district.toml``."""
COLUMNS = ("kind", "what", "note", "role", "date", "publish", "name", "publish_name")
"""What a correction may say of itself, beside where it is."""
COORDINATES = ("lon", "lat", "longitude", "latitude", "lng", "x", "y", "geometry", "wkt", "id")
MOST = 1000
LONGEST = 500
WGS84 = "EPSG:4326"

_YES, _NO = {"true", "yes", "1", "sí", "si", "y"}, {"false", "no", "0", "n", ""}


def beside(folder: Path) -> Path | None:
    """The file of corrections in a district's folder."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read(path: Path, within: BaseGeometry) -> tuple[Correction, ...]:
    """Corrections of a file, all of them, whether they may be shown or not.

    Parameters
    ----------
    path : Path
    within : shapely geometry
        Where a run looks for things, EPSG:4326; a correction outside cannot be meant.

    Returns
    -------
    tuple of Correction

    Raises
    ------
    LayerError
        The file or one of its lines cannot be understood: nothing is left out in silence.
    """
    frame, _ = open_vector(path, {}, path.name, need_crs=False)
    frame = frame.set_crs(WGS84) if frame.crs is None else to_wgs84(frame, path.name)
    if len(frame) > MOST:
        raise LayerError(
            f"{path.name} has {len(frame)} corrections; up to {MOST} are read.",
            remedy="keep those of this district.",
        )
    for column in frame.columns:
        if str(column) not in COLUMNS and str(column).casefold() not in COORDINATES:
            raise LayerError(
                f"{path.name} has a column {column!r}, which is not known.", remedy=suggestion(str(column), COLUMNS)
            )
    shapes = frame.geometry.tolist()
    lines = frame.drop(columns=frame.geometry.name).to_dict("records")
    return tuple(
        _one(f"{path.name}, correction {n}", n, line, shape, within)
        for n, (line, shape) in enumerate(zip(lines, shapes, strict=True), 1)
    )


def _one(where: str, number: int, line: Mapping[Any, Any], shape: Any, within: BaseGeometry) -> Correction:
    told = {name: _text(line.get(name), name, where) for name in COLUMNS}
    kind = _kind(told["kind"], where)
    _check_shape(kind, shape, within, where)
    if not told["role"]:
        raise LayerError(
            f"{where} does not say by whom it is.", remedy='write a role in "role": resident, school, shop; no name.'
        )
    if kind in PLACES and not told["what"]:
        raise LayerError(
            f"{where} does not say what kind of place it is.", remedy='write it in "what": library, supermarket, ...'
        )
    publish = _yes(told["publish"], "publish", where)
    named = publish and _yes(told["publish_name"], "publish_name", where)
    return Correction(
        number=number,
        kind=kind,
        shape=shape,
        what=told["what"],
        note=told["note"],
        role=told["role"],
        date=_date(told["date"], where),
        name=told["name"] if named else "",
        publish=publish,
    )


def _text(cell: Any, column: str, where: str) -> str:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return ""
    # A reader makes a date of what looks like one.
    if isinstance(cell, (datetime.date, datetime.datetime)):
        cell = cell.isoformat()[:10]
    text = " ".join(str(cell).split())
    if len(text) > LONGEST or not text.isprintable():
        raise LayerError(
            f"{where}: {column} = {text[:40]!r} cannot be printed, or is longer than {LONGEST} characters.",
            remedy="write it as one line of plain text.",
        )
    return text


def _kind(text: str, where: str) -> CorrectionKind:
    for kind in KINDS:
        if text == kind:
            return kind
    raise LayerError(f"{where} has the kind {text!r}, which is not known.", remedy=suggestion(text, KINDS))


def _check_shape(kind: CorrectionKind, shape: Any, within: BaseGeometry, where: str) -> None:
    if not isinstance(shape, BaseGeometry) or shape.is_empty or not shape.is_valid:
        raise LayerError(f"{where} has no place, or a damaged one.", remedy="draw it again.")
    if shape.geom_type not in SHAPES[kind]:
        drawn = " or ".join(SHAPES[kind])
        raise LayerError(f"{where} ({kind}) is drawn as a {shape.geom_type}.", remedy=f"draw it as a {drawn}.")
    if not shapely.intersects(shape, within):
        at = shape.representative_point()
        raise LayerError(
            f"{where} lies at {at.x:.5f}, {at.y:.5f}, outside of this district and its surroundings.",
            remedy="write longitude before latitude, in degrees; leave out what lies elsewhere.",
        )


def _yes(text: str, column: str, where: str) -> bool:
    key = text.casefold()
    if key.removesuffix(".0") in _YES:
        return True
    if key.removesuffix(".0") in _NO:
        return False
    raise LayerError(f"{where}: {column} = {text!r} is neither yes nor no.", remedy="write true or false.")


def _date(text: str, where: str) -> str:
    if not text:
        return ""
    try:
        return datetime.date.fromisoformat(text[:10]).isoformat()
    except ValueError as why:
        raise LayerError(
            f"{where}: date = {text!r} is no date.", remedy="write year, month and day: 2026-05-09."
        ) from why
