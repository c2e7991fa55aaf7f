"""The one story: a boundary and its layers in, a baseline out. Each step can be called on its own.

``plan`` says what a run would read; ``collect_layers`` reads it; ``measure_place`` computes; ``run_config`` does all
and writes. Only writing touches the disk, and it is all or nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import geopandas as gpd

import justgeo
from justgeo import budgets, checklists, correcting, gathering, manifests, measuring, quality, unchanged, zoning
from justgeo.answers import Merged
from justgeo.catalogue import read as catalogue
from justgeo.collecting import BASEMAP, GEOGRAPHY, Collected, collect_layers, compared, make_district, read_config
from justgeo.config import EARLIER, RunConfig
from justgeo.core import district as districts
from justgeo.core.errors import Absent, ConfigError, LayerError, SourceError
from justgeo.core.layer import Layer
from justgeo.core.location import Location
from justgeo.core.protocol import Checklist, fill
from justgeo.core.quality import STATUSES
from justgeo.core.result import Baseline, Record
from justgeo.core.zones import Zones
from justgeo.indicators.displacement import NO_EARLIER
from justgeo.indicators.displacement_cards import public_block
from justgeo.indicators.place import DATA, Place, how_to_have
from justgeo.measure import judge
from justgeo.measure.apportion import Weights
from justgeo.measure.reduce import ReduceSettings
from justgeo.report import results as reports
from justgeo.report import sensitivity as sensitivity_page
from justgeo.report import write
from justgeo.report.basemap import Basemap
from justgeo.sources import collect as doors
from justgeo.sources._readers import HOW_TO_HAVE_ZONING, ZONING

__all__ = [
    "Collected", "PlanRow", "RunReport", "collect_layers", "demo", "embedded", "make_district", "make_place",
    "measure_place", "plan", "read_config", "run_config",
]  # fmt: skip

log = logging.getLogger(__name__)

Progress = Callable[[str], None]
Audience = Literal["public", "internal"]
"""Who the outputs are for: ``internal`` adds a folder for analysts, which is not for a public page."""


@dataclass(frozen=True)
class PlanRow:
    """A layer that a run would ask for.

    Attributes
    ----------
    layer : str
    needed_by : tuple of str
        Ids of indicators.
    source : str
        Path of the planner's file, or title of the service that gives it.
    present : bool
        Declared, or given by a service.
    reason : str
        Why it is not there.
    fetched : bool
        It comes from a service.
    """

    layer: str
    needed_by: tuple[str, ...]
    source: str
    present: bool
    reason: str
    fetched: bool = False


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
    failures: Mapping[str, SourceError] = field(default_factory=dict)
    analysts: str = ""
    """What became of the folder for analysts; nothing where none was asked for."""
    answers: tuple[str, ...] = ()
    """For the planner alone: what was read from the sheet that this run replaced, and what does not agree."""
    checks: Mapping[str, int] = field(default_factory=dict)
    """How many checks of the data are ``odd``, hold (``holds``), or could not be made (``unknown``)."""


def plan(path: Path) -> list[PlanRow]:
    """What a run of ``district.toml`` would read or fetch, and what nobody gives, without reading any of it."""
    settings = read_config(path)
    rows = catalogue.indicators()
    services = gathering.services(settings)
    needed: dict[str, list[str]] = {name: [] for name in GEOGRAPHY}
    # The reference, and with it its states, is found only when the geography is read.
    states = [n.removeprefix(doors.CROSSWALKS) for n in settings.layers if n.startswith(doors.CROSSWALKS)] or None
    for row, pair in compared(rows, settings):
        # All tables of the earlier survey are one line for a place that has none.
        named = [EARLIER if measuring.unnamed(n) else n for n in measuring.layer_names(row, pair, states)]
        for by in (needed.setdefault(name, []) for name in dict.fromkeys(named)):
            if row.id not in by:
                by.append(row.id)
    made = []
    for name, by in needed.items():
        spec = doors.spec_for(name, settings.layers)
        service = "" if spec else gathering.giver(settings, name)
        if service:
            made.append(PlanRow(name, tuple(by), services[service].title, True, "", fetched=True))
            continue
        why = NO_EARLIER if name == EARLIER else "not declared"
        if name.startswith(DATA):
            why = how_to_have(name.removeprefix(DATA))
        elif name == ZONING:
            why = HOW_TO_HAVE_ZONING
        why = "" if spec else settings.absent.get(name, settings.absent.get(name.split(":")[0], why))
        made.append(PlanRow(name, tuple(by), str(spec.path) if spec else "", spec is not None, why))
    return made


def measure_place(
    found: Collected, progress: Progress | None = None, place: Place | None = None
) -> tuple[Baseline, Checklist]:
    """Fields, reductions, records and the checklist of what was collected; pure.

    ``place`` is that of `make_place`, where it is at hand.
    """
    place = make_place(found) if place is None else place
    records = records_of(found, place, progress)
    baseline = replace(baseline_of(found, place, records), corrections=correcting.correct(found, place, records))
    answers = found.config.answers.public()
    return baseline, fill(checklists.protocol(found.config), records, found.rows, answers, found.absent)


def records_of(found: Collected, place: Place, progress: Progress | None = None) -> list[Record]:
    """All records of a place, of one district or of many.

    Raises
    ------
    LayerError
        A number cannot be true.
    """
    made = measuring.measure(
        found.rows,
        place,
        settings=ReduceSettings(),
        judging=judge.JudgeSettings(),
        progress=progress,
        among_tracts=True,
    )
    return quality.measured(place, made)


def make_place(found: Collected, zones: Zones | None = None) -> Place:
    """The place with its zones and weights: what analysts measure in notebooks.

    ``zones`` are those to report on, in the metric CRS; by default the district, its reference and the areas inside it.
    """
    layers = found.layers
    if zones is None:
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
    return Place(
        layers,
        found.absent,
        zones,
        weights,
        found.crs,
        found.years,
        found.reference.prefixes,
        prices=catalogue.prices(),
    )


def baseline_of(found: Collected, place: Place, records: Sequence[Record]) -> Baseline:
    """Records with all that stands behind them, but for corrections."""
    words = catalogue.layers()
    checks = quality.checks(place, records)
    records = quality.flagged(records, checks)
    told = budgets.budgets(found.rows, place, records, words.layers)
    used = {name for record in records for name in record.layers} | {name for one in told for name in one.layers}
    drawn = {name for name in (*BASEMAP, "areas") if name in found.layers}
    shown = used | drawn
    provenances = [replace(layer.provenance, layer=name) for name, layer in found.layers.items() if name in shown]
    config = found.config
    synthetic = config.synthetic or any(p.synthetic for p in provenances)
    groups = list(dict.fromkeys(r.group for r in records if r.group != "all"))
    return Baseline(
        slug=config.slug,
        name=config.name,
        synthetic=synthetic,
        zones=place.zones,
        zone_facts=facts_of(place),
        indicators=found.rows,
        groups={g: words.groups[g] for g in groups},
        layers=tuple(provenances),
        absent_layers=dict(found.absent),
        records=tuple(records),
        settings=_settings(found),
        notes=tuple(dict.fromkeys([*found.district.notes, *found.reference.notes, *place.weights.notes])),
        displacement=_displacement(found, place),
        programmes=catalogue.programmes(),
        budgets=told,
        quality=checks,
    )


def _displacement(found: Collected, place: Place) -> Mapping[str, Any] | None:
    """Cards of the tracts and what residents name beside them; None where the catalogue has no row on pressures."""
    row = next((r for r in found.rows if (r.field, r.parameters.get("homes", "all")) == ("vulnerability", "all")), None)
    if row is None:
        return None
    told = {"reference": found.reference.name, "protections": list(found.config.protections)}
    return {**public_block(place, row, judge.JudgeSettings().min_households), **told}


def facts_of(place: Place) -> tuple[Mapping[str, Any], ...]:
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
        **_prices(found.years),
    }


def _prices(years: Mapping[str, int]) -> Mapping[str, Any]:
    """The one index by which dollars of two surveys are compared, where there are two."""
    index = catalogue.prices()
    if "t0" not in years or not {years["t0"], years["t1"]} <= set(index.averages):
        return {}
    told = {"name": index.name, "source": index.source, "url": index.url}
    return {"price_index": {**told, "factor": index.factor(years["t0"], years["t1"])}}


def _centre(wkt: str) -> str:
    lat, lon = districts.centre(wkt)
    return f"centred on {lat:.1f}, {lon:.1f}"


def run_config(
    path: Path,
    out: Path | None = None,
    progress: Progress | None = None,
    records: Location | None = None,
    offline: bool = False,
    audience: Audience = "public",
    sensitivity: bool = False,
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
    records : Path or str, optional
        As for :func:`collect_layers`.
    offline : bool
        Use records alone, fetch nothing.
    audience : {'public', 'internal'}
        For ``internal`` the folder ``displacement`` is written besides, with the classes and markets of the tracts; the
        other outputs are the same. A run for the public takes such a folder of an earlier run away.
    sensitivity : bool
        Write the folder ``sensitivity`` besides: how far each number moves with the line and with its thresholds.

    Returns
    -------
    RunReport

    Raises
    ------
    JustgeoError
        Anything that a planner has to mend; nothing is written then.
    """
    if audience not in get_args(Audience):
        known = " or ".join(get_args(Audience))
        raise ConfigError(f"There is no audience {audience!r}.", remedy=f"say {known}.")
    settings = read_config(path)
    folder = Path(out) if out is not None else settings.output
    write.check(folder)
    settings, typed = checklists.taken(settings, folder)
    before = unchanged.seen(settings)
    found = collect_layers(settings, progress, records, offline)
    place = make_place(found)
    baseline, checklist = measure_place(found, progress, place)
    inner: dict[str, Callable[[Path], None]] = {}
    told = _for_analysts(found, place, progress, inner) if audience == "internal" else ""
    if sensitivity:
        from justgeo import shifting

        shifted = shifting.shift(found, progress)
        inner[write.SHIFTED] = lambda part: sensitivity_page.fill(part, shifted)
    if progress is not None:
        progress("page")
    _, late = checklists.taken(settings, folder)
    unchanged.refuse_changed(settings, before)
    files = write.write_all(
        folder,
        reports.to_dict(baseline),
        checklist,
        reports.zones_frame(baseline.zones),
        basemap(found),
        manifests.make(settings, found.layers, folder, records),
        inner,
    )
    shown = [r for r in baseline.records if r.zone == "district"]
    measured = sum(r.value is not None or r.text is not None for r in shown)
    return RunReport(
        folder=folder,
        files=tuple(files),
        name=baseline.name,
        synthetic=baseline.synthetic,
        n_measured=measured,
        checks={status: sum(one.status == status for one in baseline.quality) for status in STATUSES},
        n_absent=len(shown) - measured,
        absent_layers=baseline.absent_layers,
        notes=baseline.notes,
        failures=found.failures,
        analysts=told,
        answers=(*_of_answers(settings, typed, late), *correcting.told(baseline.corrections)),
    )


