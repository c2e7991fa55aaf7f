"""``justgeo compare``: candidate boundaries side by side, or one district among the others of a batch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from justgeo.core.errors import ConfigError
from justgeo.core.location import location


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare", help="put 2 to 5 candidate boundaries side by side, or one district among the others of a batch"
    )
    parser.add_argument(
        "configs", type=Path, nargs="+", metavar="CONFIG",
        help="district.toml, or its folder; --with takes one folder of results, or the slug of a district of the batch",
    )  # fmt: skip
    parser.add_argument(
        "--with", dest="batch", type=Path, metavar="BATCH",
        help="folder of a batch: percentiles of one district among all others, and its nearest peers, for analysts",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder (default: out/compare; of --with: out/peers)")
    parser.add_argument(
        "--records", type=location, help="folder of records, or its URL (default: those that each [fetch] names)"
    )
    parser.add_argument("--offline", action="store_true", help="use what is recorded, fetch nothing")
    parser.set_defaults(command=_compare)


def _compare(args: argparse.Namespace) -> None:
    from justgeo import console

    if args.batch is not None:
        _among(args)
        return
    out = args.out or Path("out/compare")
    with console.progress("candidates", quiet=args.quiet) as tell:
        from justgeo.candidates import compare

        made = compare(args.configs, out, tell, args.records, args.offline)
    print("\n".join(console.candidates(made, out)))


def _among(args: argparse.Namespace) -> None:
    if len(args.configs) > 1:
        raise ConfigError(
            f"--with takes one district, and {len(args.configs)} are named.",
            remedy="name one; candidate boundaries are put side by side without --with.",
        )
    if args.records is not None:
        raise ConfigError("--records has no use beside --with: nothing is fetched.", remedy="leave it out.")
    from justgeo.core.words import wrapped
    from justgeo.peers import compare_with
    from justgeo.report.peers_text import summary

    out = args.out or Path("out/peers")
    made = compare_with(args.configs[0], args.batch, out)
    print("\n".join(piece for line in summary(made, out) for piece in wrapped(line, "    ")))
