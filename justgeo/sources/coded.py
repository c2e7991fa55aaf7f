"""A city's own map with a code on each polygon, and the table that says which use each code stands for.

Each city has codes of its own (R-1, C-2, PUD), so that nobody but a planner can say what they mean. A code that is not
in the table is told by its name, and its ground is not known: it is never left out in silence, nor taken for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from justgeo.core.errors import ConfigError
from justgeo.core.layer import Layer
from justgeo.core.spec import Area, LayerSpec
from justgeo.core.words import suggestion
from justgeo.sources import _parts
from justgeo.sources._frames import check_options
from justgeo.sources.datasets import read_dataset

USES = ("residential", "industrial", "commercial", "institutional", "retail", "mixed", "other")
UNKNOWN = "code not in the table"
OPTIONS = ("column", "classes", "layer", "crs", "rows", "parts")
_EXAMPLE = 'column = "ZONE" and classes = { "R-1" = "residential", "C-2" = "commercial" }'
_MOST_NAMED = 40


def read_zoning(spec: LayerSpec, area: Area | None = None) -> Layer:
    """Read zoning districts with the planner's table of codes.

    Parameters
    ----------
    spec : LayerSpec
        ``options``: ``column`` (of the code), ``classes`` (code to one of `USES`, as written in the file), and as for
        any file of features ``layer``, ``crs``, ``rows``, ``parts``.
    area : Area, optional
        Polygons away from its window are left out.

    Returns
    -------
    Layer
        EPSG:4326, columns ``code`` and ``use`` (one of `USES`, or `UNKNOWN`). ``covers`` is the ground of the codes
        that are in the table. Its notes name the codes that are not, and those of the table that no polygon here has.

    Raises
    ------
    ConfigError
        ``column`` or ``classes`` is missing, a use is not known, or no column is called so.
    LayerError
        As :func:`justgeo.sources.datasets.read_dataset`.
    CoverageError
        No polygon with a code of the table lies in the district.
    """
    where = _parts.named(spec.name, [spec.path])
    check_options(spec.options, OPTIONS, where)
    column, table = _column(spec.options.get("column"), where), _table(spec.options.get("classes"), where)
    codes: dict[str, list[str]] = {}
    for code, use in table.items():
        codes.setdefault(use, []).append(code)
    reading: dict[str, Any] = {
        "form": "vector",
        "geography": "polygon",
        "covers": "known",
        "columns": {"code": {"column": column, "kind": "text"}},
        "classes": {
            "use": {
                "rules": [{"class": use, "where": {column: some}} for use, some in codes.items()],
                "otherwise": UNKNOWN,
                "outside": "not zoned",
                "unknown": [UNKNOWN],
            }
        },
    }
    kept = {key: spec.options[key] for key in ("layer", "crs", "rows", "parts") if key in spec.options}
    found = read_dataset(replace(spec, options={"reading": reading, **kept}), area)
    notes = (*found.provenance.notes, *_notes(found, table))
    return replace(found, provenance=replace(found.provenance, notes=notes))


def _column(told: object, where: str) -> str:
    if not isinstance(told, str) or not told:
        raise ConfigError(f"{where}: which column holds the code is not told.", remedy=f"add {_EXAMPLE}.")
    return told


def _table(told: object, where: str) -> Mapping[str, str]:
    if not isinstance(told, Mapping) or not told:
        raise ConfigError(f"{where}: what its codes stand for is not told.", remedy=f"add {_EXAMPLE}.")
    for code, use in told.items():
        if use not in USES:
            raise ConfigError(
                f"{where}: the code {code!r} is said to be {use!r}, which is no use.",
                remedy=f"{suggestion(str(use), USES)} The uses are {', '.join(USES)}.",
            )
    return {str(code).strip(): str(use) for code, use in told.items()}


def _notes(found: Layer, table: Mapping[str, str]) -> list[str]:
    """Codes of one side that the other does not have."""
    codes = found.data["code"].astype("str").where(found.data["code"].notna(), "(no code)")
    lost = sorted(set(codes[found.data["use"] == UNKNOWN]))
    idle = sorted(set(table) - set(codes))
    notes = []
    if lost:
        notes.append(f"{len(lost)} codes are not in the table, and their ground is not known: {_listed(lost)}.")
    if idle:
        notes.append(f"{len(idle)} codes of the table are on no polygon near the district: {_listed(idle)}.")
    return notes


def _listed(codes: list[str]) -> str:
    more = len(codes) - _MOST_NAMED
    return ", ".join(codes[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")