def _of_answers(settings: RunConfig, typed: Merged | None, late: Merged | None) -> Iterable[str]:
    """What was added to the answers before and during the run, and what does not agree in them."""
    for merged, when in ((typed, "before it was replaced"), (late, "while the run went on: the next run shows it")):
        if merged is not None and merged.added:
            yield f"read from {checklists.SHEET} {when}, into {merged.path.name}: {len(merged.added)}"
    yield from checklists.remarks(settings)


def _for_analysts(
    found: Collected, place: Place, progress: Progress | None, inner: dict[str, Callable[[Path], None]]
) -> str:
    """Add what fills the folder for analysts, and say so; where the typology cannot be told there is none."""
    from justgeo import displacing

    try:
        made = displacing.of_place(found, place, progress=progress)
    except Absent as why:
        return f"no folder for analysts: {why.reason}"
    inner[write.INNER] = lambda part: displacing.fill(made, part)
    return f"for analysts, not for a public page: {write.INNER}"


def basemap(found: Collected) -> Basemap:
    """What lies beneath the values on the map."""

    def frame(name: str) -> gpd.GeoDataFrame | None:
        layer = found.layers.get(name)
        return layer.data if isinstance(layer, Layer) else None

    return Basemap(frame("streets"), frame("parks"), frame("water"), frame("stops"), frame("amenities"))


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
