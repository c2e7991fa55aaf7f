"""Collecting the layers that a run asks for, each from the source that has it, or the reason why nobody has.

A file declared under a layer's own name takes precedence over the OpenStreetMap extract, which gives several layers. A
layer that nobody declared is absent with a plain reason; one that is declared and cannot be believed is an error.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from justgeo.core.errors import ConfigError, CoverageError, LayerError
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.location import foreign
from justgeo.core.spec import CROSSWALK, Area, LayerSpec, TableSpec
from justgeo.core.words import suggestion
from justgeo.sources import _readers as readers
from justgeo.sources import census, files, stated
from justgeo.sources import tables as own_tables
from justgeo.sources._covering import covering
from justgeo.sources._frames import check_options, prefixes
from justgeo.sources.store import Store, key_for

log = logging.getLogger(__name__)

Progress = Callable[[str], None]

OSM = "osm"
OSM_LAYERS = ("walk", "streets", "bike", "parks", "park_entrances", "stops", "amenities", "water", "landuse")
EXTRACTS = "extracts"
"""Folder below the store for whole extracts."""
UNITS = ("blocks", "block_groups", "tracts", "counties", "areas")
RASTERS = ("tree_canopy", "impervious", "land_cover", "surface_temperature")
#: Read wherever they are declared, though no row of the catalogue may ask for them yet.
EXTRAS = ("worldcover", "canopy_height", stated.BIOME)
#: Beginning of the names of downloaded tables and designations.
DATA = "data:"
#: Beginning of the names of how areas of 2010 lie in those of 2020, one a state.
CROSSWALKS = f"{CROSSWALK}_"

_WHY: Mapping[str, str] = {
    "blocks": "no census blocks were given",
    "block_groups": "no block groups were given",
    "tracts": "no census tracts were given",
    "counties": "no counties were given",
    "areas": "no areas to report on were given",
    "walk": "no walk network was given",
    "streets": "no streets were given",
    "bike": "no streets with what their tags say of cycling were given",
    "parks": "no park layer was given",
    "park_entrances": "no park entrances were given",
    "stops": "no transit stops were given",
    "amenities": "no amenities were given",
    "water": "no water layer was given",
    "landuse": "no OpenStreetMap extract was given that tells the use of land",
    readers.ZONING: readers.HOW_TO_HAVE_ZONING,
    "gtfs": "no transit timetable (GTFS) was given",
    "tree_canopy": "no tree canopy raster was given",
    "impervious": "no raster of impervious surface was given",
    "land_cover": "no land cover raster was given",
    "surface_temperature": (
        "no map of summer surface temperature was given; it is fetched where district.toml has "
        '[fetch] rasters = ["tree_canopy", "impervious", "land_cover", "surface_temperature"]'
    ),
}
_UNIT_NAME = re.compile(rf"^({'|'.join(UNITS)})(?:[_@].+)?$")
_ACS_NAME = re.compile(r"^acs:([A-Z0-9]+)(?:@(\d{4}))?$")
_ACS_SPEC = re.compile(r"^acs(?:_\w+|@\d{4})?$")


@dataclass(frozen=True)
class Collected:
    """What was found.

    Attributes
    ----------
    layers : mapping of str to layer
        Every layer carries its provenance.
    absent : mapping of str to str
        Why a layer that was asked for is not there.
    chosen : mapping of str to str
        For each layer, which source gave it, in words.
    refused : mapping of str to LayerError
        What was fetched and is not believed: nobody can mend a record by hand, so it is an absence and no error.
    """

    layers: Mapping[str, AnyLayer]
    absent: Mapping[str, str]
    chosen: Mapping[str, str]
    refused: Mapping[str, LayerError] = field(default_factory=dict)


@dataclass
class _Work:
    specs: Mapping[str, LayerSpec]
    area: Area
    store: Store | None
    progress: Progress | None
    reasons: Mapping[str, str]
    layers: dict[str, AnyLayer] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    refused: dict[str, LayerError] = field(default_factory=dict)

    @property
    def kept(self) -> Path | None:
        """Where extracts are kept whole: a state's is read once and cut for each county."""
        return None if self.store is None else self.store.root / EXTRACTS

    def tell(self, name: str) -> None:
        if self.progress is not None:
            self.progress(name)

    def refuse(self, name: str, spec: LayerSpec, error: LayerError) -> None:
        """A record that is not believed is absent; a file of the planner's is an error."""
        if not spec.fetched:
            raise error
        self.refused[name] = error
        said = error.message.replace(f"{spec.path.parent}{os.sep}", "")  # no folder of this machine on a page
        self.absent[name] = f"what was fetched cannot be used: {said}"

    def missing(self, name: str, why: str) -> None:
        # One reason under ``acs`` speaks for all its tables.
        self.absent[name] = self.reasons.get(name, self.reasons.get(name.split(":")[0], why))


