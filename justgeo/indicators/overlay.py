"""Maps of classes laid over zones and over the blocks where people live: flood zones, old grades, uses of land.

The land of a zone is measured on the zone itself. People and homes are known by block, and are taken to live evenly
over the land of theirs: x is the part of a block's land that lies in the class. On the invented county that is off by
1.1 percentage points from area to area, one point for each block by 4.0, so that the point makes the range and not the
value. Ground of which a map says nothing is not known; it is never ground without the class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import geopandas as gpd
import numpy as np
import shapely

from justgeo.core.district import to_metric
from justgeo.core.errors import Absent
from justgeo.core.field import ExposureField, ZoneField
from justgeo.core.layer import NO_GROUND, BoolArray, FloatArray, Layer
from justgeo.core.result import Indicator
from justgeo.indicators.groups import exposure_groups
from justgeo.indicators.mobility import origin_points
from justgeo.indicators.place import Place
from justgeo.indicators.published import DATA, table
from justgeo.measure import overlay
from justgeo.measure.column import NOT_COVERED
from justgeo.measure.overlay import Laid, Overlay

LANDUSE = "landuse"
MIN_KNOWN = 0.95
MIN_LAND_M2 = 10_000.0
MIN_LAND_SHARE = 0.05
LEAST_SPOKEN = 0.001
"""A map that speaks of a smaller part of a zone does not speak of it: what lies there is drawing."""
HAIRLINE = 1e-4
"""A smaller part of the land between polygons is a crack in the drawing, and no ground that is not known."""
TWICE_TOLD = 0.005
"""From this share of the land on, ground that is drawn in several classes is told."""
NO_LAND = "hardly any land here"
NO_DRY_LAND = "no land in the block"
UNMAPPED = "unmapped ground"
SPREAD = "spread over the land of each block"
"""Flag of a share of people or homes that a map of classes gives."""
TWICE = "drawn_twice"


def overlay_land(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Share of the land of each zone that lies in some classes of a map.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``layer``, ``column`` (of the class); ``classes``, or ``outside_of`` for all land that is in
        none of these; ``order``, which class counts where a spot lies in several; ``water``, classes that are no land;
        ``min_known``, least share of the land of which the map has to speak (0.95). With ``all_land`` the share is
        over all land, and ``all_land`` says why a zone is absent of which the map does not speak at all.
    group : str

    Returns
    -------
    ZoneField
        Square metres. Without ``all_land`` over the land of which the map speaks, with the range that the rest leaves
        open. Land is what is not water: not drawn as water, nor in a block without land.

    Raises
    ------
    Absent
        The layer is not at hand, or a group is asked for.
    """
    if group != "all":
        raise Absent("an area has no race or income; see the figures on people")
    found = _over_zones(row, place)
    base, held = _base(row, found), _held(row, found)
    share = np.divide(held, base, out=np.full(len(base), np.nan), where=base > 0)
    known = np.divide(base, found.land, out=np.full(len(base), np.nan), where=found.land > 0)
    known = np.where(known > 1.0 - HAIRLINE, 1.0, known)
    reasons = _reasons(row, place, found, known)
    absent: BoolArray = np.array([r is not None for r in reasons], dtype=np.bool_)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = held / found.land, (held + found.land - base) / found.land
        open_ = ~absent & (known < 1.0)
        twice = found.twice / found.land
    flags = tuple((f"{TWICE}={t:.4f}",) if t >= TWICE_TOLD else () for t in np.nan_to_num(twice, nan=0.0))
    return ZoneField(
        value=np.where(absent, np.nan, share),
        numerator=np.where(absent, np.nan, held),
        denominator=np.where(absent, np.nan, base),
        valid_share=known,
        reason=reasons,
        universe=row.universe,
        low=np.where(open_, low, np.nan),
        high=np.where(open_, high, np.nan),
        flags=flags,
    )


