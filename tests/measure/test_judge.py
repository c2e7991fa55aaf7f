"""From columns to records: what is shown, what is hidden without trace, and what differs from the reference."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from justgeo.core.result import Column, Comparison, Indicator, Record
from justgeo.core.zones import Role, Zones
from justgeo.measure import judge
from justgeo.measure.changes import ChangeColumn
from justgeo.measure.judge import JudgeSettings
from justgeo.measure.margins import Z90
from tests.indicators.town import row as indicator
from tests.measure import toy

NAN = float("nan")
NUMBERS = (
    "value", "moe", "numerator", "numerator_moe", "denominator", "denominator_moe", "complement_moe", "low", "high",
)  # fmt: skip


def column(value: Sequence[float], moe: Sequence[float] = (), **more: Any) -> Column:
    """A column of so many zones; what is not given is not known."""
    n = len(value)
    sampling = list(moe) or [0.0] * n
    error = more.pop("error", {"sampling": sampling, "apportionment": [0.0] * n, "noise": [0.0] * n})
    told: dict[str, Any] = {
        "value": value,
        "moe": np.sqrt(np.sum([np.square(part) for part in error.values()], axis=0)),
        **{name: [NAN] * n for name in NUMBERS[2:]},
        "split_share": [NAN] * n,
        **more,
    }
    words: dict[str, Any] = {
        "rule": ("proportion",) * n,
        "reason": (None,) * n,
        "text": (None,) * n,
        "flags": ((),) * n,
    }
    words |= {k: told.pop(k) for k in words if k in told}
    arrays: dict[str, Any] = {k: np.asarray(v, dtype=np.float64) for k, v in told.items()}
    return Column(**arrays, error={k: np.asarray(v, dtype=np.float64) for k, v in error.items()}, **words)


def zones(roles: Sequence[Role]) -> Zones:
    made = toy.zones(*[toy.square(i, 0) for i in range(len(roles))])
    ids = tuple(r if r != "area" else f"area {i}" for i, r in enumerate(roles))
    return Zones(ids, ids, tuple(roles), made.geography, made.geometry)


def test_areas_that_are_withheld_are_known_without_their_records() -> None:
    roles: list[Role] = ["district", "reference", "area", "area", "area"]
    homes = [10.0, 400.0, 49.0, 50.0, 20.0]
    rules = ("proportion", "proportion", "proportion", "proportion", "sum")
    found = column([0.5] * 5, [0.1] * 5, numerator=[h / 2 for h in homes], denominator=homes, rule=rules)
    asked = indicator("acs_share", weight="households")
    told = judge.withheld(found, asked, zones(roles), JudgeSettings())
    made = judged(found, roles, asked)
    assert told.tolist() == [r.reliability == "suppressed" for r in made] == [False, False, True, False, False]


def judged(
    found: Column,
    roles: Sequence[Role],
    asked: Indicator | None = None,
    group: str = "all",
    settings: JudgeSettings | None = None,
    comparable: Column | None = None,
    inside: bool = True,
    modelled: bool = False,
) -> list[Record]:
    against = None
    if "reference" in roles:
        columns = None if comparable is None else lambda row: comparable
        basis = "shown" if comparable is None else "rebuilt"
        against = judge.Against(list(roles).index("reference"), np.full(len(roles), inside), columns, basis)
    return judge.records(
        found,
        asked or HOMES,
        group,
        zones(roles),
        against=against,
        layers=("acs:B25003@2024",),
        settings=settings or JudgeSettings(),
        modelled=modelled,
    )


HOMES = indicator("acs_share", weight="households", universe="homes")
PEOPLE = indicator("acs_share", weight="persons")
DEGREES = indicator("surface_anomaly_people", weight="persons", unit="°C", aggregate="mean")


def numbers_in(record: Record) -> list[object]:
    """Every number that a record holds, anywhere."""
    found: list[object] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            for part in value.values():
                look(part)
        elif isinstance(value, list | tuple):
            for part in value:
                look(part)
        elif isinstance(value, int | float):
            found.append(value)

    look(dataclasses.asdict(record))
    return found


def test_a_record_carries_all_that_its_column_tells() -> None:
    found = column(
        [0.4], [0.03], numerator=[40], numerator_moe=[6], denominator=[100], denominator_moe=[10], complement_moe=[8],
        low=[0.38], high=[0.43], flags=(("margin not known",),),
    )  # fmt: skip
    (record,) = judged(found, ["district"])
    assert (record.value, record.moe, record.numerator, record.denominator) == (0.4, 0.03, 40, 100)
    assert (record.numerator_moe, record.denominator_moe, record.complement_moe) == (6, 10, 8)
    assert (record.low, record.high, record.rule, record.flags) == (0.38, 0.43, "proportion", ("margin not known",))
    assert record.error == {"sampling": 0.03, "apportionment": 0.0, "noise": 0.0}
    assert (record.zone, record.unit, record.universe) == ("district", "share", "homes")
    assert (record.layers, record.reason, record.comparison) == (("acs:B25003@2024",), None, None)


# ------------------------------------------------------------------------------------------------------- reliability


@pytest.mark.parametrize(
    ("value", "moe", "expected"),
    [
        (0.5, 0.5 * 0.12 * Z90, "high"),  # a coefficient of variation of 12 % exactly
        (0.5, 0.5 * 0.121 * Z90, "medium"),
        (0.5, 0.5 * 0.40 * Z90, "medium"),
        (0.5, 0.5 * 0.401 * Z90, "low"),
        (0.5, 0.0, "exact"),
        (0.5, NAN, "unknown"),
        (NAN, NAN, "absent"),
    ],
)
def test_classes_follow_the_coefficient_of_variation(value: float, moe: float, expected: str) -> None:
    (record,) = judged(column([value], [moe]), ["district"])
    assert record.reliability == expected


@pytest.mark.parametrize(
    ("value", "moe", "expected"),
    [
        (0.01, 0.5, "high"),  # a coefficient of variation of thousands of percent, and of half a degree all the same
        (-3.0, 0.5, "high"),
        (3.0, 0.51, "medium"),
        (30.0, 1.0, "medium"),
        (30.0, 1.01, "low"),
        (0.0, 0.0, "exact"),
        (0.5, NAN, "unknown"),
        (NAN, NAN, "absent"),
    ],
)
def test_degrees_are_judged_by_their_margin_since_their_zero_is_nothing(
    value: float, moe: float, expected: str
) -> None:
    (record,) = judged(column([value], [moe]), ["district"], DEGREES)
    assert record.reliability == expected


@pytest.mark.parametrize(("value", "moe", "hidden"), [(0.0, 1.99, False), (-0.1, 1.0, False), (5.0, 2.0, True)])
def test_a_groups_degrees_are_withheld_for_a_wide_margin_alone(value: float, moe: float, hidden: bool) -> None:
    (record,) = judged(column([value], [moe], denominator=[500]), ["district"], DEGREES, "income:under100")
    assert (record.reliability == "suppressed") == hidden
    assert not hidden or "± 2.0 °C" in str(record.reason)


def test_a_difference_of_degrees_has_no_ratio_to_another() -> None:
    district, _ = judged(column([2.0, -0.5]), ["district", "reference"], DEGREES)
    assert district.comparison is not None and district.comparison.difference == 2.5
    assert district.comparison.ratio is None and district.comparison.verdict == "higher"


def test_few_who_have_not_and_few_who_have_are_of_one_class() -> None:
    """The Deephaven paradox: 3.5 % poor and 96.5 % not poor are the same finding (METHODS 2.3)."""
    few, many = judged(column([0.035, 0.965], [0.02, 0.02]), ["area", "area"])
    assert (few.reliability, many.reliability) == ("medium", "medium")


def test_a_number_of_dollars_is_no_proportion() -> None:
    dollars = indicator("acs_median", unit="USD", aggregate="median", weight="households")
    (record,) = judged(column([60_000], [5_000], rule=("median",)), ["district"], dollars)
    assert record.reliability == "high"  # 5.1 %


# ------------------------------------------------------------------------------------------------------- suppression


def assert_hidden(record: Record, words: str) -> None:
    assert record.reliability == "suppressed"
    assert record.reason is not None and record.reason.startswith("suppressed") and words in record.reason
    assert numbers_in(record) == []
    assert (record.text, record.flags, record.error, record.comparison, record.rule) == (None, (), {}, None, "")
    assert record.layers == ("acs:B25003@2024",)


FULL = {"numerator": 20, "numerator_moe": 3, "denominator_moe": 5, "complement_moe": 2, "low": 0.3, "high": 0.5}


def small(base: float, **more: Any) -> Column:
    told = {k: [v] for k, v in FULL.items()}
    return column([0.4], [0.1], denominator=[base], flags=(("rebuilt=0.4",),), **{**told, **more})


@pytest.mark.parametrize(
    ("asked", "base", "hidden"), [(HOMES, 49.9, True), (HOMES, 50, False), (PEOPLE, 99.9, True), (PEOPLE, 100, False)]
)
def test_areas_of_few_homes_or_people_are_hidden_without_trace(asked: Indicator, base: float, hidden: bool) -> None:
    (record,) = judged(small(base), ["area"], asked)
    if hidden:
        assert_hidden(record, "fewer than")
    else:
        assert record.value == 0.4 and record.denominator == base


def test_the_district_as_a_whole_is_always_kept() -> None:
    (record,) = judged(small(10), ["district"])
    assert record.value == 0.4


def test_the_words_of_a_median_are_hidden_as_its_number_is() -> None:
    dollars = indicator("acs_median", unit="USD", aggregate="median", weight="households")
    open_end = column([NAN], [NAN], denominator=[20], rule=("median",), text=("≥ 250,000",), reason=("open",))
    (record,) = judged(open_end, ["area"], dollars)
    assert_hidden(record, "fewer than 50 households")


def test_an_absent_number_keeps_its_own_reason() -> None:
    (record,) = judged(column([NAN], [NAN], denominator=[3], reason=("the layer does not cover it",)), ["area"])
    assert (record.reason, record.reliability, record.value) == ("the layer does not cover it", "absent", None)


def test_no_number_is_ever_left_without_a_reason() -> None:
    (record,) = judged(column([NAN], [NAN]), ["area"])
    assert record.reason


def test_counts_and_measures_of_land_have_no_base_to_be_too_small() -> None:
    count = indicator("acs_count", unit="persons", aggregate="sum")
    assert judged(column([7], [3], rule=("sum",)), ["area"], count)[0].value == 7
    land = indicator("raster_area", weight="land", aggregate="zone")
    assert judged(column([0.2], [0], denominator=[40], rule=("none",)), ["area"], land)[0].value == 0.2


def test_what_is_counted_in_full_is_no_sample_that_could_be_too_small() -> None:
    walk = indicator("walk_share", weight="persons")
    (record,) = judged(column([0.25], [0.0], numerator=[10], denominator=[40], rule=("sum",)), ["area"], walk)
    assert (record.value, record.denominator) == (0.25, 40)


@pytest.mark.parametrize(("base", "hidden"), [(49, True), (50, False)])
@pytest.mark.parametrize("role", ["area", "district", "reference"])
def test_a_group_of_fewer_than_fifty_is_hidden_wherever_it_is(base: float, hidden: bool, role: Role) -> None:
    (record,) = judged(small(base), [role], group="race:black")
    if hidden:
        assert_hidden(record, "fewer than 50")
    else:
        assert record.value == 0.4


@pytest.mark.parametrize(
    ("value", "cv", "hidden"),
    [(0.3, 60.1, True), (0.3, 59.9, False), (0.9, 60.1, True), (0.9, 59.9, False)],
)
def test_a_groups_share_whose_margin_says_nothing_is_hidden(value: float, cv: float, hidden: bool) -> None:
    """On the rarer side, as for reliability: 10 % without are as uncertain as 10 % with."""
    moe = cv / 100 * Z90 * min(value, 1 - value)
    (record,) = judged(column([value], [moe], denominator=[500]), ["district"], group="race:black")
    assert (record.reliability == "suppressed") == hidden
    if hidden:
        assert_hidden(record, "coefficient of variation 60 %")


def test_the_limits_are_settings() -> None:
    lax = JudgeSettings(min_households=5, group_min=5, group_cv=200)
    assert judged(small(10), ["area"], settings=lax)[0].value == 0.4
    assert judged(small(10), ["area"], group="g", settings=lax)[0].value == 0.4


def test_a_hidden_reference_is_not_told_by_the_difference_from_it() -> None:
    """Value less difference would give the reference's value back."""
    found = column([0.5, 0.4], [0.05, 0.9], denominator=[100, 200])
    district, reference = judged(found, ["district", "reference"], group="race:nhpi")
    assert reference.reliability == "suppressed" and district.value == 0.5
    assert district.comparison is None


