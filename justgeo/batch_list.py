"""The districts of a batch: read from a file of outlines or a folder of ``district.toml``, and dealt to counties.

One that cannot be used is refused by name; the others go on. Districts that are measured alike (the same settings, the
same reference, the same metric CRS) make up one `Work`, whose layers are read once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo import collecting, zoning
from justgeo.config import RunConfig
from justgeo.core import district as districts
from justgeo.core.answers import NOTHING_SAID
from justgeo.core.district import WGS84, District
from justgeo.core.errors import ConfigError, JustgeoError
from justgeo.core.layer import Layer
from justgeo.core.texts import visible
from justgeo.district_file import slugify
from justgeo.sources.files import read_boundary

ZoneKind = Literal["", "tracts", "block_groups", "places"]
INVENTED = "-invented"
UNKNOWN_COUNTY = "00000"
RESERVED = ("district", "reference")
"""What results call their own zones."""
_LONGEST_KEY = 80
"""Longer names of counties together are cut, and told apart by a digest: they name files."""
_NAMES = ("name", "NAME", "Name", "NAMELSAD", "title")


@dataclass(frozen=True)
class Refusal:
    """A district that is not measured, and why."""

    slug: str
    name: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Given:
    """A district with the settings that it came with."""

    district: District
    settings: RunConfig


@dataclass(frozen=True)
class Work:
    """Districts whose layers are read once: the unit that is done, kept and done again.

    Attributes
    ----------
    key : str
        Names it in the outputs: the counties of its reference, joined by ``+``; with a number where several differ.
    county : str
        GEOID of the county under which its rows are kept; ``00000`` where none is known.
    settings : RunConfig
        What all of them have in common.
    crs : str
        The metric CRS of each of them.
    districts : tuple of District
        In the order of their slugs; none where ``zones`` are asked for.
    zones : {'', 'tracts', 'block_groups'}
        Areas of the reference that are reported on in their place; places are districts.
    """

    key: str
    county: str
    settings: RunConfig
    crs: str
    districts: tuple[District, ...]
    zones: ZoneKind = ""

    def together(self) -> collecting.Together:
        """All of its districts as one."""
        shape = shapely.union_all(np.array([one.boundary for one in self.districts], dtype=object))
        return collecting.Together(District(self.key, self.key, shape), self.crs)


def outlines(
    path: Path, settings: RunConfig, name: str | None = None, layer: str | None = None
) -> tuple[list[Given], list[Refusal]]:
    """The districts of one file of outlines, a feature each.

    Parameters
    ----------
    path : Path
        Any vector file.
    settings : RunConfig
        Their layers, reference and surveys; its own boundary is not used.
    name : str, optional
        The column of their names; by default ``name``, ``NAME`` or the like.
    layer : str, optional
        Of the file, where it has several.

    Raises
    ------
    ConfigError
        The column is not there.
    JustgeoError
        The file cannot be read.
    """
    asked: dict[str, Any] = {"file": str(path.resolve()), **({} if layer is None else {"layer": layer})}
    frame = read_boundary(asked, Path())
    column = next((one for one in _NAMES if one in frame), None) if name is None else name
    if column is None or column not in frame or column == frame.geometry.name:
        known = ", ".join(repr(one) for one in frame.columns if one != frame.geometry.name) or "none"
        raise ConfigError(
            f"{path.name} has no column {column!r} for the names of its districts."
            if column is not None
            else f"{path.name} has no column that is known to hold names.",
            remedy=f"name it: --name COLUMN. Its columns: {known}.",
        )
    given, refused, taken = [], [], set[str]()
    for row in range(len(frame)):
        told = frame[column].iloc[row]
        label = visible(str(told)).strip() if isinstance(told, str | int | np.integer) else ""
        slug = _slug(label or f"row-{row + 1}", settings.synthetic)
        try:
            if not label:
                raise ConfigError(f"Row {row + 1} of {path.name} has no name.", remedy="give every outline a name.")
            if slug in RESERVED:
                why = f"Row {row + 1} of {path.name} is called {label!r}, as results call a zone of their own."
                raise ConfigError(why, remedy="give it another name.")
            if slug in taken:
                why = f"{path.name} has two districts that would be called {slug!r}; the second one is row {row + 1}."
                raise ConfigError(why, remedy="give each outline a name of its own.")
            taken.add(slug)
            district = districts.make(label, slug, frame.iloc[[row]], f"of row {row + 1} of {path.name}")
            given.append(Given(district, settings))
        except JustgeoError as why:
            refused.append(Refusal(slug, label, why.message, why.remedy))
    return given, refused


def folders(path: Path) -> tuple[list[Given], list[Refusal]]:
    """The districts of a folder: each folder in it that holds a ``district.toml``.

    Raises
    ------
    ConfigError
        There is none.
    """
    files = sorted(path.glob("*/district.toml"))
    if not files:
        raise ConfigError(
            f"{path} holds no folder with a district.toml.",
            remedy="name the folder above the districts' own folders, or a file of outlines with --settings.",
        )
    given: list[Given] = []
    refused: list[Refusal] = []
    taken: dict[str, str] = {}
    for file in files:
        try:
            settings = collecting.read_config(file)
            if settings.slug in RESERVED:
                why = f"{file.parent.name} is called {settings.slug!r}, as results call a zone of their own."
                raise ConfigError(why, remedy="give it another slug.")
            if settings.slug in taken:
                why = f"{file.parent.name} and {taken[settings.slug]} are both called {settings.slug!r}."
                raise ConfigError(why, remedy="give each district a slug of its own.")
            taken[settings.slug] = file.parent.name
            given.append(Given(outline(settings), settings))
        except JustgeoError as why:
            refused.append(Refusal(file.parent.name, file.parent.name, why.message, why.remedy))
    return given, refused


def outline(settings: RunConfig) -> District:
    """The district of a ``district.toml``."""
    if not settings.geoids:
        return collecting.make_district(settings, {})
    # Drawn by its own counties' geography, which is at hand or among the records.
    return collecting.survey(settings, collecting.start(settings, None, offline=True)).district


def _slug(label: str, synthetic: bool) -> str:
    slug = slugify(label)
    return slug if not synthetic or slug.endswith(INVENTED) else f"{slug}{INVENTED}"


def common(settings: RunConfig) -> RunConfig:
    """What districts can have in common: all but who they are, and what people said of each."""
    return replace(
        settings, path=Path(), base=Path(), name="", slug=INVENTED if settings.slug.endswith(INVENTED) else "",
        boundary={}, geoids=(), answers=NOTHING_SAID, answers_file=Path(), protections=(), commitments=None,
        output=Path("out"), language="en", reference_file=_absolute(settings),
    )  # fmt: skip


def _absolute(settings: RunConfig) -> Mapping[str, Any] | None:
    """The reference's file by its full path: the folder that it was written down in is not kept."""
    told = settings.reference_file
    if told is None:
        return None
    return {key: str(settings.base / value) if key in ("file", "path") else value for key, value in told.items()}


