"""What OpenStreetMap tags mean to justgeo: walkable, cycled, park, stop, amenity, water. Pure functions on tags.

Each function takes the tags of one element as a mapping of str to str. The tag lists follow METHODS 3.1 (stops), 6
(parks) and 7.6, 7.11 (amenities); the walk filter is that of osmnx 2.1, so that networks compare with published work.
"""

from __future__ import annotations

from collections.abc import Mapping

Tags = Mapping[str, str]

# osmnx's "walk" filter is a chain of Overpass negations without anchors, so each word excludes every value that
# *contains* it: "motor" takes out motorway and motorway_link.
_NOT_WALKED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("area", ("yes",)),
    ("access", ("private",)),
    (
        "highway",
        (
            "abandoned",
            "bus_guideway",
            "construction",
            "cycleway",
            "motor",
            "no",
            "planned",
            "platform",
            "proposed",
            "raceway",
            "razed",
            "rest_area",
            "services",
        ),
    ),
    ("foot", ("no",)),
    ("service", ("private",)),
    ("sidewalk", ("separate",)),
    ("sidewalk:both", ("separate",)),
    ("sidewalk:left", ("separate",)),
    ("sidewalk:right", ("separate",)),
)

_STREET_KINDS: dict[str, str] = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), "motorway"),
    **dict.fromkeys(("primary", "primary_link"), "primary"),
    **dict.fromkeys(("secondary", "secondary_link", "tertiary", "tertiary_link"), "secondary"),
    **dict.fromkeys(("residential", "unclassified", "living_street", "road", "busway"), "residential"),
    **dict.fromkeys(("footway", "path", "pedestrian", "steps", "cycleway", "bridleway", "track"), "path"),
}
_OFF_STREET = frozenset({"bridleway", "cycleway", "footway", "path", "pedestrian", "track"})
_CYCLED = frozenset(
    f"{kind}{end}" for kind in ("trunk", "primary", "secondary", "tertiary") for end in ("", "_link")
) | {"unclassified", "residential", "living_street", "road", "service"}  # fmt: skip
_MAY = frozenset({"yes", "designated", "permissive", "official"})
_NO_BICYCLES = frozenset({"no", "private", "dismount", "use_sidepath"})
_ONE_WAY = frozenset({"yes", "true", "1", "-1"})
_RAIL = frozenset({"rail", "light_rail", "subway", "tram", "narrow_gauge", "monorail", "funicular"})
_MINOR_SERVICE = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})

NON_PUBLIC_ACCESS = frozenset(
    {"private", "no", "customers", "employee", "employees", "staff", "members", "residents", "permit"}
)
_OPEN_ACCESS = frozenset({"yes", "permissive", "public", "designated"})
_PUBLIC_OWNERS = frozenset({"public", "municipal", "city", "county", "state", "national", "federal", "government"})
_PARK_LEISURE = frozenset({"park", "nature_reserve", "dog_park", "playground", "recreation_ground"})
_PARK_LANDUSE = frozenset({"recreation_ground", "village_green"})
_CLOSED_AMENITY = frozenset({"school", "university", "college", "kindergarten", "childcare", "grave_yard", "prison"})
_CLOSED_LEISURE = frozenset({"golf_course", "miniature_golf", "water_park", "resort"})
_CLOSED_LANDUSE = frozenset({"cemetery", "military", "education"})
_CLOSED_TOURISM = frozenset({"zoo", "theme_park"})

_LIFECYCLE = ("disused", "abandoned", "demolished", "razed", "removed", "construction", "proposed", "planned", "was")
_STOP_KEYS = ("public_transport", "highway", "railway", "amenity")
_STOP_VALUES: dict[str, frozenset[str]] = {
    "highway": frozenset({"bus_stop", "platform"}),
    "public_transport": frozenset({"platform", "stop_position", "station"}),
    "railway": frozenset({"tram_stop", "stop", "platform", "station", "halt"}),
    "amenity": frozenset({"ferry_terminal", "bus_station"}),
}

AMENITIES = frozenset(
    {
        "library",
        "community_centre",
        "social_centre",
        "arts_centre",
        "theatre",
        "place_of_worship",
        "townhall",
        "social_facility",
        "childcare",
        "kindergarten",
        "school",
        "clinic",
        "doctors",
        "hospital",
        "pharmacy",
        "post_office",
        "cafe",
        "marketplace",
    }
)
SHOPS = frozenset(
    {
        "supermarket",
        "grocery",
        "greengrocer",
        "convenience",
        "bakery",
        "butcher",
        "deli",
        "seafood",
        "farm",
        "general",
        "health_food",
        "chemist",
    }
)

#: Keys by which elements are picked in the first place; nothing above looks at an element without one of them.
LINE_KEYS = ("highway", "railway")
AREA_KEYS = ("leisure", "landuse", "boundary", "place", "natural", "waterway", "amenity", "tourism", "military")
POINT_KEYS = ("highway", "public_transport", "railway", "amenity", "leisure", "shop", "barrier", "entrance")

