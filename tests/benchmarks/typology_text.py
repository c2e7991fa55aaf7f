"""The words around the tables of ``docs/displacement.md``; figures are filled in by ``typology_calibration.py``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tests.benchmarks.reliability import Bin, table
from tests.benchmarks.typology_cases import Runs, family, off_in_total, right
from tests.benchmarks.typology_tables import (
    cause_table,
    class_table,
    county_table,
    percent,
    reliability_table,
    signed,
    statement_table,
    summaries,
)

if TYPE_CHECKING:
    from tests.benchmarks.typology_calibration import Found

COMMAND = "tests/benchmarks/typology_calibration.py"
A, EACH_A = "A: three of four pressures", "each condition of A"
B, EACH_B, EACH_C = "B: demographic change", "each condition of B", "each condition of C"
MARKET, EITHER = "C: market stage, value", "C: market stage, either"
PRESSED, STAGE = "pressed (A and a market), value", "stage, value"
DEFAULT = "which is what the product does"
CAUSES = (EACH_A, A, EACH_B, B, EACH_C, MARKET, PRESSED, STAGE)


def page(found: Found, surveys: Sequence[int], draws: int) -> str:
    """The document."""
    groups: dict[str, Runs] = {"county 2020": [found.one]}
    groups |= {name: [run] for name, run in found.others.items()}
    groups[f"{len(found.many)} counties"] = found.many
    causes = {cause.name: cause for cause in found.causes}
    figures = {
        "command": COMMAND,
        "surveys": str(surveys[0]),
        "other": str(surveys[1]),
        "few": str(surveys[2]),
        "draws": f"{draws:,}",
        "counties": str(len(found.many)),
        "names": " and ".join(name.removeprefix("county ") for name in found.others),
        **_said(found.many),
        **_labels(found.many),
        **{f"why_{key}": points(causes[name].families[of].excess) for key, (name, of) in _WHY.items()},
        "default_words": DEFAULT,
        "table_a": reliability_table(found.many),
        "table_b": reliability_table([found.one]),
        "table_c": class_table(found.many),
        "table_d": cause_table(found.causes, CAUSES),
        "table_e": county_table(groups),
        "table_g": found.margins,
        "table_f": statement_table(found.many),
    }
    return wrapped(TEXT.format(**figures))


def points(value: float) -> str:
    """Points of a hundred; too cautious is below 0."""
    return signed(value).removeprefix("+")


def wrapped(text: str, width: int = 118) -> str:
    """Paragraphs and points of a list filled anew; headings, comments and tables as they are."""
    blocks = []
    for block in text.strip().split("\n\n"):
        if block.startswith(("#", "<!--", "|")):
            blocks.append(block)
            continue
        items = re.split(r"\n(?=- )", block)
        blocks.append("\n".join(_filled(" ".join(item.split()), width) for item in items))
    return "\n\n".join(blocks) + "\n"


def _filled(item: str, width: int) -> str:
    indent = "  " if item.startswith("- ") else ""
    return textwrap.fill(item, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


_WHY = {
    "b": ("as told", B),
    "b_alone": ("errors of a tract drawn as independent", B),
    "each_b": ("as told", EACH_B),
    "each_b_right": ("every margin right", EACH_B),
    "each_b_back": ("drawn back to the mean of the tracts", EACH_B),
    "market_back": ("drawn back to the mean of the tracts", MARKET),
    "b_back": ("drawn back to the mean of the tracts", B),
    "b_same": ("tracts that stayed the same since 2010, alone", B),
    "b_anew": ("tracts that were drawn anew, alone", B),
    "a": ("as told", A),
    "a_alone": ("errors of a tract drawn as independent", A),
    "pressed": ("as told", PRESSED),
    "pressed_alone": ("errors of a tract drawn as independent", PRESSED),
    "stage": ("as told", STAGE),
    "stage_alone": ("errors of a tract drawn as independent", STAGE),
    "market": ("as told", MARKET),
    "either": ("as told", EITHER),
    "either_back": ("drawn back to the mean of the tracts", EITHER),
}
_BINS = {"some": (0.7, 0.9), "much": (0.9, 0.95), "most": (0.95, 1.0), "half": (0.5, 0.7), "little": (0.05, 0.1)}
_SAID = {"a": A, "each_a": EACH_A, "b": B, "each_b": EACH_B, "each_c": EACH_C, "market": MARKET, "pressed": PRESSED,
         "stage": STAGE}  # fmt: skip


def _said(runs: Runs) -> dict[str, str]:
    """``a_some_said``, ``a_some_true``, ...: percent said and true, by bin."""
    found = {}
    for key, name in _SAID.items():
        bins: Mapping[tuple[float, float], Bin] = {(b.low, b.high): b for b in table(family(runs, name))}
        for word, edges in _BINS.items():
            found[f"{key}_{word}_said"] = percent(bins[edges].said)
            found[f"{key}_{word}_true"] = percent(bins[edges].true)
    found["slope_a"] = f"{summaries(runs)[A].slope:.2f}"
    return found


CLASSES = {"a": "A", "b": "B", "pressed": "pressed.value", "stage": "stage.value"}


def _labels(runs: Runs) -> dict[str, str]:
    found = {}
    for key, name in CLASSES.items():
        judged = right(runs, name)
        found[f"{key}_half"] = percent(judged.true_above_half)
        if key in ("a", "pressed"):
            total = off_in_total(runs, name)
            found |= {f"{key}_sum_bias": signed(total.bias), f"{key}_sum_typical": percent(total.typical)}
        for one in judged.labels:
            found[f"{key}_{one.label}_right"] = percent(one.right)
            found[f"{key}_{one.label}_share"] = percent(one.n / judged.n)
    return found


TEXT = """\
# Displacement pressure, and what a chance of it is worth

