"""From a boundary and the census geography to the zones of a run: district, reference, areas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core import district as districts
from justgeo.core.district import WGS84, District
from justgeo.core.errors import ConfigError
from justgeo.core.layer import Layer
from justgeo.core.spec import Area
from justgeo.core.zones import Role, Zones

# A tract of which less than this lies in the district is a sliver of drawing, not a part of it ...
SLIVER = 0.001
# ... unless it makes up this much of the district: a hamlet is a small part of a large rural tract.
MAIN_AREA = 0.01
MAIN_COUNTY = 0.01


@dataclass(frozen=True)
class Reference:
    """What the district is compared with.

    Attributes
    ----------
    name : str
    prefixes : tuple of str
        County GEOIDs; empty for a free shape.
    shape : shapely geometry or None
        EPSG:4326; None where no geometry of it is known.
    centre : shapely geometry
        What the metric CRS is centred on.
    notes : tuple of str
    """

    name: str
    prefixes: tuple[str, ...]
    shape: BaseGeometry | None
    centre: BaseGeometry
    notes: tuple[str, ...] = ()


def find_reference(
    district: District,
    units: Sequence[Layer],
    *,
    geoids: Sequence[str] = (),
    name: str = "",
    own_shape: BaseGeometry | None = None,
) -> Reference:
    """The reference area: what the planner named, else the counties that the district lies in.

    Parameters
    ----------
    units : sequence of Layer
        Census geography at hand, coarsest first (counties, tracts, block groups, blocks).
    geoids : sequence of str
        County GEOIDs from ``district.toml``.
    own_shape : shapely geometry, optional
        A planner's own reference polygon, EPSG:4326.
    """
    if own_shape is not None:
        return Reference(name or "Reference area", (), own_shape, own_shape)
    shapes, notes = _counties(units, district, tuple(geoids))
    former = _former(units, [g for g in geoids if g not in shapes], shapes)
    shapes = {**shapes, **former}
    missing = [g for g in geoids if g not in shapes]
    if missing:
        raise ConfigError(
            f"The reference names the counties {', '.join(missing)}, of which no geometry is at hand.",
            remedy="add a counties layer that holds them, or correct reference.geoids (five digits: state and county).",
        )
    chosen = tuple(geoids) or _home_counties(district, shapes)
    if not chosen:
        why = "No census geography at hand: there is no reference area."
        return Reference(name, (), None, district.boundary, (why,))
    shape = shapely.union_all(np.array([shapes[g][1] for g in chosen], dtype=object))
    # The CRS is centred on the county with most of the district, not on a union of several.
    most = max(chosen, key=lambda g: shapes[g][1].intersection(district.boundary).area)
    label = name or " and ".join(shapes[g][0] for g in chosen)
    if former:
        codes = " and ".join(former)
        why = f"{codes}: known to the census of the blocks, not to the layer of counties; put together from its blocks."
        return Reference(label, (), shape, shapes[most][1], (*notes, why))
    return Reference(label, chosen, shape, shapes[most][1], notes)


def _counties(
    units: Sequence[Layer], district: District, asked: tuple[str, ...]
) -> tuple[Mapping[str, tuple[str, BaseGeometry]], tuple[str, ...]]:
    """County shapes by GEOID: from a county layer, else put together from the next finer one."""
    for layer in units:
        if layer.geography not in ("county", "tract", "block group", "block"):
            continue
        frame = layer.features.to_crs(WGS84)
        if layer.geography == "county":
            names = frame["name"] if "name" in frame else "County " + frame["geoid"]
            found = {g: (str(n), s) for g, n, s in zip(frame["geoid"], names, frame.geometry, strict=True)}
            return found, ()
        prefix = frame["geoid"].str[:5]
        near = set(prefix[frame.intersects(district.boundary)]) | set(asked)
        dissolved = {
            str(code): (f"County {code}", shapely.union_all(part.geometry.to_numpy()))
            for code, part in frame[prefix.isin(near)].groupby(prefix[prefix.isin(near)])
        }
        return dissolved, (f"The reference was put together from its {layer.geography}s; no county layer was given.",)
    return {}, ()


def _former(units: Sequence[Layer], asked: Sequence[str], known: Iterable[str]) -> dict[str, tuple[str, BaseGeometry]]:
    """Counties that only the blocks know: Connecticut's eight, where its planning regions are at hand.

    Not where the blocks of that state have counties of the layer: what it lacks there is lacking.
    """
    found: dict[str, tuple[str, BaseGeometry]] = {}
    for layer in units if asked else ():
        if layer.geography == "block":
            frame = layer.features.to_crs(WGS84)
            county = frame["geoid"].str[:5]
            fit = {code[:2] for code in set(known) & set(county)}
            for code in asked:
                part = frame.geometry[county == code]
                if len(part) and code[:2] not in fit:
                    found[code] = (f"County {code}", shapely.union_all(part.to_numpy()))
    return found


def _home_counties(district: District, shapes: Mapping[str, tuple[str, BaseGeometry]]) -> tuple[str, ...]:
    whole = district.boundary.area
    parts = {g: shape.intersection(district.boundary).area / whole for g, (_, shape) in shapes.items()}
    return tuple(sorted(g for g, part in parts.items() if part >= MAIN_COUNTY))


def make_area(district: District, reference: Reference, crs: str, longest_walk_m: float) -> Area:
    """What the layers are asked about: the district with its halo, and the reference."""
    width = districts.halo_width(longest_walk_m)
    around = districts.halo(district.boundary, crs, width)
    near = _this_side(reference.shape, district.boundary)
    window = around if near is None else around.union(near)
    return Area(district.boundary, reference.shape, window, around, width)


def _this_side(shape: BaseGeometry | None, district: BaseGeometry) -> BaseGeometry | None:
    """A reference's part on the district's side of the 180th meridian: a box around both sides goes round the world."""
    if shape is None or shape.bounds[2] - shape.bounds[0] <= 180:
        return shape
    side = shapely.box(0, -90, 180, 90) if district.bounds[0] > 0 else shapely.box(-180, -90, 0, 90)
    part: BaseGeometry = shape.intersection(side)
    return part


def make_zones(
    district: District,
    reference: Reference,
    crs: str,
    *,
    tracts: Layer | None,
    block_groups: Layer | None,
    own_areas: Layer | None,
) -> Zones:
    """District, reference, and the areas inside the district, in the metric CRS.

    Areas are the planner's own where given, else the tracts and block groups of which at least 0.1 % lies in the
    district, or that make up 1 % of it: whole published units, so that their published numbers stand.
    """
    ids, names, geography = ["district"], [district.name], [""]
    roles: list[Role] = ["district"]
    shapes: list[BaseGeometry] = [districts.to_metric(district.boundary, crs)]
    if reference.shape is not None:
        ids.append("reference")
        names.append(reference.name)
        roles.append("reference")
        geography.append("")
        shapes.append(districts.to_metric(reference.shape, crs))
    for layer in [own_areas] if own_areas is not None else [tracts, block_groups]:
        if layer is None:
            continue
        inside = _within(layer, shapes[0], crs)
        _check_ids(inside["geoid"], ids)
        ids.extend(inside["geoid"])
        names.extend(area_names(layer.geography, inside))
        roles.extend(["area"] * len(inside))
        geography.extend([layer.geography or "area"] * len(inside))
        shapes.extend(inside.geometry)
    return Zones(tuple(ids), tuple(names), tuple(roles), tuple(geography), gpd.GeoSeries(shapes, crs=crs))


def _within(layer: Layer, district_metric: BaseGeometry, crs: str) -> gpd.GeoDataFrame:
    frame = layer.features.to_crs(crs)
    near = frame[frame.intersects(district_metric)]
    common = near.intersection(district_metric).area
    part = (common >= SLIVER * near.area) | (common >= MAIN_AREA * district_metric.area)
    return near[part].sort_values("geoid")


def _check_ids(ids: Iterable[str], taken: Iterable[str]) -> None:
    """A planner's own area may be called anything but what justgeo calls its own zones."""
    for name in set(taken) & set(ids):
        raise ConfigError(
            f"One of your own areas has the identifier {name!r}, which stands for the {name} as a whole.",
            remedy="give that area another identifier, or name another column: [areas] geoid = ...",
        )


def area_names(geography: str, frame: gpd.GeoDataFrame) -> Iterable[str]:
    """Names as residents may read them: "Tract 12.03, block group 2"."""
    if geography == "tract":
        return [f"Tract {_tract(g)}" for g in frame["geoid"]]
    if geography == "block group":
        return [f"Tract {_tract(g)}, block group {g[11:]}" for g in frame["geoid"]]
    return list(frame["name"] if "name" in frame else frame["geoid"])


def _tract(geoid: str) -> str:
    number = geoid[5:11]
    return f"{int(number[:4])}" + (f".{number[4:]}" if number[4:] != "00" else "")
