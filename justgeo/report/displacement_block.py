"""The public page's part on displacement: its figure, what it means and does not mean, protections, a card a tract.

Read from ``results.json`` alone, and made once for each language as plain values for the templates. It holds no market
and no stage: those are for analysts (``displacement_page``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import displacement_words as told
from justgeo.report import remarks, words
from justgeo.report.results import ALL

FIELD = "vulnerability"
"""Field of the indicators that this part speaks of."""

RENTERS = "renters"
_COUNT = "as_estimated_count"
_CHANCE = "probability of one unit"
_TRACT = re.compile(r"(?:Census )?Tract (\S+)")

_MEANS = ("means_stay", "means_holds", "means_survey", "means_students")
_NOT = ("not_move", "not_worth", "not_rank", "not_protections")
_TITLES = (
    "title", "switch", "read_more", "whole_card", "no_move", "rents_title", "means_title", "not_title", "cards_title",
    "cards_note", "cards_open", "protections_title", "protections_beside", "protections_blank", "rebuild_title",
    "col_pressure", "col_here", "col_above", "absent", "reason", "rule_source", "rule_other",
)  # fmt: skip

Side = dict[str, Any]


def view(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """Everything that the templates print of displacement, in every language; None where there is nothing to say.

    Parameters
    ----------
    results : mapping
        As in ``results.json``, each reason in plain words (``remarks.marked``).

    Returns
    -------
    dict or None
        ``category`` whose section it stands in, ``rows`` (ids of its indicators), ``languages``, and ``sides``: the
        same content once a language.
    """
    found = results.get("displacement")
    rows = [row for row in results["indicators"] if row["field"] == FIELD]
    if found is None or not rows or not (found["cards"] or found["protections"]):
        return None
    return {
        "category": words.category(rows[0]["category"]),
        "rows": [row["id"] for row in rows],
        "languages": told.LANGUAGES,
        "sides": [_side(results, found, rows, lang) for lang in told.LANGUAGES],
    }


def _side(results: Mapping[str, Any], found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], lang: str) -> Side:
    reference = found["reference"]
    names = {zone["id"]: str(zone["name"]) for zone in results["zones"]}
    return {
        "lang": lang,
        **{key: told.say(key, lang) for key in _TITLES},
        "reference": reference,
        **_lead(results, found, rows, lang),
        "bar_key": told.say("bar_key", lang, reference=reference),
        "no_figure": "" if found["reason"] is None else told.say("no_figure", lang),
        "why": None if found["reason"] is None else told.reason_told(found["reason"], lang),
        "means": [told.say(key, lang, reference=reference) for key in _MEANS],
        "not_means": [told.say(key, lang) for key in _NOT],
        "rents": _rents(found, lang),
        "protections": found["protections"],
        "ask": told.say("protections_more" if found["protections"] else "protections_none", lang),
        "cards": [_card(card, found, names.get(card["zone"], card["zone"]), lang) for card in found["cards"]],
        "rebuild": _rebuild(found, bool(results["synthetic"]), lang),
    }


def _lead(
    results: Mapping[str, Any], found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], lang: str
) -> dict[str, Any]:
    """The figure in sentences: renters first where they are counted, then how sure, then who disagrees.

    ``first`` is the sentence that leads, ``rest`` what follows it; ``brief`` is what stands under the map.
    """
    district = next(zone for zone in results["zones"] if zone["role"] == "district")
    at = {r["indicator"]: r for r in results["records"] if r["zone"] == district["id"] and r["group"] == ALL}
    by_whom = {str(row["parameters"].get("homes", ALL)): at.get(row["id"]) for row in rows}
    homes, renters = by_whom.get(ALL), by_whom.get(RENTERS)
    first, whom = (renters, "whom_renters") if _counted(renters) else (homes, "whom_all")
    said = _counted_words(first, str(results["name"]), told.say(whom, lang), lang)
    doubts = _doubts(found["cards"], lang)
    also = []
    if first is renters and homes is not None and _counted(homes):
        also.append(told.say("lead_households", lang, **_plain(homes, lang)))
    margins = _margins(first, lang) if first is not None and _counted(first) else ""
    rest = [*also, *said[1:], *doubts, *([margins] if margins else [])]
    return {"first": said[:1], "brief": [*said[:1], *doubts], "rest": rest}


def _counted(record: Mapping[str, Any] | None) -> bool:
    """Whether a record tells how many homes, as estimated, of how many."""
    return record is not None and bool(record["denominator"]) and remarks.flag(record, _COUNT) is not None


def _plain(record: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Homes in tracts where it holds on the estimates as they stand, ``n``, and all homes, ``all``."""
    n = remarks.flag(record, _COUNT) or 0.0
    return {"n": told.count(n, lang), "all": told.count(float(record["denominator"]), lang)}


def _margins(record: Mapping[str, Any], lang: str) -> str:
    """The margins of these two, apart from the sentence so that it stays easy; empty where one is not known."""
    n, whole = remarks.flag(record, f"{_COUNT}_moe"), record["denominator_moe"]
    if n is None or whole is None:
        return ""
    margins = {"n_moe": told.count(n, lang), "all_moe": told.count(whole, lang)}
    return told.say("margins", lang, **margins, **_plain(record, lang))