<!-- Written by {command}; change the words in typology_text.py beside it. -->

For planners and residents who read the figures on displacement, and for analysts who have to defend them. **Every
figure on this page is of invented counties, of which everything is known. None is true of any place.**

## What is computed

Two surveys of the Census Bureau that share no year, say 2010-2014 and 2020-2024, are laid side by side for each
census tract of the reference (the county, unless another is named). Counts of 2014 are carried to today's tracts by
the blocks of both.

- **A, four shares.** Which of four shares lie above the county's own: homes that are rented, people of colour, adults
  without a bachelor's degree, households below 80 % of the county's median income. Where at least *three* do, the
  tract is called vulnerable. A share of residents by race presses on nobody: it is among the four because people of
  colour were long shut out of homes and loans, and because the published method counts it. Nothing here says that
  race is a cause. (Tables and code call the four *pressures*, for short.)
- **B, change.** Whether the share of owners, of White residents, of adults with a degree, and the real income rose at
  least as much as the county's: three of the four, or White residents and degrees both.
- **C, market.** Whether home values (or rents) were low or high, are low or high, and rose much or little, against
  the other tracts; and whether a neighbour is high or rose much.
- **Pressed** is A with a market other than *none*: this is the headline, as a number of households and of renter
  households. The analyst's tables split it by where the market moves: in the tract itself, or only next door, where
  the tract's own prices may have fallen.
- **What is not in it** stands beside it: homes of tracts that cannot be told or are left out, and homes without a
  chance. Where the chance is not known for more than 10 % of the homes (our choice), no number by chance is told.
  Where nobody knows which tracts touch, those that can be told are no fair sample: then there are two ends, with none
  and with all of the others, and no number between them. In public it is then absent.
- **In public** it is told of the district as a whole, by chance alone, and not where a single tract's market could be
  read from it. At least three tracts have to add 5 % or more each to the homes where three of four shares are high
  (each tract by its chance, which is public), and none more than half of them. This is a rule of dominance, as
  statistical offices have it; three, 5 % and a half are our choice.
- **Its margin** is the farther of the 5th and the 95th percentile of all that can happen, tract by tract, and never
  less than 1.645 standard errors (our choice). Where a few large tracts decide, those alone hold in 81 to 87 % of
  cases, not in 90: of two equal tracts, one with a chance of 12.9 % and one with none, the share is 0 or 50 %, and the
  margin of its 6.45 % is 43.55 points. The comparison with the county uses this margin too.
- **Stages** come from A, B and C together. Methods of this kind agree badly on stages, so they stay with the analyst.

The method is that of Bates (2013, doi:10.15760/report-01) in a form with two surveys. For each statement there is an
answer, from the estimates as they stand, and a **chance**: the share of {draws} redrawn surveys in which it holds. In
each of them all thirteen numbers of every tract are drawn within their margins, the county's own figures too, and the
lines between high and low are found anew. [The table](displacement-table.md) says what any region's own table has to
hold; `notebooks/05_displacement.ipynb` walks through an analysis and plots the figures below.

## How to read a chance

- *80 %* does not say that 80 % of the households are under pressure, nor that anybody will move. It says: of five
  tracts like this one, four are so, and one only seems so because of whom the survey happened to ask.
- *firm* is a chance of 90 % or more, *likely* 70 % or more, *uncertain* less: a coin may do as well.
- A chance speaks of sampling alone. Whether these are the right questions, it cannot say: another method, another
  base year or another reference may answer otherwise, and the analyst's page shows where they do.