# -------------------------------------------------------------------------------------------------------- comparison


def compared(
    value: Sequence[float],
    sampling: Sequence[float],
    base: Sequence[float],
    apportionment: float = 0.0,
    noise: float = 0.0,
    asked: Indicator = HOMES,
    **more: Any,
) -> Comparison | None:
    error = {"sampling": list(sampling), "apportionment": [apportionment, 0.0], "noise": [noise, 0.0]}
    found = column(value, error=error, denominator=list(base), **more)
    return judged(found, ["district", "reference"], asked)[0].comparison


def test_the_worked_comparison_of_the_methods() -> None:
    """METHODS 2.6: 0.55 +- 0.045 within 0.47 +- 0.008, 6 % of it; the overlap taken out."""
    found = compared([0.55, 0.47], [0.045, 0.008], [600, 10_000])
    assert found is not None
    assert found.reference == "reference"
    assert found.difference == pytest.approx(0.08)
    assert found.difference_moe is not None and found.z is not None and found.p is not None
    assert found.difference_moe / Z90 == pytest.approx(0.02612, abs=5e-6)
    assert found.z == pytest.approx(3.063, abs=5e-4)
    assert found.p == pytest.approx(0.0022, abs=5e-5)
    assert found.ratio == pytest.approx(0.55 / 0.47)
    assert (found.q, found.verdict) == (None, "higher")


