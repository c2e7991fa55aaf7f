"""The command line: parses, calls, prints. Nothing is computed here, nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from justgeo import (
    cli_batch,
    cli_begin,
    cli_catalogue,
    cli_check,
    cli_checklist,
    cli_compare,
    cli_displacement,
    cli_export,
    cli_posters,
)
from justgeo.core.collector import patient_collector
from justgeo.core.errors import JustgeoError
from justgeo.core.location import location
from justgeo.core.silence import silent_libraries

INCOMPLETE = 1
WRONG_USE = 2
INTERRUPTED = 130
_SOME = 16 << 20
"""Bytes; who cannot have so many is out of memory."""
_MEMORY = "close other programs, choose a smaller district or reference, or fewer --workers, and start again."

RECORDS = (
    "folder of what was fetched and of what was read from large files, or its URL, s3://bucket/prefix "
    "(default: the one that [fetch] names)"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Without the program's name; the process's own arguments otherwise.

    Returns
    -------
    int
        0; 1 where something was done in part, does not hold or differs; 2 where something has to be mended by whoever
        asked; 130 after Ctrl-C.
    """
    _tolerant_output()
    silent_libraries()
    patient_collector()
    return guarded(lambda: _called(argv))


def _called(argv: Sequence[str] | None) -> int | None:
    args = _parser().parse_args(argv)
    if args.verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(message)s")
    command: Callable[[argparse.Namespace], int | None] = args.command
    return command(args)


def guarded(call: Callable[[], int | None]) -> int:
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
        status = call() or 0
        sys.stdout.flush()
        return status
    except JustgeoError as refused:
        return _refuse(refused.message, refused.remedy)
    except MemoryError:
        return _refuse("There is not enough memory for this.", _MEMORY)
    except SystemError:  # how a library of C fails that was given no memory and did not say so
        if _has_memory():
            raise
        return _refuse("There is not enough memory for this.", _MEMORY)
    except OSError as failed:
        return _failed(failed)
    except KeyboardInterrupt:
        _tell("stopped; nothing half-written was left")
        return INTERRUPTED


def _has_memory() -> bool:
    try:
        return bool(bytearray(_SOME))
    except MemoryError:
        return False


def _failed(failed: OSError) -> int:
    """Say what the system refused; whoever has read enough of our output (`justgeo ... | head`) is no error."""
    if not _in_printing(failed):
        return _refuse(*_words(failed))
    # What is still to be printed goes nowhere: Python would complain at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(failed, BrokenPipeError):
        return 0
    return _refuse(
        f"What is to be said cannot be printed ({failed.strerror}).",
        "send the output elsewhere; files that were written are whole.",
    )


def _in_printing(failed: OSError) -> bool:
    """Whether it was printing that failed: the last step that Python took was one of the command line's own."""
    step = failed.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    file = Path("" if step is None else step.tb_frame.f_code.co_filename)
    return file.parent == Path(__file__).parent and file.name.startswith("cli")


def _words(failed: OSError) -> tuple[str, str]:
    """What the system refused, and what can be done about it."""
    try:
        Path.cwd()
    except OSError:
        return "The working folder is not there any more.", "change to a folder that is there, and start again."
    if failed.errno in (errno.EMFILE, errno.ENFILE):
        return (
            f"Too many files are open ({failed}).",
            "allow more (ulimit -n 1024), or close programs, and start again.",
        )
    if failed.errno == errno.ENOMEM:
        return f"There is not enough memory for this ({failed}).", _MEMORY
    return str(failed), "see that the folder is there, may be written to, and has room left."


def _refuse(message: str, remedy: str) -> int:
    _tell(f"error: {message}\nwhat to do: {remedy}")
    return WRONG_USE


