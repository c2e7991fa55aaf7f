"""``justgeo checklist`` and ``justgeo progress``: what the community says, and how far it has come."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands to the parser."""
    checklist = commands.add_parser(
        "checklist", help="say where the checklist stands; read back what was typed into it"
    )
    checklist.add_argument("config", type=Path, help="district.toml, or its folder")
    checklist.add_argument("--out", type=Path, help="folder of the outputs (default: out/<slug>)")
    checklist.add_argument(
        "--read", type=Path, metavar="FILE.xlsx", help="add what was typed into a sheet to answers.yml"
    )
    checklist.add_argument(
        "--packet", type=Path, metavar="DIR|ZIP", help="write one indexed folder of public outputs and evidence"
    )
    checklist.add_argument("--all", action="store_true", help="list every item, with its answers")
    checklist.set_defaults(command=_checklist)

    progress = commands.add_parser("progress", help="hold two folders of outputs against the targets")
    progress.add_argument("old", type=Path, help="folder of the earlier outputs")
    progress.add_argument("new", type=Path, help="folder of the later outputs")
    progress.add_argument(
        "--answers", type=Path, help="answers.yml, for all targets (default: those that the later outputs show)"
    )
    progress.add_argument("--md", type=Path, metavar="FILE", help="write it as Markdown, for the annual report")
    progress.add_argument("--csv", type=Path, metavar="FILE", help="write it as a table")
    progress.set_defaults(command=_progress)


def _checklist(args: argparse.Namespace) -> None:
    from justgeo import checklists, config, console_checklist

    if args.read is not None:
        settings, merged = checklists.read_back(args.config, args.read)
        print("\n".join(console_checklist.merged(merged, checklists.remarks(settings))))
    else:
        settings = config.read(args.config)
    folder = args.out if args.out is not None else settings.output
    if args.packet is not None:
        from justgeo.packet import packet

        print(f"look at {packet(settings, folder, args.packet)}")
    elif args.read is None:
        print("\n".join(console_checklist.state(checklists.state(settings, folder), every=args.all)))


def _progress(args: argparse.Namespace) -> None:
    from justgeo.console_checklist import wrap
    from justgeo.progress import progress, put
    from justgeo.report import progress_text

    table = progress(args.old, args.new, args.answers)
    for path, body in ((args.md, progress_text.markdown(table).encode("utf-8")), (args.csv, progress_text.csv(table))):
        if path is not None:
            put(path, body)
    print("\n".join(wrap(progress_text.text(table))))
