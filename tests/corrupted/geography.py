"""Corruptions of blocks, of outlines and of the boundary: people who are put elsewhere, or nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from tests.corrupted.harness import Ground, Guard, Trial, off
from tests.faults.case import Case

Change = Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]

GROUP = "Planted: blocks, outlines, boundary"
BLACK, RENT = "DEM-01.black", "BEL-02"
LAYERS = ("counties", "tracts", "block_groups", "blocks", "acs")
RACES = ("B03002",)
NESTING: Mapping[str, Guard] = {"justgeo.measure.nesting._check_nesting": off}
SOMEBODY: Mapping[str, Guard] = {"justgeo.sources.files._check_somebody": off}
FLAGGED = "flagged as odd, in every number that stands on the layer"
EDGE = "990010029002"
"""A block group half of which lies in the district, and is 4 % of it."""
KM = 1 / 111.2
"""Of a degree of latitude."""


def redraw(ground: Ground, layer: str, change: Change, crs: str | None = None, wrote: str = "") -> None:
    """Change the features of a layer; ``crs`` is what they are brought to, ``wrote`` what the file then says."""
    told = ground.told[layer]
    frame = change(gpd.read_file(told["path"]))
    if crs:
        frame = frame.to_crs(crs)
    if wrote:
        frame = frame.set_crs(wrote, allow_override=True)
    path = ground.folder / f"{Path(told['path']).stem}.gpkg"
    frame.to_file(path)
    told.pop("join", None)  # races, of which nothing is asked here
    told["path"] = str(path)


def trial(
    name: str,
    what: str,
    holds: str,
    by: str,
    layer: str,
    change: Change,
    *,
    row: str = BLACK,
    tables: tuple[str, ...] = RACES,
    layers: tuple[str, ...] = LAYERS,
    crs: str | None = None,
    wrote: str = "",
    **expected: Any,
) -> Trial:
    """A change to the features of one layer."""
    case = Case(f"geography/{name}", GROUP, what, holds, by)
    return Trial(case, lambda g: redraw(g, layer, change, crs, wrote), (row,), layers, tables, **expected)


def same(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame


def shifted(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One kilometre north."""
    return frame.set_geometry(frame.geometry.translate(yoff=KM))