def _counted_words(record: Mapping[str, Any] | None, place: str, whom: str, lang: str) -> list[str]:
    if record is None or not _counted(record):
        return []
    numbers = _plain(record, lang)
    # As printed: "1,000 of 1,000" would be an odd way to say all of them.
    kind = "lead_none" if numbers["n"] == "0" else "lead_all" if numbers["n"] == numbers["all"] else "lead"
    said = [told.say(kind, lang, place=place, whom=whom, **numbers)]
    if _CHANCE in record["flags"]:
        return [*said, told.say("chance_one", lang, p=told.chance(float(record["value"]), lang))]
    moe = record["numerator_moe"]
    about = told.measured({"value": record["numerator"], "moe": moe}, "households", lang)
    said.append(told.say("weighed_bare" if moe is None else "weighed", lang, n=about, whom=whom))
    return [*said, told.say("lead_low", lang)] if record["reliability"] == "low" else said


def _doubts(cards: Sequence[Mapping[str, Any]], lang: str) -> list[str]:
    """The span of chances over the tracts, and on how many another method disagrees."""
    said = []
    chances = sorted(card["chance"] for card in cards if card["chance"] is not None)
    if len(chances) > 1:
        low, high = (told.chance(p, lang) for p in (chances[0], chances[-1]))
        said.append(told.say("chance_span", lang, low=low, high=high))
    agreed = [card["other"]["agrees"] for card in cards if card["other"] is not None]
    agreed = [one for one in agreed if one is not None]
    if agreed:
        differ = sum(not one for one in agreed)
        said.append(told.say("other_differs" if differ else "other_same", lang, k=differ, n=len(agreed)))
    return said


def _rents(found: Mapping[str, Any], lang: str) -> list[str]:
    """In how many tracts the middle rent rose more than other prices; empty without an earlier survey."""
    before, now = found["years"]
    moved = [told.rent_moved(card["rent_change"]) for card in found["cards"] if card["reason"] is None]
    if before is None or not set(moved) - {"unknown"}:
        return [told.say("rent_unknown", lang)]
    numbers = {way: moved.count(way) for way in ("up", "down", "close")}
    unknown = moved.count("unknown") + moved.count("bare")
    return [
        told.say("rents_what", lang, before=before, now=now),
        told.say("rents_told", lang, unknown=unknown, **numbers),
    ]


def _card(card: Mapping[str, Any], found: Mapping[str, Any], name: str, lang: str) -> dict[str, Any]:
    """One tract in words; where it has no numbers, its reason alone."""
    name = _TRACT.sub(lambda m: told.say("tract", lang, number=m[1]), name)
    head = {"zone": card["zone"], "name": name, "summary": told.summary(card, lang)}
    if card["reason"] is not None:
        return {**head, "absent": True, "why": told.reason_told(card["reason"], lang)}
    region = {one["id"]: one for one in found["region"]}
    before, now = found["years"]
    years = None if before is None else (before, now)
    lines = [
        told.households_told(card, lang),
        told.rent_told(card["rent_change"], years, lang),
        told.other_told(card, lang),
    ]
    return {
        **head,
        "absent": False,
        "held": told.held(card, lang),
        "chance": told.chance_told(card["chance"], lang),
        "caption": told.say("caption", lang, tract=name),
        "pressures": [_pressure(one, region.get(one["id"]), found["reference"], lang) for one in card["pressures"]],
        "lines": [line for line in lines if line],
        "caveats": [told.caveat_told(one, found["reference"], lang) for one in card["caveats"]],
    }


def _pressure(one: Mapping[str, Any], base: Mapping[str, Any] | None, reference: str, lang: str) -> dict[str, Any]:
    answer, way = told.above(one)
    return {
        "name": told.say(one["id"], lang),
        "what": told.say(f"{one['id']}_what", lang, reference=reference),
        "here": told.say("above_unknown", lang) if one["value"] is None else told.measured(one, "share", lang),
        "there": "–" if base is None else told.measured(base, "share", lang),
        "told": told.above_told(one, lang),
        "sign": f"{answer}-{way}",
        "bar": _bar(one, base),
    }


def _bar(one: Mapping[str, Any], base: Mapping[str, Any] | None) -> dict[str, float] | None:
    """A share from 0 to 100 with the ends of its margin, and where the reference stands; None without a value."""
    if one["value"] is None:
        return None
    moe = one["moe"] or 0.0
    ends = {"length": one["value"], "from": one["value"] - moe, "to": one["value"] + moe}
    made = {name: round(100 * min(1.0, max(0.0, at)), 1) for name, at in ends.items()}
    return made if base is None else {**made, "base": round(100 * base["value"], 1)}


def _rebuild(found: Mapping[str, Any], synthetic: bool, lang: str) -> dict[str, Any]:
    """The tables and the rule, so that anyone can make the figure again."""
    now = found["years"][1]
    period = "" if now is None else f"{now - 4}–{now}"
    steps = [told.say(key, lang, reference=found["reference"]) for key in ("rule_shares", "rule_reference")]
    steps += [told.say(key, lang) for key in ("rule_above", "rule_three")]
    if found["draws"] is not None:
        steps.append(told.say("rule_chance", lang, draws=f"{found['draws']:,}"))
    left_out = None not in (found["min_households"], found["max_group_quarters"])
    if left_out:
        share = told.localised(f"{100 * found['max_group_quarters']:g}%", lang)
        steps.append(told.say("rule_left_out", lang, households=f"{found['min_households']:g}", quarters=share))
    return {
        "tables": [told.say("rebuild_tables", lang, years=period), *_invented(synthetic, lang)],
        "list": [(code, _table(code, lang)) for code in found["tables"]],
        "steps": steps,
    }


def _invented(synthetic: bool, lang: str) -> Iterable[str]:
    return [told.say("rebuild_invented", lang)] if synthetic else []


def _table(code: str, lang: str) -> str:
    """What a table of the survey holds; empty for one that has no words here."""
    key = f"table_{code}"
    return told.say(key, lang) if key in told.texts() else ""
