"""Rows and layers to records: the middle of a run, without reading or writing anything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

import numpy as np
import shapely

from justgeo.among import Among
from justgeo.core.errors import Absent
from justgeo.core.field import AnyField, ChangeField, ClassField, ExposureField, GroupCounts, MedianField
from justgeo.core.layer import BoolArray, Layer
from justgeo.core.result import Column, Indicator, Record
from justgeo.core.spec import CROSSWALK, TRACTS_2020
from justgeo.indicators import FIELDS
from justgeo.indicators.groups import share_of_all, why_absent
from justgeo.indicators.mobility import BY_WALK, covered
from justgeo.indicators.overlay import spoken_of
from justgeo.indicators.place import Place
from justgeo.measure import complement, instead, judge
from justgeo.measure.against import Against
from justgeo.measure.alone import alone_in
from justgeo.measure.equity import SAMPLED, SAMPLED_FLAG, choose, reduce_group
from justgeo.measure.places import ONE_UNIT
from justgeo.measure.reduce import ReduceSettings, reduce

log = logging.getLogger(__name__)


MARKETS = frozenset({"acs_change", "acs_median"})
"""Fields that tell of a market, or of who comes and goes, where their row is told of no area."""
FEW = 3
"""A class that is told of no tract is not told of fewer tracts together: one could be read from it. Our choice."""
PART, MOST = 0.05, 0.5
"""Nor where fewer of them make up the first part of the sum each, or one of them more than the second: a rule of
dominance, as statistical offices withhold a sum that is nearly one member's. Our choice."""
AS_ESTIMATED = "as_estimated"
OF_ONE_DISTRICT = frozenset({"low_stress_people"})
"""Fields that are found from the outline of the district itself: of many districts each has its own."""


def layer_names(row: Indicator, years: Mapping[str, int], states: Iterable[str] | None = None) -> list[str]:
    """Layers that a row asks for or can use: ``acs:B25003@2024``, ``walk``, ...

    Parameters
    ----------
    row : Indicator
    years : mapping of str to int
        ACS end year by role. A table of a role that has none keeps its name, as ``acs:B25003@t0``: see `unnamed`.
    states : iterable of str, optional
        Those of the reference, two digits each: ``crosswalk`` becomes ``crosswalk_51``. None where they are not known
        yet: it keeps its name. It is left out where both surveys stand on tracts of one census, or there is but one.
    """
    when = str(row.parameters.get("when", "t1"))
    names: list[str] = []
    for name in (*row.inputs, *row.optional):
        if name != CROSSWALK:
            names.append(_with_year(name, when, years))
        elif years.get("t0", TRACTS_2020) < TRACTS_2020 <= years.get("t1", TRACTS_2020):
            names += [CROSSWALK] if states is None else [f"{CROSSWALK}_{state}" for state in sorted(set(states))]
    return list(dict.fromkeys(names))


def unnamed(name: str) -> bool:
    """Whether a layer is a table of a survey that this place does not have: ``acs:B25003@t0``."""
    return name.startswith("acs:") and "@" in name and not name.partition("@")[2].isdigit()


def _with_year(name: str, when: str, years: Mapping[str, int]) -> str:
    if not name.startswith("acs:"):
        return name
    table, _, told = name.partition("@")
    role = told or when
    return f"{table}@{years[role]}" if role in years else name


@dataclass(frozen=True)
class _Desk:
    """What every row is measured with."""

    place: Place
    reference: int | None
    settings: ReduceSettings
    judging: judge.JudgeSettings
    among: Among | None = None
    held: complement.Held = dataclass_field(default_factory=dict)


def measure(
    rows: Sequence[Indicator],
    place: Place,
    *,
    settings: ReduceSettings,
    judging: judge.JudgeSettings,
    progress: Callable[[str], None] | None = None,
    among_tracts: bool = False,
) -> list[Record]:
    """All records of a place: each row and group, for all zones at once.

    A row whose layer is missing is absent for every zone, with the reason; nothing else is caught. ``among_tracts``
    says of each number where it stands among the tracts of the reference.
    """
    reference = place.zones.roles.index("reference") if "reference" in place.zones.roles else None
    among = Among(place, reference, settings, judging, _covers) if among_tracts else None
    desk = _Desk(place, reference, settings, judging, among)
    made: list[Record] = []
    for row in rows:
        if progress is not None:
            progress(row.id)
        made += _row(row, desk)
    made = complement.protect(made, desk.held, rows, place.zones)
    made = instead.offered(judge.adjust(made), place.zones)
    return made if among is None else among.placed(made)


