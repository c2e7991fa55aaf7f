"""Staying in one's home, by four shares, in plain words; the texts stand in ``texts/displacement.toml``.

What is said of a number is decided here, once for both languages: whether a share is said to be higher, how sure that
is. So the two languages cannot say different things.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from justgeo.measure.compare import FIRM, LIKELY
from justgeo.report import speech, words

LANGUAGES = speech.LANGUAGES

FILE = "texts/displacement.toml"
_NO_BREAK = "\u00a0"
_TRACT = re.compile(r"(?:Census )?Tract (\S+)")

_REASONS = tuple(
    (re.compile(pattern), key)
    for pattern, key in (
        (r"fewer than ([\d,]+) households", "reason_few"),
        (r"more than (\d+%) of the people live in group quarters", "reason_quarters"),
        (r"the number of households is not known", "reason_unknown"),
        (r"(?:suppressed|withheld): fewer than (\d+) households stand behind it", "reason_withheld"),
    )
)

RENTS = {"rose": "rent_up", "fell": "rent_down", "too close to tell": "rent_close", "margin not known": "rent_bare"}
"""Texts for what ``results.json`` says of a tract's rents: no amount stands there, and none is told."""

Numbers = Mapping[str, Any]
"""``value`` and its 90 % margin ``moe``; None where there is none."""


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Every text by its key and its language."""
    raw = resources.files("justgeo.report").joinpath(FILE).read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(raw)
    return found


def say(key: str, lang: str, **values: object) -> str:
    """The text ``key`` in a language, its places filled.

    Raises
    ------
    KeyError
        No such text, no such language, or a place without a value: a fault of the program.
    """
    return texts()[key][lang].format_map(values)


def localised(text: str, lang: str) -> str:
    """A number in English form as the language writes it: a space before ``%``, ``puntos``."""
    if lang == "en":
        return text
    spaced = re.sub(r"(?<=\d)%", f"{_NO_BREAK}%", text)
    return re.sub(r"\bpoint(s?)\b", r"punto\1", spaced)


def measured(numbers: Numbers, unit: str, lang: str) -> str:
    """Value and margin: ``58% ± 7 points``; ``1,200 ± 110``; the value alone where no margin is known."""
    value, moe = numbers["value"], numbers["moe"]
    told = words.figure(value, unit, moe, bare=True)
    if moe is not None:
        told += f" {words.margin(moe, unit, value, reliability='sampled')}"
    return localised(told, lang)


def count(value: float, lang: str) -> str:
    """A number of homes, rounded as people read it."""
    return localised(words.figure(value, "households", bare=True), lang)


def chance(p: float, lang: str) -> str:
    """A chance in whole percent; never 0 or 100, which no survey can say, nor an end at which chances are cut off."""
    told = words.chance(p)
    if lang == "es":
        told = told.replace("over", "más del").replace("under", "menos del")
    return localised(told, lang)


def sureness(p: float) -> str:
    """Class of a chance: ``firm``, ``likely``, ``uncertain``, ``unlikely``, ``hardly`` (METHODS 2.7, both ways)."""
    for name, least in (("firm", FIRM), ("likely", LIKELY), ("uncertain", 1 - LIKELY), ("unlikely", 1 - FIRM)):
        if p >= least:
            return name
    return "hardly"


def above(pressure: Mapping[str, Any]) -> tuple[str, str]:
    """Whether a share lies above the reference's, in two words that need no language.

    Parameters
    ----------
    pressure : mapping
        ``holds`` (bool or None) and ``chance`` (0 to 1 or None) that it does.

    Returns
    -------
    tuple of str
        ``yes``, ``no`` or ``unknown``; and ``sure``, ``close`` (too close to tell) or ``bare`` (no margin known).
    """
    holds, p = pressure["holds"], pressure["chance"]
    if holds is None:
        return "unknown", "sure"
    answer = "yes" if holds else "no"
    if p is None:
        return answer, "bare"
    return answer, "close" if sureness(p) == "uncertain" or holds != (p >= 0.5) else "sure"


def above_told(pressure: Mapping[str, Any], lang: str) -> str:
    """``yes, very likely (98%)``; the chance is always that the share here is the higher one."""
    answer, way = above(pressure)
    if answer == "unknown":
        return say("above_unknown", lang)
    if way == "bare":
        return say(f"above_{answer}_bare", lang)
    p = float(pressure["chance"])
    told = {"p": chance(p, lang)}
    if way == "close":
        return say(f"above_close_{answer}", lang, **told)
    return say(f"above_{answer}", lang, sure=say(f"sure_{sureness(p)}", lang), **told)


def tract(name: str, lang: str, *, within: bool = False) -> str:
    """A tract by its number as the language says it, at the head of a card or ``within`` a sentence; else its name."""
    return _TRACT.sub(lambda found: say("tract_within" if within else "tract", lang, number=found[1]), name)


def held(card: Mapping[str, Any], lang: str) -> str:
    """How many of the four shares are larger here, by the survey's own numbers."""
    if card["untold"]:
        return say("holds_least", lang, k=card["held"], unknown=card["untold"])
    return say("holds", lang, k=card["held"])


def chance_told(p: float | None, lang: str) -> str:
    """The chance that three or more hold, in a sentence."""
    if p is None:
        return say("chance_unknown", lang)
    return say("chance", lang, p=chance(p, lang), sure=say(f"sure_{sureness(p)}", lang))


def summary(card: Mapping[str, Any], lang: str) -> str:
    """A card in one line."""
    if card["reason"] is not None:
        return say("summary_absent", lang)
    at_least = "≥ " if card["untold"] else ""
    k, p = f"{at_least}{card['held']}", card["chance"]
    if p is None:
        return say("summary_unknown", lang, k=k)
    return say("summary", lang, k=k, p=chance(p, lang), sure=say(f"sure_{sureness(p)}", lang))


def rent_told(change: str | None, years: Sequence[int] | None, lang: str) -> str:
    """Whether the middle rent rose or fell between the two surveys, in words alone."""
    if change is None or years is None:
        return say("rent_unknown", lang)
    return say(RENTS[change], lang, before=years[0], now=years[1])


def households_told(card: Mapping[str, Any], lang: str) -> str:
    """Households and renter households; empty where they are not known."""
    homes, renters = card["households"], card["renter_households"]
    if homes is None or renters is None:
        return ""
    told = {"n": measured(homes, "households", lang), "renters": measured(renters, "households", lang)}
    return say("households", lang, **told)


def other_told(card: Mapping[str, Any], lang: str) -> str:
    """What the other method says of the tract, and whether the two agree; empty where none was asked."""
    other = card["other"]
    if other is None:
        return ""
    says, agrees = other["says"], other["agrees"]
    if says is None:
        key = "unknown"
    else:
        agreed = "says" if agrees is None else "agrees" if agrees else "disagrees"
        key = f"{agreed}_{'yes' if says else 'no'}"
    return say(f"other_{key}", lang, method=other["method"])


def caveat_told(caveat: str, reference: str, lang: str) -> str:
    """What to keep in mind of a tract: its students, its rim, ..."""
    return say(f"caveat_{caveat}", lang, reference=reference)


def reason_told(reason: str, lang: str) -> tuple[str, str]:
    """Why there is no number, and the language that it is told in: English where nobody has translated it."""
    for pattern, key in _REASONS:
        found = pattern.fullmatch(reason)
        if found is not None:
            return say(key, lang, **{"n": localised(found[1], lang)} if found.re.groups else {}), lang
    with speech.language(lang):
        return speech.translated(reason)
