"""What the command line says: progress of a run, what a plan found, where to look. ``cli.py`` prints it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from justgeo.catalogue import read as catalogue
from justgeo.core.quality import STATUSES
from justgeo.core.words import WIDTH as WIDTH
from justgeo.core.words import wrapped as wrapped

if TYPE_CHECKING:
    from justgeo.config import RunConfig
    from justgeo.core.errors import SourceError
    from justgeo.core.result import Indicator
    from justgeo.run import PlanRow, RunReport

Tell = Callable[[str], None]

FIRST = ("blocks", "block_groups", "tracts", "acs", "osm")
"""What to fetch first: with these most of the catalogue is measured."""

_STAGES = {"page": "writing", "fetch": "fetching"}
_CENSUS_SHAPES = ("block_groups", "tracts")


@contextmanager
def progress(place: str, *, quiet: bool = False) -> Iterator[Tell]:
    """Say what is being done: a bar on a terminal, a line for each stage elsewhere.

    Parameters
    ----------
    place : str
        Shown before each message.
    quiet : bool
        Say nothing.

    Yields
    ------
    callable
        Takes the name of a layer, the id of an indicator, or ``"page"``.
    """
    if quiet:
        yield lambda what: None
        return
    if not sys.stderr.isatty():
        yield _stages(place)
        return
    from tqdm import tqdm

    titles = {row.id: row.title for row in catalogue.indicators()}
    with tqdm(total=None, bar_format="{desc} [{elapsed}]", leave=False, dynamic_ncols=True) as bar:
        bar.set_description_str(f"{place}: getting ready")

        def tell(what: str) -> None:
            if what in titles and bar.total is None:
                bar.bar_format = "{desc} |{bar:20}| {n_fmt}/{total_fmt} [{elapsed}]"
                bar.reset(total=len(titles))
            bar.set_description_str(f"{place}: {doing(what, titles)}"[:70], refresh=False)
            bar.update(what in titles)
            bar.refresh()

        yield tell


@contextmanager
def counties(*, quiet: bool = False) -> Iterator[tuple[Tell, Tell]]:
    """Say which counties of a batch are done, a line each; on a terminal also what is being done just now.

    Yields
    ------
    callable, callable
        The first takes such a line; the second the name of a layer or the id of an indicator.
    """

    def silent(what: str) -> None:
        """For ``--quiet``, and for steps in a log."""

    if quiet:
        yield silent, silent
        return
    if not sys.stderr.isatty():

        def line(said: str) -> None:
            hint(f"batch: {said}")

        yield line, silent
        return
    from tqdm import tqdm

    titles = {row.id: row.title for row in catalogue.indicators()}
    with tqdm(total=None, bar_format="{desc} [{elapsed}]", leave=False, dynamic_ncols=True) as bar:
        bar.set_description_str("batch: getting ready")
        yield (
            lambda said: tqdm.write(f"batch: {said}", file=sys.stderr),
            lambda what: bar.set_description_str(f"batch: {doing(what, titles)}"[:70]),
        )


def hint(line: str) -> None:
    """A line of progress. Whoever read it may have gone (`justgeo run ... 2>&1 | head`): that ends no run."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _stages(place: str) -> Tell:
    """One line for each stage, for logs."""
    ids = {row.id for row in catalogue.indicators()}
    said: list[str] = []

    def tell(what: str) -> None:
        stage = "measuring" if what in ids else _STAGES.get(what, "reading layers")
        if stage not in said:
            said.append(stage)
            hint(f"{place}: {stage}")

    return tell


def doing(what: str, titles: Mapping[str, str]) -> str:
    """A step in words: ``"walk"`` is ``"reading walkable network"``."""
    if what in titles:
        return f"measuring {titles[what]}"
    if what == "page":
        return "writing the page and the tables"
    if what == "fetch":
        return "looking for what was fetched, fetching what was not"
    if what.startswith("acs:"):
        return f"reading survey table {what[4:].replace('@', ', ')}"
    word = catalogue.layers().layers.get(what)
    return f"reading {word.title if word is not None else what.replace('_', ' ')}"


