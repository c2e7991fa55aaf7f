"""How much of the streets suits people who are wary of traffic, and who can ride out on them (METHODS 7.8, MOB-08)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.district import to_metric
from justgeo.core.errors import Absent
from justgeo.core.field import ExposureField, ZoneField
from justgeo.core.layer import BoolArray, FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators.groups import exposure
from justgeo.indicators.mobility import BIKE, origin_points
from justgeo.indicators.place import Place
from justgeo.indicators.streets import land_km2, per_land
from justgeo.measure import bikes, stress

NO_STREETS = "no street or path here is open to bicycles"
UNTAGGED = "untagged_share"
"""Flag: share of the length whose speed limit or number of lanes is not mapped."""
TOO_FAR = "it lies beyond the streets that were looked at"
OF_THE_DISTRICT = "which network leads out is asked of the district, so there is none to compare with"


@dataclass(frozen=True)
class Network:
    """What may be cycled and has a level; arrays (L,).

    Attributes
    ----------
    lines : LineString
        Metres.
    level : float
        1 to 4.
    apart : bool
        A path without cars, or a street with a track set apart.
    untagged : bool
        Its speed limit or number of lanes is not mapped.
    nodes, signals : str or None
        Numbers of each line's nodes, and of those at which traffic stops.
    """

    lines: npt.NDArray[np.object_]
    level: FloatArray
    apart: BoolArray
    untagged: BoolArray
    nodes: npt.NDArray[np.str_] | None
    signals: npt.NDArray[np.str_] | None


def network(place: Place) -> Network:
    """Streets and paths with a level of stress in the metric CRS, found once."""
    layer = place.layer(BIKE)

    def make() -> Network:
        frame = layer.features.to_crs(place.crs).explode(ignore_index=True)
        names = ("bikeway", "maxspeed", "lanes", "lts")
        texts = {name: frame[name].to_numpy(dtype=np.str_) for name in ("highway", *names)}
        streets = stress.Streets(cars=frame["cars"].to_numpy(dtype=np.bool_), **texts)
        level, untagged = stress.levels(streets), stress.untagged(streets)
        apart = ~streets.cars | (texts["bikeway"] == "track")
        use = np.isfinite(level)
        nodes, signals = (
            frame[name].to_numpy(dtype=np.str_)[use] if name in frame else None for name in ("nodes", "signals")
        )
        return Network(frame.geometry.to_numpy()[use], level[use], apart[use], untagged[use], nodes, signals)

    return place.once("bike network", make)


def low_stress(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Share of the length of streets and paths open to bicycles that has at most some level of stress.

    ``parameters``: ``most`` (level), ``edge_m`` (see `justgeo.measure.bikes.lengths`).

    Returns
    -------
    ZoneField
        ``numerator`` and ``denominator`` in km. The flag ``untagged_share`` tells of how much of the length the speed
        limit or the number of lanes is not mapped.
    """
    if group != "all":
        raise Absent("a street has no race or income; see the people on the network")
    found = network(place)
    low = _km(row, place, found, found.level <= float(row.parameters["most"]))
    length = _km(row, place, found, np.ones(len(found.level), dtype=np.bool_))
    untold = _km(row, place, found, found.untagged)
    some = length > 0
    value, share = (np.divide(part, length, out=np.full(len(length), np.nan), where=some) for part in (low, untold))
    return ZoneField(
        value=value,
        numerator=np.where(some, low, np.nan),
        denominator=np.where(some, length, np.nan),
        valid_share=np.where(some, 1.0, 0.0),
        reason=tuple(None if one else NO_STREETS for one in some),
        universe=row.universe,
        flags=tuple((f"{UNTAGGED}={part:.4f}",) if part > 0 else () for part in share),
    )


def bike_paths(row: Indicator, place: Place, group: str = "all") -> ZoneField:
    """Kilometres of paths for bicycles and of streets with a track set apart, per square kilometre of land.

    ``parameters``: ``edge_m``.

    Returns
    -------
    ZoneField
        ``numerator`` km, ``denominator`` km² of land.
    """
    if group != "all":
        raise Absent("an area has no race or income")
    found, land = network(place), land_km2(place)
    return per_land(row, _km(row, place, found, found.apart), land)


def low_stress_people(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """Share of people who live on the largest low-stress network that leads out of the district.

    ``parameters``: ``most`` (level), ``near_m`` (from a block's edge to the network), ``beyond_m``, ``around_m`` and
    ``signal_m`` (see `justgeo.measure.bikes.way_out`).

    Returns
    -------
    ExposureField
        x is 1 or 0 for each block; NaN beyond the streets that were looked at. Nothing is told of the reference: the
        network is the district's.
    """
    told = {name: float(row.parameters[name]) for name in ("most", "near_m", "beyond_m", "around_m", "signal_m")}
    rows = np.flatnonzero(place.zones.having("district")).tolist()

    def find() -> FloatArray:
        if len(rows) == 1:
            return _on_the_way_out(place, place.zones.geometry.iloc[rows[0]], told)
        # Several have no block in common: each block is of one district's network.
        x, held = np.full(len(place.origins()), np.nan), place.weights.fractions
        for z in rows:
            mine = held.indices[held.indptr[z] : held.indptr[z + 1]]
            x[mine] = _on_the_way_out(place, place.zones.geometry.iloc[z], told)[mine]
        return x

    x = place.once_for_zones(f"low stress:{sorted(told.items())}", find)
    others = [z for z, role in enumerate(place.zones.roles) if role == "reference"]
    near = exposure(row, place, x, np.where(np.isnan(x), TOO_FAR, ""), "share")
    return replace(near, untold={z: OF_THE_DISTRICT for z in others})


def _on_the_way_out(place: Place, district: BaseGeometry, told: Mapping[str, float]) -> FloatArray:
    """1 for each block on the calm network that leads out of a district, 0 for others, NaN beyond what is known, (n,).

    Raises
    ------
    Absent
        The streets at hand end too near to the district, or do not say where they meet.
    """
    reach = _reach(place)
    around = district.buffer(told["around_m"])
    if reach is not None and shapely.difference(around, reach).area > 1e-3 * around.area:
        raise Absent(f"the streets at hand end less than {told['around_m']:,.0f} m from the district")
    found = network(place)
    nodes, signals = found.nodes, found.signals
    if nodes is None or signals is None:
        raise Absent("the streets at hand do not say where they meet, and where traffic signals are")
    pieces = place.once("bike pieces", lambda: bikes.segments(found.lines, nodes, signals))
    calm = (found.level <= told["most"])[pieces.line]
    main = bikes.way_out(pieces, calm, district, **{name: told[name] for name in ("beyond_m", "around_m", "signal_m")})
    on = bikes.near(place.origins().geometry.to_numpy(), pieces.geometry[main], told["near_m"])
    known = shapely.contains(around, shapely.points(origin_points(place)))
    return np.where(known, on.astype(np.float64), np.nan)


def _reach(place: Place) -> BaseGeometry | None:
    """Area in metres within which the absence of a street means absence; None where the layer does not say."""
    covers = place.layer(BIKE).covers
    return None if covers is None else to_metric(covers, place.crs)


def _km(row: Indicator, place: Place, found: Network, which: BoolArray) -> FloatArray:
    """Kilometres of some of the lines in each zone, (Z,)."""
    edge = float(row.parameters["edge_m"])
    inside = place.once_for_zones(
        f"bike lengths:{edge:g}", lambda: bikes.lengths(place.zones.geometry, found.lines, edge)
    )
    return np.asarray(inside @ which.astype(np.float64), dtype=np.float64) / 1000.0
