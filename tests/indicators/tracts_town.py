"""Six tracts of two surveys, small enough to be answered by hand; two of them were one tract in 2010.

Homes, rented ones, people, White people not Hispanic, adults, those with a degree, and homes by income: under 10,000,
30,000 to 35,000, 40,000 to 45,000, 200,000 and more.

All six in 2024: 400 of 1,000 homes rented (0.40); 600 of 2,000 people of colour (0.30); 500 of 1,000 adults without a
degree (0.50). The median income is where 200 of the 400 in the forties lie below: 42,500; 80 % of it is 34,000, which
is four fifths of the way from 30,000 to 35,000: 250 + 0.8 x 50 = 290 of 1,000 homes (0.29).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from justgeo.catalogue import read as catalogue
from justgeo.core.layer import Layer
from justgeo.core.result import Indicator
from justgeo.indicators.place import Place
from tests.indicators import town
from tests.measure import toy

COUNTY = "99001"
LOW, THIRTIES, FORTIES, TOP = "B19001_002", "B19001_007", "B19001_009", "B19001_017"
BINS = [f"B19001_{k:03d}" for k in range(2, 18)]
CODES = (
    "B25003_001", "B25003_002", "B25003_003", "B03002_001", "B03002_003", "B15003_001",
    "B15003_022", "B15003_023", "B15003_024", "B15003_025", "B19001_001", *BINS,
)  # fmt: skip
NOW: Mapping[str, tuple[float, ...]] = {
    "A": (100, 80, 200, 50, 100, 10, 60, 10, 20, 10),  # 0.80  0.75  0.90  0.68: all four
    "B": (100, 60, 200, 120, 100, 20, 50, 0, 40, 10),  # 0.60  0.40  0.80  0.50: all four
    "C": (100, 50, 200, 150, 100, 70, 20, 10, 50, 20),  # 0.50  0.25  0.30  0.28: renters alone
    "D": (100, 20, 200, 180, 100, 80, 10, 0, 40, 50),  # 0.20  0.10  0.20  0.10: none
    "E": (100, 70, 200, 100, 100, 50, 40, 10, 40, 10),  # 0.70  0.50  0.50  0.48: three; a tie is not above
    "F": (500, 120, 1000, 800, 500, 270, 70, 20, 210, 200),  # 0.24  0.20  0.46  0.172: none
}
SHARES = {
    "renters": ([0.80, 0.60, 0.50, 0.20, 0.70, 0.24], 0.40),
    "people_of_colour": ([0.75, 0.40, 0.25, 0.10, 0.50, 0.20], 0.30),
    "no_bachelors": ([0.90, 0.80, 0.30, 0.20, 0.50, 0.46], 0.50),
    "low_income": ([0.68, 0.50, 0.28, 0.10, 0.48, 86 / 500], 0.29),
}
FLAGS = [1.0, 1, 0, 0, 1, 0]
GEOIDS = dict(zip(NOW, (f"{COUNTY}000{k}00" for k in range(1, 7)), strict=True))

# In 2010 E and F were one tract, whose number E has kept: 200 homes, of which 40 % stand in E now, and 60 % in F.
BEFORE: Mapping[str, tuple[float, ...]] = {
    "A": (80, 60, 160, 40, 80, 4, 40, 10, 20, 10),
    "B": (80, 40, 160, 100, 80, 16, 40, 0, 30, 10),
    "C": (80, 30, 160, 130, 80, 48, 10, 10, 40, 20),
    "D": (80, 10, 160, 150, 80, 60, 10, 0, 30, 40),
    "E": (200, 50, 400, 300, 200, 80, 30, 10, 100, 60),
}


def frame(homes: Mapping[str, tuple[float, ...]] = NOW, moe: float = 0.0) -> pd.DataFrame:
    """The tracts of one survey, every cell with the same margin."""
    rows = {}
    for name, (all_, rented, people, white, adults, degree, low, thirties, forties, top) in homes.items():
        cells = dict.fromkeys(CODES, 0.0)
        cells |= {"B25003_001": all_, "B25003_002": all_ - rented, "B25003_003": rented}
        cells |= {"B03002_001": people, "B03002_003": white}
        # The degree holders are spread over two lines, since four are added up.
        cells |= {"B15003_001": adults, "B15003_022": degree - 4, "B15003_025": 4, "B19001_001": all_}
        cells |= {LOW: low, THIRTIES: thirties, FORTIES: forties, TOP: top}
        rows[name] = {f"{c}E": float(v) for c, v in cells.items()} | {f"{c}M": moe for c in cells}
    return pd.DataFrame.from_dict(rows, orient="index")


def layers(found: pd.DataFrame, year: int = 2024, vintage: int = 2020) -> dict[str, Layer]:
    """Tables of a frame whose rows are tracts, or the county by its code."""
    made = {}
    for table in dict.fromkeys(str(c)[:6] for c in found.columns):
        columns = [c for c in found.columns if str(c).startswith(table)]
        rows = {GEOIDS.get(str(i), str(i)): found.loc[i, columns].to_dict() for i in found.index}
        made[f"acs:{table}@{year}"] = town.table(f"acs:{table}@{year}", rows, vintage)
    return made


def medians(table: str, values: Mapping[str, float], moe: float | None = None) -> pd.DataFrame:
    """A table of medians, with a margin of a tenth."""
    told = {i: {f"{table}_001E": v, f"{table}_001M": v / 10 if moe is None else moe} for i, v in values.items()}
    return pd.DataFrame.from_dict(told, orient="index")


def classes(table: str, first: int, count: int, homes: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    """A table of classes: name of a tract -> line -> homes; all other lines are 0."""
    codes = [f"{table}_{line:03d}" for line in (1, *range(first, first + count))]
    rows = {}
    for name, told in homes.items():
        cells = dict.fromkeys(codes, 0.0) | {f"{table}_{line:03d}": v for line, v in told.items()}
        cells[codes[0]] = sum(told.values())
        rows[name] = {f"{c}E": v for c, v in cells.items()} | {f"{c}M": 0.0 for c in cells}
    return pd.DataFrame.from_dict(rows, orient="index")


def crosswalk() -> Layer:
    """Blocks of 2010 in those of 2020: A to D stayed as they are, E was divided."""
    rows = [(f"{GEOIDS[name]}1000", f"{GEOIDS[name]}1000", 160.0, 80.0) for name in "ABCD"]
    rows += [(f"{GEOIDS['E']}1000", f"{GEOIDS['E']}1000", 160.0, 80.0)]
    rows += [(f"{GEOIDS['E']}1001", f"{GEOIDS['F']}1000", 240.0, 120.0)]
    table = pd.DataFrame(rows, columns=["block10", "block20", "pop10", "hu10"]).assign(share_land=1.0)
    return Layer("crosswalk", table, toy.provenance("crosswalk"), geography="block", geography_vintage=2010)


def shapes() -> Layer:
    """Six squares in a row, from A in the west to F in the east."""
    squares = [toy.square(2 * k, 0, 2, 2) for k in range(6)]
    data = gpd.GeoDataFrame({"geoid": list(GEOIDS.values())}, geometry=squares, crs=toy.CRS)
    return toy.layer("tracts", data, "tract")


def place(found: Mapping[str, Any], **more: Any) -> Place:
    """A place of some layers, whose reference is the county."""
    return town.place(found, **{"reference_prefixes": (COUNTY,), "prices": catalogue.prices(), **more})


def row(name: str = "BEL-01.vulnerable") -> Indicator:
    """A row of the catalogue."""
    return next(one for one in catalogue.indicators() if one.id == name)
