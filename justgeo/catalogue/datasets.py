"""The form of ``datasets.yml``: where each table comes from, and how it is read.

The words of ``reading`` are those of ``sources/datasets.py``; a test holds the two lists against each other, since
neither wing may import the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from justgeo.catalogue.models import ServiceModel
from justgeo.catalogue.strict import Strict, validated
from justgeo.core.errors import CatalogueError

Text = str | list[str]
Cell = str | int | float
Cells = dict[str, Cell | list[Cell]]


class ColumnModel(Strict):
    column: str
    kind: Literal["count", "amount", "index", "rate", "share", "percent", "flag", "text"] = "count"
    unit: str = ""
    margin: str = ""
    low: str = ""
    high: str = ""
    strip: list[str] | None = None
    outside: int | float | None = None


class ClassesModel(Strict):
    rules: list[dict[str, Any]]  # ``class``, which is no name in Python, and ``where``
    otherwise: str = ""
    outside: str = ""
    unknown: list[str] | None = None


class CountedModel(Strict):
    member: str
    key: str
    where: Cells | None = None


class LongModel(Strict):
    key: str
    value: str
    low: str = ""
    high: str = ""


class ReadingModel(Strict):
    geography: Literal["block", "block group", "tract", "county", "point", "polygon"]
    form: Literal["csv", "rows", "attributes", "geojson", "vector"] = "csv"
    geography_vintage: Literal[0, 2010, 2020] = 0
    member: str = ""
    delimiter: str = ","
    encoding: str = ""
    geoid: Text | None = None
    widths: list[int] | None = None
    lon: str = ""
    lat: str = ""
    nowhere: list[str] | None = None
    place: list[str] | None = None
    columns: dict[str, ColumnModel] | None = None
    missing: dict[str, str] | None = None
    rows: Cells | None = None
    long: LongModel | None = None
    latest: str = ""
    strata: list[str] | None = None
    classes: dict[str, ClassesModel] | None = None
    counted: dict[str, CountedModel] | None = None
    covers: Literal["window", "near", "features", "known", "nothing"] = "nothing"
    lacking: Literal["refuse", "absent", "none"] = "refuse"
    crs: str = ""
    layer: str = ""
    modelled: bool = False
    notes: list[str] | None = None


class GapModel(Strict):
    states: list[str]
    year: int
    why: str


class OptionsModel(Strict):
    """How a table is fetched: the words of ``sources/live/downloads.py``."""

    kind: Literal["file", "archive", "arcgis", "socrata", "own"]
    reading: ReadingModel
    per: Literal["nation", "state", "county", "window"] = "nation"
    path: str = ""
    file: str = ""
    year: int | None = None
    years: list[int] | None = None
    gaps: list[GapModel] | None = None
    vintage: str = ""
    vintage_from: str = ""
    where: str = ""
    order: str = ""
    page: int | None = None
    county_codes: int = 2020
    megabytes: int | float | None = None
    by_hand: str = ""


class DatasetModel(ServiceModel):
    """A row: a service of its own. One that only a planner can give has no address, and says why under ``asks``."""

    urls: list[str]


class DatasetsModel(Strict):
    datasets: dict[str, DatasetModel]


def checked(document: DatasetsModel) -> DatasetsModel:
    """Hold each row's options against their form, and against one another.

    Raises
    ------
    CatalogueError
        An option is not understood (the nearest one is named), or one is missing.
    """
    for name, row in document.datasets.items():
        where = f"datasets.yml, {name}, options"
        options = validated(OptionsModel, row.options, where=where, error=CatalogueError)
        for classes in (options.reading.classes or {}).values():
            _rules(classes, where)
        _together(row, options, where)
    return document


def _rules(classes: ClassesModel, where: str) -> None:
    for rule in classes.rules:
        if set(rule) - {"where"} != {"class"} or not isinstance(rule.get("where", {}), Mapping):
            raise CatalogueError(
                f"{where}: the rule {rule!r} is not understood.",
                remedy="write { class: '...', where: { COLUMN: '...' } }.",
            )


def _together(row: DatasetModel, options: OptionsModel, where: str) -> None:
    needs = {"arcgis": ("path",), "socrata": ("path", "where", "order"), "file": ("path",), "archive": ("path",)}
    for key in needs.get(options.kind, ()):
        if not getattr(options, key):
            raise CatalogueError(f"{where}: a table of kind {options.kind!r} needs {key!r}.", remedy=f"add {key}.")
    if (options.kind == "own") == bool(row.urls):
        what = "has an address that nothing asks" if row.urls else "has no address"
        raise CatalogueError(
            f"{where}: it {what}.", remedy="kind: own is for what only a planner can give; all else has an address."
        )
    if options.kind == "own" and not row.asks:
        raise CatalogueError(f"{where}: why nobody can be asked is not told.", remedy="add asks.")
    if options.year is not None and options.years is not None:
        raise CatalogueError(f"{where}: both year and years are given.", remedy="keep one of the two.")
    if "{year}" in options.path and options.year is None and options.years is None:
        raise CatalogueError(f"{where}: {options.path!r} needs a year.", remedy="add year, or years.")
