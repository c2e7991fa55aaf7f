"""The checklist: what of the Protocol is measured, partly, left to the community, or not measured.

What is not publicly readable is an item like any other, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from justgeo.core.answers import NOTHING_SAID, Answers, Entry
from justgeo.core.known import Known
from justgeo.core.result import Indicator, Record
from justgeo.core.structure import (
    Action,
    BaselineItem,
    Category,
    Commitment,
    Evidence,
    Objective,
    OutcomeArea,
    Own,
    Pillar,
    Protocol,
    Question,
)

__all__ = [
    "Action", "BaselineItem", "Category", "Checklist", "ChecklistItem", "Commitment", "Evidence", "Kind", "Objective",
    "OutcomeArea", "Own", "Pillar", "Protocol", "Question", "Status", "fill",
]  # fmt: skip

Status = Literal["measured", "partly", "for the community", "not measured"]
Kind = Literal["baseline", "pillar", "category", "outcome", "action", "commitment"]

UNPLACED = "Phase not publicly readable"
NO_NAME = "not publicly readable"


_Theme = Pillar | Category | OutcomeArea


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
        What the community is asked, and what it answered, in one text.
    answers : tuple of Entry
        The same one by one.
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
    answers: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Checklist:
    """All items: baseline, pillars, categories, outcome areas, actions, commitments; and what the community filled in.

    Attributes
    ----------
    items : tuple of ChecklistItem
    said : Answers
        Answers, forms and targets that may be shown.
    """

    items: tuple[ChecklistItem, ...]
    said: Answers = NOTHING_SAID

    def having(self, kind: Kind) -> tuple[ChecklistItem, ...]:
        """Items of one kind, in order."""
        return tuple(item for item in self.items if item.kind == kind)


def fill(
    protocol: Protocol,
    records: Iterable[Record],
    indicators: Sequence[Indicator],
    answers: Answers,
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
    answers : Answers
        What the community said; only what may be shown is taken, and answers to items that are not there stand nowhere.
    absent : mapping of str to str
        Reasons by layer, for indicators without a record.

    Returns
    -------
    Checklist
    """
    answers = answers.public()
    known = Known(records, indicators, absent, zone)
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
    return Checklist(tuple(_answered(item, answers.items.get(item.id, ())) for item in items), answers)


def _baseline(item: BaselineItem, known: Known) -> ChecklistItem:
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


def _theme(theme: _Theme, kind: Kind, rows: list[Indicator], known: Known) -> ChecklistItem:
    """A theme is wider than any list of figures, and what the Protocol asks under it cannot be read: partly at best.

    Where there is no figure, a question with a name to ask makes it the community's; a theme is never left blank.
    """
    found = known.find(rows)
    empty: Status = "for the community" if theme.questions else "not measured"
    status: Status = "partly" if found.measured else empty
    if found.measured:
        n = len(found.measured)
        told = f"{n} of {len(rows)} indicators measured" if len(rows) > 1 else "one indicator measured"
        told += f", {found.elsewhere} told of the reference area alone" if found.elsewhere else ""
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


def _commitments(protocol: Protocol, known: Known) -> list[ChecklistItem]:
    if not protocol.commitments:
        remedy = (
            "put protocol.local.yml with your own copy's list beside district.toml, or name it: [protocol] commitments"
        )
        reason = f"their names are {NO_NAME}; {remedy}"
        return [
            ChecklistItem(id, "commitment", f"{n} {id}", None, "not measured", reason, source=protocol.url)
            for id, n in _counted(protocol)
        ]
    rows = {row.id: row for row in known.indicators}
    items: list[ChecklistItem] = []
    for one in protocol.commitments:
        own = dict.fromkeys([*one.indicators, *(i for o in one.objectives for i in o.indicators)])
        goal = f"{one.goal.rstrip('.')}. " if one.goal else ""
        note = f"{goal}{one.category}. As given in the planner's file ({one.source})"
        items.append(_own_item(one.id, one.name, own, rows, known, note, one.question))
        items += [
            _own_item(o.id, o.name, o.indicators, rows, known, f"Objective of {one.id}", o.question)
            for o in one.objectives
        ]
    return [*items, *_uncounted(protocol)]


def _counted(protocol: Protocol) -> tuple[tuple[str, int], ...]:
    return (("commitments", protocol.n_commitments), ("objectives", protocol.n_objectives))


def _uncounted(protocol: Protocol) -> list[ChecklistItem]:
    """Where the planner's file names more or fewer than the Protocol counts, that is an item too."""
    found = []
    named = len(protocol.commitments), sum(len(one.objectives) for one in protocol.commitments)
    for n, (id, all_of_them) in zip(named, _counted(protocol), strict=True):
        if n != all_of_them:
            title = f"{n} {id} in the planner's file, {all_of_them} in the Protocol"
            reason = "the planner's file does not name as many as the Protocol counts"
            found.append(ChecklistItem(id, "commitment", title, None, "not measured", reason, source=protocol.url))
    return found


def _own_item(
    id: str,
    name: str,
    indicators: Iterable[str],
    rows: Mapping[str, Indicator],
    known: Known,
    note: str,
    question: str = "",
) -> ChecklistItem:
    found = known.find(rows[i] for i in indicators if i in rows)
    if not found.measured and not found.absent:
        status: Status = "for the community"
        reason: str | None = "the planner's file names no indicator for it"
    elif not found.measured:
        status, reason = "not measured", found.why
    else:
        status, reason = ("partly", found.why) if found.absent else ("measured", None)
    asked = question or None
    return ChecklistItem(id, "commitment", name, None, status, reason, found.measured, asked, note=note)


def _answered(item: ChecklistItem, said: tuple[Entry, ...]) -> ChecklistItem:
    """Answers stand beside the figures; where there are none, the item is the community's."""
    if not said:
        return item
    status: Status = "for the community" if item.status == "not measured" else item.status
    return replace(item, answer="\n".join(_told(one) for one in said), answers=said, status=status)


def _told(one: Entry) -> str:
    """An answer in one text: what, how far, by whom."""
    what = ": ".join(part for part in (one.state, one.text) if part) or "see the evidence"
    return f"{what} ({one.who})" if one.who else what
