"""``justgeo export``: chosen figures for an application, and its map."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

MOST_TOLD = 12
"""Lines of what was left out on the screen; the file has them all."""


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("export", help="chosen figures of a run for an application, or its map")
    parser.add_argument("folder", type=Path, help="folder of outputs, as `justgeo run` wrote it")
    parser.add_argument("--only", default="", metavar="IDS", help="indicators, parted by commas: WEL-04,OPP-02")
    parser.add_argument(
        "--groups",
        metavar="KINDS",
        help="groups, parted by commas: race,income or race:black; none for everybody alone",
    )
    parser.add_argument("--place", default="", metavar="AREA", help="an area of the district, by its id or name")
    parser.add_argument("--format", default="", metavar="FORMAT", help="docx, xlsx, md, pdf, csv or parquet")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: <slug>-grant.<format>)")
    parser.add_argument("--map", type=Path, metavar="FILE", help="draw the grant map instead: a .pdf or .png")
    parser.add_argument("--sites", type=Path, metavar="FILE", help="project sites for the map: GeoJSON or CSV")
    parser.add_argument("--replace", action="store_true", help="write over another file of that name")
    parser.set_defaults(command=_export)


def _export(args: argparse.Namespace) -> None:
    from justgeo import exporting
    from justgeo.core.errors import ConfigError

    if args.map is not None:
        chosen = ("only", "groups", "place", "format", "out")
        if any(getattr(args, name) for name in chosen):
            raise ConfigError("The map takes no choice of figures.", remedy="ask for the two one after the other.")
        done = exporting.export_map(args.folder, args.map, args.sites, replace=args.replace)
    elif args.sites is not None:
        raise ConfigError("Sites stand on the map alone.", remedy="add --map FILE.")
    else:
        done = exporting.export(
            args.folder,
            args.format,
            only=_parted(args.only),
            groups=None if args.groups is None else _parted(args.groups),
            place=args.place,
            out=args.out,
            replace=args.replace,
        )
    print("\n".join(_told(done)))


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _told(done: Any) -> list[str]:
    lines = [str(path) for path in done.files]
    if done.n_rows:
        lines.append(f"{done.n_rows} rows of figures")
    if done.synthetic:
        lines.append("INVENTED DATA - this place does not exist")
    if done.left_out:
        lines.append("left out:")
        lines += [f"  {_short(what)}: {why}" for what, why in done.left_out[:MOST_TOLD]]
    if len(done.left_out) > MOST_TOLD:
        lines.append(f"  and {len(done.left_out) - MOST_TOLD} more: the file lists them")
    return lines


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
