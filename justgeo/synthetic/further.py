"""Layouts of further ACS tables: language, internet, health, the way to work, moving, homes and their vacancy.

Line numbers are the Bureau's, read in the column metadata of the surveys of 2014 and 2024
(https://github.com/censusreporter/census-table-metadata). C16002 begins in 2016, B28002, B28008 and B28009 in 2017.
B25034 has had its eleven lines since 2015; the ways of transit in B08301 were put in another order in 2019.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from justgeo.core.layer import BoolArray, IntArray
from justgeo.synthetic.forms import GROUPS, Table, anyone, bins, blocks, flat, halves, iteration, of, renters, tree
from justgeo.synthetic.traits import COVER, INTERNET, MODES

Sums = list[Iterable[int] | int]

MINUTES = (5, 10, 15, 20, 25, 30, 35, 40, 45, 60, 90)
NO_COVER = COVER.index("none")


def tables(vintage: int) -> list[Table]:
    """The tables of this module that a survey of this year has."""
    made = [*_persons(vintage), *_households(), *_homes(vintage)]
    for group in GROUPS:
        for table in (_disability_of_group(), _cover_of_group(), _work_of_group(), _commute_of_group()):
            made.append(_of_group(table, group))
        if vintage >= 2017:
            made.append(_of_group(Table("B28009", "person", online_person, _ONLINE), group))
    if vintage >= 2016:
        made.append(Table("C16002", "household", _language, _LANGUAGE, controlled=1))
    if vintage >= 2017:
        made.append(Table("B28002", "household", _internet, _INTERNET, controlled=1))
        made.append(Table("B28008", "person", _online_detail, _ONLINE_DETAIL))
    return made


def _of_group(table: Table, group: str) -> Table:
    """The table of one race or origin, of people themselves."""
    return Table(f"{table.name}{group}", "person", iteration(table.code, group), table.lines, table.tract_only)


# --- persons ----------------------------------------------------------------------------------------------------------


def _persons(vintage: int) -> list[Table]:
    return [
        Table("B05003", "person", _citizenship, _CITIZENSHIP, tract_only=True, controlled=1),
        Table("B07003", "person", _moved_sex, _MOVED, tract_only=True),
        Table("B07013", "person", _moved_tenure, _MOVED, tract_only=True),
        Table("B08301", "person", lambda frame: of(frame, "mode"), _modes(vintage)),
        Table("B08303", "person", _minutes, flat(12)),
        Table("B14005", "person", _school, _SCHOOL),
        Table("B18101", "person", _disability, _disability_lines(), tract_only=True),
        Table("B27010", "person", _cover, _cover_lines()),
    ]


def _citizenship(frame: pd.DataFrame) -> IntArray:
    return of(frame, "sex") * 6 + (of(frame, "age") >= 18) * 3 + of(frame, "citizen")


def _citizenship_lines() -> BoolArray:
    """Both sexes, each under 18 and from 18, each native, foreign born, of them naturalized and not citizens."""
    sums: Sums = [range(12)]
    for sex in (0, 6):
        sums.append(range(sex, sex + 6))
        for at in (sex, sex + 3):
            sums += [range(at, at + 3), at, (at + 1, at + 2), at + 1, at + 2]
    return tree(12, *sums)


def _moved(frame: pd.DataFrame, half: IntArray) -> IntArray:
    moved = of(frame, "moved")
    return np.where(moved < 0, -1, moved * 2 + half)


def _moved_sex(frame: pd.DataFrame) -> IntArray:
    return _moved(frame, of(frame, "sex"))


def _moved_tenure(frame: pd.DataFrame) -> IntArray:
    """People of households alone."""
    return np.where(frame["quarters"], -1, _moved(frame, renters(frame)))


def _moved_lines() -> BoolArray:
    """Both halves of all, then of each of five ways to have moved."""
    sums: Sums = [range(10), range(0, 10, 2), range(1, 10, 2)]
    for kind in range(5):
        sums += [(2 * kind, 2 * kind + 1), 2 * kind, 2 * kind + 1]
    return tree(10, *sums)


def _modes(vintage: int) -> BoolArray:
    """Lines of B08301 over ``MODES``."""
    bus, subway, railroad, light, ferry = range(6, 11)
    transit = (bus, subway, railroad, light, ferry) if vintage >= 2019 else (bus, light, subway, railroad, ferry)
    return tree(17, range(17), range(6), 0, range(1, 6), *range(1, 6), range(6, 11), *transit, *range(11, 17))


def _minutes(frame: pd.DataFrame) -> IntArray:
    return np.where(frame["minutes"].isna(), -1, bins(frame["minutes"], MINUTES))


def _school(frame: pd.DataFrame) -> IntArray:
    """Sex, enrolled or not with and without a diploma, and work; the armed forces count as at work."""
    age, work = of(frame, "age"), of(frame, "work")
    school = np.where(frame["enrolled"], 0, np.where(frame["graduate"], 1, 2))
    leaf = of(frame, "sex") * 9 + school * 3 + np.array([0, 1, 0, 2])[np.maximum(work, 0)]
    return np.where((age >= 16) & (age < 20), leaf, -1)


def _school_lines() -> BoolArray:
    sums: Sums = [range(18)]
    for sex in (0, 9):
        sums += [range(sex, sex + 9), range(sex, sex + 3), *range(sex, sex + 3), range(sex + 3, sex + 9)]
        for at in (sex + 3, sex + 6):
            sums += [range(at, at + 3), *range(at, at + 3)]
    return tree(18, *sums)


def _asked(frame: pd.DataFrame) -> BoolArray:
    """Civilians outside institutions."""
    return np.asarray(frame["cover"].to_numpy() >= 0, dtype=np.bool_)


def _by_age(frame: pd.DataFrame, edges: Iterable[float], first: BoolArray) -> IntArray:
    """Two leaves for each class of age, the first of them for some."""
    return np.where(_asked(frame), bins(frame["age"], edges) * 2 + ~first, -1)


def _disability(frame: pd.DataFrame) -> IntArray:
    leaf = _by_age(frame, (5, 18, 35, 65, 75), frame["disabled"].to_numpy(dtype=bool))
    return np.where(leaf < 0, -1, of(frame, "sex") * 12 + leaf)


def _disability_lines() -> BoolArray:
    sums: Sums = [range(24)]
    for sex in (0, 12):
        sums.append(range(sex, sex + 12))
        for at in range(sex, sex + 12, 2):
            sums += [(at, at + 1), at, at + 1]
    return tree(24, *sums)


def _disability_of_group() -> Table:
    def code(frame: pd.DataFrame) -> IntArray:
        return _by_age(frame, (18, 65), frame["disabled"].to_numpy(dtype=bool))

    return Table("B18101", "person", code, blocks(2, 2, 2), tract_only=True)


def _cover_of_group() -> Table:
    def code(frame: pd.DataFrame) -> IntArray:
        return _by_age(frame, (19, 65), of(frame, "cover") != NO_COVER)

    return Table("C27001", "person", code, blocks(2, 2, 2), tract_only=True)


# Kinds of insurance with a line of their own at each age: of one type, then of two or more.
_ONE, _MORE = tuple(range(6)), tuple(range(6, 13))
_DIRECT_MEDICARE, _MEDICAID = COVER.index("direct and medicare"), COVER.index("medicaid")
_SHOWN = tuple(
    (one, tuple(kind for kind in _MORE if kind != _DIRECT_MEDICARE) if young else _MORE)
    for one, young in ((_ONE, True), (_ONE, True), (_ONE, False), (tuple(k for k in _ONE if k != _MEDICAID), False))
)


def _cover(frame: pd.DataFrame) -> IntArray:
    """Leaf by age and kind; a kind without a line of its own is told with the nearest that has one."""
    near = {_DIRECT_MEDICARE: COVER.index("other"), _MEDICAID: COVER.index("medicare and medicaid")}
    place = np.full((4, len(COVER)), -1)
    start = 0
    for age, (one, more) in enumerate(_SHOWN):
        shown = (*one, *more, NO_COVER)
        place[age, list(shown)] = np.arange(start, start + len(shown))
        for kind, other in near.items():
            if kind not in shown:
                place[age, kind] = place[age, other]
        start += len(shown)
    return np.where(_asked(frame), place[bins(frame["age"], (19, 35, 65)), np.maximum(of(frame, "cover"), 0)], -1)


def _cover_lines() -> BoolArray:
    count = sum(len(one) + len(more) + 1 for one, more in _SHOWN)
    sums: Sums = [range(count)]
    start = 0
    for one, more in _SHOWN:
        middle, end = start + len(one), start + len(one) + len(more)
        sums += [range(start, end + 1), range(start, middle), *range(start, middle)]
        sums += [range(middle, end), *range(middle, end), end]
        start = end + 1
    return tree(count, *sums)


def _work_of_group() -> Table:
    """Work by sex, under 65 and from 65; who is in the armed forces at 65 is counted as at work."""

    def code(frame: pd.DataFrame) -> IntArray:
        work, age = of(frame, "work"), of(frame, "age")
        young = np.array([1, 2, 0, 3])[np.maximum(work, 0)]
        old = 4 + np.array([0, 1, 0, 2])[np.maximum(work, 0)]
        return np.where(work < 0, -1, of(frame, "sex") * 7 + np.where(age < 65, young, old))

    sums: Sums = [range(14)]
    for sex in (0, 7):
        armed, employed, unemployed, out, *old = range(sex, sex + 7)
        sums += [range(sex, sex + 7), range(sex, sex + 4), (armed, employed, unemployed), armed]
        sums += [(employed, unemployed), employed, unemployed, out]
        sums += [old, old[:2], *old]
    return Table("C23002", "person", code, tree(14, *sums), tract_only=True)


def _commute_of_group() -> Table:
    wide = np.zeros(len(MODES), dtype=np.int64)
    for leaf, some in enumerate((range(1), range(1, 6), range(6, 11), range(14, 15), (11, 12, 13, 15), range(16, 17))):
        wide[list(some)] = leaf

    def code(frame: pd.DataFrame) -> IntArray:
        mode = of(frame, "mode")
        return np.where(mode < 0, -1, wide[np.maximum(mode, 0)])

    return Table("B08105", "person", code, flat(6), tract_only=True)


# --- internet ---------------------------------------------------------------------------------------------------------

_BROADBAND = tuple(n for n, kind in enumerate(INTERNET) if n >= INTERNET.index("cellular"))


def _with(word: str) -> tuple[int, ...]:
    return tuple(n for n in _BROADBAND if word in INTERNET[n].split(" and "))


def _internet(frame: pd.DataFrame) -> IntArray:
    return of(frame, "internet")


def _internet_lines() -> BoolArray:
    """Subscriptions overlap: who has several is in the line of each."""
    at = INTERNET.index
    alone = {word: at(word) for word in ("cellular", "wire", "satellite")}
    broadband = [line for word, own in alone.items() for line in (_with(word), own)]
    subscribed = (at("dial-up"), at("other"), *_BROADBAND)
    return tree(
        len(INTERNET), range(len(INTERNET)), subscribed, at("dial-up"), _BROADBAND, *broadband, at("other"),
        at("without a subscription"), at("none"),
    )  # fmt: skip


def online_person(frame: pd.DataFrame) -> IntArray:
    """Dial-up alone, broadband, no subscription, no computer. Other services are counted with broadband."""
    internet = of(frame, "internet")
    leaf = np.where(internet < 2, 2, np.where(internet == INTERNET.index("dial-up"), 0, 1))
    leaf = np.where(of(frame, "computer") == 1, leaf, 3)
    return np.where(frame["quarters"], -1, leaf)


def _online_detail(frame: pd.DataFrame) -> IntArray:
    """Dial-up alone; fixed broadband with and without a cellular plan, cellular alone; none; no computer."""
    internet, leaf = of(frame, "internet"), online_person(frame)
    mobile = np.isin(internet, _with("cellular"))
    kind = np.where(internet == INTERNET.index("cellular"), 3, np.where(mobile, 1, 2))
    return np.where(leaf == 1, kind, np.where(leaf >= 2, leaf + 2, leaf))


# --- households and homes ---------------------------------------------------------------------------------------------


def _households() -> list[Table]:
    return [
        Table("B22010", "household", lambda f: 3 - 2 * of(f, "snap") - of(f, "disabled"), halves(2), controlled=1),
        Table("B25014", "household", _crowding, halves(5), controlled=1),
        Table("B25040", "household", lambda frame: of(frame, "fuel"), flat(9), controlled=1),
    ]


def _language(frame: pd.DataFrame) -> IntArray:
    """English alone; of each other language, limited and not."""
    language = of(frame, "language")
    return np.where(language == 0, 0, 2 * language - of(frame, "limited"))


def _crowding(frame: pd.DataFrame) -> IntArray:
    """Tenure, and people for each room: up to 0.5, 1, 1.5, 2 and more."""
    ratio = frame["size"].to_numpy() / frame["rooms"].to_numpy()
    return np.asarray(renters(frame) * 5 + np.searchsorted([0.5, 1.0, 1.5, 2.0], ratio, "left"), dtype=np.int64)


def _homes(vintage: int) -> list[Table]:
    newest = (2020,) if vintage >= 2021 else (2014,) if vintage >= 2015 else ()
    decades = (*range(1940, 2011, 10), *newest)

    def built(frame: pd.DataFrame) -> IntArray:
        return len(decades) - bins(frame["built"], decades)  # the newest first

    return [
        Table("B25001", "home", anyone, tree(1, 0)),
        Table("B25002", "home", _empty, flat(2), controlled=2),
        Table("B25004", "home", lambda f: f["reason"].fillna(-1).to_numpy().astype(np.int64), flat(7)),
        Table("B25034", "home", built, flat(len(decades) + 1)),
    ]


def _empty(frame: pd.DataFrame) -> IntArray:
    return frame["reason"].notna().to_numpy().astype(np.int64)


_CITIZENSHIP, _MOVED, _SCHOOL = _citizenship_lines(), _moved_lines(), _school_lines()
_INTERNET = _internet_lines()
_ONLINE = tree(4, range(4), range(3), 0, 1, 2, 3)
_ONLINE_DETAIL = tree(6, range(6), range(5), 0, (1, 2, 3), (1, 2), 1, 2, 3, 4, 5)
_LANGUAGE = tree(9, range(9), 0, *(line for n in (1, 3, 5, 7) for line in ((n, n + 1), n, n + 1)))