def test_the_part_that_is_no_sampling_is_added_in_full() -> None:
    """METHODS 2.0 item 9: the overlap takes nothing off the apportionment error, nor off the noise."""
    plain = compared([0.55, 0.47], [0.045, 0.008], [600, 10_000])
    more = compared([0.55, 0.47], [0.045, 0.008], [600, 10_000], apportionment=0.03, noise=0.04)
    assert plain is not None and more is not None
    assert plain.difference_moe is not None and more.difference_moe is not None
    assert more.difference_moe == pytest.approx(math.hypot(plain.difference_moe, 0.05))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.55, "higher"), (0.40, "lower"), (0.50, "not distinguishable"), (0.47, "not distinguishable")],
)
def test_the_verdict_is_whether_the_difference_is_larger_than_its_margin(value: float, verdict: str) -> None:
    found = compared([value, 0.47], [0.045, 0.008], [600, 10_000])
    assert found is not None and found.verdict == verdict


def test_what_is_no_sample_is_compared_by_its_plain_sign_without_a_test() -> None:
    found = compared([0.55, 0.47], [0.0, 0.0], [600, 10_000])
    assert found is not None
    assert (found.verdict, found.z, found.p, found.difference_moe) == ("higher", None, None, 0.0)


def test_a_margin_that_is_not_known_makes_the_verdict_unknown() -> None:
    found = compared([0.55, 0.47], [NAN, 0.008], [600, 10_000])
    assert found is not None
    assert (found.verdict, found.difference_moe, found.z, found.p) == ("unknown", None, None, None)
    assert found.difference == pytest.approx(0.08)


