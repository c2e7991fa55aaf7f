"""The census layers of one district: ``python pipelines/census.py data/districts/nowhere-invented/district.toml``."""

from __future__ import annotations

import sys

from layers import show

from justgeo.cli import guarded

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("wanted: one district.toml, or its folder")
    sys.exit(guarded(lambda: show(sys.argv[1], "blocks", "block_groups", "tracts", "counties", "acs")))
