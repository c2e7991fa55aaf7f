"""``answers.yml``: what a community says, read on every run, added to and never taken from.

A planner edits the file by hand, and typed sheets are read back into it. Reading adds what is not there yet and leaves
every line that stands in it; what does not agree is kept on both sides and told. The file is written whole beside
itself and put in its place by one renaming, so that whenever the machine stops the old or the new one is there, and if
somebody saved it meanwhile, theirs is read and added to instead.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justgeo import answers_form, answers_text
from justgeo.catalogue import read as catalogue
from justgeo.core import whole
from justgeo.core.answers import Answers, Entry, Target, conflicts
from justgeo.core.errors import ConfigError
from justgeo.core.words import suggestion

NAME = "answers.yml"
_TRIES = 5
HEAD = """\
# What the community says of this place. justgeo reads this file on every run, adds to it when a sheet is read back, and
# never takes anything out. Nothing is shown on a public page without publish: true, no name without publish_name: true.
#
# items:                       answers to the questions of the checklist, by the id of the item
#   GW-1:
#     - text: The flood of 2021 brought us together.
#       by: resident           the role of who says it
#       date: 2026-03-14
#       state: under way       not begun, under way, done or does not apply
#       evidence: [evidence/minutes.pdf]
#       publish: true
# targets:
#   - {indicator: WEL-04.800, target: "75 %", year: 2032, note: Voted on in March, publish: true}
"""


@dataclass(frozen=True)
class Merged:
    """What reading something back did.

    Attributes
    ----------
    path : Path
    added : tuple of str
        What was added, in a line each.
    told : tuple of str
        What does not agree, in the file as it is now.
    """

    path: Path
    added: tuple[str, ...]
    told: tuple[str, ...]


def read(path: Path) -> Answers:
    """What the file says; nothing where there is no file.

    Raises
    ------
    ConfigError
        It cannot be read, or a part of it is not understood.
    """
    text = _text(path)
    return Answers() if text is None else _understood(text, path.name)


def told(answers: Answers, items: Iterable[str]) -> list[str]:
    """What a planner should know of the answers: those to no item, targets of no indicator, and what does not agree.

    Parameters
    ----------
    answers : Answers
    items : iterable of str
        Ids of the checklist.
    """
    known, rows = list(items), {row.id: row for row in catalogue.indicators()}
    found = [
        f"{item}: there is no such item now{_near(item, known)}; its answers are kept."
        for item in answers.items
        if item not in known
    ]
    for one in answers.targets:
        row = rows.get(one.indicator)
        if row is None:
            near = _near(one.indicator, rows)
            found.append(f"{one.indicator}: there is no such indicator now{near}; its target is kept.")
        elif one.group not in ("all", *row.groups):
            near = _near(one.group, ("all", *row.groups))
            found.append(f"{one.indicator}: it has no group {one.group!r}{near}; its target is kept.")
    return [*dict.fromkeys(found), *conflicts(answers)]


def _near(word: str, known: Iterable[str]) -> str:
    """The nearest known word, where there is one; a list of hundreds would help nobody."""
    found = suggestion(word, known)
    return f" ({found})" if found.startswith("did you mean") else ""


def merge(path: Path, typed: Answers) -> Merged:
    """Add what is not in the file yet.

    Parameters
    ----------
    path : Path
        Made where it is not there.
    typed : Answers

    Returns
    -------
    Merged

    Raises
    ------
    ConfigError
        The file is not understood, or cannot be written; it is then as it was.
    """
    for _ in range(_TRIES):
        before = _text(path)
        there = Answers() if before is None else _understood(before, path.name)
        rows, lines = _missing(there, typed)
        if not rows:
            return Merged(path, (), tuple(conflicts(there)))
        after = answers_text.added(HEAD if before is None else before, rows, path.name)
        now = _understood(after, path.name)
        if _write(path, after, before):
            return Merged(path, tuple(lines), tuple(conflicts(now)))
    raise ConfigError(
        f"{path.name} was saved by somebody else each time that it was to be written.",
        remedy="close programs that save it by themselves, and read the sheet again.",
    )


def _understood(text: str, name: str) -> Answers:
    units = {row.id: row.unit for row in catalogue.indicators()}
    return answers_form.answers(answers_text.parse(text, name), name, units)


def _text(path: Path) -> str | None:
    """The file as it stands, with its ends of lines; None where there is none."""
    try:
        if path.stat().st_size > 4 * answers_text.MOST:
            raise ConfigError(
                f"{path.name} is too large to be read.", remedy="keep long documents in files of their own."
            )
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as why:
        raise ConfigError(f"{path.name} is not in UTF-8.", remedy="save it as UTF-8 in your editor.") from why
    except OSError as why:
        raise ConfigError(f"{path.name} cannot be read ({why.strerror}).", remedy="check your rights to it.") from why


def _missing(there: Answers, typed: Answers) -> tuple[dict[tuple[str, ...], list[dict[str, Any]]], list[str]]:
    """Entries that the file lacks, by the way to their list, and each in a line."""
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    lines: list[str] = []
    lists: list[tuple[tuple[str, ...], tuple[Entry, ...], tuple[Entry, ...]]] = [
        *((("items", key), said, there.items.get(key, ())) for key, said in typed.items.items()),
        *(((key,), said, there.forms.get(key, ())) for key, said in typed.forms.items()),
    ]
    for way, said, known in lists:
        keys = {one.key for one in known}
        for one in said:
            if one.key not in keys:
                keys.add(one.key)
                rows.setdefault(way, []).append(_entry_row(one))
                lines.append(f"{way[-1]}: {_short(one.text or one.state or 'evidence')}")
    known_targets = {one.key for one in there.targets}
    for aim in typed.targets:
        if aim.key not in known_targets:
            known_targets.add(aim.key)
            rows.setdefault(("targets",), []).append(_target_row(aim))
            lines.append(f"target of {aim.indicator}: {aim.value:g} in {aim.year}")
    return rows, lines


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."


def _entry_row(one: Entry) -> dict[str, Any]:
    """As it is written: only what was said, and always whether it may be shown."""
    row: dict[str, Any] = {"text": one.text, "by": one.by, "name": one.name, "date": one.date, **one.more}
    row["evidence"] = list(one.evidence)
    kept = {key: value for key, value in row.items() if value}
    return {**kept, "publish": one.publish, **({"publish_name": one.publish_name} if one.name else {})}


def _target_row(one: Target) -> dict[str, Any]:
    row = {"indicator": one.indicator, "group": one.group, "target": one.value, "year": one.year}
    row |= {"note": one.note, "by": one.by}
    kept: Mapping[str, Any] = {k: v for k, v in row.items() if v != "" and (k, v) != ("group", "all")}
    return {**kept, "publish": one.publish}


def _write(path: Path, text: str, before: str | None) -> bool:
    """Put the text in the file's place, whole; False where the file is no longer as it was read."""
    target = path.resolve()
    try:
        whole.sweep(target)
        with whole.making(target, Path.touch) as part:
            with part.open("r+b") as opened:
                opened.write(text.encode("utf-8"))
                opened.flush()
                os.fsync(opened.fileno())
            if before is not None:
                part.chmod(target.stat().st_mode & 0o777)
            if _text(target) != before:
                return False
            part.replace(target)
            _settle(target.parent)
            return True
    except OSError as why:
        raise ConfigError(
            f"{path.name} cannot be written: {why.strerror or why}.",
            remedy="see that its folder is there, may be written to, and has room left.",
        ) from why


def _settle(folder: Path) -> None:
    """Have the renaming itself on the disk, where the system can be asked to."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
