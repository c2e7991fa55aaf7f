"""Real tables through the reader of downloaded ones: SVI with its code for nothing, LODES by block, EJScreen, LEAD."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.layer import Layer
from justgeo.core.spec import LayerSpec
from justgeo.sources.datasets import read_dataset

pytestmark = pytest.mark.real


def read(path: Path, name: str = "mine", **options: Any) -> Layer:
    return read_dataset(LayerSpec(f"data:{name}", path, options))


def test_arlingtons_vulnerability_of_2018(real_data: Path) -> None:
    path = real_data / "fixtures" / "arlington_svi2018" / "Arlington_SVI2018.shp"
    names = ("POV", "UNEMP", "AGE65", "NOVEH", "GROUPQ")
    columns: dict[str, Any] = {name.lower(): {"column": f"EP_{name}", "kind": "percent"} for name in names}
    columns["income"] = {"column": "EP_PCI", "kind": "amount", "unit": "dollars a head"}
    found = read(
        path,
        form="vector",
        geography="tract",
        geography_vintage=2010,
        geoid="FIPS",
        prefix=["51013"],
        columns=columns,
        missing=catalogue.datasets()["svi"].options["reading"]["missing"],
    )
    tracts = found.data.set_index("geoid")
    assert len(tracts) == 59
    assert tracts.loc["51013100100", "pov"] == 1.2 and tracts.loc["51013100200", "pov"] == 1.5
    # -999 stands in the file; not one is left as a number, and each has its reason.
    assert tracts[list(columns)].min().min() >= 0
    gone = [(geoid, name) for geoid, row in tracts[list(columns)].isna().iterrows() for name in columns if row[name]]
    assert gone
    assert {found.data.attrs["reasons"][key] for key in gone} == {"not published (-999)"}


def test_jobs_by_block_add_up_to_the_tracts_that_others_made_of_them(charlottesville: Path) -> None:
    folder = charlottesville / "lodes"
    found = read(
        folder / "lodes_employment_cville_block.csv",
        geography="block",
        geography_vintage=2010,
        geoid="w_geocode",
        prefix=["51540", "51003"],
        columns={"jobs": {"column": "alljobs", "outside": 0}, "low": {"column": "lowwage_jobs"}},
    )
    mine = found.data.groupby(found.data["geoid"].str[:11])["jobs"].sum()
    other = pd.read_csv(folder / "lodes_employment_cville_tract.csv", dtype={"w_tract": str}).set_index("w_tract")
    both = mine.index.intersection(other.index)
    assert len(both) == len(mine) > 30
    assert (mine[both] == other.loc[both, "alljobs"]).all()
    assert (found.data["low"] <= found.data["jobs"]).all()


def test_ejscreen_by_block_group_as_the_catalogue_reads_it(charlottesville: Path) -> None:
    reading = dict(catalogue.datasets()["ejscreen"].options["reading"])
    path = charlottesville / "reference" / "ejscreen_cville_blkgps.csv"
    header = pd.read_csv(path, nrows=0).columns
    reading |= {
        "columns": {name: one for name, one in reading["columns"].items() if one["column"] in header},
        "geography_vintage": 2010,
    }
    assert set(reading["columns"]) >= {"pm25", "ozone", "diesel", "traffic", "before_1960", "superfund"}
    found = read(path, reading=reading, prefix=["51003", "51540"])
    groups = found.data.set_index("geoid")
    first = groups.loc["510030101001"]
    assert first["pm25"] == 7.24102931506849 and first["before_1960"] == 0.071991001124859
    assert np.isnan(first["traffic"]) and found.data.attrs["reasons"]["510030101001", "traffic"] == "not published"
    assert groups["before_1960"].between(0, 1).all()


def test_lead_by_tract_gives_the_burden_that_others_published(charlottesville: Path) -> None:
    found = read(
        charlottesville / "reference" / "lead_cville_tract.csv",
        geography="tract",
        geography_vintage=2010,
        geoid="FIP",
        prefix=["51003", "51540"],
        columns={
            "income": {"column": "totalinc", "kind": "amount"},
            "electricity": {"column": "totalelep", "kind": "amount"},
            "gas": {"column": "totalgas", "kind": "amount"},
            "other": {"column": "totalother", "kind": "amount"},
            "burden": {"column": "averageburden", "kind": "percent"},
        },
    )
    data = found.data
    mine = 100 * (data["electricity"] + data["gas"] + data["other"]) / data["income"]
    assert len(data) > 30
    assert np.allclose(mine, data["burden"], rtol=1e-6)
