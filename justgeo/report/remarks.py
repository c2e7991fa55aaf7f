"""What has to be said beside a number: modelled inputs, for how many it is not known, how far it moves, its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from justgeo.report import speech, spoken, words
from justgeo.report.flags import flag as flag
from justgeo.report.speech import say
from justgeo.report.spoken import tell

Record = Mapping[str, Any]

UNKNOWN_TOLD = 0.01
"""From this share on, people for whom the answer is not known are named beside the number."""

UNTAGGED_TOLD = 0.25
"""From this share on, streets whose level of stress is told by little more than their kind are named there too."""

_MODELLED_FROM = {"exact", "high", "medium", "unknown"}
CHANCE = "probability of one unit"
ODD = "odd data: "
UNCHANGED = "change not distinguishable from none at 90 %"
"""Flags of records, as the measuring writes them."""

_OF_FIGURES = "areas taken to err together"
_SPREAD = "spread over the land of each block"
_WHOM = {
    "housing units": "homes",
    "total population": "residents",
    "households": "households",
    "occupied housing units": "households",
}

_PARTS = {
    "sampling": "the survey asks only some people",
    "apportionment": "the boundary cuts areas, and their people are divided",
    "noise": "the Census Bureau changes block counts a little on purpose",
}
"""Parts of a margin in words, in the order of the page."""

_TOLD = {
    "rebuilt from brackets": "The median is worked out anew from the table of brackets.",
    "published median": "This is the Census Bureau's own median for this area.",
    "small group from noisy blocks": "A small group: the changes that the Bureau makes to block counts weigh heavily.",
    "apportionment error not told": "What dividing the cut areas adds is not in the margin: it is at least this wide.",
    "areas taken to err together": "The margin takes all areas to be off in one direction: it is on the safe side.",
    _SPREAD: "They are taken to be spread evenly over the land of their block; the range also has one point a block.",
    "counts not told": "How many people stand behind it is not told: it would say how many a withheld group has.",
    "interval of a model": "The margin is the model's own: nobody was asked here.",
    "wide interval (NCHS)": "The interval is wide for a share: read it as a rough idea.",
}

_WARNED = {
    UNCHANGED: "no larger than its margin: it may be no change at all",
    "change not tested: no margin is known": "its margin is not known, so that it may be no change at all",
    "timetable ended": "from a timetable that had run out when it was fetched: service may have changed since",
}
_FEW = re.compile(r"(?:suppressed|withheld): (fewer than .+)", re.DOTALL)
_DEATHS = re.compile(r"deaths of (\d{4}) to (\d{4})")
_FEW_TRACTS = re.compile(r"few tracts in the reference \((\d+)\)")


def marked(results: Mapping[str, Any]) -> dict[str, Any]:
    """``results`` for the page: each number says whether it is modelled or a chance, each reason in plain words.

    Returns
    -------
    dict
        A copy; records have one more key, ``modelled``, and may have the reliability ``modelled`` (an input was
        computed by somebody's model and not counted) or ``chance`` (the likelihood that one area is of a kind).
        Numbers that are too uncertain to rely on stay so. What is no sample, and has no margin but noise of the census
        counts that no digit shows, is ``exact``, without that margin: it stands in the error budget.
    """
    modelled = {layer["id"] for layer in results["layers"] if layer["modelled"]}
    return {**results, "records": [mark(r, modelled) for r in results["records"]]}


def in_every_language(results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`marked` results by the code of each language of the pages, English first."""
    found = {}
    for code in speech.LANGUAGES:
        with speech.language(code):
            found[code] = marked(results)
    return found


def mark(record: Record, modelled: set[str]) -> dict[str, Any]:
    """One record for the page, as `marked` has it; ``modelled`` are the layers that are so.

    Its ``stated`` is the reason as it stands in the results.
    """
    reliability, quiet = record["reliability"], words.quiet(record)
    stands_on = record["value"] is not None and not modelled.isdisjoint(record["layers"])
    if CHANCE in record["flags"] and record["value"] is not None:
        reliability = "chance"
    elif stands_on and reliability in _MODELLED_FROM:
        reliability = "modelled"
    elif quiet:
        reliability = "exact"
    told = None if record["reason"] is None else reason(record["reason"])
    known: dict[str, Any] = {"modelled": stands_on, "few": few(record), "stated": record["reason"]}
    if quiet:
        known["moe"] = 0.0
    return {**record, "reliability": reliability, "reason": told, **known}


def few(record: Record | None) -> str:
    """``fewer than 50 people ...`` where a number is withheld for that; empty for all others."""
    if record is None or not record["reason"]:
        return ""
    if "few" in record:
        found: str = record["few"]
        return found
    fits = _FEW.match(str(record["reason"]))
    if fits is None:
        return ""
    told = reason(str(record["reason"]))
    if isinstance(told, spoken.Spoken):
        return spoken.marked(fits[1], speech.ENGLISH)
    return told.partition(": ")[2] or told


def plain_reason(text: str) -> str:
    """A reason without terms of the trade."""
    told = re.sub(r"^suppressed: ", "withheld: ", text)
    return re.sub(r" \((?:coefficient of variation|coeficiente de variación) [^)]*\)$", "", told)


def plain_reasons(text: str) -> str:
    """Several reasons in a row, each after what it is told of, without terms of the trade."""
    return re.sub(r" \(coefficient of variation [^)]*\)", "", re.sub(r"(^|[:;] )suppressed: ", r"\1withheld: ", text))


def reason(text: str) -> str:
    """A reason without terms of the trade, in the language that is spoken."""
    return _reason(text, speech.current())


@lru_cache(maxsize=4096)
def _reason(text: str, code: str) -> str:
    """Thousands of records share a few reasons; ``code`` is the language that is spoken, for the cache."""
    plain = spoken.spoken(plain_reason(text))
    whole = spoken.spoken(text) if isinstance(plain, spoken.Spoken) else plain
    # Who translated the reason as it stands in the results is heard too.
    return plain if isinstance(whole, spoken.Spoken) else plain_reason(whole)


def beside(record: Record | None) -> list[str]:
    """What must stand beside the number itself, in a few words each; empty for most numbers."""
    if record is None or record["value"] is None:
        return []
    found = []
    unknown = flag(record, "unknown_share") or 0.0
    if unknown >= UNKNOWN_TOLD:
        found.append(_unknown(_percent(unknown), _WHOM.get(record["universe"], "those asked about"), ends(record)))
    elif _wide(record) and not _open_ground(record):
        found.append(_moved(record))
    valid, lacking = flag(record, "valid_share"), flag(record, "lacking_share") or 0.0
    untagged = flag(record, "untagged_share") or 0.0
    if untagged >= UNTAGGED_TOLD:
        found.append(
            say(
                "for {share} of the length the map lacks the speed limit or the number of lanes",
                share=_percent(untagged),
            )
        )
    if valid is not None and valid <= 1 - UNKNOWN_TOLD:
        span = ends(record)
        part = say("measured on {share} of the land", share=_percent(valid))
        found.append(say("{part}; counting the rest, it is {span}", part=part, span=span) if span else part)
    if lacking >= UNKNOWN_TOLD:
        found.append(say("the table lacks {share} of this area", share=_percent(lacking)))
    found += [told for one in record["flags"] for told in _warned(str(one))]
    if record.get("modelled") and record["reliability"] == "low":
        found.append(words.reliability("modelled"))
    return found


def _unknown(share: str, whom: str, span: str) -> str:
    told = {"share": share, "whom": say(whom)}
    if not span:
        return say("for {share} of {whom} the answer is not known", **told)
    return say("for {share} of {whom} the answer is not known; counting them, it is {span}", **told, span=span)


def _moved(record: Record) -> str:
    """The range of a number and what makes it."""
    if _SPREAD in record["flags"]:
        return say("{span} by where in their blocks they are taken to be", span=ends(record))
    return say("{span} by the way the boundary is divided", span=ends(record))


def _warned(one: str) -> Iterable[str]:
    """A flag that no number may stand without, in plain words: how old its timetable is, how few it is held against."""
    if one in _WARNED:
        yield say(_WARNED[one])
    elif few := _FEW_TRACTS.match(one):
        yield say("judged against only {n} census tracts: read it as a rough idea", n=few[1])


def _percent(share: float) -> str:
    """A share in whole percent."""
    return words.figure(share, "share", UNKNOWN_TOLD)


def ends(record: Record) -> str:
    """``44% to 47%``: the range from ``low`` to ``high``; empty where it cannot be seen."""
    if record["low"] is None or record["high"] is None:
        return ""
    moe = words.shown_moe(record)
    low, high = (words.figure(record[end], record["unit"], moe, bare=True) for end in ("low", "high"))
    return "" if low == high else say("{low} to {high}", low=low, high=high)


def _wide(record: Record) -> bool:
    """Whether the range says more than the margin does already, and enough to matter."""
    if not ends(record):
        return False
    size, top = record["high"] - record["low"], words.scale(record["unit"]).top
    matters = 0.01 * top if top is not None else 0.02 * abs(record["value"])
    return bool(size > 0.5 * (record["moe"] or 0.0) and size >= matters)


def details(record: Record | None) -> list[tuple[str, str]]:
    """What an expert wants to see of a number: the fraction, the parts of its margin, the range, how it was made."""
    if record is None or record["value"] is None:
        return []
    rows = [
        (say("Numerator and denominator"), fraction(record)),
        (say("Before and after"), before_and_after(record)),
        (_range_name(record), ends(record)),
        (say("Also"), spoken.join(" ", _also(record))),
    ]
    return [(name, told) for name, told in rows if told]


def fraction(record: Record) -> str:
    """``2,490 ± 140 of 4,500 ± 210``, margins of sampling alone; empty where there is no fraction."""
    if record["numerator"] is None or record["denominator"] is None:
        return ""
    if record["unit"] == "°C":  # degrees summed over people are no count of anything
        return ""
    universe = str(record["universe"])
    unit = "m²" if universe.startswith("land ") else "km" if universe.startswith("length ") else ""
    top, bottom = (_count(record[n], record[f"{n}_moe"], unit) for n in ("numerator", "denominator"))
    return say("{top} of {bottom}", top=top, bottom=bottom)


def before_and_after(record: Record) -> str:
    """The two figures of a change: ``67% ± 3 points in the five years to 2014, 56% ± 3 points in those to 2024``."""
    price = flag(record, "price")
    unit = "USD" if price is not None else "share" if record["unit"] == "percentage points" else "count"
    told: dict[str, Any] = {}
    for name in ("before", "after"):
        value, moe, year = (flag(record, f"{name}{end}") for end in ("", "_moe", "_year"))
        if value is None or year is None:
            return ""
        margin = "" if moe == 0 else f" {words.margin(moe, unit, value)}"
        told[name] = f"{words.figure(value, unit, moe)}{margin}"
        told["then" if name == "before" else "now"] = f"{year:.0f}"
    if price is None:
        return say("{before} in the five years to {then}, {after} in those to {now}", **told)
    return say(
        "{before} in the five years to {then}, {after} in those to {now}; both in dollars of {now}",
        **told,
    )


def _open_ground(record: Record) -> bool:
    """Whether the range is that of land of which the map says nothing."""
    return flag(record, "valid_share") is not None


def _range_name(record: Record) -> str:
    if _open_ground(record):
        return say("If none, or all, of the rest had it")
    if _SPREAD in record["flags"]:
        return say("By other ways of dividing the cut areas and blocks")
    return say("By other ways of dividing the cut areas")


def _count(value: float, moe: float | None, unit: str) -> str:
    digits = 0 if value >= 100 or value == round(value) else 1
    margin = f" ± {moe:,.0f}" if moe else ""
    return f"{value:,.{digits}f}{f' {unit}' if unit else ''}{margin}"


def parts(record: Record) -> list[str]:
    """Parts of the margin with their reason; what was cut and is not in the margin is named."""
    found = []
    for name, why in _PARTS.items():
        part = record["error"].get(name)
        if name == "sampling" and _OF_FIGURES in record["flags"]:
            why = "the published figures have an interval of their own"
        if name == "sampling" and (uneven := words.by_chance(record)):
            found.append(say("{ends}: so few deaths go up and down by chance; all of them are counted", ends=uneven))
        elif part:
            told = words.margin(part, record["unit"], record["value"])
            found.append(say("{margin} because {why}", margin=told, why=say(why)))
        elif name == "apportionment" and ends(record) and record["moe"] is not None and not _open_ground(record):
            found.append(say("dividing the cut areas is not in it (see the range)"))
    return found


def _also(record: Record) -> Iterable[str]:
    """The other flags as sentences."""
    if any(str(one).startswith(ODD) for one in record["flags"]):
        yield say("Something is odd in the data that it stands on: see how good the data are (quality.html).")
    for one in record["flags"]:
        if one in _TOLD:
            yield say(_TOLD[one])
        elif years := _DEATHS.match(str(one)):
            yield say("Deaths of the years {first} to {last}.", first=years[1], last=years[2])
        elif str(one).startswith("rows of "):
            yield tell("The table has no number for some of it ({rows}).", rows=spoken.spoken(one))
    if any(str(one).startswith("sampled counts of") for one in record["flags"]):
        yield say("How many of the group live where comes from the survey, by block group or tract.")
    twice = flag(record, "drawn_twice")
    if twice is not None:
        yield say(
            "{share} of the land is drawn in more than one class, and counts in one of them.", share=_percent(twice)
        )
    untagged, urban = flag(record, "untagged_share"), flag(record, "urban_mean")
    if untagged is not None and untagged < UNTAGGED_TOLD:
        yield say(
            "For {share} of the length the map lacks the speed limit or the number of lanes.", share=_percent(untagged)
        )
    if urban is not None:
        yield say(
            "The built-up land that it is held against measures {degrees} at the surface.",
            degrees=words.figure(urban, "°C"),
        )
    estimated, off = flag(record, "as_estimated"), flag(record, "interpolation_error")
    if estimated is not None:
        yield say(
            "Taking the estimates as they stand, without their margins: {value}.",
            value=words.figure(estimated, record["unit"]),
        )
    if off is not None:
        yield say("Reading between the brackets may be off by {value}.", value=words.figure(off, record["unit"]))
    factor = flag(record, "design_factor")
    if factor is not None:
        yield say(
            "The margin holds a factor of {factor} for the way the survey draws its sample.", factor=f"{factor:.2f}"
        )
