"""Words that the map's script sets itself, in the language that is spoken; it fills what stands in braces."""

from __future__ import annotations

from typing import Any

from justgeo.report import words
from justgeo.report.speech import say


def texts() -> dict[str, Any]:
    """All of them, by the keys that the script knows."""
    reliability = {key: words.reliability(key) for key in words.RELIABILITY}
    return {**_map(), **_search(), "kinds": _kinds(), "reliability": reliability}


def _map() -> dict[str, str]:
    return {
        "none": say("no number"),
        "nowhere": say("There are no small areas to show; the district's numbers stand in the tables."),
        "by": say("By {areas}."),
        "by_unit": say("By {areas}, in {unit}."),
        "caption": say("{title}, by {areas}"),
        "area": say("{n} area"),
        "areas": say("{n} areas"),
        "hatched": say("hatched: {what}"),
        "dotted": say("dotted: no number"),
        "source": say("Source"),
        "period": say("Year of the data"),
        "from": say("Source: {source}. Year of the data: {period}."),
        "full": say("Full screen"),
        "unfull": say("Leave full screen"),
        "closer": say("Closer"),
        "farther": say("Farther"),
        "close": say("Close"),
        "pan": say("The map. Arrow keys move it, plus and minus change its size; the areas follow with Tab."),
        "areas_keys": say("Areas of the map. Arrow keys go from one to the next, Enter opens it."),
        "open": say("Show {area} on the map"),
        "north": say("N"),
        "invented": say("INVENTED DATA"),
    }


def _search() -> dict[str, str]:
    return {
        "found_none": say("Nothing by that name is on this map. House numbers are not known: try the street alone."),
        "found_one": say("1 found. Enter shows it."),
        "found_many": say("{n} found. Arrow keys choose, Enter shows."),
        "found_more": say("{n} found, the first {most} are listed. Type more of the name."),
        "found_here": say("{name} ({kind}) is marked on the map."),
        "found_in": say("It lies in:"),
        "found_rest": say("and {n} more"),
        "found_outside": say("It lies outside the areas that have numbers."),
    }


def _kinds() -> dict[str, str]:
    return {
        "street": say("street"),
        "park": say("park"),
        "stop": say("transit stop"),
        "school": say("school"),
        "library": say("library"),
        "college": say("college"),
        "university": say("university"),
        "post_office": say("post office"),
        "townhall": say("town hall"),
    }
