"""Which indicators have a value for a place, and why the others have none: what the checklist stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from justgeo.core.result import Indicator, Record

EVERYONE = "all"


@dataclass(frozen=True)
class Finding:
    """What is known of a set of indicators.

    Attributes
    ----------
    measured : tuple of str
        Ids.
    absent : tuple of (str, str)
        Titles, with the reason.
    """

    measured: tuple[str, ...]
    absent: tuple[tuple[str, str], ...]

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
        self._records = {r.indicator: r for r in records if r.zone == zone and r.group == EVERYONE}

    def find(self, rows: Iterable[Indicator]) -> Finding:
        """What is known of some indicators."""
        measured: list[str] = []
        lacking: list[tuple[str, str]] = []
        for row in rows:
            record = self._records.get(row.id)
            if record is not None and (record.value is not None or record.text is not None):
                measured.append(row.id)
            else:
                lacking.append((row.title, self._why(row, record)))
        return Finding(tuple(measured), tuple(lacking))

    def _why(self, row: Indicator, record: Record | None) -> str:
        if record is not None and record.reason:
            return record.reason
        return next((self._absent[name] for name in row.inputs if name in self._absent), "not computed in this run")