def swapped(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Latitude where longitude stands."""
    return frame.set_geometry(shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1]))


def but(*columns: tuple[str, str]) -> Change:
    """Some columns take the values of others."""
    return lambda frame: frame.assign(**{to: frame[old] for to, old in columns})


def some(frame: gpd.GeoDataFrame, column: str, value: float, every: int) -> gpd.GeoDataFrame:
    """One value in all rows but each so-many-th."""
    keep = pd.Series(range(len(frame)), index=frame.index) % every == 0
    return frame.assign(**{column: frame[column].where(keep, value)})


def renumbered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """All blocks a second time under other numbers of their block group."""
    again = frame.assign(GEOID20=frame["GEOID20"].str[:12] + (frame["GEOID20"].str[12:].astype(int) + 500).astype(str))
    return gpd.GeoDataFrame(pd.concat([frame, again], ignore_index=True), crs=frame.crs)


def other_tracts(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Each block has the number of one further on, as where those of two censuses are taken for one."""
    ids = frame["GEOID20"].tolist()
    return frame.assign(GEOID20=[*ids[200:], *ids[:200]])


LAND, PEOPLE, TRACT_PEOPLE = "land-and-outline", "blocks-and-county-people", "people-of-tracts"
ROWS, FILLED = "rows-and-outlines", "blocks-fill-areas"
BY_PEOPLE, BY_LAND = f"quality_sums, {PEOPLE}: flags", f"quality_layers, {LAND}: flags"
BY_ROWS, BY_FILLED = f"measure.sanity_areas, {ROWS}: flags", f"measure.sanity_areas, {FILLED}: flags"
BY_FILES, BY_COVER = "sources.files: refuses", "sources._covering: refuses"
NESTED = "measure.nesting: refuses"
NO_GROUND = "it has no ground in common with the district: nothing could be computed"

BLOCKS = (
    trial("blocks-moved", "Blocks lie a kilometre north of where they are", "refused, with a block", NESTED, "blocks",
          shifted, refused=("lie in another",), guards=NESTING),
    trial("blocks-of-another-census", "Blocks have numbers of another census, which name other ground", "refused",
          NESTED, "blocks", other_tracts, refused=("not of one census",), guards=NESTING),
    trial("blocks-doubled", "Every block is there twice", "refused, with a block", "sources._frames: refuses", "blocks",
          lambda f: gpd.GeoDataFrame(pd.concat([f, f], ignore_index=True), crs=f.crs), refused=("come more than once",),
          unmoved="weights are shares of a unit, and twice all of it divides it as before"),
    trial("blocks-doubled-renumbered", "Every block is there twice, the second time under another number", FLAGGED,
          BY_PEOPLE, "blocks", renumbered, odd=PEOPLE,
          unmoved="weights are shares of a unit, and twice all of it divides it as before"),
    trial("blocks-without-people", "The column of people is 0 in every block", "refused", BY_FILES, "blocks",
          lambda f: f.assign(POP20=0), refused=("population is 0 in all",), guards=SOMEBODY),
    trial("blocks-without-homes", "The column of homes is 0 in every block", "absent, with its reason",
          "measure.column: absent", "blocks", lambda f: f.assign(HOUSING20=0), row=RENT, tables=("B25003",),
          absent=("no row for", "of the homes here")),
    trial("blocks-missing-counts", "Counts that are missing were filled with 0, in two blocks of three", FLAGGED,
          f"measure.sanity_areas, {TRACT_PEOPLE}: flags", "blocks", lambda f: some(f, "POP20", 0, 3),
          odd=TRACT_PEOPLE),
    trial("blocks-empty-counts", "Counts are missing in two blocks of three", "refused, with a block", BY_FILES,
          "blocks", lambda f: some(f, "POP20", float("nan"), 3), refused=("population is missing or negative",),
          guards={"justgeo.sources.files._check_people": off}),
    trial("people-and-homes-exchanged", "The columns of people and homes are exchanged", FLAGGED, BY_PEOPLE, "blocks",
          but(("POP20", "HOUSING20"), ("HOUSING20", "POP20")), odd=PEOPLE),
    trial("people-in-thousands", "The column of people is in thousands", FLAGGED, BY_PEOPLE, "blocks",
          lambda f: f.assign(POP20=(f["POP20"] / 1000).round()), odd=PEOPLE),
    trial("water-for-land", "The column of water stands for that of land", FLAGGED,
          "measure.sanity_areas, people-on-water: flags", "blocks", but(("ALAND20", "AWATER20")),
          odd="people-on-water"),
    trial("land-in-feet", "Land is in square feet", FLAGGED, BY_LAND, "blocks",
          lambda f: f.assign(ALAND20=f["ALAND20"] * 10.7639), odd=LAND,
          unmoved="all blocks alike: the shares of a unit by land stay"),
    trial("blocks-of-some-tracts", "Blocks of seven tracts of the county are missing, none of them in the district",
          FLAGGED, BY_FILLED, "blocks", lambda f: f[f["GEOID20"].str[5:11] < "003100"], odd=FILLED,
          unmoved="the district's own blocks are there; the wider area is then divided by area"),
    trial("blocks-of-the-district", "Blocks of most of the district are missing", "refused, with the share covered",
          BY_COVER, "blocks", lambda f: f[f["GEOID20"].str[5:11] >= "001500"], refused=("of the district",),
          unmoved="a district without its blocks is divided by area, as the page then says"),
    trial("lost-blocks", "Blocks of one block group at the boundary are missing", FLAGGED, BY_FILLED, "blocks",
          lambda f: f[~f["GEOID20"].str.startswith(EDGE)], odd=FILLED),
)  # fmt: skip

OUTLINES = (
    trial("tract-not-drawn", "The outline of one tract at the boundary is missing", FLAGGED, BY_ROWS, "tracts",
          lambda f: f[f["GEOID"] != "99001003000"], odd=ROWS,
          unmoved="its block groups stand in; the tract itself is then not reported, as if it were not there"),
    trial("block-group-not-drawn", "The outline of one block group at the boundary is missing", FLAGGED, BY_ROWS,
          "block_groups", lambda f: f[f["GEOID"] != "990010017012"], odd=ROWS),
    trial("tracts-of-2010", "Outlines of the tracts of 2010 under the name of those of 2020", "refused", NESTED,
          "tracts", lambda f: older(f), layers=("counties", "tracts", "blocks", "acs"), row=RENT, tables=("B25003",),
          refused=("not of one census",), unmoved="the blocks say by their numbers which tract they are of"),
    trial("zeros-lost", "The first digit of each tract's number was lost", "refused, with a number",
          "sources._frames: refuses", "tracts", lambda f: f.assign(GEOID=f["GEOID"].str[1:]),
          refused=("are not those of a tract",), unmoved="no number of the survey fits: nothing could be computed"),
    trial("outlines-of-another-county", "Outlines are called those of another county", "refused",
          "collecting: refuses", "tracts", lambda f: f.assign(GEOID="99003" + f["GEOID"].str[5:]),
          refused=("nothing of 99001",),
          unmoved="no number of the survey fits: nothing could be computed"),
    trial("axes-swapped", "Latitude stands where longitude should", "refused, with the share covered", BY_COVER,
          "tracts", swapped, refused=("covers 0.0% of the district",), unmoved=NO_GROUND),
    trial("metres-for-degrees", "Web Mercator, called degrees", "refused, with a coordinate", "sources._geo: refuses",
          "tracts", same, crs="EPSG:3857", wrote="EPSG:4326", refused=("is in degrees, but the coordinates run to",),
          unmoved=NO_GROUND),
    trial("feet-for-metres", "Feet (EPSG:2263), called meters (EPSG:32118)", "refused, with the share covered",
          BY_COVER, "tracts", same, crs="EPSG:2263", wrote="EPSG:32118", refused=("covers 0.0% of the district",),
          unmoved=NO_GROUND),
    trial("metres-for-feet", "Meters (EPSG:32118), called feet (EPSG:2263)", "refused, with the share covered",
          BY_COVER, "block_groups", same, crs="EPSG:32118", wrote="EPSG:2263",
          refused=("covers 0.0% of the district",), unmoved=NO_GROUND),
    trial("another-zone", "Coordinates of the UTM zone beside its own", "refused, with the share covered", BY_COVER,
          "blocks", same, crs="EPSG:32619", wrote="EPSG:32618", refused=("covers 0.0% of the district",),
          unmoved=NO_GROUND),
)  # fmt: skip


def older(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Each tract has the outline of the one before it, as where two censuses number them otherwise."""
    shapes = frame.geometry.tolist()
    return frame.set_geometry(gpd.GeoSeries([shapes[-1], *shapes[:-1]], crs=frame.crs))


def bounded(
    name: str, what: str, by: str, change: Change, words: tuple[str, ...], crs: str | None = None, wrote: str = ""
) -> Trial:
    """A boundary that cannot be this place's."""

    def plant(ground: Ground) -> None:
        frame = change(gpd.read_file(ground.district["boundary"]))
        frame = frame.to_crs(crs) if crs else frame
        frame = frame.set_crs(wrote, allow_override=True) if wrote else frame
        frame.to_file(ground.folder / "line.gpkg")
        ground.district["boundary"] = "line.gpkg"

    case = Case(f"boundary/{name}", GROUP, what, "refused, with where it lies", by)
    return Trial(case, plant, (BLACK,), LAYERS, RACES, refused=words, unmoved=NO_GROUND)


def county_lacking(ground: Ground) -> None:
    ground.more["reference"] = {"name": "Two counties", "geoids": ["99001", "99003"]}


def of_two(ground: Ground) -> None:
    """Tracts and block groups of a county beside, without its tracts."""
    for layer in ("counties", "block_groups"):
        redraw(ground, layer, beside)


def two_counties(ground: Ground) -> None:
    of_two(ground)
    county_lacking(ground)


def beside(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The county once more, to the east, under another number."""
    again = frame.assign(GEOID="99003" + frame["GEOID"].str[5:], geometry=frame.geometry.translate(xoff=0.152))
    return gpd.GeoDataFrame(pd.concat([frame, again], ignore_index=True), crs=frame.crs)


DISTRICT = "core.district: refuses"
BOUNDARY = (
    bounded("axes-swapped", "Latitude stands where longitude should", DISTRICT, swapped,
            ("outside the United States",)),
    bounded("another-county", "The boundary lies in another county", BY_COVER,
            lambda f: f.set_geometry(f.geometry.translate(xoff=-5.0)), ("of the district",)),
    bounded("feet-for-metres", "Feet (EPSG:2263), called meters (EPSG:32118)", DISTRICT, same,
            ("boundary",), "EPSG:2263", "EPSG:32118"),
    bounded("metres-for-degrees", "Web Mercator, called degrees", DISTRICT, same, ("boundary",), "EPSG:3857",
            "EPSG:4326"),
    Trial(Case("reference/county-not-at-hand", GROUP, "The wider area is of two counties, and files of one are at hand",
               "refused, with the county", "zoning.find_reference: refuses"),
          county_lacking, (BLACK,), LAYERS, RACES, refused=("99003",),
          unmoved="the outline of the second county is nowhere: nothing could be computed of both"),
    Trial(Case("reference/tracts-of-one-county", GROUP,
               "The wider area is of two counties, and tracts of one of them are missing", "refused, with the county",
               "collecting: refuses"),
          two_counties, (BLACK,), (*LAYERS[:3], "acs"), RACES, zone="reference",
          refused=("nothing of 99003",), guards={"justgeo.collecting._check_reference": off}),
)  # fmt: skip

TRIALS: tuple[Trial, ...] = (*BLOCKS, *OUTLINES, *BOUNDARY)
CASES: tuple[Case, ...] = tuple(one.case for one in TRIALS)

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    ("All outlines, blocks and the boundary are moved alike by some hundred meters",
     "they fit one another as before; the map of the page shows them beside the streets"),
    ("Outlines are called NAD83 and are NAD27, or the other way round",
     "they move by some tens of meters, less than generalized outlines differ from exact ones"),
    ("The boundary is drawn along the wrong street",
     "only who lives there knows where the neighborhood ends; the district's numbers may be told for moved lines"),
    ("People of two blocks beside one another are exchanged",
     "their tract has as many as before, and the Bureau itself puts noise on the counts of blocks"),
)  # fmt: skip