def test_a_district_that_is_the_whole_reference_differs_by_nothing_that_sampling_explains() -> None:
    found = compared([0.47, 0.47], [0.008, 0.008], [10_000, 10_000])
    assert found is not None
    assert found.difference == 0 and found.verdict == "not distinguishable"


def test_medians_are_compared_as_rebuilt_and_their_overlap_is_ignored() -> None:
    """METHODS 2.6, 2.0 item 6: shown is the Bureau's own median, compared are medians of one making."""
    dollars = indicator("acs_median", unit="USD", aggregate="median", weight="households")
    shown = column([60_000, 50_000], [4_000, 1_000], denominator=[600, 1_000], rule=("median",) * 2)
    rebuilt = column([59_000, 51_000], [3_000, 4_000], denominator=[600, 1_000], rule=("median",) * 2)
    first = judged(shown, ["district", "reference"], dollars, comparable=rebuilt)[0]
    assert first.value == 60_000
    assert first.comparison is not None
    assert first.comparison.difference == 8_000
    assert first.comparison.difference_moe == pytest.approx(5_000)  # sqrt(3,000² + 4,000²): no overlap taken out
    assert first.comparison.verdict == "higher"


def test_sums_are_not_compared_and_neither_is_the_reference_with_itself() -> None:
    count = indicator("acs_count", unit="persons", aggregate="sum")
    found = judged(column([7, 100], [3, 5]), ["district", "reference"], count)
    assert [r.comparison for r in found] == [None, None]
    shares = judged(column([0.5, 0.4], [0.1, 0.1], denominator=[600, 10_000]), ["district", "reference"])
    assert shares[0].comparison is not None and shares[1].comparison is None


