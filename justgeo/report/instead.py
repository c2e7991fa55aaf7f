"""What a larger area reports in place of a number that is withheld: told beside the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from justgeo.report import speech, spoken, words
from justgeo.report.reader import Reader, Record
from justgeo.report.spoken import tell


def instead(record: Record | None, reader: Reader) -> str:
    """``in Nowhere County it is 23% ± 1 points``; empty where the number is not withheld, or no larger area has one."""
    found = _other(record, reader)
    return "" if found is None else tell("in {area} it is {number}", area=found[0], number=found[1])


def of_groups(named: Iterable[tuple[str, Record | None]], reader: Reader) -> list[str]:
    """The same for groups without a number, by their labels: one sentence for each larger area.

    ``In Nowhere County it is 23% ± 1 points.`` of a lone group, else ``In Nowhere County: Asian 23% ± 1 points; ...``
    """
    found: dict[str, list[tuple[str, str]]] = {}
    groups = list(named)
    for label, record in groups:
        other = _other(record, reader)
        if other is not None:
            found.setdefault(other[0], []).append((label, other[1]))
    told = []
    for area, numbers in found.items():
        if len(groups) == 1:
            told.append(tell("In {area} it is {number}.", area=area, number=numbers[0][1]))
        else:
            every = spoken.join("; ", (tell("{label} {number}", label=one, number=n) for one, n in numbers))
            told.append(tell("In {area}: {numbers}.", area=area, numbers=every))
    return told


def _other(record: Record | None, reader: Reader) -> tuple[str, str] | None:
    """Name of the larger area, and its number with its margin."""
    told: Mapping[str, Any] = {} if record is None else record.get("instead") or {}
    if record is None or not told:
        return None
    number = reader.records.get((record["indicator"], told["zone"], record["group"]))
    names = {zone["id"]: zone["name"] for zone in reader.results["zones"]}
    if number is None or number["value"] is None:
        return None
    # A name is of no language; that of a tract is told.
    return speech.translated(names[told["zone"]])[0], words.told(number)