def deal(
    given: Sequence[Given], counties: Callable[[RunConfig, Sequence[District]], Layer | None]
) -> tuple[list[Work], list[Refusal]]:
    """Districts by what is read for them, each `Work` in the order of its key.

    Parameters
    ----------
    given : sequence of Given
    counties : callable
        The counties (`counties_of`) that some districts of the same settings may lie in; None where none are at hand.
    """
    refused: list[Refusal] = []
    alike: list[tuple[RunConfig, list[District]]] = []
    for one in given:
        plain = common(one.settings)
        kept = next((some for settings, some in alike if settings == plain), None)
        if kept is None:
            alike.append((plain, [one.district]))
        else:
            kept.append(one.district)
    works: list[Work] = []
    for settings, some in alike:
        dealt: dict[tuple[str, str, str], list[District]] = {}
        near = _Near(counties(settings, some), settings)
        for district in some:
            try:
                dealt.setdefault(near.place_of(district), []).append(district)
            except JustgeoError as why:
                refused.append(Refusal(district.slug, district.name, why.message, why.remedy))
        for (key, county, crs), group in dealt.items():
            own = tuple(key.split("+")) if key != UNKNOWN_COUNTY and settings.reference_file is None else ()
            mine = replace(settings, reference_geoids=settings.reference_geoids or own)
            works.append(Work(key, county, mine, crs, tuple(sorted(group, key=lambda one: one.slug))))
    return list(_named(sorted(works, key=lambda work: (work.key, work.county, work.districts[0].slug)))), refused