#: Every key that something here or in ``osm_build`` and ``osm_landuse`` looks at, but ``name``; a test holds that.
READ_KEYS = frozenset(
    {
        *(key for key, _ in _NOT_WALKED),
        *LINE_KEYS,
        *AREA_KEYS,
        *POINT_KEYS,
        *_LIFECYCLE,
        *(f"{prefix}:{key}" for prefix in _LIFECYCLE for key in _STOP_KEYS),
        *("bicycle", "building", "crossing", "crossing:signals", "cycleway", "cycleway:both", "cycleway:left"),
        *("cycleway:right", "fee", "ferry", "garden:type", "golf", "lanes", "light_rail", "lts", "maxspeed"),
        *("motor_vehicle", "motorcar", "motorroad", "oneway", "oneway:bicycle", "operator:type", "ownership"),
        *("station", "stop", "subway", "train", "tram", "tunnel", "type", "usage", "vehicle", "water"),
    }
)


def is_walkable(tags: Tags) -> bool:
    """Whether osmnx's "walk" network would hold this way.

    Streets whose pavements are mapped as ways of their own (``sidewalk=separate``), cycleways and motorways are
    out. Like osmnx, ``access=no`` alone does not take a way out.
    """
    if "highway" not in tags:
        return False
    return not any(word in tags.get(key, "") for key, words in _NOT_WALKED for word in words)


def street_kind(tags: Tags) -> str | None:
    """Kind of line on the base map: motorway, primary, secondary, residential, path or rail; None for neither."""
    if tags.get("area") == "yes":
        return None
    highway = tags.get("highway")
    if highway == "service":
        return None if tags.get("service") in _MINOR_SERVICE else "residential"
    if highway is not None:
        return _STREET_KINDS.get(highway)
    if tags.get("railway") in _RAIL and tags.get("tunnel", "no") == "no" and "service" not in tags:
        return "rail"
    return None


def is_bikeable(tags: Tags) -> bool:
    """Whether one may cycle here: streets but motorways, cycleways, and other paths that are signed for bicycles.

    A path, footway or track without a ``bicycle`` tag may be a hiking trail or a pavement: it is left out (our choice).
    """
    highway, bicycle = tags.get("highway", ""), tags.get("bicycle", "")
    signed = bicycle in _MAY
    if tags.get("area") == "yes" or bicycle in _NO_BICYCLES:
        return False
    if not signed and (not is_public(tags) or tags.get("vehicle", "yes") in NON_PUBLIC_ACCESS):
        return False
    if highway in _OFF_STREET or highway == "busway":
        return signed or highway == "cycleway"
    if highway == "service" and tags.get("service") in _MINOR_SERVICE:
        return False
    return highway in _CYCLED and tags.get("motorroad") != "yes"


def is_controlled(tags: Tags) -> bool:
    """Whether traffic stops at this node for those who cross: signals, or stop signs on every arm."""
    return (
        tags.get("highway") == "traffic_signals"
        or tags.get("crossing") == "traffic_signals"
        or tags.get("crossing:signals") == "yes"
        or (tags.get("highway") == "stop" and tags.get("stop") == "all")
    )


def has_cars(tags: Tags) -> bool:
    """Whether cars may drive here."""
    own = next((tags[key] for key in ("motorcar", "motor_vehicle") if key in tags), None)
    if tags.get("highway") in _OFF_STREET or tags.get("highway") == "busway":
        return own in _MAY
    said = own or tags.get("vehicle") or tags.get("access") or "yes"
    return said not in ("no", "private")


def bikeway(tags: Tags) -> str:
    """What a street has for bicycles: ``track`` (set apart, on any side), ``lane`` (in every direction), or ``""``.

    A two-way street with a lane on one side only has none: who rides back has no lane.
    """
    both, left, right = (
        {tags.get(key) for key in keys}
        for keys in (("cycleway", "cycleway:both"), ("cycleway:left",), ("cycleway:right",))
    )
    if "track" in both | left | right:
        return "track"
    one_way = tags.get("oneway") in _ONE_WAY and tags.get("oneway:bicycle") != "no"
    sides = ("lane" in left) + ("lane" in right)
    return "lane" if "lane" in both or sides == 2 or (one_way and sides == 1) else ""


def park_kind(tags: Tags) -> str | None:
    """Kind of green or open space as METHODS 6 counts them, or None.

    Says nothing of access: see :func:`is_public` and :func:`is_closed_ground`.
    """
    if tags.get("building", "no") != "no" or "golf" in tags or is_closed_ground(tags) or is_gone(tags):
        return None
    if tags.get("natural") == "water" or "waterway" in tags:
        return None
    leisure, landuse = tags.get("leisure", ""), tags.get("landuse", "")
    if leisure in _PARK_LEISURE:
        return leisure
    if leisure == "garden" and _is_open_garden(tags):
        return "garden"
    if landuse in _PARK_LANDUSE:
        return landuse
    if landuse == "forest" and (_is_open(tags) or _is_publicly_owned(tags)):
        return "forest"
    boundary = tags.get("boundary", "")
    if boundary in ("national_park", "protected_area") and _is_open(tags):
        return boundary
    return "square" if tags.get("place") == "square" else None


