"""Tables that are nearly right: of the survey, of planners, of blocks, of downloads, of a region's tracts."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from justgeo.catalogue import read as catalogue
from justgeo.core.spec import LayerSpec, TableColumn, TableSpec
from justgeo.measure.margins import SENTINELS
from justgeo.sources._typology_columns import read_column_map
from justgeo.sources._typology_region import read_region
from justgeo.sources.census import read_acs
from justgeo.sources.datasets import read_dataset
from justgeo.sources.relationship import read_relationship
from justgeo.sources.tables import read_table
from justgeo.sources.typology_table import read_typology_table
from tests import tract_table
from tests.fuzz import target
from tests.fuzz._nearly import as_json, as_toml, broken, cut, damaged, plain, write

ODD_CELLS = (
    "", " ", "0", "-0", "-1", "-5", "1.5", "-666666666", "-555555555", "-222222222", "-333333333", "-999999999",
    "-888888888",
    "-666666666.0", "-66666666", "*****", "**", "***", "-", "N", "(X)", "+", "250,000+", "2,500-", "1,234", "12,34",
    "1.234", "1e400",
    "-1e400", "1e308", "inf", "-inf", "nan", "NaN", "null", "None", "#DIV/0!", "#N/A", "=1+1", "x", "1 234",
    "1\u00a0234", "١٢", "½", "0x10",
    "1_000", "1e5", "1e-5", "true", "9" * 30, "9" * 400, "\x00", "a\x00b", '"', '"a', "a|b", "a,b", "a\nb", "\ufeff1",
    "99001000100.0",
    "9.9001E+10", "9001000100", "1400000US99001000100", "1400000US9900100010", "99001000199", "00000000000",
    "99000000100", "é" * 50,
)  # fmt: skip
Table = list[list[str]]

_BAD = frozenset(SENTINELS) | {-555555555.0}


def sane(frame: pd.DataFrame, *, negative: bool = False) -> None:
    """Numbers are finite or NaN, none is a sentinel, none is below 0."""
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name]):
            values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            values = values[~np.isnan(values)]
            assert np.isfinite(values).all(), f"{name} holds what is no finite number"
            assert not set(values.tolist()) & _BAD, f"{name} holds a sentinel"
            assert negative or (values >= 0).all(), f"{name} holds {values.min()}"


@st.composite
def odd_table(draw: st.DrawFn, right: Table) -> Table:
    """A table with one to three things in it broken: cells, columns, rows, the header."""
    made = [list(row) for row in right]
    for _ in range(draw(st.integers(1, 3))):
        row, column = draw(st.integers(0, len(made) - 1)), draw(st.integers(0, max(len(made[0]) - 1, 0)))
        row = row or draw(st.sampled_from([0, len(made) - 1]))  # the header less often
        deed = draw(
            st.sampled_from(["cell", "cell", "cell", "cell", "all", "drop", "twice", "row", "short", "head", "lost"])
        )
        if not made[0] or column >= len(made[row]):
            continue
        if deed == "cell":
            made[row][column] = draw(st.sampled_from(ODD_CELLS))
        elif deed == "all":
            cell = draw(st.sampled_from(ODD_CELLS))
            made = [made[0], *([*one[:column], cell, *one[column + 1 :]] for one in made[1:])]
        elif deed == "drop":
            made = [[*one[:column], *one[column + 1 :]] for one in made]
        elif deed == "twice":
            made = [[*one, *one[column : column + 1]] for one in made]
        elif deed == "row":
            made.insert(row, list(made[row]))
        elif deed == "short":
            made[row] = made[row][: draw(st.integers(0, len(made[row])))]
        elif deed == "head":
            made[0][column] = draw(
                st.sampled_from(["", "GEOID", "GEO_ID", "x", made[0][column].lower(), made[0][column] + " "])
            )
        elif len(made) > 1:
            del made[row]
    return made


def as_text(table: Sequence[Sequence[str]], mark: str = ",") -> str:
    """Delimited text; the Bureau's with bars has no quotes."""
    if mark == "|":
        return "".join("|".join(row) + "\n" for row in table)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=mark, lineterminator="\n").writerows(table)
    return out.getvalue()


