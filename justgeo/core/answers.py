"""What a community says, beside the figures: answers, forms and targets, and which of it may be shown.

Nothing is shown without a yes: an entry with ``publish`` and, apart from it, a name with ``publish_name``. Every public
output is made from :meth:`Answers.public` alone, so that what is kept back cannot reach it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

STATES = ("not begun", "under way", "done", "does not apply")
"""How far a step is, in the community's own judgement; no figure tells it."""


@dataclass(frozen=True)
class Column:
    """A column of a form.

    Attributes
    ----------
    key, label : str
        As the file and as people call it.
    hint : str
    words : tuple of str
        What may stand in it; empty where anything may.
    """

    key: str
    label: str
    hint: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A list that people fill in; nothing in it is computed.

    Attributes
    ----------
    key, title, ask : str
    first : str
        What the text of an entry is here.
    columns : tuple of Column
        Beside those that every entry has.
    item : str
        Item of the checklist that it belongs to.
    """

    key: str
    title: str
    ask: str
    first: str
    columns: tuple[Column, ...]
    item: str


CATEGORIES = ("Belonging", "Opportunity", "Wellbeing", "Mobility", "Environment")
ASSET_KINDS = (
    "individuals", "local economy", "physical spaces", "institutions", "associations", "events",
    "history and traditions",
)  # fmt: skip
"""The seven kinds under which the Protocol's asset map stands."""

_CATEGORY = Column("category", "Category", "which of the five it speaks to", CATEGORIES)
_BENEFITS = Column("benefits", "Who benefits")
_BURDENED = Column("burdened", "Who is burdened")
_RACISM = Column("racism", "Racism and bias", "what it does to them", ("reduces it", "keeps it up", "neither"))
_RESILIENCE = Column("resilience", "Climate resilience", "what it does to it", ("supports it", "weakens it", "neither"))

FORMS = (
    Form(
        "drivers", "What drives this work",
        "What set it off, who should gain, and who can work on it and bring resources?", "What drives it",
        (Column("kind", "Kind", "", ("what prompts it", "who should benefit", "who can help")),), "GW-1",
    ),
    Form(
        "swot", "Strengths, weaknesses, opportunities, threats",
        "What is strong and weak here, what helps and what threatens from outside, and whom does it touch most?",
        "What it is",
        (Column("kind", "Kind", "", ("strength", "weakness", "opportunity", "threat", "disparity", "climate risk")),
         Column("affected", "Who is most affected")), "GW-1",
    ),
    Form(
        "assets", "Asset map", "Which people, places, groups, events and traditions hold this community together?",
        "The asset", (Column("kind", "Kind", "one of seven", ASSET_KINDS), _CATEGORY, _RACISM, _RESILIENCE), "GW-3",
    ),
    Form(
        "plans", "Plans, projects and programs",
        "Which plans and investments touch this place, and who gains and who is burdened by each?", "Plan or project",
        (Column("kind", "Kind", "", ("plan", "funded project", "investment", "program", "policy")), _CATEGORY,
         Column("lead", "Led by"), Column("cost", "Cost and funds"), _BENEFITS, _BURDENED, _RESILIENCE), "GW-4",
    ),
    Form(
        "governing_body", "Governing body", "Who decides, for whom do they speak, and who is missing from the table?",
        "Seat",
        (Column("organization", "Organization"), Column("speaks_for", "Speaks for"), Column("until", "Until")), "GV-a",
    ),
    Form(
        "strategies", "Strategies", "Which strategies are on the table, and who gains and who is burdened by each?",
        "Strategy",
        (Column("commitment", "Commitment or objective"), _CATEGORY, Column("problem", "Problem and its causes"),
         Column("result", "Result that is wanted"), Column("data", "Figures used, and what they lack"), _BENEFITS,
         _BURDENED, Column("mitigation", "How burdens are lessened"), _RESILIENCE), "RM-2",
    ),
    Form(
        "work_plan", "Work plan", "Who does what by when, and who pays?", "Task",
        (Column("strategy", "Strategy"), Column("lead", "Responsible"), Column("product", "Product or outcome"),
         Column("term", "Timeline", "", ("short (1-3 years)", "mid (4-6 years)", "long (7 years and more)")),
         Column("cost", "Cost"), Column("funds", "Source of funds"),
         Column("funds_state", "Funds are", "", ("not sought", "sought", "promised", "in hand"))), "RM-3",
    ),
    Form(
        "resources", "Resources", "Which money, people, places and knowledge are there for this work?", "Resource",
        (Column("kind", "Kind", "", ("money", "people", "place", "knowledge", "material")), Column("giver", "Given by"),
         Column("until", "Until")), "RM-3",
    ),
)  # fmt: skip
"""Forms in the order of the phases."""

STATE = Column("state", "How far it is", "in the community's own judgement", STATES)


