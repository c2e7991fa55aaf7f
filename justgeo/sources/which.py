"""Which declaration answers for a layer, without reading it: what ``justgeo plan`` shows."""

from __future__ import annotations

from collections.abc import Mapping

from justgeo.core.spec import LayerSpec

OSM_LAYERS = frozenset({"walk", "streets", "parks", "park_entrances", "stops", "amenities", "water"})
UNITS = ("blocks", "block_groups", "tracts", "counties", "areas")


def is_unit(name: str) -> bool:
    """Whether a layer's rows are small areas with identifiers: ``tracts``, ``tracts_2010``, ``blocks``."""
    return any(name == unit or name.startswith((f"{unit}_2", f"{unit}@")) for unit in UNITS)


def spec_for(name: str, specs: Mapping[str, LayerSpec]) -> LayerSpec | None:
    """The declaration that gives a layer: its own, the extract's, or the census tables' of its year."""
    if name in specs:
        return specs[name]
    if name in OSM_LAYERS:
        return specs.get("osm")
    if name.startswith("acs:"):
        year = int(name.split("@")[1]) if "@" in name else None
        tables = [s for key, s in specs.items() if key.startswith("acs")]
        return next((s for s in tables if year is None or s.options.get("year") == year), None)
    return None