def texts(right: Table, mark: str = ",") -> st.SearchStrategy[str | bytes]:
    """Mostly a table that is nearly right; sometimes other marks, other encodings, cut bytes, no table at all."""
    text = as_text(right, mark)
    tables = odd_table(right)
    return st.one_of(
        tables.map(lambda t: as_text(t, mark)), tables.map(lambda t: as_text(t, mark)),
        tables.map(lambda t: as_text(t, mark)),
        tables.flatmap(lambda t: st.sampled_from([",", ";", "\t", "|"]).map(lambda m: as_text(t, m))),
        tables.map(lambda t: as_text(t, mark).encode("utf-16", "surrogatepass")),
        tables.map(lambda t: as_text(t, mark).encode("latin-1", "replace")),
        cut(text, ODD_CELLS), damaged(text.encode()),
        st.sampled_from(["", "\n", "\x00", "<!DOCTYPE html><html>", text * 2, text.replace("\n", "\r"),
        "\ufeff" + text, "PK\x03\x04", "PAR1"]),
    )  # fmt: skip


GEO = (
    "0500000US99001",
    "1400000US99001000100",
    "1400000US99001000200",
    "1500000US990010001001",
    "1400001US99001000300",
)


def _acs(form: str) -> Table:
    names = [f"B25003_{form.format(n=n, k=k)}" for n in (1, 2, 3) for k in "EM"]
    cells = ["600", "40", "250", "30", "350", "35"]
    return [["GEO_ID", *names], *([one, *cells] for one in GEO)]


_DAT, _API = _acs("{k}00{n}"), _acs("00{n}{k}")
_ACS = st.one_of(
    st.tuples(st.sampled_from(["acsdt5y2024-b25003.dat", "b25003.dat", "acsdt1y2024-b25003.dat"]), texts(_DAT, "|")),
    st.tuples(st.sampled_from(["acsdt5y2024-b25003.dat.gz"]), texts(_DAT, "|")),
    st.tuples(st.sampled_from(["b25003.csv", "b25003.txt", "b25003.csv.gz"]), texts(_API)),
    st.tuples(st.just("b25003.parquet"), odd_table(_API)),
)


def _placed(folder: Path, name: str, given: str | bytes | Table) -> Path:
    """A table in a file of its name, packed or as Parquet where the name says so."""
    path = folder / name
    if isinstance(given, list):
        if name.endswith(".parquet"):
            width = len(given[0])
            rows = [[*row, *[""] * width][:width] for row in given[1:]]
            frame = pd.DataFrame(rows, columns=[f"{c}" for c in given[0]], dtype="object")
            frame = frame.loc[:, ~frame.columns.duplicated()]
            # As a spreadsheet has them: columns of numbers are numbers.
            typed = {c: pd.to_numeric(frame[c], errors="coerce") for c in frame.columns if c != "GEO_ID"}
            frame.assign(**typed).to_parquet(path)
            return path
        given = as_text(given)
    data = given if isinstance(given, bytes) else given.encode("utf-8", "surrogatepass")
    made: Path = write(path, gzip.compress(data, 1) if name.endswith(".gz") else data)
    return made


def read_survey(given: tuple[str, Any], folder: Path) -> None:
    """A table of the survey, by its file."""
    path = _placed(folder, *given)
    for layer in read_acs(path, ["B25003"], 2024, prefixes=["99001"]).values():
        data = pd.DataFrame(layer.data)
        data.attrs = layer.data.attrs
        sane(data)
        assert data["geoid"].str.fullmatch(r"\d{5}|\d{11}|\d{12}").all() and not data["geoid"].duplicated().any()
        cells = [str(c) for c in data.columns if str(c).startswith("B25003_")]
        assert any(c.endswith("M") for c in cells)
        assert data[cells].isna().sum().sum() == len(data.attrs["reasons"])


_OWN: Table = [["GEOID", "x", "m", "y", "ym", "k"]]
_OWN += [[f"9900100010{n}", str(100 + n), "30", "400", "40", "a"] for n in range(7)]
_OWN_OPTIONS = {
    "where": {"k": "a"},
    "prefix": "99001",
    "pad": 11,
    "delimiter": ",",
    "fraction": False,
    "margin_fraction": False,
}
_OWN_COLUMNS = (
    TableColumn("BEL-02", "x", "m", "count", "y", "ym"),
    TableColumn("BEL-02", "x", None, "count", "y"),
    TableColumn("BEL-02", "x", "m", "percent", "y", "ym"),
    TableColumn("OPP-01", "x", "m", "median"),
)