@dataclass(frozen=True)
class Entry:
    """One thing that somebody said.

    Attributes
    ----------
    text : str
    by : str
        The role of who said it: resident, school.
    name : str
        Shown only with ``publish_name``.
    date : str
        ``2026``, ``2026-03`` or ``2026-03-14``.
    evidence : tuple of str
        Addresses, and files by their way from the file of answers.
    publish, publish_name : bool
    more : mapping of str to str
        Further columns of its form; ``state`` where it answers an item.
    """

    text: str
    by: str = ""
    name: str = ""
    date: str = ""
    evidence: tuple[str, ...] = ()
    publish: bool = False
    publish_name: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """How far the item is, ``""`` where that is not said."""
        return self.more.get("state", "")

    @property
    def who(self) -> str:
        """Name, role and date in a few words, as far as they are told."""
        return ", ".join(part for part in (self.name, self.by, self.date) if part)

    @property
    def key(self) -> tuple[object, ...]:
        """By which it is known to be there already, whatever its spaces."""
        more = tuple(sorted((name, _plain(said)) for name, said in self.more.items() if said))
        return (_plain(self.text), _plain(self.by), _plain(self.name), self.date, self.evidence, more)

    def shown(self) -> Entry:
        """As the public sees it."""
        return self if self.publish_name else replace(self, name="")


@dataclass(frozen=True)
class Target:
    """Where a figure of the district shall be, and when.

    Attributes
    ----------
    indicator, group : str
    value : float
        In the unit of the record: a share from 0 to 1.
    year : int
    note, by : str
    publish : bool
    """

    indicator: str
    value: float
    year: int
    group: str = "all"
    note: str = ""
    by: str = ""
    publish: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """By which it is known to be there already."""
        return (self.indicator, self.group, self.value, self.year, _plain(self.note), _plain(self.by))


@dataclass(frozen=True)
class Answers:
    """All that a community said.

    Attributes
    ----------
    items : mapping of str to tuple of Entry
        By item of the checklist, also of one that is no longer there.
    forms : mapping of str to tuple of Entry
        By key of `FORMS`.
    targets : tuple of Target
    """

    items: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    forms: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items or self.forms or self.targets)

    def public(self) -> Answers:
        """What may be shown, names only where they may."""

        def of(told: Mapping[str, tuple[Entry, ...]]) -> dict[str, tuple[Entry, ...]]:
            kept = {key: tuple(one.shown() for one in said if one.publish) for key, said in told.items()}
            return {key: said for key, said in kept.items() if said}

        return Answers(of(self.items), of(self.forms), tuple(one for one in self.targets if one.publish))

    def entries(self) -> Iterable[tuple[str, Entry]]:
        """Every entry with the item or form that it stands under."""
        for told in (self.items, self.forms):
            for key, said in told.items():
                for one in said:
                    yield key, one

    def plain(self) -> dict[str, Any]:
        """As plain values, the same for the same answers."""
        return {
            "items": {key: [entry_row(one) for one in said] for key, said in sorted(self.items.items())},
            "forms": {key: [entry_row(one) for one in said] for key, said in sorted(self.forms.items())},
            "targets": [target_row(one) for one in self.targets],
        }


NOTHING_SAID = Answers()


def entry_row(one: Entry) -> dict[str, Any]:
    """What an entry says, without whether it may be shown."""
    told = {"text": one.text, "by": one.by, "name": one.name, "date": one.date, "evidence": list(one.evidence)}
    return {**told, **dict(sorted(one.more.items()))}


def target_row(one: Target) -> dict[str, Any]:
    """What a target says, without whether it may be shown."""
    told = {"indicator": one.indicator, "group": one.group, "target": one.value, "year": one.year}
    return {**told, "note": one.note, "by": one.by}


def conflicts(answers: Answers) -> list[str]:
    """Where what was said does not agree; all of it is kept, and people decide.

    Returns
    -------
    list of str
        One sentence each: two answers of one role to one item, two states of one item, two targets of one figure and
        year.
    """
    found = []
    for item, said in answers.items.items():
        for role, texts in _differing((one.by, one.text) for one in said if one.text).items():
            who = f"{role!r} says" if role else "nobody named says"
            found.append(f"{item}: {who} {len(texts)} different things; all are kept.")
        states = list(dict.fromkeys(one.state for one in said if one.state))
        if len(states) > 1:
            found.append(f"{item}: how far it is is told differently: {', '.join(states)}; all are kept.")
    for (indicator, group, year), values in _values(answers.targets).items():
        if len(values) > 1:
            told = ", ".join(f"{value:g}" for value in values)
            of = "" if group == "all" else f" for {group}"
            found.append(f"{indicator}{of}: there are {len(values)} targets for {year}: {told}; all are kept.")
    return found


def _differing(said: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    by_role: dict[str, dict[str, str]] = {}
    for role, text in said:
        by_role.setdefault(_plain(role), {})[_plain(text)] = text
    return {role: list(texts.values()) for role, texts in by_role.items() if len(texts) > 1}


def _values(targets: Iterable[Target]) -> dict[tuple[str, str, int], list[float]]:
    found: dict[tuple[str, str, int], list[float]] = {}
    for one in targets:
        values = found.setdefault((one.indicator, one.group, one.year), [])
        if one.value not in values:
            values.append(one.value)
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())