def _row(row: Indicator, desk: _Desk, alone: bool = False) -> list[Record]:
    """``alone`` says that a field which is each district's own was seen to."""
    if row.field in OF_ONE_DISTRICT and not alone:
        many = np.count_nonzero(desk.place.zones.having("district"))
        if many != 1:
            return _each_its_own(row, desk) if many else _of_no_district(row, desk)
    try:
        field = FIELDS[row.field](row, desk.place, "all")
    except Absent as absent:
        log.info("%s is absent: %s", row.id, absent.reason)
        made = _absent(row, "all", desk.place, absent.reason)
        for group in row.groups:
            made += _group_alone(row, group, desk, absent.reason)
        return made
    covers = _covers(row, desk.place)
    made = _reduced(field, row, "all", desk, covers)
    if desk.among is not None:
        desk.among.look(row, field)
    for group in row.groups:
        made += _group(row, group, field, desk, covers)
    return made


def _each_its_own(row: Indicator, desk: _Desk) -> list[Record]:
    """A row whose field is another one for every district, and which tells nothing of the reference.

    Districts that have no small area in common are measured together, each with its own field over its own areas.
    """
    others = [z for z, role in enumerate(desk.place.zones.roles) if role != "district"]
    made: list[Record] = []
    seen: set[str] = set()
    waiting = _sharing_nothing(desk.place)
    while waiting:
        kept = waiting.pop(0)
        place = desk.place.with_zones(desk.place.weights.only([*kept, *others]))
        if len(kept) > 1 and _is_absent(row, place):  # for one of them, perhaps
            waiting = [*([z] for z in kept), *waiting]
            continue
        reference = None if desk.reference is None else len(kept) + others.index(desk.reference)
        own = replace(desk, place=place, reference=reference, among=None if seen else desk.among)
        made += [record for record in _row(row, own, alone=True) if record.zone not in seen]
        seen |= set(place.zones.ids)
    return made


def _sharing_nothing(place: Place) -> list[list[int]]:
    """Rows of the districts, in sets within which no small area lies in two of them."""
    held = place.weights.fractions
    found: list[tuple[list[int], BoolArray]] = []
    for z in np.flatnonzero(place.zones.having("district")).tolist():
        mine = held.indices[held.indptr[z] : held.indptr[z + 1]]
        rows, taken = next((one for one in found if not one[1][mine].any()), (None, None))
        if rows is None or taken is None:
            rows, taken = [], np.zeros(held.shape[1], dtype=np.bool_)
            found.append((rows, taken))
        rows.append(z)
        taken[mine] = True
    return [rows for rows, _ in found]


def _is_absent(row: Indicator, place: Place) -> bool:
    try:
        FIELDS[row.field](row, place, "all")
    except Absent:
        return True
    return False


def _of_no_district(row: Indicator, desk: _Desk) -> list[Record]:
    why = "it is found from the outline of a district, and told of a district alone"
    return [record for group in ("all", *row.groups) for record in _absent(row, group, desk.place, why)]


def _covers(row: Indicator, place: Place) -> BoolArray | None:
    """Zones of which a row's layers speak, (Z,); None where nobody has to ask."""
    if row.field in BY_WALK:
        return covered(row, place)
    return spoken_of(row, place) if row.field == "overlay_people" else None


def _group_alone(row: Indicator, group: str, desk: _Desk, reason: str) -> list[Record]:
    """A group whose whole is absent: it may still have the planner's own table."""
    if f"table:{row.id}:{group}" not in desk.place.layers:
        return _absent(row, group, desk.place, reason)
    return _reduced(FIELDS[row.field](row, desk.place, group), row, group, desk, None)


def _group(row: Indicator, group: str, field: AnyField, desk: _Desk, covers: BoolArray | None) -> list[Record]:
    """One group: its exposure where the field is of places, its own table where the field is of people."""
    if isinstance(field, ExposureField):
        if group not in field.groups:
            return _absent(row, group, desk.place, why_absent(row, desk.place, group) or "no counts of this group")
        return _exposure(field, row, group, desk, covers)
    try:
        own = FIELDS[row.field](row, desk.place, group)
    except Absent as absent:
        return _absent(row, group, desk.place, absent.reason)
    return _reduced(own, row, group, desk, None)


