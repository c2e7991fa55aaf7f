"""What is withheld cannot be worked out from what is shown: groups, areas of a district, rented and owned homes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from justgeo.core.result import Comparison, Indicator, Record
from justgeo.core.zones import Zones
from justgeo.measure import complement
from justgeo.measure.complement import Amount, Held, Key, Sums, protect
from tests.indicators.town import row
from tests.measure import toy

RACES = ("race:asian", "race:black", "race:white")
SHARE = row("acs_share", id="WEL-02", groups={g: {"denominator": g} for g in RACES})
DISTRICT = "district"


def record(key: Key, count: float, of: float, **more: object) -> Record:
    zone, indicator, group = key
    told = {"numerator": count, "denominator": of, "rule": "proportion", **more}
    return Record(zone, indicator, group, count / of, 0.02, "share", "people", "high", None, **told)  # type: ignore[arg-type]


def zones(*tracts: str, small: Sequence[str] = ()) -> Zones:
    ids = (DISTRICT, "reference", *tracts, *small)
    made = toy.zones(*[toy.square(i, 0) for i in range(len(ids))], ids=ids)
    levels = ("", "", *["tract"] * len(tracts), *["block group"] * len(small))
    roles = ("district", "reference", *["area"] * (len(ids) - 2))
    return Zones(ids, ids, roles, levels, made.geometry)  # type: ignore[arg-type]


def kept(
    told: Mapping[Key, tuple[float, float]], gone: Sequence[Key], rows: Sequence[Indicator], where: Zones
) -> dict[Key, Record]:
    """Records by key after `protect`, of which some were withheld before."""
    held: Held = {key: Amount(*told[key]) for key in gone}
    made = [record(key, *two) for key, two in told.items()]
    made = [complement.emptied(r, "suppressed: few") if (r.zone, r.indicator, r.group) in held else r for r in made]
    found = protect(made, held, rows, where)
    assert [(r.zone, r.indicator, r.group) for r in found] == list(told)
    return {(r.zone, r.indicator, r.group): r for r in found}


def shown(found: Mapping[Key, Record]) -> set[str]:
    return {group for (_, _, group), r in found.items() if r.value is not None}


def of(*amounts: tuple[float, float]) -> dict[Key, tuple[float, float]]:
    """Everybody and the three groups of the district."""
    return {(DISTRICT, "WEL-02", g): a for g, a in zip(("all", *RACES), amounts, strict=True)}


def test_the_smallest_other_group_is_withheld_with_the_one_that_is() -> None:
    told = of((210, 1000), (5, 40), (80, 300), (125, 660))
    found = kept(told, [(DISTRICT, "WEL-02", "race:asian")], [SHARE], zones())
    assert shown(found) == {"all", "race:white"}
    gone = found[DISTRICT, "WEL-02", "race:black"]
    assert (gone.reliability, gone.reason) == ("suppressed", complement.WHY)
    assert gone.numerator is gone.denominator is gone.moe is gone.comparison is None


def test_two_that_are_withheld_protect_one_another() -> None:
    told = of((210, 1000), (5, 40), (80, 300), (125, 660))
    gone = [(DISTRICT, "WEL-02", "race:asian"), (DISTRICT, "WEL-02", "race:black")]
    assert shown(kept(told, gone, [SHARE], zones())) == {"all", "race:white"}


def test_a_rest_that_is_nearly_one_group_tells_of_it() -> None:
    # 300 of the 310 people in the rest are Black: their share is as good as told.
    told = of((210, 1000), (8, 10), (80, 300), (122, 690))
    gone = [(DISTRICT, "WEL-02", "race:asian"), (DISTRICT, "WEL-02", "race:black")]
    assert shown(kept(told, gone, [SHARE], zones())) == {"all"}


def test_a_rest_in_which_others_are_tells_of_nobody() -> None:
    # Groups that leave out 200 people, or that count some twice.
    for whole in ((260, 1200), (160, 900)):
        told = of(whole, (5, 40), (80, 300), (125, 660))
        found = kept(told, [(DISTRICT, "WEL-02", "race:asian")], [SHARE], zones())
        assert shown(found) == {"all", "race:black", "race:white"}


def test_a_median_adds_up_to_nothing() -> None:
    told = of((210, 1000), (5, 40), (80, 300), (125, 660))
    made = [replace(record(k, *v), numerator=None, rule="median") for k, v in told.items()]
    made[1] = complement.emptied(made[1], "suppressed: few")
    found = protect(made, {(DISTRICT, "WEL-02", "race:asian"): complement.NO_AMOUNT}, [SHARE], zones())
    assert found == made


def test_the_areas_of_a_district_and_the_block_groups_of_a_tract_add_up() -> None:
    tracts, small = ("99001000001", "99001000002", "99001000003"), ("990010000011", "990010000012")
    told = {
        (DISTRICT, "WEL-02", "all"): (300.0, 1000.0),
        (tracts[0], "WEL-02", "all"): (20.0, 90.0), (tracts[1], "WEL-02", "all"): (100.0, 400.0),
        (tracts[2], "WEL-02", "all"): (180.0, 510.0),
    }  # fmt: skip
    found = kept(told, [(tracts[0], "WEL-02", "all")], [SHARE], zones(*tracts))
    assert [z for (z, _, _), r in found.items() if r.value is None] == [tracts[0], tracts[1]]
    told = {(tracts[1], "WEL-02", "all"): (100.0, 400.0), (small[0], "WEL-02", "all"): (9.0, 40.0)}
    # They are another tract's: the sum is not theirs.
    found = kept(told, [(small[0], "WEL-02", "all")], [SHARE], zones(*tracts, small=small))
    assert found[tracts[1], "WEL-02", "all"].value is not None
    told = {
        (tracts[0], "WEL-02", "all"): (100.0, 400.0), (small[0], "WEL-02", "all"): (9.0, 40.0),
        (small[1], "WEL-02", "all"): (91.0, 360.0),
    }  # fmt: skip
    found = kept(told, [(small[0], "WEL-02", "all")], [SHARE], zones(*tracts, small=small))
    assert found[small[1], "WEL-02", "all"].value is None and found[tracts[0], "WEL-02", "all"].value is not None
    # And the other way round: block groups that are told do not give their tract away.
    found = kept(told, [(tracts[0], "WEL-02", "all")], [SHARE], zones(*tracts, small=small))
    assert found[small[0], "WEL-02", "all"].value is None


def test_rented_and_owned_homes_add_up_and_a_gap_goes_with_its_share() -> None:
    rows = [
        row("table_share", id="BEL-19", groups={"race:black": {}}),
        row("table_share", id="BEL-19.owners", groups={"race:black": {}}),
        row("table_share", id="BEL-19.renters", groups={"race:black": {}}),
    ]
    amounts = {"BEL-19": (90.0, 300.0), "BEL-19.owners": (6.0, 40.0), "BEL-19.renters": (84.0, 260.0)}
    told = {(DISTRICT, name, "race:black"): two for name, two in amounts.items()}
    found = kept(told, [(DISTRICT, "BEL-19.owners", "race:black")], rows, zones())
    assert [r.value is None for r in found.values()] == [False, True, True]
    of_both = {"denominator": "race:asian", "less_denominator": "race:white"}
    gap = row("acs_gap", id="BEL-06", groups={}, aggregate="difference", parameters=of_both)
    shares = of((210, 1000), (30, 200), (5, 40), (175, 760))
    gaps = {**shares, (DISTRICT, "BEL-06", "all"): (8.0, 100.0)}
    found = kept(gaps, [(DISTRICT, "WEL-02", "race:black")], [SHARE, gap], zones())
    # With the gap and the White share, the Asian one could be told, and from it the Black one.
    assert shown(found) == {"all", "race:white"} and found[DISTRICT, "BEL-06", "all"].value is None


def test_no_difference_is_left_to_a_reference_that_is_withheld() -> None:
    told = {("reference", "WEL-02", g): a for (_, _, g), a in of((210, 1000), (5, 40), (80, 300), (125, 660)).items()}
    held: Held = {("reference", "WEL-02", "race:asian"): Amount(5, 40)}
    made = [record(key, *two) for key, two in told.items()]
    made[1] = complement.emptied(made[1], "suppressed: few")
    against = Comparison("reference", 0.1, 0.01, 1.1, 3.0, 0.01, None, "higher")
    made += [record((DISTRICT, "WEL-02", g), 50, 200, comparison=against) for g in RACES]
    found = protect(made, held, [SHARE], zones())
    left = {r.group: r.comparison for r in found if r.zone == DISTRICT}
    assert left["race:black"] is None and left["race:white"] == against


COUNTED = tuple(
    row("acs_share", id=f"DEM-01.{name}", parameters={"counts": f"race:{name}"}, universe="total population")
    for name in ("asian", "black", "nhpi", "white")
)
CHANGE = row(
    "acs_change", id="DEM-01.black-change", aggregate="difference", unit="percentage points",
    parameters={"counts": "race:black"}, universe="total population",
)  # fmt: skip
WALK = row("walk_share", id="MOB-01", groups={"race:black": {}, "race:nhpi": {}}, universe="total population")
MIX = row("acs_mixture", id="BEL-09", aggregate="zone")


def people(*counts: float) -> dict[Key, tuple[float, float]]:
    """So many Asian, Black, Pacific and White residents of 1,000."""
    return {(DISTRICT, one.id, "all"): (n, 1000.0) for one, n in zip(COUNTED, counts, strict=True)}


def test_groups_that_are_counted_are_parts_of_all_people() -> None:
    gone = [(DISTRICT, "DEM-01.nhpi", "all")]
    found = kept(people(200, 92, 8, 700), gone, COUNTED, zones())
    assert {i for (_, i, _), r in found.items() if r.value is None} == {"DEM-01.nhpi", "DEM-01.black"}
    # That 92 to 100 are Black may be known: it is the 8 who are hidden.
    assert found[DISTRICT, "DEM-01.black", "all"].reason == complement.WHY
    # Two that are withheld hide one another, unless nearly all of the rest is one of them.
    gone.append((DISTRICT, "DEM-01.black", "all"))
    found = kept(people(230, 30, 10, 730), gone, COUNTED, zones())
    assert [r.value is None for r in found.values()] == [False, True, True, False]
    found = kept(people(230, 38, 2, 730), gone, COUNTED, zones())
    assert [r.value is None for r in found.values()] == [True, True, True, False]


def test_where_nobody_is_left_nobody_is_hidden() -> None:
    gone = [(DISTRICT, "DEM-01.black", "all"), (DISTRICT, "DEM-01.nhpi", "all")]
    found = kept(people(300, 0, 0, 700), gone, COUNTED, zones())
    assert [r.value is None for r in found.values()] == [False, True, True, False]


def test_groups_that_do_not_make_up_all_people_tell_of_nobody() -> None:
    found = kept(people(200, 92, 8, 600), [(DISTRICT, "DEM-01.nhpi", "all")], COUNTED, zones())
    assert [r.value is None for r in found.values()] == [False, False, True, False]


def test_a_change_goes_with_its_share() -> None:
    told = {**people(200, 92, 8, 700), (DISTRICT, "DEM-01.black-change", "all"): (2.0, 100.0)}
    found = kept(told, [(DISTRICT, "DEM-01.nhpi", "all")], (*COUNTED, CHANGE), zones())
    assert found[DISTRICT, "DEM-01.black-change", "all"].value is None


def test_figures_of_a_group_do_not_say_how_many_it_has() -> None:
    black, few, every = ((DISTRICT, "MOB-01", g) for g in ("race:black", "race:nhpi", "all"))
    told = {**people(200, 92, 8, 700), black: (40.0, 92.0), few: (4.0, 40.0), every: (400.0, 1000.0)}
    rows, gone = (*COUNTED, WALK), [(DISTRICT, "DEM-01.nhpi", "all")]
    found = kept(told, gone, rows, zones())
    assert found[black].value == 40 / 92 and found[black].moe is not None
    assert found[black].numerator is found[black].denominator is None
    assert (found[black].rule, found[black].flags) == ("none", ("counts not told",))
    # Counted in full, by another source that says otherwise: it stays. So does everybody.
    assert (found[few].denominator, found[every].denominator) == (40.0, 1000.0)
    made = [record(key, *two) for key, two in told.items()]
    made = [replace(r, flags=("sampled counts of block groups",)) if r.group == "race:nhpi" else r for r in made]
    held: Held = {gone[0]: Amount(8.0, 1000.0)}
    made = [complement.emptied(r, "suppressed: few") if r.indicator == "DEM-01.nhpi" else r for r in made]
    assert {r.group: r for r in protect(made, held, rows, zones())}["race:nhpi"].denominator is None


def test_an_index_of_the_mix_keeps_no_digits_from_which_two_groups_could_be_found() -> None:
    mix = (DISTRICT, "BEL-09", "all")
    versus = Comparison("reference", 0.0123456, 0.02, 1.0234567, 1.23456, 0.2173, None, "higher")
    told = people(200, 92, 8, 700)
    rows = (*COUNTED, MIX)

    def index(gone: Sequence[Key]) -> Record:
        made = [record(key, *two) for key, two in told.items()]
        made = [complement.emptied(r, "few") if (r.zone, r.indicator, r.group) in gone else r for r in made]
        made.append(replace(record(mix, 461.472, 1000), numerator=None, rule="none", low=0.46147, comparison=versus))
        return protect(made, {key: Amount(*told[key]) for key in gone}, rows, zones())[-1]

    assert (index([]).value, index([]).comparison) == (0.461472, versus)
    found = index([(DISTRICT, "DEM-01.nhpi", "all")])
    assert (found.value, found.low, found.moe) == (0.46, 0.46, 0.02)
    assert found.comparison == replace(versus, difference=0.01, ratio=1.02, z=1.23, p=0.22)


@st.composite
def counties(draw: st.DrawFn) -> tuple[dict[Key, tuple[float, float]], list[Key], Zones]:
    """A district of whole tracts with its groups, all of it adding up; some cells withheld for few people."""
    tracts = [f"9900100000{i}" for i in range(1, draw(st.integers(2, 4)) + 1)]
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    base = rng.integers(20, 400, (len(tracts), len(RACES)))
    least = draw(st.sampled_from([40, 80, 150]))
    have = rng.integers(1, 19, base.shape) + base // 3
    told: dict[Key, tuple[float, float]] = {}
    for z, zone in enumerate((DISTRICT, *tracts)):
        n, d = (m.sum(axis=0) if z == 0 else m[z - 1] for m in (have, base))
        for g, group in enumerate(("all", *RACES)):
            of_group = (n.sum(), d.sum()) if g == 0 else (n[g - 1], d[g - 1])
            told[zone, "WEL-02", group] = (float(of_group[0]), float(of_group[1]))
    gone = [key for key, (_, d) in told.items() if key[2] != "all" and d < least]
    return told, gone, zones(*tracts)


@given(counties())
@settings(max_examples=200, deadline=None)
def test_no_sum_nor_any_chain_of_sums_tells_of_what_is_withheld(
    made: tuple[dict[Key, tuple[float, float]], list[Key], Zones],
) -> None:
    told, gone, where = made
    found = kept(told, gone, [SHARE], where)
    hidden = [key for key, r in found.items() if r.value is None]
    assert set(gone) <= set(hidden)
    for key, r in found.items():
        assert r.value is None or (r.numerator, r.denominator) == told[key]
    assert found[DISTRICT, "WEL-02", "all"].value is not None
    # All that a reader can do: each sum is an equation in what is withheld.
    sums = {f for key in hidden for f in Sums(set(told), [SHARE], where).of(key) if f.whole[0] != "reference"}
    sign = [{**dict.fromkeys(f.parts, 1.0), f.whole: -1.0} for f in sums]
    system = np.array([[one.get(key, 0.0) for key in hidden] for one in sign]).reshape(len(sign), len(hidden))
    _, size, turned = np.linalg.svd(system)
    free = turned[int((size > 1e-9).sum()) :]
    for column, key in enumerate(hidden):
        assert np.abs(free[:, column]).max(initial=0.0) > 1e-9, (key, told[key])
