"""``justgeo verify``, ``justgeo diff`` and ``justgeo doctor``: whether outputs hold, what moved, what works here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from justgeo.core.location import location

DIFFERS = 1


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands to the parser."""
    verify = commands.add_parser("verify", help="check that a folder of outputs follows from its recorded inputs")
    verify.add_argument("folder", type=Path, help="folder of outputs")
    verify.add_argument("--config", type=Path, help="district.toml, where the outputs do not say or it was moved")
    verify.add_argument(
        "--records", type=location, help="folder of records, or its URL (default: the one that [fetch] names)"
    )
    verify.set_defaults(command=_verify)

    diff = commands.add_parser("diff", help="say which input moved which number between two folders of outputs")
    diff.add_argument("one", type=Path, help="folder of outputs")
    diff.add_argument("other", type=Path, help="folder of outputs")
    diff.add_argument("--all", action="store_true", help="list every number that moved")
    diff.set_defaults(command=_diff)

    doctor = commands.add_parser("doctor", help="say what works on this computer: libraries, key, services, disk")
    doctor.add_argument("config", type=Path, nargs="?", help="district.toml, for its own addresses and records")
    doctor.add_argument("--offline", action="store_true", help="ask no service")
    doctor.set_defaults(command=_doctor)


def _verify(args: argparse.Namespace) -> int:
    from justgeo import console
    from justgeo.verifying import verify, words

    with console.progress(args.folder.resolve().name, quiet=args.quiet) as tell:
        verdict = verify(args.folder, args.config, args.records, tell)
    print("\n".join(words(verdict)))
    return 0 if verdict.holds else DIFFERS


def _diff(args: argparse.Namespace) -> int:
    from justgeo.differing import diff, words

    found = diff(args.one, args.other)
    print("\n".join(words(found, every=args.all)))
    return 0 if found.empty else DIFFERS


def _doctor(args: argparse.Namespace) -> int:
    from justgeo.doctor import examine, words

    found = examine(args.config, offline=args.offline)
    print("\n".join(words(found)))
    return 0 if found.well else DIFFERS
