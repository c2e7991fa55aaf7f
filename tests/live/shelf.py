"""Small tables in the column layout of the real ones, and how a test fetches and reads one.

The numbers are made up, unless a comment says otherwise; names of columns, codes and places are the sources' own.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry import mapping

from justgeo.catalogue import read as catalogue
from justgeo.core.layer import Layer
from justgeo.core.service import Service
from justgeo.core.spec import Area
from justgeo.sources.datasets import read_dataset
from justgeo.sources.live import downloads
from justgeo.sources.live.ask import Ask, Brought, bring
from justgeo.sources.live.records import Records
from tests.live.bureau import tools, zipped
from tests.loopback.files import FileTree
from tests.loopback.server import Loopback

ALBEMARLE, CITY = "51003", "51540"
COUNTIES = (ALBEMARLE, CITY)
DISTRICT = shapely.box(-78.50, 38.02, -78.47, 38.05)
AREA = Area(DISTRICT, None, shapely.box(-78.6, 37.9, -78.4, 38.2), DISTRICT.buffer(0.02), 1500.0)

WAC = (
    "w_geocode,C000,CA01,CA02,CA03,CE01,CE02,CE03,"
    + ",".join(f"CNS{n:02d}" for n in range(1, 21))
    + ",CR01,CR02,CR03,CR04,CR05,CR07,CT01,CT02,CD01,CD02,CD03,CD04,CS01,CS02,createdate"
)


def wac(rows: Mapping[str, Sequence[int]], header: str = WAC) -> str:
    """Jobs by block: all, and in three bands of wages; the rest is 0."""
    names = header.split(",")
    lines = []
    for block, (jobs, low, middle, high) in rows.items():
        cells = dict.fromkeys(names, "0") | {names[0]: block, "C000": str(jobs), "createdate": "20251203"}
        cells |= {"CE01": str(low), "CE02": str(middle), "CE03": str(high), "CNS15": str(jobs)}
        lines.append(",".join(cells[name] for name in names))
    return "\n".join([header, *lines, ""])


def csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], blank: str = "") -> str:
    """A text with all columns of a table; cells that are not told are blank."""
    lines = [",".join(f'"{c}"' if "," in c else c for c in columns)]
    lines += [",".join(str(row.get(c, blank)) for c in columns) for row in rows]
    return "\n".join([*lines, ""])


def zip_of(members: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def geojson(features: Sequence[tuple[Any, Mapping[str, Any]]]) -> bytes:
    rows = [
        {"type": "Feature", "properties": dict(told), "geometry": None if shape is None else mapping(shape)}
        for shape, told in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": rows}).encode()


class Shelf:
    """A file server whose files a test puts up."""

    def __init__(self, server: Loopback, tree: FileTree) -> None:
        self.server, self.tree, self.url = server, tree, server.url

    def put(self, files: Mapping[str, bytes | str]) -> None:
        self.tree.root.update({p: c.encode() if isinstance(c, str) else c for p, c in files.items()})


CHAS = ["source", "sumlevel", "geoid", "name", "st", "cnty", "tract"]
CHAS += [f"T9_est{n}" for n in range(1, 74)] + [f"T9_moe{n}" for n in range(1, 74)]
SVI = ["ST", "STATE", "ST_ABBR", "STCNTY", "COUNTY", "FIPS", "LOCATION", "AREA_SQMI"]
SVI += ["E_TOTPOP", "M_TOTPOP", "E_HU", "M_HU", "E_HH", "M_HH"]
_VULNERABLE = (
    "POV150 UNEMP HBURD NOHSDP UNINSUR AGE65 AGE17 DISABL SNGPNT LIMENG MINRTY MUNIT MOBILE CROWD NOVEH GROUPQ"
)
SVI += [f"{kind}_{code}" for code in _VULNERABLE.split() for kind in ("E", "M")]
SVI += [f"{kind}_{code}" for code in _VULNERABLE.split() for kind in ("EP", "MP")]
SVI += ["RPL_THEME1", "RPL_THEME2", "RPL_THEME3", "RPL_THEME4", "RPL_THEMES", "F_TOTAL"]
LEAD = ["ABV", "FIP", "AMI150", "TEN", "TEN-YBL6", "TEN-BLD", "TEN-HFL", "UNITS", "HINCP*UNITS", "HINCP UNITS"]
LEAD += ["ELEP*UNITS", "ELEP UNITS", "GASP*UNITS", "GASP UNITS", "FULP*UNITS", "FULP UNITS"]
SLD = ["OBJECTID", "GEOID10", "GEOID20", "STATEFP", "COUNTYFP", "TRACTCE", "BLKGRPCE", "CSA", "TotPop", "D2A_EPHHM"]
SLD += ["D2B_E8MIXA", "D3B", "D4A", "D4C", "D5BR", "D2A_Ranked", "D2B_Ranked", "D3B_Ranked", "D4A_Ranked", "NatWalkInd"]
EVICTIONS = ["state", "county", "cofips", "tract", "fips", "year", "filings", "filing_rate", "threatened"]
EVICTIONS += ["threatened_rate", "judgements", "judgement_rate"]
EJSCREEN = ["OID_", "ID", "STATE_NAME", "ST_ABBREV", "CNTY_NAME", "REGION", "ACSTOTPOP", "PM25", "OZONE", "DSLPM"]
EJSCREEN += ["RSEI_AIR", "PTRAF", "PRE1960PCT", "PNPL", "PRMP", "PTSDF", "UST", "PWDIS", "NO2", "DWATER"]
CEJST = ["Census tract 2010 ID", "County Name", "State/Territory", "Total threshold criteria exceeded"]
CEJST += ["Total categories exceeded", "Identified as disadvantaged without considering neighbors"]
CEJST += ["Identified as disadvantaged", "Percentage of tract that is disadvantaged by area", "Total population"]
ACCIDENT = ["STATE", "STATENAME", "ST_CASE", "PEDS", "COUNTY", "COUNTYNAME", "CITY", "YEAR", "LATITUDE", "LONGITUD"]
ACCIDENT += ["FATALS"]
PERSON = ["STATE", "ST_CASE", "VEH_NO", "PER_NO", "PER_TYP", "INJ_SEV"]


def lodes(rows: Mapping[str, Sequence[int]]) -> bytes:
    return gzip.compress(wac(rows).encode())


def fars(crashes: Sequence[Mapping[str, Any]], persons: Sequence[Mapping[str, Any]], folder: str = "") -> bytes:
    return zip_of({f"{folder}accident.csv": csv(ACCIDENT, crashes), f"{folder}person.csv": csv(PERSON, persons)})


def tribal_lands() -> bytes:
    """Two real names, drawn as boxes: one that the window meets, one across the continent."""
    names = ["Monacan Indian Nation", "Navajo Nation Reservation"]
    shapes = [shapely.box(-78.45, 38.0, -78.3, 38.1), shapely.box(-110, 35, -109, 36)]
    told = {"AIANNHCE": ["2265", "2430"], "GEOID": ["2265", "2430R"], "NAMELSAD": names, "CLASSFP": ["D5", "D1"]}
    return zipped(gpd.GeoDataFrame(told, geometry=shapes, crs="EPSG:4269"), "tl_2024_us_aiannh")


def row(name: str, url: str, **options: Any) -> Service:
    """A row of the catalogue at another address, with other options where a test wants them."""
    found = catalogue.datasets()[name]
    return replace(found, urls=(url,), options={**found.options, **options})


def asks(service: Service, counties: Sequence[str] = COUNTIES, area: Area = AREA) -> list[Ask]:
    return downloads.dataset_asks({service.id: service}, counties, area)


def told(service: Service, records: Records, counties: Sequence[str] = COUNTIES, area: Area = AREA) -> Brought:
    """Everything that is asked of a table, or the first failure."""
    found = bring(asks(service, counties, area), records, tools(service))
    for failure in found.failures.values():
        raise failure
    return found


def layer(service: Service, records: Records, counties: Sequence[str] = COUNTIES, area: Area = AREA) -> Layer:
    """Fetched, recorded, read."""
    spec = told(service, records, counties, area).specs[f"data:{service.id}"]
    return read_dataset(spec, area)


def by_id(found: Layer) -> pd.DataFrame:
    return found.data.set_index("geoid")


def kept(records: Records) -> list[Path]:
    return [path for path in records.root.rglob("*") if path.is_file()]


REDLINING = "/panorama/redlining/static/mappinginequality.json"
GRADED = [
    (
        shapely.box(-78.50, 38.02, -78.49, 38.03),
        {"city": "Richmond", "state": "VA", "grade": "D", "category": "Hazardous"},
    ),
    (shapely.box(-78.49, 38.02, -78.48, 38.03), {"city": "Richmond", "state": "VA", "grade": "A ", "category": "Best"}),
    (shapely.box(-78.48, 38.02, -78.47, 38.03), {"city": "Richmond", "state": "VA", "grade": None, "category": None}),
    (shapely.box(-87.70, 41.80, -87.60, 41.90), {"city": "Chicago", "state": "IL", "grade": "C", "category": "x"}),
    (None, {"city": "Richmond", "state": "VA", "grade": "B", "category": "x"}),
]
