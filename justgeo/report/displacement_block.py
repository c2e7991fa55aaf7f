"""The public page's part on displacement: its figure, what it means and does not mean, protections, a card a tract.

The four criteria are called what they are, shares: a share of residents by race presses on nobody.

Read from ``results.json`` alone, and made once for each language as plain values for the templates. It holds no market
and no stage: those are for analysts (``displacement_page``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.measure.typology.headline import LARGE_PART
from justgeo.report import displacement_words as told
from justgeo.report import remarks, words
from justgeo.report.results import ALL

FIELD = "vulnerability"
"""Field of the indicators that this part speaks of."""

RENTERS = "renters"
_COUNT = "as_estimated_count"
_SAME_HOME = 0.5
"""Two counts that differ by less are the same homes: flags have one digit."""
UNQUOTED = ("low", "suppressed")
"""Reliability of figures that are not to be quoted."""

_MEANS = ("means_stay", "means_race", "means_holds", "means_survey", "means_students")
_STEPS = ("rule_shares", "rule_reference", "rule_low", "rule_above", "rule_three", "rule_cut")
_NOT = ("not_move", "not_worth", "not_rank", "not_protections")
_TITLES = (
    "title", "read_more", "whole_card", "no_move", "rents_title", "means_title", "not_title", "cards_title",
    "cards_note", "cards_open", "protections_title", "protections_beside", "protections_blank", "rebuild_title",
    "rebuild_can", "rebuild_list", "col_pressure", "col_here", "col_above", "absent", "reason", "rule_source",
    "rule_other",
)  # fmt: skip

Side = dict[str, Any]


def rows(results: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The indicators that this part speaks of; none where there is nothing to say."""
    found = results.get("displacement")
    if found is None or not (found["cards"] or found["protections"]):
        return []
    return [row for row in results["indicators"] if row["field"] == FIELD]