def test_without_a_reference_or_with_an_absent_one_nothing_is_compared() -> None:
    assert judged(column([0.5], [0.1]), ["district"])[0].comparison is None
    gone = column([0.5, NAN], [0.1, NAN], denominator=[600, NAN], reason=(None, "not published"))
    assert judged(gone, ["district", "reference"])[0].comparison is None
    gone = column([NAN, 0.5], [NAN, 0.1], denominator=[NAN, 600], reason=("not published", None))
    assert judged(gone, ["district", "reference"])[0].comparison is None


def test_a_ratio_to_nothing_is_left_out() -> None:
    found = compared([0.5, 0.0], [0.1, 0.001], [600, 10_000])
    assert found is not None and found.ratio is None


# --------------------------------------------------------------------------------------------- many tests at once


def record(zone: str, p: float | None, indicator_id: str = "A") -> Record:
    comparison = Comparison("reference", 0.1, 0.05, 1.2, 2.0, p, None, "higher")
    return Record(zone, indicator_id, "all", 0.5, 0.1, "share", "homes", "high", None, comparison=comparison)


def q_of(records: Sequence[Record]) -> list[float | None]:
    return [None if r.comparison is None else r.comparison.q for r in records]


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.50 of four: 0.04, 0.04, 0.04, 0.50 after the step-up.
    made = judge.adjust([record("district", p) for p in (0.50, 0.03, 0.01, 0.02)])
    assert q_of(made) == pytest.approx([0.50, 0.04, 0.04, 0.04])
    # 0.01 x 2 = 0.02 and 0.04 x 1 = 0.04.
    assert q_of(judge.adjust([record("district", p) for p in (0.01, 0.04)])) == pytest.approx([0.02, 0.04])


def test_each_zone_is_a_table_of_its_own_and_order_is_kept() -> None:
    made = judge.adjust([record("a", 0.01), record("b", 0.01), record("a", 0.04), record("b", 0.02), record("b", 0.03)])
    assert q_of(made) == pytest.approx([0.02, 0.03, 0.04, 0.03, 0.03])
    assert [r.zone for r in made] == ["a", "b", "a", "b", "b"]


def test_what_has_no_test_takes_no_part() -> None:
    bare = Record("a", "B", "all", 0.5, 0.1, "share", "homes", "high", None)
    made = judge.adjust([bare, record("a", None), record("a", 0.02)])
    assert q_of(made) == [None, None, 0.02]


# ----------------------------------------------------------------------------------------- what a reviewer could ask


def test_a_reference_elsewhere_is_independent_of_the_zone() -> None:
    """Two places side by side: no overlap to take out, sqrt(.082² + .074²) = .110."""
    found = column([0.502, 0.394], [0.082, 0.074], denominator=[600, 1_000])
    apart = judged(found, ["district", "reference"], inside=False)[0].comparison
    assert apart is not None and apart.difference_moe == pytest.approx(0.1105, abs=1e-4)
    assert apart.verdict == "not distinguishable"
    within = judged(found, ["district", "reference"], inside=True)[0].comparison
    assert within is not None and within.difference_moe is not None and within.difference_moe < 0.1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nobody_and_everybody_of_a_sample_are_judged_alike(value: float) -> None:
    """95 % width 2 x 1.96 x .18 / 1.645 = .43: too wide; of .05 it is .12: told."""
    wide = judged(column([value], [0.18], denominator=[72]), ["district"], group="race:black")[0]
    assert wide.value is None and "too wide" in str(wide.reason)
    narrow = judged(column([value], [0.05], denominator=[300]), ["district"], group="race:black")[0]
    assert narrow.value == value


