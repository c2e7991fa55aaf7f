"""Streets, parks, stops and timetable of one district: ``python pipelines/osm.py data/districts/nowhere-invented``."""

from __future__ import annotations

import sys

from layers import show

from justgeo.cli import guarded

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("wanted: one district.toml, or its folder")
    sys.exit(
        guarded(
            lambda: show(sys.argv[1], "walk", "streets", "parks", "park_entrances", "stops", "water", "osm", "gtfs")
        )
    )
