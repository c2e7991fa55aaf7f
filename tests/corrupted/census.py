"""Corruptions of census tables and of their margins: each would change a number without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from tests.corrupted.harness import Ground, Guard, Trial, off
from tests.faults.case import Case

Change = Callable[[pd.DataFrame], pd.DataFrame]

GROUP = "Planted: census tables"
AREAS = ("counties", "tracts", "block_groups", "acs")
RENT, PEOPLE, BLACK, INCOME = "BEL-02", "DEM-00.population", "DEM-01.black", "OPP-01"
TENURE, INCOMES = ("B25003",), ("B19001", "B19013")
CELLS: Mapping[str, Guard] = {"justgeo.sources.census.check_counts": off}
COUNTS = "sources._census_cells.check_counts: refuses"


def edit(ground: Ground, change: Change, *tables: str) -> None:
    """Change the rows of some tables; every cell is text, as in the Bureau's file."""
    for table in tables:
        path = ground.table(table)
        frame = pd.read_csv(path, sep="|", dtype=str, keep_default_na=False)
        change(frame).to_csv(path, sep="|", index=False, lineterminator="\n")


def of(frame: pd.DataFrame, *levels: str) -> pd.Series[bool]:
    """Rows of summary levels: ``140`` tracts, ``150`` block groups, ``050`` the county; of all where none is named."""
    return frame["GEO_ID"].str.startswith(levels or ("",))


def columns(frame: pd.DataFrame, kind: str) -> list[str]:
    """Columns of estimates (``E``) or of margins (``M``)."""
    return [str(column) for column in frame if f"_{kind}" in str(column)]


def put(cell: str, text: str, *levels: str) -> Change:
    """A text in every row of a column, or in those of some levels."""
    return lambda frame: frame.assign(**{cell: frame[cell].mask(of(frame, *levels), text)})


def both(first: Change, second: Change) -> Change:
    """One change and then another."""
    return lambda frame: second(first(frame))


def scaled(kind: str, factor: float, *levels: str, digits: int = 0) -> Change:
    """All numbers of a kind times a factor, but for sentinels; rounded to so many digits."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        made: dict[str, Any] = {}
        for column in columns(frame, kind):
            number = pd.to_numeric(frame[column])
            text = (number * factor).map(f"{{:.{digits}f}}".format)
            made[column] = frame[column].mask(of(frame, *levels) & (number > 0), text)
        return frame.assign(**made)

    return change


def moved(first: int, last: int, kind: str = "EM") -> Change:
    """The cells of a range of lines one line further, the last one's in the first."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        table = columns(frame, "E")[0].partition("_")[0]
        made: dict[str, Any] = {}
        for one in kind:
            names = [f"{table}_{one}{line:03d}" for line in range(first, last + 1)]
            made |= {to: frame[old] for to, old in zip(names, [names[-1], *names[:-1]], strict=True)}
        return frame.assign(**made)

    return change


def swapped(frame: pd.DataFrame) -> pd.DataFrame:
    """Margins in the place of estimates, and these in theirs; but for the county, whose total has no margin."""
    pairs = list(zip(columns(frame, "E"), columns(frame, "M"), strict=True))
    here = of(frame, "140", "150")
    return frame.assign(**{to: frame[to].mask(here, frame[old]) for e, m in pairs for to, old in ((e, m), (m, e))})


def without(*rows: str) -> Change:
    """Without the rows that begin so."""
    return lambda frame: frame[~frame["GEO_ID"].str.startswith(rows)]


def recoded(old: str, new: str) -> Change:
    """Another state or county in every identifier."""
    return lambda frame: frame.assign(GEO_ID=frame["GEO_ID"].str.replace(f"US{old}", f"US{new}", regex=False))


