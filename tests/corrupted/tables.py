"""Corruptions of crosswalks, of downloaded tables and of a planner's own."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.corrupted.harness import Ground, Guard, Trial, off
from tests.faults.case import Case

Change = Callable[[pd.DataFrame], pd.DataFrame]

GROUP = "Planted: downloaded tables"
AREAS = ("counties", "tracts", "block_groups", "blocks")
FLAGGED = "flagged as odd, in every number that stands on the table"
UNKNOWN = "no tract of it is known here: nothing could be computed"


def text_of(path: Path) -> str:
    """The table in a file, packed or not."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0]).decode("utf-8")
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def edit(ground: Ground, layer: str, change: Change) -> None:
    """Change the rows of a table; every cell is text."""
    path = ground.file(layer)
    text = text_of(path)
    if path.suffix == ".json":
        frame = change(pd.DataFrame(json.loads(text)))
        path.write_text(json.dumps(frame.to_dict("records")), encoding="utf-8")
        return
    sep = "|" if path.suffix == ".txt" else ","
    made = change(pd.read_csv(io.StringIO(text), sep=sep, dtype=str, keep_default_na=False))
    content = made.to_csv(index=False, sep=sep, lineterminator="\n").encode("utf-8")
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            member = archive.namelist()[0]
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, content)
        return
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def put(cell: str, text: str) -> Change:
    return lambda frame: frame.assign(**{cell: text})


def scaled(factor: float, *cells: str) -> Change:
    """Some columns times a factor."""
    return lambda frame: frame.assign(**{c: (pd.to_numeric(frame[c]) * factor).map("{:g}".format) for c in cells})


def recoded(cell: str, old: str, new: str) -> Change:
    return lambda frame: frame.assign(**{cell: frame[cell].str.replace(old, new, n=1, regex=False)})


def exchanged(*pairs: tuple[str, str]) -> Change:
    return lambda frame: frame.assign(**{to: frame[old] for one, two in pairs for to, old in ((one, two), (two, one))})


