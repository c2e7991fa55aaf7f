"""A baseline made by hand: twelve block groups in four tracts, ten indicators, groups, absences, hostile names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from justgeo.core.layer import Provenance
from justgeo.core.result import Baseline, Comparison, Indicator, Record
from justgeo.core.zones import Zones
from justgeo.report import page, results, write
from justgeo.report.basemap import Basemap

CRS = "+proj=laea +lat_0=38 +lon_0=-78.5 +datum=WGS84 +units=m"
HOSTILE = """<img src=x onerror="window.hurt=1"></script><script>window.hurt=2</script>"""

ACS = Provenance(
    "acs:B25003@2024", "U.S. Census Bureau", "American Community Survey 5-year", "2020-2024", retrieved="2026-10-01",
    licence="Public domain", attribution="U.S. Census Bureau", url="https://www.census.gov/programs-surveys/acs",
    sha256="a" * 64,
)  # fmt: skip
OSM = Provenance(
    "walk", "OpenStreetMap", "Extract of the walking network", "2026-09-30", retrieved="2026-10-01", licence="ODbL 1.0",
    attribution="© OpenStreetMap contributors", url="https://www.openstreetmap.org/copyright", sha256="b" * 64,
)  # fmt: skip
PARKS = replace(OSM, layer="parks", dataset="Extract of parks", sha256="c" * 64)
BLOCKS = replace(
    ACS, layer="blocks", dataset="2020 Census, redistricting data", vintage="2020", sha256="d" * 64,
    notes=("Block populations carry noise added on purpose.",),
)  # fmt: skip


def indicator(id: str, title: str, category: str, unit: str, map: str = "tract", **more: Any) -> Indicator:
    given: dict[str, Any] = {
        "direction": "neutral", "field": "acs_share", "inputs": ("blocks",), "parameters": {}, "aggregate": "share",
        "weight": "households", "universe": "occupied housing units", "method": f"{title}, as published.",
        "caveat": "A five-year average.", "references": ("Understanding and Using ACS Data, chapter 8",),
        "plain": f"Of 100 households, how many: {title.lower()}.", "frequency": "yearly, each December",
    }  # fmt: skip
    return Indicator(id, title, category, unit, map=map, **(given | more))  # type: ignore[arg-type]


INDICATORS = (
    indicator("DEM-00.population", "People", "Demographics", "persons", plain="How many people live here."),
    indicator("DEM-01.black", "Black residents, not Hispanic", "Demographics", "share"),
    indicator("BEL-02", "Renters", "Belonging", "share", "block group"),
    indicator("BEL-03", "Households with high housing costs", "Belonging", "share"),
    indicator("OPP-01", "Median household income", "Opportunity", "USD", plain="Half of the households have less."),
    indicator("OPP-02", "People in poverty", "Opportunity", "share"),
    indicator("WEL-04.800", "People within a 10-minute walk of a park", "Wellbeing", "share", "block group"),
    indicator("WEL-05", "Park land per 1,000 people", "Wellbeing", "acres per 1,000 people", "none"),
    indicator("MOB-01.800", "People within 800 m of a transit stop", "Mobility", "share", "block group"),
    indicator("ENV-01", "Tree canopy", "Environment", "share", "block group"),
    indicator("ENV-03", "Paved and built-over land", "Environment", "share", "block group"),
)

GROUPS = {
    "race:hispanic": "Hispanic or Latino", "race:white": "White, not Hispanic", "race:black": "Black, not Hispanic",
    "race:asian": "Asian, not Hispanic", "income:low": "Lower income", "income:high": "Higher income",
}  # fmt: skip


@dataclass
class Made:
    """Records under construction."""

    records: list[Record] = field(default_factory=list)

    def add(self, zone: str, row: Indicator, value: float | None, moe: float | None, rel: str, **more: Any) -> None:
        given: dict[str, Any] = {
            "group": "all", "universe": row.universe, "reason": None, "layers": (ACS.layer, BLOCKS.layer),
        }  # fmt: skip
        if value is not None and row.unit == "share" and rel != "exact":
            given |= {"numerator": value * 2000, "numerator_moe": 80.0, "denominator": 2000.0, "denominator_moe": 110.0}
            given |= {"error": {"sampling": moe, "apportionment": 0.0, "noise": None}, "rule": "proportion"}
        self.records.append(
            Record(zone=zone, indicator=row.id, value=value, moe=moe, unit=row.unit, reliability=rel, **(given | more))
        )


def shapes() -> tuple[gpd.GeoSeries, gpd.GeoSeries]:
    """Block groups (four columns, three rows, shaken corners) and tracts (one a column)."""
    rng = np.random.default_rng(7)
    x, y = np.meshgrid(np.arange(5) * 620.0, np.arange(4) * 560.0)
    x, y = x + rng.uniform(-90, 90, x.shape), y + rng.uniform(-90, 90, y.shape)
    cells = [
        shapely.Polygon([(x[j, i], y[j, i]), (x[j, i + 1], y[j, i + 1]), (x[j + 1, i + 1], y[j + 1, i + 1]),
                         (x[j + 1, i], y[j + 1, i])])
        for i in range(4) for j in range(3)
    ]  # fmt: skip
    groups = gpd.GeoSeries(cells, crs=CRS)
    tracts = gpd.GeoSeries([shapely.union_all(cells[3 * i : 3 * i + 3]) for i in range(4)], crs=CRS)
    return groups, tracts


def zones(name: str) -> Zones:
    groups, tracts = shapes()
    district = shapely.union_all([*groups.iloc[3:6], groups.iloc[6], groups.iloc[7], groups.iloc[1]])
    district = district.union(shapely.Point(2000, 700).buffer(330))
    reference = shapely.union_all(list(tracts)).buffer(1200)
    ids = ["district", "reference", *(f"99001000{i + 1:03d}" for i in range(4))]
    ids += [f"99001000{i // 3 + 1:03d}{i % 3 + 1}" for i in range(12)]
    names = [name, "Nowhere County", *(f"Census Tract {i + 1}" for i in range(4))]
    names += [f"Block Group {i % 3 + 1}, Tract {i // 3 + 1}" for i in range(12)]
    roles: Any = ("district", "reference", *["area"] * 16)
    levels = ("", "county", *["tract"] * 4, *["block group"] * 12)
    geometry = gpd.GeoSeries([district, reference, *tracts, *groups], crs=CRS)
    return Zones(tuple(ids), tuple(names), roles, levels, geometry)


def basemap() -> Basemap:
    lines, kinds, names = [], [], []
    for k in range(-3, 14):
        kind = "primary" if k == 4 else "secondary" if k == 8 else "residential"
        lines += [shapely.LineString([(k * 205, -700), (k * 205 + 60, 2400)]),
                  shapely.LineString([(-800, k * 190), (3300, k * 190 - 80)])]  # fmt: skip
        kinds += [kind, kind if k != 8 else "residential"]
        names += [f"{k}th Street", "Old Ferry Road" if k == 4 else f"Avenue {k}"]
    lines.append(shapely.LineString([(-800, -300), (900, 500), (1700, 1900), (1800, 2400)]))
    kinds, names = [*kinds, "rail"], [*names, ""]
    streets = gpd.GeoDataFrame({"kind": kinds, "name": names}, geometry=lines, crs=CRS)
    parks = gpd.GeoDataFrame(
        {"name": ["Mill Pond Park", HOSTILE]},
        geometry=[shapely.box(700, 600, 1050, 980), shapely.Point(1700, 1350).buffer(120)],
        crs=CRS,
    )
    water = gpd.GeoDataFrame(
        {"name": ["Mill Creek"]},
        geometry=[shapely.LineString([(-900, 1500), (600, 1250), (1500, 300), (3400, 100)]).buffer(28)],
        crs=CRS,
    )
    at = [(300 + 380 * i, 740 + 40 * (i % 3)) for i in range(7)]
    stops = gpd.GeoDataFrame(
        {"name": [HOSTILE, *(f"Stop {i}" for i in range(6))]},
        geometry=gpd.points_from_xy(*zip(*at, strict=True)),
        crs=CRS,
    )
    named = {
        "Peñasco Elementary School": "school", "St. Mary's School": "school", f"School {HOSTILE}": "school",
        "Mill Pond Library": "library", "Harbor Clinic": "clinic", "Safe Harbor Shelter": "social_facility",
        "Welcome House for Immigrants": "community_centre", "Newcomer Shelter School": "school", "": "library",
    }  # fmt: skip
    places = gpd.GeoDataFrame(
        {"name": list(named), "kind": list(named.values())},
        geometry=[shapely.Point(260 + 190 * i, 420 + 130 * (i % 4)) for i in range(len(named))],
        crs=CRS,
    )
    return Basemap(*(one.to_crs(4326) for one in (streets, parks, water, stops, places)))


def versus(difference: float, verdict: str) -> Comparison:
    return Comparison("reference", difference, 0.031, 1.2, 2.9, 0.004, 0.01, verdict)


def baseline(*, synthetic: bool = False, name: str = "Mill Pond", slug: str = "mill-pond") -> Baseline:
    """The whole: suppressed, absent, open-ended, uncertain, exact and unknown numbers are all in it."""
    made = Made()
    rows = {row.id: row for row in INDICATORS}
    place = zones(name)
    areas = [z for z, r in zip(place.ids, place.roles, strict=True) if r == "area"]
    tracts, groups = areas[:4], areas[4:]
    rng = np.random.default_rng(3)
    _district(made, rows)
    for number, zone in enumerate(tracts):
        made.add(zone, rows["DEM-00.population"], 3100.0 + 470 * number, 290.0, "high")
        made.add(zone, rows["DEM-01.black"], 0.08 + 0.09 * number, 0.05, "medium")
        made.add(zone, rows["BEL-03"], 0.27 + 0.06 * number, 0.07, "medium")
        made.add(
            zone, rows["OPP-02"], 0.06 + 0.05 * number, 0.09 if number == 0 else 0.03, ("low", "medium")[number > 0]
        )
        if number == 3:
            made.add(zone, rows["OPP-01"], None, None, "absent", text="≥ $250,000", reason="median in the open bracket")
        else:
            made.add(zone, rows["OPP-01"], 41_200.0 + 17_800 * number, 5200.0 + 900 * number, "high")
    for number, zone in enumerate(groups):
        if number == 5:
            why = "withheld: 31 households in the sample's reach, fewer than 50"
            made.add(zone, rows["BEL-02"], None, None, "suppressed", reason=why, numerator=12.5, denominator=31.0)
        elif number != 11:
            low = number in (2, 8)
            made.add(zone, rows["BEL-02"], 0.2 + 0.055 * number, 0.31 if low else 0.08, "low" if low else "medium")
        made.add(
            zone, rows["WEL-04.800"], float(np.round(rng.uniform(0.3, 1), 3)), 0.0, "exact", layers=("parks", "walk")
        )
        made.add(zone, rows["MOB-01.800"], float(np.round(rng.uniform(0.1, 0.9), 3)), 0.0, "exact", layers=("walk",))
        why = "tree_canopy was not given"
        made.add(zone, rows["ENV-01"], None, None, "absent", reason=why, layers=())
    return Baseline(
        slug=slug,
        name=name,
        synthetic=synthetic,
        zones=place,
        zone_facts=tuple({"people": 4000.0 + i} for i in range(len(place))),
        indicators=INDICATORS,
        groups=GROUPS,
        layers=(OSM, ACS, PARKS, BLOCKS),
        absent_layers={"tree_canopy": "no canopy raster was given", "gtfs": "no timetable was given"},
        records=tuple(made.records),
        settings={"thresholds_m": (400, 800), "confidence": 0.9},
        notes=("Six per cent of the people live in areas that the boundary cuts.",),
    )


def _district(made: Made, rows: dict[str, Indicator]) -> None:
    d, r = "district", "reference"
    made.add(d, rows["DEM-00.population"], 7431.4, 402.0, "high", low=7290.0, high=7610.0)
    made.add(r, rows["DEM-00.population"], 90_210.0, 0.0, "exact")
    made.add(d, rows["DEM-01.black"], 0.213, 0.028, "medium", comparison=versus(0.061, "higher"))
    made.add(r, rows["DEM-01.black"], 0.152, 0.008, "high")
    made.add(d, rows["BEL-02"], 0.5347, 0.0402, "high", comparison=versus(0.0801, "higher"), low=0.52, high=0.551)
    made.add(r, rows["BEL-02"], 0.4546, 0.009, "high")
    made.add(d, rows["BEL-03"], 0.341, 0.036, "high", comparison=versus(0.012, "not distinguishable"))
    made.add(r, rows["BEL-03"], 0.329, 0.01, "high")
    made.add(d, rows["OPP-01"], 55_975.9, 4706.5, "high", comparison=versus(-8120.0, "lower"))
    made.add(r, rows["OPP-01"], 64_096.0, 1209.0, "high")
    made.add(d, rows["OPP-02"], 0.148, 0.113, "low", comparison=versus(0.02, "not distinguishable"))
    made.add(r, rows["OPP-02"], 0.128, 0.011, "high")
    layers = ("parks", "walk", "blocks")
    made.add(d, rows["WEL-04.800"], 0.724, 0.0, "exact", layers=layers, comparison=versus(0.11, "higher"))
    made.add(r, rows["WEL-04.800"], 0.614, 0.0, "exact", layers=layers)
    made.add(d, rows["WEL-05"], 6.82, None, "unknown", layers=layers, reason="the margin of the people is not known")
    made.add(d, rows["MOB-01.800"], 0.881, 0.0, "exact", layers=("walk",))
    made.add(r, rows["MOB-01.800"], None, None, "absent", reason="the streets do not reach so far", layers=())
    for zone in (d, r):
        made.add(zone, rows["ENV-01"], None, None, "absent", reason="no canopy raster was given", layers=())
    for i, group in enumerate(GROUPS):
        if group == "race:asian":
            made.add(
                d, rows["BEL-02"], None, None, "suppressed", group=group, reason="withheld: fewer than 50 households"
            )
            continue
        rel = "low" if group == "race:hispanic" else "medium"
        moe = 0.29 if rel == "low" else 0.06
        made.add(
            d, rows["BEL-02"], 0.4 + 0.07 * i, moe, rel, group=group, comparison=versus(0.03, "not distinguishable")
        )
        made.add(r, rows["BEL-02"], 0.42 + 0.04 * i, 0.02, "high", group=group)
        made.add(d, rows["WEL-04.800"], 0.6 + 0.05 * i, 0.0, "exact", group=group, layers=layers)


@dataclass(frozen=True)
class Item:
    id: str
    kind: str
    title: str
    status: str
    reason: str = ""
    phase: str | None = None
    evidence: tuple[str, ...] = ()
    question: str | None = None
    answer: str | None = None
    source: str = "Get to Know the Community"
    note: str = "wording verified"


@dataclass(frozen=True)
class Items:
    items: tuple[Item, ...]


def checklist() -> Items:
    ask = "Which of these numbers do not match what you see on your street?"
    return Items((
        Item("B01", "baseline", "Population by race", "measured", evidence=("DEM-01.black",)),
        Item("B04", "baseline", "Median household income", "measured", evidence=("OPP-01",)),
        Item("B05", "baseline", "Percent in poverty", "partly", "the margin is too wide", evidence=("OPP-02",)),
        Item("B09", "baseline", "Redlining grade", "not measured", "no such layer was given"),
        Item("B12", "baseline", "Cost-burdened households by race", "partly", "not by race", evidence=("BEL-03",)),
        Item("B15", "baseline", "Health vulnerabilities", "for the community", "the section could not be read",
             question="What makes people ill here?", answer="The bus depot, said eleven of fourteen."),
        Item("P1", "pillar", "Racial Equity", "partly", "some groups are too few", evidence=("BEL-02",)),
        Item("P2", "pillar", "Climate Resilience", "not measured", "canopy and heat are missing"),
        *(Item(c[:3].upper(), "category", c, "partly", "some indicators are missing")
          for c in ("Belonging", "Opportunity", "Wellbeing", "Mobility", "Environment")),
        Item("O01", "outcome", "Parks and open space", "measured", evidence=("WEL-04.800", "WEL-05")),
        Item("O02", "outcome", "Energy", "not measured", "no open data at this scale"),
        Item("A01", "action", "Preliminary Scoping", "for the community", phase="Groundwork", question=ask),
        Item("A02", "action", "Get to Know the Community", "partly", phase="Groundwork", evidence=("BEL-02", "OPP-01")),
        Item("A09", "action", "Set Targets", "for the community", phase="Roadmap", question="What comes first?"),
        Item("A05", "action", "Name not publicly readable", "not measured", "not public", phase="Governance",
             note="unknown"),
        Item("C00", "commitment", "17 Commitments and 22 objectives", "not measured",
             "their names are not publicly readable; give the Protocol's own list in a file", note="unknown"),
    ))  # fmt: skip


def write_page(path: Path, whole: Baseline) -> Path:
    """The page of a baseline, with the checklist and the streets of here."""
    page.write(path, results.to_dict(whole), checklist(), results.zones_frame(whole.zones), basemap())
    return path


def write_folder(folder: Path, whole: Baseline) -> Path:
    """All outputs of a baseline, likewise."""
    write.write_all(folder, results.to_dict(whole), checklist(), results.zones_frame(whole.zones), basemap())
    return folder
