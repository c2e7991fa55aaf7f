"""A planner's own columns become counts or medians with their margins, or are refused."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from justgeo.core.errors import ConfigError, LayerError
from justgeo.core.spec import LayerSpec, TableColumn, TableSpec
from justgeo.measure.margins import proportion
from justgeo.sources.tables import read_table, stacked

REAL = Path(os.environ.get("JUSTGEO_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
TRACTS = [f"9900100{n:02d}00" for n in range(1, 9)]


def table(path: Path, geography: str = "tract", **options: Any) -> TableSpec:
    return TableSpec(LayerSpec(name="own", path=path, options=options), "GEOID", geography, 2010, ())


def column(estimate: str = "pct", margin: str | None = "pctM", kind: Any = "percent", **more: Any) -> TableColumn:
    return TableColumn("BEL-02", estimate, margin, kind, **more)


OF_HOMES = {"denominator": "homes", "denominator_margin": "homesM"}


def frame(**columns: Any) -> pd.DataFrame:
    base = {
        "GEOID": TRACTS,
        "pct": [50.0, 20.0, 0.0, 100.0, 33.3, 60.5, 12.0, 80.0],
        "pctM": [5.0, 4.0, 2.0, 3.0, 6.0, 7.0, 4.0, 8.0],
        "homes": [1000.0, 800.0, 500.0, 400.0, 1200.0, 900.0, 700.0, 650.0],
        "homesM": [80.0, 60.0, 50.0, 40.0, 90.0, 70.0, 65.0, 60.0],
    }
    return pd.DataFrame({**base, **columns})


def write(path: Path, **columns: Any) -> Path:
    frame(**columns).to_csv(path, index=False)
    return path


def test_percents_become_counts_by_the_product_rule(tmp_path: Path) -> None:
    layer = read_table(table(write(tmp_path / "t.csv")), column(**OF_HOMES))
    assert layer.name == "table:BEL-02"
    assert (layer.geography, layer.geography_vintage) == ("tract", 2010)
    assert list(layer.data.columns) == [
        "geoid", "level", "numerator", "numerator_moe", "denominator", "denominator_moe",
    ]  # fmt: skip
    first = layer.data.iloc[0]
    assert first["numerator"] == 500
    assert first["numerator_moe"] == pytest.approx(math.hypot(0.5 * 80, 1000 * 0.05))  # = 64.03
    back = proportion(*(layer.data[c] for c in ("numerator", "numerator_moe", "denominator", "denominator_moe")))
    assert np.allclose(back.value * 100, frame()["pct"])
    assert np.allclose(back.moe * 100, frame()["pctM"])


def test_a_blank_percent_of_nobody_is_a_count_of_nobody(tmp_path: Path) -> None:
    blank = ["", "", 0, 100, 33.3, 60.5, 12, 80]
    homes = [0, 800, 500, 400, 1200, 900, 700, 650]
    layer = read_table(table(write(tmp_path / "t.csv", pct=blank, homes=homes)), column(**OF_HOMES))
    assert layer.data["numerator"].iloc[0] == 0
    assert layer.data["numerator_moe"].iloc[0] == 80  # no wider than the whole is known
    assert math.isnan(layer.data["numerator"].iloc[1])  # of somebody it is not known


def test_counts_are_taken_as_they_are(tmp_path: Path) -> None:
    layer = read_table(table(write(tmp_path / "t.csv")), column("homes", "homesM", "count", group="race:black"))
    assert layer.name == "table:BEL-02:race:black"
    assert list(layer.data.columns) == ["geoid", "level", "numerator", "numerator_moe"]
    assert layer.data["numerator"].tolist() == frame()["homes"].tolist()
    assert layer.data["numerator_moe"].tolist() == frame()["homesM"].tolist()


def test_medians_are_kept_apart_and_sentinels_decoded(tmp_path: Path) -> None:
    income = [40294, -666666666, "", "NA", 250001, 69120, 1000, 2]
    margin = [19828, -222222222, "", "", -333333333, -555555555, 5, 5]
    layer = read_table(table(write(tmp_path / "t.csv", inc=income, incM=margin)), column("inc", "incM", "median"))
    assert list(layer.data.columns) == ["geoid", "level", "median", "median_moe"]
    assert layer.data["median"].isna().tolist() == [False, True, True, True, False, False, False, False]
    assert layer.data["median_moe"].iloc[5] == 0
    assert math.isnan(layer.data["median_moe"].iloc[4])
    reasons = layer.data.attrs["reasons"]
    assert "could not compute" in reasons[TRACTS[1], "median"]
    assert "open-ended" in reasons[TRACTS[4], "median_moe"]


def test_a_margin_that_is_not_published_is_not_zero(tmp_path: Path) -> None:
    layer = read_table(table(write(tmp_path / "t.csv")), column(margin=None, **OF_HOMES))
    assert layer.data["numerator_moe"].isna().all()
    assert layer.data["denominator_moe"].notna().all()
    assert "pct: the table publishes no margin." in layer.provenance.notes


def test_fractions_are_declared(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", pct=frame()["pct"] / 100, pctM=frame()["pctM"] / 100)
    with pytest.raises(LayerError, match="looks like a fraction"):
        read_table(table(path), column(**OF_HOMES))
    layer = read_table(table(path, fraction=True), column(**OF_HOMES))
    assert layer.data["numerator"].iloc[0] == 500
    assert layer.data["numerator_moe"].iloc[0] == pytest.approx(64.03, abs=0.01)
    with pytest.raises(LayerError, match="outside 0 to 1,"):
        read_table(table(write(tmp_path / "u.csv"), fraction=True), column(**OF_HOMES))


def test_percents_outside_their_range_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", pct=[50, 20, 0, 100, 33.3, 160.5, 12, 80])
    with pytest.raises(LayerError, match=r"1 of 8 values lie outside 0 to 100, for example 160\.5"):
        read_table(table(path), column(**OF_HOMES))


def test_a_column_that_is_no_margin_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", pctM=[65.3, 71, 80, 49, 90, 77, 20, 81])
    with pytest.raises(LayerError, match="6 of 8 values exceed 50 points"):
        read_table(table(path), column(**OF_HOMES))
    path = write(tmp_path / "t.csv", pctM=frame()["pctM"] / 100)
    with pytest.raises(LayerError, match="smaller than a sample can have"):
        read_table(table(path), column(**OF_HOMES))
    layer = read_table(table(path, margin_fraction=True), column(**OF_HOMES))
    assert layer.data["numerator_moe"].iloc[0] == pytest.approx(64.03, abs=0.01)


def test_a_wrong_column_names_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv")
    with pytest.raises(ConfigError, match="did you mean 'homes'"):
        read_table(table(path), column(denominator="home"))
    with pytest.raises(ConfigError, match="has no denominator"):
        read_table(table(path), column())
    with pytest.raises(ConfigError, match="did you mean 'fraction'"):
        read_table(table(path, fractions=True), column(**OF_HOMES))


@pytest.mark.parametrize(
    ("ids", "geography", "message"),
    [
        (TRACTS, "block group", "11 digits is a tract"),
        ([*TRACTS[:7], TRACTS[0]], "tract", "more than once"),
        ([*TRACTS[:7], ""], "tract", "1 rows have no identifier"),
    ],
)
def test_identifiers_have_to_fit_the_geography(tmp_path: Path, ids: list[str], geography: str, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        read_table(table(write(tmp_path / "t.csv", GEOID=ids), geography), column(**OF_HOMES))


def test_rows_are_picked_before_they_have_to_be_unique(tmp_path: Path) -> None:
    both = pd.concat([frame(year=2019), frame(year=2014)])
    both.to_parquet(tmp_path / "t.parquet")
    layer = read_table(table(tmp_path / "t.parquet", where={"year": 2019}, prefix="99001"), column(**OF_HOMES))
    assert len(layer.data) == 8


def test_two_geographies_of_one_indicator_stand_together(tmp_path: Path) -> None:
    tracts = read_table(table(write(tmp_path / "t.csv")), column(**OF_HOMES))
    groups = [f"{t}1" for t in TRACTS]
    below = read_table(table(write(tmp_path / "g.csv", GEOID=groups), "block group"), column(**OF_HOMES))
    both = stacked(tracts, below)
    assert both.data["level"].value_counts().to_dict() == {"tract": 8, "block group": 8}
    with pytest.raises(ConfigError, match="both for tract"):
        stacked(tracts, tracts)


def real(name: str) -> Path:
    path = REAL / "charlottesville" / "acs" / name
    if not path.exists():
        pytest.skip(f"real data absent: {path}")
    return path


@pytest.mark.real
def test_charlottesville_block_groups() -> None:
    path = real("acs_blkgr_cville.csv")
    homes = {"denominator": "allhseE", "denominator_margin": "allhseM"}
    layer = read_table(table(path, "block group"), column("renter30E", "renter30M", **homes))
    assert len(layer.data) == 155
    assert layer.data["numerator"].notna().sum() == 154  # two percents are blank, one of them of no homes at all
    income = read_table(table(path, "block group"), column("hhincE", "hhincM", "median"))
    assert income.data["median"].isna().sum() == 5
    with pytest.raises(LayerError, match="no margin of a percent"):
        read_table(table(path, "block group"), column("perc_cUnder20minE", "perc_cUnder20minM", **homes))
    with pytest.raises(LayerError, match="smaller than a sample"):
        read_table(table(path, "block group"), column("perc_snaphseE", "perc_snaphseM", **homes))


@pytest.mark.real
def test_charlottesville_column_that_is_no_margin() -> None:
    homes = {"denominator": "allhseE", "denominator_margin": "allhseM"}
    with pytest.raises(LayerError, match="45 of 50 values exceed 50 points"):
        read_table(table(real("acs_tract_cville.csv")), column("pcompbroadE", "pcompbroadM", **homes))


@pytest.mark.real
def test_durham_block_groups_that_are_tracts() -> None:
    path = REAL / "durham" / "compass" / "metric" / "blockgroup" / "nHMINC.csv"
    if not path.exists():
        pytest.skip(f"real data absent: {path}")
    spec = TableSpec(LayerSpec("own", path), "id", "block group", 2010, ())
    with pytest.raises(LayerError, match="11 digits is a tract"):
        read_table(spec, column("y_2015", None, "median"))
