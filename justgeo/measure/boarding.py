"""What one can board on foot: trips of a timetable at the stops within a walk (METHODS 3.2, MOB-03).

A trip is a vehicle that comes once. Whoever has five stops of one line around the corner has not five buses but one, so
each trip counts once for each origin.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from justgeo.core.layer import BoolArray, Feed, FloatArray, IntArray
from justgeo.measure import reach
from justgeo.measure.headway import HOUR

_ORIGINS_AT_ONCE = 2000


def stops_near(
    graph: reach.Graph, at: reach.Snap, stops: FloatArray, rail: BoolArray, limits: Mapping[bool, float]
) -> csr_array:
    """Which stops each origin can walk to, where people walk farther to some than to others.

    Parameters
    ----------
    graph : Graph
    at : Snap
        n origins on it.
    stops : (s, 2) float
        Metres.
    rail : (s,) bool
        Stops of trains, trams and ferries.
    limits : mapping of bool to float
        Longest walk, metres: under True to those, under False to all others.

    Returns
    -------
    (n, s) csr_array of bool
        The row of an origin whose network is not known is empty.
    """
    rows: list[IntArray] = []
    columns: list[IntArray] = []
    for kind, limit in limits.items():
        chosen = np.flatnonzero(rail == kind)
        near = reach.within(graph, stops[chosen], at, limit).tocoo()
        rows.append(near.coords[0].astype(np.int64))
        columns.append(chosen[near.coords[1]].astype(np.int64))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return coo_array((np.ones(len(row), dtype=np.bool_), (row, column)), shape=(len(at), len(stops))).tocsr()


def trips_at(feed: Feed, near: csr_array, start: float, end: float) -> IntArray:
    """How many different trips can be boarded from each origin, each counted once however many stops it calls at.

    Parameters
    ----------
    feed : Feed
    near : (n, s) csr_array of bool
        Which stops, in the order of ``feed.stops``, each origin can walk to.
    start, end : float, hours
        Window of the day in which a trip leaves one of them, the end excluded.

    Returns
    -------
    (n,) int
    """
    seconds = feed.departures["seconds"]
    rows = feed.departures[(seconds >= start * HOUR) & (seconds < end * HOUR)]
    row_of = {stop: row for row, stop in enumerate(feed.stops["stop_id"].astype(str))}
    stop = rows["stop_id"].astype(str).map(row_of)
    known = stop.notna().to_numpy(dtype=np.bool_)
    trip, names = pd.factorize(rows["trip_id"].astype(str)[known])
    at = (stop[known].to_numpy(dtype=np.int64), trip.astype(np.int64))
    board = coo_array((np.ones(len(trip), dtype=np.int32), at), shape=(len(row_of), len(names))).tocsr()
    found = np.zeros(near.shape[0], dtype=np.int64)
    # Origins times trips may be some hundred million pairs: some origins at a time.
    for begin in range(0, len(found), _ORIGINS_AT_ONCE):
        some = csr_array(near[begin : begin + _ORIGINS_AT_ONCE].astype(np.int32) @ board)
        found[begin : begin + _ORIGINS_AT_ONCE] = np.diff(some.indptr)
    return found
