"""How a downloaded table is read, as a row of ``catalogue/datasets.yml`` or a planner says it.

Definitions
-----------
form
    ``csv`` (any delimited text, packed or not, alone or as a member of a zip), ``rows`` (JSON rows of Socrata),
    ``attributes`` (ArcGIS JSON without geometry), ``geojson`` (features in longitude and latitude, one file or pages),
    ``vector`` (any other file of features).
kind
    What a column's cells are: ``count``, ``amount``, ``index`` and ``rate`` (numbers), ``share`` (0 to 1), ``percent``
    (0 to 100), ``flag`` (yes or no, as 1 and 0), ``text``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from justgeo.core.errors import ConfigError
from justgeo.core.spec import LayerSpec
from justgeo.core.words import suggestion
from justgeo.sources._frames import WIDTHS, check_options, prefixes
from justgeo.sources._options import CLASSES as KINDS_CLASSES
from justgeo.sources._options import COLUMN as KINDS_COLUMN
from justgeo.sources._options import READING as KINDS_READING
from justgeo.sources._options import check_kinds

FORMS = ("csv", "rows", "attributes", "geojson", "vector")
KINDS = ("count", "amount", "index", "rate", "share", "percent", "flag", "text")
GEOGRAPHIES = (*WIDTHS, "point", "polygon")
COVERS = ("window", "near", "features", "known", "nothing")
LACKING = ("refuse", "absent", "none")
COLUMN = ("column", "kind", "unit", "margin", "low", "high", "strip", "outside")
CLASSES = ("rules", "otherwise", "outside", "unknown")
COUNTED = ("member", "key", "where")
LONG = ("key", "value", "low", "high")
READING = (
    "form",
    "member",
    "delimiter",
    "encoding",
    "geography",
    "geography_vintage",
    "geoid",
    "widths",
    "lon",
    "lat",
    "nowhere",
    "place",
    "columns",
    "missing",
    "rows",
    "long",
    "latest",
    "strata",
    "classes",
    "counted",
    "covers",
    "lacking",
    "crs",
    "layer",
    "modelled",
    "notes",
)
NOT_PUBLISHED = "not published"

Conditions = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Column:
    """A column of ours: where it comes from, what it is, and what stands beside it in the source.

    ``margin``, ``low`` and ``high`` name columns of the source that hold its margin of error and the limits of its
    interval; ``strip`` are signs to take away from its cells; ``outside`` is the value of an area that the table
    leaves out because there is nothing to tell of it.
    """

    name: str
    column: str
    kind: str = "count"
    unit: str = ""
    margin: str = ""
    low: str = ""
    high: str = ""
    strip: tuple[str, ...] = ()
    outside: float | None = None

    @property
    def sources(self) -> dict[str, str]:
        """Columns of the source by the names that they get here."""
        told = {"": self.column, "_moe": self.margin, "_low": self.low, "_high": self.high}
        return {self.name + suffix: column for suffix, column in told.items() if column}


@dataclass(frozen=True)
class Rule:
    """A class, and what cells have to be for it."""

    name: str
    where: Conditions


@dataclass(frozen=True)
class Classes:
    """Classes of a designation: the first rule that fits, and what is to be said where no feature lies.

    ``unknown`` are those classes that say that nothing is known: ground of such a class is not covered.
    """

    name: str
    rules: tuple[Rule, ...]
    otherwise: str = ""
    outside: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counted:
    """Rows of a second member of the archive that meet conditions, counted by a key that both have."""

    name: str
    member: str
    key: str
    where: Conditions


@dataclass(frozen=True)
class Long:
    """A table with one row an area and measure: which column names the measure, which holds it."""

    key: str
    value: str
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Reading:
    """All of it; see ``catalogue/datasets.yml`` for what each is good for."""

    form: str
    geography: str
    geography_vintage: int = 0
    member: str = ""
    delimiter: str = ","
    encoding: str = ""
    geoid: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    lon: str = ""
    lat: str = ""
    nowhere: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    rows: Conditions = field(default_factory=dict)
    long: Long | None = None
    latest: str = ""
    strata: tuple[str, ...] = ()
    classes: tuple[Classes, ...] = ()
    counted: tuple[Counted, ...] = ()
    covers: str = "nothing"
    lacking: str = "refuse"
    crs: str = ""
    layer: str = ""
    modelled: bool = False
    notes: tuple[str, ...] = ()

    @property
    def by_id(self) -> bool:
        """Whether its rows are census areas."""
        return self.geography in WIDTHS

    @property
    def digits(self) -> tuple[int, ...]:
        """Of each column that the identifier is put together from."""
        return self.widths or (WIDTHS.get(self.geography, 0),)

    def needs(self) -> tuple[str, ...]:
        """Columns of the source that are read, each once."""
        told = [*self.geoid, self.lon, self.lat, *self.place, *self.rows, self.latest, *self.strata]
        if self.long is not None:
            told += [self.long.key, self.long.value, self.long.low, self.long.high]
        else:
            told += [source for column in self.columns for source in column.sources.values()]
        told += [name for one in self.classes for rule in one.rules for name in rule.where]
        told += [one.key for one in self.counted]
        return tuple(dict.fromkeys(name for name in told if name))


@dataclass
class Work:
    """What is known while a table is read.

    Attributes
    ----------
    spec : LayerSpec
    reading : Reading
    where : str
        For messages.
    files : tuple of Path
    prefix : tuple of str
        Counties; all areas where there are none.
    notes : list of str
        For the provenance.
    attrs : dict
        For the table.
    """

    spec: LayerSpec
    reading: Reading
    where: str
    files: tuple[Path, ...]
    prefix: tuple[str, ...]
    notes: list[str] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)


def reading_of(options: Mapping[str, Any], where: str) -> Reading:
    """What is declared of a table: under ``reading``, and above it what the planner's own words put in its place.

    Parameters
    ----------
    options : mapping
        Of a layer's declaration.
    where : str
        For messages.

    Raises
    ------
    ConfigError
        A word is not understood, or something is missing.
    """
    own_words = {key: value for key, value in options.items() if key in (*READING, "reading")}
    check_kinds(own_words, where, KINDS_READING)
    check_kinds(options.get("reading", {}), where, KINDS_READING)
    told = dict(options.get("reading", {}))
    own = {key: value for key, value in options.items() if key in READING}
    columns = {**told.get("columns", {}), **_over(told.get("columns", {}), own.pop("columns", {}))}
    told = {**told, **own, "columns": columns}
    check_options(told, READING, where)
    form = _one_of(told.get("form", "csv"), FORMS, "form", where)
    geography = _one_of(told.get("geography", ""), GEOGRAPHIES, "geography", where)
    found = Reading(
        form=form,
        geography=geography,
        geography_vintage=_vintage(told.get("geography_vintage", 0), geography, where),
        geoid=prefixes(told.get("geoid", ())),
        widths=tuple(int(width) for width in told.get("widths", ())),
        place=prefixes(told.get("place", ())),
        nowhere=prefixes(told.get("nowhere", ())),
        columns=tuple(_column(name, one, where) for name, one in columns.items()),
        missing={str(cell).strip(): str(why) for cell, why in dict(told.get("missing", {})).items()},
        rows=_conditions(told.get("rows", {})),
        long=_long(told.get("long"), where),
        strata=prefixes(told.get("strata", ())),
        classes=tuple(_classes(name, one, where) for name, one in dict(told.get("classes", {})).items()),
        counted=tuple(_counted(name, one, where) for name, one in dict(told.get("counted", {})).items()),
        covers=_one_of(told.get("covers", "nothing"), COVERS, "covers", where),
        lacking=_one_of(told.get("lacking", "refuse"), LACKING, "lacking", where),
        modelled=bool(told.get("modelled", False)),
        notes=prefixes(told.get("notes", ())),
        **{key: str(told.get(key, default)) for key, default in (("member", ""), ("delimiter", ","), ("encoding", ""))},
        **{key: str(told.get(key, "")) for key in ("lon", "lat", "latest", "crs", "layer")},
    )
    _check(found, where)
    return found


def _over(told: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The planner's columns over the catalogue's: a name alone changes only where the column is found."""
    made: dict[str, Any] = {}
    for name, one in own.items():
        before = told.get(name)
        plain = {"column": one} if not isinstance(one, Mapping) else dict(one)
        kept = {"kind": "text"} if before is None and isinstance(one, str) else {}
        made[str(name)] = {**(dict(before) if isinstance(before, Mapping) else kept), **plain}
    return made