def report(done: RunReport) -> list[str]:
    """What a run did and where to look."""
    lines = [done.name]
    if done.synthetic:
        lines.append("  INVENTED: this place does not exist; nothing here is true of any place")
    lines.append(f"  {done.n_measured} figures of the district measured, {done.n_absent} absent with their reason")
    lines += _checked(done)
    lines += failed(done.failures)
    if not done.n_measured and not done.failures:
        lines += _first()
    elif done.absent_layers:
        lines.append("  not at hand: " + ", ".join(_grouped(done.absent_layers)))
    if done.analysts:
        lines.append(f"  {done.analysts}")
    lines += [f"  answers: {one}" for one in done.answers]
    lines.append(f"  look at {done.folder / 'index.html'}")
    return [piece for line in lines for piece in wrapped(line, "    ")]


def _checked(done: RunReport) -> list[str]:
    """How many checks of the data hold; nothing where none was made."""
    odd, holds, unknown = (done.checks.get(status, 0) for status in STATUSES)
    if not odd + holds + unknown:
        return []
    look = f": look at {done.folder / 'quality.html'} before you show the numbers" if odd else ""
    return [f"  checks of the data: {holds} hold, {odd} odd, {unknown} could not be made{look}"]


def candidates(made: Mapping[str, Any], folder: Path) -> list[str]:
    """Candidate boundaries in a few lines each, and where to look."""
    lines = []
    if made["synthetic"]:
        lines.append("INVENTED: these places do not exist; nothing here is true of any place")
    for side in made["candidates"]:
        people = "not known" if side["residents"] is None else f"{side['residents']:,.0f}"
        cut = side["split"]["block group"]
        told = "not known" if cut is None else f"{100 * cut:.0f}%"
        lines.append(side["label"])
        lines.append(f"  {people} residents on {side['area_km2']:,.2f} km²; {told} in block groups that the line cuts")
        lines.append(f"  {side['measured']} of {len(made['rows'])} indicators; held against {side['reference']}")
    lines += made["notes"]
    lines.append(f"look at {folder / 'compare.html'}")
    return [piece for line in lines for piece in wrapped(line, "    ")]


def failed(failures: Mapping[str, SourceError]) -> list[str]:
    """What could not be fetched, why, and what to do; thirty tables without a key are one trouble."""
    found: dict[tuple[str, str], list[str]] = {}
    for label, failure in failures.items():
        found.setdefault((failure.message.removeprefix(label).strip(), failure.remedy), []).append(label)
    lines = []
    for (message, remedy), labels in found.items():
        more = f" and {len(labels) - 4} more" if len(labels) > 4 else ""
        lines.append(f"  could not be had: {'; '.join(labels[:4])}{more}")
        lines += [f"    {message}", f"    what to do: {remedy}"]
    return lines


def _first() -> list[str]:
    words = catalogue.layers().layers
    lines = ["  Nothing could be measured with the layers at hand. What to add to [layers] first:"]
    return lines + [f"    {name}: {words[name].title}" for name in FIRST]


def _grouped(names: Iterable[str]) -> list[str]:
    """Layers with the survey's tables as one: ``acs:B25003@2024`` and its like are ``acs 2024``."""
    return list(dict.fromkeys(_group(name) for name in names))


def _group(name: str) -> str:
    return f"acs {name.partition('@')[2]}".strip() if name.startswith("acs:") else name


def plan(rows: Sequence[PlanRow], settings: RunConfig) -> list[str]:
    """What a run would read, what is missing and what that costs, and what would stop it.

    Parameters
    ----------
    rows : sequence of PlanRow
        From ``run.plan``.
    settings : RunConfig
        Of the same district.
    """
    groups: dict[str, list[PlanRow]] = {}
    for row in rows:
        groups.setdefault(_group(row.layer), []).append(row)
    here = {name: group for name, group in groups.items() if group[0].present}
    gone = {name: group for name, group in groups.items() if not group[0].present}
    lines = [f"{settings.name}: what a run would read", "", *_place(settings)]
    for name, group in here.items():
        tables = f" ({len(group)} tables)" if len(group) > 1 else ""
        how = f"fetched: {group[0].source}" if group[0].fetched else _short(group[0].source, settings)
        lines += _entry(" ", name, how + tables)
    for table in settings.tables:
        given = ", ".join(dict.fromkeys(column.indicator for column in table.columns))
        lines += _entry(" ", "your table", f"{_short(str(table.spec.path), settings)} ({given})")
    if gone:
        lines += ["", "Missing (!), and what each would give:"]
    for name, group in gone.items():
        lines += _missing(name, group, settings)
    return [*lines, "", *_summary(rows, settings)]


