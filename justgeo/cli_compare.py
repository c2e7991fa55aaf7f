"""``justgeo compare``: candidate boundaries side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("compare", help="put 2 to 5 candidate boundaries side by side, before the baseline")
    parser.add_argument("configs", type=Path, nargs="+", metavar="CONFIG", help="district.toml, or its folder")
    parser.add_argument("--out", type=Path, default=Path("out/compare"), help="folder (default: out/compare)")
    parser.add_argument("--records", type=Path, help="folder of records (default: those that each [fetch] names)")
    parser.add_argument("--offline", action="store_true", help="use what is recorded, fetch nothing")
    parser.set_defaults(command=_compare)


def _compare(args: argparse.Namespace) -> None:
    from justgeo import console

    with console.progress("candidates", quiet=args.quiet) as tell:
        from justgeo.candidates import compare

        made = compare(args.configs, args.out, tell, args.records, args.offline)
    print("\n".join(console.candidates(made, args.out)))