def _tell(text: str) -> None:
    """To stderr; where nobody can read that, the exit status has to say it alone."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:  # what is left of it would change the exit status at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _tolerant_output() -> None:
    """A console that cannot print "≥" prints a stand-in for it rather than failing; a closed one swallows it.

    Where a stream was closed before we began, the next file that is opened would take its number, and what a library
    prints would end up in it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
            continue
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="justgeo",
        description="A neighborhood baseline for the Just Communities Protocol, each number with its margin of error.",
        epilog="A baseline for the Protocol, not a designation or a certification.",
    )
    parser.add_argument("--version", action=_Version)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is read")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_runs(commands)
    cli_batch.add(commands)
    cli_compare.add(commands)
    cli_posters.add(commands)
    cli_export.add(commands)
    cli_displacement.add(commands)
    cli_checklist.add(commands)
    cli_check.add(commands)
    cli_catalogue.add(commands)
    return parser


def _add_runs(commands: argparse._SubParsersAction[_Parser]) -> None:
    demo = commands.add_parser("demo", help="measure the two embedded districts; needs no data, no key, no network")
    demo.add_argument("--out", type=Path, default=Path("out"), help="folder of the outputs (default: out)")
    demo.set_defaults(command=_demo)

    cli_begin.add(commands)

    plan = commands.add_parser("plan", help="say which layers a run would read or fetch, and which are missing")
    plan.add_argument("config", type=Path, help="district.toml, or its folder")
    plan.add_argument("--records", type=location, help=RECORDS)
    plan.set_defaults(command=_plan)

    fetch = commands.add_parser("fetch", help="bring what is missing from public services and keep it for every run")
    fetch.add_argument("config", type=Path, help="district.toml, or its folder")
    fetch.add_argument("--records", type=location, help=RECORDS)
    fetch.set_defaults(command=_fetch)

    run = commands.add_parser("run", help="measure a district: results, tables, map, checklist")
    run.add_argument("config", type=Path, help="district.toml, or its folder")
    run.add_argument("--out", type=Path, help="folder of the outputs (default: out/<slug>)")
    run.add_argument("--records", type=location, help=RECORDS)
    run.add_argument("--offline", action="store_true", help="use what is recorded, fetch nothing")
    run.add_argument(
        "--audience",
        choices=("public", "internal"),
        default="public",
        help="internal: write displacement/ besides, markets and stages of tracts for analysts, not for a public page",
    )
    run.add_argument(
        "--sensitivity",
        action="store_true",
        help="write sensitivity/ besides: how far each number moves with the line and with its thresholds",
    )
    run.set_defaults(command=_run)


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

        print(__version__, flush=True)
        parser.exit()


def _demo(args: argparse.Namespace) -> None:
    from justgeo.run import embedded

    for folder in embedded():
        _measure(folder, args.out / folder.name, args)


def _run(args: argparse.Namespace) -> None:
    _measure(args.config, args.out, args)


def _measure(config: Path, out: Path | None, args: argparse.Namespace) -> None:
    from justgeo import console

    whole = Path(os.path.normpath(config.absolute()))  # not resolved: a loop of links is told by whoever reads it
    place = whole.parent.name if config.suffix else whole.name
    with console.progress(place, quiet=args.quiet) as tell:
        from justgeo.run import run_config

        asked = {name: getattr(args, name) for name in ("offline", "audience", "sensitivity") if hasattr(args, name)}
        report = run_config(config, out, tell, getattr(args, "records", None), **asked)
    _say(console.report(report))


def _plan(args: argparse.Namespace) -> None:
    from justgeo import console
    from justgeo.config import read
    from justgeo.run import plan

    settings = read(args.config)
    lines = console.plan(plan(args.config), settings)
    if settings.fetch is not None:
        from justgeo import console_fetch
        from justgeo.fetching import planned

        lines += console_fetch.plan(planned(settings, args.records), settings)
    _say(lines)


def _fetch(args: argparse.Namespace) -> int:
    from justgeo import console_fetch

    with console_fetch.progress(quiet=args.quiet) as tell:
        from justgeo.fetching import fetch

        done = fetch(args.config, args.records, tell)
    _say(console_fetch.report(done))
    return INCOMPLETE if done.failures else 0


def _say(lines: Sequence[str]) -> None:
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
