"""An invented table of tracts on a grid, two vintages, with margins: for tests of the displacement command."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from shapely.geometry import box

SIDE = 6
"""Tracts on a side of the grid."""
YEARS = ("2014", "2024")
Row = dict[str, Any]


def geoid(i: int) -> str:
    return f"99001{100 + i:06d}"


def rows(side: int = SIDE, seed: int = 7) -> list[Row]:
    """One mapping a tract, columns by name; every number that the table knows, each with its margin.

    Rents go a way of their own: were they high where home values are, no test could tell the two markets apart.
    """
    rng, own = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    made = []
    for i in range(side * side):
        row: Row = {"geoid": geoid(i)}
        status = rng.normal()
        for when, grown in (("t0", 0.0), ("t1", rng.normal(0.3, 0.5))):
            level = status + grown
            households = int(rng.integers(900, 1800))
            people, adults = int(households * 2.4), int(households * 1.7)
            shares = {
                "renters": (households, 0.45 - 0.1 * level), "white": (people, 0.5 + 0.12 * level),
                "bachelors": (adults, 0.35 + 0.1 * level), "low_income": (households, 0.4 - 0.1 * level),
            }  # fmt: skip
            row |= counted(f"households_{when}", households, 90)
            row |= counted(f"population_{when}", people, 210)
            row |= counted(f"adults_{when}", adults, 150)
            for name, (whole, share) in shares.items():
                part = int(whole * min(max(share, 0.02), 0.98))
                row |= counted(f"{name}_{when}", part, 40 + int(part**0.5))
            rise = 1.0 if when == "t0" else 1.35
            row |= counted(f"income_{when}", int(60_000 * rise * np.exp(0.2 * level)), 5000)
            row |= counted(f"value_{when}", int(220_000 * rise * np.exp(0.3 * level)), 16_000)
            row |= counted(f"rent_{when}", int(950 * rise * np.exp(0.05 * level + 0.15 * own.normal())), 70)
        del row["low_income_t0"], row["low_income_t0_moe"]
        row |= counted("group_quarters_t1", int(rng.integers(0, 60)), 30)
        made.append(row)
    return made


def counted(name: str, value: int, moe: int) -> Row:
    return {name: value, f"{name}_moe": moe}


def text(table: Iterable[Mapping[str, Any]], delimiter: str = ",") -> str:
    listed = list(table)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(listed[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue()


def write(path: Path, table: Iterable[Mapping[str, Any]] | None = None) -> Path:
    path.write_text(text(rows() if table is None else table), encoding="utf-8")
    return path


def region(folder: Path) -> Path:
    """A folder with a table, shapes of its tracts and the region's figures: ``tracts.csv``, ``shapes.gpkg``, ..."""
    write(folder / "tracts.csv")
    shapes().to_file(folder / "shapes.gpkg")
    (folder / "region.toml").write_text(REGION, encoding="utf-8")
    return folder


def changed(table: Iterable[Row], change: Callable[[Row], Mapping[str, Any]]) -> list[Row]:
    """The same rows with some cells others."""
    return [{**row, **change(row)} for row in table]


def without(table: Iterable[Row], drop: Callable[[str], bool]) -> list[Row]:
    """The same rows without some columns."""
    return [{name: cell for name, cell in row.items() if not drop(name)} for row in table]


def shapes(side: int = SIDE) -> gpd.GeoDataFrame:
    """Squares of a hundredth of a degree, in the order of the rows, EPSG:4326."""
    squares = [
        box(-100 + x / 100, 40 + y / 100, -99.99 + x / 100, 40.01 + y / 100) for y in range(side) for x in range(side)
    ]
    return gpd.GeoDataFrame({"GEOID": [geoid(i) for i in range(side * side)]}, geometry=squares, crs=4326)


REGION = """\
[t1]
income = [81000, 900]
[t0]
income = [60000, 800]
"""
