"""What residents know better than the map: a park is locked, a stop is gone, a path is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from shapely.geometry.base import BaseGeometry

CorrectionKind = Literal[
    "park_locked", "park_missing", "stop_removed", "stop_missing", "path_missing", "path_blocked", "place_closed",
    "place_missing",
]  # fmt: skip
KINDS: tuple[CorrectionKind, ...] = get_args(CorrectionKind)

SHAPES: dict[CorrectionKind, tuple[str, ...]] = {
    "park_locked": ("Point", "Polygon", "MultiPolygon"),
    "park_missing": ("Polygon", "MultiPolygon"),
    "stop_removed": ("Point",),
    "stop_missing": ("Point",),
    "path_missing": ("LineString",),
    "path_blocked": ("Point", "LineString"),
    "place_closed": ("Point",),
    "place_missing": ("Point",),
}
"""How each may be drawn."""

PLACES = ("place_closed", "place_missing")
"""Those that say of what kind the place is (``what``): ``supermarket``, ``library``."""


@dataclass(frozen=True)
class Correction:
    """One thing that is otherwise than the map has it.

    Attributes
    ----------
    number : int
        Its line in the file, from 1.
    kind : str
        One of `KINDS`.
    shape : shapely geometry
        EPSG:4326.
    what : str
        Of a place, its kind in the vocabulary of amenities; of the others, a name, for people.
    note, role, date : str
        In the words of those who say it; by role, such as ``resident`` or ``school``.
    name : str
        Who says it. Empty unless its publishing was agreed to.
    publish : bool
        Whether it may be shown and used at all.
    """

    number: int
    kind: CorrectionKind
    shape: BaseGeometry
    what: str = ""
    note: str = ""
    role: str = ""
    date: str = ""
    name: str = ""
    publish: bool = False
