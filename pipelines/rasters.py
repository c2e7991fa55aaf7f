"""The grids of one district: ``python pipelines/rasters.py data/districts/nowhere-invented/district.toml``."""

from __future__ import annotations

import sys

from layers import show

from justgeo.cli import guarded

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("wanted: one district.toml, or its folder")
    sys.exit(guarded(lambda: show(sys.argv[1], "tree_canopy", "impervious", "land_cover")))