def collect(
    names: Iterable[str],
    specs: Mapping[str, LayerSpec],
    tables: Sequence[TableSpec],
    area: Area,
    *,
    store: Store | None = None,
    progress: Progress | None = None,
    reasons: Mapping[str, str] | None = None,
    units: Mapping[str, Layer] | None = None,
) -> Collected:
    """Read the layers that are asked for.

    Parameters
    ----------
    names : iterable of str
        Words of the vocabulary: ``blocks``, ``walk``, ``acs:B25003@2024``, ``tree_canopy``, ...
    specs : mapping of str to LayerSpec
        What was declared, by name: a layer's own name; ``osm`` (an extract: walk, streets, parks, park entrances,
        stops, amenities, water); ``acs`` with the option ``year``, and another vintage as ``acs_t0`` or ``acs@2014``.
    tables : sequence of TableSpec
        The planner's own tables. Each declared column is read, asked for or not.
    area : Area
    store : Store, optional
        Where extracts, feeds, rasters and networks are kept once read, and looked for first.
    progress : callable, optional
        Called with the name of each layer before it is read.
    reasons : mapping of str to str, optional
        In the planner's words, why some layers are not there.
    units : mapping of str to Layer, optional
        Census geography that was read before, to find the reference by; it is checked and not read again.

    Returns
    -------
    Collected

    Raises
    ------
    LayerError
        A declared layer is missing or cannot be believed, or census geography does not cover the district
        (``CoverageError``). Any other layer that does not cover the district is absent, with that reason.
    ConfigError
        A name, a source or an option is not known.
    """
    work = _Work(specs, area, store, progress, dict(reasons or {}))
    _check_specs(specs)
    before = dict(units or {})
    wanted = list(dict.fromkeys([*before, *names]))
    for name in wanted:
        if is_unit(name):
            _units(work, name, before.get(name))
    acs = [name for name in wanted if name.startswith("acs:")]
    _acs(work, acs)
    _from_osm(work, [name for name in wanted if name in OSM_LAYERS])
    for name in wanted:
        if name in ("gtfs", readers.ZONING) or name in RASTERS or is_extra(name):
            _own(work, name)
    _tables(work, tables)
    for name in wanted:
        if name not in work.layers and name not in work.absent:
            if not name.startswith("table:"):
                raise ConfigError(f"There is no layer {name!r}.", remedy=suggestion(name, _WHY))
            work.missing(name, "the planner's tables have no such column")
    return Collected(work.layers, work.absent, work.chosen, work.refused)


def is_unit(name: str) -> bool:
    """Whether a layer is census geography or a planner's zones (``blocks``, ``tracts_2010``, ``areas``)."""
    return _UNIT_NAME.match(name) is not None


def is_extra(name: str) -> bool:
    """Whether a layer is read wherever it is declared, though no indicator of the catalogue may ask for it."""
    return name in EXTRAS or name.startswith((DATA, CROSSWALKS))


