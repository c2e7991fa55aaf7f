"""Hand answers of the statistics: apportionment, comparison, chances, the crosswalk from 2010 to 2020."""

from __future__ import annotations

from functools import partial

import pandas as pd

from justgeo.catalogue import read
from justgeo.core.layer import Layer, Provenance
from justgeo.measure import compare, crosswalk, margins
from justgeo.measure.carry import Counts
from justgeo.measure.compare import Difference
from justgeo.measure.margins import Z90, Ratio, Sum
from tests.conformance import references as ref
from tests.conformance.handbook import one, summed
from tests.conformance.model import Row

PART = (1.0, 0.35, 0.62)  # of three block groups, inside the district
OLD, NEW_A, NEW_B = "99001000100", "99001000101", "99001000102"
# Blocks of 2010 with 100, 50 and 50 homes: in A; 60 % of its land in A and 40 % in B; in B.
PIECES = [
    (f"{OLD}1000", f"{NEW_A}1000", 1.0, 200, 100),
    (f"{OLD}1001", f"{NEW_A}1001", 0.6, 100, 50),
    (f"{OLD}1001", f"{NEW_B}1001", 0.4, 100, 50),
    (f"{OLD}1002", f"{NEW_B}1002", 1.0, 300, 50),
]


def top() -> Sum:
    return summed((1200, 900, 1500), (180, 150, 210), PART)


def bottom() -> Sum:
    return summed((2400, 1600, 2600), (200, 170, 230), PART)


def share() -> Ratio:
    return margins.proportion(top().value, top().moe, bottom().value, bottom().moe)


def difference(overlap: float) -> Difference:
    """55 % ± 4.5 in a district against 47 % ± 0.8 in a reference of whose people it holds a part."""
    return compare.overlap_difference(0.55, 0.045, 0.0, 0.47, 0.008, overlap)


def nested() -> float:
    """Margin of 500 ± 60 less its part of 200 ± 30: what is left is independent of the part."""
    return one(margins.nested_difference(500, 60, 200, 30).moe)


def carried() -> Counts:
    """420 ± 60 homes of one tract of 2010 in the two that it became."""
    names = ["block10", "block20", "share_land", "pop10", "hu10"]
    made = Provenance("crosswalk", "made by hand", "an example", "none")
    table = Layer("crosswalk", pd.DataFrame(PIECES, columns=names), made, geography="block", geography_vintage=2010)
    return crosswalk.weights(table, "tract", "households").counts([[420.0]], [[60.0]])


def carried_to(tract: int) -> float:
    return float(carried().estimate[tract, 0])


def carried_moe(tract: int) -> float:
    return float(carried().sampling[tract, 0])


def dollars(then: int, now: int) -> float:
    return read.prices().factor(then, now)


def _sums() -> list[Row]:
    eight = ref.HAND_8
    return [
        Row("ap-count", "Three block groups of which 100, 35 and 62 % lie inside: count", eight, "2,445.0",
            lambda: one(top().value), "hand"),
        Row("ap-count-moe", "… its sampling margin", eight, "228.3", lambda: one(top().moe), "hand"),
        Row("ap-whole-moe", "… margin of the whole, 4,572", eight, "252.7", lambda: one(bottom().moe), "hand"),
        Row("ap-share", "… share", eight, "0.5348", lambda: one(share().value), "hand"),
        Row("ap-share-moe", "… its sampling margin", eight, "0.0402", lambda: one(share().moe), "hand"),
        Row("ap-negative", "95 ± 40 of 100 ± 60: the radicand is negative, the formula of ratios is taken", eight,
            "0.6963", lambda: one(margins.proportion(95, 40, 100, 60).moe), "hand"),
        Row("ap-nested", "500 ± 60 less its part of 200 ± 30: margin", eight, "51.9615", nested, "hand"),
        Row("ap-zero", "0 ± 12 of 400 ± 50: margin of a share of 0", eight, "0.0300",
            lambda: one(margins.proportion(0, 12, 400, 50).moe), "hand"),
        Row("ap-one", "400 ± 50 of 400 ± 50, its complement 0 ± 12: margin of a share of 1", eight, "0.0300",
            lambda: one(margins.complement_proportion(0, 12, 400, 50).moe), "hand"),
    ]  # fmt: skip


def _tests() -> list[Row]:
    seven = ref.HAND_7
    return [
        Row("cmp-naive", "55 % ± 4.5 against 47 % ± 0.8, as if they shared nobody: Z", seven, "2.879",
            lambda: one(difference(0.0).z), "hand"),
        Row("cmp-overlap", "… with 6 % of the reference's people in the district: Z", seven, "3.063",
            lambda: one(difference(0.06).z), "hand"),
        Row("cmp-overlap-se", "… standard error of the difference", seven, "0.02612",
            lambda: one(difference(0.06).moe) / Z90, "hand"),
        Row("cmp-overlap-p", "… p, two-sided", seven, "0.0022", lambda: one(difference(0.06).p), "hand"),
    ]  # fmt: skip


def _crosswalk() -> list[Row]:
    rows = []
    for at, name, count, moe in ((0, "first", "273", "39"), (1, "second", "147", "21")):
        what = "A tract of 2010 divided in two by homes, 420 ± 60: the" if at == 0 else "… the"
        rows += [
            Row(f"cross-{name}", f"{what} {name}", ref.CROSSWALK, count,
                partial(carried_to, at), "hand"),
            Row(f"cross-{name}-moe", "… its sampling margin", ref.CROSSWALK, moe,
                partial(carried_moe, at), "hand"),
        ]  # fmt: skip
    return rows


def _prices() -> list[Row]:
    return [
        Row(f"price-{then}-{now}", f"Dollars of {then} in those of {now}", ref.PRICES, factor,
            partial(dollars, then, now), "hand")
        for then, now, factor in ((2014, 2024, "1.325058"), (2012, 2018, "1.0937"))
    ]  # fmt: skip


ROWS: list[Row] = [*_sums(), *_tests(), *_crosswalk(), *_prices()]
