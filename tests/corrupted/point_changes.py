"""Changes of downloaded points and jobs, for `tests.corrupted.streets`."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable

import geopandas as gpd
import pandas as pd

from tests.corrupted.harness import Ground

# -------------------------------------------------------------------------------------------------------------- crashes


def crashes(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Ground], None]:
    """A change of the crashes in their archive."""

    def plant(ground: Ground) -> None:
        path = ground.file("data:fars")
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        (name,) = (one for one in files if one.endswith("accident.csv"))
        frame = change(pd.read_csv(io.BytesIO(files[name]), dtype=str))
        files[name] = frame.to_csv(index=False, quoting=csv.QUOTE_MINIMAL).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for one, data in files.items():
                archive.writestr(one, data)

    return plant


def exchanged(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns={"LATITUDE": "LONGITUD", "LONGITUD": "LATITUDE"})


def no_minus(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(LONGITUD=frame["LONGITUD"].str.removeprefix("-"))


def in_metres(frame: pd.DataFrame) -> pd.DataFrame:
    points = gpd.GeoSeries.from_xy(frame["LONGITUD"].astype(float), frame["LATITUDE"].astype(float), crs=4326)
    there, lost = points.to_crs(32619), points.y.to_numpy() > 70  # the codes for no place stay as they are
    east, north = there.x.round(1).astype(str), there.y.round(1).astype(str)
    return frame.assign(LONGITUD=east.mask(lost, frame["LONGITUD"]), LATITUDE=north.mask(lost, frame["LATITUDE"]))


def years_gone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["YEAR"].astype(int) < 2023]


def later_years(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(YEAR=(frame["YEAR"].astype(int) - 7).astype(str))


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame])


# ----------------------------------------------------------------------------------------------------------------- jobs


def jobs_at_home(header: bool) -> Callable[[Ground], None]:
    """The file of residences in place of that of workplaces; with its column renamed, or as it is."""

    def plant(ground: Ground) -> None:
        path = ground.file("data:lodes_wac")
        text = gzip.decompress((ground.source / "tables" / "99_rac_S000_JT00_2023.csv.gz").read_bytes()).decode()
        path.write_bytes(gzip.compress((text.replace("h_geocode", "w_geocode") if header else text).encode(), 1))

    return plant