def _short(path: str, settings: RunConfig) -> str:
    """A path as ``district.toml`` names it, where it lies beside it."""
    try:
        return Path(path).relative_to(settings.base).as_posix()
    except ValueError:
        return path


def _place(settings: RunConfig) -> list[str]:
    invented = "made with the invented county" if settings.invented_seed is not None else ""
    boundary = settings.boundary.get("file") or settings.boundary_label or invented
    reference = settings.reference_name or ", ".join(settings.reference_geoids)
    if settings.reference_file:
        reference = str(settings.reference_file.get("file", reference))
    return [
        *_entry(" ", "boundary", str(boundary)),
        *_entry(" ", "reference", reference or "the county that the district lies in"),
    ]


def _entry(mark: str, name: str, text: str) -> list[str]:
    return wrapped(f"{mark} {name:<14} {text}", " " * 17)


def _missing(name: str, group: Sequence[PlanRow], settings: RunConfig) -> list[str]:
    words = catalogue.layers().layers
    word = words.get("acs" if name.startswith("acs") else name)
    lines = _entry("!", name, f"{group[0].reason}" + (f"; it would give {word.asks}" if word is not None else ""))
    lost = _lost({row.layer.partition("@")[0] for row in group}, settings)
    if lost:
        lines += wrapped(f"{'':17}absent without it: {_families(lost)}", " " * 19)
    if name.startswith("acs"):
        tables = ", ".join(sorted(row.layer[4:].partition("@")[0] for row in group))
        lines += wrapped(f"{'':17}tables: {tables}", " " * 19)
    return lines


def _lost(layers: set[str], settings: RunConfig) -> list[Indicator]:
    """Rows that cannot be measured without any of these layers, less those that a planner's own table gives."""
    own = _from_tables(settings)
    return [row for row in catalogue.indicators() if layers & set(row.inputs) and row.id not in own]


def _from_tables(settings: RunConfig) -> set[str]:
    return {column.indicator for table in settings.tables for column in table.columns if column.group == "all"}


def _families(rows: Sequence[Indicator]) -> str:
    """Ids, in one word where a whole family goes: ``WEL-04`` for ``WEL-04.800``, ``WEL-04.500``, ``WEL-04.300``."""
    ids = {row.id for row in rows}
    kept = {_family(row.id) for row in catalogue.indicators() if row.id not in ids}
    return ", ".join(dict.fromkeys(one.id if _family(one.id) in kept else _family(one.id) for one in rows))


def _family(indicator: str) -> str:
    return indicator.partition(".")[0]


def _summary(rows: Sequence[PlanRow], settings: RunConfig) -> list[str]:
    named = [row.source for row in rows if row.present and not row.fetched]
    named += [str(table.spec.path) for table in settings.tables]
    if "file" in settings.boundary:
        named.append(str(settings.base / settings.boundary["file"]))
    stops = sorted({_short(path, settings) for path in named if not Path(path).exists()})
    if stops:
        said = f"A run would stop: there is no {' and no '.join(stops)}. Mend the path or take the line out."
        return wrapped(said, "")
    present = {row.layer.partition("@")[0] for row in rows if row.present}
    own = _from_tables(settings)
    ready = [row for row in catalogue.indicators() if row.id in own or _ready(row, present)]
    whole = len(catalogue.indicators())
    absent = f"{whole - len(ready)} will be absent, with the reason"
    once = " once all is fetched" if any(row.fetched for row in rows) else ""
    lines = [f"{len(ready)} of {whole} indicators have their layers{once}; {absent}."]
    if not ready:
        lines += ["A run would draw the map and the checklist, without a figure. Begin with:", *_first()[1:]]
    return lines


def _ready(row: Indicator, present: set[str]) -> bool:
    """All inputs at hand; a survey table also wants the shapes that its rows stand for."""
    surveyed = any(name.startswith("acs:") for name in row.inputs)
    return present.issuperset(row.inputs) and (not surveyed or bool(present & set(_CENSUS_SHAPES)))
