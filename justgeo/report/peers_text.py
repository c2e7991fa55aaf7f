"""One district among the others of a batch: ``peers.md`` and ``peers.csv``, for analysts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo.measure.peers import NEAREST
from justgeo.measure.percentiles import FEWEST
from justgeo.report import origins, tables, words, write
from justgeo.report.document import Block, Heading, Para, Table
from justgeo.report.markdown import markdown
from justgeo.report.results import DISCLAIMER, INVENTED, number

MAKER = "justgeo compare --with"
FILES = ("peers.md", "peers.csv", "manifest.json")
COLUMNS = (
    "for_analysts", "place", "invented", "indicator", "title", "category", "value", "moe", "unit", "text",
    "reliability", "reason", "vintage", "percentile", "percentile_low", "percentile_high", "others_with_number",
    "others", "percentile_reason", "peers_median", "peers_median_low", "peers_median_high", "peers_with_number",
    "beside", "peers",
)  # fmt: skip
"""Columns of ``peers.csv``; ``percentile`` and its ends are shares of the other districts, 0 to 1."""

FOR_ANALYSTS = (
    "For analysts alone: where the numbers of one district stand among those of others. No ranking of neighbourhoods: "
    "on no public page, and no measure of what a place or its people are worth."
)
METHOD = (
    "A percentile is the share of the other districts with a lower number, equal ones counted half; each counts once. "
    "In brackets are the percentiles of the number less and plus its margin of error (90 % confidence). High is "
    "neither good nor bad. The errors of the others spread them a little farther apart than they are. Numbers that are "
    f"withheld are on neither side; of fewer than {FEWEST} others, and of a number that is too uncertain, no "
    "percentile is told."
)
NEAR = (
    f"The {NEAREST} others nearest in people and in people per square kilometre, both as logarithms and divided by "
    "their standard deviation among the others (our choice). Nothing else was looked at: they may differ in all else."
)
MIDDLE = (
    "The peers' median is of those that have a number; in brackets is the median of their numbers less and plus their "
    "margins. A difference from it is no finding: nobody tested it."
)
_WIDTHS = (0.26, 0.2, 0.1, 0.16, 0.16, 0.12)
_HEADER = ("Indicator", "Here, with its margin", "Years", "Percentile (by its margin)", "Peers' median", "Beside it")


def write_all(folder: Path, content: Mapping[str, Any]) -> list[Path]:
    """Write the text and the table: both or nothing.

    Parameters
    ----------
    folder : Path
    content : mapping
        As `justgeo.peers.content` makes it.

    Raises
    ------
    OutputError
        The folder cannot be written or holds something else.
    """
    bodies = {
        "peers.md": markdown(document(content)),
        "peers.csv": tables.csv_bytes(_lines(content), COLUMNS),
    }
    return write.put(folder, FILES, lambda part: write.sealed(part, bodies, MAKER), MAKER)


def document(content: Mapping[str, Any]) -> list[Block]:
    """Everything that ``peers.md`` says, in order."""
    rows = content["rows"]
    return [
        Para(FOR_ANALYSTS, "warning"),
        Heading(1, f"{content['name']} among {content['others']:,} other districts"),
        *([Para(INVENTED, "warning")] if content["invented"] else []),
        Para(f"{DISCLAIMER} {METHOD}"),
        *(Para(note) for note in content["notes"]),
        *_peers(content),
        *(block for key, inside in words.by_category(rows) for block in _category(content, key, inside)),
        *_without(rows),
        *_sources(content["layers"]),
    ]


def _peers(content: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading(2, "Nearest peers")
    if not content["peers"]:
        yield Para(f"There are none: {content['no_peers']}.")
        return
    yield Para(NEAR)
    people, km2 = content["residents"], content["area_km2"]
    here = {"name": content["name"], "residents": people, "area_km2": km2, "density": people / km2}
    lines = tuple(
        (one["name"], f"{one['residents']:,.0f}", f"{one['area_km2']:,.2f}", f"{one['density']:,.0f}")
        for one in (here, *content["peers"])
    )
    header = ("District", "Residents, by the census blocks", "Land and water, km²", "Residents per km²")
    yield Table(header, lines, (0.4, 0.2, 0.2, 0.2))
    yield Para(MIDDLE)


def _category(content: Mapping[str, Any], key: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    shown = [row for row in rows if row["standing"] is not None]
    if shown:
        vintages = {layer["id"]: layer for layer in content["layers"]}
        yield Heading(2, words.category_title(key))
        yield Table(_HEADER, tuple(tuple(_cells(row, vintages)) for row in shown), _WIDTHS)


def _cells(row: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    record, standing, middle = row["record"], row["standing"], row["middle"]
    yield row["title"]
    yield words.told(record)
    yield _years(record, layers)
    if standing["value"] is None:
        yield f"not told: {standing['reason']}"
    else:
        yield f"{_percent(standing['value'])} ({_percent(standing['low'])} to {_percent(standing['high'])})"
    yield "–" if middle is None else _middle(middle, record["unit"])
    yield row["beside"]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _middle(middle: Mapping[str, Any], unit: str) -> str:
    low, high = middle["low"], middle["high"]
    half = None if low is None else (high - low) / 2.0
    ends = (
        "margins not known" if low is None else " to ".join(words.figure(v, unit, half, bare=True) for v in (low, high))
    )
    few = "" if middle["n"] == NEAREST else f"; {middle['n']} peers have a number"
    return f"{words.figure(middle['value'], unit, half)} ({ends}{few})"


def _years(record: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> str:
    return origins.period([layers[layer] for layer in record["layers"] if layer in layers])


def _without(rows: Iterable[Mapping[str, Any]]) -> Iterator[Block]:
    """Rows without a number here, by their reason."""
    by: dict[str, list[str]] = {}
    for row in rows:
        if row["standing"] is None:
            by.setdefault(str(row["record"]["reason"]), []).append(row["title"])
    if by:
        yield Heading(2, "Without a number here")
        yield Table(("Why", "Indicators"), tuple((why, "; ".join(titles)) for why, titles in by.items()), (0.4, 0.6))


def _sources(layers: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    if layers:
        terms = {one["attribution"] for one in layers if one["attribution"]} | set(origins.notices(layers))
        yield Heading(2, "Sources")
        yield Para(f"{origins.told(layers)}.")
        yield from (Para(one, "small") for one in sorted(terms))


def _lines(content: Mapping[str, Any]) -> Iterator[list[Any]]:
    invented = INVENTED if content["invented"] else ""
    layers = {layer["id"]: layer for layer in content["layers"]}
    peers = "; ".join(
        f"{one['name']} ({one['residents']:,.0f} residents, {one['density']:,.0f} per km²)" for one in content["peers"]
    )
    for row in content["rows"]:
        record, standing, middle = row["record"], row["standing"] or {}, row["middle"] or {}
        vintage = origins.vintage([layers[layer] for layer in record["layers"] if layer in layers])
        told = [record[name] for name in ("text", "reliability", "reason")]
        yield [
            FOR_ANALYSTS, content["name"], invented, row["id"], row["title"], words.category_title(row["category"]),
            record["value"], record["moe"], record["unit"], *told, vintage,
            *(_number(standing.get(name), row) for name in ("value", "low", "high")), standing.get("others"),
            content["others"], standing.get("reason"),
            *(_number(middle.get(name), row) for name in ("value", "low", "high")), middle.get("n"),
            row["beside"], peers,
        ]  # fmt: skip


def _number(value: float | None, row: Mapping[str, Any]) -> float | None:
    return number(value, f"{row['id']} among its peers")


def summary(content: Mapping[str, Any], folder: Path) -> list[str]:
    """A few lines for the screen: how much can be told, and where to look."""
    placed = sum(row["standing"] is not None and row["standing"]["value"] is not None for row in content["rows"])
    lines = ["INVENTED: these places do not exist; nothing here is true of any place"] if content["invented"] else []
    lines.append(f"{content['name']} among {content['others']:,} other districts, for analysts alone")
    lines.append(f"  {placed} of {len(content['rows'])} indicators have a percentile; the others say why not")
    near = ", ".join(one["name"] for one in content["peers"])
    lines.append(f"  nearest in people and density: {near}" if near else f"  no peers: {content['no_peers']}")
    return [*lines, *(f"  {note}" for note in content["notes"]), f"look at {folder / 'peers.md'}"]
