"""Words that a page cannot do without, in plain words, and links to them where they are first used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from justgeo.report.speech import say
from justgeo.report.spoken import Spoken


@dataclass(frozen=True)
class Term:
    """A word of the glossary.

    Attributes
    ----------
    id : str
    name : str
    means : str
    words : str
        How it stands in texts, parted by commas.
    """

    id: str
    name: str
    means: str
    words: str


TERMS = (
    Term(
        "margin",
        "Margin of error",
        "A survey asks only some people, so its numbers are a little off. The figure after ± says by how much: nine"
        " times in ten the true number lies within it.",
        "margin of error, margins of error",
    ),
    Term(
        "sure",
        "How sure",
        "How large the margin is beside the number. Of a share it is held against the smaller side: those who are in it"
        " or those who are not. So 97 of 100 is judged like 3 of 100: a margin of 2 points is nothing beside 97, but"
        " most of 3. That is why a share near 100 can look well known and still say “use with care”.",
        "how sure",
    ),
    Term(
        "noise",
        "Noise of the census counts",
        "The Census Bureau changes the counts of the smallest areas a little on purpose, so that nobody can be found in"
        " them. Added up over many of them, little of it is left. It says nothing of what a map may lack.",
        "noise of the census counts",
    ),
    Term(
        "reference",
        "Reference area",
        "The larger area that stands beside the district, mostly its county. It is there to compare with. It is not a"
        " goal: it may itself do badly.",
        "reference area",
    ),
    Term(
        "median",
        "Median",
        "The one in the middle. Half of the households have less, half have more.",
        "median, medians",
    ),
    Term(
        "tract",
        "Census tract",
        "A small area that the Census Bureau drew for counting, with about 4,000 people.",
        "census tract, census tracts, tracts",
    ),
    Term(
        "block-group",
        "Block group",
        "A part of a census tract, with about 1,500 people. It is the smallest area that this page shows.",
        "block group, block groups",
    ),
    Term(
        "apportioned",
        "Apportioned",
        "Where the boundary cuts a census area, its people are divided: each part gets those who live in its blocks."
        " That adds to the margin.",
        "apportioned, cut areas",
    ),
    Term(
        "modelled",
        "Modelled",
        "Worked out by a formula from other numbers. Nobody here was asked or counted for it.",
        "modelled, model",
    ),
    Term(
        "same",
        "Not distinguishable",
        "These data cannot tell which of two numbers is larger. That does not mean that they are equal.",
        "not distinguishable",
    ),
    Term(
        "points",
        "Percentage points",
        "The difference between two percentages. From 40% to 50% is 10 points.",
        "percentage points",
    ),
    Term(
        "withheld",
        "Withheld, too few people to tell",
        "So few people stand behind a number that it would say nothing, or could point to somebody. It is not shown.",
        "withheld",
    ),
    Term(
        "survey",
        "Five-year survey",
        "The American Community Survey of the Census Bureau. It pools the answers of five years, so that a number tells"
        " of those years and not of one day.",
        "American Community Survey, five-year average, five years pooled",
    ),
    Term(
        "poverty",
        "Poverty level",
        "An income set by the Census Bureau for each size of family, the same in the whole country, whatever life costs"
        " here.",
        "poverty level, poverty",
    ),
    Term(
        "prices",
        "Prices held constant",
        "Amounts of two years told in the money of one, so that a rise in all prices does not look like a gain.",
        "prices held constant",
    ),
    Term(
        "walk",
        "Within a walk",
        "Measured along streets and paths, from where people live to the entrance. Not as the crow flies.",
        "within a walk, 10-minute walk",
    ),
)


def terms() -> list[dict[str, str]]:
    """The glossary in the language that is spoken."""
    return [{"id": one.id, "name": say(one.name), "means": say(one.means)} for one in TERMS]


class Glosses:
    """Links each word of the glossary where it is first used on a page, and nowhere else."""

    def __init__(self) -> None:
        self._left = {one.id: _pattern(say(one.words)) for one in TERMS}

    def __call__(self, text: Any) -> Any:
        """``text`` with at most one link for each word; what is marked as of another language stays as it is."""
        if isinstance(text, Spoken | Markup) or not text:
            return text
        for key, pattern in list(self._left.items()):
            found = pattern.search(text)
            if found is not None:
                del self._left[key]
                before, after = text[: found.start()], text[found.end() :]
                return self(before) + link(key, found[0]) + self(after)
        return escape(text)

    def used(self, key: str, text: Any) -> Markup:
        """A link to a word, which then counts as used."""
        self._left.pop(key, None)
        return link(key, text)


def link(key: str, text: Any) -> Markup:
    """A link to a word of the glossary."""
    return Markup('<a class="term" href="#term-{}">{}</a>').format(key, text)


def _pattern(words: str) -> re.Pattern[str]:
    alternatives = sorted((re.escape(one.strip()) for one in words.split(",")), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)