def spec_for(name: str, specs: Mapping[str, LayerSpec]) -> LayerSpec | None:
    """The declaration from which a layer would be read, None where nobody declared it.

    Parameters
    ----------
    name : str
        As in :func:`collect`.
    specs : mapping of str to LayerSpec
    """
    found = _ACS_NAME.match(name)
    if found is not None:
        return _vintages(specs).get(int(found[2] or 0))
    if name in specs:
        return specs[name]
    if name not in OSM_LAYERS:
        return None
    return specs.get(OSM, specs.get("walk") if name == "streets" else None)


def _check_specs(specs: Mapping[str, LayerSpec]) -> None:
    for name in specs:
        known = name == OSM or name in _WHY or is_unit(name) or is_extra(name)
        if not known and not _ACS_SPEC.match(name):
            raise ConfigError(f"There is no layer {name!r} to declare.", remedy=suggestion(name, [*_WHY, OSM, "acs"]))


def _units(work: _Work, name: str, before: Layer | None) -> None:
    """Census geography, or a planner's zones: refused unless it covers the district."""
    spec = work.specs.get(name)
    if spec is None:
        work.missing(name, _WHY.get(name, f"no layer {name} was given"))
        return
    if before is None:
        work.tell(name)
    layer = before or files.read_zones(spec, work.area)
    if not name.startswith("areas"):
        layer = covering(layer, work.area.district, spec)
    work.layers[name] = layer
    work.chosen[name] = f"from {spec.path.name}"


def _acs(work: _Work, names: Sequence[str]) -> None:
    """ACS tables, by vintage."""
    by_year = _vintages(work.specs)
    asked: dict[int, list[str]] = {}
    for name in names:
        found = _ACS_NAME.match(name)
        if found is None:
            raise ConfigError(f"{name!r} is no table of the ACS.", remedy="write acs:B25003@2024.")
        table, year = found[1], found[2]
        if year is None or int(year) not in by_year:
            work.missing(name, f"no ACS tables{f' of {year}' if year and by_year else ''} were given")
        else:
            asked.setdefault(int(year), []).append(table)
    for year, wanted in asked.items():
        spec = by_year[year]
        starts = prefixes(spec.options.get("prefix")) or _states(work.layers)
        for table in wanted:
            name = f"acs:{table}@{year}"
            work.tell(name)
            own = census.of_table(spec, table)
            try:
                read = census.read_acs(own.path, [table], year, prefixes=starts, spec=own) if own is not None else {}
            except LayerError as error:
                work.refuse(name, spec, error)
                continue
            if own is None or table not in read:
                work.missing(name, f"table {table} is not among the files of ACS {year}")
            else:
                work.layers[name] = read[table]
                work.chosen[name] = f"from {own.path.name}"


def _vintages(specs: Mapping[str, LayerSpec]) -> dict[int, LayerSpec]:
    """ACS sources by end year."""
    found: dict[int, LayerSpec] = {}
    for name, spec in specs.items():
        if not _ACS_SPEC.match(name):
            continue
        check_options(spec.options, census.OPTIONS, f"Layer {name!r}")
        year = spec.options.get("year", int(name[4:]) if "@" in name else None)
        if not isinstance(year, int) or isinstance(year, bool):
            raise ConfigError(
                f"Layer {name!r}: year = {year!r} is no year.", remedy="give the end year: year = 2024 for 2020-2024."
            )
        if year in found:
            raise ConfigError(
                f"ACS {year} is declared twice ({found[year].name} and {name}).", remedy="keep one of them."
            )
        found[year] = spec
    return found


def _states(layers: Mapping[str, AnyLayer]) -> tuple[str, ...]:
    """States of the census geography at hand: a nation's table need not be held for one county.

    States and not counties, since counties change between vintages (Connecticut's planning regions).
    """
    found: set[str] = set()
    for name, layer in layers.items():
        if is_unit(name) and isinstance(layer, Layer) and layer.geography_vintage:
            found |= set(layer.data["geoid"].str[:2])
    return tuple(sorted(found))


