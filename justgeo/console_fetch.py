"""What the command line says of fetching: its progress, what a plan would fetch, what came and what did not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from justgeo.console import wrapped

if TYPE_CHECKING:
    from justgeo.config import RunConfig
    from justgeo.fetching import FetchReport, Plan, Planned

Tell = Callable[[str, int, int | None], None]

_STATES = {
    "recorded": "at hand",
    "stale": "fetched before, for another boundary or catalogue: to be fetched again",
    "to fetch": "to be fetched",
    "damaged": "damaged on disk: to be fetched again",
}
_MEGA = 1_000_000


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Tell]:
    """Say what is being fetched: a bar on a terminal, a line for each thing elsewhere.

    Yields
    ------
    callable
        Takes a label, what is done of it and what there is in all, None where nobody knows.
    """
    if quiet:
        yield lambda label, done, whole: None
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True, leave=False, dynamic_ncols=True) as bar:
        shown = ""

        def tell(label: str, done: int, whole: int | None) -> None:
            nonlocal shown
            if label != shown:
                shown = label
                bar.reset(total=whole)
                bar.set_description_str(label[:50])
            bar.total, bar.n = whole, done
            bar.refresh() if done == whole else bar.update(0)

        yield tell


def _lines() -> Tell:
    said: set[str] = set()

    def tell(label: str, done: int, whole: int | None) -> None:
        if label not in said:
            said.add(label)
            sys.stderr.write(f"fetching {label}\n")
            sys.stderr.flush()

    return tell


def plan(found: Plan, settings: RunConfig) -> list[str]:
    """What would be fetched, from where, how large."""
    if settings.fetch is None:
        return []
    lines = ["", "From public services, under [fetch]:"]
    for where, things in _by_service(found.things):
        lines += wrapped(f"  {where}", " " * 4)
        for thing in _grouped(things):
            lines += wrapped(f"    {thing}", " " * 8)
    if found.until:
        lines += wrapped(f"  {found.until}", " " * 4)
    ahead = [thing for thing in found.things if thing.state != "recorded"]
    if not ahead and not found.until:
        return [*lines, "Everything is recorded: a run needs no network."]
    known = sum(thing.megabytes or 0 for thing in ahead)
    unknown = sum(thing.megabytes is None for thing in ahead)
    also = f" and {unknown} of unknown size" if unknown else ""
    lines += wrapped(f"To be fetched: about {known:,.0f} MB{also}. Next: justgeo fetch {_short(settings)}", " " * 4)
    return lines


def _short(settings: RunConfig) -> str:
    return str(settings.path)


def _by_service(things: Sequence[Planned]) -> list[tuple[str, list[Planned]]]:
    found: dict[str, list[Planned]] = {}
    for thing in things:
        found.setdefault(f"{thing.service}, {thing.where}", []).append(thing)
    return list(found.items())


def _grouped(things: Sequence[Planned]) -> list[str]:
    """One line a thing; survey tables of one state of affairs are one line."""
    lines, tables = [], {}  # type: list[str], dict[tuple[str, str], list[Planned]]
    for thing in things:
        if thing.label.startswith("acs "):
            year = thing.label.partition("@")[2]
            tables.setdefault((year, thing.state), []).append(thing)
        else:
            lines.append(f"{thing.label}{_size(thing.megabytes)}: {_STATES[thing.state]}")
    for (year, state), group in tables.items():
        size = sum(thing.megabytes or 0 for thing in group)
        lines.append(f"{len(group)} survey tables of {year}{_size(size)}: {_STATES[state]}")
    return lines


def _size(megabytes: float | None) -> str:
    if megabytes is None:
        return " (size not known)"
    return f" ({megabytes:,.0f} MB)" if megabytes >= 1 else " (under 1 MB)"


def report(done: FetchReport) -> list[str]:
    """What came, what was there, and what could not be had, with what to do."""
    size = f"{sum(done.fetched.values()) / _MEGA:,.1f} MB"
    lines = [
        done.name,
        f"  {len(done.fetched)} things fetched ({size}), {len(done.found)} recorded before",
        f"  kept in {done.folder}",
    ]
    for why, labels in _failed(done).items():
        lines.append(f"  could not be fetched: {labels}")
        lines.append(f"    {why[0]}")
        lines.append(f"    what to do: {why[1]}")
    for name, why_not in done.absent.items():
        if not any(why_not == failure.message for failure in done.failures.values()):
            lines.append(f"  not to be had: {name}: {why_not}")
    if done.stopped:
        lines.append(f"  {done.stopped}")
    if done.failures:
        lines.append("  What came is kept. Fetch again for the rest, or run with what there is.")
    return [piece for line in lines for piece in wrapped(line, "      ")]


def _failed(done: FetchReport) -> dict[tuple[str, str], str]:
    """Labels by what went wrong with them: thirty tables without a key are one trouble."""
    found: dict[tuple[str, str], list[str]] = {}
    for label, failure in done.failures.items():
        found.setdefault((failure.message, failure.remedy), []).append(label)
    return {
        why: ", ".join(labels[:4]) + (f" and {len(labels) - 4} more" if len(labels) > 4 else "")
        for why, labels in found.items()
    }
