"""Layouts of the further tables: the Bureau's lines, told again from the people, and the year that a table begins."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from justgeo.synthetic import County, further
from justgeo.synthetic.forms import GROUPS, Table, columns, in_group
from justgeo.synthetic.traits import COVER, FUELS, INTERNET, LANGUAGES, MODES, REASONS

LINES = {
    "B05003": 23, "B07003": 18, "B07013": 18, "B08105A": 7, "B08301": 21, "B08303": 13, "B14005": 29, "B18101": 39,
    "B18101I": 10, "B22010": 7, "B25001": 1, "B25002": 3, "B25004": 8, "B25014": 13, "B25034": 11, "B25040": 10,
    "B27010": 66, "B28002": 13, "B28008": 10, "B28009D": 6, "C16002": 14, "C23002B": 27, "C27001H": 10,
}  # fmt: skip
TRACTS = {"B05003", "B07003", "B07013", "B08105", "B18101", "C23002", "C27001"}
LATE = {"C16002", "B28002", "B28005", "B28008", "B28009"}


def stem(name: str) -> str:
    return name[:6]


def cells(nowhere: County, table: str, vintage: int = 2024) -> dict[int, float]:
    """Line by number, of the county."""
    return dict(enumerate(nowhere.truth(table, vintage, "county").to_numpy()[0], start=1))


def test_line_counts_and_levels_are_the_bureaus(nowhere: County) -> None:
    now = {table.name: table for table in further.tables(2024)}
    assert {name: len(columns(now[name])) for name in LINES} == LINES
    assert {stem(name) for name in now} == {stem(name) for name in LINES}
    assert {stem(name) for name, table in now.items() if table.tract_only} == TRACTS
    assert all(len([n for n in now if n in {f"{s}{g}" for g in GROUPS}]) == 9 for s in ("C27001", "B28009", "B08105"))


def test_a_table_is_not_there_before_it_began(nowhere: County) -> None:
    now, then = nowhere.tables(2024), nowhere.tables(2014)
    assert {stem(name) for name in set(now) - set(then)} == LATE
    assert len(columns(then["B25034"])) == 10 and not set(then) - set(now)
    with pytest.raises(Exception, match="C16002"):
        nowhere.truth("C16002", 2014)


@pytest.mark.parametrize("table", further.tables(2024), ids=lambda table: table.name)
def test_every_leaf_is_in_the_total_and_in_a_line_of_its_own(table: Table) -> None:
    lines = table.lines
    assert lines[0].all()
    alone = lines[lines.sum(axis=1) == 1]
    # Subscriptions overlap: those who have several have no line of their own.
    assert table.name in ("B28002", "B25001") or alone.any(axis=0).all()
    assert lines.any(axis=1).all()


def test_homes_and_households_told_again(nowhere: County) -> None:
    homes, all_homes = nowhere.households(), nowhere.people[2024].homes
    empty = all_homes[all_homes["reason"].notna()]
    c16, b28 = cells(nowhere, "C16002"), cells(nowhere, "B28002")
    assert c16[4] + c16[7] + c16[10] + c16[13] == homes["limited"].sum()
    spanish = homes[homes["language"] == LANGUAGES.index("spanish")]
    assert (c16[2], c16[3], c16[4]) == ((homes["language"] == 0).sum(), len(spanish), spanish["limited"].sum())
    assert c16[12] == (homes["language"] == LANGUAGES.index("other")).sum()
    word = homes["internet"].map(dict(enumerate(INTERNET)))
    assert b28[7] == word.str.contains("wire").sum() and b28[8] == (word == "wire").sum()
    assert b28[5] == word.str.contains("cellular").sum() and b28[9] == word.str.contains("satellite").sum()
    assert b28[13] == (word == "none").sum() and b28[12] == (word == "without a subscription").sum()
    assert b28[1] == b28[2] + b28[12] + b28[13] and b28[2] == b28[3] + b28[4] + b28[11]
    b22 = cells(nowhere, "B22010")
    assert (b22[2], b22[3]) == (homes["snap"].sum(), (homes["snap"] & homes["disabled"]).sum())
    assert b22[7] == (~homes["snap"] & ~homes["disabled"]).sum()
    crowd, rent = homes["size"] / homes["rooms"], ~homes["owner"]
    b25 = cells(nowhere, "B25014")
    assert sum(b25[n] for n in (5, 6, 7, 11, 12, 13)) == (crowd > 1).sum()
    assert (b25[8], b25[9], b25[12]) == (
        rent.sum(),
        (rent & (crowd <= 0.5)).sum(),
        (rent & crowd.gt(1.5) & crowd.le(2)).sum(),
    )
    assert cells(nowhere, "B25040")[5] == (homes["fuel"] == FUELS.index("oil")).sum()
    assert cells(nowhere, "B25001")[1] == len(all_homes)
    assert list(cells(nowhere, "B25002").values()) == [len(all_homes), len(homes), len(empty)]
    assert cells(nowhere, "B25004")[8] == (empty["reason"] == REASONS.index("other")).sum()
    b34 = cells(nowhere, "B25034")
    assert (b34[11], b34[2]) == ((all_homes["built"] < 1940).sum(), (all_homes["built"] >= 2020).sum())
    assert b34[9] + b34[10] + b34[11] == (all_homes["built"] < 1960).sum()
    old = nowhere.people[2014].homes["built"]
    then = cells(nowhere, "B25034", 2014)
    assert (then[10], then[8] + then[9] + then[10]) == ((old < 1940).sum(), (old < 1960).sum())


def test_health_told_again(nowhere: County) -> None:
    people = nowhere.persons()
    asked = people[people["cover"] >= 0]
    none, kind = asked["cover"] == COVER.index("none"), asked["cover"]
    b27 = cells(nowhere, "B27010")
    assert b27[1] == len(asked) and b27[17] + b27[33] + b27[50] + b27[66] == none.sum()
    assert (b27[2], b27[18], b27[51]) == (
        (asked["age"] < 19).sum(), asked["age"].between(19, 34).sum(), (asked["age"] >= 65).sum()
    )  # fmt: skip
    middle, old = asked["age"].between(35, 64), asked["age"] >= 65
    assert b27[50] == (none & middle).sum() and b27[36] == ((kind == 0) & middle).sum()
    assert b27[45] == ((kind == COVER.index("direct and medicare")) & middle).sum()
    assert b27[55] == ((kind == COVER.index("medicare")) & old).sum()
    assert b27[62] == (kind.isin([COVER.index("medicare and medicaid"), COVER.index("medicaid")]) & old).sum()
    assert b27[57] == ((kind == COVER.index("va")) & old).sum()
    c27 = cells(nowhere, "C27001B")
    black = in_group(asked, "B")
    assert (c27[1], c27[4] + c27[7] + c27[10]) == (black.sum(), (black & none).sum())
    assert c27[10] == (black & none & (asked["age"] >= 65)).sum()
    b18, b18d = cells(nowhere, "B18101"), cells(nowhere, "B18101D")
    unable = [4, 7, 10, 13, 16, 19, 23, 26, 29, 32, 35, 38]
    assert b18[1] == len(asked) and sum(b18[n] for n in unable) == asked["disabled"].sum()
    women = asked[asked["sex"] == 1]
    assert b18[38] == (women["disabled"] & (women["age"] >= 75)).sum()
    assert b18[24] == (~women["disabled"] & (women["age"] < 5)).sum()
    asian = asked[in_group(asked, "D")]
    assert b18d[3] + b18d[6] + b18d[9] == asian["disabled"].sum() and b18d[8] == (asian["age"] >= 65).sum()


def test_work_and_ways_told_again(nowhere: County) -> None:
    people = nowhere.persons()
    goes = people[people["mode"] >= 0]
    b08, b83 = cells(nowhere, "B08301"), cells(nowhere, "B08303")
    assert b08[1] == len(goes) and b08[2] == b08[3] + b08[4] and b08[4] == sum(b08[n] for n in range(5, 10))
    by_line = {3: "alone", 11: "bus", 12: "subway", 13: "railroad", 14: "light rail", 15: "ferry", 16: "taxi",
               17: "motorcycle", 18: "bicycle", 19: "walked", 20: "other", 21: "home"}  # fmt: skip
    for line, mode in by_line.items():
        assert b08[line] == (goes["mode"] == MODES.index(mode)).sum() > 0, mode
    assert b08[10] == sum(b08[n] for n in range(11, 16))
    then, before = cells(nowhere, "B08301", 2014), nowhere.persons(2014)["mode"]
    order = ("bus", "light rail", "subway", "railroad", "ferry")
    assert [then[n] for n in range(11, 16)] == [(before == MODES.index(mode)).sum() for mode in order]
    assert b83[1] == b08[1] - b08[21]
    assert b83[11] + b83[12] + b83[13] == (goes["minutes"] >= 45).sum() and b83[2] == (goes["minutes"] < 5).sum()
    hispanic = goes[goes["hispanic"]]
    b85 = cells(nowhere, "B08105I")
    assert (b85[1], b85[4]) == (len(hispanic), hispanic["mode"].between(6, 10).sum())
    assert (b85[2], b85[5], b85[7]) == tuple((hispanic["mode"] == n).sum() for n in (0, 14, 16))
    assert b85[6] == hispanic["mode"].isin([11, 12, 13, 15]).sum()
    c23, young = cells(nowhere, "C23002H"), people["age"] < 65
    white = in_group(people, "H")
    assert c23[8] + c23[13] + c23[21] + c23[26] == (white & (people["work"] == 1)).sum()
    assert c23[6] + c23[19] == (white & young & people["work"].isin([0, 1])).sum()
    assert c23[18] == (white & young & (people["sex"] == 1) & (people["work"] == 2)).sum()
    assert c23[27] == (white & ~young & (people["sex"] == 1) & (people["work"] == 3)).sum()
    teens = people[people["age"].between(16, 19)]
    b14, out = cells(nowhere, "B14005"), ~teens["enrolled"]
    idle = out & ~teens["work"].isin([0, 2])
    assert b14[1] == len(teens) and sum(b14[n] for n in (10, 11, 14, 15, 24, 25, 28, 29)) == idle.sum()
    girls = teens["sex"] == 1
    assert (
        b14[17] == (girls & ~out).sum() and b14[28] == (girls & out & ~teens["graduate"] & (teens["work"] == 1)).sum()
    )


def test_moves_citizens_and_the_internet_of_people_told_again(nowhere: County) -> None:
    people = nowhere.persons()
    b70, b71 = cells(nowhere, "B07003"), cells(nowhere, "B07013")
    old = people[people["age"] >= 1]
    assert (b70[1], b70[4], b70[6]) == (
        len(old), (old["moved"] == 0).sum(), ((old["moved"] == 0) & (old["sex"] == 1)).sum()
    )  # fmt: skip
    assert b70[16] == (old["moved"] == 4).sum()
    housed = old[~old["quarters"]]
    rented = housed["owner"] == 0
    assert (b71[3], b71[6], b71[9]) == (rented.sum(), *((rented & (housed["moved"] == n)).sum() for n in (0, 1)))
    b50, adults = cells(nowhere, "B05003"), people[people["age"] >= 18]
    assert b50[8] + b50[19] == len(adults) and b50[1] == len(people)
    assert b50[9] + b50[11] + b50[20] + b50[22] == (adults["citizen"] < 2).sum()
    assert b50[23] == ((adults["citizen"] == 2) & (adults["sex"] == 1)).sum() and b50[10] == b50[11] + b50[12]
    online, b29 = cells(nowhere, "B28008"), [cells(nowhere, f"B28009{group}") for group in "ABCDEFG"]
    assert online[1] == (~people["quarters"]).sum() == sum(one[1] for one in b29)
    for line, of_group in ((2, 2), (3, 3), (4, 4), (9, 5), (10, 6)):
        assert online[line] == sum(one[of_group] for one in b29), line
    assert online[4] == online[5] + online[8] and online[5] == online[6] + online[7]


def test_truth_of_homes_in_blocks_and_in_a_polygon_agree(nowhere: County) -> None:
    tract = nowhere.geography.blocks["tract"].iloc[300]
    blocks = nowhere.geography.blocks.query("tract == @tract")
    shape = shapely.union_all(blocks.geometry.to_numpy())
    for table in ("B25002", "B25034"):
        by_id = nowhere.truth_in(table, list(blocks["geoid"]))
        np.testing.assert_array_equal(by_id, nowhere.truth_in(table, shape))
        np.testing.assert_array_equal(by_id, nowhere.truth(table, 2024, "tract").loc[tract])
