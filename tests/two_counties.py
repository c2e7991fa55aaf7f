"""A place of two counties, of which nothing is true: the invented one, and beside it a second made of its files.

The second county, 99003, lies east of the first and has the same tracts, but other people: more owners, fewer people of
colour, higher incomes, rents and home values. So a threshold of both is another one than that of the first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tests import nowhere

HOME, BESIDE = "99001", "99003"
TABLES = (
    "B01003", "B03002", "B15003", "B19001", "B19013", "B25003", "B25063", "B25064", "B25075", "B25077", "B26001",
)  # fmt: skip
"""Tables that the typology takes."""
LAYERS = ("counties", "tracts", "blocks", "acs", "acs_t0", "crosswalk_99")
MEDIANS = {"B19013": 1.6, "B25077": 1.5, "B25064": 1.2}
"""How much higher than in the first county."""
CLASSES = {"B19001": (2, 17, 2), "B25063": (3, None, 1), "B25075": (2, None, 2)}
"""First and last line of the classes, and by how many their homes move up; the last line of a year where None."""
_AREAS = {"counties": "tl_2024_us_county.zip", "tracts": "tl_2024_99_tract.zip"}
_PIECES = "TAB2010_TAB2020_ST99.txt"
_COUNTS = "tabblock2010_99_pophu.csv"


def write(source: Path, folder: Path) -> Path:
    """The files of both counties.

    Parameters
    ----------
    source : Path
        Files of the invented county.
    folder : Path
        Made if it is not there. Blocks are those of the first county alone: no district lies in the second.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in _AREAS.items():
        frame = gpd.read_file(source / file)
        west, _, east, _ = gpd.read_file(source / _AREAS["counties"]).total_bounds
        moved = frame.assign(geometry=frame.geometry.translate(xoff=east - west))
        moved["GEOID"] = BESIDE + moved["GEOID"].str[5:]
        moved["NAMELSAD"] = moved["NAMELSAD"] + " beside" if name == "counties" else moved["NAMELSAD"]
        both = pd.concat([frame, moved], ignore_index=True)
        gpd.GeoDataFrame(both, crs=frame.crs).to_file(folder / f"{name}.gpkg", driver="GPKG")
    for year in (2014, 2024):
        _survey(source, folder, year, year, lambda frame, table: frame)
    # Tables of 2019 stand on the tracts of 2010, with the classes of rents and values that are in use since 2015.
    _survey(source, folder, 2014, 2019, _five_years_on)
    pieces = pd.read_csv(source / _PIECES, sep="|", dtype=str, keep_default_na=False)
    beside = pieces.assign(COUNTY_2010="3", COUNTY_2020="3")
    pd.concat([pieces, beside]).to_csv(folder / _PIECES, sep="|", index=False)
    counts = pd.read_csv(source / _COUNTS, dtype=str)
    beside = counts.assign(COUNTYFP10="003", BLOCKID10=BESIDE + counts["BLOCKID10"].str[5:])
    pd.concat([counts, beside]).to_csv(folder / _COUNTS, index=False)
    for name in ("tl_2024_99_tabblock20.zip", "pl94171_p2_blocks.csv", "district.geojson"):
        shutil.copy(source / name, folder)
    return folder


def layers(folder: Path, names: Iterable[str] = LAYERS) -> dict[str, dict[str, Any]]:
    """Declarations of the layers of both counties; ``acs_t0_2019`` is one of them."""
    told = nowhere.layers(folder, [name for name in names if name != "acs_t0_2019"])
    for name in _AREAS:
        if name in told:
            told[name]["path"] = str(folder / f"{name}.gpkg")
    if "blocks" in told:
        told["blocks"]["join"] = {**told["blocks"]["join"], "path": str(folder / "pl94171_p2_blocks.csv")}
    if "crosswalk_99" in told:
        told["crosswalk_99"]["counts"] = str(folder / _COUNTS)
    if "acs_t0_2019" in names:
        told["acs_t0_2019"] = {"path": str(folder / "acs2019"), "year": 2019, "synthetic": True}
    return told


def district(folder: Path, at: Path, names: Iterable[str] = LAYERS, **more: Mapping[str, Any]) -> Path:
    """``district.toml`` of the district in the first county; ``more`` are its other tables."""
    return nowhere.write(at, layers(folder, names), {"boundary": str(folder / "district.geojson")}, more)


