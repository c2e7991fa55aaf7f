"""The checks of one place: what its data say of one another, for ``results.json`` and the page of data quality.

A check changes no number. One that concerns all of a place is found once and kept with it, so that many districts of
one county are no slower; one that concerns a district is found for each. What cannot be true is refused (`measured`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from justgeo import quality_census, quality_layers, quality_sums, quality_zones
from justgeo.core.quality import Check, order
from justgeo.core.result import Record
from justgeo.indicators.place import Place
from justgeo.measure import sanity_places

OfPlace = Callable[[Place], Iterable[Check]]
OfDistrict = Callable[[Place, Sequence[Record]], Iterable[Check]]

FLAG = "odd data: "
"""Beginning of the flag of a number that stands on data of which a check is odd; the check's id follows."""

OF_PLACE: tuple[OfPlace, ...] = (
    quality_sums.survey,
    quality_sums.census,
    quality_census.tables,
    quality_census.areas,
    quality_census.downloads,
    quality_layers.outlines,
    quality_layers.network,
    quality_layers.timetable,
    quality_layers.grids,
    quality_layers.periods,
    lambda place: sanity_places.checks(place.layers, place.crs),
)
"""What concerns the layers of a place, whatever its zones: found once for all districts of a batch. It reads the layers
and ``place.reference_prefixes``, and of the zones nothing but the reference."""


def of_place(place: Place) -> tuple[Check, ...]:
    """The checks of `OF_PLACE`, found once."""
    return place.once("quality", lambda: tuple(check for look in OF_PLACE for check in look(place)))


def _whole_place(place: Place, _: Sequence[Record]) -> Iterable[Check]:
    return of_place(place)


CHECKS: tuple[OfDistrict, ...] = (
    _whole_place,
    quality_zones.numbers,
    quality_zones.weights,
    quality_zones.published,
    quality_zones.ground,
    quality_zones.parks,
    quality_zones.people,
)
"""All of them: those of the place, then those of one district with its records."""


def checks(place: Place, records: Sequence[Record]) -> tuple[Check, ...]:
    """All checks of one district: what is odd first, then what holds, then what could not be checked.

    Within these, in the order of `CHECKS`.
    """
    found = [check for look in CHECKS for check in look(place, records)]
    return tuple(sorted(found, key=order))


def measured(place: Place, records: Iterable[Record]) -> list[Record]:
    """Records as measured, those on odd data of the place with a flag that says so.

    Raises
    ------
    LayerError
        A number cannot be true.
    """
    made = list(records)
    quality_zones.refuse_impossible(made)
    return flagged(made, of_place(place))


def flagged(records: Sequence[Record], found: Iterable[Check]) -> list[Record]:
    """Records, those that stand on a layer of an odd check with a flag for each; a number alone has one."""
    odd = concerned(found)
    if not odd:
        return list(records)
    return [_flagged(one, odd) if one.value is not None else one for one in records]


def concerned(found: Iterable[Check]) -> Mapping[str, tuple[str, ...]]:
    """Ids of the odd checks by layer."""
    made: dict[str, tuple[str, ...]] = {}
    for check in found:
        if check.status == "odd":
            for layer in check.layers:
                made[layer] = (*made.get(layer, ()), check.id)
    return made


def _flagged(record: Record, odd: Mapping[str, tuple[str, ...]]) -> Record:
    ids = [one for layer in record.layers for one in odd.get(layer, ())]
    new = [flag for flag in dict.fromkeys(f"{FLAG}{one}" for one in ids) if flag not in record.flags]
    return record.but(flags=(*record.flags, *new)) if new else record