def _from_osm(work: _Work, names: Sequence[str]) -> None:
    """What an OpenStreetMap extract gives, unless the planner's own file gives it."""
    extract = work.specs.get(OSM)
    walk = work.specs.get("walk")
    drawn = walk is not None and extract is None and "streets" in names and "streets" not in work.specs
    rest: list[str] = []
    if walk is not None and drawn:  # the base map shows the lines that are walked on; one reading gives both
        both = [name for name in names if name in ("walk", "streets")]
        _take(work, walk, both, readers.reader("walk", walk, work.area, work.kept))
        names = [name for name in names if name not in both]
    for name in names:
        if name in work.specs:
            _own(work, name)
            if extract is not None and name in work.chosen:
                own = work.specs[name].path.name
                work.chosen[name] = (
                    f"from your own file {own}, in place of the OpenStreetMap extract {extract.path.name}"
                )
        else:
            rest.append(name)
    if extract is None:
        for name in rest:
            work.missing(name, _WHY[name])
    elif rest:
        _take(work, extract, rest, readers.reader(OSM, extract, work.area, work.kept))


def _own(work: _Work, name: str) -> None:
    """A layer from the file that is declared under its own name."""
    spec = work.specs.get(name)
    if spec is None:
        work.missing(name, _WHY.get(name, f"no layer {name} was given"))
        return
    # Zones, features and tables are small, and have companions (covers, further files): they are read anew each time.
    anew = name == readers.ZONING or name.startswith(DATA)
    record = (name not in OSM_LAYERS or name == "walk" or readers.is_extract(spec)) and not anew
    _take(work, spec, [name], readers.reader(name, spec, work.area, work.kept), record=record)


def _take(
    work: _Work,
    spec: LayerSpec,
    names: Sequence[str],
    read: Callable[[Sequence[str]], dict[str, AnyLayer]],
    *,
    record: bool = True,
) -> None:
    """Layers from the store, else from the file; what does not cover the district is absent."""
    if not spec.path.exists():
        raise LayerError(
            f"Layer {spec.name!r}: there is no file {spec.path}.",
            remedy=foreign(spec.path)
            + "mend its path in district.toml, or take the layer out: what needs it is then shown as absent.",
        )
    store = work.store if record else None
    digest = readers.digest(spec) if store is not None else ""
    keys = {name: key_for(name, spec, work.area, digest) for name in names}
    found: dict[str, AnyLayer] = {}
    missing: list[str] = []
    for name in names:
        work.tell(name)
        layer = store.get(keys[name]) if store is not None else None
        if layer is None:
            missing.append(name)
        else:
            found[name] = layer
    try:
        fresh = read(missing) if missing else {}
    except CoverageError as error:
        for name in missing:
            work.missing(name, error.message)
        fresh = {}
    except LayerError as error:
        for name in missing:
            work.refuse(name, spec, error)
        fresh = {}
    for name in missing:
        if name in fresh and store is not None:
            store.put(fresh[name], keys[name])
    for name in names:
        _keep(work, name, {**fresh, **found}.get(name), spec)


def _keep(work: _Work, name: str, layer: AnyLayer | None, spec: LayerSpec) -> None:
    if layer is None:
        if name not in work.absent:
            work.missing(name, f"{spec.path.name} holds no {name.replace('_', ' ')}")
        return
    covers = getattr(layer, "covers", None)
    if covers is not None and not covers.intersects(work.area.district):
        work.missing(name, f"{spec.path.name} does not reach the district")
        return
    work.layers[name] = layer
    work.chosen[name] = f"from {spec.path.name}"


def _tables(work: _Work, specs: Sequence[TableSpec]) -> None:
    """Every declared column of the planner's tables; one indicator may have tables of several geographies."""
    for table in specs:
        for column in table.columns:
            name = f"table:{column.indicator}" + ("" if column.group == "all" else f":{column.group}")
            work.tell(name)
            layer = own_tables.read_table(table, column)
            before = work.layers.get(name)
            work.layers[name] = layer if not isinstance(before, Layer) else own_tables.stacked(before, layer)
            told = f"from {table.spec.path.name}"
            work.chosen[name] = f"{work.chosen[name]} and {told}" if before is not None else told
