"""``justgeo init``: a commented ``district.toml`` to begin with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    init = commands.add_parser("init", help="begin a district of your own: writes a commented district.toml")
    init.add_argument("folder", type=Path, help="folder of the district; made if it is not there")
    init.add_argument("--boundary", type=Path, required=True, help="polygon of the district, any vector format")
    init.add_argument("--name", help="name of the district (default: the folder's)")
    init.set_defaults(command=_init)


def _init(args: argparse.Namespace) -> None:
    from justgeo import beginning

    folder: Path = args.folder
    name = args.name or folder.resolve().name.replace("-", " ").replace("_", " ").title()
    target = beginning.init(folder, name, args.boundary)
    print(f"wrote {target}\nnext: justgeo plan {folder}, then: justgeo fetch {folder}, justgeo run {folder}")
