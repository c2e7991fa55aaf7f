"""The survey: margins by the Bureau's method, honest coverage, controls, zeros, medians."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest

from justgeo.synthetic import County, Draws, survey
from justgeo.synthetic.layouts import MedianTable
from tests.known import known

FloatArray = npt.NDArray[np.float64]


DRAW = known(County._draw, lambda county, vintage, draw_seed: (county.seed, vintage, draw_seed))


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is asked in a survey of a number is drawn once, for tests that tabulate one table after another of it."""
    monkeypatch.setattr(County, "_draw", DRAW)


def paley(prime: int) -> FloatArray:
    """Hadamard matrix of order prime + 1 (Paley's first construction; prime = 3 modulo 4)."""
    squares = {(k * k) % prime for k in range(1, prime)}
    symbol = np.array([0] + [1 if k in squares else -1 for k in range(1, prime)], dtype=float)
    q = symbol[(np.arange(prime)[:, None] - np.arange(prime)[None, :]) % prime]
    skew = np.zeros((prime + 1, prime + 1))
    skew[0, 1:], skew[1:, 0], skew[1:, 1:] = 1, -1, q
    return skew + np.eye(prime + 1)


def share_coverage(draws: Draws, truth: FloatArray, top: int, cases: int) -> tuple[float, float]:
    """Share of (draw, unit) pairs whose 90 % interval of cell ``top`` over cell 0 holds the truth; and its median."""
    x, y, mx, my = draws.estimate[..., top], draws.estimate[..., 0], draws.moe[..., top], draws.moe[..., 0]
    enough = (draws.cases[..., top] >= cases) & (draws.cases[..., 0] - draws.cases[..., top] >= cases)
    x, y, mx, my = (np.where(enough, a, 1.0) for a in (x, y, mx, my))
    p = x / y
    radicand = mx**2 - p**2 * my**2
    moe = np.sqrt(np.where(radicand < 0, mx**2 + p**2 * my**2, radicand)) / y
    true = np.divide(truth[:, top], truth[:, 0], out=np.zeros(len(truth)), where=truth[:, 0] > 0)
    inside = np.abs(p - true[None, :]) <= moe
    return float(inside[enough].mean()), float(np.median(moe[enough]))


def test_closed_form_equals_80_replicates() -> None:
    hadamard = paley(79)
    np.testing.assert_array_equal(hadamard @ hadamard.T, 80 * np.eye(80))
    by_step = np.random.default_rng(3).integers(0, 30, (5, 80)).astype(float)
    closed = 0.5 * ((by_step - np.roll(by_step, 1, axis=-1)) ** 2).sum(axis=-1)
    np.testing.assert_allclose(survey.replicate_variance(by_step, hadamard), closed, rtol=1e-12)


def test_variance_of_a_small_case_by_hand() -> None:
    """Weights 8 at rows 0 and 5 alone: four changes of 8, half their squares: 128."""
    by_step = np.zeros((1, 80))
    by_step[0, [0, 5]] = 8
    assert survey.replicate_variance(by_step, paley(79))[0] == pytest.approx(128)


def test_estimates_nest_and_controls_hold(nowhere: County) -> None:
    tables = nowhere.sample(2024, 4)
    for name, layout in nowhere.tables(2024).items():
        if isinstance(layout, MedianTable):
            continue
        frame = tables[name].set_index("GEO_ID")
        estimates = frame.filter(like="_E")
        county = estimates[estimates.index.str.startswith("050")].iloc[0]
        for prefix in ("140",) if layout.tract_only else ("140", "150"):
            assert (estimates[estimates.index.str.startswith(prefix)].sum() == county).all(), (name, prefix)
    truth = nowhere.truth("B01003", 2024, "county").iloc[0, 0]
    assert list(tables["B01003"].iloc[0]) == ["0500000US99001", truth, -555555555]
    assert tables["B25003"].iloc[0]["B25003_E001"] == len(nowhere.households())
    assert tables["B25003"].iloc[0]["B25003_M001"] == -555555555
    assert (tables["B25003"].iloc[1:]["B25003_M001"] > 0).all()


def test_empty_homes_are_sampled_and_those_of_households_are_known(nowhere: County) -> None:
    tables = nowhere.sample(2024, 4, ["B25001", "B25002", "B25004", "B25014"])
    homes, empty = tables["B25002"].set_index("GEO_ID"), tables["B25004"].set_index("GEO_ID")
    county = homes.iloc[0]
    assert (county["B25002_E002"], county["B25002_M002"]) == (len(nowhere.households()), -555555555)
    assert county["B25002_M001"] == county["B25002_M003"] == empty.iloc[0]["B25004_M001"] > 50
    assert (tables["B25014"].iloc[0]["B25014_E001"], tables["B25014"].iloc[0]["B25014_M001"]) == (
        len(nowhere.households()), -555555555
    )  # fmt: skip
    np.testing.assert_array_equal(homes["B25002_E003"], empty["B25004_E001"])
    np.testing.assert_array_equal(homes["B25002_E001"], tables["B25001"]["B25001_E001"])


@pytest.mark.usefixtures("drawn_once")
@pytest.mark.parametrize("level", ["county", "tract"])
def test_margins_of_empty_homes_cover(nowhere: County, level: str) -> None:
    draws = nowhere.draws("B25002", 200, 300, level=level)
    truth = nowhere.truth("B25002", 2024, level).to_numpy()
    inside = (np.abs(draws.estimate - truth) <= draws.moe)[..., 2]
    assert 0.82 <= inside[:, truth[:, 2] > 40].mean() <= 0.97
    assert abs(draws.estimate[:, :, 2].sum(axis=1).mean() - truth[:, 2].sum()) < 60  # no bias to speak of