def view(results: Mapping[str, Any], languages: Iterable[str] = told.LANGUAGES) -> dict[str, Any] | None:
    """Everything that the templates print of displacement, in some languages; None where there is nothing to say.

    Parameters
    ----------
    results : mapping
        As in ``results.json``, each reason in plain words (``remarks.marked``).
    languages : iterable of str

    Returns
    -------
    dict or None
        ``category`` whose section it stands in, and ``sides``: the same content once a language.
    """
    shown = rows(results)
    if not shown:
        return None
    return {
        "category": words.category(shown[0]["category"]),
        "sides": [_side(results, results["displacement"], shown, lang) for lang in languages],
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
        "not_means": [told.say(key, lang, reference=reference) for key in _NOT],
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

    ``first`` is the sentence that leads, ``rest`` what follows it; ``brief`` is what stands under the map. A figure
    that is too uncertain to quote is in none of them: they say so in its place.
    """
    district = next(zone for zone in results["zones"] if zone["role"] == "district")
    at = {r["indicator"]: r for r in results["records"] if r["zone"] == district["id"] and r["group"] == ALL}
    by_whom = {str(row["parameters"].get("homes", ALL)): at.get(row["id"]) for row in rows}
    homes, renters = by_whom.get(ALL), by_whom.get(RENTERS)
    first, whom = (renters, "whom_renters") if _counted(renters) else (homes, "whom_all")
    doubts = _doubts(found["cards"], lang)
    which = told.say("which", lang)
    if first is None or not _counted(first):
        return {"first": [], "brief": doubts, "rest": [which, *doubts]}
    said = told.say(whom, lang)
    names = {"place": str(results["name"]), "reference": found["reference"], "whom": said}
    if first["reliability"] in UNQUOTED:
        lead, why = told.say("lead_low", lang, **names), told.say("lead_low_why", lang)
        return {"first": [lead], "brief": [lead, *doubts], "rest": [why, which, *doubts]}
    lead = told.say(_lead_kind(first, lang), lang, **names, **_plain(first, lang))
    also = []
    if whom == "whom_renters" and homes is not None and _counted(homes) and homes["reliability"] not in UNQUOTED:
        also.append(told.say("lead_households", lang, **_plain(homes, lang)))
    also += _unknown(first, said, lang)
    rest = [which, *also, *_by_chance(first, said, lang), *doubts, *_margins(first, lang)]
    return {"first": [lead], "brief": [lead, *doubts], "rest": rest}


def _counted(record: Mapping[str, Any] | None) -> bool:
    """Whether a record tells how many homes, as estimated, of how many."""
    return record is not None and bool(record["denominator"]) and remarks.flag(record, _COUNT) is not None


def _plain(record: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Homes in tracts where it holds on the estimates as they stand, ``n``, and all homes, ``all``."""
    n = remarks.flag(record, _COUNT) or 0.0
    return {"n": told.count(n, lang), "all": told.count(float(record["denominator"]), lang)}


def _lead_kind(record: Mapping[str, Any], lang: str) -> str:
    """Which sentence leads: all and none only where it is all or none of every home, not where rounding makes it so."""
    n, whole = remarks.flag(record, _COUNT) or 0.0, float(record["denominator"])
    if remarks.flag(record, "unknown_share"):
        return "lead"
    if n == 0.0 or whole - n < _SAME_HOME:
        return "lead_none" if n == 0.0 else "lead_all"
    numbers = _plain(record, lang)
    # As printed: "1,000 of 1,000" would be an odd way to say nearly all of them, and "0 of 1,000" hardly any.
    return "lead_few" if numbers["n"] == "0" else "lead_most" if numbers["n"] == numbers["all"] else "lead"


def _unknown(record: Mapping[str, Any], whom: str, lang: str) -> list[str]:
    """For how many homes it cannot be told; they are in neither number."""
    share = remarks.flag(record, "unknown_share")
    return [told.say("lead_unknown", lang, share=told.chance(share, lang), whom=whom)] if share else []


def _chanceless(record: Mapping[str, Any]) -> bool:
    """Whether the chance is not known for so many homes that a number by chance would pass for one of all of them."""
    return (remarks.flag(record, "unknown_share") or 0.0) > LARGE_PART


def _by_chance(record: Mapping[str, Any], whom: str, lang: str) -> list[str]:
    """The same figure with each tract counted by its chance; of one tract, that chance."""
    if remarks.CHANCE in record["flags"]:
        return [told.say("chance_one", lang, p=told.chance(float(record["value"]), lang))]
    if _chanceless(record):
        return [told.say("weighed_not", lang, limit=told.localised(f"{LARGE_PART:.0%}", lang), whom=whom)]
    moe = record["numerator_moe"]
    about = told.measured({"value": record["numerator"], "moe": moe}, "households", lang)
    return [told.say("weighed_bare" if moe is None else "weighed", lang, n=about, whom=whom)]


def _margins(record: Mapping[str, Any], lang: str) -> list[str]:
    """The margins of the two counts, and that they are of the counting alone; empty where one is not known."""
    n, whole = remarks.flag(record, f"{_COUNT}_moe"), record["denominator_moe"]
    if n is None or whole is None:
        return []
    numbers = {"n_moe": told.count(n, lang), "all_moe": told.count(whole, lang), **_plain(record, lang)}
    # Nothing is sampled of no homes, and of all homes it would be the same margin twice.
    once = numbers["n"] in ("0", numbers["all"])
    said = [told.say("margins_one" if once else "margins", lang, **numbers), told.say("margins_mean", lang)]
    by_chance = (
        remarks.CHANCE not in record["flags"] and record["numerator_moe"] is not None and not _chanceless(record)
    )
    return [*said, told.say("margins_both", lang)] if by_chance else said


def _doubts(cards: Sequence[Mapping[str, Any]], lang: str) -> list[str]:
    """The span of chances over the tracts, and on how many another method disagrees."""
    said = []
    chances = sorted(card["chance"] for card in cards if card["chance"] is not None)
    if len(chances) > 1:
        low, high = (told.chance(p, lang) for p in (chances[0], chances[-1]))
        alike = told.say("chance_same", lang, n=len(chances), p=low)
        said.append(alike if low == high else told.say("chance_span", lang, low=low, high=high))
    agreed = [card["other"]["agrees"] for card in cards if card["other"] is not None]
    agreed = [one for one in agreed if one is not None]
    if not agreed:
        return said
    differ = sum(not one for one in agreed)
    same = "other_same_one" if len(agreed) == 1 else "other_same"
    said.append(told.say("other_differs" if differ else same, lang, k=differ, n=len(agreed)))
    untold = len(cards) - len(agreed)
    return [*said, told.say("other_untold", lang, k=untold)] if untold else said


def _rents(found: Mapping[str, Any], lang: str) -> list[str]:
    """In how many tracts the middle rent rose after inflation, and in how many it fell."""
    before, now = found["years"]
    moved = [card["rent_change"] for card in found["cards"] if card["reason"] is None]
    if before is None or not set(moved) - {None}:
        return [told.say("rent_unknown", lang)]
    up, down, close, bare = (moved.count(way) for way in told.RENTS)
    numbers = {"up": up, "down": down, "close": close}
    unknown = moved.count(None) + bare
    return [
        told.say("rents_what", lang, before=before, now=now),
        told.say("rents_told", lang, unknown=unknown, **numbers),
    ]


def _card(card: Mapping[str, Any], found: Mapping[str, Any], name: str, lang: str) -> dict[str, Any]:
    """One tract in words; where it has no numbers, its reason alone."""
    head = {"zone": card["zone"], "name": told.tract(name, lang), "summary": told.summary(card, lang)}
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
        "caption": told.say("caption", lang, tract=told.tract(name, lang, within=True)),
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
    """The tables and the rule: enough for the plain count; what the chances need besides is in the docs."""
    before, now = found["years"]
    steps = [told.say(key, lang, reference=found["reference"]) for key in _STEPS]
    if found["draws"] is not None:
        steps.append(told.say("rule_chance", lang, draws=f"{found['draws']:,}"))
    left_out = None not in (found["min_households"], found["max_group_quarters"])
    if left_out:
        share = told.localised(f"{100 * found['max_group_quarters']:g}%", lang)
        steps.append(told.say("rule_left_out", lang, households=f"{found['min_households']:g}", quarters=share))
    if before is not None:
        steps.append(told.say("rule_rents", lang, years=_period(before)))
    return {
        "tables": [told.say("rebuild_tables", lang, years=_period(now)), *_invented(synthetic, lang)],
        "list": [(code, _table(code, lang)) for code in found["tables"]],
        "steps": steps,
    }


def _period(year: int | None) -> str:
    """The five years of a survey by its last one."""
    return "" if year is None else f"{year - 4}–{year}"


def _invented(synthetic: bool, lang: str) -> Iterable[str]:
    return [told.say("rebuild_invented", lang)] if synthetic else []


def _table(code: str, lang: str) -> str:
    """What a table of the survey holds; empty for one that has no words here."""
    key = f"table_{code}"
    return told.say(key, lang) if key in told.texts() else ""
