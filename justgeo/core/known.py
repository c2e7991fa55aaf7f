"""Which indicators have a value for a place, and why the others have none: what the checklist stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from justgeo.core.result import Indicator, Record

EVERYONE = "all"
OF_THE_REGION = "it is told of the reference area as a whole: inside a part of it, it would say little"
"""Why the district has no number of what is told of its reference alone."""


@dataclass(frozen=True)
class Finding:
    """What is known of a set of indicators.

    Attributes
    ----------
    measured : tuple of str
        Ids.
    absent : tuple of (str, str)
        Titles, with the reason.
    elsewhere : int
        How many of those that are absent are told, of the reference area alone.
    """

    measured: tuple[str, ...]
    absent: tuple[tuple[str, str], ...]
    elsewhere: int = 0

    @property
    def why(self) -> str:
        """Reasons, each once; beside each what lacks, where it is not everything that was asked."""
        by_reason: dict[str, list[str]] = {}
        for title, reason in self.absent:
            by_reason.setdefault(reason, []).append(title)
        if not self.measured and len(by_reason) == 1:
            return next(iter(by_reason))
        return "; ".join(f"{_listed(titles)}: {reason}" for reason, titles in by_reason.items())


def _listed(titles: Sequence[str]) -> str:
    return " and ".join(titles) if len(titles) <= 2 else f"{len(titles)} indicators"


class Known:
    """Which indicators have a value for the zone, and why the others have none."""

    def __init__(
        self, records: Iterable[Record], indicators: Sequence[Indicator], absent: Mapping[str, str], zone: str
    ) -> None:
        self.indicators = indicators
        self._absent = {name.split("@")[0]: reason for name, reason in absent.items()}
        everybody = [r for r in records if r.group == EVERYONE]
        self._records = {r.indicator: r for r in everybody if r.zone == zone}
        self._elsewhere = {r.indicator for r in everybody if r.zone != zone and _told(r)}

    def find(self, rows: Iterable[Indicator]) -> Finding:
        """What is known of some indicators."""
        measured: list[str] = []
        elsewhere = 0
        lacking: list[tuple[str, str]] = []
        for row in rows:
            record = self._records.get(row.id)
            if record is not None and _told(record):
                measured.append(row.id)
            else:
                why = self._why(row, record)
                lacking.append((row.title, why))
                elsewhere += why == OF_THE_REGION and row.id in self._elsewhere
        return Finding(tuple(measured), tuple(lacking), elsewhere)

    def _why(self, row: Indicator, record: Record | None) -> str:
        if record is not None and record.reason:
            return record.reason
        return next((self._absent[name] for name in row.inputs if name in self._absent), "not computed in this run")


def _told(record: Record) -> bool:
    return record.value is not None or record.text is not None
