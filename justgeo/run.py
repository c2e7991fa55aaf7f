"""The one story: a boundary and its layers in, a baseline out. Each step can be called on its own.

``plan`` says what a run would read; ``collect_layers`` reads it; ``measure_place`` computes; ``run_config`` does all
and writes. Only writing touches the disk, and it is all or nothing.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import logging
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import geopandas as gpd

import justgeo
from justgeo import config as configs
from justgeo import measuring, zoning
from justgeo.catalogue import read as catalogue
from justgeo.config import RunConfig
from justgeo.core import district as districts
from justgeo.core.district import District
from justgeo.core.errors import LayerError
from justgeo.core.layer import AnyLayer, Layer
from justgeo.core.protocol import Checklist, fill
from justgeo.core.result import Baseline, Indicator, Record
from justgeo.core.spec import Area
from justgeo.indicators.mobility import LONGEST_M
from justgeo.indicators.place import Place
from justgeo.measure import judge
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings
from justgeo.report import results as reports
from justgeo.report import write
from justgeo.report.basemap import Basemap
from justgeo.sources import collect as doors
from justgeo.sources.files import read_boundary, read_zones
from justgeo.sources.store import Store

log = logging.getLogger(__name__)

Progress = Callable[[str], None]
GEOGRAPHY = ("counties", "tracts", "block_groups", "blocks")
BASEMAP = ("streets", "parks", "water", "stops", "park_entrances")


@dataclass(frozen=True)
class PlanRow:
    """A layer that a run would ask for."""

    layer: str
    needed_by: tuple[str, ...]
    source: str
    present: bool
    reason: str


@dataclass(frozen=True)
class RunReport:
    """What a run did."""

    folder: Path
    files: tuple[Path, ...]
    name: str
    synthetic: bool
    n_measured: int
    n_absent: int
    absent_layers: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Collected:
    """Everything that was read for one place."""

    config: RunConfig
    district: District
    reference: zoning.Reference
    crs: str
    area: Area
    rows: tuple[Indicator, ...]
    years: Mapping[str, int]
    layers: Mapping[str, AnyLayer]
    absent: Mapping[str, str]


def read_config(path: Path) -> RunConfig:
    """``district.toml`` with the layers of an invented county filled in where it asks for one."""
    found = configs.read(Path(path))
    if found.invented_seed is None:
        return found
    from justgeo import synthetic

    folder = synthetic.ensure(found.invented_seed)
    return configs.with_layers(found, folder / "layers.toml", synthetic=True)


def plan(path: Path) -> list[PlanRow]:
    """What a run of ``district.toml`` would read, and what nobody declared, without reading any of it."""
    settings = read_config(path)
    rows = catalogue.indicators()
    years = _years(settings)
    needed: dict[str, list[str]] = {name: [] for name in GEOGRAPHY}
    for row in rows:
        for name in measuring.layer_names(row, years):
            needed.setdefault(name, []).append(row.id)
    made = []
    for name, by in needed.items():
        spec = doors.spec_for(name, settings.layers)
        why = "" if spec else settings.absent.get(name, settings.absent.get(name.split(":")[0], "not declared"))
        made.append(PlanRow(name, tuple(by), str(spec.path) if spec else "", spec is not None, why))
    return made


def collect_layers(settings: RunConfig, progress: Progress | None = None, records: Path | None = None) -> Collected:
    """Read the boundary, find the reference, and collect every layer that the catalogue can use.

    Parameters
    ----------
    records : Path, optional
        Folder in which extracts, timetables and grids are kept once read, under a digest of what was asked and of the
        file's bytes, and looked for first.

    Raises
    ------
    JustgeoError
        The boundary or a declared layer cannot be believed.
    """
    unit_layers = _geography(settings, progress)
    district = make_district(settings, unit_layers)
    reference = zoning.find_reference(
        district,
        list(unit_layers.values()),
        geoids=settings.reference_geoids,
        name=settings.reference_name,
        own_shape=_own_reference(settings),
    )
    crs = districts.metric_crs(reference.centre)
    area = zoning.make_area(district, reference, crs, LONGEST_M)
    rows = catalogue.indicators()
    years = _years(settings)
    names = [name for row in rows for name in measuring.layer_names(row, years)]
    wanted = list(dict.fromkeys([*names, *BASEMAP, *(n for n in settings.layers if doors.is_unit(n))]))
    found = doors.collect(
        [*unit_layers, *wanted],
        settings.layers,
        settings.tables,
        area,
        store=None if records is None else Store(records),
        progress=progress,
        reasons=settings.absent,
        units=unit_layers,
    )
    return Collected(settings, district, reference, crs, area, rows, years, found.layers, found.absent)


def _years(settings: RunConfig) -> dict[str, int]:
    """ACS end years by role, as the declared tables have them."""
    years = {"t1": settings.acs_year}
    earlier = [int(s.options["year"]) for n, s in settings.layers.items() if n.startswith("acs_t0")]
    if earlier:
        years["t0"] = earlier[0]
    return years


def _geography(settings: RunConfig, progress: Progress | None) -> dict[str, Layer]:
    """Counties, tracts, block groups and blocks, coarsest first: the reference is found in them."""
    found: dict[str, Layer] = {}
    for name in GEOGRAPHY:
        if name in settings.layers:
            if progress is not None:
                progress(name)
            found[name] = read_zones(settings.layers[name])
    return found


def make_district(settings: RunConfig, units: Mapping[str, Layer]) -> District:
    """The district, from its boundary file or from a list of GEOIDs of the units at hand."""
    if settings.geoids:
        shapes = _by_geoid(settings.geoids, units)
        return districts.make(settings.name, settings.slug, shapes, f"of {len(settings.geoids)} GEOIDs")
    shapes = read_boundary(settings.boundary, settings.base)
    return districts.make(settings.name, settings.slug, shapes, settings.boundary_label)


def _by_geoid(geoids: Sequence[str], units: Mapping[str, Layer]) -> gpd.GeoDataFrame:
    parts, missing = [], set(geoids)
    for layer in units.values():
        picked = layer.data[layer.data["geoid"].isin(missing)]
        parts.append(picked)
        missing -= set(picked["geoid"])
    if missing:
        raise LayerError(
            f"The district names {len(missing)} GEOIDs that no layer holds, among them {min(missing)}.",
            remedy="give a layer (tracts, block_groups or blocks) of the vintage that these GEOIDs belong to.",
        )
    return gpd.GeoDataFrame(geometry=[g for p in parts for g in p.geometry], crs=parts[0].crs)


def _own_reference(settings: RunConfig) -> Any:
    if settings.reference_file is None:
        return None
    shapes = read_boundary(settings.reference_file, settings.base)
    return districts.make(settings.reference_name or "Reference", "reference", shapes, "of the reference").boundary


def measure_place(found: Collected, progress: Progress | None = None) -> tuple[Baseline, Checklist]:
    """Fields, reductions, records and the checklist of what was collected; pure."""
    place = make_place(found)
    records = measuring.measure(
        found.rows, place, settings=ReduceSettings(), judging=judge.JudgeSettings(), progress=progress
    )
    baseline = _baseline(found, place, records)
    protocol = catalogue.protocol()
    if found.config.commitments is not None:
        protocol = protocol.having(catalogue.commitments(found.config.commitments))
    return baseline, fill(protocol, records, found.rows, found.config.answers, found.absent)


def make_place(found: Collected) -> Place:
    """The place with its zones and weights: what analysts measure in notebooks."""
    layers = found.layers
    zones = zoning.make_zones(
        found.district,
        found.reference,
        found.crs,
        tracts=cast(Layer | None, layers.get("tracts")),
        block_groups=cast(Layer | None, layers.get("block_groups")),
        own_areas=cast(Layer | None, layers.get("areas")),
    )
    blocks = cast(Layer | None, layers.get("blocks"))
    units = [layers[n] for n in layers if doors.is_unit(n) and not n.startswith(("areas", "blocks"))]
    shapes = [u for u in units if isinstance(u, Layer)]
    weights = Weights.build(zones, blocks, shapes, found.crs)
    return Place(layers, found.absent, zones, weights, found.crs, found.years, found.reference.prefixes)


def _baseline(found: Collected, place: Place, records: Sequence[Record]) -> Baseline:
    used = {name for record in records for name in record.layers}
    drawn = {name for name in BASEMAP if name in found.layers}
    shown = used | drawn
    provenances = [replace(layer.provenance, layer=name) for name, layer in found.layers.items() if name in shown]
    config = found.config
    synthetic = config.synthetic or any(p.synthetic for p in provenances)
    words = catalogue.layers()
    groups = list(dict.fromkeys(r.group for r in records if r.group != "all"))
    return Baseline(
        slug=config.slug,
        name=config.name,
        synthetic=synthetic,
        zones=place.zones,
        zone_facts=_facts(place),
        indicators=found.rows,
        groups={g: words.groups[g] for g in groups},
        layers=tuple(provenances),
        absent_layers=dict(found.absent),
        records=tuple(records),
        settings=_settings(found),
        notes=tuple(dict.fromkeys([*found.district.notes, *found.reference.notes, *place.weights.notes])),
    )


def _facts(place: Place) -> tuple[Mapping[str, Any], ...]:
    """What every zone tells of itself: its area, and its people where there are blocks."""
    areas = place.zones.geometry.area.to_numpy() / 1e6
    people = place.zone_population() if place.weights.origins is not None else None
    return tuple(
        {"area_km2": round(float(km2), 4), **({} if people is None else {"residents": round(float(people[i]), 1)})}
        for i, km2 in enumerate(areas)
    )


def _settings(found: Collected) -> Mapping[str, Any]:
    return {
        "acs_years": dict(found.years),
        "metric_crs": "Lambert azimuthal equal-area, WGS84, " + _centre(found.crs),
        "halo_m": round(found.area.halo_m, 2),
        "reference": found.reference.name,
        "margin_level": 0.9,
        "judging": vars(judge.JudgeSettings()),
    }


def _centre(wkt: str) -> str:
    lat, lon = districts.centre(wkt)
    return f"centred on {lat:.1f}, {lon:.1f}"


def run_config(
    path: Path, out: Path | None = None, progress: Progress | None = None, records: Path | None = None
) -> RunReport:
    """Run one district from its ``district.toml`` and write its folder of outputs.

    Parameters
    ----------
    path : Path
        ``district.toml``.
    out : Path, optional
        Folder of the outputs; ``out/<slug>`` beside the working folder by default.
    progress : callable, optional
        Called with the name of each layer and indicator before its turn.
    records : Path, optional
        As for :func:`collect_layers`.

    Returns
    -------
    RunReport

    Raises
    ------
    JustgeoError
        Anything that a planner has to mend; nothing is written then.
    """
    settings = read_config(path)
    folder = Path(out) if out is not None else settings.output
    write.check(folder)
    found = collect_layers(settings, progress, records)
    baseline, checklist = measure_place(found, progress)
    if progress is not None:
        progress("page")
    files = write.write_all(
        folder,
        reports.to_dict(baseline),
        checklist,
        reports.zones_frame(baseline.zones),
        basemap(found),
        manifest(baseline),
    )
    shown = [r for r in baseline.records if r.zone == "district"]
    measured = sum(r.value is not None or r.text is not None for r in shown)
    return RunReport(
        folder=folder,
        files=tuple(files),
        name=baseline.name,
        synthetic=baseline.synthetic,
        n_measured=measured,
        n_absent=len(shown) - measured,
        absent_layers=baseline.absent_layers,
        notes=baseline.notes,
    )


def basemap(found: Collected) -> Basemap:
    """What lies beneath the values on the map."""

    def frame(name: str) -> gpd.GeoDataFrame | None:
        layer = found.layers.get(name)
        return layer.data if isinstance(layer, Layer) else None

    return Basemap(frame("streets"), frame("parks"), frame("water"), frame("stops"))


def manifest(baseline: Baseline) -> dict[str, Any]:
    """The inputs by hash, and when and with what the run was made; the only output that differs between runs."""
    packages = ("numpy", "pandas", "geopandas", "shapely", "pyproj", "rasterio", "exactextract", "osmium", "folium")
    return {
        "inputs": {p.layer: {"sha256": p.sha256, "vintage": p.vintage, "source": p.source} for p in baseline.layers},
        "run": {
            "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "justgeo": justgeo.__version__,
            "python": sys.version.split()[0],
            "system": platform.system(),
            "packages": {name: importlib.metadata.version(name) for name in packages},
        },
    }


def demo(out: Path, progress: Progress | None = None) -> list[RunReport]:
    """Run every embedded district through the same code as any other."""
    return [run_config(folder / "district.toml", out / folder.name, progress) for folder in embedded()]


def embedded() -> Iterable[Path]:
    """Folders of the districts that travel with the package."""
    inside = Path(justgeo.__file__).parent / "_districts"
    root = inside if inside.is_dir() else Path(justgeo.__file__).parents[1] / "data" / "districts"
    found = sorted(p.parent for p in root.glob("*/district.toml"))
    if not found:
        raise LayerError("No embedded district was found beside the package.", remedy="install the package again.")
    return found