def read_own(given: tuple[Any, TableColumn, dict[str, Any], str], folder: Path) -> None:
    """A planner's own table, with a declared column."""
    text, column, options, geography = given
    path = _placed(folder, "own.csv", text)
    layer = read_table(TableSpec(LayerSpec("table:own", path, options), "GEOID", geography, 2020, (column,)), column)
    sane(pd.DataFrame(layer.data), negative=column.kind == "median")  # dollars of a planner's own may be below 0


@st.composite
def _own_options(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.lists(st.sampled_from(sorted(_OWN_OPTIONS)), max_size=3, unique=True))
    told = {key: _OWN_OPTIONS[key] for key in keys}
    hurt: bool = draw(st.booleans())
    made: Any = draw(broken(told)) if told and hurt else told
    return made if isinstance(made, dict) else told


_PIECES: Table = [
    ["STATE_2010", "COUNTY_2010", "TRACT_2010", "BLK_2010", "BLKSF_2010", "AREALAND_2010", "AREAWATER_2010",
    "BLOCK_PART_FLAG_O", "STATE_2020", "COUNTY_2020", "TRACT_2020", "BLK_2020", "BLKSF_2020", "AREALAND_2020",
    "AREAWATER_2020", "BLOCK_PART_FLAG_R", "AREALAND_INT", "AREAWATER_INT"],
    ["99", "001", "000100", "1000", "", "500", "0", "", "99", "001", "000101", "1000", "", "500", "0", "", "500", "0"],
    ["99", "001", "000100", "1001", "", "1000", "9", "p", "99", "001", "000101", "1001", "", "600", "0", "p", "600",
    "0"],
    ["99", "001", "000100", "1001", "", "1000", "9", "p", "99", "001", "000102", "1000", "", "400", "9", "p", "400",
    "9"],
    ["99", "001", "000200", "1000", "A", "700", "0", "", "99", "001", "000200", "1000", "", "700", "0", "", "700", "0"],
]  # fmt: skip
_COUNTS: Table = [
    ["BLOCKID10", "POP10", "HOUSING10"], ["990010001001000", "200", "100"], ["990010001001001", "90", "50"],
    ["990010002001000", "40", "20"],
]  # fmt: skip


def read_blocks(given: tuple[Any, Any, list[str]], folder: Path) -> None:
    """How blocks of 2010 lie in those of 2020."""
    pieces, counts, prefixes = given
    first = _placed(folder, "tab2010_tab2020_st99.txt", pieces)
    data = read_relationship(first, _placed(folder, "counts.csv", counts), prefixes=prefixes).data
    sane(data)
    assert data[["share_land", "pop10", "hu10", "land10"]].notna().all().all()
    total = data.groupby("block10")["share_land"].sum()
    assert ((total - 1).abs() < 1e-6).all()


DOWNLOADS = ("lodes_wac", "eviction_lab", "smart_location", "usaleep", "ejscreen", "cejst", "fars")
_IDS = {"tract": "99001000100", "block group": "990010001001", "block": "990010001001000"}


def _download(name: str) -> Table:
    """A right table of a downloadable one, from what its row of the catalogue says."""
    from justgeo.sources._dataset_form import reading_of

    reading = reading_of(catalogue.datasets()[name].options, name)
    digits = _IDS.get(reading.geography, "")
    rows: Table = [list(reading.needs())]
    for n in range(2):
        cells = dict.fromkeys(reading.needs(), "1")
        start = 0
        for column, width in zip(reading.geoid, reading.digits, strict=False):
            cells[column] = digits[start : start + width]
            start += width
        if n and reading.geoid:
            last = reading.geoid[-1]
            cells[last] = f"{cells[last][:-1]}{int(cells[last][-1]) + 1}"
        cells |= {column: kept[0] for column, kept in reading.rows.items() if kept}
        told = {reading.lon: "-70.01", reading.lat: "38.8", reading.latest: "2016"}
        cells |= {column: cell for column, cell in told.items() if column}
        rows.append(list(cells.values()))
    return rows