def _table(told: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise ConfigError(f"{where} = {told!r} is no table of words.", remedy="write it as in catalogue/datasets.yml.")
    return told


def _column(name: str, told: Any, where: str) -> Column:
    if isinstance(told, str):
        told = {"column": told}
    where = f"{where}, columns.{name}"
    if not isinstance(told, Mapping):
        raise ConfigError(f"{where} = {told!r} names no column.", remedy=f'{name} = {{ column = "..." }}')
    check_options(told, COLUMN, where)
    check_kinds(told, where, KINDS_COLUMN)
    if not told.get("column"):
        raise ConfigError(f"{where} names no column of the source.", remedy=f'{name} = {{ column = "..." }}')
    kind = _one_of(told.get("kind", "count"), KINDS, "kind", where)
    outside = told.get("outside")
    return Column(
        name=str(name),
        kind=kind,
        strip=prefixes(told.get("strip", ())),
        outside=None if outside is None else float(outside),
        **{key: str(told.get(key, "")) for key in ("column", "unit", "margin", "low", "high")},
    )


def _classes(name: str, told: Mapping[str, Any], where: str) -> Classes:
    where = f"{where}, classes.{name}"
    check_options(_table(told, where), CLASSES, where)
    check_kinds(told, where, KINDS_CLASSES)
    rules = []
    for rule in told.get("rules", ()):
        check_options(rule, ("class", "where"), f"{where}, rules")
        rules.append(Rule(str(rule["class"]), _conditions(rule.get("where", {}))))
    if not rules:
        raise ConfigError(f"{where} has no rules.", remedy="rules = [{ class = '...', where = { COLUMN = '...' } }]")
    known = {rule.name for rule in rules} | {str(told.get("otherwise", ""))}
    unknown = prefixes(told.get("unknown", ()))
    for one in unknown:
        _one_of(one, sorted(known), "unknown", where)
    return Classes(str(name), tuple(rules), str(told.get("otherwise", "")), str(told.get("outside", "")), unknown)


def _counted(name: str, told: Mapping[str, Any], where: str) -> Counted:
    where = f"{where}, counted.{name}"
    check_options(_table(told, where), COUNTED, where)
    word = KINDS_COLUMN["unit"]
    check_kinds(told, where, {"member": word, "key": word, "where": KINDS_READING["rows"]})
    for key in ("member", "key"):
        if not told.get(key):
            raise ConfigError(f"{where} has no {key}.", remedy=f"add {key}.")
    return Counted(str(name), str(told["member"]), str(told["key"]), _conditions(told.get("where", {})))


def _long(told: Mapping[str, Any] | None, where: str) -> Long | None:
    if told is None:
        return None
    check_options(told, LONG, f"{where}, long")
    for key in ("key", "value"):
        if not told.get(key):
            raise ConfigError(f"{where}, long has no {key}.", remedy=f"add {key}.")
    return Long(**{key: str(told.get(key, "")) for key in LONG})


def _conditions(told: Mapping[str, Any]) -> Conditions:
    def texts(given: Any) -> tuple[str, ...]:
        many = isinstance(given, Sequence) and not isinstance(given, str)
        return tuple(str(one).strip() for one in (given if many else [given]))

    return {str(column): texts(given) for column, given in dict(told).items()}


def _one_of(word: Any, known: Sequence[str], key: str, where: str) -> str:
    if str(word) not in known:
        raise ConfigError(f"{where}: {key} = {word!r} is not understood.", remedy=suggestion(str(word), known))
    return str(word)


def _vintage(told: Any, geography: str, where: str) -> int:
    wanted = (2010, 2020) if geography in WIDTHS else (0,)
    if told not in wanted:
        raise ConfigError(
            f"{where}: geography_vintage = {told!r} cannot be that of a {geography}.",
            remedy="census areas are of 2010 or 2020; points and polygons of their own have none (0).",
        )
    return int(told)


def _check(reading: Reading, where: str) -> None:
    """What has to be there for what is asked."""
    if reading.encoding:
        try:
            "a".encode(reading.encoding)
        except (LookupError, ValueError) as why:  # LookupError also of what is known and no encoding of letters
            raise ConfigError(
                f"{where}: encoding = {reading.encoding!r} is not known.", remedy="write one such as 'latin-1'."
            ) from why
    if reading.by_id and not reading.geoid:
        raise ConfigError(f"{where}: which column identifies the areas is not told.", remedy='geoid = "GEOID"')
    if reading.geoid and len(reading.digits) != len(reading.geoid):
        raise ConfigError(
            f"{where}: the identifier is put together from {len(reading.geoid)} columns, but {len(reading.digits)} "
            "widths are given.",
            remedy="give the digits of each: widths = [2, 3, 6].",
        )
    if reading.by_id and sum(reading.digits) != WIDTHS[reading.geography]:
        raise ConfigError(
            f"{where}: widths of {sum(reading.digits)} digits in all make no {reading.geography} "
            f"({WIDTHS[reading.geography]} digits).",
            remedy="mend widths, or the geography.",
        )
    if reading.geography == "point" and reading.form == "csv" and not (reading.lon and reading.lat):
        raise ConfigError(f"{where}: a table of points needs lon and lat.", remedy='lon = "LONGITUD", lat = "LATITUDE"')
    if reading.geography == "polygon" and reading.form not in ("geojson", "vector"):
        raise ConfigError(f"{where}: a {reading.form} holds no polygons.", remedy="form = 'geojson' or 'vector'.")
    if reading.covers == "known" and not any(one.unknown for one in reading.classes):
        raise ConfigError(
            f"{where}: covers = 'known' needs classes that are unknown.", remedy="add unknown to classes."
        )
    if reading.form == "csv" and len(reading.delimiter) != 1:
        raise ConfigError(f"{where}: {reading.delimiter!r} is no delimiter.", remedy="give one sign: ',' or '|'.")
