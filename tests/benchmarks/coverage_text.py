"""The words around the tables of ``docs/coverage.md``; figures are filled in by ``coverage_page.py``."""

NOT_LOOKED_INTO = "Why, is not known"
"""For what no reason stands below."""

SAFE_CELLS = "Several cells of homes that exclude one another vary less, together, than independent ones: the safe side"
WITHIN = (
    "Block groups differ much in it, and the apportionment part takes a fixed share of that difference to be found "
    "within a block group too: more than is found in Nowhere. The safe side"
)
COUPLES = (
    "Women and men of one schooling are two cells, added as if independent, but couples share their schooling, and the "
    "row does not name the other cells, by which the margin could be widened. It is too small"
)
WIDENED = (
    "Cells of women and men, or of ages, are added, and the margin of their sum is widened by what the whole table "
    "shows of people who answer alike: more than two or three cells need. The safe side"
)
FEW = "Hardly anybody is asked: there are few interviews, and the margin itself is a guess"
NOISY_MARGIN = (
    "Few interviews: the published margin is right on average but differs by a third and more from survey to survey, "
    "and where it comes out small it does not hold. It is the survey's own figure, shown as it is published"
)
TRACTS_CUT = (
    "The table has tracts alone, and the boundary cuts them: of how a group is spread within a tract nothing is known"
)
TOGETHER = (
    "Where there are more homes there are more people: the two rise and fall together, and the formula takes them for "
    "independent. The safe side"
)
PARTS = (
    "The two are parts of one whole: where a survey finds more renters it finds fewer owners, and the formula takes "
    "them for independent. Such a ratio is to be told as a share"
)
OVERLAP = (
    "The overlap of a median with the county is not taken out of the test, and the places are up to a fifth of the "
    "county. The safe side"
)
AS_ITS_SHARE = "As the share itself"
AS_APPORTIONED = "As the share itself: the apportionment part is added in full. The safe side"

HOMES = ("BEL-03", "ENV-12", "WEL-11")
SUMS = ("OPP-04 ", "WEL-01 ", "WEL-02 ")
ANY = ("",)

BOTH_TIMES = (
    "What is divided adds a part to the margin at both times, as if the two had nothing in common; who lives on which "
    "side of a line stays much the same. Without that part they hold in about nine of ten. The safe side"
)
WHY: tuple[tuple[str, tuple[str, ...], bool, str], ...] = (
    ("a", HOMES, True, SAFE_CELLS),
    ("b", ("DEM-01.other",), False, FEW),
    ("b", ("BEL-03",), True, SAFE_CELLS),
    ("b", ANY, True, WITHIN),
    ("h", ANY, True, BOTH_TIMES),
    ("dp", ANY, False, NOISY_MARGIN),
    ("dc", ("OPP-01 ",), False, TRACTS_CUT),
    ("e", ("ratio.1",), True, TOGETHER),
    ("ec", ("ratio.1",), True, TOGETHER),
    ("e", ("ratio.2",), False, PARTS),
    ("ec", ("ratio.2",), False, PARTS),
    ("f", ("OPP-04 ",), False, COUPLES),
    ("f", SUMS, True, WIDENED),
    ("fc", ("OPP-01 ", "OPP-02 ", "OPP-04 "), False, TRACTS_CUT),
    ("fc", ANY, True, WITHIN),
    ("g", (*HOMES, *SUMS), True, AS_ITS_SHARE),
    ("g", ("OPP-04 ",), False, AS_ITS_SHARE),
    ("gc", ("OPP-04 ",), False, AS_ITS_SHARE),
    ("gc", ANY, True, AS_APPORTIONED),
    ("gm", ANY, True, OVERLAP),
    ("gmc", ANY, True, OVERLAP),
)
"""Of which part of the page, of which figures (how their names begin), above the band or below it, and why."""

