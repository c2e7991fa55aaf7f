"""Level of traffic stress of streets, from what their OpenStreetMap tags say: 1 for anybody, 4 for the fearless.

The scheme is that of Mekuria, Furth and Nixon (2012). It asks for lane widths and daily traffic, which OpenStreetMap
does not have; how far tags go in their place is the rule of Conveyal's R5, whose order is kept here, with one level for
both directions (the worse one) and without its surcharge at crossings. Tracks set apart from cars are level 1 (our
choice).

References
----------
Mekuria, M., Furth, P. and Nixon, H. (2012), *Low-Stress Bicycling and Network Connectivity*, MTI Report 11-19.
Conveyal, *Cycling Level of Traffic Stress*, https://docs.conveyal.com/learn-more/traffic-stress
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from justgeo.core.layer import BoolArray, FloatArray

Texts = Sequence[str] | npt.NDArray[np.str_] | npt.NDArray[np.object_]

KMH_PER_MPH = 1.609344
SLOW_KMH = 25 * 1.61
"""25 miles an hour as the rule has it: a sign of 40 km/h is slow too."""
FEW_LANES = 3
WALKING_KMH = 7.0
"""``maxspeed=walk``: about walking pace, whatever the number."""
LEVELS = (1.0, 4.0)

_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph|knots)?")
_KMH = {"mph": KMH_PER_MPH, "knots": 1.852}
_QUIET = ("residential", "living_street")
_SMALL = ("unclassified", "tertiary", "tertiary_link")
_UNLABELLED = ("", "service", "motorway", "motorway_link")


class Streets(NamedTuple):
    """Tags of n streets, each (n,): ``highway``, whether cars may drive, ``bikeway`` (``track``, ``lane`` or ``""``),
    and ``maxspeed``, ``lanes`` and ``lts`` as they are tagged, ``""`` where they are not."""

    highway: Texts
    cars: BoolArray
    bikeway: Texts
    maxspeed: Texts
    lanes: Texts
    lts: Texts


def kmh(text: str) -> float:
    """Speed limit of a ``maxspeed`` tag, km/h; NaN where it says none that can be read (``US:urban``, ``signals``).

    ``25 mph``; ``40`` is in km/h; ``walk``; ``none`` is no limit, so infinite. Of a list the highest counts: the street
    is as fast as its fastest part.
    """
    found = [_one_speed(part) for part in re.split(r"[;,|]", text.strip().casefold())]
    return float(np.nanmax(found)) if np.isfinite(found).any() or np.isposinf(found).any() else float("nan")


def _one_speed(text: str) -> float:
    part = text.strip()
    if part in ("walk", "none"):
        return WALKING_KMH if part == "walk" else float("inf")
    match = _SPEED.fullmatch(part)
    return float(match[1]) * _KMH.get(match[2] or "", 1.0) if match else float("nan")


def lane_count(text: str) -> float:
    """Lanes of a ``lanes`` tag, both directions together; of a list the most; NaN where it is no number above 0."""
    found = [float(part) for part in re.findall(r"[^;,|\s]+", text) if re.fullmatch(r"\d+(?:\.\d+)?", part)]
    return max((n for n in found if n > 0), default=float("nan"))


def given_level(text: str) -> float:
    """Level of an ``lts`` tag, 1 to 4 in whole steps; NaN where it is none. A fraction counts down, as in R5."""
    try:
        level = float(text)
    except ValueError:
        return float("nan")
    return float(int(level)) if LEVELS[0] <= level <= LEVELS[1] else float("nan")


def levels(streets: Streets) -> FloatArray:
    """Level of traffic stress of each street, 1 to 4; NaN where it is not labelled (service ways, motorways), (n,).

    In this order: an ``lts`` tag; no cars, 1; service, none; a track, 1; residential and living streets, 1. Then 3 is
    usual, and 2 where the limit is 25 mph or less and there are at most three lanes, or nobody says how many. Streets
    up to tertiary are 2 with a lane, or where the limit is not known and there are at most three lanes, else as usual.
    Larger ones are as usual with a lane, else 4.
    """
    highway, bikeway = (np.asarray(texts, dtype=np.str_) for texts in (streets.highway, streets.bikeway))
    speed, lanes, given = (
        _each(texts, read)
        for texts, read in ((streets.maxspeed, kmh), (streets.lanes, lane_count), (streets.lts, given_level))
    )
    few, lane, small = lanes <= FEW_LANES, bikeway == "lane", np.isin(highway, _SMALL)
    usual = np.where((speed <= SLOW_KMH) & (few | np.isnan(lanes)), 2.0, 3.0)
    answers: list[tuple[BoolArray, FloatArray | float]] = [
        (np.isfinite(given), given),
        (~np.asarray(streets.cars, dtype=np.bool_), 1.0),
        (np.isin(highway, _UNLABELLED), np.nan),
        (bikeway == "track", 1.0),
        (np.isin(highway, _QUIET), 1.0),
        (small & (lane | (few & np.isnan(speed))), 2.0),
        (small | lane, usual),
    ]
    return np.asarray(np.select([one for one, _ in answers], [level for _, level in answers], 4.0), dtype=np.float64)


def untagged(streets: Streets) -> BoolArray:
    """Streets above residential with cars whose speed limit or number of lanes nobody has mapped, (n,).

    Their level is told by their kind, by what one of the two says, or by a lane; a lane that is not mapped is no lane.
    """
    highway, bikeway = (np.asarray(texts, dtype=np.str_) for texts in (streets.highway, streets.bikeway))
    told = np.isfinite(_each(streets.lts, given_level)) | (bikeway == "track") | np.isin(highway, _QUIET + _UNLABELLED)
    speed, lanes = _each(streets.maxspeed, kmh), _each(streets.lanes, lane_count)
    return np.asarray(~told & streets.cars & (np.isnan(speed) | np.isnan(lanes)), dtype=np.bool_)


def _each(texts: Texts, read: Callable[[str], float]) -> FloatArray:
    """A number of each text; each text is read once."""
    words, at = np.unique(np.asarray(texts, dtype=np.str_), return_inverse=True)
    found = np.array([read(str(word)) for word in words], dtype=np.float64)
    return np.asarray(found[at.ravel()], dtype=np.float64)
