"""The command line: parses, calls, prints. Nothing is computed here, nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from justgeo.core.errors import ConfigError, JustgeoError

if TYPE_CHECKING:
    from justgeo.core.result import Indicator

WRONG_USE = 2
INTERRUPTED = 130

INIT = """\
# What justgeo is told of this district. `justgeo plan` says what is still missing, `justgeo run` measures.
[district]
name = {name}
slug = {slug}
boundary = {boundary}  # any vector format and CRS; or geoids = ["51540000201"]

[reference]  # what the district is compared with; empty for the county that it lies in
# geoids = ["51540"]

[vintages]
acs = 2024  # last year of the five-year survey period

[layers]  # uncomment what you have: a missing layer makes its figures absent, with the reason; paths start here
# blocks = {{ path = "layers/tl_2024_51_tabblock20.zip" }}
# block_groups = {{ path = "layers/tl_2024_51_bg.zip" }}
# tracts = {{ path = "layers/tl_2024_51_tract.zip" }}
# acs = {{ path = "layers/acs2024" }}
# osm = {{ path = "layers/extract.osm.pbf" }}
# gtfs = {{ path = "layers/gtfs.zip" }}
# tree_canopy = {{ path = "layers/tree_canopy.tif" }}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Without the program's name; the process's own arguments otherwise.

    Returns
    -------
    int
        0; 2 where something has to be mended by whoever asked; 130 after Ctrl-C.
    """
    _tolerant_output()
    args = _parser().parse_args(argv)
    if args.verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(message)s")
    command: Callable[[argparse.Namespace], None] = args.command
    return guarded(lambda: command(args))


def guarded(call: Callable[[], None]) -> int:
    """Call, and turn a refusal into two lines on stderr and an exit status.

    Parameters
    ----------
    call : callable

    Returns
    -------
    int
        As of :func:`main`.
    """
    try:
        call()
    except JustgeoError as refused:
        return _refuse(refused.message, refused.remedy)
    except BrokenPipeError:
        # Whoever read our output has enough (`justgeo indicators list | head`); Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as failed:
        return _refuse(str(failed), "see that the folder is there, may be written to, and has room left.")
    except KeyboardInterrupt:
        print("stopped; nothing half-written was left", file=sys.stderr)
        return INTERRUPTED
    return 0


def _refuse(message: str, remedy: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    print(f"what to do: {remedy}", file=sys.stderr)
    return WRONG_USE


def _tolerant_output() -> None:
    """A console that cannot print "≥" prints a stand-in for it rather than failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="justgeo",
        description="A neighbourhood baseline for the Just Communities Protocol, each number with its margin of error.",
        epilog="A baseline for the Protocol, not a designation or a certification.",
    )
    parser.add_argument("--version", action=_Version)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is read")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_runs(commands)
    _add_indicators(commands)
    return parser


def _add_runs(commands: argparse._SubParsersAction[_Parser]) -> None:
    demo = commands.add_parser("demo", help="measure the two embedded districts; needs no data, no key, no network")
    demo.add_argument("--out", type=Path, default=Path("out"), help="folder of the outputs (default: out)")
    demo.set_defaults(command=_demo)

    init = commands.add_parser("init", help="begin a district of your own: writes a commented district.toml")
    init.add_argument("folder", type=Path, help="folder of the district; made if it is not there")
    init.add_argument("--boundary", type=Path, required=True, help="polygon of the district, any vector format")
    init.add_argument("--name", help="name of the district (default: the folder's)")
    init.set_defaults(command=_init)

    plan = commands.add_parser("plan", help="say which layers a run would read, and which are missing")
    plan.add_argument("config", type=Path, help="district.toml, or its folder")
    plan.set_defaults(command=_plan)

    run = commands.add_parser("run", help="measure a district: results, tables, map, checklist")
    run.add_argument("config", type=Path, help="district.toml, or its folder")
    run.add_argument("--out", type=Path, help="folder of the outputs (default: out/<slug>)")
    run.add_argument(
        "--records", type=Path, help="keep what is read from large files here, so that the next run begins faster"
    )
    run.set_defaults(command=_run)


