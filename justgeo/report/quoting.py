"""One number for an application: with its margin, its count, the rest of the reference, the test and the source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import origins, remarks, saying, words
from justgeo.report.reader import Reader
from justgeo.report.results import ALL, INVENTED
from justgeo.report.saying import Fact, Told, Voice
from justgeo.report.speech import say

_ACS = re.compile(r"^acs:(?P<table>[A-Z]+\d+[A-Z]*)")
_TABLE = re.compile(r"\b[A-Z]+\d{5}[A-Z]*(?=_\d)")
_UNSTATED = "not stated"
_GROUND = ("block_groups", "tracts", "counties", "areas", "crosswalk")
_OF_TABLES = ("acs_", "table_share", "filing_rate", "vulnerability", "market_pressure")
"""Fields of tables: of the blocks they take no more than where people live in them."""
_MOSTLY_SAMPLING = 0.5
"""Up to this part of the error of sampling, that of dividing widens a margin by less than an eighth (our choice)."""
_HEAD_COUNTS = {"share", "class"}
"""Aggregates whose numerator and denominator count those whom the sentence speaks of."""


def grant(reader: Reader, indicator: str, group: str = ALL) -> Told:
    """One number of the district as an application quotes it.

    Parameters
    ----------
    reader : Reader
    indicator, group : str

    Returns
    -------
    Told
        ``About 2,310 (±240) of 5,900 (±310) households (39% ±4) pay 30% or more of their income for housing, against
        33% (±1) in the rest of Nowhere County, statistically different at the 90% level (ACS 2020-2024, B25070, B25091;
        ...).``
        Where there is no number, what is not known and why.

    Raises
    ------
    OutputError
        The results have no such indicator.
    """
    this = saying.fact(reader, indicator, group)
    layers = reader.used([this.record])

    def make(voice: Voice) -> str:
        if this.state in saying.MISSING:
            return words.sentence(saying.grouped(this, voice, saying.missing(this, voice))) + "."
        text = _number(this, voice)
        if this.state == "low":
            text = say("too uncertain to rely on: {sentence}", sentence=saying.inner(text))
        against = _against(this, voice)
        text = f"{text}, {against}" if against else text
        text = words.sentence(saying.grouped(this, voice, text))
        notes = [*_sources(this, layers), *_terms(this), *([say(INVENTED)] if reader.results["synthetic"] else [])]
        return f"{text} ({'; '.join(notes)})."

    return saying.told(make)


def citation(reader: Reader, indicator: str) -> Told:
    """The sources of an indicator with their years, tables, terms and days, and how justgeo computed it."""
    this = saying.fact(reader, indicator)
    tables = _tables(this)
    used = reader.used([this.record, this.base])
    layers = [one for one in used if (found := _ACS.match(str(one["id"]))) is None or found["table"] in tables]

    def make(voice: Voice) -> str:
        if this.state in saying.MISSING and not layers:
            return say("Not computed here: {reason}", reason=saying.reason(this, voice)) + "."
        lines = [_cited(one) for one in _by_source(layers)]
        if any(str(one["id"]).startswith("table:") for one in layers):
            lines.append(say("Added up with justgeo from the figures of that source"))
        else:
            method = voice(" ".join(str(this.row["method"]).split())).rstrip(".")
            lines.append(say("Computed with justgeo: {method}", method=method))
        lines += [say(INVENTED)] if reader.results["synthetic"] else []
        return " ".join(f"{line.rstrip('.')}." for line in lines)

    return saying.told(make)


def source(reader: Reader, indicator: str) -> Told:
    """The sources of an indicator in one short line, for a poster or beneath a picture."""
    this = saying.fact(reader, indicator)
    layers = reader.used([this.record])

    def make(voice: Voice) -> str:
        notes = [*_sources(this, layers), *([say(INVENTED)] if reader.results["synthetic"] else [])]
        return words.sentence("; ".join(notes)) + "." if notes else ""

    return saying.told(make)


def _number(this: Fact, voice: Voice) -> str:
    """The number with its margin, and where people or homes are counted, of how many."""
    record = this.record
    assert record is not None
    if this.state == "chance":
        return _chance(this, voice)
    value, number = saying.size(this)
    if not this.counted:
        margin = _margin(this)
        value, number = (f"{one} ({margin})" if margin else one for one in (value, number))
        text = saying.whole(this, voice, value, number)
        if this.even:
            change = this.row["field"] == "acs_change"
            none = (
                say("a change that cannot be told from none") if change else say("a gap that cannot be told from none")
            )
            text = f"{text}, {none}"
        return text
    says, of = saying.does(this, voice), saying.who(this, voice)
    margin, counts = _margin(this), _counts(this)
    if counts is None:
        return say("{value} of {who} {says}", value=f"{value} ({margin})" if margin else value, who=of, says=says)
    share = f"{value} {margin}" if margin.startswith("±") else ", ".join(one for one in (value, margin) if one)
    if not this.sampled and record["value"] <= 0:
        return say("none of about {all} {who} {says}", all=counts[1], who=of, says=says)
    if not this.sampled and record["value"] >= 1:
        return say("all of about {all} {who} {says}", all=counts[1], who=of, says=says)
    return say("about {n} of {all} {who} ({share}) {says}", n=counts[0], all=counts[1], who=of, share=share, says=says)


def _chance(this: Fact, voice: Voice) -> str:
    assert this.record is not None
    chance = words.chance(this.record["value"])
    if not this.counted:
        return saying.whole(this, voice, chance, chance)
    return saying.chanced(this, voice)


def _margin(this: Fact) -> str:
    """``±4``; both ends of an uneven interval; in words where none is known; empty for what is no sample."""
    record = this.record
    if record is None or record["value"] is None:
        return ""
    if record["moe"] is None:
        return say("margin not known")
    if ends := words.by_chance(record):
        return ends
    return saying.spread(record["moe"], record["unit"], record["value"])


def _counts(this: Fact) -> tuple[str, str] | None:
    """How many of how many; None where the sentence counts nobody.

    Their margins are of sampling alone. Where dividing cut areas adds to the share's, they would claim too much and are
    left away.
    """
    record = this.record
    assert record is not None
    if this.row["aggregate"] not in _HEAD_COUNTS or not record["denominator"] or record["numerator"] is None:
        return None
    found = []
    sampling, dividing = (record["error"].get(part) or 0.0 for part in ("sampling", "apportionment"))
    whole = dividing <= _MOSTLY_SAMPLING * sampling
    for name in ("numerator", "denominator"):
        count, moe = record[name], record[f"{name}_moe"]
        margin = saying.spread(moe, "persons", count) if whole else ""
        shown = words.figure(count, "persons", moe, bare=True)
        found.append(f"{shown} ({margin})" if margin and margin != "±0" else shown)
    return found[0], found[1]


def _against(this: Fact, voice: Voice) -> str:
    """``against 33% (±1) in the rest of Nowhere County``, and whether the difference passes a test."""
    record = this.record
    if record is None or record["value"] is None or record["comparison"] is None or not this.reference:
        return ""
    other = rest(this)
    if other is None:
        return ""
    value, moe, apart = other
    shown = _other(this, voice, value, moe)
    where = say("the rest of {name}", name=this.reference) if apart else this.reference
    if this.group != ALL:
        text = say("against {value} for the same group in {where}", value=shown, where=where)
    else:
        text = say("against {value} in {where}", value=shown, where=where)
    test = _test(record["comparison"], this.modelled)
    return f"{text}, {test}" if test else text


def _other(this: Fact, voice: Voice, value: float, moe: float | None) -> str:
    """The number that it is held against; a change or difference with its sign in words."""
    unit = str(this.row["unit"])
    full, bare = saying.sized(abs(value) if this.signed else value, unit, moe, plain=this.signed)
    margin = saying.spread(moe, unit, value)
    full, bare = (f"{one} ({margin})" if margin else one for one in (full, bare))
    if not this.signed:
        return full if "{value}" in this.row["says"] or this.counted else bare
    way = "higher" if value >= 0 else "lower"
    if way in this.wording:
        return say("{value} {more}", value=full, more=voice(this.wording[way]))
    if this.row["field"] == "acs_change":
        return say("a rise of {value}", value=full) if value >= 0 else say("a fall of {value}", value=full)
    return say("{value} more", value=bare) if value >= 0 else say("{value} fewer", value=bare)


def rest(this: Fact) -> tuple[float, float | None, bool] | None:
    """What the number is held against: value, margin (None: not known), and whether the district is taken out of it.

    The difference in the results is that from the whole reference. Of a share w of its universe inside the district,
    the rest has ``value - difference / (1 - w)``, and the variance ``(Var_R - w**2 Var_D) / (1 - w)**2``.
    """
    record, base = this.record, this.base
    if record is None or base is None or base["value"] is None:
        return None
    versus = record["comparison"]
    w, gap = versus.get("overlap") or 0.0, versus["difference"]
    if not 0 < w < 1 or gap is None:
        return base["value"], base["moe"], False
    value = record["value"] - gap / (1 - w)
    if this.row["unit"] == "share":
        value = min(1.0, max(0.0, value))
    same = math.isclose(record["value"] - gap, base["value"], rel_tol=1e-6, abs_tol=1e-9)
    inside = record["error"].get("sampling")
    if not same or base["moe"] is None or inside is None:
        return value, None, True
    variance = base["moe"] ** 2 - (w * inside) ** 2
    return value, math.sqrt(variance) / (1 - w) if variance >= 0 else None, True


def _test(versus: Mapping[str, Any], modelled: bool) -> str:
    verdict = versus["verdict"]
    if verdict == "unknown":
        return say("with no known margin to test the difference")
    if versus["z"] is None or modelled:
        if verdict == "not distinguishable":
            return say("a difference no larger than its uncertainty")
        return ""
    if verdict == "not distinguishable":
        return say("not distinguishable at the 90% level")
    return say("statistically different at the 90% level")


def _sources(this: Fact, layers: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """``ACS 2020-2024, B25070, B25091``; other data by name and year."""
    acs: dict[str, list[str]] = {}
    others: dict[str, None] = {}
    for layer in shown(this, layers):
        found = _ACS.match(str(layer["id"]))
        if found:
            acs.setdefault(_years(layer), []).append(found["table"])
        else:
            others[", ".join(one for one in (str(layer["dataset"]), _years(layer)) if one)] = None
    spans: dict[str, list[str]] = {}
    for years, named in acs.items():
        spans.setdefault(", ".join(named), []).append(years)
    for listed, when in spans.items():
        span = say("{first} and {last}", first=when[0], last=when[-1]) if len(when) > 1 else when[0]
        yield say("ACS {years}, {tables}", years=span, tables=listed)
    yield from others
    yield from origins.notices(layers)


def shown(this: Fact, layers: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The layers that a number speaks of, blocks last: not the shapes of areas, and of the survey its own tables."""
    tables, of_tables = _tables(this), str(this.row["field"]).startswith(_OF_TABLES)
    found = []
    for layer in layers:
        name = str(layer["id"])
        match = _ACS.match(name)
        if match["table"] in tables if match else not name.startswith(_GROUND) and not (of_tables and name == "blocks"):
            found.append(layer)
    return sorted(found, key=lambda one: one["id"] == "blocks")


