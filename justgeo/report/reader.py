"""Records of ``results.json`` by indicator, zone and group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from justgeo.report.results import ALL

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
        self.sizes: dict[str, float] = {}  # of groups, as `groups.size` has found them
        district = None if self.district is None else self.district["id"]
        for r in results["records"]:
            if r["zone"] == district and r["group"] != ALL:
                self.groups.setdefault(r["indicator"], []).append(r["group"])

    def _zone(self, role: str) -> Mapping[str, Any] | None:
        return next((zone for zone in self.results["zones"] if zone["role"] == role), None)

    @property
    def reference_name(self) -> str:
        return "" if self.reference is None else str(self.reference["name"])

    def at(self, indicator: str, role: str, group: str = ALL) -> Record | None:
        """Record of the district or the reference; one that is compared has the other one in it, as ``base``."""
        zone = self.district if role == "district" else self.reference
        found = None if zone is None else self.records.get((indicator, zone["id"], group))
        if found is None or not found["comparison"]:
            return found
        base = self.records.get((indicator, found["comparison"]["reference"], group))
        return {**found, "comparison": {**found["comparison"], "base": base}}

    def told_of(self, row: Record) -> str:
        """Whose number a row of the catalogue is: ``district``, or ``reference`` where it is told of that alone."""
        return "reference" if row["field"] in _OF_REFERENCE and self.reference is not None else "district"

    def used(self, records: Iterable[Record | None]) -> list[Mapping[str, Any]]:
        """Provenance of the layers behind some records, without repeats."""
        ids = dict.fromkeys(one for r in records if r is not None for one in r["layers"])
        return [self.layers[one] for one in ids]


def has_value(record: Record | None) -> bool:
    """Whether a record tells a number, or a text in its place (``≥ $200,000``)."""
    return record is not None and (record["value"] is not None or bool(record["text"]))
