"""``justgeo displacement``: the typology of a region's tracts, from a table or from a district's layers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justgeo.core.errors import ConfigError
from justgeo.core.location import location

if TYPE_CHECKING:
    from justgeo.tract_files import Another

TABLE_ONLY = ("tracts", "geoid", "neighbours", "map", "region", "price", "years", "as_published", "compare", "name")
DISTRICT_ONLY = ("records", "offline")

EPILOG = """
The table has one row a tract; its columns stand in docs/displacement-table.md. What is written is for analysts: markets
and stages of tracts are not for a public page.
"""


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "displacement", help="for analysts: displacement typology of a region's tracts, with chances", epilog=EPILOG
    )
    parser.add_argument("config", type=Path, nargs="?", help="district.toml, or its folder; or --inputs in its place")
    parser.add_argument("--out", type=Path, help="folder to write (default: out/<name>-displacement)")
    parser.add_argument("--draws", type=int, help="of the Monte Carlo (default: 10000)")
    parser.add_argument("--seed", type=int, help="of the Monte Carlo (default: 20250101)")
    table = parser.add_argument_group("from a table")
    table.add_argument("--inputs", type=Path, metavar="TABLE.csv", help="one row a tract, two vintages with margins")
    table.add_argument("--name", help="of the region (default: the table's)")
    table.add_argument("--map", type=Path, metavar="COLUMNS.toml", help="what a public file calls our columns")
    table.add_argument("--region", type=Path, metavar="REGION.toml", help="the region's own shares and median incomes")
    table.add_argument("--years", type=int, nargs="+", metavar="YEAR", help="end years of both surveys: 2014 2024")
    table.add_argument("--price", type=float, metavar="FACTOR", help="prices of the later year over the earlier one's")
    table.add_argument("--tracts", type=Path, metavar="SHAPES", help="polygons of the tracts: who touches whom")
    table.add_argument("--geoid", metavar="COLUMN", help="of the GEOID in SHAPES (default: GEOID, GEOID20, ...)")
    table.add_argument("--neighbours", type=Path, metavar="PAIRS.csv", help="geoid,neighbour in place of SHAPES")
    table.add_argument(
        "--as-published", action="store_true", help="also show another method with sentinels taken for numbers"
    )
    table.add_argument(
        "--compare",
        nargs="+",
        action="append",
        metavar="OTHER",
        help="OTHER.csv NAME [T0 T1] [REGION.toml]: another reference set, or other years, for sensitivity; may be "
        "repeated",
    )
    district = parser.add_argument_group("from a district")
    district.add_argument(
        "--records", type=location, help="folder of records, or its URL (default: the one that [fetch] names)"
    )
    district.add_argument("--offline", action="store_true", help="use what is recorded, fetch nothing")
    parser.set_defaults(command=_displacement)


def _displacement(args: argparse.Namespace) -> None:
    _check(args)
    from justgeo import console

    source: Path = args.inputs or args.config
    with console.progress(source.stem, quiet=args.quiet) as tell:
        from justgeo import displacing

        options: dict[str, Any] = {"draws": args.draws, "seed": args.seed}
        if args.inputs is None:
            options |= {"records": args.records, "offline": args.offline}
        else:
            options |= {
                "beside": displacing.Beside(args.tracts, args.geoid, args.neighbours, args.map, args.region),
                "price": args.price,
                "years": args.years,
                "as_published": args.as_published,
                "compare": [_another(one) for one in args.compare or ()],
                "name": args.name or "",
            }
        out = args.out or Path("out") / f"{displacing.short_name(source)}-displacement"
        found = displacing.displacement(source, out, progress=tell, **options)
    print("\n".join(displacing.words(found)))


def _check(args: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if (args.inputs is None) == (args.config is None):
        what = (
            "Neither a table nor a district is named." if args.inputs is None else "A table and a district are named."
        )
        raise ConfigError(
            what, remedy="justgeo displacement --inputs TABLE.csv, or justgeo displacement district.toml."
        )
    wrong = DISTRICT_ONLY if args.config is None else TABLE_ONLY
    # A price of 0 was given too, and is refused as one.
    used = next((name for name in wrong if getattr(args, name) is not None and getattr(args, name) is not False), None)
    if used is not None:
        kind = "a district" if args.config is None else "a table (--inputs)"
        raise ConfigError(f"--{used.replace('_', '-')} is for {kind}.", remedy="take it out.")


def _another(told: list[str]) -> Another:
    from justgeo.tract_files import Another

    region = Path(told[-1]) if told[-1].lower().endswith(".toml") else None
    kept = told if region is None else told[:-1]
    years = kept[2:]
    if len(kept) < 2 or len(years) not in (0, 2) or not all(year.isdigit() for year in years):
        raise ConfigError(
            f"--compare {' '.join(told)} is not understood.",
            remedy="give OTHER.csv NAME, or OTHER.csv NAME 2009 2019; after them its region's figures, REGION.toml.",
        )
    return Another(Path(kept[0]), kept[1], (int(years[0]), int(years[1])) if years else None, region)