TEXT = """\
# Do the margins hold?

<!-- Written by tests/benchmarks/coverage.py --draws {draws} --districts {districts}; change the words there. -->

Every sampled number in justgeo carries a 90 % margin of error. If margins are honest, then over many surveys of one
place nine intervals in ten hold the truth. In a real place nobody knows the truth. In Nowhere, the invented county,
everybody does: its people and households exist one by one. So this page asks them again and again.

## What was done

- **Surveys.** The invented county was surveyed anew {draws} times, as the Bureau does it: about one household in
  eight, all its members, whole-number weights, margins by successive difference replication, published for county,
  tracts and block groups. All tables below are of the same surveys.
- **Figures.** Every count, share, median and gap of the catalogue that comes from a survey table, for all people and
  for each group that has a table of its own, through the product's own reducers (`measure.reduce.reduce`) and weights
  (`Weights.build`). Nothing is added up anywhere else, and a test holds that values, margins, differences and
  verdicts are those of a run.
- **Whole block groups** (*a*, *d* to *g*). {sets} random neighbourhoods of {sizes} adjoining whole block groups,
  {draws} surveys. Tables that have tracts alone (income, poverty and schooling by race): {tract_sets} neighbourhoods
  of {tract_sizes} whole tracts.
- **Cut districts** (*b*, and columns of *d* to *g*). {districts} random sixteen-sided districts of 1,000 to 20,000
  people that cut whatever they meet, the first {cut_draws} surveys. The truth is where people live, address by
  address.
- **The rest** (*c*). Tracts, single block groups, and rare shares.

A place counts for a figure if a survey has on average at least {cases} interviews on either side of it (ten renters
*and* ten owners; of a median ten below it; of a gap in both groups). The column *by draw* counts only those surveys
that did find {cases} on either side; it flatters, since a survey that found too few is one that missed. Differences
of less than half a point in a pooled figure, and of two points for a single place, are chance.

**Bold** figures lie outside what is aimed at: 85 to 94 % for each figure in whole block groups (or tracts); in cut
districts a mean of 86 to 96 % (there the bold of a single figure is only a reading aid).

## What came out

- **a. Shares, whole block groups.** {a_inside} shares lie within 85 to 94 %. Too rare to be judged: {unjudged}.
{a_outside}
- **b. Shares, cut districts.** On average the margins hold in {cut_mean} % of cases. Without the apportionment part
  it would be {cut_sampling} %: that is what the term buys. With noise in the block counts (standard deviation
  {noise}, as in the 2020 Census) it is {cut_noisy} %.
{b_outside}
- **d. Medians.** Rebuilt from brackets with the design factor calibrated on the county's own published median,
  {d_inside} lie within 85 to 94 %: from {d_low} to {d_high} %.
{d_outside}
  - Brackets: if everybody were asked, the rebuilt medians would be off by {d_off} % on average, typically by
    {d_typical} %, which is {d_margins} of a margin. That is no part of the margin, and costs little: of what the
    brackets of everybody would give, the margins hold {d_brackets} %; of the true median {d_held} %.
  - Design factor: with a factor of 1 for all the margins hold {at_one} %, with the default of 1.3 {at_default} %.
    Right would have been {needed_low} to {needed_high}: Nowhere's survey is drawn block group by block group, which
    is better than at random. Factors below 1 are never used, and that of a small group comes from one uncertain
    margin: calibrated ones are {calibrated_low} to {calibrated_high} on average, a little on the safe side.
  - Cut districts: {d_cut} % on average, though no apportionment part is added; but in {d_cut_poor} % of the districts
    the margin holds in less than four surveys of five.
{d_cut_outside}
  - Published medians, as the survey itself printed them for the tracts: {d_published_mean} % on average.
{d_published}
- **e. Counts.** {counts_inside} lie within the band; in cut districts {counts_cut} %, with no apportionment part
  told: the blocks of Nowhere were counted when the survey was taken.
{counts_outside}
- **e. Ratios.** The catalogue has none whose numerator is no part of the denominator. Three were made up to see what
  the formula does; {ratios_inside} lie within the band.
{ratios_outside}
- **f. Groups.** Shares by race from tables of their own: {groups_inside} lie within the band; in cut districts
  {groups_cut} %. Too rare to be judged: {groups_unjudged}.
{groups_outside}
- **f. Gaps between groups.** {gaps_inside} lie within the band; in cut districts {gaps_cut} %.
{gaps_outside}
- **g. Differences from the county, shares and gaps.** {g_shares_inside} lie within 85 to 94 %, {g_shares_mean} % on
  average. With the overlap left in, as if the neighbourhood were no part of the county, it would be
  {g_shares_other} %. In cut districts {g_shares_cut} % and {g_shares_cut_other} %.
{g_shares_outside}
- **g. Differences from the county, medians.** {g_medians_inside} lie within 85 to 94 %, {g_medians_mean} % on
  average. The overlap is left in; taken out by the share of the households, it would be {g_medians_other} %. In cut
  districts {g_medians_cut} % and {g_medians_cut_other} %.
{g_medians_outside}
- **g. Verdicts.** Of neighbourhoods that hardly differ from the county (by less than a tenth of the margin),
  {false} % are called higher or lower; {false_other} % with the overlap left in. A true difference of 1 to 1.5
  margins is found in {power_near} % of surveys, of 1.5 to 2 in {power_far} % ({power_far_other} % with the overlap
  left in), of more in {power_most} %.

### For a planner

- Read a margin as "about nine in ten" for tenure, housing costs, work, race, age, poverty, sex and schooling.
- Members of a household share schooling, race and income, so a margin of *persons* rests on fewer independent answers
  than the number of people suggests. It differs from place to place: that of a bachelor's degree or more (OPP-04)
  holds nearly as promised on average, but in the worst single neighbourhood only in {school_low} %.
- Where a boundary cuts a block group with a dormitory or a nursing home, nothing helps: one address holds hundreds of
  people of one age, and whether it lies inside is not in any table. The lowest districts for age and work in *b* are
  of that kind. Draw the boundary around such a block group, not through it.
- The same holds for a small district that is an enclave inside one block group: the lowest ones for race, of about a
  thousand people. The sum of their neighbours is all that the tables know.
- A trait of which hardly anybody was asked (see *c*) is told to be there, not measured: its margin comes from the
  margin of a zero.
- One comparison in ten of places that do not differ says that they do. Among thirty rows that is three: read the *q*
  of a comparison, which counts them, and not the verdict of a single row.
- "Not distinguishable" does not mean equal. A difference is found in nine surveys of ten only where it is nearly
  twice its margin.
- A median of few households (a group's, in one tract) has a margin that is itself uncertain by a third.

### What the plain formulas miss, and what justgeo does about it

The published tables give a margin for each cell, not for their sum; the Bureau's formulas for users take cells to be
independent (*Understanding and Using ACS Data*, chapter 8), and the formula for a share takes the numerator to err in
proportion to the total. Members of one household are interviewed together, so neither is true of persons. By those
formulas alone five shares fell short here (1,000 surveys): people below twice the poverty line 77.5 %, age groups
80.2 to 84.5 %. Two rules of our own were added after that was seen; neither has a constant in it that could be tuned:

- **Sums of several cells of people** (DEM-03, OPP-04, OPP-05, OPP-02, and others). Brothers and sisters are in the
  same few cells, and so are couples: the cells rise and fall together. How much, is seen in the whole: where its own
  published margin is larger than that of all its cells added as if independent, the numerator's margin is widened in
  that proportion. It is never narrowed. In tables whose cells vary as if independent, the rule does nothing.
- **All less a part** (OPP-02.200: everybody less those above twice the line). With X + Z = T the variance of X / T is
  (q Var X + p Var Z - p q Var T) / T², p the share and q the rest: an identity that holds the covariance of the
  parts. Z / T alone takes those above the line to live in households as large as everybody's; here theirs are smaller
  (2.3 people against 3.1).

The column *by replicates* gives the margin that the Bureau itself would find for the finished share, from the
replicate weights of the same survey ({replicate_draws} surveys): it holds in {replicate_low} to {replicate_high} %
for every share. The surest cure for a share that decides something is the Bureau's variance replicate tables, where
they hold the table.

### What this does not show

- The blocks of Nowhere were counted when the survey was taken. A real survey spans five years around other counts.
- Nowhere's survey is simpler than the real one (`justgeo/synthetic/survey.py` says how), and its people move in no
  more patterns than were invented for them. The figures are a test of the arithmetic, not a forecast for one's own
  town.
- What a page leaves out as too uncertain for a group is counted here all the same.
- Changes between two surveys are in section h alone. Exposures of groups (who lives near a park) are no sample.

## a. Whole block groups

*held*: share of intervals that hold the truth, over all places and surveys. *lowest, 10th, highest*: single places.

{table_a}

## b. Cut districts

*sampling part alone*: what it would be without the apportionment part. *noisy counts*: with noise in the block
counts. *districts under 80 %*: share of districts in which the margin holds in less than four surveys out of five.

{table_b}

## c. Tracts, single block groups, rare shares

*rare*: fewer than {cases} interviews on either side in an average survey. Sampled shares of single block groups are
not published by justgeo; they are here to show why. A figure near 100 % there means a margin so wide that it holds
everything.

{table_c}

## d. Medians

*whole*: neighbourhoods of whole block groups, for groups of whole tracts. *off by brackets*: what the brackets would
give if everybody were asked, against the true median: on average, *typically* (mean without sign), and the latter *in
margins*. *held of what brackets give*: the same intervals, held against that. *no margin*: surveys in which the
median or an end of its interval lay in an open bracket, or too few were asked.

{table_d}

The design factor, for the places called *whole*. *needed*: how much rebuilt medians vary over the surveys, over the
method's standard error with a factor of 1; the middle one of the places.

{table_factors}

## e. Counts and ratios

*whole*: what the places are made of. *sampling part alone*: in cut districts, without the apportionment part.

{table_e}

## f. Groups and gaps

{table_f}

## g. Differences from the county

*held*: as judged, with the overlap taken out for shares and left in for medians. *other way*: left in for shares,
taken out for medians. For gaps the overlap is that of each group.

{table_g}

Verdicts, pooled over figures and places that are compared. *right way*: called higher where it is, or lower. *other
way*: the overlap left in for shares, taken out for medians.

{table_verdicts}
"""