def lacking(folder: Path, at: Path, year: int, county: str = BESIDE) -> str:
    """The survey of a year without one of the counties, as the path of another folder."""
    kept = at / f"acs{year}"
    kept.mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / f"acs{year}").glob("*.dat")):
        frame = pd.read_csv(path, sep="|", dtype=str, keep_default_na=False)
        frame[~frame["GEO_ID"].str.contains(f"US{county}")].to_csv(kept / path.name, sep="|", index=False)
    return str(kept)


Change = Callable[[pd.DataFrame, str], pd.DataFrame]


def _survey(source: Path, folder: Path, of: int, year: int, change: Change) -> None:
    """Tables of the counties and their tracts, of one year of the source under another."""
    (folder / f"acs{year}").mkdir(exist_ok=True)
    for table in TABLES:
        path = source / f"acs{of}" / f"acsdt5y{of}-{table.lower()}.dat"
        frame = pd.read_csv(path, sep="|", dtype={"GEO_ID": str})
        frame = change(frame[~frame["GEO_ID"].str.startswith("150")].reset_index(drop=True), table)
        beside = _richer(frame, table)
        beside["GEO_ID"] = frame["GEO_ID"].str.replace(f"US{HOME}", f"US{BESIDE}")
        both = pd.concat([frame, beside])
        both.to_csv(folder / f"acs{year}" / f"acsdt5y{year}-{table.lower()}.dat", sep="|", index=False)


def _richer(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    made = frame.copy()
    if table in MEDIANS:
        return _times(made, table, np.full(len(made), MEDIANS[table]))
    if table in CLASSES:
        first, last, by = CLASSES[table]
        last = _lines(frame) - (table == "B25063") if last is None else last  # behind the rents: no cash rent
        return _moved_up(made, table, range(first, last + 1), by)
    if table == "B25003":  # a quarter of those who rent own
        for kind in "EM":
            quarter = (frame[f"B25003_{kind}003"] // 4) * (kind == "E")
            made[f"B25003_{kind}003"] -= quarter
            made[f"B25003_{kind}002"] += quarter
    if table == "B03002":  # half of those who are Black are white
        half = frame["B03002_E004"] // 2
        made["B03002_E004"] -= half
        made["B03002_E003"] += half
    return made


def _five_years_on(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The survey of 2014 as one of 2019: dearer in every third tract, with classes of rents and values as they are."""
    dearer = np.where(np.arange(len(frame)) % 3 == 1, 1.4, 1.05)
    if table in ("B25064", "B25077"):
        return _times(frame, table, dearer)
    more = {"B25063": 3, "B25075": 2}.get(table, 0)
    if not more:
        return frame
    lines = _lines(frame)
    last = lines - (table == "B25063")
    made = frame.copy()
    for kind, nobody in (("E", 0), ("M", 13)):
        if table == "B25063":
            made[f"{table}_{kind}{lines + more:03d}"] = frame[f"{table}_{kind}{lines:03d}"]
        for line in range(last + 1, last + 1 + more):
            made[f"{table}_{kind}{line:03d}"] = nobody
    return made


def _times(frame: pd.DataFrame, table: str, by: np.ndarray[Any, np.dtype[np.float64]]) -> pd.DataFrame:
    """Medians and their margins times something, but for those that are not published or stand at an end."""
    made = frame.copy()
    known = (frame[f"{table}_E001"] > 0) & (frame[f"{table}_M001"] > 0)
    for kind in "EM":
        code = f"{table}_{kind}001"
        made[code] = np.where(known, np.rint(frame[code] * by), frame[code]).astype(int)
    return made


def _moved_up(frame: pd.DataFrame, table: str, lines: range, by: int) -> pd.DataFrame:
    """Homes of each class in a higher one; those that would leave the scale stay in the last."""
    made = frame.copy()
    for kind in "EM":
        codes = [f"{table}_{kind}{line:03d}" for line in lines]
        old = frame[codes].to_numpy()
        new = np.zeros_like(old)
        new[:, by:] = old[:, :-by]
        if kind == "E":
            new[:, -1] += old[:, -by:].sum(axis=1)
        else:
            new[:, :by] = 13
            new[:, -1] = np.rint(np.sqrt((old[:, -by - 1 :].astype(float) ** 2).sum(axis=1)))
        made[codes] = new
    return made


def _lines(frame: pd.DataFrame) -> int:
    return (frame.shape[1] - 1) // 2
