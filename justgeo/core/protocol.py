"""The Protocol's structure and the checklist: what is measured, partly, left to the community, or not measured.

Only structure is held here (how many, where, which link); the words are in ``catalogue/protocol.yml``. What is not
publicly readable is an item like any other, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from justgeo.core.errors import ConfigError
from justgeo.core.result import Indicator, Record
from justgeo.core.words import suggestion

Evidence = Literal["verified", "inferred", "unknown"]
Status = Literal["measured", "partly", "for the community", "not measured"]
Kind = Literal["baseline", "pillar", "category", "outcome", "action", "commitment"]

EVERYONE = "all"
UNPLACED = "Phase not publicly readable"
NO_NAME = "not publicly readable"


@dataclass(frozen=True)
class Question:
    """What no open data of a neighbourhood tell, and whom to ask: both in our own words."""

    ask: str
    whom: str

    @property
    def told(self) -> str:
        """In one line."""
        return f"{self.ask} (Ask {self.whom}.)"


@dataclass(frozen=True)
class Pillar:
    """A pillar, with a paraphrase of our own."""

    id: str
    name: str
    text: str
    status: Evidence
    source: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Category:
    """One of the five categories under which the commitments stand."""

    id: str
    name: str
    status: Evidence
    source: str
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class OutcomeArea:
    """One of the eleven themes that the Protocol names for itself."""

    id: str
    name: str
    status: Evidence
    source: str
    questions: tuple[Question, ...] = ()


_Theme = Pillar | Category | OutcomeArea


@dataclass(frozen=True)
class BaselineItem:
    """One thing that the baseline action asks to be documented.

    Attributes
    ----------
    absent : str
        Why it is not measured where no indicator serves it.
    partly : str
        What is still lacking when its indicators are measured; empty where nothing is.
    """

    id: str
    name: str
    status: Evidence
    source: str
    absent: str
    partly: str = ""
    note: str = ""


@dataclass(frozen=True)
class Action:
    """One of the 17 actions; ``name`` is None where it is not publicly readable, ``phase`` where that is not."""

    id: str
    name: str | None
    phase: str | None
    text: str
    question: str
    status: Evidence
    phase_status: Evidence
    source: str
    is_baseline: bool = False


@dataclass(frozen=True)
class Objective:
    """An objective from the planner's own copy of the Protocol, with the indicators that speak to it."""

    id: str
    name: str
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Commitment:
    """A commitment from the planner's own copy of the Protocol."""

    id: str
    name: str
    category: str
    source: str
    indicators: tuple[str, ...] = ()
    objectives: tuple[Objective, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """The structure as far as it is publicly readable, and the planner's own commitments if there are any."""

    name: str
    version: str
    url: str
    phases: tuple[str, ...]
    pillars: tuple[Pillar, ...]
    categories: tuple[Category, ...]
    outcomes: tuple[OutcomeArea, ...]
    baseline: tuple[BaselineItem, ...]
    actions: tuple[Action, ...]
    n_commitments: int
    n_objectives: int
    commitments: tuple[Commitment, ...] = ()

    def having(self, commitments: Iterable[Commitment]) -> Protocol:
        """The same structure with commitments from a planner's own file."""
        return replace(self, commitments=tuple(commitments))


@dataclass(frozen=True)
class ChecklistItem:
    """One line of the checklist.

    Attributes
    ----------
    phase : str or None
        For actions.
    status : str
        ``measured``, ``partly``, ``for the community`` or ``not measured``.
    reason : str or None
        Why it is not, or not wholly, measured.
    evidence : tuple of str
        Ids of the indicators that have a value for the district.
    question, answer : str or None
        What the community is asked, and what the planner's file says that it answered.
    source : str or None
        Public page on which the item can be read.
    note : str or None
        How sure its wording is.
    """

    id: str
    kind: Kind
    title: str
    phase: str | None
    status: Status
    reason: str | None
    evidence: tuple[str, ...] = ()
    question: str | None = None
    answer: str | None = None
    source: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Checklist:
    """All items: baseline, pillars, categories, outcome areas, actions, commitments."""

    items: tuple[ChecklistItem, ...]

    def having(self, kind: Kind) -> tuple[ChecklistItem, ...]:
        """Items of one kind, in order."""
        return tuple(item for item in self.items if item.kind == kind)


@dataclass(frozen=True)
class _Finding:
    """What is known of a set of indicators."""

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


class _Known:
    """Which indicators have a value for the zone, and why the others have none."""

    def __init__(
        self, records: Iterable[Record], indicators: Sequence[Indicator], absent: Mapping[str, str], zone: str
    ) -> None:
        self.indicators = indicators
        self._absent = {name.split("@")[0]: reason for name, reason in absent.items()}
        self._records = {r.indicator: r for r in records if r.zone == zone and r.group == EVERYONE}

    def find(self, rows: Iterable[Indicator]) -> _Finding:
        measured: list[str] = []
        lacking: list[tuple[str, str]] = []
        for row in rows:
            record = self._records.get(row.id)
            if record is not None and (record.value is not None or record.text is not None):
                measured.append(row.id)
            else:
                lacking.append((row.title, self._why(row, record)))
        return _Finding(tuple(measured), tuple(lacking))

    def _why(self, row: Indicator, record: Record | None) -> str:
        if record is not None and record.reason:
            return record.reason
        return next((self._absent[name] for name in row.inputs if name in self._absent), "not computed in this run")


def fill(
    protocol: Protocol,
    records: Iterable[Record],
    indicators: Sequence[Indicator],
    answers: Mapping[str, str],
    absent: Mapping[str, str],
    *,
    zone: str = "district",
) -> Checklist:
    """Hold the Protocol's items against what was measured for the district.

    Parameters
    ----------
    protocol : Protocol
        With the planner's own commitments, where there are any (``Protocol.having``).
    records : iterable of Record
        Of all zones and groups; those of ``zone`` and of everyone count. A value, or a text such as
        ``"≥ 200,000"``, is measured.
    indicators : sequence of Indicator
        The rows of the run.
    answers : mapping of str to str
        What the community said, by item id.
    absent : mapping of str to str
        Reasons by layer, for indicators without a record.

    Returns
    -------
    Checklist

    Raises
    ------
    ConfigError
        When an answer is given to an item that does not exist.
    """
    known = _Known(records, indicators, absent, zone)
    baseline = [_baseline(item, known) for item in protocol.baseline]
    themes: list[tuple[_Theme, Kind, list[Indicator]]] = [
        *((p, "pillar", [r for r in indicators if p.id in r.pillars]) for p in protocol.pillars),
        *((c, "category", [r for r in indicators if r.category == c.name]) for c in protocol.categories),
        *((o, "outcome", [r for r in indicators if o.id in r.outcomes]) for o in protocol.outcomes),
    ]
    items = [
        *baseline,
        *(_theme(theme, kind, rows, known) for theme, kind, rows in themes),
        *(_action(action, baseline, protocol) for action in protocol.actions),
        *_commitments(protocol, known),
    ]
    _refuse_unknown(answers, [item.id for item in items])
    return Checklist(tuple(_answered(item, answers.get(item.id)) for item in items))


def _baseline(item: BaselineItem, known: _Known) -> ChecklistItem:
    rows = [row for row in known.indicators if item.id in row.baseline]
    found = known.find(rows)
    if not found.measured:
        status: Status = "not measured"
        reason: str | None = found.why or item.absent
    elif found.absent or item.partly:
        status, reason = "partly", "; ".join(text for text in (found.why, item.partly) if text)
    else:
        status, reason = "measured", None
    return ChecklistItem(
        item.id, "baseline", item.name, None, status, reason, found.measured, source=item.source, note=item.note or None
    )


def _theme(theme: _Theme, kind: Kind, rows: list[Indicator], known: _Known) -> ChecklistItem:
    """A theme is wider than any list of figures, and what the Protocol asks under it cannot be read: partly at best.

    Where there is no figure, a question with a name to ask makes it the community's; a theme is never left blank.
    """
    found = known.find(rows)
    empty: Status = "for the community" if theme.questions else "not measured"
    status: Status = "partly" if found.measured else empty
    if found.measured:
        n = len(found.measured)
        told = f"{n} of {len(rows)} indicators measured" if len(rows) > 1 else "one indicator measured"
        reason = f"{told}; which figures the Protocol itself asks for here is {NO_NAME}"
    else:
        reason = found.why or "no indicator of the catalogue speaks to it yet"
    note = theme.text if isinstance(theme, Pillar) else None
    question = " ".join(one.told for one in theme.questions) or None
    return ChecklistItem(
        theme.id, kind, theme.name, None, status, reason, found.measured, question, source=theme.source, note=note
    )


def _action(action: Action, baseline: Sequence[ChecklistItem], protocol: Protocol) -> ChecklistItem:
    phase = action.phase or UNPLACED
    if action.name is None:
        unknown = [a.id for a in protocol.actions if a.name is None]
        title = f"Action {NO_NAME} ({unknown.index(action.id) + 1} of {len(unknown)})"
        reason = f"the Protocol has {len(protocol.actions)} actions; the name and content of this one are {NO_NAME}"
        return ChecklistItem(
            action.id, "action", title, phase, "not measured", reason, (), action.question or None, None,
            action.source, action.text,
        )  # fmt: skip
    evidence: tuple[str, ...] = ()
    status: Status = "for the community"
    reason = "a step for people; figures can inform it but not take it"
    if action.is_baseline:
        evidence = tuple(dict.fromkeys(one for item in baseline for one in item.evidence))
        status, reason = _baseline_action(baseline)
    return ChecklistItem(
        action.id, "action", action.name, phase, status, reason or None, evidence, action.question or None, None,
        action.source, _sureness(action),
    )  # fmt: skip


def _baseline_action(items: Sequence[ChecklistItem]) -> tuple[Status, str]:
    whole = sum(item.status == "measured" for item in items)
    part = sum(item.status == "partly" for item in items)
    if whole == len(items):
        return "measured", ""
    status: Status = "partly" if whole + part else "not measured"
    return status, f"of {len(items)} items that the baseline asks for, {whole} are measured and {part} partly"


def _sureness(action: Action) -> str:
    sure = {"its name": action.status, "its phase": action.phase_status}
    doubts = [text for text, status in sure.items() if status != "verified"]
    return f"{action.text} ({' and '.join(doubts)} inferred)" if doubts else action.text


def _commitments(protocol: Protocol, known: _Known) -> list[ChecklistItem]:
    if not protocol.commitments:
        remedy = "name a file with your own copy's list in district.toml, [protocol] commitments"
        reason = f"their names are {NO_NAME}; {remedy}"
        counted = (("commitments", protocol.n_commitments), ("objectives", protocol.n_objectives))
        return [
            ChecklistItem(id, "commitment", f"{n} {id}", None, "not measured", reason, source=protocol.url)
            for id, n in counted
        ]
    rows = {row.id: row for row in known.indicators}
    items: list[ChecklistItem] = []
    for one in protocol.commitments:
        own = dict.fromkeys([*one.indicators, *(i for o in one.objectives for i in o.indicators)])
        note = f"{one.category}. As given in the planner's file ({one.source})"
        items.append(_own_item(one.id, one.name, own, rows, known, note))
        items += [_own_item(o.id, o.name, o.indicators, rows, known, f"Objective of {one.id}") for o in one.objectives]
    return items


def _own_item(
    id: str, name: str, indicators: Iterable[str], rows: Mapping[str, Indicator], known: _Known, note: str
) -> ChecklistItem:
    found = known.find(rows[i] for i in indicators if i in rows)
    if not found.measured and not found.absent:
        status: Status = "for the community"
        reason: str | None = "the planner's file names no indicator for it"
    elif not found.measured:
        status, reason = "not measured", found.why
    else:
        status, reason = ("partly", found.why) if found.absent else ("measured", None)
    return ChecklistItem(id, "commitment", name, None, status, reason, found.measured, note=note)


def _answered(item: ChecklistItem, answer: str | None) -> ChecklistItem:
    """An answer stands beside the figures; where there are none, the item is the community's."""
    if answer is None:
        return item
    status: Status = "for the community" if item.status == "not measured" else item.status
    return replace(item, answer=answer, status=status)


def _refuse_unknown(answers: Mapping[str, str], ids: Sequence[str]) -> None:
    for given in answers:
        if given not in ids:
            raise ConfigError(
                f"An answer is given to {given!r}, which is no item of the checklist.", remedy=suggestion(given, ids)
            )