def tables_in(texts: Iterable[Any]) -> set[str]:
    """Census tables whose cells some parameters of a row name."""
    return {table for text in texts if isinstance(text, str) for table in _TABLE.findall(text)}


def _tables(this: Fact) -> set[str]:
    """Census tables behind the number: the group's own, or those that the row cannot do without."""
    own = tables_in((this.row.get("groups") or {}).get(this.group, {}).values())
    return own or {found["table"] for one in this.row["inputs"] if (found := _ACS.match(str(one)))}


def _years(layer: Mapping[str, Any]) -> str:
    return "" if layer["vintage"] == _UNSTATED else str(layer["vintage"]).replace(" (invented)", "")


def _terms(this: Fact) -> Iterable[str]:
    """How cut areas are divided, what the margins are, and what must stand beside the number."""
    record = this.record
    assert record is not None
    if record["value"] is None:
        return
    divided = record["low"] is not None or bool(record["error"].get("apportionment"))
    if divided and str(this.row["field"]).startswith(_OF_TABLES):
        by = {"households": say("apportioned by housing units"), "persons": say("apportioned by people")}
        yield by.get(str(this.row["weight"]), say("apportioned by land"))
    if this.modelled:
        yield say("modelled, not counted")
    if record["moe"]:
        yield say("margins at the 90% level")
    if this.counted and record["value"] in (0, 1) and record["moe"] is None:
        yield say("margin not known")
    if this.counted and this.surveyed and record["value"] in (0, 1):
        none = say("none in the sample, which does not mean none")
        yield none if record["value"] == 0 else say("all in the sample, which does not mean all")
    if not this.even:
        yield from remarks.beside(record)


