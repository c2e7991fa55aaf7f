"""What an indicator says, in a sentence: for residents, for the wall, for a grant, and where it comes from.

Made from ``results.json`` alone. A number that is not there, withheld or too uncertain is told as such, in words and
without a digit of it.
"""

from __future__ import annotations

from typing import TypedDict

from justgeo.report import origins, saying, words
from justgeo.report.quoting import citation, grant, shown, source
from justgeo.report.reader import Reader
from justgeo.report.results import ALL
from justgeo.report.saying import Fact, Told, Voice
from justgeo.report.speech import ENGLISH, current, say

__all__ = ["Poster", "Told", "citation", "grant", "headline", "poster", "source"]

_NEAR, _NEAR_PART = 0.005, 0.03
"""So near to its plain fraction, and by no larger a part of itself off, a share is told without "about" where it is no
estimate of a survey or a model."""


class Poster(TypedDict):
    """What stands on the wall: the number, how it compares (may be empty), the question, the source, its years."""

    lead: Told
    compared: Told
    question: Told
    source: Told
    year: Told


def headline(reader: Reader, indicator: str, group: str = ALL) -> Told:
    """One number of the district for residents, with its comparison.

    Parameters
    ----------
    reader : Reader
    indicator, group : str

    Returns
    -------
    Told
        ``About 7 in 10 residents live within a 10-minute walk of a park: fewer than in Nowhere County.`` Where there is
        no number, what is not known and why.

    Raises
    ------
    OutputError
        The results have no such indicator.
    """
    this = saying.fact(reader, indicator, group)

    def make(voice: Voice) -> str:
        lead = _lead(this, voice)
        beside, after = _compared(this, voice)
        if beside:
            lead = say("{sentence}: {compared}", sentence=lead, compared=beside)
        elif after:
            lead = say("{sentence}; {compared}", sentence=lead, compared=after)
        return words.sentence(saying.grouped(this, voice, lead)) + "."

    return saying.told(make)


def poster(reader: Reader, indicator: str) -> Poster:
    """One number for the wall: ``About 7 in 10 of us live within a 10-minute walk of a park.``"""
    this = saying.fact(reader, indicator)
    layers = shown(this, reader.used([this.record]))

    def compared(voice: Voice) -> str:
        beside, after = _compared(this, voice)
        text = say("That is {compared}", compared=beside) if beside else after
        return f"{words.sentence(text)}." if text else ""

    return {
        "lead": saying.told(lambda voice: words.sentence(_lead(this, voice, us=True)) + "."),
        "compared": saying.told(compared),
        "question": saying.told(lambda voice: voice(this.row.get("question", ""))),
        "source": source(reader, indicator),
        "year": saying.told(lambda voice: origins.period(layers)),
    }


def _lead(this: Fact, voice: Voice, *, us: bool = False) -> str:
    """The sentence without its comparison and its period."""
    if this.state in saying.MISSING:
        return saying.missing(this, voice)
    if this.state == "low":
        return _vague(this, voice)
    if this.even:
        return say("The survey cannot tell {asks}", asks=saying.asks(this, voice))
    if not this.counted:
        return _tail(this, saying.whole(this, voice, *saying.size(this)))
    if this.state == "chance":
        return saying.chanced(this, voice)
    return _share(this, voice, us)


def _vague(this: Fact, voice: Voice) -> str:
    """That a number is too uncertain, and which way it differs where that is known all the same."""
    asks, name = saying.asks(this, voice), saying.where(this)
    if this.surveyed:
        text = say("The survey is too uncertain to say {asks}", asks=asks)
    else:
        text = say("The figures are too uncertain to say {asks}", asks=asks)
    verdict = _verdict(this)
    if verdict not in ("higher", "lower") or this.signed:
        return text
    if not this.counted:
        more = _more(this, voice, verdict)
        return say("{sentence}; it is sure only that it is {more} than in {name}", sentence=text, more=more, name=name)
    if verdict == "higher":
        return say("{sentence}; it is sure only that the share is larger than in {name}", sentence=text, name=name)
    return say("{sentence}; it is sure only that the share is smaller than in {name}", sentence=text, name=name)


def _share(this: Fact, voice: Voice, us: bool) -> str:
    record = this.record
    assert record is not None
    of, says = saying.who(this, voice), saying.does(this, voice)
    share = words.share_of(record)
    unsure = record["reliability"] == "unknown" and not this.modelled
    if share is None or (unsure and 0 < share < 1):
        value = words.figure(record["value"], record["unit"], record["moe"])
        return say("{value} of {who} {says} (margin not known)", value=value, who=of, says=says)
    if this.surveyed and share <= 0:
        return say("None of the {who} in the survey {says}; it did not ask everybody", who=of, says=says)
    if this.surveyed and share >= 1:
        return say("All of the {who} in the survey {says}; it did not ask everybody", who=of, says=says)
    exact = not (this.sampled or this.modelled)
    return _tail(this, _amount(share, of, says, us and this.row["who"] == "residents", exact))