class _Near:
    """Where districts of the same settings lie: their reference, their county, their metric CRS."""

    def __init__(self, counties: Layer | None, settings: RunConfig) -> None:
        self._counties, self._settings = counties, settings
        self._own = collecting.own_reference(settings)

    def place_of(self, district: District) -> tuple[str, str, str]:
        """Key of the reference, GEOID of the main county, metric CRS."""
        units = [] if self._counties is None else [self._around(district.boundary)]
        reference = zoning.find_reference(
            district,
            units,
            geoids=self._settings.reference_geoids,
            name=self._settings.reference_name,
            own_shape=self._own,
        )
        key = "+".join(reference.prefixes) or UNKNOWN_COUNTY
        county = _main_county(district.boundary, units, reference.prefixes)
        return key, county, districts.metric_crs(reference.centre, district.boundary)

    def _around(self, boundary: BaseGeometry) -> Layer:
        """The counties that a district touches, and those that are asked for."""
        assert self._counties is not None
        frame = self._counties.features
        asked = frame["geoid"].isin(self._settings.reference_geoids).to_numpy()
        rows = np.union1d(frame.sindex.query(boundary, predicate="intersects"), np.flatnonzero(asked))
        return replace(self._counties, data=frame.iloc[rows])


def counties_of(units: Mapping[str, Layer]) -> Layer | None:
    """Counties in EPSG:4326: their own layer, else the coarsest one at hand put together; None without any."""
    for layer in units.values():
        if layer.geography in ("county", "tract", "block group", "block"):
            frame = layer.features.to_crs(WGS84)
            if layer.geography != "county":
                shapes = frame.geometry.groupby(frame["geoid"].str[:5]).agg(lambda part: shapely.union_all(list(part)))
                names = [f"County {code}" for code in shapes.index]
                told = {"geoid": list(shapes.index), "name": names}
                frame = gpd.GeoDataFrame(told, geometry=list(shapes), crs=WGS84)
            return replace(layer, data=frame.reset_index(drop=True), geography="county")
    return None


def _named(works: Iterable[Work]) -> Iterator[Work]:
    """Works with keys of their own: where two share their counties, the second is ``51540-2``."""
    seen: dict[str, int] = {}
    for work in works:
        key = work.key
        if len(key) > _LONGEST_KEY:
            key = f"{key[:_LONGEST_KEY]}-{hashlib.sha256(key.encode('ascii')).hexdigest()[:8]}"
        seen[key] = seen.get(key, 0) + 1
        yield replace(work, key=key if seen[key] == 1 else f"{key}-{seen[key]}")


def _main_county(boundary: BaseGeometry, units: Sequence[Layer], among: Sequence[str]) -> str:
    """GEOID of the county that holds most of a district."""
    for layer in units:
        # Shares of one district in degrees are compared, which needs no projection.
        held = shapely.area(shapely.intersection(layer.features.geometry.to_numpy(), boundary))
        by = {str(code): part for code, part in zip(layer.features["geoid"], held, strict=True) if part > 0}
        found = {code: part for code, part in by.items() if not among or code in among}
        if found:
            return max(found, key=lambda code: found[code])
    return UNKNOWN_COUNTY


def overlapping(works: Iterable[Work]) -> int:
    """How many pairs of districts have land in common: from their numbers those of the rest can be worked out."""
    shapes = np.array([one.boundary for work in works for one in work.districts if not work.zones], dtype=object)
    if len(shapes) < 2:
        return 0
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    # Neighbors that touch, or whose lines were drawn by hand, are not meant.
    return int((shapely.area(shapely.intersection(shapes[first], shapes[second])) > 1e-3 * smaller).sum())