def _exposure(field: ExposureField, row: Indicator, group: str, desk: _Desk, covers: BoolArray | None) -> list[Record]:
    """A group's exposure; one counted by the survey is compared with a reference counted by the survey."""
    weights, counts = desk.place.weights, field.groups[group]

    def of(one: GroupCounts) -> Column:
        only = replace(field, groups={group: one})
        return reduce_group(only, group, weights, settings=desk.settings, covered=covers)

    in_full = of(counts)
    sampled = field.groups.get(group + SAMPLED)
    if sampled is None:
        return _judged(in_full, row, group, desk)
    by_survey = of(sampled)
    column = choose(in_full, by_survey, share_of_all(field, counts, desk.place), desk.settings.small_group)
    word = SAMPLED_FLAG.format("")[:-1]

    def same_way(z: int) -> Column:
        return by_survey if any(flag.startswith(word) for flag in column.flags[z]) else in_full

    return _judged(column, row, group, desk, same_way)


def _reduced(field: AnyField, row: Indicator, group: str, desk: _Desk, covers: BoolArray | None) -> list[Record]:
    column = _reduce(field, desk, desk.settings, covers)
    if isinstance(field, ClassField) and not row.areas:
        return _of_several_tracts(_judged(column, row, group, desk), field, desk)
    if not isinstance(field.now if isinstance(field, ChangeField) else field, MedianField):
        return _judged(column, row, group, desk)
    # A published median is not compared with a rebuilt one: both are rebuilt (METHODS 2.0 item 6).
    rebuilt = _reduce(field, desk, replace(desk.settings, published_medians=False), covers)
    return _judged(column, row, group, desk, lambda z: rebuilt, "rebuilt")


def _reduce(field: AnyField, desk: _Desk, settings: ReduceSettings, covers: BoolArray | None) -> Column:
    return reduce(field, desk.place.weights, reference=desk.reference, settings=settings, covered=covers)


def _judged(
    column: Column,
    row: Indicator,
    group: str,
    desk: _Desk,
    columns: Callable[[int], Column] | None = None,
    basis: str = "shown",
) -> list[Record]:
    against = None
    alone = _in_one_tract(row, desk)
    if desk.reference is not None and not alone[desk.reference]:
        against = Against(desk.reference, _inside(desk), columns, basis)
    used = [name for name in _used(row, desk.place) if name in desk.place.layers]
    made = judge.records(
        column,
        row,
        group,
        desk.place.zones,
        against=against,
        layers=used,
        settings=desk.judging,
        modelled=any(desk.place.layers[name].provenance.modelled for name in used),
        held=desk.held,
    )
    if not row.areas:
        made = [_of_no_single_area(r, bool(one)) for r, one in zip(made, alone, strict=True)]
    return [r for r, keep in zip(made, _published(row, desk.place), strict=True) if keep]


def _of_no_single_area(record: Record, alone: bool = False) -> Record:
    """A row that no area has a record of is not told of a zone that lies inside one area either (``alone``)."""
    absent = record.value is None and record.text is None
    if ONE_UNIT not in record.flags and (absent or not alone):
        return record
    why = "the zone lies inside one census tract, and this is not told of a single tract in public"
    return Record(
        record.zone, record.indicator, record.group, None, None, record.unit, record.universe, "absent", why
    )  # fmt: skip


def _of_several_tracts(made: Sequence[Record], field: ClassField, desk: _Desk) -> list[Record]:
    """A class that no area has a record of: told of several areas together, and by chance alone.

    What it comes to on the estimates as they stand is a sum of some tracts' homes, which are public one by one: from
    the sum it can be found which ones.
    """
    zones = desk.place.zones.ids
    few = {zone for zone, hide in zip(zones, _few_tracts(field, desk.place), strict=True) if hide}
    why = (
        f"fewer than {FEW} census tracts have a real part in it here, or one has most of it, and this is not told of "
        "so few in public"
    )
    told = []
    for record in made:
        if record.value is not None and record.zone in few:
            head = (record.zone, record.indicator, record.group, None, None, record.unit, record.universe)
            record = Record(*head, "absent", why)
        elif record.value is not None:
            flags = tuple(one for one in record.flags if not one.startswith(AS_ESTIMATED))
            against = record.comparison
            # What is hidden of the reference must not come back as a value less its difference.
            shown = None if against is not None and against.reference in few else against
            record = replace(record, flags=flags, comparison=shown)
        told.append(record)
    return told