def test_layout_of_a_table(nowhere: County) -> None:
    for vintage, groups, tracts in ((2024, 111, 37), (2014, None, 36)):
        frame = nowhere.sample(vintage, 0, ["B25003", "B17001"])["B25003"]
        assert list(frame.columns[:3]) == ["GEO_ID", "B25003_E001", "B25003_M001"]
        assert frame["GEO_ID"].str.fullmatch(r"0500000US\d{5}|1400000US\d{11}|1500000US\d{12}").all()
        assert frame["GEO_ID"].is_unique
        assert frame["GEO_ID"].str.startswith("140").sum() == tracts
        if groups:
            assert frame["GEO_ID"].str.startswith("150").sum() == groups
        assert set(map(str, frame.dtypes[1:])) == {"int64"}
    assert not nowhere.sample(2024, 0, ["B17001"])["B17001"]["GEO_ID"].str.startswith("150").any()


def test_zero_estimates_have_a_margin(nowhere: County) -> None:
    frame = nowhere.sample(2024, 0, ["B03002"])["B03002"]
    zero = frame["B03002_E007"] == 0
    assert zero.any()
    assert set(frame.loc[zero, "B03002_M007"]) <= {12, 13, 14}
    bay = frame[frame["GEO_ID"] == "1400000US99001990000"].iloc[0]
    assert bay["B03002_E001"] == 0 and bay["B03002_M001"] > 0


def test_medians_use_the_bureaus_codes(nowhere: County) -> None:
    homes = nowhere.sample(2024, 0, ["B19013", "B25064", "B19013B"])
    bay = homes["B19013"].set_index("GEO_ID").loc["1500000US990019900000"]
    assert list(bay) == [-666666666, -222222222]
    county = homes["B19013"].iloc[0]
    true = nowhere.truth("B19013", 2024, "county").iloc[0, 0]
    assert abs(county["B19013_E001"] - true) < 2.5 * county["B19013_M001"]
    edges = np.array([-np.inf, 10.0, 20.0, np.inf])
    layout = MedianTable("X", lambda frame: np.zeros(len(frame), dtype=np.int64), "x", edges, 9, 21)
    below = np.array([0.0, 2.0, 4.0, 10.0])
    assert survey._publish(layout, below, survey._invert(edges, below, 0.5), 0.1) == (21.0, -333333333.0)
    below = np.array([0.0, 2.0, 8.0, 10.0])  # the median splits the middle class: 10 + (5 - 2) / 6 * 10
    assert survey._publish(layout, below, survey._invert(edges, below, 0.5), 0.1)[0] == 15.0


@pytest.mark.usefixtures("drawn_once")
@pytest.mark.parametrize(
    ("table", "top"),
    [("B25003", 2), ("B25044", 9), ("B15003", 21), ("B03002", 2), ("B17001", 1), ("C16002", 3), ("B08301", 9),
     ("B25034", 10), ("B28009H", 3), ("B07003", 3)],
)  # fmt: skip
def test_margins_cover_at_tracts(nowhere: County, table: str, top: int) -> None:
    draws = nowhere.draws(table, 200 if table == "B25003" else 60, 100, level="tract")
    covered, _ = share_coverage(draws, nowhere.truth(table, 2024, "tract").to_numpy(), top, 5)
    assert 0.84 <= covered <= 0.96


@pytest.mark.parametrize("vintage", [2014, 2024])
def test_margins_cover_at_block_groups(nowhere: County, vintage: int) -> None:
    draws = nowhere.draws("B25003", 100, 500, vintage)
    truth = nowhere.truth("B25003", vintage).to_numpy()
    covered, median = share_coverage(draws, truth, 2, 5)
    assert 0.84 <= covered <= 0.96
    assert 0.08 <= median <= 0.16  # as wide as real block groups
    lived_in = truth[:, 0] > 0
    counts = (np.abs(draws.estimate - truth) <= draws.moe)[:, lived_in]
    assert 0.84 <= counts.mean() <= 0.96
    assert abs((draws.estimate.mean(axis=0) - truth).sum(axis=0)).max() < 120  # no bias to speak of


def test_medians_cover(nowhere: County) -> None:
    draws = nowhere.draws("B19013", 60, 900, level="tract")
    known = ~np.isnan(draws.moe)
    inside = np.abs(draws.estimate - nowhere.truth("B19013", 2024, "tract").to_numpy()) <= draws.moe
    assert 0.80 <= inside[known].mean() <= 0.96


def test_about_one_in_eight_is_interviewed(nowhere: County) -> None:
    cases = nowhere.draws("B25003", 3, 0, level="county").cases[:, 0, 0]
    assert np.all(np.abs(cases / len(nowhere.households()) - 0.125) < 0.006)


def test_a_draw_is_the_same_sample_for_every_table(nowhere: County) -> None:
    pair = nowhere.draws_of(["B25003", "B25044"], 2, 40)
    alone = nowhere.draws("B25044", 1, 41)
    np.testing.assert_array_equal(pair["B25044"].estimate[1], alone.estimate[0])
    np.testing.assert_array_equal(pair["B25003"].estimate[..., 0], pair["B25044"].estimate[..., 0])
    published = nowhere.sample(2024, 41, ["B25044"])["B25044"]
    groups = published[published["GEO_ID"].str.startswith("150")]
    np.testing.assert_array_equal(groups.filter(like="_E").to_numpy(), alone.estimate[0])
    np.testing.assert_array_equal(groups.filter(like="_M").to_numpy(), alone.moe[0])


def test_draws_are_fast(nowhere: County) -> None:
    nowhere.draws("B25003", 1)
    start = time.process_time()
    nowhere.draws("B25003", 50)
    assert time.process_time() - start < 2.0  # a thousand in well under a minute
