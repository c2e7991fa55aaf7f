"""The parts that an element of OpenStreetMap plays in layers, as bits; and the keys by which that is decided.

Elements with the same tags play the same parts, and most have the same tags as many others. So the tags that count are
kept once each (a *tag set*), and everything that is asked of them is asked once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from justgeo.sources import osm_tags
from justgeo.sources.osm_landuse import land_use

WALK, BIKE, STREET = 1, 2, 4
STOP, AMENITY = 8, 16
PARK, CLOSED, WATER, USE = 32, 64, 128, 256
GATE, SIGNAL = 512, 1024

LINE = WALK | BIKE | STREET
POINT = STOP | AMENITY
GROUND = PARK | CLOSED | WATER | USE
#: Ground that may leave an extract: a river or a forest that does is left out with a note.
_MAY_BE_CUT = WATER | USE
HOLDING = (STOP | AMENITY | GROUND) & ~_MAY_BE_CUT
"""What must not be cut within the window."""

_TESTS: tuple[tuple[int, Callable[[Mapping[str, str]], bool]], ...] = (
    (WALK, osm_tags.is_walkable),
    (BIKE, osm_tags.is_bikeable),
    (STREET, lambda tags: osm_tags.street_kind(tags) is not None),
    (STOP, osm_tags.is_stop),
    (AMENITY, lambda tags: osm_tags.amenity_kind(tags) is not None),
    (PARK, lambda tags: osm_tags.park_kind(tags) is not None),
    (CLOSED, osm_tags.keeps_public_out),
    (WATER, osm_tags.is_water),
    (USE, lambda tags: land_use(tags) is not None),
    (GATE, osm_tags.is_entrance),
    (SIGNAL, osm_tags.is_controlled),
)
_OF_LAYER: Mapping[str, int] = {
    "walk": WALK,
    "bike": BIKE | SIGNAL,
    "streets": STREET,
    "stops": STOP,
    "amenities": AMENITY,
    "parks": PARK | CLOSED,
    "park_entrances": PARK | CLOSED | GATE,
    "water": WATER,
    "landuse": USE,
}
LAYERS = frozenset(_OF_LAYER)
ALL = LINE | POINT | GROUND | GATE | SIGNAL


def roles(tags: Mapping[str, str]) -> int:
    """Every part that an element with these tags may play, whatever its kind."""
    return sum(bit for bit, test in _TESTS if test(tags))


def needed(names: Iterable[str]) -> int:
    """The parts that some layers are made of."""
    found = 0
    for name in names:
        found |= _OF_LAYER[name]
    return found