## Is a chance of 80 % right four times in five?

In a real place nobody knows. In an invented county everybody can be asked, at both times. So:

- **Surveys.** One invented county was surveyed anew {surveys} times at both times, two more (seeds {names}) {other}
  times, and {counties} others {few} times each. Every survey went through the product's own doors: published tables,
  tracts of 2010 carried to those of 2020, margins, typology.
- **Truth.** What everybody says on the tracts of today, at both times, held against the county's true figures.
- **Cases.** One statement about one tract in one survey. Tables *a*, *c*, *d*, *f* and *g* are of the {counties}
  counties, from which nothing but the correlations of errors was taken; *b* is of the one county.

## What came out

**As sure as it should be, or on the safe side**

- *Three of four shares* (A). Where it was said with 70 to 90 %, on average {a_some_said} %, it was so in
  {a_some_true} % of cases; where with 95 % or more, in {a_most_true} %. Called firm ({a_firm_share} % of cases), the
  answer was right in {a_firm_right} %. The slope is {slope_a}: a little too cautious. Each share by itself: said
  {each_a_some_said} %, so in {each_a_some_true} %.
- *Pressed*, the headline. Said {pressed_some_said} %, so in {pressed_some_true} %; said {pressed_most_said} %, so in
  {pressed_most_true} %. Firm answers were right in {pressed_firm_right} %. The true answer had a chance of at least
  one half in {pressed_half} % of cases.

**Too sure**

- *A single change between two surveys* (each condition of B). Said {each_b_some_said} %, so in {each_b_some_true} %;
  said {each_b_most_said} %, so in {each_b_most_true} %. Too sure by {why_each_b} points on average.
- *Demographic change* (B as a whole). Said {b_some_said} %, so in {b_some_true} %; said {b_most_said} %, so in
  {b_most_true} %: {why_b} points. All of it is in tracts that were drawn anew since 2010 ({why_b_anew} points, the
  others {why_b_same}): their own past was never surveyed.
- *High or low, and the market's stage* (C). Said {market_some_said} %, so in {market_some_true} %; said
  {market_most_said} %, so in {market_most_true} %: {why_market} points. The further of both markets ("either"):
  {why_either} points, since the further of two guesses is too far.
- *Stages*. Said {stage_some_said} %, so in {stage_some_true} %; said {stage_most_said} %, so in {stage_most_true} %.
  Firm stages ({stage_firm_share} % of cases) were right in {stage_firm_right} %; of all, the most likely stage was
  the true one in {stage_all_right} %, and the true one had a chance of one half or more in {stage_half} %.

### For a planner

- Vulnerability and pressure: read the chance as it stands.
- A single change between two surveys: what is called 80 % is nearer to three in five, what is called 95 % or more to
  nine in ten. Demographic change as a whole: take a tenth off what is called 80 %, and in a tract that was drawn anew
  since 2010 leave it open. *Likely* settles nothing there.
- A market stage or a stage of a tract that is not firm is a question to ask there, not a finding.
- Numbers over a whole county, added up by their chances, are nearly without bias: vulnerable tracts {a_sum_bias} % of
  the true number on average, tracts under pressure {pressed_sum_bias} % (typical error of one survey {a_sum_typical}
  and {pressed_sum_typical} %).

### Why, and what was done about it

Table *d* makes one thing right at a time.

- **Errors that hang together.** A survey that meets more of the poor in a tract finds lower incomes *and* fewer
  owners. Drawn as if they were independent, the errors make B too sure by {why_b_alone} points, the stages by
  {why_stage_alone}, *pressed* by {why_pressed_alone}. Drawn with the correlations that were measured here
  ({default_words}) it is {why_b}, {why_stage} and {why_pressed}; A becomes a little more cautious still. Independence
  is a small part of the matter.
- **Margins.** Table *g*: they hold. Medians of 2014 in tracts that were drawn anew are rebuilt from carried classes.
  Without a part in their margin for how a divided tract differs within, they would hold in six to eight cases of ten,
  and chances of change and of markets would be too sure by about one point more. The margin of the share of low
  income is a quarter too wide, which makes that condition cautious.
- **Regression to the mean.** The share of owners or of White residents changes in most tracts by less than the margin
  of the change. A tract that *seems* to have changed much is then, more often than not, one where the survey erred
  that way. If each figure is drawn back towards the mean of all tracts by as much as its margin says, the excess of B
  falls from {why_b} to {why_b_back} points, and that of its conditions from {why_each_b} to {why_each_b_back}; the
  rest is that a few quarters changed much and most hardly at all, which no single spread describes. That is a
  diagnosis and not what is told: it does nothing for markets ({why_market} points become {why_market_back}), and by
  an assumption it would pull those exceptional tracts that this is about towards the others.
