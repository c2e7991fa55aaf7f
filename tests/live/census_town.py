"""A county of two tracts and three block groups, small enough to answer by hand, behind the loopback Census API."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from justgeo.catalogue import read as catalogue
from justgeo.core.service import Service
from justgeo.sources.live import ask as asking
from justgeo.sources.live import with_censusdis
from justgeo.sources.live.ask import Ask, Tools
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.keys import Key
from justgeo.sources.live.records import Record, Records
from tests.loopback.census import CensusApi

CANARY = "canary-key-4711"
PLACES = (
    "1500000US990010002001",
    "0500000US99001",
    "1400000US99001000100",
    "1500000US990010001002",
    "1500000US990010001001",
    "1400000US99001000200",
)
TENURE = {
    "GEO_ID": PLACES,
    "B25003_E001": ["-666666666", "900", "450", None, "200", "123456789012"],
    "B25003_M001": ["-222222222", "-555555555", "40", None, "30", "41"],
    "B25003_E002": ["0", "500", "2.00", "7", "100.0", "250"],
    "B25003_M002": ["13", "60", "-333333333", "9", "-888888888", "-999999999"],
}
TENURE_FILE = """\
GEO_ID,B25003_001E,B25003_001M,B25003_002E,B25003_002M
0500000US99001,900,-555555555,500,60
1400000US99001000100,450,40,2.00,-333333333
1400000US99001000200,123456789012,41,250,-999999999
1500000US990010001001,200,30,100.0,-888888888
1500000US990010001002,,,7,9
1500000US990010002001,-666666666,-222222222,0,13
"""


def wide(lines: int = 49, table: str = "B01001") -> pd.DataFrame:
    """A table of many lines: 98 variables do not fit into one question."""
    told: dict[str, list[str]] = {"GEO_ID": list(PLACES)}
    for line in range(1, lines + 1):
        told[f"{table}_E{line:03d}"] = [str(1000 * place + line) for place in range(len(PLACES))]
        told[f"{table}_M{line:03d}"] = [str(line) for _ in PLACES]
    return pd.DataFrame(told)


def blocks() -> pd.DataFrame:
    """Table P2 of three blocks."""
    rows = {
        "1000000US990010002001000": [9, 1, 8, 8, 8, 0, 0, 0, 0, 0, 0],
        "1000000US990010001001000": [20, 3, 17, 15, 6, 5, 1, 1, 1, 1, 2],
        "1000000US990010001001001": [0] * 11,
    }
    return pd.DataFrame(
        [[geo_id, *map(str, counts)] for geo_id, counts in rows.items()],
        columns=["GEO_ID", *(f"P2_{line:03d}N" for line in range(1, 12))],
    )


@cache
def api() -> CensusApi:
    """The town's tables of 2024; B17001 is not published for block groups, and B27001 says so by nulls."""
    tenure = pd.DataFrame(TENURE)
    above = wide(1, "B17001")[lambda frame: ~frame["GEO_ID"].str.startswith("150")]
    tables = {
        (2024, "B25003"): tenure,
        (2024, "B01001"): wide(),
        (2024, "B17001"): above,
        (2024, "B19301"): wide(1, "B19301"),
        (2019, "B25003"): tenure,
    }
    return CensusApi(tables, blocks(), CANARY, tract_only={"B19301"})


def services(*urls: str) -> dict[str, Service]:
    """The API at the loopback server's addresses."""
    found = catalogue.services()
    return {"census_api": replace(found["census_api"], urls=tuple(f"{url}/data" for url in urls))}


def tools(url: str, provider: str = "direct", key: str = CANARY, sleeps: list[float] | None = None) -> Tools:
    waited = [] if sleeps is None else sleeps
    client = Client(Policy(pause_s=0.0, tries=2, connect_s=2, read_s=2, total_s=20), sleep=waited.append)
    return Tools(client, services(url), provider, key=lambda: Key(key, "test"))


def fetched(ask: Ask, folder: Path, with_tools: Tools) -> Record:
    return asking.fetch(ask, Records(folder), with_tools)


def text(record: Record) -> str:
    """The one file of a record."""
    (name,) = record.files
    return record.path(name).read_bytes().decode()


def has_censusdis() -> bool:
    return with_censusdis.installed() is not None