def _add_indicators(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("indicators", help="the catalogue: list it, explain a row, check a file")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    verbs.add_parser("list", help="every indicator in a line").set_defaults(command=_list)
    explain = verbs.add_parser("explain", help="how one is measured, from what, and how to read it")
    explain.add_argument("id", help="for example BEL-02")
    explain.set_defaults(command=_explain)
    check = verbs.add_parser("check", help="say whether a catalogue file is understood")
    check.add_argument("file", type=Path, nargs="?", help="default: the package's own")
    check.set_defaults(command=_check)


class _Parser(argparse.ArgumentParser):
    """Answers wrong use with the whole help, and an unknown command with the nearest known one."""

    def error(self, message: str) -> NoReturn:
        self.print_help(sys.stderr)
        self.exit(WRONG_USE, f"\nerror: {message}\n")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            from justgeo.core.words import suggestion

            raise argparse.ArgumentError(None, f"there is no {value!r} here: {suggestion(str(value), action.choices)}")


class _Version(argparse.Action):
    """Looks the version up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *args: object) -> None:
        from justgeo import __version__

        print(__version__)
        parser.exit()


def _demo(args: argparse.Namespace) -> None:
    from justgeo.run import embedded

    for folder in embedded():
        _measure(folder, args.out / folder.name, args)


def _run(args: argparse.Namespace) -> None:
    _measure(args.config, args.out, args)


def _measure(config: Path, out: Path | None, args: argparse.Namespace) -> None:
    from justgeo import console

    place = config.resolve().parent.name if config.suffix else config.resolve().name
    with console.progress(place, quiet=args.quiet) as tell:
        from justgeo.run import run_config

        report = run_config(config, out, tell, getattr(args, "records", None))
    _say(console.report(report))


def _plan(args: argparse.Namespace) -> None:
    from justgeo import console
    from justgeo.config import read
    from justgeo.run import plan

    _say(console.plan(plan(args.config), read(args.config)))


def _say(lines: Sequence[str]) -> None:
    print("\n".join(lines), flush=True)


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
    print(f"wrote {target}\nnext: add your layers to it, then: justgeo plan {target}")


def _relative(path: Path, folder: Path) -> str:
    """A path as seen from a folder, with slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _list(args: argparse.Namespace) -> None:
    category = ""
    for row in _rows(None):
        if row.category != category:
            category = row.category
            print(f"\n{category}")
        print(f"  {row.id:<20} {row.title}")


def _explain(args: argparse.Namespace) -> None:
    from justgeo.core.words import suggestion

    rows = {row.id: row for row in _rows(None)}
    if args.id not in rows:
        raise ConfigError(f"There is no indicator {args.id!r}.", remedy=suggestion(args.id, rows))
    row = rows[args.id]
    print(f"{row.id}  {row.title} ({row.unit})\n\n{row.plain}\n")
    told = {
        "measured": row.method,
        "of": row.universe,
        "mind": row.caveat,
        "needs": ", ".join(row.inputs),
        "can use": ", ".join(row.optional),
        "also for": ", ".join(row.groups),
        "Protocol": ", ".join([row.category, *row.pillars, *row.baseline, *row.outcomes]),
        "new data": row.frequency,
        "see": "\n".join(row.references),
    }
    for key, text in told.items():
        if text:
            print(_paragraph(key, text))


def _paragraph(key: str, text: str) -> str:
    import textwrap

    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, 88, break_long_words=False)]
    return f"{key:>9}  " + f"\n{'':11}".join(lines)


def _check(args: argparse.Namespace) -> None:
    rows = _rows(args.file)
    print(f"{len(rows)} indicators, all understood")


def _rows(path: Path | None) -> tuple[Indicator, ...]:
    from justgeo.catalogue.read import indicators

    return indicators(path)


if __name__ == "__main__":
    sys.exit(main())
