"""The story of `justgeo displacement`: tracts in, the analyst's folder out.

Two doors lead to the same rooms: a table of any region's tracts (`of_table`), and a district with its collected layers
(`of_district`). Classes, other methods, agreement, sensitivity and cards are made here once for both; only `write`
touches the disk. Everything that comes out is for analysts: public pages say what `justgeo run` says.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

import justgeo
from justgeo import tract_files
from justgeo.core.errors import Absent, ConfigError, LayerError
from justgeo.core.layer import FloatArray
from justgeo.core.location import Location
from justgeo.core.words import wrapped
from justgeo.core.zones import StrArray
from justgeo.measure.typology import agreement, explain, rivals, sensitivity
from justgeo.measure.typology.classify import classify
from justgeo.measure.typology.correlation import BEFORE_CORRELATION, NOW_CORRELATION
from justgeo.measure.typology.rivals import Opinion
from justgeo.measure.typology.sensitivity import Untold, Variation
from justgeo.measure.typology.values import Settings, Tracts, Typology
from justgeo.report import displacement_page, displacement_tables, write
from justgeo.report.displacement_choices import untold_lines
from justgeo.report.displacement_content import methods_of
from justgeo.report.displacement_terms import PUBLISHED
from justgeo.tract_files import Another as Another
from justgeo.tract_files import Beside as Beside

if TYPE_CHECKING:
    from justgeo.collecting import Collected
    from justgeo.core.result import Indicator
    from justgeo.core.zones import Units
    from justgeo.indicators.place import Place

INVENTED_STATE = "99"
CHOSEN = Settings(correlation_now=NOW_CORRELATION, correlation_before=BEFORE_CORRELATION)
"""Choices for a table; a district has those of the catalogue's rows."""
PACKAGES = ("numpy", "scipy", "shapely")
"""Whose versions stand in the manifest: they make the numbers and the neighbours."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Displacement:
    """What was found, and where it was written.

    Attributes
    ----------
    name : str
    synthetic : bool
    typology : Typology
        Classes, chances and reasons of all tracts of the reference.
    opinions : tuple of Opinion
        What other methods say of them.
    content : mapping
        What the files and the page are made of.
    inputs : tuple of mapping
        ``id``, ``file`` and ``sha256`` of what was read.
    facts : mapping
        Of the call, for the manifest.
    folder : Path or None
        None until it was written.
    """

    name: str
    synthetic: bool
    typology: Typology
    opinions: tuple[Opinion, ...]
    content: Mapping[str, Any]
    inputs: tuple[Mapping[str, str], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


def displacement(source: Path | str, out: Path | str | None = None, **options: Any) -> Displacement:
    """Analyse a table of tracts, or a district by its ``district.toml`` (or folder), and write the analyst's folder.

    Parameters
    ----------
    source : Path or str
    out : Path or str, optional
        Folder to write; nothing is written without one.
    options
        As for :func:`of_table` or :func:`of_district`.
    """
    path = Path(source)
    district = path.is_dir() or path.suffix.lower() == ".toml"
    door = of_district if district else of_table
    odd = sorted(set(options) - set(signature(door).parameters))
    wish = "name a district by its district.toml or folder; a table of tracts with --inputs TABLE.csv."
    if odd and not path.exists():
        raise ConfigError(f"There is no {path}.", remedy=wish)
    if odd:
        kind = "a district" if district else "a table of tracts"
        raise ConfigError(f"{path} is {kind}, and {odd[0]!r} is no option of that.", remedy=wish)
    if out is not None:
        write.check(Path(out), write.INTERNAL)
    found = door(path, **options)
    return found if out is None else written(found, Path(out))


def of_table(
    path: Path,
    *,
    beside: Beside | None = None,
    price: float | None = None,
    years: Sequence[int] | None = None,
    as_published: bool = False,
    compare: Sequence[Another] = (),
    name: str = "",
    draws: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Displacement:
    """The typology of a region from its table alone.

    Parameters
    ----------
    path : Path
        One row a tract; columns as in ``sources.typology_table``.
    beside : Beside, optional
        Shapes, neighbours, names of columns, figures of the region.
    price : float, optional
        Price index of the later year over that of the earlier one; by default that of the catalogue for ``years``.
    years : sequence of int, optional
        End years of both surveys, or of the later one alone.
    as_published : bool
        Show besides what another method says if sentinels are taken for numbers, as its published figures do.
    compare : sequence of Another
        Other tables for sensitivity.
    name : str
        Of the region; by default that of the file.
    draws, seed : int, optional
        Of the Monte Carlo.
    progress : callable, optional
        Called with what is done next.

    Raises
    ------
    JustgeoError
        The table, or something beside it, cannot be believed; there are too few tracts.
    """
    _say(progress, "table")
    given = tract_files.gather(path, beside or Beside(), price=price, years=years, compare=compare)
    table, tracts = given.table, given.table.tracts
    published = None
    if as_published:
        found = rivals.udp_vulnerable(table.published, as_published=True)
        published = replace(found, method=found.method + PUBLISHED, title=f"{found.title}, as published")
    return analysed(
        classify(tracts, _settings(CHOSEN, draws, seed)),
        name=name or path.stem,
        synthetic=bool(np.char.startswith(tracts.geoid, INVENTED_STATE).any()),
        others=given.others,
        shapes=given.shapes,
        published=published,
        coded=table.coded,
        inputs=given.inputs,
        progress=progress,
    )


def of_district(
    path: Path,
    *,
    records: Location | None = None,
    offline: bool = False,
    draws: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Displacement:
    """The typology of a district's reference from its collected layers, counted over the district.

    Parameters
    ----------
    path : Path
        ``district.toml``, or its folder.
    records, offline
        As for ``run.run_config``.
    draws, seed : int, optional
        Of the Monte Carlo.
    progress : callable, optional

    Raises
    ------
    JustgeoError
        A layer cannot be believed, or the typology cannot be told here.
    """
    from justgeo import run

    config = run.read_config(path)
    found = run.collect_layers(config, progress, records, offline)
    try:
        return of_place(found, run.make_place(found), draws=draws, seed=seed, progress=progress)
    except Absent as why:
        raise LayerError(
            f"The displacement typology cannot be told for {config.name}: {why.reason}.",
            remedy="see what a run would need: justgeo plan, and the docs on displacement.",
        ) from why


def of_place(
    found: Collected,
    place: Place,
    *,
    draws: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Displacement:
    """The same of layers that are at hand already.

    Parameters
    ----------
    found : Collected
    place : Place
        From ``run.make_place``.

    Raises
    ------
    Absent
        The typology cannot be told here.
    """
    from justgeo import other_choices
    from justgeo.indicators import displacement as rows

    row = _row(found.rows)
    typology = rows.typology_of(place, row)
    settings = _settings(typology.settings, draws, seed)
    if settings is not typology.settings:
        typology = classify(typology.tracts, settings)
    tracts = typology.tracts
    inside = _inside(place, rows.units_of(place, tracts))
    layers = {name: layer.provenance for name, layer in found.layers.items()}
    used = {name: p for name, p in layers.items() if name.startswith(("acs:", "crosswalk")) or name == "tracts"}
    return analysed(
        typology,
        name=found.config.name,
        synthetic=found.config.synthetic or any(p.synthetic for p in used.values()),
        at=inside,
        choices=other_choices.told(place, row, typology, inside, found.config),
        shapes=_shapes(place, tracts.geoid),
        outline=found.district.boundary,
        inputs=[{"id": name, "file": p.dataset, "sha256": p.sha256} for name, p in sorted(used.items())],
        progress=progress,
    )


def analysed(
    typology: Typology,
    *,
    name: str,
    synthetic: bool,
    at: FloatArray | None = None,
    others: Mapping[str, Tracts] | None = None,
    choices: Sequence[Variation | Untold] = (),
    shapes: gpd.GeoSeries | None = None,
    outline: BaseGeometry | None = None,
    published: Opinion | None = None,
    coded: Sequence[str] = (),
    inputs: Sequence[Mapping[str, str]] = (),
    progress: Progress | None = None,
) -> Displacement:
    """Put beside a typology what other methods say, how far all agree, what hangs on choices, and a card a tract.

    Parameters
    ----------
    typology : Typology
    name, synthetic, at, shapes, outline, published, coded
        As for ``report.displacement_tables.content``.
    others : mapping of str to Tracts, optional
        Other reference sets, for sensitivity.
    choices : sequence of Variation or Untold
        Other choices that were tried already, and those that cannot be told.
    inputs : sequence of mapping
        ``id``, ``file`` and ``sha256`` of what was read.
    """
    tracts = typology.tracts
    opinions = [rivals.udp_vulnerable(tracts), *([rivals.ding(tracts)] if tracts.before else [])]
    agreed = agreement.compare(
        methods_of(typology, opinions), tracts.households.value, reasons={o.method: o.reason for o in opinions}
    )
    first, *rest = sensitivity.vary(tracts, typology.settings, others=others or {}, inside=at, reported=typology)
    _say(progress, "page")
    made = displacement_tables.content(
        typology,
        opinions,
        agreed,
        [first, *choices, *rest],
        explain.cards(typology, opinions),
        name=name,
        synthetic=synthetic,
        at=at,
        shapes=shapes,
        outline=outline,
        published=published,
        coded=coded,
    )
    facts = {
        "justgeo": justgeo.__version__,
        "packages": {one: importlib.metadata.version(one) for one in PACKAGES},
        "draws": typology.settings.draws,
        "seed": typology.settings.seed,
    }
    return Displacement(name, synthetic, typology, tuple(opinions), made, tuple(inputs), facts)


def written(found: Displacement, folder: Path) -> Displacement:
    """Write the analyst's folder: all of it or nothing.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds other things.
    """
    displacement_tables.write_folder(folder, found.content, displacement_page.render, found.inputs, **found.facts)
    return replace(found, folder=folder)


def fill(found: Displacement, part: Path) -> None:
    """Write the analyst's files into an empty folder inside the outputs of a run."""
    displacement_tables.fill(part, found.content, displacement_page.render, found.inputs, **found.facts)


