"""Worked examples that the Census Bureau and others print, by `measure.margins` and `measure.compare`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.sparse import csr_array

from justgeo.core.layer import FloatArray
from justgeo.measure import compare, margins
from justgeo.measure.margins import Estimate, Ratio, Sum
from tests.conformance import references as ref
from tests.conformance.model import Row

# Chapter 8: never-married females and males, and all females of 15 and over, in Fairfax, Arlington and Alexandria.
FEMALES = ((135173, 43104, 24842), (3860, 2642, 1957))
MALES = ((156720, 44613, 25507), (4222, 2819, 2259))
EVERYONE = ((466037, 97360, 67101), (391, 572, 459))
# Chapter 8 (2020), example 2: households of Loudoun County by income, brackets put together to groups.
LOUDOUN: dict[str, tuple[tuple[int, ...], tuple[int, ...], str, str]] = {
    "$15,000 to $24,999": ((1502, 1995), (743, 722), "1,036", "18.0"),
    "$25,000 to $34,999": ((1756, 1781), (685, 631), "931", "16.0"),
    "$35,000 to $49,999": ((2708, 1981, 2581), (1007, 647, 996), "1,557", "13.0"),
}
# Benjamini and Hochberg's example, in ten-thousandths.
P_VALUES = (1, 4, 19, 95, 201, 278, 298, 344, 459, 3240, 4262, 5719, 6528, 7590, 10000)


def summed(estimates: Sequence[float], moes: Sequence[float], weights: Sequence[float] = ()) -> Sum:
    """Units added up by weight (1 each where none is given), with their margin."""
    w = csr_array(np.array([list(weights) or [1.0] * len(estimates)]))
    column = np.array([estimates, moes], dtype=np.float64).T
    return margins.weighted_sum(w, column[:, [0]], column[:, [1]])


def one(values: object) -> float:
    """The one number of an answer."""
    return float(np.asarray(values).ravel()[0])


def cv(value: object, moe: object) -> float:
    return one(margins.cv(one(value), one(moe)))


def standard_error(value: object, moe: object) -> float:
    return cv(value, moe) / 100 * one(value)


def summed_moe(estimates: Sequence[float], moes: Sequence[float]) -> float:
    return one(summed(estimates, moes).moe)


def summed_cv(estimates: Sequence[float], moes: Sequence[float]) -> float:
    found = summed(estimates, moes)
    return cv(found.value, found.moe)


def share() -> Ratio:
    """The chapter goes on with the numerator as it printed it, 203,119 ± 5,070."""
    whole = summed(*EVERYONE)
    return margins.proportion(203119, 5070, whole.value, whole.moe)


def ratio() -> Ratio:
    males = summed(*MALES)
    return margins.ratio(males.value, males.moe, 203119, 5070)


def product() -> Estimate:
    return margins.product(74506512, 228238, 0.824, 0.001)


def change() -> Estimate:
    return margins.percent_change(139301, 4047, 135173, 3860)


def z(a: float, a_moe: float, b: float, b_moe: float) -> float:
    """Test statistic of two places that share nobody."""
    return one(compare.overlap_difference(a, a_moe, 0.0, b, b_moe, 0.0).z)


def adjusted() -> FloatArray:
    return compare.benjamini_hochberg(np.array(P_VALUES) / 10_000)


def _chapter_8() -> list[Row]:
    eight, new = ref.HANDBOOK_8, ref.HANDBOOK_8_2020
    return [
        Row("hb-sum", "Never-married females in three areas: sum", eight, "203,119",
            lambda: one(summed(*FEMALES).value)),
        Row("hb-sum-moe", "… its margin", eight, "5,070", lambda: one(summed(*FEMALES).moe)),
        Row("hb-sum-se", "… its standard error", eight, "3,082",
            lambda: standard_error(203119, summed(*FEMALES).moe)),
        Row("hb-sum-cv", "… its coefficient of variation", eight, "1.5",
            lambda: cv(203119, summed(*FEMALES).moe), unit="%"),
        Row("hb-whole-moe", "All females of 15 and over in them: margin of the sum", eight, "831",
            lambda: one(summed(*EVERYONE).moe)),
        Row("hb-share", "Share of them never married", eight, "0.322", lambda: one(share().value)),
        Row("hb-share-moe", "… its margin", eight, "0.008", lambda: one(share().moe)),
        Row("hb-males-moe", "Never-married males: margin of the sum", new, "5,557",
            lambda: one(summed(*MALES).moe)),
        Row("hb-ratio", "Males to females", eight, "1.117", lambda: one(ratio().value)),
        Row("hb-ratio-moe", "… its margin", eight, "0.039", lambda: one(ratio().moe)),
        Row("hb-product", "Owned homes times the share of them that is detached", eight, "61,393,366",
            lambda: one(product().value)),
        Row("hb-product-moe", "… its margin", eight, "202,289", lambda: one(product().moe)),
        Row("hb-change", "Never-married females of Fairfax, two periods: change", ref.AGGREGATOR, "3.053864",
            lambda: one(change().value), "program", unit="%"),
        Row("hb-change-moe", "… its margin", ref.AGGREGATOR, "4.198070",
            lambda: one(change().moe), "program", unit="points"),
    ]  # fmt: skip


def _loudoun() -> list[Row]:
    rows = []
    for k, (name, (estimates, moes, moe, percent)) in enumerate(LOUDOUN.items(), 1):
        what = f"Households of Loudoun County with {name}, {len(moes)} brackets"
        rows += [
            Row(f"hb-loudoun-{k}-moe", f"{what}: margin", ref.HANDBOOK_8_2020, moe,
                partial(summed_moe, estimates, moes)),
            Row(f"hb-loudoun-{k}-cv", "… coefficient of variation", ref.HANDBOOK_8_2020, percent,
                partial(summed_cv, estimates, moes), unit="%"),
        ]  # fmt: skip
    return rows


def _chapter_7() -> list[Row]:
    seven = ref.HANDBOOK_7
    return [
        Row("hb-colorado-se", "Households of one person in Colorado, 564,757 ± 10,127: standard error", seven, "6,156",
            lambda: standard_error(564757, 10127)),
        Row("hb-colorado-cv", "… coefficient of variation", seven, "1.1", lambda: cv(564757, 10127), unit="%"),
        Row("hb-test-florida", "12.6 % ± 0.2 in Florida against 10.5 % ± 0.3 in Arizona: Z", seven, "9.581",
            lambda: z(12.6, 0.2, 10.5, 0.3)),
        Row("hb-test-indiana", "10.8 % ± 0.2 in Indiana against 10.5 % ± 0.3 in Arizona: Z", seven, "1.369",
            lambda: z(10.8, 0.2, 10.5, 0.3)),
    ]  # fmt: skip


def _others() -> list[Row]:
    return [
        Row("zero-rule", "Three zeros ± 22, 22, 29 and 41 ± 37: only the largest margin of a zero counts",
            ref.AGGREGATOR, "47.010637", lambda: one(summed((0, 0, 0, 41), (22, 22, 29, 37)).moe), "program"),
        Row("sum-children", "Boys and girls under 5, 10,154,024 ± 3,778 and 9,712,936 ± 3,911: margin", ref.AGGREGATOR,
            "5,437.757350", lambda: one(summed((10154024, 9712936), (3778, 3911)).moe), "program"),
        Row("fdr-rejected", "Of 15 tests, those that stand at a false discovery rate of 5 %", ref.BENJAMINI_HOCHBERG,
            "4", lambda: float((adjusted() <= 0.05).sum()), more=0),
        Row("fdr-fourth", "… q-value of the fourth", ref.BENJAMINI_HOCHBERG, "0.035625",
            lambda: float(adjusted()[3]), "program"),
        Row("fdr-sixth", "… of the sixth, which takes that of the seventh", ref.BENJAMINI_HOCHBERG, "0.06385714",
            lambda: float(adjusted()[5]), "program"),
    ]  # fmt: skip


ROWS: list[Row] = [*_chapter_8(), *_loudoun(), *_chapter_7(), *_others()]
