"""What the page says, as plain values: cards, tables, sources, absences. Read from ``results.json`` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from justgeo.report import origins, remarks, words
from justgeo.report.results import ALL, DISCLAIMER, INVENTED

HEADLINES = ("DEM-00.population", "OPP-01", "OPP-02", "BEL-03", "BEL-01", "WEL-04", "MOB-01.800", "ENV-01", "BEL-02")
"""Indicators, or families of them, for the cards on top, in order of preference."""

MOST_CARDS = 8
FEW_CARDS = 4
"""With fewer families than this, more than one number of a family gets a card."""

VAGUE = "low"
"""The reliability of a number that is too uncertain to rely on, and no headline while others can take its place."""

_BY_PLACE = {"walk_share", "walk_kinds", "transit_trips", "raster_people"}
"""Fields that give everybody in a block the block's answer."""

_OF_REFERENCE = {"segregation"}
"""Fields that are told of the reference alone: their number is its number, and the district has none."""

Record = Mapping[str, Any]


class Reader:
    """Looks up records of ``results.json`` by indicator, zone and group."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.results = results
        self.records = {(r["indicator"], r["zone"], r["group"]): r for r in results["records"]}
        self.layers = {layer["id"]: layer for layer in results["layers"]}
        self.district = self._zone("district")
        self.reference = self._zone("reference")
        self.labels = {group["id"]: group["label"] for group in results["groups"]}
        self.groups: dict[str, list[str]] = {}
        for r in results["records"]:
            if r["group"] != ALL and r["zone"] == (self.district or {}).get("id"):
                self.groups.setdefault(r["indicator"], []).append(r["group"])

    def _zone(self, role: str) -> Mapping[str, Any] | None:
        return next((zone for zone in self.results["zones"] if zone["role"] == role), None)

    @property
    def reference_name(self) -> str:
        return "" if self.reference is None else str(self.reference["name"])

    def at(self, indicator: str, role: str, group: str = ALL) -> Record | None:
        """Record of the district or the reference."""
        zone = self.district if role == "district" else self.reference
        return None if zone is None else self.records.get((indicator, zone["id"], group))

    def told_of(self, row: Record) -> str:
        """Whose number a row of the catalogue is: ``district``, or ``reference`` where it is told of that alone."""
        return "reference" if row["field"] in _OF_REFERENCE and self.reference is not None else "district"

    def used(self, records: Iterable[Record | None]) -> list[Mapping[str, Any]]:
        """Provenance of the layers behind some records, without repeats."""
        ids = dict.fromkeys(one for r in records if r is not None for one in r["layers"])
        return [self.layers[one] for one in ids]


def page(results: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the templates print but the map and the checklist."""
    reader = Reader(results)
    areas = sum(zone["role"] == "area" for zone in results["zones"])
    shown = cards(reader)
    measured = [row["id"] for row in results["indicators"] if _has_any(reader, row)]
    return {
        "name": results["name"],
        "synthetic": results["synthetic"],
        "invented": INVENTED,
        "disclaimer": DISCLAIMER,
        "reference": reader.reference_name,
        "n_indicators": len(measured),
        "n_listed": len(results["indicators"]),
        "n_areas": areas,
        "period": origins.period(reader.used(_told(reader))),
        "cards": shown,
        "has_margins": any("±" in card["margin"] for card in shown),
        "categories": categories(reader),
        "absent": absences(reader),
        "sources": origins.sources(results["layers"], results["records"]),
        "notes": results["notes"],
        "reliability": words.RELIABILITY,
        "classes": {record["reliability"] for record in _told(reader)},
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
    against = _against(reader, row["id"])
    return {**cell(record, reader), "id": row["id"], "title": row["title"], **_category(row), **against}


def cell(record: Record | None, reader: Reader) -> dict[str, Any]:
    """One number in words: value, margin, how sure, in plain fractions, against the reference."""
    sign, compared, verdict = words.compared(record, reader.reference_name)
    reliability = "absent" if record is None else record["reliability"]
    share = None if record is None else words.share_of(record)
    trusted = record is not None and record["reliability"] in ("high", "medium", "exact", "modelled")
    return {
        "value": words.shown(record, bare=True),
        "unit": "" if record is None or record["value"] is None else words.scale(record["unit"]).unit,
        "margin": words.shown_margin(record),
        "reliability": reliability,
        "sure": words.RELIABILITY.get(reliability, reliability),
        "one_in": words.one_in(share) if share is not None and trusted else "",
        "sign": sign,
        "compared": compared,
        "terse": words.compared(record, reader.reference_name, terse=True)[1],
        "verdict": verdict,
        "reason": "not computed" if record is None else record["reason"] or "",
        "absent": not has_value(record),
        "beside": remarks.beside(record),
    }


def _against(reader: Reader, indicator: str, group: str | None = ALL) -> dict[str, Any]:
    """The reference's number beside that of the district; empty without a group."""
    record = None if group is None else reader.at(indicator, "reference", group)
    return {
        "reference_value": words.shown(record) if has_value(record) else "",
        "reference_margin": words.shown_margin(record),
        "reference_beside": remarks.beside(record),
        "reference_reason": "" if record is None or has_value(record) else record["reason"],
    }


def categories(reader: Reader) -> list[dict[str, Any]]:
    """The Protocol's categories, each with a row an indicator and its groups; what has no number stands by reason."""
    found = []
    for key, rows in words.by_category(reader.results["indicators"]):
        inside = [_row(reader, row) for row in rows]
        if inside:
            gone = [row for row in inside if row["absent"] and not any(group["n"] for group in row["groups"])]
            shown = [row for row in inside if row not in gone]
            found.append({"id": key, "title": words.category_title(key), "rows": shown, "gone": _by_reason(gone)})
    return found


def _by_reason(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows without a number, gathered by their reason, each row once."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["reason"], []).append(row)
    return [{"reason": words.sentence(reason), "rows": inside} for reason, inside in found.items()]


def _row(reader: Reader, row: Mapping[str, Any]) -> dict[str, Any]:
    role = reader.told_of(row)
    record = reader.at(row["id"], role)
    groups = reader.groups.get(row["id"], [])
    behind = [record, reader.at(row["id"], "reference"), *(reader.at(row["id"], role, g) for g in groups)]
    used = reader.used(behind)
    return {
        **cell(record, reader),
        **_against(reader, row["id"]),
        **_category(row),
        **{name: row[name] for name in ("id", "title", "plain", "method", "caveat", "universe", "references")},
        "only_groups": record is None and bool(groups),
        "only_reference": role == "reference",
        "frequency": row.get("frequency", ""),
        "sources": origins.told(used),
        "vintage": origins.vintage(used),
        "details": [*_cells(row), *remarks.details(record), *_compared(reader, row["id"], role == "reference")],
        "by_place": row["field"] in _BY_PLACE,
        "groups": _groups(reader, row["id"], groups, role),
    }


def _cells(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Table cells and distances behind an indicator, as its catalogue row has them."""
    given = row["parameters"]
    top, bottom = given.get("numerator"), given.get("denominator")
    cells = " of ".join(one for one in (top, bottom) if isinstance(one, str))
    metres = given.get("distance_m")
    walk = f"{metres:g} m along streets and paths" if isinstance(metres, (int, float)) else ""
    return [(name, told) for name, told in (("Census table cells", cells), ("Farthest walk", walk)) if told]


def _compared(reader: Reader, indicator: str, alone: bool) -> list[tuple[str, str]]:
    """The reference area, its number and the difference with its margin; nothing where it is told of ``alone``."""
    record, base = reader.at(indicator, "district"), reader.at(indicator, "reference")
    if record is None or base is None or base["value"] is None or alone:
        return []
    fraction = remarks.fraction(base)
    told = f"{reader.reference_name}: {words.told(base)}{f' ({fraction})' if fraction else ''}."
    versus = record["comparison"]
    if versus is not None and versus["difference"] is not None:
        more = "more" if versus["difference"] > 0 else "less"
        moe = versus["difference_moe"]
        size = words.difference(versus["difference"], record["unit"])
        margin = "" if not moe else f" ({words.margin(moe, record['unit'], versus['difference'])})"
        told += f" Difference: {size} {more}{margin}, with the district taken out of the wider area."
    return [("Compared with", told)]


def _groups(reader: Reader, indicator: str, groups: Sequence[str], role: str) -> list[dict[str, Any]]:
    """Rows of each kind of group (race, income, ...) of the district or the reference, with bars on one scale."""
    records = {g: reader.at(indicator, role, g) for g in groups}
    reach = [abs(r["value"]) + (r["moe"] or 0.0) for r in records.values() if r is not None and r["value"] is not None]
    unit = next((r["unit"] for r in records.values() if r is not None), "")
    top = words.scale(unit).top or max(reach, default=1.0) or 1.0
    found = []
    for kind in dict.fromkeys(g.partition(":")[0] for g in groups):
        rows = [
            {
                **cell(records[g], reader),
                **_against(reader, indicator, g if role == "district" else None),
                "label": reader.labels.get(g, g),
                "bar": _bar(records[g], top),
            }
            for g in groups
            if g.partition(":")[0] == kind
        ]
        title = words.GROUP_KINDS.get(kind, f"By {kind}")
        reasons = {row["reason"] for row in rows}
        same = reasons.pop() if len(reasons) == 1 else ""
        n = sum(not row["absent"] for row in rows)
        found.append({"kind": kind, "title": title, "rows": rows, "n": n, "reason": "" if n else same})
    return found


def _bar(record: Record | None, top: float) -> dict[str, float] | None:
    """Length and whisker of a bar in percent of the scale; None where there is no number."""
    if record is None or record["value"] is None or record["value"] < 0:
        return None
    value, moe = float(record["value"]), float(record["moe"] or 0.0)
    ends = (max(0.0, value - moe), min(top, value + moe))
    return {"length": _percent(value, top), "from": _percent(ends[0], top), "to": _percent(ends[1], top)}


def _percent(value: float, top: float) -> float:
    return round(min(100.0, 100.0 * value / top), 1)


def absences(reader: Reader) -> dict[str, Any]:
    """What is not measured and why: layers, indicators by reason, and how many numbers for groups and areas."""
    reasons = []
    for row in reader.results["indicators"]:
        record = reader.at(row["id"], reader.told_of(row))
        if not _has_any(reader, row):
            reasons.append("not computed in this run" if record is None else record["reason"])
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


def has_value(record: Record | None) -> bool:
    """Whether a record tells a number, or a text in its place (``≥ $200,000``)."""
    return record is not None and (record["value"] is not None or bool(record["text"]))


def _category(row: Mapping[str, Any]) -> dict[str, str]:
    return {"category": words.category(row["category"]), "category_title": words.category_title(row["category"])}
