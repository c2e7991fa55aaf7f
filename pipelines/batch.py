"""Many districts into one table: ``python pipelines/batch.py districts.gpkg --settings my-district``."""

from __future__ import annotations

import sys

from justgeo.cli import main

if __name__ == "__main__":
    sys.exit(main(["batch", *sys.argv[1:]]))