def short_name(source: Path) -> str:
    """What a folder of outputs is called after: the table's name, the district's slug."""
    if source.is_dir() or source.suffix.lower() == ".toml":
        from justgeo.run import read_config

        return read_config(source).slug
    return source.stem


def words(found: Displacement) -> list[str]:
    """The result for a screen: the headline, the methods, where to look."""
    lines = [found.name]
    if found.synthetic:
        lines.append("  INVENTED: this place does not exist; nothing here is true of any place")
    lines += [f"  {line}" for line in displacement_tables.headline_lines(found.content)]
    lines += [f"  - {line}" for line in displacement_tables.method_lines(found.content)]
    if found.content["as_published"] is not None:
        lines.append(f"  {found.content['as_published']['words']}")
    lines += [f"  {line}" for line in untold_lines(found.content)]
    lines += [f"  note: {note}" for note in found.typology.tracts.notes]
    if found.folder is not None:
        lines.append(f"  for analysts, not for a public page: look at {found.folder / 'displacement.html'}")
    return [piece for line in lines for piece in wrapped(line, "    ")]


def _row(catalogue: Sequence[Indicator]) -> Indicator:
    """The row of the catalogue whose choices hold: one of the whole method, else one of the pressures."""
    for field_name in ("market_pressure", "vulnerability"):
        for row in catalogue:
            if row.field == field_name:
                return row
    raise Absent("the catalogue has no row of displacement")


def _settings(base: Settings, draws: int | None, seed: int | None) -> Settings:
    if draws is None and seed is None:
        return base
    return replace(base, draws=base.draws if draws is None else draws, seed=base.seed if seed is None else seed)


def _inside(place: Place, units: Units) -> FloatArray:
    """Part of each tract's homes that lies in the district."""
    row = place.weights.cover(units, "households")[[place.zones.index("district")], :]
    return np.clip(np.asarray(row.toarray()[0], dtype=np.float64), 0.0, 1.0)


def _shapes(place: Place, geoid: StrArray) -> gpd.GeoSeries | None:
    if "tracts" not in place.layers:
        return None
    layer = place.layer("tracts")
    found = layer.features.to_crs(place.crs).set_index("geoid").geometry.reindex(geoid)
    return None if found.isna().all() else gpd.GeoSeries(found.to_numpy(), crs=place.crs)


def _say(progress: Progress | None, what: str) -> None:
    if progress is not None:
        progress(what)
