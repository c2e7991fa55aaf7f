"""What came out, as a page: rates with their 95 % intervals, and each mutant that no test noticed."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from tests.mutation.choose import kind
from tests.mutation.mutants import Mutant

Z95 = 1.959963984540054
NOTICED = frozenset({"killed", "timeout"})
Sizes = Mapping[tuple[str, str], int]
HEAD = """\
# Would a wrong number be noticed?

<!-- Written by python -m tests.mutation.run; change words in tests/mutation/table.py, reasons in survivors.toml. -->

A mutant is the package with one small change: a `<` made `<=`, a 2 made 3, a plus made minus, a branch always taken,
an argument left out. The tests are run with it. If one fails, the mutant is *killed*; if all pass, it *survived*, and
a wrong number of that kind would not have been noticed. `make mutants` does it again; an hour or two on one processor.

{summary}

## How it is done

- What is changed: `justgeo/measure/` and the files of `justgeo/core/` that hold estimates (budget, field, result,
  zones); not what doubts the data that come in (balance, sanity, survey), which makes no estimate and has its
  own tests in `tests/corrupted`.
- By what: the operators of mutmut 3, applied to functions, decorated ones too, to constants of modules and to defaults.
  *Deciding* mutants change what decides a number: {deciding}. *Passing* ones change what is
  handed on: {passing}. Passing ones mostly end in an error, so they are drawn and told apart, lest they carry the rate.
- What is not run: changes of texts (strings, sentences, messages of errors and what is filled into them) and of the
  kind of numbers that an array is declared to hold (`dtype=np.float64`, mostly of what it holds already), {words:,} of
  them together; of annotations and imports.
- Drawn by lot (seed {seed}), at least a few of every module, the rest by the number of mutants that a module has. Rates
  of all modules together are weighted by that number; intervals are 95 %, by Wilson's score.
- With which tests: those of `tests/measure`, `tests/core` and `tests/indicators` that run the changed statement; those
  that name its module and the quick ones first, up to {limit:.0f} seconds. Each mutant has a process of its own, in
  which the code of one function is exchanged, or the package imported with it. Tests of whole runs are not used; they
  would notice more.
- A mutant that takes far too long is killed (timeout). One that no test runs is *untested* and counts as survived.
- Survivors that are shown below to be *equivalent* (no input tells them from the original) count as survived, too; the
  rate without them stands beside.
"""
COLUMNS = """\
| module | mutants | drawn | killed | survived | rate | 95 % interval |
| --- | ---: | ---: | ---: | ---: | ---: | --- |"""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: ``killed``, ``timeout``, ``survived`` or ``untested``."""

    mutant: Mutant
    fate: str
    took: float = 0.0

    @property
    def noticed(self) -> bool:
        """Whether a test failed."""
        return self.fate in NOTICED


def wilson(noticed: float, drawn: float) -> tuple[float, float]:
    """95 % interval of a share, by Wilson's score."""
    if drawn == 0:
        return 0.0, 1.0
    share, z2 = noticed / drawn, Z95**2
    middle = (share + z2 / (2 * drawn)) / (1 + z2 / drawn)
    half = Z95 * sqrt(share * (1 - share) / drawn + z2 / (4 * drawn**2)) / (1 + z2 / drawn)
    return max(0.0, middle - half), min(1.0, middle + half)


def weighted(parts: Sequence[tuple[int, int, int]]) -> tuple[float, float, float]:
    """Rate of all parts together, each ``(mutants, drawn, noticed)``, with its interval.

    The interval is Wilson's for as many draws as would give the variance of this stratified sample; where every part
    is of one opinion there is no variance, and it is that of the draws.
    """
    whole = sum(size for size, _, _ in parts)
    rate = sum(size / whole * noticed / drawn for size, drawn, noticed in parts)
    variance = sum(
        (size / whole) ** 2 * (noticed / drawn) * (1 - noticed / drawn) / drawn for size, drawn, noticed in parts
    )
    draws = float(sum(drawn for _, drawn, _ in parts))
    effective = min(draws, rate * (1 - rate) / variance) if variance > 0 else draws
    return rate, *wilson(rate * effective, effective)


def read_reasons(path: Path) -> dict[str, str]:
    """Why each survivor survived, by key; the first word is its class."""
    found: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def percent(share: float) -> str:
    """One decimal."""
    return f"{100 * share:.1f} %"


def page(
    found: Sequence[Outcome], second: Sequence[Outcome], every: Sequence[Mutant], reasons: Mapping[str, str], seed: int
) -> str:
    """The whole page; ``second`` is the sample for which no test was written."""
    sizes = Counter((kind(one), one.module) for one in every if not one.words)
    names = {each: _operators(every, each) for each in ("deciding", "passing")}
    head = HEAD.format(
        summary="\n".join([*_summary(found, sizes, reasons), *_second(second, reasons)]),
        seed=seed, limit=_limit(), **names, words=sum(one.words for one in every),
    )  # fmt: skip
    parts = [head]
    for each in ("deciding", "passing"):
        own = [one for one in found if kind(one.mutant) == each]
        parts.append(
            f"## {each.capitalize()} mutants by module\n\n{COLUMNS}\n" + "\n".join(_rows(own, sizes, each)) + "\n"
        )
    parts.append(_by_operator(found))
    parts.append("## Survivors\n\n" + "\n".join(_survivors(found, reasons)) + "\n")
    if second:
        parts.append("## Survivors of the second sample\n\n" + "\n".join(_survivors(second, reasons)) + "\n")
    return "\n".join(parts)


