"""What the command line says of the checklist: for its planner, so that what is kept back is named too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from justgeo.core.words import wrapped
from justgeo.report.checklist import KINDS, STATUS_MARKS

if TYPE_CHECKING:
    from justgeo.answers import Merged
    from justgeo.checklists import Line, State
    from justgeo.core.answers import Entry


def merged(done: Merged, told: Iterable[str]) -> list[str]:
    """What reading a sheet back did, and what a planner should know of the answers now."""
    if done.added:
        lines = [f"added to {done.path}: {len(done.added)}", *(f"  {one}" for one in done.added)]
    else:
        lines = [f"nothing new for {done.path.name}: all that was typed stands there already, or nothing was typed"]
    return wrap([*lines, *(f"mind: {one}" for one in told)])


def state(found: State, *, every: bool = False) -> list[str]:
    """Where the checklist stands."""
    lines = [found.name]
    measured = any(line.status for line in found.lines)
    for kind, title in KINDS.items():
        inside = [line for line in found.lines if line.kind == kind]
        if inside:
            lines.append(f"  {title}: {_tally(inside)}")
            lines += [part for line in inside for part in _line(line)] if every else []
    lines += [f"  {title}" for title in _filled(found)]
    if not measured:
        lines.append("  no outputs yet: justgeo run measures what figures can tell")
    elif found.fresh is False:
        lines.append("  the outputs do not hold the answers as they are now: justgeo run writes them anew")
    kept = sum(not one.publish for _, one in found.answers.entries()) + sum(
        not t.publish for t in found.answers.targets
    )
    if kept:
        entries = "1 entry is" if kept == 1 else f"{kept} entries are"
        lines.append(f"  {entries} kept and not shown (publish: false)")
    lines += [f"  mind: {one}" for one in found.told]
    lines.append(f"  answers stand in {found.file}")
    return wrap(lines)


def _tally(inside: list[Line]) -> str:
    marks = [
        f"{sum(line.status == s for line in inside)} {s}" for s in STATUS_MARKS if any(x.status == s for x in inside)
    ]
    answered = sum(bool(line.said) for line in inside)
    return ", ".join([*(marks or [f"{len(inside)} items"]), *([f"{answered} answered"] if answered else [])])


def _line(line: Line) -> Iterable[str]:
    yield f"    {STATUS_MARKS.get(line.status, '·')} {line.id} {line.title}" + (
        f": {line.status}" if line.status else ""
    )
    if line.reason:
        yield f"        {line.reason}"
    if line.question and not line.said:
        yield f"        to ask: {line.question}"
    yield from (f"        {_said(one)}" for one in line.said)


def _said(one: Entry) -> str:
    who = f" ({one.who})" if one.who else ""
    shown = "" if one.publish else " [not shown]"
    return f"says: {' '.join(one.text.split()) or one.state or ', '.join(one.evidence)}{who}{shown}"


def _filled(found: State) -> Iterable[str]:
    told = {key.replace("_", " "): len(said) for key, said in found.answers.forms.items()}
    if found.answers.targets:
        told["targets"] = len(found.answers.targets)
    if told:
        yield "Forms: " + ", ".join(f"{n} in {key}" for key, n in told.items())


def wrap(lines: Iterable[str]) -> list[str]:
    """Lines that fit the screen."""
    return [piece for line in lines for piece in wrapped(line, " " * (len(line) - len(line.lstrip()) + 4))]