def test_what_is_no_sample_is_not_tested_and_must_exceed_its_range() -> None:
    found = column([0.935, 0.930], [0.001, 0.0005], denominator=[600, 10_000])
    noise = {"sampling": np.zeros(2), "apportionment": np.zeros(2), "noise": np.array([0.001, 0.0005])}
    wide = dataclasses.replace(found, error=noise, low=np.array([0.92, 0.93]), high=np.array([0.94, 0.93]))
    told = judged(wide, ["district", "reference"], PEOPLE)[0].comparison
    assert told is not None and told.z is None and told.p is None
    assert told.verdict == "not distinguishable"
    sure = dataclasses.replace(wide, low=np.array([0.934, 0.93]), high=np.array([0.936, 0.93]))
    told = judged(sure, ["district", "reference"], PEOPLE)[0].comparison
    assert told is not None and told.verdict == "higher"


def test_modelled_counts_are_not_called_exact() -> None:
    exact = column([0.66], [0.0], denominator=[600])
    plain, modelled = (judged(exact, ["district"], PEOPLE, modelled=m)[0] for m in (False, True))
    assert (plain.reliability, plain.moe) == ("exact", 0.0)
    assert (modelled.reliability, modelled.moe) == ("unknown", None)
    assert "modelled counts" in modelled.flags


# ---------------------------------------------------------------------------------------------- groups that are counted

OF_A_GROUP = indicator("acs_share", weight="persons", parameters={"counts": "race:nhpi"}, universe="total population")


def test_a_row_that_counts_a_group_is_withheld_as_the_group_is() -> None:
    roles: list[Role] = ["district", "reference", "area", "area", "area"]
    counts, of = [8.0, 500.0, 49.0, 60.0, 0.0], [12_000.0, 92_000.0, 1000.0, 1000.0, 1000.0]
    moe = [0.0001, 0.001, 0.005, 0.0601, 0.01]
    share = [n / all_ for n, all_ in zip(counts, of, strict=True)]
    found = column(share, moe, numerator=counts, denominator=of)
    made = judged(found, roles, OF_A_GROUP)
    few = "suppressed: fewer than 50 people or households of this group stand behind it"
    wide = "suppressed: its margin is too wide to say anything (coefficient of variation 61 %)"
    assert [r.reason for r in made] == [few, None, few, wide, few]
    assert judge.withheld(found, OF_A_GROUP, zones(roles), JudgeSettings()).tolist() == [True, False, True, True, True]
    # Not the district's number of everybody, of any other row.
    assert judged(found, roles, PEOPLE)[0].value is not None


def test_a_planner_s_percent_counts_people_too() -> None:
    found = column([0.02, 0.06], [0.001, 0.001], denominator=[1000.0, 1000.0])
    assert [r.value is None for r in judged(found, ["district", "area"], OF_A_GROUP)] == [True, False]


def test_a_change_of_a_counted_group_is_withheld_where_either_share_is() -> None:
    def share(n: float) -> Column:
        return column([n / 1000], [0.001], numerator=[n], denominator=[1000.0])

    told = indicator(
        "acs_change", weight="persons", unit="percentage points", aggregate="difference",
        parameters={"counts": "race:black", "measure": "share"},
    )  # fmt: skip
    for now, before, gone in ((80.0, 90.0, False), (40.0, 90.0, True), (80.0, 40.0, True)):
        parts = (share(now), share(before))
        plain = column([now - before], [2.0])
        names = {f.name: getattr(plain, f.name) for f in dataclasses.fields(Column)}
        (made,) = judged(ChangeColumn(**names, parts=parts, points=True), ["district"], told)
        assert (made.value is None) is gone
