"""One district, all of it: ``python pipelines/baseline.py data/districts/nowhere-invented/district.toml``."""

from __future__ import annotations

import sys

from justgeo.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
