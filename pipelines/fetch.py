"""Every layer of one district from its public service: ``python pipelines/fetch.py my-district``."""

from __future__ import annotations

import sys

from justgeo.cli import main

if __name__ == "__main__":
    sys.exit(main(["fetch", *sys.argv[1:]]))
