"""The error budget of each indicator beyond its margin: age of the sources, what the map lacks, how a grid reads.

Told apart and never added into a margin: they are no random errors, and nobody knows their size for one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from justgeo.catalogue.read import LayerWord
from justgeo.core.budget import Age, Bias, Budget, Kept
from justgeo.core.layer import Provenance
from justgeo.core.result import Indicator, Record
from justgeo.indicators import completeness
from justgeo.indicators.place import DATA, Place

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
EVERYONE = "all"
TABLES = ("acs:", DATA, "table:")
OF_TWO_SURVEYS = frozenset({"acs_change", "vulnerability", "market_pressure"})
"""Fields for which the earlier survey is the measure itself, and no old source."""


def budgets(
    rows: Sequence[Indicator], place: Place, records: Iterable[Record], words: Mapping[str, LayerWord]
) -> tuple[Budget, ...]:
    """What is known of each indicator's errors beyond its margin.

    Parameters
    ----------
    rows : sequence of Indicator
    place : Place
    records : iterable of Record
        Their layers say what an indicator stands on.
    words : mapping of str to LayerWord
        The vocabulary's layers.

    Returns
    -------
    tuple of Budget
        One for each indicator that has a number somewhere, in the order of the rows.
    """
    by: dict[str, dict[str, Record]] = {}
    used: dict[str, set[str]] = {}
    for record in records:
        if record.value is not None or record.text is not None:
            used.setdefault(record.indicator, set()).update(record.layers)
        if record.group == EVERYONE:
            by.setdefault(record.indicator, {})[record.zone] = record
    return tuple(_budget(row, sorted(used[row.id]), place, by.get(row.id, {}), words) for row in rows if row.id in used)


def _budget(
    row: Indicator, layers: Sequence[str], place: Place, records: Mapping[str, Record], words: Mapping[str, LayerWord]
) -> Budget:
    kept = {name: words[name].kept for name in layers if name in words}
    signs = [
        one for name, told in kept.items() if told.volunteered for one in completeness.signs(name, told, place, records)
    ]
    provenances = {name: place.layers[name].provenance for name in layers}
    biases = [bias(provenances[name], kept[name]) for name in kept if words[name].kind == "grid"]
    aged = {name: one for name, one in provenances.items() if _ages(name, row, place, words)}
    return Budget(row.id, age(aged, place.years["t1"]), tuple(signs), tuple(biases))


def _ages(name: str, row: Indicator, place: Place, words: Mapping[str, LayerWord]) -> bool:
    """Whether the period of a layer matters to an indicator: not that of an outline, nor of the other survey."""
    if name.startswith(TABLES):
        earlier = place.years.get("t0")
        return not (row.field in OF_TWO_SURVEYS and earlier is not None and name.endswith(f"@{earlier}"))
    return name in words and words[name].kept.ages


def years(vintage: str) -> tuple[int, int] | None:
    """First and last year of a period in words (``June to August of 2022-2024``); None where no year is told."""
    found = sorted(int(year) for year in _YEAR.findall(vintage))
    return (found[0], found[-1]) if found else None


def age(layers: Mapping[str, Provenance], survey: int) -> Age:
    """Age of some sources, by the last years of the periods that they speak of.

    Of layers of one year the first by name stands for all.
    """
    told = {name: years(one.vintage) for name, one in sorted(layers.items())}
    last = {name: period[1] for name, period in told.items() if period is not None}
    silent = tuple(name for name, period in told.items() if period is None)
    if not last:
        return Age(survey, not_stated=silent)
    oldest, newest = min(last, key=lambda name: last[name]), max(last, key=lambda name: last[name])
    return Age(survey, oldest, newest, last[oldest], last[newest], silent)


def bias(layer: Provenance, kept: Kept) -> Bias:
    """How a grid is known to read: what is published of its product, if that is one of which something is."""
    named = f"{layer.source} {layer.dataset} {layer.url}".lower()
    for word, one in kept.biases.items():
        if word.lower() in named and not layer.synthetic:
            return one
    return Bias(layer.layer, "unknown", kept.no_bias)
