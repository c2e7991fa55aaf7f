"""What OpenStreetMap says of the use of land: ``landuse=*``, and the grounds that imply it (schools, parks, ...)."""

from __future__ import annotations

from collections.abc import Mapping

USES = ("residential", "industrial", "commercial", "institutional", "retail", "other")
"""OpenStreetMap has no value for mixed use: such land is drawn as retail, commercial or residential."""

_OF_LANDUSE: dict[str, str] = {
    "residential": "residential",
    **dict.fromkeys(("industrial", "port", "depot", "quarry"), "industrial"),
    "commercial": "commercial",
    "retail": "retail",
    **dict.fromkeys(("institutional", "education", "religious", "civic_admin", "healthcare"), "institutional"),
}
# Small planting within another use, and what is no use yet or no longer.
_NO_USE = frozenset({"flowerbed", "no", "yes", "proposed", "planned", "fixme"})
_INSTITUTIONS = frozenset(
    {"school", "kindergarten", "college", "university", "hospital", "clinic", "prison", "townhall", "courthouse"}
)
_OPEN = frozenset({"park", "nature_reserve", "golf_course", "recreation_ground", "sports_centre", "stadium", "garden"})


def land_use(tags: Mapping[str, str]) -> str | None:
    """Use of an area, one of `USES`; None where its tags say nothing of it.

    A school, a hospital or a park is a use of its own whatever ``landuse`` is tagged beside it, since mappers seldom
    draw both. Buildings are none: a school's building is not its ground.
    """
    if tags.get("building", "no") != "no":
        return None
    if tags.get("amenity") in _INSTITUTIONS:
        return "institutional"
    if tags.get("leisure") in _OPEN:
        return "other"
    told = tags.get("landuse", "no")
    return None if told in _NO_USE else _OF_LANDUSE.get(told, "other")