@st.composite
def _downloads(draw: st.DrawFn) -> tuple[str, str | bytes, dict[str, Any]]:
    name = draw(st.sampled_from(DOWNLOADS))
    options = dict(catalogue.datasets()[name].options)
    told: dict[str, Any] = {"reading": options["reading"]}
    if draw(st.integers(0, 3)) == 0:
        made = draw(broken(told))
        told = made if isinstance(made, dict) else told
    if draw(st.integers(0, 5)) == 0:
        told["prefix"] = draw(st.sampled_from(["99001", ["99"], [], "98", 5]))
    mark = str(options["reading"].get("delimiter", ",")) or ","
    return name, draw(texts(_download(name), mark)), told


def read_download(given: tuple[str, str | bytes, dict[str, Any]], folder: Path) -> None:
    """A table to download, as its row of the catalogue (or a planner in its place) says that it is read."""
    name, text, told = given
    data = read_dataset(LayerSpec(f"data:{name}", _placed(folder, "a.csv", text), told, vintage="2024")).data
    assert isinstance(data, pd.DataFrame)
    sane(pd.DataFrame({c: data[c] for c in data.columns if c != "geometry"}), negative=True)


_REGION = {"t1": {"income": [81000, 900], "owner_share": [0.6, 0.01]}, "t0": {"income": 60000}}
_MAP = {"pad": True, "columns": {"geoid": "GEOID", "households_t1": ["a", "b"], "income_t1": "inc"}}
_TRACTS: Table = [[str(c) for c in row] for row in csv.reader(io.StringIO(tract_table.text(tract_table.rows(2))))]


def read_tracts(given: tuple[Any, str, str], folder: Path) -> None:
    """The tracts of a region, for the typology of displacement; and the region's own figures."""
    text, region, _ = given
    told = read_region(write(folder / "region.toml", region)) if region else None
    found = read_typology_table(_placed(folder, "tracts.csv", text), price=1.3, years=(2014, 2024), region=told)
    for side in (found.tracts.now, found.tracts.before):
        for name, amount in side.items():
            for values in (amount.value, amount.se):
                assert not np.isinf(values).any() and not (values < 0).any(), name


def read_map(given: str | bytes, folder: Path) -> None:
    """A map of columns and the region's own figures, in TOML."""
    path = write(folder / "a.toml", given)
    read_column_map(path)


def read_figures(given: str | bytes, folder: Path) -> None:
    """The region's own figures, in TOML."""
    found = read_region(write(folder / "a.toml", given))
    for one in (*found.now.values(), *found.before.values()):
        assert math.isfinite(one.value) and one.value >= 0


def _toml(right: dict[str, Any]) -> st.SearchStrategy[str | bytes]:
    nearly = broken(right).map(as_toml)
    return st.one_of(nearly, nearly, cut(as_toml(right)), damaged(as_toml(right).encode()),
    plain.map(lambda v: f"t1 = {as_json(v)}"),
                     st.sampled_from(["t1 = " + "[" * 50_000, "t1 = {income = " + "9" * 5_000 + "}",
                     "t1 = {income = " + "9" * 400 + "}"]))  # fmt: skip


TARGETS = (
    target.Target("acs-tables", _ACS, read_survey, times=50),
    target.Target(
        "own-table",
        st.tuples(texts(_OWN), st.sampled_from(_OWN_COLUMNS), _own_options(), st.sampled_from(["tract", "tract",
        "zone", "block group"])),
        read_own,
        times=50,
    ),
    target.Target(
        "block-relationship",
        st.tuples(
            st.one_of(texts(_PIECES, "|"), st.just(_PIECES).map(lambda t: as_text(t, "|"))),
            st.one_of(texts(_COUNTS), st.just(as_text(_COUNTS))),
            st.sampled_from([[], ["99001"], ["99"], ["51"], ["x"], [""]]),
        ),
        read_blocks,
        times=40,
    ),
    target.Target("downloads", _downloads(), read_download, times=50),
    target.Target(
        "typology-table",
        st.tuples(st.one_of(texts(_TRACTS), texts(_TRACTS, ";")), st.one_of(st.just(""),
        _toml(_REGION).filter(lambda t: isinstance(t, str))),
                  st.just("")),
        read_tracts,
        times=30,
    ),
    target.Target("typology-columns", _toml(_MAP), read_map, times=25),
    target.Target("typology-region", _toml(_REGION), read_figures, times=25),
)  # fmt: skip
