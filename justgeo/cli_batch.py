"""``justgeo batch``: many districts, or every tract of a county, into one table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justgeo.core.location import location

if TYPE_CHECKING:
    from justgeo.batch import Report

_SHOWN = 20


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("batch", help="measure many districts, county by county, into one table")
    parser.add_argument(
        "source", type=Path, metavar="DISTRICTS",
        help="a file of outlines, a folder of folders with a district.toml, or (with --zones) a district.toml",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("out/batch"), help="folder (default: out/batch)")
    parser.add_argument("--settings", type=Path, metavar="TOML", help="layers and reference of the outlines")
    parser.add_argument("--name", metavar="COLUMN", help="column of the outlines' names")
    parser.add_argument("--layer", help="layer of the file of outlines")
    parser.add_argument(
        "--zones", choices=("tracts", "block_groups", "places"), default="",
        help="every such area of the county as a zone; places are cities, towns and census-designated places",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--scheduler", default="", metavar="ADDRESS", help="of dask.distributed: tcp://host:8786")
    parser.add_argument("--records", type=location, help="folder or URL of records (default: that of [fetch])")
    parser.add_argument("--offline", action="store_true", help="use what is recorded, fetch nothing")
    parser.add_argument("--table-only", action="store_true", help="write no results.json of each district")
    parser.add_argument("--again", action="store_true", help="do again what an earlier batch did")
    parser.set_defaults(command=_batch)


def _batch(args: argparse.Namespace) -> int:
    from justgeo import console

    with console.counties(quiet=args.quiet) as (tell, step):
        from justgeo.batch import batch

        made = batch(
            args.source, args.out, settings=args.settings, name=args.name, layer=args.layer, zones=args.zones,
            workers=args.workers, scheduler=args.scheduler, records=args.records, offline=args.offline,
            each=not args.table_only, again=args.again, progress=tell, step=step,
        )  # fmt: skip
    print("\n".join(report(made, args.out)))
    return 0 if made.whole else 1


def report(made: Report, out: Path) -> list[str]:
    """What a batch did, in lines."""
    counties = len(made.done)
    lines = [f"{made.n_zones} measured in {counties} {'county' if counties == 1 else 'counties'}: {out}"]
    if made.kept:
        lines.append(f"  {len(made.kept)} done before by an earlier batch, of the same inputs (--again does them anew)")
    if any(one.synthetic for one in made.done):
        lines.append("  invented data: not a real place")
    if made.overlapping:
        lines.append(
            f"  {made.overlapping} pairs of districts overlap: what is withheld in one may follow from two others"
        )
    fetched = sum(bool(one.failures) for one in made.done)
    if fetched:
        lines.append(f"  {fetched} lack what could not be fetched: run the batch again to complete them")
    refused = [(one.slug, one.message, one.remedy) for one in made.refused]
    failed = [(one.key, one.message, one.remedy) for one in made.failed]
    for title, some in (("refused", refused), ("failed", failed)):
        lines += [f"{title}: {len(some)}"] if some else []
        for label, message, remedy in some[:_SHOWN]:
            lines += [f"  {label}: {message}", f"    What to do: {remedy}"]
        if len(some) > _SHOWN:
            lines.append(f"  and {len(some) - _SHOWN} more, in batch.json")
    return lines