def nothing_in(*rows: str) -> Change:
    """Cells that were withheld, filled with 0 and a margin of 0."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        found = frame.copy()
        found.loc[found["GEO_ID"].str.startswith(rows), [*columns(frame, "E"), *columns(frame, "M")]] = "0"
        return found

    return change


def trial(
    name: str,
    what: str,
    holds: str,
    by: str,
    change: Change,
    tables: tuple[str, ...] = TENURE,
    row: str = RENT,
    *,
    beside: tuple[str, ...] = (),
    group: str = GROUP,
    layers: tuple[str, ...] = AREAS,
    **expected: Any,
) -> Trial:
    """A change to some tables; ``beside`` are tables that stay as they are."""
    case = Case(f"census/{name}", group, what, holds, by)
    rows = (row, *expected.pop("more", ()))
    return Trial(case, lambda g: edit(g, change, *tables), rows, layers, (*tables, *beside), **expected)


DECODE = "measure.margins.decode: absent"
ABSENT = "the number is absent, with its reason"
BARE = "the number is told without a margin, as of unknown reliability"
CODES = ("-666666666", "-999999999", "-888888888", "-222222222", "-333333333")
GONE = ("no estimate was published",)
SENTINELS = (
    *(
        trial(f"estimate{code}", f"{code} stands in the estimate of every area", ABSENT, DECODE,
              put("B25003_E003", code), absent=GONE)
        for code in CODES
    ),
    trial("estimate-555555555", "-555555555, which a margin alone may have, stands in estimates",
          "refused, with the number", "measure.margins.decode: refuses", put("B25003_E003", "-555555555"),
          refused=("An estimate of -555,555,555",), unmoved="a sum of it would be refused as a part below 0"),
    *(
        trial(f"margin{code}", f"{code} stands in the margin of every area", BARE, DECODE,
              both(put("B25003_M002", code), put("B25003_M003", code)), no_margin=True)
        for code in CODES
    ),
    *(
        trial(f"annotation-{name}", f"{sign} is printed in place of every estimate", ABSENT,
              "sources.census: absent", put("B25003_E003", sign), absent=GONE)
        for name, sign in (("stars", "**"), ("dash", "-"), ("n", "N"), ("x", "(X)"))
    ),
    trial("annotation-top", "250,000+ is printed in place of a median", "refused, with the text",
          "sources._frames.numbers: refuses", put("B19013_E001", "250,000+"), ("B19013",), INCOME, beside=("B19001",),
          refused=("250,000+", "where a number is due"), unmoved="a text: nothing could be computed of it"),
)  # fmt: skip

MARGINS = "Planted: margins of error"
SAMPLE, OF_PARTS = "margins-and-sample", "margins-of-lines-and-parts"
FLAGGED = "flagged as odd, in every number that stands on the table"
BY_SAMPLE, BY_PARTS = (f"measure.sanity_margins, {one}: flags" for one in (SAMPLE, OF_PARTS))
SE = 1 / 1.645
OF_MARGINS = (
    trial("margins-fifth", "All margins of a table are a fifth of what they were", FLAGGED, BY_SAMPLE,
          scaled("M", 0.2), group=MARGINS, odd=SAMPLE),
    trial("margins-fifth-everywhere", "All margins of all tables are a fifth of what they were", FLAGGED, BY_SAMPLE,
          scaled("M", 0.2), ("B25003", "B19001", "B19013"), group=MARGINS, odd=SAMPLE),
    trial("margins-fifth-races", "All margins of the table of race are a fifth of what they were", FLAGGED,
          "measure.sanity_margins, margins-and-sample-of-households: flags", scaled("M", 0.2), ("B03002",), BLACK,
          group=MARGINS, odd="margins-and-sample-of-households"),
    trial("margins-halved-tracts", "The margins of tracts alone are halved", FLAGGED, BY_PARTS,
          scaled("M", 0.5, "140"), group=MARGINS, odd=OF_PARTS),
    trial("margins-halved-block-groups", "The margins of block groups alone are halved", FLAGGED, BY_PARTS,
          scaled("M", 0.5, "150"), group=MARGINS, odd=OF_PARTS),
    trial("standard-errors-block-groups", "Standard errors in place of the margins of block groups alone", FLAGGED,
          BY_PARTS, scaled("M", SE, "150"), group=MARGINS, odd=OF_PARTS),
    trial("standard-errors-tracts", "Standard errors in place of the margins of tracts alone", FLAGGED, BY_PARTS,
          scaled("M", SE, "140"), group=MARGINS, odd=OF_PARTS),
    trial("standard-errors-decimals", "Standard errors with their decimals in place of margins",
          "refused, with the cell", COUNTS, scaled("M", SE, digits=2), group=MARGINS, refused=("whole numbers",),
          guards=CELLS),
    trial("margins-tenfold", "All margins of a table are ten times as wide", FLAGGED, BY_SAMPLE, scaled("M", 10.0),
          group=MARGINS, odd=SAMPLE),
    trial("margins-zero", "All margins are 0", "refused", COUNTS, scaled("M", 0.0), group=MARGINS,
          refused=("all margins of the", "are 0"), guards=CELLS),
    trial("margins-zero-tracts", "All margins of tracts are 0", "refused", COUNTS, scaled("M", 0.0, "140"),
          group=MARGINS, refused=("all margins of the tracts are 0",), guards=CELLS),
    trial("margins-for-estimates", "Columns of margins and estimates are exchanged", "refused, with the sum", COUNTS,
          swapped, group=MARGINS, refused=("the lines that make it up",),
          unmoved="a share above 1 would come of it, which is refused later"),
)  # fmt: skip

SUMS, GROUPS, TRACTS = "the lines that make it up", "block-groups-and-tracts", "tracts-and-counties"
BY_GROUPS, BY_TRACTS = f"quality_sums, {GROUPS}: flags", f"quality_sums, {TRACTS}: flags"
ONE = "1400000US99001000900"
OF_ESTIMATES = (
    trial("shifted-column", "Every cell stands one column further", "refused, with the sum", COUNTS, moved(1, 3),
          refused=(SUMS,), unmoved="a share above 1 would come of it, which is refused later"),
    trial("lines-exchanged", "Owners stand in the line of renters, and these in theirs", FLAGGED,
          "measure.sanity_census, totals-of-tables: flags", moved(2, 3), beside=("B25070",), more=("BEL-03.renters",),
          odd="totals-of-tables"),
    trial("one-cell", "One cell of one tract of the district is another", "refused, with the tract", COUNTS,
          lambda f: f.assign(B25003_E003=f["B25003_E003"].mask(f["GEO_ID"] == ONE, "900")),
          refused=(SUMS, "99001000900", "1 of 149 areas"), zone="99001000900", guards=CELLS),
    trial("percents", "Percents with their decimals in place of counts", "refused, with the cell", COUNTS,
          lambda f: scaled("E", 0.1, digits=1)(f), refused=("whole numbers",), guards=CELLS, row="DEM-00.households"),
    trial("thousands", "Persons are given in thousands", FLAGGED, "quality_sums, blocks-and-county-people: flags",
          scaled("E", 0.001), ("B01003",), PEOPLE, layers=(*AREAS, "blocks"), odd="blocks-and-county-people"),
    trial("homes-in-thousands", "One table is in thousands, others are not", FLAGGED,
          "measure.sanity_census, totals-of-tables: flags", lambda f: additive(scaled("E", 0.001)(f)),
          row="DEM-00.households", beside=("B19001",), more=(INCOME,), odd="totals-of-tables"),
    trial("doubled-block-groups", "The block groups come to twice their tract", FLAGGED, BY_GROUPS,
          scaled("E", 2.0, "150"), row="DEM-00.households", odd=GROUPS),
    trial("doubled-rows", "Every row is there twice", "refused, with an area", "sources.census: refuses",
          lambda f: pd.concat([f, f]), refused=("more than once",),
          unmoved="a table with two rows of an area has no number of it"),
    trial("lost-block-group", "One block group is missing", FLAGGED, BY_GROUPS, without("1500000US990010009001"),
          odd=GROUPS),
    trial("lost-tract", "One tract of the district is missing, with its block groups", FLAGGED, BY_TRACTS,
          without(ONE, "1500000US99001000900"), odd=TRACTS),
    trial("half-of-the-rows", "A download that ended after half of the tracts", FLAGGED, BY_TRACTS,
          lambda f: f[~f["GEO_ID"].str[:3].isin(["140", "150"]) | (f["GEO_ID"].str[14:20] < "002000")], odd=TRACTS),
    trial("withheld-as-zero", "A tract that was withheld is filled with 0", FLAGGED,
          "measure.sanity_margins, zeros-without-margin: flags", nothing_in(ONE, "1500000US99001000900"),
          odd="zeros-without-margin"),
    trial("another-county", "Tables of another county under the right names", "refused, with an identifier",
          "measure.apportion: refuses", recoded("99001", "99003"), refused=("None of the", "99003"),
          unmoved="no area of it is known here: nothing could be computed"),
    trial("another-state", "Tables of another state under the right names", "refused", "sources.census: refuses",
          recoded("99", "98"), refused=("has no counties, tracts or block groups that begin with 99",),
          unmoved="no area of it is known here: nothing could be computed"),
)  # fmt: skip


def additive(frame: pd.DataFrame) -> pd.DataFrame:
    """Tenure whose parts add up again after they were rounded."""
    owners, renters = (pd.to_numeric(frame[f"B25003_E00{line}"]) for line in (2, 3))
    return frame.assign(B25003_E001=(owners + renters).astype(int).astype(str))


MEDIANS = "medians-and-brackets"
BY_MEDIANS = f"measure.sanity_census, {MEDIANS}: flags"
OF_MEDIANS = (
    trial("dollars", "Median incomes are in the dollars of another year (20 % more)", FLAGGED, BY_MEDIANS,
          scaled("E", 1.2), ("B19013",), INCOME, beside=("B19001",), zone="99001000900", odd=MEDIANS),
    trial("dollars-of-last-year", "Median incomes are in the dollars of the year before (3 % less)", FLAGGED,
          BY_MEDIANS, scaled("E", 0.97), ("B19013",), INCOME, beside=("B19001",), zone="99001000900", odd=MEDIANS),
    trial("brackets-shifted", "Counts stand one bracket of income further", FLAGGED, BY_MEDIANS, moved(2, 17),
          ("B19001",), INCOME, beside=("B19013",), odd=MEDIANS),
    trial("top-coded", "250,001, which says 250,000 and more, in a tract", "told as a bound, never as a number",
          "indicators.census: absent, with the bound",
          lambda f: f.assign(B19013_E001=f["B19013_E001"].mask(f["GEO_ID"] == ONE, "250001")), ("B19013",), INCOME,
          beside=("B19001",), zone="99001000900", absent=("open bracket",)),
)  # fmt: skip


def of_other_year(ground: Ground) -> None:
    """A table of 2010-2014 under the name of 2020-2024."""
    path = ground.table("B19001")
    path.write_bytes((ground.source / "acs2014" / "acsdt5y2014-b19001.dat").read_bytes())


def row_of_other_year(ground: Ground) -> None:
    """One tract's row of 2010-2014 among those of 2020-2024."""
    old = pd.read_csv(ground.source / "acs2014" / "acsdt5y2014-b25003.dat", sep="|", dtype=str)

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([frame[frame["GEO_ID"] != ONE], old[old["GEO_ID"] == ONE]])

    edit(ground, change, "B25003")


