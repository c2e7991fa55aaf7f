"""``justgeo init``: a commented ``district.toml`` to begin with."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from justgeo.core.errors import ConfigError

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


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    init = commands.add_parser("init", help="begin a district of your own: writes a commented district.toml")
    init.add_argument("folder", type=Path, help="folder of the district; made if it is not there")
    init.add_argument("--boundary", type=Path, required=True, help="polygon of the district, any vector format")
    init.add_argument("--name", help="name of the district (default: the folder's)")
    init.set_defaults(command=_init)


def _init(args: argparse.Namespace) -> None:
    from justgeo.district_file import slugify

    folder: Path = args.folder
    target = folder / "district.toml"
    if not args.boundary.exists():
        raise ConfigError(f"{args.boundary} does not exist.", remedy="name the file with the district's polygon.")
    if target.exists():
        raise ConfigError(f"{target} is there already.", remedy="edit it, or choose another folder.")
    name = args.name or folder.resolve().name.replace("-", " ").replace("_", " ").title()
    told = {"name": name, "slug": slugify(name), "boundary": _relative(args.boundary, folder)}
    text = INIT.format(**{key: json.dumps(value, ensure_ascii=False) for key, value in told.items()})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{target} cannot be written ({exc.strerror}).", remedy="choose another folder.") from exc
    print(f"wrote {target}\nnext: justgeo plan {folder}, then: justgeo fetch {folder}, justgeo run {folder}")


def _relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.resolve().as_posix()
