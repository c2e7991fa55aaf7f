"""The first ``district.toml`` of a district: commented, from a boundary file or from a boundary that was drawn."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from justgeo.core import whole
from justgeo.core.errors import ConfigError
from justgeo.district_file import slugify

NAME = "district.toml"
DRAWN = "boundary.geojson"
"""Where a boundary that was drawn is kept, beside ``district.toml``."""

INIT = """\
# What justgeo is told of this district. Next: justgeo plan (what it needs), justgeo fetch (bring it), justgeo run.
[district]
name = {name}
slug = {slug}
boundary = {boundary}  # any vector format and CRS; or geoids = ["51540000201"]

[reference]  # what the district is compared with; empty for the county that it lies in
# geoids = ["51540"]

[vintages]
acs = 2024  # last year of the five-year survey period

[fetch]  # what comes from public services; take this table out to use files of your own alone
census = true  # geography and survey tables; needs a free key in the environment, CENSUS_API_KEY
osm = "overpass"  # streets, parks, stops; or "geofabrik" (a whole state), or false
gtfs = "catalogue"  # timetables, as the Mobility Database lists them; or the address of the agency's GTFS zip, or false
rasters = ["tree_canopy", "impervious", "land_cover"]
# tables = ["chas", "cejst", "eviction_lab", "places", "usaleep"]  # cost burden by race, designation, evictions, health
records = "records"  # where it is kept, so that nothing is fetched twice

[layers]  # files of your own take precedence over what is fetched; paths start here
# blocks = {{ path = "layers/tl_2024_51_tabblock20.zip" }}
# block_groups = {{ path = "layers/tl_2024_51_bg.zip" }}
# tracts = {{ path = "layers/tl_2024_51_tract.zip" }}
# acs = {{ path = "layers/acs2024" }}
# osm = {{ path = "layers/extract.osm.pbf" }}
# parks = {{ path = "layers/city_parks.geojson" }}
# gtfs = {{ path = "layers/gtfs.zip" }}
# tree_canopy = {{ path = "layers/tree_canopy.tif" }}
"""

PRACTICE = """\
# A district drawn in the invented county, for practice: nothing here is true of any place.
[district]
name = {name}
slug = {slug}
boundary = {boundary}

[invented]
seed = {seed}
"""


def init(folder: Path, name: str, boundary: Path) -> Path:
    """Write ``district.toml`` into a folder, for a boundary that lies where it lies.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigError
        There is no such boundary, the file is there already, or it cannot be written.
    """
    if not boundary.exists():
        raise ConfigError(f"{boundary} does not exist.", remedy="name the file with the district's polygon.")
    text = filled(INIT, name=name, slug=slugify(name), boundary=_relative(boundary, folder))
    return write(folder, {NAME: text})


def filled(text: str, **told: object) -> str:
    """One of the texts above; what JSON says of a text or a number, TOML says too."""
    return text.format(**{key: json.dumps(value, ensure_ascii=False) for key, value in told.items()})


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write the files of a new district, all or none; the last one is ``district.toml``.

    Raises
    ------
    ConfigError
        One of them is there already, or cannot be written.
    """
    for name in files:
        if (folder / name).exists() and not _left(folder, name, files):
            raise ConfigError(f"{folder / name} is there already.", remedy="edit it, or choose another folder.")
    made: list[Path] = []
    target = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            whole.put(folder / name, text.encode("utf-8"))
            made.append(folder / name)
    except OSError as exc:
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise ConfigError(f"{target} cannot be written ({exc.strerror}).", remedy="choose another folder.") from exc
    return target


def _left(folder: Path, name: str, files: dict[str, str]) -> bool:
    """Whether a file is of a beginning that was stopped before ``district.toml`` was there, and is as it would be."""
    if name == NAME or (folder / NAME).exists():
        return False
    try:
        return (folder / name).read_bytes() == files[name].encode("utf-8")
    except OSError:
        return False


def _relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.resolve().as_posix()