def _amount(share: float, of: str, says: str, us: bool, exact: bool) -> str:
    """So many of those counted, as a plain fraction."""
    if share <= 0:
        return say("none of the {who} {says}", who=of, says=says)
    if share >= 1:
        return say("all {who} {says}", who=of, says=says)
    if share < words.FEWEST:
        few = say("fewer than 1 in 50 of us {says}", says=says)
        return few if us else say("fewer than 1 in 50 {who} {says}", who=of, says=says)
    if share > words.MOST:
        most = say("nearly all of us {says}", says=says)
        return most if us else say("nearly all {who} {says}", who=of, says=says)
    amount = _fraction(share, exact)
    if us:
        return say("{amount} of us {says}", amount=amount, says=says)
    return say("{amount} {who} {says}", amount=amount, who=of, says=says)


def _fraction(share: float, exact: bool) -> str:
    n, among = words.fraction(share)
    if n == 1 and current() != ENGLISH:
        # "1 de cada 3" asks for a verb in the singular; what those counted do stands in the plural.
        n, among = round(100 * share), 100
    if exact and abs(n / among - share) < min(_NEAR, _NEAR_PART * share):
        return say("{n} in {all}", n=n, all=among)
    return say("about {n} in {all}", n=n, all=among)


def _tail(this: Fact, sentence: str) -> str:
    """What must be said of the number itself."""
    assert this.record is not None
    if this.modelled:
        return say("{sentence}, as a model reckons", sentence=sentence)
    if this.record["reliability"] == "unknown":
        return say("{sentence} (margin not known)", sentence=sentence)
    return sentence


def _verdict(this: Fact) -> str:
    """``higher``, ``lower``, ``alike``, ``not distinguishable``, ``unknown``; empty where nothing is compared."""
    record = this.record
    if record is None or record["value"] is None or record["comparison"] is None or not this.reference:
        return ""
    told = words.verdict(record)
    return told if told == "alike" else str(record["comparison"]["verdict"])


def _compared(this: Fact, voice: Voice) -> tuple[str, str]:
    """The comparison with the reference: to stand after a colon or "That is", or else as a sentence of its own."""
    verdict = _verdict(this)
    if not verdict or this.state in ("low", "chance") or this.even:
        return "", ""
    name = saying.where(this)
    if verdict == "alike":
        return say("about the same as in {name}", name=name), ""
    if verdict == "not distinguishable":
        if not _tested(this):
            return say("about the same as in {name}", name=name), ""
        if this.surveyed:
            return say("about the same as in {name}; the survey cannot tell them apart", name=name), ""
        return say("about the same as in {name}; the figures cannot tell them apart", name=name), ""
    if verdict == "unknown":
        return "", _beside(this, voice)
    if this.signed and _away(this):
        return "", say("in {name} it went the other way", name=name)
    more = _more(this, voice, verdict)
    return say("{more} than in {name}", more=more, name=name), ""


def _tested(this: Fact) -> bool:
    """Whether a survey stands behind the comparison."""
    assert this.record is not None
    return this.record["comparison"]["z"] is not None and not this.modelled


def _more(this: Fact, voice: Voice, verdict: str) -> str:
    """``more``, ``fewer`` or ``less``, or the words of the row; of two falls, the deeper one is the larger change."""
    higher = verdict == "higher"
    if verdict in this.wording:
        return voice(this.wording[verdict])
    record = this.record
    if this.signed and record is not None:
        larger = higher == (record["value"] >= 0)
        if this.row["field"] == "acs_change":
            return say("a larger change") if larger else say("a smaller change")
        return say("a larger gap") if larger else say("a smaller gap")
    if higher:
        return say("more")
    return say("fewer") if this.counted else say("less")


def _away(this: Fact) -> bool:
    """Whether the reference's change or difference goes the other way, beyond its margin."""
    base, record = this.base, this.record
    if base is None or base["value"] is None or record is None or "higher" in this.wording:
        return False
    return bool(base["value"] * record["value"] < 0 and abs(base["value"]) > (base["moe"] or 0.0))


def _beside(this: Fact, voice: Voice) -> str:
    """The reference's number, where no margin is known to compare the two."""
    base = this.base
    if base is None or base["value"] is None:
        return ""
    full, bare = saying.sized(base["value"], base["unit"], base["moe"])
    value = bare if "{number}" in str(this.row["says"]) else full
    return say("in {name} it is {value}, and no margin is known to compare them", name=saying.where(this), value=value)
