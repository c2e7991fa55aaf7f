"""What the page says, as plain values: cards, tables, sources, absences. Read from ``results.json`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import (
    budget,
    corrected,
    glossary,
    groups,
    has,
    origins,
    quality_page,
    remarks,
    sentences,
    spoken,
    words,
)
from justgeo.report.cells import against, cell
from justgeo.report.reader import Reader, Record, has_value
from justgeo.report.results import ALL, DISCLAIMER, INVENTED
from justgeo.report.speech import say

HEADLINES = ("DEM-00.population", "OPP-01", "OPP-02", "BEL-03", "BEL-01", "WEL-04", "MOB-01.800", "ENV-01", "BEL-02")
"""Indicators, or families of them, for the cards on top, in order of preference."""

MOST_CARDS = 8
FEW_CARDS = 4
"""With fewer families than this, more than one number of a family gets a card."""

VAGUE = "low"
"""The reliability of a number that is too uncertain to rely on, and no headline while others can take its place."""

_BY_PLACE = {"walk_share", "walk_kinds", "transit_trips", "raster_people"}
"""Fields that give everybody in a block the block's answer."""


def page(results: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the templates print but the map and the checklist."""
    reader = Reader(results)
    areas = sum(zone["role"] == "area" for zone in results["zones"])
    shown = cards(reader)
    measured = [row["id"] for row in results["indicators"] if _has_any(reader, row)]
    told = _told(reader)
    references = _references(reader)
    return {
        "name": results["name"],
        "synthetic": results["synthetic"],
        "invented": say(INVENTED),
        "disclaimer": say(DISCLAIMER),
        "reference": reader.reference_name,
        "n_indicators": len(measured),
        "n_listed": len(results["indicators"]),
        "n_elsewhere": sum(
            reader.told_of(row) == "reference" for row in results["indicators"] if row["id"] in measured
        ),
        "n_areas": areas,
        "period": origins.period(reader.used(told)),
        "cards": shown,
        "has_margins": any("±" in card["margin"] for card in shown),
        "categories": categories(reader, references),
        "absent": absences(reader),
        "sources": origins.sources(results["layers"], results["records"]),
        "notes": [spoken.spoken(note) for note in results["notes"]],
        "reliability": {key: words.reliability(key) for key in words.RELIABILITY},
        "classes": {record["reliability"] for record in told},
        "terms": glossary.terms(),
        "references": references,
        "corrections": corrected.view(reader),
        "odd": quality_page.odd(results),
        "checked": bool((results.get("quality") or {}).get("checks")),
    }


def cards(reader: Reader) -> list[dict[str, Any]]:
    """Headline numbers: one of each family that has a number for the district, then whatever else has one.

    One that is too uncertain to rely on is no headline: it has a card only where there are too few of the others.
    """
    every = [row for row in reader.results["indicators"] if has_value(reader.at(row["id"], "district"))]
    present = [row for row in every if not _vague(reader, row)]
    chosen: list[Mapping[str, Any]] = []
    for family in HEADLINES:
        alike = [row for row in present if row["id"] == family or row["id"].startswith(f"{family}.")]
        chosen += sorted(alike, key=lambda row: row["id"] != family)[:1]
    families = {row["id"].split(".")[0] for row in chosen}
    chosen += [row for row in present if row["id"].split(".")[0] not in families]
    if len(chosen) < FEW_CARDS:
        rest = [row for row in (*present, *(row for row in every if row not in present)) if row not in chosen]
        chosen += rest[: FEW_CARDS - len(chosen)]
    return [_card(reader, row) for row in chosen[:MOST_CARDS]]


def _vague(reader: Reader, row: Record) -> bool:
    record = reader.at(row["id"], "district")
    return record is not None and record["reliability"] == VAGUE


def _card(reader: Reader, row: Mapping[str, Any]) -> dict[str, Any]:
    record = reader.at(row["id"], "district")
    assert record is not None
    told = cell(record, reader)
    return {
        **told,
        "id": row["id"],
        "title": spoken.spoken(row["title"]),
        "one_in": "" if row.get("says") else told["one_in"],  # its sentence says so
        "headline": _headline(reader, row),
        "vintage": origins.vintage(reader.used([record])),
        **_category(row),
        **against(reader, row["id"]),
    }


def _headline(reader: Reader, row: Mapping[str, Any]) -> str:
    """What a row says, in a sentence."""
    return spoken.marked(*sentences.headline(reader, row["id"]))


def categories(reader: Reader, references: Sequence[str]) -> list[dict[str, Any]]:
    """The Protocol's categories, each with a row an indicator and its groups; what has no number stands by reason.

    ``references`` are those of the whole page, in its order.
    """
    found = []
    for key, rows in words.by_category(reader.results["indicators"]):
        inside = [_row(reader, row, references) for row in rows]
        if inside:
            gone = [row for row in inside if row["absent"] and not any(group["n"] for group in row["groups"])]
            shown = [row for row in inside if row not in gone]
            title = words.category_title(key)
            found.append(
                {"id": key, "title": title, "has": has.has(reader, key), "rows": shown, "gone": _by_reason(gone)}
            )
    return found


def _by_reason(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows without a number, gathered by their reason, each row once."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["reason"], []).append(row)
    return [{"reason": words.sentence(reason), "rows": inside} for reason, inside in found.items()]


def _row(reader: Reader, row: Mapping[str, Any], references: Sequence[str]) -> dict[str, Any]:
    role = reader.told_of(row)
    record = reader.at(row["id"], role)
    present = reader.groups.get(row["id"], [])
    behind = [record, reader.at(row["id"], "reference"), *(reader.at(row["id"], role, g) for g in present)]
    used = reader.used(behind)
    return {
        **cell(record, reader),
        **against(reader, row["id"]),
        **_category(row),
        **{name: spoken.spoken(row[name]) for name in ("title", "plain", "method", "caveat", "universe")},
        "id": row["id"],
        "follows": [references.index(one) + 1 for one in row["references"]],
        "headline": _headline(reader, row) if has_value(record) else "",
        "only_groups": record is None and bool(present),
        "only_reference": role == "reference",
        "frequency": spoken.spoken(row.get("frequency", "")),
        "sources": origins.told(used),
        "vintage": origins.vintage(used),
        "details": [*_cells(row), *remarks.details(record), *_compared(reader, row["id"], role == "reference")],
        "budget": budget.of(reader.results, row["id"], record),
        "by_place": row["field"] in _BY_PLACE,
        "groups": groups.groups(reader, row["id"], present, role),
    }


def _references(reader: Reader) -> list[str]:
    """What the indicators follow, each once, in the order of the page."""
    rows = [row for _, inside in words.by_category(reader.results["indicators"]) for row in inside]
    return list(dict.fromkeys(one for row in rows for one in row["references"]))


def _cells(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Table cells and distances behind an indicator, as its catalogue row has them."""
    given = row["parameters"]
    top, bottom = given.get("numerator"), given.get("denominator")
    named = [one for one in (top, bottom) if isinstance(one, str)]
    cells = say("{top} of {bottom}", top=named[0], bottom=named[1]) if len(named) > 1 else "".join(named)
    metres = given.get("distance_m")
    far = isinstance(metres, (int, float))
    walk = say("{metres} m along streets and paths", metres=f"{metres:g}") if far else ""
    return [(name, told) for name, told in ((say("Census table cells"), cells), (say("Farthest walk"), walk)) if told]


def _compared(reader: Reader, indicator: str, alone: bool) -> list[tuple[str, str]]:
    """The reference area, its number and the difference with its margin; nothing where it is told of ``alone``."""
    record, base = reader.at(indicator, "district"), reader.at(indicator, "reference")
    if record is None or base is None or base["value"] is None or alone:
        return []
    fraction = remarks.fraction(base)
    told = f"{reader.reference_name}: {words.told(base)}{f' ({fraction})' if fraction else ''}."
    versus = record["comparison"]
    if versus is not None and versus["difference"] is not None:
        told += f" {_difference(record)}"
    return [(say("Compared with"), told)]


def _difference(record: Record) -> str:
    versus, found = record["comparison"], words.apart(record)
    assert found is not None
    moe = 0.0 if words.quiet(record) else versus["difference_moe"]
    more = versus["difference"] > 0
    told = say("{size} more", size=found.size) if more else say("{size} less", size=found.size)
    told += f" ({words.margin(moe, record['unit'], versus['difference'])})" if moe else ""
    if found.why == words.ROUNDED:
        return say("Difference before rounding: {told}, with the district taken out of the wider area.", told=told)
    if found.why == words.OTHERWISE:
        return say(
            "Difference, with both worked out in the same way: {told}, with the district taken out of the wider area.",
            told=told,
        )
    return say("Difference: {told}, with the district taken out of the wider area.", told=told)


def absences(reader: Reader) -> dict[str, Any]:
    """What is not measured and why: layers, indicators by reason, and how many numbers for groups and areas."""
    reasons = []
    for row in reader.results["indicators"]:
        record = reader.at(row["id"], reader.told_of(row))
        if not _has_any(reader, row):
            reasons.append(say("not computed in this run") if record is None else record["reason"])
    own = _own_zones(reader)
    areas = {zone["id"] for zone in reader.results["zones"] if zone["role"] == "area"}
    gone = [record for record in reader.results["records"] if not has_value(record)]
    # What is missing altogether is missing for groups and small areas too: told once.
    gone = [record for record in gone if record["reason"] not in reasons]
    return {
        "layers": origins.missing(reader.results["absent_layers"]),
        "indicators": _tally(reasons),
        "groups": _tally(r["reason"] for r in gone if r["group"] != ALL and r["zone"] == own[r["indicator"]]),
        "areas": _tally(r["reason"] for r in gone if r["group"] == ALL and r["zone"] in areas),
    }


def _tally(reasons: Iterable[str]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for reason in reasons:
        found[reason] = found.get(reason, 0) + 1
    return sorted(found.items(), key=lambda kv: (-kv[1], kv[0]))


def _told(reader: Reader) -> list[Record]:
    """Records of the district that have a number, and of the reference where it alone is told of."""
    own = _own_zones(reader)
    return [r for r in reader.results["records"] if r["zone"] == own[r["indicator"]] and has_value(r)]


def _own_zones(reader: Reader) -> dict[str, Any]:
    """Id of the zone that each indicator is told of."""
    zones = {"district": (reader.district or {}).get("id"), "reference": (reader.reference or {}).get("id")}
    return {row["id"]: zones[reader.told_of(row)] for row in reader.results["indicators"]}


def _has_any(reader: Reader, row: Record) -> bool:
    ids = [ALL, *reader.groups.get(row["id"], [])]
    return any(has_value(reader.at(row["id"], reader.told_of(row), group)) for group in ids)


def _category(row: Mapping[str, Any]) -> dict[str, str]:
    return {"category": words.category(row["category"]), "category_title": words.category_title(row["category"])}
