"""The words around the tables of ``docs/coverage.md``; figures are filled in by ``coverage.py``."""

TEXT = """\
# Do the margins hold?

<!-- Written by tests/benchmarks/coverage.py --draws {draws} --districts {districts}; change the words there. -->

Every sampled number in justgeo carries a 90 % margin of error. If margins are honest, then over many surveys of one
place nine intervals in ten hold the truth. In a real place nobody knows the truth. In Nowhere, the invented county,
everybody does: its people and households exist one by one. So this page asks them again and again.

## What was done

- **Surveys.** The invented county was surveyed anew {draws} times, as the Bureau does it: about one household in eight,
  all its members, whole-number weights, margins by successive difference replication, published for county, tracts
  and block groups.
- **Shares.** Every share of the catalogue that comes from a survey table, for all people, through the product's own
  reducers (`measure.reduce.reduce`) and weights (`Weights.build`). Nothing is added up anywhere else.
- **a. Whole block groups.** {sets} random neighbourhoods of {sizes} adjoining whole block groups, {draws} surveys.
- **b. Cut districts.** {districts} random sixteen-sided districts of 1,000 to 20,000 people that cut whatever they
  meet, {cut_draws} surveys each. The truth is where people live, address by address.
- **c. The rest.** Tracts, single block groups, and rare shares.

A place counts for a share in *a* and *b* if a survey has on average at least {cases} interviews on either side of it
(ten renters *and* ten owners). The column *by draw* counts only those surveys that did find {cases} on either side; it
flatters, since a survey that found too few is one that missed. Differences of less than half a point in a pooled
figure, and of two points for a single place, are chance.

**Bold** figures lie outside what is aimed at: 85 to 94 % for each share in *a*; in *b* a mean of 86 to 96 % (there the
bold of a single share is only a reading aid).

## What came out

- **a.** {inside} of {judged} shares lie within 85 to 94 %. Outside: {outside}. Too rare to be judged: {unjudged}.
- **b.** On average the margins hold in {cut_mean} % of cases. Without the apportionment part it would be
  {cut_sampling} %: that is what the term buys. With noise in the block counts (standard deviation {noise}, as in the
  2020 Census) it is {cut_noisy} %. Single shares outside 86 to 96 %: {cut_outside}.

### For a planner

- Read a margin as "about nine in ten" for tenure, housing costs, work, race, age, poverty, sex and
  schooling.
- Members of a household share schooling, race and income, so a margin of *persons* rests on fewer independent answers
  than the number of people suggests. It differs from place to place: that of a bachelor's degree or more (OPP-04) holds
  nearly as promised on average, but in the worst single neighbourhood only in {school_low} %.
- Where a boundary cuts a block group with a dormitory or a nursing home, nothing helps: one address holds hundreds of
  people of one age, and whether it lies inside is not in any table. The lowest districts for age and work in *b* are
  of that kind. Draw the boundary around such a block group, not through it.
- The same holds for a small district that is an enclave inside one block group: the lowest ones for race, of about a
  thousand people. The sum of their neighbours is all that the tables know.
- A trait of which hardly anybody was asked (see *c*) is told to be there, not measured: its margin comes from the
  margin of a zero.

### What the plain formulas miss, and what justgeo does about it

The published tables give a margin for each cell, not for their sum; the Bureau's formulas for users take cells to be
independent (*Understanding and Using ACS Data*, chapter 8), and the formula for a share takes the numerator to err in
proportion to the total. Members of one household are interviewed together, so neither is true of persons. By those
formulas alone five shares fell short here (1,000 surveys): people below twice the poverty line 77.5 %, age groups 80.2
to 84.5 %. Two rules of our own were added after that was seen; neither has a constant in it that could be tuned:

- **Sums of several cells of people** (DEM-03, OPP-04, OPP-05, OPP-02). Brothers and sisters are in the same few cells,
  and so are couples: the cells rise and fall together. How much, is seen in the whole: where its own published margin
  is larger than that of all its cells added as if independent, the numerator's margin is widened in that proportion. It
  is never narrowed. In tables whose cells vary as if independent, the rule does nothing.
- **All less a part** (OPP-02.200: everybody less those above twice the line). With X + Z = T the variance of X / T is
  (q Var X + p Var Z - p q Var T) / T², p the share and q the rest: an identity that holds the covariance of the parts.
  Z / T alone takes those above the line to live in households as large as everybody's; here theirs are smaller (2.3
  people against 3.1).

The column *by replicates* gives the margin that the Bureau itself would find for the finished share, from the replicate
weights of the same survey ({replicate_draws} surveys): it holds in {replicate_low} to {replicate_high} % for every
share.

- **Renters with high housing costs** (BEL-03.renters) lie high: four cells of households that exclude one another vary
  less, together, than independent ones. The margin is on the safe side.
- **Bachelor's degree or more, in cut districts** (OPP-04): block groups differ much in schooling, and the apportionment
  part takes a fixed share of that difference to be found within a block group too: more than is found in Nowhere.
  The margin is on the safe side.

The surest cure for a share that decides something is the Bureau's variance replicate tables, where they hold the table.

### What this does not show

- The blocks of Nowhere were counted when the survey was taken. A real survey spans five years around other counts.
- Nowhere's survey is simpler than the real one (`justgeo/synthetic/survey.py` says how), and its people move in no more
  patterns than were invented for them. The figures are a test of the arithmetic, not a forecast for one's own town.
- Groups by race, medians and counts are not in these tables.

## a. Whole block groups

*held*: share of intervals that hold the truth, over all places and surveys. *lowest, 10th, highest*: single places.

{table_a}

## b. Cut districts

*sampling part alone*: what it would be without the apportionment part. *noisy counts*: with noise in the block counts.
*districts under 80 %*: share of districts in which the margin holds in less than four surveys out of five.

{table_b}

## c. Tracts, single block groups, rare shares

*rare*: fewer than {cases} interviews on either side in an average survey. Sampled shares of single block groups are not
published by justgeo; they are here to show why. A figure near 100 % there means a margin so wide that it holds
everything.

{table_c}
"""