def overlay_people(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Share of people, or of homes, in some classes of a map.

    Parameters
    ----------
    row : Indicator
        ``parameters`` as of `overlay_land`, and ``of``: ``people`` or ``homes``.

    Returns
    -------
    ExposureField
        x is the part of each block's land that lies in the classes; NaN where the map speaks of less than
        ``min_known`` of it, or where the block has no land. ``others`` is 1 or 0 by a point in the block.
    """
    homes = str(row.parameters.get("of", "people")) == "homes"
    base = _homes(place) if homes else place.population()
    found = _once(row, place, "blocks", lambda o: overlay.laid(o, place.origins().geometry))
    ground, held = _base(row, found), _held(row, found)
    enough = ground >= float(row.parameters.get("min_known", MIN_KNOWN)) * found.land
    known = enough & (found.land > 0)
    x = np.divide(held, ground, out=np.full(len(ground), np.nan), where=known & (ground > 0))
    at_point = np.where(np.isfinite(x), _at_points(row, place).astype(np.float64), np.nan)
    why = np.where(found.land > 0, UNMAPPED, NO_DRY_LAND)
    return ExposureField(
        units=place.origin_units(),
        x=x,
        base=base,
        kind="share",
        universe=row.universe,
        unknown=tuple(np.where(np.isnan(x), why, "").tolist()),
        groups={} if homes else exposure_groups(row, place),
        flags=(SPREAD,),
        weight="households" if homes else "persons",
        others=(at_point,),
    )


def _homes(place: Place) -> FloatArray:
    origins = place.origins()
    if "housing_units" not in origins.columns:
        raise Absent("the blocks at hand carry no counts of homes")
    return np.asarray(origins["housing_units"], dtype=np.float64)


def _held(row: Indicator, found: Laid) -> FloatArray:
    """Land in the classes that are asked for, or in none of those that are named."""
    told = row.parameters
    if "outside_of" in told:
        return np.maximum(found.land - found.within(map(str, told["outside_of"])), 0.0)
    return found.within(map(str, told["classes"]))


def _base(row: Indicator, found: Laid) -> FloatArray:
    return found.land if "all_land" in row.parameters else found.known


def _reasons(row: Indicator, place: Place, found: Laid, known: FloatArray) -> tuple[str | None, ...]:
    """Why each zone has no number, or None."""
    enough = float(row.parameters.get("min_known", MIN_KNOWN))
    area = place.zones.geometry.area.to_numpy(dtype=np.float64)
    bare = found.land < np.maximum(MIN_LAND_M2, MIN_LAND_SHARE * area) * (1.0 - 1e-6)
    silent = _silent_elsewhere(row)
    outside = _uncovered(row, place)
    reasons: list[str | None] = []
    for z in range(len(found.land)):
        if outside[z]:
            reasons.append(NOT_COVERED)
        elif bare[z]:
            reasons.append(NO_LAND)
        elif silent and found.known[z] < LEAST_SPOKEN * found.land[z]:
            reasons.append(str(row.parameters["all_land"]))
        elif known[z] < enough:
            told = f"the map speaks of only {100 * known[z]:.0f} % of the land"
            reasons.append(f"{told} ({100 * enough:.0f} % are needed)")
        else:
            reasons.append(None)
    return tuple(reasons)


def _uncovered(row: Indicator, place: Place) -> BoolArray:
    """Zones that reach beyond where OpenStreetMap was read: what is not drawn there was not looked for, (Z,)."""
    name = str(row.parameters["layer"])
    return place.beyond(place.layer(name).covers if name == LANDUSE else None)


def spoken_of(row: Indicator, place: Place) -> BoolArray | None:
    """Zones of which a row's map speaks at all, (Z,): others have no share of people, not 0. None for all."""
    if not _silent_elsewhere(row):
        return None
    found = _over_zones(row, place)
    return np.asarray(found.known >= LEAST_SPOKEN * found.land, dtype=np.bool_)


def _silent_elsewhere(row: Indicator) -> bool:
    """Whether a share over all land tells nothing of a zone of which the map does not speak."""
    return {"classes", "all_land"} <= set(row.parameters)


def _over_zones(row: Indicator, place: Place) -> Laid:
    made = _made(row, place)
    return place.once_for_zones(_key(row), lambda: overlay.laid(made, place.zones.geometry))


def _at_points(row: Indicator, place: Place) -> BoolArray:
    """Whether a point in each block lies in the classes, (n,)."""
    made = _made(row, place)
    points = np.asarray(shapely.points(origin_points(place)), dtype=object)

    def inside(names: Iterable[object]) -> BoolArray:
        each = [overlay.on(points, made.classes[str(n)]) for n in names if str(n) in made.classes]
        return np.any(each, axis=0) if each else np.zeros(len(points), dtype=np.bool_)

    told = row.parameters
    return ~inside(told["outside_of"]) if "outside_of" in told else inside(told["classes"])


def _once(row: Indicator, place: Place, what: str, make: Callable[[Overlay], Laid]) -> Laid:
    made = _made(row, place)
    return place.once(f"{_key(row)}:{what}", lambda: make(made))


def _key(row: Indicator) -> str:
    told = row.parameters
    return "overlay:" + ":".join(str(told.get(key)) for key in ("layer", "column", "order", "water"))


def _made(row: Indicator, place: Place) -> Overlay:
    """The row's map as ground in the metric CRS, made once for all rows that look at the same map."""
    layer, name = _layer(row, place), str(row.parameters["layer"])

    def make() -> Overlay:
        drawn, told = layer.features.to_crs(place.crs), row.parameters
        covers = None if layer.covers is None else to_metric(layer.covers, place.crs)
        if name == LANDUSE:
            # It covers the box of an extract, in which much is not drawn: only a use that is understood is known.
            covers, drawn = None, drawn[drawn[str(told["column"])].isin(told["order"])]
        return overlay.lay(
            drawn.geometry,
            drawn[str(told["column"])].to_numpy(dtype=np.str_),
            [str(name) for name in told.get("order", ())],
            water=[str(name) for name in told.get("water", ())],
            wet=_wet(place),
            covers=covers,
        )

    return place.once(f"{_key(row)}:made", make)


def _layer(row: Indicator, place: Place) -> Layer:
    """The row's map; the row's own words where it does not speak of the district."""
    name = str(row.parameters["layer"])
    try:
        return table(place, name.removeprefix(DATA)) if name.startswith(DATA) else place.layer(name)
    except Absent as absent:
        if "all_land" in row.parameters and NO_GROUND in absent.reason:
            raise Absent(str(row.parameters["all_land"])) from absent
        raise


def _wet(place: Place) -> gpd.GeoSeries:
    """Water: what is drawn as such, and blocks that have no land."""

    def find() -> gpd.GeoSeries:
        shapes: list[object] = []
        water, blocks = place.layers.get("water"), place.layers.get("blocks")
        if isinstance(water, Layer):
            shapes += list(water.features.to_crs(place.crs).geometry)
        if isinstance(blocks, Layer) and "land_m2" in blocks.data:
            origins = place.origins()
            shapes += list(origins.geometry[origins["land_m2"].to_numpy(dtype=np.float64) <= 0])
        return gpd.GeoSeries(shapes, crs=place.crs)

    return place.once("water", find)
