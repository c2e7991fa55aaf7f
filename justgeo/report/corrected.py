"""What residents correct, beside the official numbers: two columns, official and as corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from justgeo.report import origins, remarks, spoken, words
from justgeo.report.reader import Reader
from justgeo.report.results import ALL
from justgeo.report.speech import say


def kinds() -> dict[str, str]:
    """What each kind of correction says, in words."""
    return {
        "park_locked": say("A park is locked or closed"),
        "park_missing": say("A park is missing on the map"),
        "stop_removed": say("A stop is gone"),
        "stop_missing": say("A stop is missing on the map"),
        "path_missing": say("A path is missing on the map"),
        "path_blocked": say("A path is blocked"),
        "place_closed": say("A place is closed"),
        "place_missing": say("A place is missing on the map"),
    }


def view(reader: Reader) -> dict[str, Any] | None:
    """What the page prints: the corrections, and the district's numbers that change; None where nobody corrected.

    Parameters
    ----------
    reader : Reader
        Of ``results.json``.

    Returns
    -------
    dict or None
        ``items[]`` (number, text, note, who, used), ``rows[]`` (title, group, official, corrected), ``kept_back`` and
        ``notices`` (attributions of the layers behind).
    """
    told = reader.results.get("corrections")
    if told is None or not told["items"]:
        return None
    rows = {row["id"]: row for row in reader.results["indicators"]}
    order = list(rows)
    records = sorted(told["records"], key=lambda r: (order.index(r["indicator"]), r["group"] != ALL))
    used = reader.used(reader.at(r["indicator"], "district", r["group"]) for r in records)
    names = kinds()
    return {
        "items": [_item(n, one, names[one["kind"]]) for n, one in enumerate(told["items"], 1)],
        "rows": [_row(reader, rows[r["indicator"]], r) for r in records if r["group"] == ALL],
        "n_groups": sum(r["group"] != ALL for r in records),
        "kept_back": told["kept_back"],
        "notices": origins.notices(used),
    }


def points(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the corrections lie, for the map, in the order of the list: longitude and latitude, and a path's line."""
    told = results.get("corrections")
    return [] if told is None else [{"at": one["at"], "line": one["line"]} for one in told["items"]]


def _item(n: int, one: Mapping[str, Any], kind: str) -> dict[str, Any]:
    named = one["applied_to"] or one["what"]
    who = [one["role"], one["name"], one["date"]]
    return {
        "n": n,
        "text": say("{kind}: {name}", kind=kind, name=named) if named else kind,
        "note": one["note"],
        "who": ", ".join(part for part in who if part),
        "unused": "" if one["reason"] is None else spoken.spoken(one["reason"]),
    }


def _row(reader: Reader, row: Mapping[str, Any], corrected: Mapping[str, Any]) -> dict[str, Any]:
    before, after = _cell(reader.at(row["id"], "district")), _cell(corrected)
    if before == after:
        after["reason"] = say("changes by less than is shown")
    return {"id": row["id"], "title": spoken.spoken(row["title"]), "official": before, "corrected": after}


def _cell(record: Mapping[str, Any] | None) -> dict[str, Any]:
    if record is None or record["value"] is None:
        why = None if record is None else record.get("stated") or record["reason"]
        return {"value": "–", "margin": "", "reason": remarks.reason(why) if why else ""}
    return {
        "value": words.figure(record["value"], record["unit"], record["moe"]),
        "margin": words.margin(record["moe"], record["unit"], record["value"], reliability=record["reliability"]),
        "reason": "",
    }
