"""Jobs around the places where people live, as the crow flies.

How many can be reached by transit in half an hour needs a router over streets and timetables, which is no part of this
product. A distance is not told as a time on the way (METHODS 3.3): it has a row and a name of its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.field import ExposureField
from justgeo.core.layer import FloatArray
from justgeo.core.result import Indicator
from justgeo.indicators.mobility import origin_points
from justgeo.indicators.place import Place
from justgeo.indicators.published import table_exposure
from justgeo.measure.nearby import sum_within

BEYOND = "jobs beyond the counties at hand are not known"
MIN_KNOWN = 0.95
_DRAWN_M = 20.0
"""Detail of a county's outline that no distance of kilometres feels."""


def jobs_near(row: Indicator, place: Place, group: str = "all") -> ExposureField:
    """How many jobs there are within some distance of where people live.

    Parameters
    ----------
    row : Indicator
        ``parameters``: ``table`` (jobs by block), ``column``, ``within_m``; optional ``min_known``.

    Returns
    -------
    ExposureField
        x is jobs at each origin, from a point in its block to a point in theirs; NaN where less than ``min_known``
        (0.95) of the ground so far around lies in the counties whose jobs are known.
    """
    told = row.parameters
    limit = float(told["within_m"])
    own = table_exposure(replace(row, parameters={key: told[key] for key in ("table", "column")}), place)
    known = np.isfinite(own.x)
    points = origin_points(place)

    def find() -> tuple[FloatArray, FloatArray]:
        ground = shapely.union_all(place.origins().geometry.to_numpy()[known])
        return sum_within(points, points[known], own.x[known], limit), _known_share(ground, points, limit)

    found, share = place.once(f"jobs:{told['table']}:{told['column']}:{limit:g}", find)
    x = np.where(known & (share >= float(told.get("min_known", MIN_KNOWN))), found, np.nan)
    return replace(
        own,
        x=x,
        unknown=tuple(np.where(np.isnan(x), BEYOND, "").tolist()),
        x_moe=np.full(len(x), np.nan),
    )


def _known_share(ground: BaseGeometry, points: FloatArray, limit: float) -> FloatArray:
    """Share of the circle around each point that lies on some ground, (n,)."""
    spots = np.asarray(shapely.points(points), dtype=object)
    share = np.ones(len(spots))
    coarse = shapely.simplify(ground, _DRAWN_M)
    cut = np.flatnonzero(shapely.distance(ground.boundary, spots) < limit)
    circles = shapely.buffer(spots[cut], limit)
    share[cut] = shapely.area(shapely.intersection(circles, coarse)) / shapely.area(circles)
    return share