def _few_tracts(field: ClassField, place: Place) -> BoolArray:
    """Zones whose sum is made up by too few tracts, (Z,).

    What a tract may add is its homes by the chance of the wider class, which is public: it bounds what it does add. A
    sum of which the others are known to add nothing is one tract's market. Nothing that is hidden goes into the rule,
    so that nothing can be read from it.
    """
    chance = field.probability if field.within is None else field.within
    told = np.isfinite(field.probability) & np.isfinite(chance)
    adds = np.where(told, chance * np.nan_to_num(field.weights.estimate[:, 0], nan=0.0), 0.0)
    held = place.weights.cover(field.units, field.weight).copy()
    held.data = held.data * adds[held.indices]
    every = np.asarray(held.sum(axis=1), dtype=np.float64).ravel()
    rows = np.repeat(np.arange(len(every)), np.diff(held.indptr))
    counts = (held.data > 0) & (held.data >= PART * every[rows])
    alone = held.data > MOST * every[rows]
    of_one = np.bincount(rows[alone], minlength=len(every)) > 0
    return of_one | (np.bincount(rows[counts], minlength=len(every)) < FEW)


def _in_one_tract(row: Indicator, desk: _Desk) -> BoolArray:
    """Zones that are one tract to a reader, where a median or a change is not told of a single one, (Z,)."""
    if row.areas or row.field not in MARKETS:
        return np.zeros(len(desk.place.zones), dtype=np.bool_)
    return desk.place.once_for_zones("inside one tract", lambda: alone_in(desk.place.weights, "tract"))


def _inside(desk: _Desk) -> BoolArray:
    """Zones of which at least 99 % lies in the reference, (Z,)."""

    def find() -> BoolArray:
        assert desk.reference is not None
        shapes = desk.place.zones.geometry.to_numpy()
        common = shapely.area(shapely.intersection(shapes, shapes[desk.reference]))
        return np.asarray(common >= 0.99 * shapely.area(shapes), dtype=np.bool_)

    return desk.place.once_for_zones("inside the reference", find)


def _published(row: Indicator, place: Place) -> BoolArray:
    """Zones that a row is told of. Block groups carry only what is no sample or is mapped there: a sampled figure's
    margin is too wide for them."""
    small = np.array([g == "block group" for g in place.zones.geography], dtype=np.bool_)
    told = ~small | (row.map == "block group")
    # What is told of a district as a whole alone: of a single tract it could be read as a verdict, or a buyer's guide.
    return np.asarray(told & (row.areas | ~place.zones.having("area")), dtype=np.bool_)


def _absent(row: Indicator, group: str, place: Place, reason: str) -> list[Record]:
    made = []
    for zone, keep in zip(place.zones.ids, _published(row, place), strict=True):
        if keep:
            made.append(Record(zone, row.id, group, None, None, row.unit, row.universe, "absent", reason))
    return made


def _used(row: Indicator, place: Place) -> Iterable[str]:
    """Names of the layers behind a row: its inputs, and the geography that divides and nests them."""
    own = [n for n in place.layers if n == f"table:{row.id}" or n.startswith(f"table:{row.id}:")]
    if own:
        return [*own, "blocks", "block_groups", "tracts"]
    geography = [] if row.weight == "land" else ["blocks", "block_groups", "tracts"]
    if row.field == "canopy_gap":
        geography = ["biome", "blocks"]
    return list(dict.fromkeys([*layer_names(row, place.years, place.states), *geography, *_outlines(row, place)]))


def _outlines(row: Indicator, place: Place) -> list[str]:
    """Layers that draw the areas of a downloaded table, where these are of another census than the survey's."""
    table = place.layers.get(f"data:{row.parameters.get('table')}")
    if not isinstance(table, Layer):
        return []
    told = (table.geography, table.geography_vintage)
    drawn = [name for name in place.layers if name.startswith(("blocks", "block_groups", "tracts", "counties"))]
    found = {name: place.layers[name] for name in drawn}
    return [n for n, one in found.items() if isinstance(one, Layer) and (one.geography, one.geography_vintage) == told]
