"""What the command line says of fetching: its progress, what a plan would fetch, what came and what did not."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from justgeo.console import failed, hint
from justgeo.core.words import wrapped

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
_KNOWN = "{desc} |{bar:20}| {percentage:3.0f} % [{elapsed}]"
_UNKNOWN = "{desc} {n_fmt}{unit} [{elapsed}]"
_LISTED = 8


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

    with tqdm(unit="B", unit_scale=True, leave=False, dynamic_ncols=True, bar_format=_UNKNOWN) as bar:
        shown = ""

        def tell(label: str, done: int, whole: int | None) -> None:
            nonlocal shown
            if label != shown:
                shown = label
                bar.reset()
                bar.set_description_str(label[:50], refresh=False)
            # Of some things pieces are counted and of others bytes: a share is true of both.
            bar.bar_format = _KNOWN if whole else _UNKNOWN
            bar.total, bar.n = whole, done
            if done in (0, whole):
                bar.refresh()
            else:
                bar.update(0)

        yield tell


def _lines() -> Tell:
    said: set[str] = set()

    def tell(label: str, done: int, whole: int | None) -> None:
        if label not in said:
            said.add(label)
            hint(f"fetching {label}")

    return tell


def plan(found: Plan, settings: RunConfig) -> list[str]:
    """What would be fetched, from where, how large.

    Returns
    -------
    list of str
        Lines for a screen; none where nothing is fetched.
    """
    return [] if settings.fetch is None else [*_things(found, settings), *_key(found, settings)]


def _key(found: Plan, settings: RunConfig) -> list[str]:
    """The commonest thing in the way, said before it is met."""
    from justgeo.sources.live.keys import SIGN_UP, census_key

    wanted = settings.fetch is not None and settings.fetch.census and "acs" not in settings.layers
    ahead = bool(found.until) or any(t.label.startswith("acs ") and t.state != "recorded" for t in found.things)
    if not (wanted and ahead) or census_key() is not None:
        return []
    return wrapped(f"No Census key was found: without one no survey table comes. It is free: {SIGN_UP}", " " * 4)


def _things(found: Plan, settings: RunConfig) -> list[str]:
    lines = ["", "From public services, under [fetch]:"]
    for (service, _), things in _by_service(found.things).items():
        lines += wrapped(f"  {service}, {_place([thing.where for thing in things])}", " " * 4)
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
    rest = ", and what comes then" if found.until else ""
    lines += wrapped(f"To be fetched: about {known:,.0f} MB{also}{rest}. Next: justgeo fetch {settings.path}", " " * 4)
    return lines


def _by_service(things: Sequence[Planned]) -> dict[tuple[str, str], list[Planned]]:
    """Things of one service at one host."""
    found: dict[tuple[str, str], list[Planned]] = {}
    for thing in things:
        found.setdefault((thing.service, urlsplit(thing.where).netloc), []).append(thing)
    return found


def _place(addresses: Sequence[str]) -> str:
    """What some addresses of one host have in common, up to a slash."""
    first, *others = (address.split("/") for address in dict.fromkeys(addresses))
    if not others:
        return "/".join(first)
    steps = zip(first, *others, strict=False)
    return "/".join(step[0] for step in itertools.takewhile(lambda step: len(set(step)) == 1, steps))


def _grouped(things: Sequence[Planned]) -> list[str]:
    """One line a thing; survey tables of one state of affairs are one line."""
    lines: list[str] = []
    tables: dict[tuple[str, str], list[Planned]] = {}
    for thing in things:
        if thing.label.startswith("acs "):
            year = thing.label.partition("@")[2]
            tables.setdefault((year, thing.state), []).append(thing)
        else:
            lines.append(f"{thing.label}{_size(thing.megabytes)}: {_STATES[thing.state]}")
    for (year, state), group in tables.items():
        sizes = [thing.megabytes for thing in group if thing.megabytes is not None]
        what = "1 survey table" if len(group) == 1 else f"{len(group)} survey tables"
        lines.append(f"{what} of {year}{_size(sum(sizes) if sizes else None)}: {_STATES[state]}")
    return lines


def _size(megabytes: float | None) -> str:
    if megabytes is None:
        return " (size not known)"
    return f" ({megabytes:,.0f} MB)" if megabytes >= 1 else " (under 1 MB)"


def report(done: FetchReport) -> list[str]:
    """What came, what was there, and what could not be had, with what to do.

    Returns
    -------
    list of str
        Lines for a screen.
    """
    size = f"{sum(done.fetched.values()) / _MEGA:,.1f} MB"
    what = "1 thing" if len(done.fetched) == 1 else f"{len(done.fetched)} things"
    lines = [
        done.name,
        f"  {what} fetched ({size}), {len(done.found)} recorded before",
        f"  kept in {done.folder}",
        *failed(done.failures),
    ]
    lines += [f"  not to be had: {names}: {why}" for why, names in _absent(done).items()]
    if done.stopped:
        lines.append(f"  {done.stopped}")
    if done.failures:
        lines.append("  What came is kept. Fetch again for the rest, or run with what there is.")
    return [piece for line in lines for piece in wrapped(line, "      ")]


def _absent(done: FetchReport) -> dict[str, str]:
    """Names of layers that no service has for the place, by the reason; what failed is told elsewhere."""
    failures = {failure.message for failure in done.failures.values()}
    found: dict[str, list[str]] = {}
    for name, why in done.absent.items():
        if why not in failures:
            found.setdefault(why, []).append(name)
    return {
        why: ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
        for why, names in found.items()
    }