def moved(first: str, last: str) -> Change:
    """The columns from one to another stand one further, the last in the first's place."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        names = list(frame.columns)
        names = names[names.index(first) : names.index(last) + 1]
        return frame.assign(**{to: frame[old] for to, old in zip(names, [names[-1], *names[:-1]], strict=True)})

    return change


YES = "Identified as disadvantaged"


def older(frame: pd.DataFrame) -> pd.DataFrame:
    """Tracts have the numbers of another census: those that were divided since have other ones."""
    return frame.assign(geoid=frame["geoid"].str.replace(r"00$", "03", regex=True))


def half(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[: len(frame) // 2]


def trial(
    table: str, name: str, what: str, holds: str, by: str, change: Change, row: str, *, more: tuple[str, ...] = (),
    tables: tuple[str, ...] = (), **expected: Any,
) -> Trial:  # fmt: skip
    """A change to a downloaded table."""
    layer = f"data:{table}"
    case = Case(f"tables/{table}/{name}", GROUP, what, holds, by)
    layers = (*AREAS, layer, *more, *(("acs",) if tables else ()))
    return Trial(case, lambda g: edit(g, layer, change), (row,), layers, tables, **expected)


def flags(rule: str) -> str:
    return f"measure.sanity_tables, {rule}: flags"


COLUMNS = "sources._dataset_columns: refuses"
RANGE: Mapping[str, Guard] = {"justgeo.sources._dataset_columns._check_range": off}
LIMITS: Mapping[str, Guard] = {"justgeo.sources._dataset_columns._check_interval": off}
COUNTIES: Mapping[str, Guard] = {"justgeo.sources._dataset_areas._check_counties": off}
MISSING = "sources._dataset_columns: absent"
NO_COUNTY = "sources._dataset_areas: refuses"
DOWNLOADS = (
    trial("lodes_wac", "shifted", "Every column stands one further", FLAGGED, flags("jobs-and-kinds"),
          moved("C000", "CNS20"), "OPP-08", odd="jobs-and-kinds"),
    trial("lodes_wac", "half", "The second half of the rows is missing", FLAGGED, flags("tracts-without-jobs"), half,
          "OPP-08", odd="tracts-without-jobs"),
    trial("lodes_wac", "another-state", "Jobs of another state under the right name", "refused, with the county",
          NO_COUNTY, recoded("w_geocode", "99", "98"), "OPP-08", refused=("no row of 99001",), guards=COUNTIES),
    trial("lodes_wac", "homes-for-work", "Where workers live stands for where they work", "refused, with the column",
          "sources._frames: refuses", lambda f: f.rename(columns={"w_geocode": "h_geocode"}), "OPP-08",
          refused=("w_geocode",), unmoved="the column of the areas has another name: nothing is read"),
    trial("lodes_rac", "segment", "Workers up to 29 years alone (SA01)", FLAGGED, flags("workers-and-survey"),
          lambda f: f.assign(**{c: (pd.to_numeric(f[c]) // 4).astype(str) for c in f.columns[1:]}), "OPP-10",
          tables=("B23025",), more=(), odd="workers-and-survey"),
    trial("lodes_rac", "doubled", "Every row is there twice", "refused, with a block", "sources._frames: refuses",
          lambda f: pd.concat([f, f]), "OPP-10", refused=("come more than once",),
          unmoved="a table with two rows of an area has no number of it"),
    trial("lodes_rac", "negative", "Counts that are not known are given as -1", "refused, with the cell", COLUMNS,
          lambda f: f.assign(CE01=np.where(f.index % 3 == 0, "-1", f["CE01"])), "OPP-10",
          refused=("jobs_to_1250 is a count",), guards=RANGE),
    trial("chas", "shifted", "Every column stands one further", FLAGGED, flags("households-by-tenure"),
          moved("T9_est1", "T9_moe73"), "BEL-19", odd="households-by-tenure"),
    trial("chas", "tracts-of-2010", "Tracts of the census of 2010 under the name of 2020", FLAGGED,
          flags("rows-of-tables"), older, "BEL-19", odd="rows-of-tables"),
    trial("eviction_lab", "not-known", "Filings that are not known are given as -1", "refused, with the cell", COLUMNS,
          lambda f: f.assign(filings=np.where(f.index % 7 == 0, "-1", f["filings"])), "BEL-15",
          more=("tracts_2010", "block_groups_2010", "crosswalk_99"), refused=("filings is a count",), guards=RANGE),
    trial("eviction_lab", "renters-for-filings", "Rates stand in the column of filings", FLAGGED,
          flags("filings-and-households"), exchanged(("filings", "filing_rate")), "BEL-15",
          more=("tracts_2010",), odd="filings-and-households"),
    trial("places", "limits", "Numbers and their upper limits are exchanged", "refused, with the cell", COLUMNS,
          exchanged(("data_value", "high_confidence_limit")), "WEL-08.asthma",
          refused=("lies outside its own limits",), guards=LIMITS),
    trial("places", "fractions", "Fractions stand where percents should", FLAGGED, flags("ranges-of-tables"),
          scaled(0.01, "data_value", "low_confidence_limit", "high_confidence_limit"), "WEL-08.asthma",
          odd="ranges-of-tables"),
    trial("places", "another-county", "Rows of another county", "absent, with the county",
          "sources._dataset_areas: absent", recoded("locationname", "99001", "99003"), "WEL-08.asthma",
          absent=("nothing of 99001",)),
    trial("svi", "not-published", "-999, for nothing published, in every tract", "absent, with its reason",
          MISSING, put("RPL_THEMES", "-999"), "WEL-10", absent=("-999",)),
    trial("svi", "percentiles", "Ranks from 0 to 100 for those from 0 to 1", "refused, with the cell",
          COLUMNS, scaled(100.0, "RPL_THEMES"), "WEL-10", refused=("rank",), guards=RANGE),
    trial("usaleep", "errors-for-years", "Standard errors stand where years of life should", FLAGGED,
          flags("ranges-of-tables"), exchanged(("e(0)", "se(e(0))")), "WEL-12", more=("tracts_2010",),
          odd="ranges-of-tables"),
    trial("smart_location", "none-there", "-99999, which says that there is none, in every rank",
          "absent, with its reason", MISSING, put("NatWalkInd", "-99999"), "WEL-13",
          more=("block_groups_2010",), absent=("-99999",)),
    trial("smart_location", "percents", "Percentiles of the nation for ranks from 1 to 20", FLAGGED,
          flags("ranges-of-tables"), scaled(5.0, "NatWalkInd"), "WEL-13", more=("block_groups_2010",),
          odd="ranges-of-tables"),
    trial("ejscreen", "ozone-for-dust", "Ozone stands in the column of fine dust", FLAGGED, flags("ranges-of-tables"),
          exchanged(("PM25", "OZONE")), "WEL-09.pm25", odd="ranges-of-tables"),
    trial("cejst", "codes", "Yes and no are given as 1 and 2", "refused, with the cell", COLUMNS,
          lambda f: f.assign(**{YES: np.where(f[YES] == "True", "1", "2")}), "BEL-18", more=("tracts_2010",),
          refused=("neither yes nor no",), unmoved="a cell that is neither is no number"),
)  # fmt: skip


def crosswalk(name: str, what: str, words: tuple[str, ...], change: Change, unmoved: str = "") -> Trial:
    """A change to the relationship of blocks of 2010 and 2020."""
    case = Case(
        f"crosswalk/{name}", "Planted: crosswalks", what, "refused, with a block", "sources.relationship: refuses"
    )
    layers = ("counties", "tracts", "block_groups", "blocks", "tracts_2010", "block_groups_2010", "crosswalk_99")
    guards = {} if unmoved else {"justgeo.sources.relationship._check_lost": off}
    return Trial(
        case, lambda g: edit(g, "crosswalk_99", change), ("BEL-02.change",), (*layers, "acs", "acs_t0"), ("B25003",),
        refused=words, guards=guards, unmoved=unmoved,
    )  # fmt: skip


LOST = "without its ground a block cannot be divided: nothing could be computed"
OLD, NEW = ("STATE", "COUNTY", "TRACT", "BLK"), ("_2010", "_2020")
CROSSWALKS = (
    crosswalk("weights", "The parts of each block come to a half of it", ("do not make up the whole",),
              lambda f: f.assign(AREALAND_INT=pd.to_numeric(f["AREALAND_INT"]) // 2)),
    crosswalk("lost-rows", "A third of the rows is missing", ("do not make up the whole",),
              lambda f: f[f.index % 3 > 0], LOST),
    crosswalk("reversed", "Blocks of 2020 stand where those of 2010 should", ("have no counts",),
              exchanged(*((f"{one}_2010", f"{one}_2020") for one in OLD)), LOST),
    crosswalk("another-state", "The file of another state", ("have no counts in", "9800100"),
              lambda f: f.assign(STATE_2010="98", STATE_2020="98"), LOST),
    crosswalk("doubled", "Every row is there twice", ("repeat a pair of blocks",), lambda f: pd.concat([f, f]),
              "shares of a block are brought to one"),
)  # fmt: skip


def own(values: str, column: str, folder: Path) -> str:
    """A planner's own table of renters in percent of homes, as text of ``district.toml``."""
    (folder / "own.csv").write_text(values, encoding="utf-8")
    return (
        '[[tables]]\npath = "own.csv"\ngeoid = "GEOID"\ngeography = "tract"\ngeography_vintage = 2020\n'
        f'[[tables.columns]]\nindicator = "BEL-02"\n{column}'
    )


