"""``justgeo posters``: sheets for the wall and a paper form, for a data walk."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("posters", help="write large sheets for the wall and a paper form, for a data walk")
    parser.add_argument("folder", type=Path, help="folder of the outputs of a run")
    parser.add_argument("--out", type=Path, help="folder (default: <slug>-walk beside the outputs)")
    parser.add_argument("--only", default="", help="indicators, parted by commas (default: the headline numbers)")
    parser.add_argument("--language", default="en,es", help="en, es or both (default: en,es: a sheet in each)")
    parser.set_defaults(command=_posters)


def _posters(args: argparse.Namespace) -> None:
    from justgeo.wall import posters

    files = posters(args.folder, args.out, _listed(args.only), _listed(args.language))
    print(f"print posters.html at 11 x 17 in, form.html at letter size: {files[0].parent}")


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]
