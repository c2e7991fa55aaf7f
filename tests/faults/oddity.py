"""What a surrounding that is odd is: a case or several, how they are brought about, how they must end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.faults.case import Case

Ends = Literal["same", "numbers", "refused", "stopped", "said", "ill"]

HOLDS: Mapping[Ends, str] = {
    "same": "the run ends well, with the same bytes as in plain surroundings",
    "numbers": "the run ends well, with the same numbers",
    "refused": "two lines say what is wrong and what to do; the earlier outputs are whole",
    "stopped": "exit status 130 and one line; the earlier outputs are whole, nothing is left beside them",
    "ill": "`justgeo doctor` says what is missing and what to do; the exit status is 1",
    "said": "what is asked for is printed, the exit status is 0",
}
GROUP = "Surroundings that are odd"


@dataclass(frozen=True)
class Odd:
    """A case, or several at once, and how they are brought about.

    Attributes
    ----------
    told : mapping
        For `nursery.Nursery.start`: ``prepare`` and ``how``, ``env``, ``umask``, ``encoding``.
    alter : tuple
        Functions of `altered`, each with what it is given, for a copy of the hamlet.
    folder : str
        Where the hamlet lies, from a folder of the test.
    argv : tuple of str
        Another command than a run.
    words : tuple of str
        What has to be said.
    """

    cases: tuple[Case, ...]
    ends: Ends
    told: Mapping[str, Any] = field(default_factory=dict)
    alter: tuple[tuple[Any, ...], ...] = ()
    folder: str = "here"
    argv: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def odd(name: str, what: str, ends: Ends, *words: str, times: int = 1, holds: str = "", **told: Any) -> Odd:
    own = {key: told.pop(key) for key in ("folder", "argv") if key in told}
    alter = (told.pop("alter"),) if "alter" in told else ()
    case = Case(f"surroundings/{name}", GROUP, what, holds or HOLDS[ends], times=times)
    return Odd((case,), ends, told, alter, words=words, **own)


def at_once(*odds: Odd) -> Odd:
    """Several that end alike in one run: each run takes a second."""
    told: dict[str, Any] = {"prepare": "all_of", "how": {"each": []}, "env": {}}
    for one in odds:
        more = dict(one.told)
        if "prepare" in more:
            told["how"]["each"].append((more.pop("prepare"), more.pop("how", {})))
        told["env"] |= more.pop("env", {})
        told |= more
    assert len({one.ends for one in odds}) == 1 and not any(one.argv or one.words for one in odds)
    folder = "/".join(one.folder for one in odds if one.folder != "here") or "here"
    return Odd(
        tuple(case for one in odds for case in one.cases),
        odds[0].ends,
        told,
        tuple(alter for one in odds for alter in one.alter),
        folder,
    )


def by(prepare: str, **how: Any) -> dict[str, Any]:
    return {"prepare": prepare, "how": how}


@dataclass(frozen=True)
class Interpreter:
    """What a new interpreter is given, and the cases that its run tries at once."""

    ends: Ends
    env: Mapping[str, str | None]
    options: tuple[str, ...]
    cases: tuple[Case, ...]
    words: tuple[str, ...] = ()


def case(name: str, what: str, ends: Ends = "same", group: str = GROUP) -> Case:
    return Case(f"surroundings/{name}", group, what, HOLDS[ends])
