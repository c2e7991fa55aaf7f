"""The error budget of a number in words: what is in its margin, and what is known of its errors beyond it.

The parts beyond the margin are told and not added: how old the sources are, what a volunteered map may lack, and how an
image is known to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import origins, remarks, spoken, words
from justgeo.report.speech import say
from justgeo.report.spoken import tell

Told = tuple[str, str]


def of(results: Mapping[str, Any], indicator: str, record: Mapping[str, Any] | None) -> list[Told]:
    """Lines of the budget of a row of the page; ``record`` is the number that stands on it."""
    found = next((one for one in results.get("budgets", ()) if one["indicator"] == indicator), None)
    return told(record, found, {zone["id"]: str(zone["name"]) for zone in results["zones"]})


def told(record: Mapping[str, Any] | None, budget: Mapping[str, Any] | None, zones: Mapping[str, str]) -> list[Told]:
    """Lines of the budget: a name and what is said; empty where there is no number.

    Parameters
    ----------
    record : mapping or None
        Of the district, or of the reference where it alone is told of.
    budget : mapping or None
        Of its indicator, as in ``results.json``; None where an older version wrote it.
    zones : mapping of str to str
        Names of the zones by id.
    """
    if record is None or (record["value"] is None and not record["text"]):
        return []
    lines = [(say("In the margin"), one) for one in _in_margin(record)]
    if budget is None:
        return lines
    lines.append((say("Age of the sources"), _age(budget["age"])))
    lines += [(say("Completeness of the map"), one) for one in _completeness(budget["completeness"], zones)]
    lines += [(say("How the image reads"), _bias(one)) for one in budget["bias"]]
    return lines


def _in_margin(record: Mapping[str, Any]) -> list[str]:
    if record["value"] is None:
        return [say("no margin can be told of an open class")]
    found = remarks.parts(record)
    if found:
        return found
    return [say("its margin is not known") if record["moe"] is None else say("nothing: nobody was sampled for it")]


def _age(age: Mapping[str, Any]) -> str:
    silent = ""
    if age["not_stated"]:
        silent = tell("No year is stated of {what}.", what=_names(age["not_stated"]))
    if age["first"] is None:
        return silent or say("No source has a year.")
    before, after = age["years_before"], age["years_after"]
    parts = []
    if before:
        named = {"what": _name(age["oldest"]), "year": age["first"], "n": before, "survey": age["survey"]}
        if before == 1:
            parts.append(tell("The oldest ({what}) ends in {year}, {n} year before the survey of {survey}.", **named))
        else:
            parts.append(tell("The oldest ({what}) ends in {year}, {n} years before the survey of {survey}.", **named))
    if after:
        named = {"what": _name(age["newest"]), "year": age["last"], "n": after, "survey": age["survey"]}
        if after == 1:
            parts.append(tell("The newest ({what}) is of {year}, {n} year after the survey of {survey}.", **named))
        else:
            parts.append(tell("The newest ({what}) is of {year}, {n} years after the survey of {survey}.", **named))
    if not parts:
        parts.append(say("All end in {year}, the last year of the survey.", year=age["survey"]))
    return spoken.join(" ", [*parts, *([silent] if silent else [])])


def _completeness(signs: Sequence[Mapping[str, Any]], zones: Mapping[str, str]) -> Iterable[str]:
    """A line for each layer."""
    by: dict[str, list[Mapping[str, Any]]] = {}
    for one in signs:
        by.setdefault(one["layer"], []).append(one)
    for layer, some in by.items():
        known = [one for one in some if one["share"] is not None]
        parts = []
        if known:
            shares = spoken.join(", ", (_share(one, zones) for one in known))
            parts.append(
                tell(
                    "{what}: {sign}: {shares}.", what=_name(layer), sign=spoken.spoken(known[0]["sign"]), shares=shares
                )
            )
        if any(one["low"] for one in known):
            parts.append(say("That is little: much may be missing from the map."))
        for one in (one for one in some if one["share"] is None):
            named = {"what": _name(layer), "why": spoken.spoken(one["reason"])}
            if one["zone"]:
                place = zones.get(one["zone"], one["zone"])
                parts.append(tell("{what}: not known for {place}: {why}.", place=place, **named))
            else:
                parts.append(tell("{what}: not known: {why}.", **named))
        yield spoken.join(" ", parts)


def _share(one: Mapping[str, Any], zones: Mapping[str, str]) -> str:
    share, place = words.figure(one["share"], "share", 0.01), zones.get(one["zone"], one["zone"])
    if not one["unit"] or one["of"] is None:
        return tell("{share} in {place}", share=share, place=place)
    many = f"{one['of']:,.0f}" if one["of"] >= 10 else f"{one['of']:,.1f}"
    return tell(
        "{share} of {many} {unit} in {place}", share=share, many=many, unit=spoken.spoken(one["unit"]), place=place
    )


def _bias(one: Mapping[str, Any]) -> str:
    named = {"what": _name(one["layer"]), "told": spoken.spoken(one["told"])}
    match one["direction"]:
        case "low":
            text = tell("{what} reads low: {told}.", **named)
        case "high":
            text = tell("{what} reads high: {told}.", **named)
        case "either":
            text = tell("{what} reads low in some places and high in others: {told}.", **named)
        case _:
            return tell("{what}: not known whether it reads high or low: {told}.", **named)
    more = [say("This is from professional knowledge and was not confirmed.")] if one["evidence"] == "M" else []
    return spoken.join(" ", [text, *more, *([f"{one['source']}."] if one["source"] else [])])


def _name(layer: str) -> str:
    """A layer in plain words."""
    if layer.startswith("acs:"):
        return say("census tables")
    found = origins.called(layer)
    return spoken.spoken(found) if found == layer else found  # what has a name is in the language already


def _names(layers: Sequence[str]) -> str:
    return spoken.join(", ", dict.fromkeys(_name(layer) for layer in layers))