def is_public(tags: Tags) -> bool:
    """Whether the access tag leaves the public in; without the tag, it does."""
    return tags.get("access", "yes") not in NON_PUBLIC_ACCESS


def is_closed_ground(tags: Tags) -> bool:
    """Ground within which parks are not counted as public: schools, cemeteries, golf courses, military land, zoos.

    So is any land with an access tag that keeps the public out; of parks themselves only :func:`is_public` tells.
    """
    if "military" in tags:
        return True
    return (
        tags.get("amenity") in _CLOSED_AMENITY
        or tags.get("leisure") in _CLOSED_LEISURE
        or tags.get("landuse") in _CLOSED_LANDUSE
        or tags.get("tourism") in _CLOSED_TOURISM
    )


def keeps_public_out(tags: Tags) -> bool:
    """Whether parks nested in this area are not public (METHODS 6)."""
    if is_closed_ground(tags):
        return True
    land = any(key in tags for key in ("landuse", "leisure", "amenity", "tourism"))
    return land and not is_public(tags) and tags.get("amenity") != "parking"


def is_entrance(tags: Tags) -> bool:
    """A gate or a mapped entrance that is open to the public."""
    if not is_public(tags) or tags.get("foot") == "no":
        return False
    if tags.get("barrier") in ("gate", "kissing_gate", "entrance"):
        return True
    return tags.get("entrance", "no") not in ("no", "exit", "emergency", "private", "garage", "staircase")


def is_water(tags: Tags) -> bool:
    """Inland water with an area. The sea is not in it: coastlines are lines."""
    return tags.get("natural") == "water" or tags.get("waterway") == "riverbank" or tags.get("landuse") == "reservoir"


def is_stop(tags: Tags) -> bool:
    """A place where public transport stops, in use and open to the public (METHODS 3.1)."""
    if not any(tags.get(key) in values for key, values in _STOP_VALUES.items()):
        return False
    if tags.get("access") in ("private", "no") or tags.get("usage") == "tourism":
        return False
    if tags.get("station") == "miniature" or tags.get("railway") == "miniature":
        return False
    if is_gone(tags):
        return False
    return not any(f"{prefix}:{key}" in tags for prefix in _LIFECYCLE for key in _STOP_KEYS)


def is_gone(tags: Tags) -> bool:
    """Whether it is out of use, or not there yet: ``disused=yes``, ``construction=yes`` and their kin."""
    return any(tags.get(word, "no") not in ("no", "") for word in _LIFECYCLE[:-1])


def stop_kind(tags: Tags) -> str:
    """Mode of a stop: ferry, metro, tram, rail or bus (in this order, bus when nothing is said)."""
    if tags.get("amenity") == "ferry_terminal" or tags.get("ferry") == "yes":
        return "ferry"
    if tags.get("subway") == "yes" or tags.get("station") in ("subway", "light_rail"):
        return "metro"
    if tags.get("railway") == "tram_stop" or tags.get("tram") == "yes" or tags.get("light_rail") == "yes":
        return "tram"
    if "railway" in tags or tags.get("train") == "yes":
        return "rail"
    return "bus"


def is_high_capacity(tags: Tags) -> bool:
    """Rail, metro or ferry, as SDG 11.2.1 tells them from buses and trams (METHODS 3.1)."""
    return (
        tags.get("railway") in ("station", "halt")
        or tags.get("station") in ("subway", "light_rail")
        or tags.get("amenity") == "ferry_terminal"
        or tags.get("subway") == "yes"
    )


def amenity_kind(tags: Tags) -> str | None:
    """Value of the tag that makes this a daily destination (``library``, ``supermarket``, ...), or None."""
    if tags.get("access") in ("private", "no") or is_gone(tags):
        return None
    if tags.get("amenity") in AMENITIES:
        return tags["amenity"]
    if tags.get("shop") in SHOPS:
        return tags["shop"]
    return "sports_centre" if tags.get("leisure") == "sports_centre" else None


def _is_open(tags: Tags) -> bool:
    return tags.get("access") in _OPEN_ACCESS


def _is_publicly_owned(tags: Tags) -> bool:
    return tags.get("ownership") in _PUBLIC_OWNERS or tags.get("operator:type") in _PUBLIC_OWNERS


def _is_open_garden(tags: Tags) -> bool:
    kind = tags.get("garden:type")
    return kind == "community" or (kind == "botanical" and tags.get("fee", "no") == "no") or _is_open(tags)