PERCENT = (
    'estimate = "renters"\nmargin = "moe"\nkind = "percent"\ndenominator = "homes"\ndenominator_margin = "homes_moe"\n'
)


def rows(ground: Ground, percent: float = 1.0, margin: float = 1.0) -> str:
    """Renters in percent of homes, with margins, from the survey's tracts; each times a factor."""
    frame = pd.read_csv(ground.source / "acs2024" / "acsdt5y2024-b25003.dat", sep="|")
    frame = frame[frame["GEO_ID"].str.startswith("140") & (frame["B25003_E001"] > 0)]
    share = 100 * frame["B25003_E003"] / frame["B25003_E001"]
    wide = 100 * frame["B25003_M003"] / frame["B25003_E001"]
    made = pd.DataFrame(
        {
            "GEOID": frame["GEO_ID"].str[9:],
            "renters": (share * percent).round(4),
            "moe": (wide * margin).round(4),
            "homes": frame["B25003_E001"],
            "homes_moe": frame["B25003_M001"] * min(margin, 1.0),
        }
    )
    return made.to_csv(index=False)


def whole(ground: Ground) -> None:
    ground.text = own(rows(ground), PERCENT, ground.folder)


def table(
    name: str, what: str, holds: str, by: str, change: Callable[[Ground], str], column: str = PERCENT, **expected: Any
) -> Trial:
    """A change to the planner's own table."""

    def plant(ground: Ground) -> None:
        ground.text = own(change(ground), column, ground.folder)

    case = Case(f"own-table/{name}", "Planted: a planner's own tables", what, holds, by)
    return Trial(case, plant, ("BEL-02",), ("counties", "tracts", "blocks"), setup=whole, **expected)