def one_year(ground: Ground) -> None:
    path = ground.table("B25003")
    path.rename(path.with_name("acsdt1y2024-b25003.dat"))


def one_year_file(ground: Ground) -> None:
    path = ground.table("B25003")
    ground.told["acs"]["path"] = str(path.rename(path.with_name("acsdt1y2024-b25003.dat")))


OF_YEARS = (
    Trial(Case("census/table-of-another-year", GROUP, "One table is of 2010-2014 under the name of 2020-2024", FLAGGED,
               "measure.sanity_census, totals-of-tables: flags"),
          of_other_year, (INCOME, RENT), AREAS, ("B25003", *INCOMES), odd="totals-of-tables"),
    Trial(Case("census/row-of-another-year", GROUP, "One tract's row is of 2010-2014", FLAGGED, BY_GROUPS),
          row_of_other_year, (RENT,), AREAS, TENURE, zone="99001000900", odd=GROUPS),
    Trial(Case("census/one-year", GROUP, "One-year estimates lie among those of five years", "absent, with the reason",
               "sources.census: absent"),
          one_year, (RENT,), AREAS, TENURE, absent=("B25003 is not among the files of ACS 2024",)),
    Trial(Case("census/one-year-file", GROUP, "A file of one-year estimates is declared", "refused",
               "sources.census: refuses"),
          one_year_file, (RENT,), AREAS, TENURE, refused=("one-year estimates",),
          unmoved="the same file under another name: what it holds cannot be told from five years"),
)  # fmt: skip

TRIALS: tuple[Trial, ...] = (*SENTINELS, *OF_MARGINS, *OF_ESTIMATES, *OF_MEDIANS, *OF_YEARS)
CASES: tuple[Case, ...] = tuple(one.case for one in TRIALS)

NOT_CAUGHT: tuple[tuple[str, str], ...] = (
    ("All tables are those of another release, with its own names changed to this one's",
     "they fit one another and the blocks; the day and the digest of each file stand beside its numbers"),
    ("Margins of all levels are halved, or are rounded standard errors",
     "those of small governments, which are sampled at far higher rates, are as narrow; in one level alone they show"),
    ("Margins are 95 % ones, a fifth wider than the Bureau's",
     "surveys of towns with many or few interviews differ by more than that"),
    ("The margin of a median alone is halved",
     "nothing else is published of how far that median may be off"),
    ("Margins of two lines of one table are exchanged", "margins of neighboring lines are about as wide"),
    ("Two brackets beside one another are exchanged, on the same side of every median",
     "their total is the same, and the medians stay where they were"),
)  # fmt: skip