def _limit() -> float:
    from tests.mutation.run import LIMIT

    return LIMIT


def _operators(every: Sequence[Mutant], each: str) -> str:
    names = Counter(one.operator.removeprefix("operator_") for one in every if kind(one) == each and not one.words)
    return ", ".join(f"{name} ({number:,})" for name, number in names.most_common())


def _parts(found: Sequence[Outcome], sizes: Sizes, each: str) -> dict[str, tuple[int, int, int]]:
    own = [one for one in found if kind(one.mutant) == each]
    drawn = Counter(one.mutant.module for one in own)
    noticed = Counter(one.mutant.module for one in own if one.noticed)
    return {name: (sizes[each, name], drawn[name], noticed[name]) for name in sorted(drawn)}


def _summary(found: Sequence[Outcome], sizes: Sizes, reasons: Mapping[str, str]) -> list[str]:
    lines = []
    for each in ("deciding", "passing"):
        rate, low, high = weighted(list(_parts(found, sizes, each).values()))
        own = [one for one in found if kind(one.mutant) == each]
        killed, same = _killed(own, reasons)
        of = sum(size for (one, _), size in sizes.items() if one == each)
        lines.append(
            f"**{each.capitalize()} mutants: {percent(rate)} killed** "
            f"(95 % interval {percent(low)} to {percent(high)}; {killed} of {len(own)} drawn from {of:,}; without the "
            f"{same} shown to be equivalent, {killed} of {len(own) - same} = {percent(killed / (len(own) - same))}).\n"
        )
    return lines


def _killed(own: Sequence[Outcome], reasons: Mapping[str, str]) -> tuple[int, int]:
    """How many were noticed, and how many of the others are shown to be equivalent."""
    killed = sum(one.noticed for one in own)
    return killed, sum(not one.noticed and reasons.get(one.mutant.key, "").startswith("equivalent") for one in own)


def _second(second: Sequence[Outcome], reasons: Mapping[str, str]) -> list[str]:
    """What holds of mutants that no test was written for."""
    if not second:
        return []
    killed, same = _killed(second, reasons)
    low, high = wilson(killed, len(second))
    return [
        "Survivors of these samples were looked into, and tests were written that notice them, so their rates are "
        "above that of all mutants.\n\n"
        f"**A second sample, for which no test was written: {percent(killed / len(second))} killed** (deciding "
        f"mutants; 95 % interval {percent(low)} to {percent(high)}; {killed} of {len(second)}; without the {same} "
        f"shown to be equivalent, {killed} of {len(second) - same} = {percent(killed / (len(second) - same))}).\n"
    ]


def _rows(own: Sequence[Outcome], sizes: Sizes, each: str) -> list[str]:
    rows = []
    for name, (size, drawn, noticed) in _parts(own, sizes, each).items():
        low, high = wilson(noticed, drawn)
        rows.append(
            f"| {name.removeprefix('justgeo.')} | {size:,} | {drawn} | {noticed} | {drawn - noticed} | "
            f"{percent(noticed / drawn)} | {percent(low)} – {percent(high)} |"
        )
    return rows


def _by_operator(found: Sequence[Outcome]) -> str:
    drawn = Counter(one.mutant.operator for one in found)
    noticed = Counter(one.mutant.operator for one in found if one.noticed)
    head = "## By operator\n\n| operator | drawn | killed | rate |\n| --- | ---: | ---: | ---: |\n"
    rows = [
        f"| {name.removeprefix('operator_')} | {number} | {noticed[name]} | {percent(noticed[name] / number)} |"
        for name, number in drawn.most_common()
    ]
    return head + "\n".join(rows) + "\n"


def _survivors(found: Sequence[Outcome], reasons: Mapping[str, str]) -> list[str]:
    lines = ["| mutant | in | original → mutant | why |", "| --- | --- | --- | --- |"]
    for one in found:
        if one.noticed:
            continue
        made = one.mutant
        change = " → ".join(f"`{text}`" for text in around_change(made.before, made.after)).replace("|", "\\|")
        why = reasons.get(made.key, "not yet looked into" if one.fate == "survived" else "untested: no test runs it")
        lines.append(f"| {made.key} | {made.scope or 'the module'} | {change} | {why} |")
    return lines


def around_change(before: str, after: str, beside: int = 30) -> tuple[str, str]:
    """What differs of two texts, with a little of what they have in common."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    first, last = max(0, start - beside), max(0, end - beside)
    made = (text[first : len(text) - last] for text in (before, after))
    one, other = (("…" if first else "") + text + ("…" if last else "") for text in made)
    return one, other


def _alike(one: str, other: str) -> int:
    """How many first characters are the same."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