MARGINS: Mapping[str, Guard] = {"justgeo.sources.tables._check_margins": off}
OWN_READER = "sources.tables: refuses"
OWN = (
    table("fractions", "Shares from 0 to 1 are declared percents", "refused, with the largest", OWN_READER,
          lambda g: rows(g, percent=0.01), refused=("it looks like a fraction",),
          guards={"justgeo.sources.tables._percents": lambda value, *_: value}),
    table("percents", "Percents are declared shares from 0 to 1", "refused, with a value", OWN_READER,
          lambda g: rows(g), 'estimate = "homes"\nmargin = "moe"\nkind = "percent"\n'
          'denominator = "homes"\n', refused=("lie outside 0 to 100",),
          unmoved="a share above 1 would come of it, which is refused later"),
    table("fractions-for-margins", "Margins are fractions beside percents", "refused, with a margin", OWN_READER,
          lambda g: rows(g, margin=0.01), refused=("smaller than a sample can have",), guards=MARGINS),
    table("halved-margins", "Margins are halved", FLAGGED, "measure.sanity_margins, margins-of-own-tables: flags",
          lambda g: rows(g, margin=0.5), odd="margins-of-own-tables"),
    table("standard-errors", "Standard errors for margins", FLAGGED,
          "measure.sanity_margins, margins-of-own-tables: flags", lambda g: rows(g, margin=1 / 1.645),
          odd="margins-of-own-tables"),
    table("percents-for-margins", "Another percent is declared the margin", "refused, with a margin", OWN_READER,
          lambda g: rows(g, margin=20.0), refused=("that is no margin of a percent",), guards=MARGINS),
)  # fmt: skip

TRIALS: tuple[Trial, ...] = (*DOWNLOADS, *CROSSWALKS, *OWN)
CASES: tuple[Case, ...] = tuple(one.case for one in TRIALS)

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    ("Jobs at workplaces are those of private employers alone, under the name of all jobs",
     "how many jobs a place has is known from nowhere else; jobs of residents are held against the survey"),
    ("HUD's table is of an earlier release, on the same tracts",
     "households change by a few percent from one to the next; its years stand beside each number"),
    ("A modeled figure of health is off by some points, within its own limits",
     "it is an estimate that only a survey of the place could contradict"),
    ("A price index of another year's edition", "it is pinned in the catalogue and not read from a planner's files"),
)  # fmt: skip