def _by_source(layers: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Layers by source, terms and day."""
    found: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for layer in layers:
        key = tuple(str(layer[name]) for name in ("source", "licence", "retrieved", "attribution", "vintage"))
        found.setdefault(key, []).append(layer)
    return list(found.values())


def _cited(layers: Sequence[Mapping[str, Any]]) -> str:
    """One source: data sets, years, tables, terms, the day that it was read."""
    first = layers[0]
    tables = [found["table"] for layer in layers if (found := _ACS.match(str(layer["id"])))]
    names = dict.fromkeys(str(layer["dataset"]) for layer in layers)
    told = [f"{first['source']}: {'; '.join(name for name in names if name)}", _years(first)]
    if tables:
        listed = ", ".join(dict.fromkeys(tables))
        told.append(say("table {tables}", tables=listed) if len(tables) == 1 else say("tables {tables}", tables=listed))
    terms = [str(first["licence"])] if first["licence"] != _UNSTATED else []
    if first["attribution"] and first["attribution"] != first["source"]:
        terms.append(str(first["attribution"]))
    if first["retrieved"]:
        terms.append(say("retrieved {date}", date=first["retrieved"]))
    text, tail = ", ".join(one for one in told if one), "; ".join(one for one in terms if one)
    return f"{text} ({tail})" if tail else text
