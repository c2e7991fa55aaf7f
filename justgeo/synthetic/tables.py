"""Tables of agencies about Nowhere on disk, each packed as its agency packs it."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pandas as pd

from justgeo.synthetic import chas, perils, published, svi
from justgeo.synthetic.county import County
from justgeo.synthetic.declare import TABLES

STAMP = (2024, 1, 1, 0, 0, 0)


def write(folder: Path, place: County, draw: int) -> None:
    """Write every table of ``declare.TABLES``.

    Parameters
    ----------
    folder : Path
        Of the layers.
    place : County
    draw : int
        Number of the survey from which HUD's table is made.
    """
    (folder / TABLES["chas"][0]).parent.mkdir(exist_ok=True)
    _zip(folder / TABLES["chas"][0], "140/Table9.csv", chas.publish(place, draw))
    _zip(folder / TABLES["lead"][0], "ZZ AMI Census Tracts 2022.csv", published.lead(place))
    for name, frame in (("lodes_wac", published.jobs(place)), ("lodes_rac", published.workers(place))):
        (folder / TABLES[name][0]).write_bytes(gzip.compress(_csv(frame), mtime=0))
    for name, frame in (
        ("cejst", published.cejst(place)),
        ("eviction_lab", published.evictions(place)),
        ("usaleep", published.usaleep(place)),
        ("ejscreen", published.burdens(place)),
        ("smart_location", published.walkability(place)),
        ("svi", svi.table(place)),
    ):
        (folder / TABLES[name][0]).write_bytes(_csv(frame))
    with zipfile.ZipFile(folder / TABLES["fars"][0], "w", zipfile.ZIP_DEFLATED) as archive:
        for member, frame in perils.fars(place).items():
            archive.writestr(zipfile.ZipInfo(f"FARSNationalCSV/{member}", STAMP), _csv(frame), zipfile.ZIP_DEFLATED)
    rows = json.dumps(published.places(place), indent=0)
    (folder / TABLES["places"][0]).write_text(rows + "\n", encoding="utf-8", newline="\n")


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _zip(path: Path, member: str, frame: pd.DataFrame) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member, STAMP), _csv(frame), zipfile.ZIP_DEFLATED)
