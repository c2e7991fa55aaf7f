"""People killed in Nowhere's traffic, and the ground that a sea three feet higher would reach."""

from __future__ import annotations

from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from justgeo.core.layer import FloatArray
from justgeo.synthetic.county import County
from justgeo.synthetic.geography import COLS, LAEA, NAD83, ROWS, WATER, Geography, cell_polygons, mover
from justgeo.synthetic.ground import around, river

CRASH_YEARS = range(2020, 2025)
CRASHES = 64
ALONG_THE_LINE = 4
"""Of them on streets along the district's line, some metres to either side."""
UNPLACED = 3
"""Further ones of which nobody wrote down where."""
SEA_M, TIDE_M = 240.0, 55.0
"""How far from the bay's shore, and from the river's banks, the ground is that low."""
_STREAM = 22


@lru_cache(maxsize=2)
def crashes(place: County) -> pd.DataFrame:
    """Crashes in which somebody died: ``case``, ``year``, ``lon``, ``lat``, ``deaths``, ``walkers``, ``cyclists``.

    ``lon`` and ``lat`` are NaN where they are not known.
    """
    rng = np.random.default_rng([place.seed, _STREAM])
    spots = _along_streets(place, rng)
    on_the_line = (0.1 + np.arange(ALONG_THE_LINE)) / ALONG_THE_LINE
    outline = shapely.LineString(shapely.get_coordinates(place.district))
    spots[:ALONG_THE_LINE] = [outline.interpolate(part, normalized=True).coords[0] for part in on_the_line]
    spots[:ALONG_THE_LINE, 0] += np.where(np.arange(ALONG_THE_LINE) % 2, 9e-5, -9e-5)  # some eight metres
    count = len(spots)
    deaths = 1 + (rng.random(count) < 0.1)
    kind = rng.random(count)
    walkers = np.where(kind < 0.3, deaths, 0)
    cyclists = np.where((kind >= 0.3) & (kind < 0.38), deaths, 0)
    spots[count - UNPLACED :] = np.nan
    year = rng.integers(CRASH_YEARS[0], CRASH_YEARS[-1] + 1, count)
    return pd.DataFrame(
        {
            "case": np.arange(990001, 990001 + count),
            "year": year,
            "lon": spots[:, 0],
            "lat": spots[:, 1],
            "deaths": deaths,
            "walkers": walkers,
            "cyclists": cyclists,
        }
    )


def _along_streets(place: County, rng: np.random.Generator) -> FloatArray:
    """Spots between two corners, most of them where the cells are small: the middle of the city."""
    corners, count = place.geography.corners, CRASHES + UNPLACED
    row, col = rng.integers(2, ROWS - 1, count), rng.integers(2, 37, count)
    here, there = corners[row, col], corners[row, col + 1]
    part = rng.random(count)[:, None]
    return np.asarray(np.round(here + part * (there - here), 7), dtype=np.float64)


def fars(place: County) -> dict[str, pd.DataFrame]:
    """Members of the federal archive: a row a crash, a row a person in it; one crash is of another state."""
    told = crashes(place)
    unknown = told["lat"].isna().to_numpy()
    accident = pd.DataFrame(
        {
            "STATE": 99,
            "STATENAME": "Nowhere (invented)",
            "ST_CASE": told["case"],
            "COUNTY": 1,
            "YEAR": told["year"],
            "LATITUDE": told["lat"].where(~unknown, np.where(told["case"] % 2, 77.7777, 99.9999)),
            "LONGITUD": told["lon"].where(~unknown, np.where(told["case"] % 2, 777.7777, 999.9999)),
            "FATALS": told["deaths"],
        }
    )
    far = accident.iloc[[0]].assign(STATE=98, ST_CASE=980001, LATITUDE=45.0, LONGITUD=-100.0)
    accident = pd.concat([accident, far], ignore_index=True)
    persons = [_persons(case, *some) for case, *some in told[["case", "deaths", "walkers", "cyclists"]].to_numpy()]
    person = pd.concat([*persons, _persons(980001, 1, 0, 0)], ignore_index=True)
    return {"accident.csv": accident, "person.csv": person}


def _persons(case: int, deaths: int, walkers: int, cyclists: int) -> pd.DataFrame:
    """A driver and somebody on foot who live, and those who died: on foot (5), by bicycle (6, 7), else a driver (1)."""
    kinds = [5] * walkers + [6, 7][:cyclists] + [1] * (deaths - walkers - cyclists)
    kind, injury = [1, 5, *kinds], [0, 2, *[4] * len(kinds)]
    number = np.arange(1, len(kind) + 1)
    return pd.DataFrame({"STATE": 99, "ST_CASE": case, "PER_NO": number, "PER_TYP": kind, "INJ_SEV": injury})


def low_ground(geography: Geography) -> BaseGeometry:
    """What a sea three feet higher reaches, the water of today in it (EPSG:4269)."""
    wet = (geography.cell_kind == WATER) & (np.arange(COLS)[None, :].repeat(ROWS, axis=0) >= 38)
    bay = shapely.union_all(cell_polygons(geography.corners)[wet])
    return around(bay, SEA_M).union(around(river(geography), TIDE_M))


def sea_level(geography: Geography) -> gpd.GeoDataFrame:
    """The low ground as the agency gives it: many polygons without a name, in pieces that overlap a little."""
    flat = shapely.transform(low_ground(geography), mover(NAD83, LAEA))
    west, south, east, north = flat.bounds
    middle = (south + north) / 2
    halves = [shapely.box(west, south, east, middle + 20.0), shapely.box(west, middle - 20.0, east, north)]
    pieces = [part for half in halves for part in shapely.get_parts(flat.intersection(half))]
    shapes = shapely.transform(np.array([p for p in pieces if p.geom_type == "Polygon"]), mover(LAEA, NAD83))
    return gpd.GeoDataFrame({"gridcode": np.ones(len(shapes), dtype=np.int64)}, geometry=shapes, crs=NAD83)
