"""Some layers of a district, read through the doors of a run: what is there, and why the rest is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from justgeo.core.layer import AnyLayer, Feed, Layer, Network
from justgeo.run import GEOGRAPHY, collect_layers, read_config


def show(path: str, *wanted: str) -> None:
    """Print the layers whose names begin with one of ``wanted``; only these and the census geography are read."""
    settings = read_config(Path(path))
    kept = {name: spec for name, spec in settings.layers.items() if name.startswith((*GEOGRAPHY, *wanted))}
    found = collect_layers(replace(settings, layers=kept, tables=()))
    print(f"{settings.name}\n{'layer':<20} {'rows':>8}  vintage; source")
    for name in sorted(n for n in {**found.layers, **found.absent} if n.startswith(wanted)):
        if name in found.absent:
            print(f"{name:<20} {'absent':>8}  {found.absent[name]}")
            continue
        told = found.layers[name].provenance
        print(f"{name:<20} {size(found.layers[name]):>8}  {told.vintage or 'not stated'}; {told.source}")


def size(layer: AnyLayer) -> int:
    """Rows of a table, segments of a network, departures of a feed, pixels of a grid."""
    rows = {Layer: "data", Network: "u", Feed: "departures"}.get(type(layer))
    return len(getattr(layer, rows)) if rows else layer.values.size