- **The county's own figures.** That they too are sampled matters little, and is in the draws.

### What this does not show

- In some figures the tracts of an invented county are much alike: their shares of renters differ by about as much as
  the margin of one. Where tracts differ more, chances lie nearer to 0 and 1 and are right more often; where less,
  less often. Counties differ among themselves (table *e*) by more than any correction here.
- Only a few quarters of an invented county change, all others hardly. In a county where change is spread evenly,
  chances of change may be better than here.
- The invented survey is simpler than the real one. Correlations of real errors are not known, and those used are
  invented too.
- A census undercounts, students count as poor, and a median says nothing of those who have left already. No chance
  holds that.

## What it takes to work it out again

Anyone can work out the plain classes from public tables. The chances also need the code of justgeo, which is open:
from these lists alone other chances come out. In the county of seed 2020, errors drawn as independent move the chance
that three of four shares are above by up to 3 points in a tract.

**The plain answer of part A, and the plain count**

- Of the later survey (five years of the American Community Survey), for every tract of the reference: B25003, B03002,
  B15003 and B19001; B26001 and B01003 for the tracts that are left out.
- The middle income of the reference: B19013 of the county; of several counties it is rebuilt from B19001 of all. Low
  income is below 80 % of it; inside a class of B19001 incomes are taken to be spread evenly.
- The reference's own shares: all its tracts pooled, sum over sum. A share counts where the tract's is strictly
  larger.
- For a district: its boundary, and the homes of the census blocks of 2020 by which those of a tract that it cuts are
  shared out.

**The plain answers of parts B and C, besides**

- The earlier survey (2010-2014 beside 2020-2024): the same four tables, and B19013. Home values and rents of both
  surveys: B25077 and B25064, and B25075 and B25063, from whose classes the medians of *both* are rebuilt where a
  tract was drawn anew.
- The Census Bureau's relationship of the blocks of 2010 to those of 2020, with the homes and people of the blocks of
  2010, by which counts are carried from one to the other.
- The price index of both years (CPI-U, yearly average), and the outlines of the tracts, for who touches whom.

**The chances, besides**

- The 90 % margin of every cell. Margins of tracts that were put together from divided ones are wider, by how unlike
  the parts of a tract are (`indicators/carried.py`).
- How the errors of one tract hang together (`measure/typology/correlation.py`): measured on invented counties, since no
  table tells it.
- The number of draws (10,000) and the seed (20250101). Each tract has its own stream of random numbers, named by its
  GEOID; the reference's own figures have another. Shares are cut off at 0 and 1, dollars at 1; the lines between high
  and low are found anew in every draw (`measure/typology/draws.py`). Another version of NumPy may draw other numbers
  from the same seed.
- The public page tells no chance as surer than 99 %; the cards of `results.json` hold the share of the draws.

**The other methods.** The rules of the Urban Displacement Project and of Ding, Hwang and Divringi are worked out
here, on the same numbers (`measure/typology/rivals.py`). None of what stands beside our classes is a result that they
published for the place.

## What it does not say

It does not say that anyone will move, or who; not that a place is bad, or a good buy; not that one tract comes before
another: nothing is ranked and nothing forecast. It names conditions, not people. Which protections tenants have
there, and what residents make of it, is not in the tables, and belongs beside every figure.

## a. What was said, and how often it was so: {counties} counties

Percent of cases true, by what was said. **Bold**: outside the bin by more than chance (two standard errors, tracts as
clusters). *–*: fewer than 50 cases.

{table_a}

## b. The same: one county, {surveys} surveys

36 tracts only, so that a few of them make a row.

{table_b}

## c. Classes

*firm*, *likely*, *uncertain*: share of all cases → percent right. A and B: yes or no; *pressed*: by home values, by
rents, by the further of both.

{table_c}

## d. What makes chances too sure

Excess in points: how sure the likelier side was said to be, less how often it was true; above 0 is too sure. In
brackets the slope of a logistic regression of truth on the odds told: 1 is right, below 1 is too sure. *Every margin
right*: the true error of each figure in its tract, which nobody knows outside of here.

{table_d}

## e. County by county

Excess in points with its 90 % margin (tracts as clusters), and how often classes were right.

{table_e}

## f. Every statement

*excess* and *slope* as in *d*; the last columns as in *a*.

{table_f}

## g. Do the margins of the figures hold?

*held*: percent of 90 % intervals with the truth. *true error over told*: 1 is right, above 1 the margin is too small.

{table_g}
"""
