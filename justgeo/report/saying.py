"""The parts of a sentence about one number: what is known of it, who and what it speaks of, how it is worded.

Every text of the catalogue is looked up in the language that is spoken. Where one is not translated yet, the whole
sentence is told in English and says so: none mixes two languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from justgeo.core.errors import OutputError
from justgeo.report import remarks, words
from justgeo.report.reader import Reader, Record
from justgeo.report.results import ALL
from justgeo.report.speech import ENGLISH, current, language, say, translated

_PLACE = re.compile(r"\{(\w+)\}")
_BOUND = re.compile(r"^([≥≤])\s*(.+)$")
_SURVEY_YEARS = 5
_SURVEYS = ("acs:", "data:chas")
_OF_HOMES = "vehicle:"
_ADVICE = re.compile(r"[:;] (?:write|name|it is fetched where|escriba|nombre|se obtiene donde) .*$", re.DOTALL)
"""What a reason says to planners: no word for residents."""
_POINTS = "percentage points"
MISSING = ("unknown", "absent", "suppressed")
"""States of what has no number."""
_UNTOLD = "not computed in this run"


class Told(NamedTuple):
    """A sentence and the code of the language that it is told in: English where a part of it is not translated yet."""

    text: str
    lang: str


class Voice:
    """Looks up the texts of one sentence, and remembers whether all were found."""

    def __init__(self) -> None:
        self.whole = True

    def __call__(self, english: str, **values: str) -> str:
        """A text of the catalogue or of a record, with its places filled."""
        found, lang = translated(english)
        self.whole = self.whole and lang == current()
        return _PLACE.sub(lambda place: values.get(place.group(1), place.group(0)), found) if values else found


def told(make: Callable[[Voice], str]) -> Told:
    """What ``make`` says in the language that is spoken, or all of it in English."""
    voice, lang = Voice(), current()
    text = make(voice)
    if voice.whole:
        return Told(text, lang)
    with language(ENGLISH):
        return Told(make(Voice()), ENGLISH)


@dataclass(frozen=True)
class Fact:
    """One number with all that a sentence needs of it.

    Attributes
    ----------
    row : mapping
        The indicator, as in ``results.json``.
    record, base : mapping or None
        The number, and that of the reference.
    group, label : str
        The group's id and label.
    reference : str
        Name of the reference area.
    """

    row: Mapping[str, Any]
    record: Record | None
    base: Record | None
    group: str
    label: str
    reference: str

    @property
    def state(self) -> str:
        """``unknown``, ``absent``, ``suppressed``, ``text``, ``chance``, ``low`` or ``value``."""
        if self.record is None:
            return "unknown"
        if self.record["value"] is None:
            if self.record["reliability"] == "suppressed":
                return "suppressed"
            return "text" if self.record["text"] else "absent"
        found = self.record["reliability"]
        return found if found in ("chance", "low") else "value"

    @property
    def counted(self) -> bool:
        """Whether it is a share of those counted, who do something; else its sentence holds the number."""
        return bool(self.row.get("says")) and not _numbered(self.row["says"])

    @property
    def signed(self) -> bool:
        """Whether it is a change or a difference, with a sentence for what is below 0."""
        return "less" in self.wording

    @property
    def wording(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.row.get("wording") or {}
        return found

    @property
    def sampled(self) -> bool:
        """Whether only some people were asked, rather than all counted or something measured or modelled."""
        return self.record is not None and not self.modelled and bool(self.record["error"].get("sampling"))

    @property
    def surveyed(self) -> bool:
        """Whether it was the census survey that asked them."""
        return self.sampled and any(str(one).startswith(_SURVEYS) for one in (self.record or {})["layers"])

    @property
    def modelled(self) -> bool:
        return self.record is not None and bool(self.record["modelled"])

    @property
    def even(self) -> bool:
        """Whether a change or difference is no larger than its margin."""
        record = self.record
        if record is None or record["value"] is None or not self.signed:
            return False
        return remarks.UNCHANGED in record["flags"] or (bool(record["moe"]) and abs(record["value"]) <= record["moe"])


def fact(reader: Reader, indicator: str, group: str = ALL) -> Fact:
    """What is known of an indicator, for everybody or a group.

    Raises
    ------
    OutputError
        The results have no such indicator.
    """
    row = next((one for one in reader.results["indicators"] if one["id"] == indicator), None)
    if row is None:
        raise OutputError(
            f"The results have no indicator {indicator!r}.", remedy="Name one of `justgeo indicators list`."
        )
    role = reader.told_of(row)
    base = None if role == "reference" else reader.at(indicator, "reference", group)
    label = "" if group == ALL else str(reader.labels.get(group, group))
    own, other = (_marked(reader, one) for one in (reader.at(indicator, role, group), base))
    return Fact(row, own, other, group, label, reader.reference_name)


def _marked(reader: Reader, record: Record | None) -> Record | None:
    """A record that says whether it is modelled or a chance; those of the page say so already."""
    if record is None or "modelled" in record:
        return record
    return remarks.mark(record, {name for name in record["layers"] if reader.layers[name]["modelled"]})


def _numbered(text: str) -> bool:
    return "{value}" in text or "{number}" in text


def who(this: Fact, voice: Voice) -> str:
    """Those counted; of a group that is one of homes, households."""
    homes = this.group.startswith(_OF_HOMES) and this.row["who"] == "residents"
    return voice("households" if homes else this.row["who"])


def where(this: Fact) -> str:
    """The reference, or the same group of it."""
    return this.reference if this.group == ALL else say("the same group of {name}", name=this.reference)


def does(this: Fact, voice: Voice) -> str:
    """What those counted do or have."""
    return voice(this.row["says"], **places(this, voice))


def places(this: Fact, voice: Voice) -> dict[str, str]:
    """What a sentence may name besides its number."""
    year = None if this.record is None else remarks.flag(this.record, "before_year")
    earlier = say("the earlier survey") if year is None else f"{year - _SURVEY_YEARS + 1:.0f}-{year:.0f}"
    return {"reference": this.reference or say("the area around"), "earlier": earlier}


def asks(this: Fact, voice: Voice) -> str:
    """What is not known where there is no number, to stand after "It is not known"."""
    if this.counted:
        return say("how many {who} {says}", who=who(this, voice), says=does(this, voice))
    if "asks" in this.wording:
        return voice(this.wording["asks"], **places(this, voice))
    return say("how it stands with this: {title}", title=voice(this.row["title"]))


def whole(this: Fact, voice: Voice, value: str, number: str) -> str:
    """The sentence that holds its number, given as it is to be told with and without its unit."""
    record, wording = this.record, this.wording
    at = None if record is None else record["value"]
    if not this.row.get("says"):
        return f"{voice(this.row['title'])}: {value}"
    if at == 0 and "none" in wording:
        return voice(wording["none"], **places(this, voice))
    text = this.row["says"]
    if at is not None and at < 0 and this.signed:
        text = wording["less"]
    elif this.group != ALL and "grouped" in wording:
        text = wording["grouped"]
    return voice(text, value=value, number=number, **places(this, voice))


def size(this: Fact) -> tuple[str, str]:
    """The value as people read it, with and without its unit; that of a change or difference without its sign."""
    record = this.record
    assert record is not None
    if record["value"] is None:
        bound = bounded(str(record["text"]))
        return bound, bound
    value = abs(record["value"]) if this.signed else record["value"]
    return sized(value, record["unit"], record["moe"], plain=this.signed)


def sized(value: float, unit: str, moe: float | None, *, plain: bool = False) -> tuple[str, str]:
    """A value with and without its unit; ``plain`` leaves its plus away."""
    if unit == _POINTS:
        text = words.figure(value / 100, "share", None if moe is None else moe / 100).removesuffix("%")
        return say("1 point") if text == "1" else say("{n} points", n=text), text
    full, bare = (words.figure(value, unit, moe, bare=bare) for bare in (False, True))
    return (full.removeprefix("+"), bare.removeprefix("+")) if plain else (full, bare)


def bounded(text: str) -> str:
    """``≥ $200,000`` in words: ``more than $200,000``."""
    found = _BOUND.match(text)
    if found is None:
        return text
    sign, number = found.groups()
    return say("more than {number}", number=number) if sign == "≥" else say("less than {number}", number=number)


def spread(moe: float | None, unit: str, value: float) -> str:
    """A margin as it stands in brackets: ``±4``, ``±$2,100``; empty where it is 0 or not known."""
    if not moe:
        return ""
    factor = 0.01 if unit == _POINTS else 1.0
    shown = words.margin(moe * factor, "share" if unit == _POINTS else unit, value * factor)
    return "±" + shown.removeprefix("± ").split(" ")[0]


def inner(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:]


def grouped(this: Fact, voice: Voice, sentence: str) -> str:
    """The sentence with the group before it."""
    if not this.label:
        return sentence
    label = words.sentence(voice(this.label))
    return say("{group}: {sentence}", group=label, sentence=inner(sentence))


def reason(this: Fact, voice: Voice) -> str:
    """Why there is no number."""
    if this.record is None:
        return voice(_UNTOLD)
    stated = this.record.get("stated") or this.record["reason"]
    return _ADVICE.sub("", voice(remarks.plain_reason(str(stated)))).rstrip(".")


def missing(this: Fact, voice: Voice) -> str:
    """What is not known and why; of what is withheld, no digit."""
    question = asks(this, voice)
    if this.state != "suppressed":
        return say("It is not known {asks}: {reason}", asks=question, reason=reason(this, voice))
    stated = str((this.record or {}).get("stated") or "")
    if "margin" in stated:
        return say("It is not told {asks}: withheld, because too few people were asked here to say", asks=question)
    if "worked out" in stated:
        return say(
            "It is not told {asks}: withheld, because another withheld number could be worked out", asks=question
        )
    # A row may itself count a group: it is then of everybody, and few are of the group.
    if this.group != ALL or "of this group" in stated:
        return say("It is not told {asks}: withheld, because so few people of this group live here", asks=question)
    return say("It is not told {asks}: withheld, because so few people live here", asks=question)


def chanced(this: Fact, voice: Voice) -> str:
    """The chance that those who live here are counted in."""
    assert this.record is not None
    chance = words.chance(this.record["value"])
    return say(
        "The chance is {chance} that the {who} here {says}", chance=chance, who=who(this, voice), says=does(this, voice)
    )
