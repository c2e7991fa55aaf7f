"""From tallies to the tables of ``docs/coverage.md``: which places count, what is pooled, what is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from justgeo.core.layer import BoolArray, FloatArray
from tests.benchmarks.measures import Measure
from tests.benchmarks.simulation import Places
from tests.benchmarks.tally import Tallies, Tally

WHOLE_BAND, CUT_BAND = (0.85, 0.94), (0.86, 0.96)
POOR = 0.80


@dataclass(frozen=True)
class Found:
    """All that was measured.

    Attributes
    ----------
    measures : sequence of Measure
    places : mapping of str to Places
        ``whole`` and ``tracts`` (whole block groups, whole tracts), ``cut``, ``noisy``.
    tallies : as `tally.simulate` gives them
    replicates : mapping of str to float
        By key: coverage of the margins that the survey's replicates give.
    """

    measures: Sequence[Measure]
    places: Mapping[str, Places]
    tallies: Tallies
    replicates: dict[str, float]

    def of(self, *kinds: str, group: bool | None = None, by_tract: bool | None = None) -> list[Measure]:
        """Figures of some kinds; of everybody (False), of groups (True); of tables of tracts alone, or not."""
        return [
            m for m in self.measures
            if m.kind in kinds and group in (None, m.group != "all") and by_tract in (None, m.by_tract)
        ]  # fmt: skip

    def tally(self, measure: Measure, where: str, variant: str = "shown") -> Tally:
        return self.tallies[where][measure.key, variant]

    def home(self, measure: Measure) -> str:
        """The places that its tables need not be cut for."""
        return "tracts" if measure.by_tract else "whole"

    def chosen(self, measure: Measure, where: str, kind: str, rare: bool = False, variant: str = "shown") -> BoolArray:
        """Zones of a kind with enough interviews in an average survey (or with too few)."""
        enough = self.tally(measure, where, variant).expected()
        return np.asarray(self.places[where].of(kind) & (~enough if rare else enough), dtype=np.bool_)


def mean(held: np.typing.NDArray[np.floating], where: BoolArray) -> float:
    """Mean of what is known, over zones (Z,) or over draws x zones (n, Z)."""
    values = held[:, where] if where.ndim == 1 else held[where]
    values = values[np.isfinite(values)]
    return float(values.mean(dtype=np.float64)) if values.size else float("nan")


def by_zone(held: np.typing.NDArray[np.floating], where: BoolArray) -> FloatArray:
    """Coverage of each single zone, over its draws; NaN in one place where there are none."""
    known = held[:, where]
    known = known[:, np.isfinite(known).any(axis=0)]
    return np.nanmean(known, axis=0, dtype=np.float64) if known.size else np.array([np.nan])


# --- words ----------------------------------------------------------------------------------------------------------


def percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f}".replace("-", "−")


def inside(value: float, band: tuple[float, float]) -> bool:
    """Judged as it is printed."""
    return band[0] <= round(value, 3) <= band[1]


def marked(value: float, band: tuple[float, float]) -> str:
    """A percentage, in bold where it lies outside a band."""
    return percent(value) if np.isnan(value) or inside(value, band) else f"**{percent(value)}**"


def table(head: Sequence[str], lines: Sequence[Sequence[str]], words: int = 2) -> str:
    """A Markdown table; all but the first columns to the right."""
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *lines])


def named(some: Sequence[tuple[str, float]]) -> str:
    """``OPP-04 (98.3 %), ...``, or none."""
    return ", ".join(f"{key} ({percent(value)} %)" for key, value in some) or "none"


def pooled(values: Sequence[float]) -> float:
    """Mean over rows of those that are known."""
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")


def amount(measure: Measure, value: float) -> str:
    """A true value as its unit is printed."""
    if np.isnan(value):
        return "–"
    if measure.kind == "share":
        return f"{100 * value:.1f} %"
    return {"gap": f"{value:.1f}", "ratio": f"{value:.2f}"}.get(measure.kind, f"{value:,.0f}").replace("-", "−")


# --- tables ---------------------------------------------------------------------------------------------------------


def held(found: Found, measure: Measure, where: str, kind: str, rare: bool = False) -> float:
    """Coverage over the zones of a kind."""
    return mean(found.tally(measure, where).holds(), found.chosen(measure, where, kind, rare))


def of_shares(found: Found) -> str:
    """Table a."""
    lines = []
    for m in judged(found, "share"):
        where = found.home(m)
        tally, zones = found.tally(m, where), found.chosen(m, where, "set")
        each = by_zone(tally.holds(), zones)
        lines.append(
            [m.row.id, m.row.title, made_of(m), percent(float(tally.truth[-1])), str(zones.sum()),
             marked(mean(tally.holds(), zones), WHOLE_BAND),
             percent(mean(tally.holds(), tally.enough() & found.places[where].of("set"))), percent(float(each.min())),
             percent(float(np.percentile(each, 10))), percent(float(each.max())), percent(found.replicates[m.key])]
        )  # fmt: skip
    head = ("row", "share", "whole", "true %", "zones", "held %", "by draw %", "lowest zone", "10th", "highest",
            "by replicates %")  # fmt: skip
    return table(head, lines, 3)


def made_of(measure: Measure) -> str:
    """What the places are whole sets of in which it is judged."""
    return "tracts" if measure.by_tract else "block groups"


def judged(found: Found, *kinds: str, group: bool = False) -> list[Measure]:
    """Figures with enough interviews in some whole place."""
    return [m for m in found.of(*kinds, group=group) if found.chosen(m, found.home(m), "set").any()]


def of_cut_shares(found: Found) -> str:
    """Table b."""
    lines = []
    for m in found.of("share", group=False):
        tally, zones = found.tally(m, "cut"), found.chosen(m, "cut", "cut")
        if zones.any():
            each = by_zone(tally.holds(), zones)
            lines.append(
                [m.row.id, m.row.title, str(zones.sum()), marked(mean(tally.holds(), zones), CUT_BAND),
                 percent(mean(tally.holds("sampling"), zones)),
                 percent(mean(found.tally(m, "noisy").holds(), zones)), percent(float(each.min())),
                 percent(float(np.mean(each < POOR)))]
            )  # fmt: skip
    head = ("row", "share", "districts", "held %", "sampling part alone", "noisy counts", "lowest district",
            "districts under 80 %")  # fmt: skip
    return table(head, lines)


def of_the_rest(found: Found) -> str:
    """Table c."""
    lines = [
        [m.row.id, m.row.title, percent(held(found, m, "whole", "tract")), percent(held(found, m, "whole", "one")),
         percent(held(found, m, "whole", "one", rare=True)), percent(held(found, m, "whole", "set", rare=True)),
         str(found.chosen(m, "whole", "set", rare=True).sum()), percent(held(found, m, "cut", "cut", rare=True))]
        for m in found.of("share", group=False, by_tract=False)
    ]  # fmt: skip
    head = ("row", "share", "tracts", "single block groups", "the same, rare", "sets, rare", "such sets",
            "cut districts, rare")  # fmt: skip
    return table(head, lines)


@dataclass(frozen=True)
class Middle:
    """One median in one kind of places."""

    measure: Measure
    place: str
    zones: int
    held: float
    lowest: float
    poor: float
    lacking: float
    brackets: float
    off: float
    typical: float
    in_margins: float

    @property
    def band(self) -> tuple[float, float]:
        return CUT_BAND if self.place == CUT else WHOLE_BAND


CUT, SETS, PUBLISHED = "cut districts", "whole", "tracts, published"
MEDIAN_PLACES = (("set", "rebuilt", SETS), ("tract", "rebuilt", "tracts, rebuilt"), ("tract", "shown", PUBLISHED))


def middles(found: Found) -> list[Middle]:
    """Every median in every kind of places where it has enough interviews."""
    made = []
    for m in found.of("median"):
        for kind, variant, place in MEDIAN_PLACES:
            made.append(_middle(found, m, found.home(m), kind, variant, place))
        made.append(_middle(found, m, "cut", "cut", "rebuilt", CUT))
    return [one for one in made if one.zones]


def _middle(found: Found, m: Measure, where: str, kind: str, variant: str, place: str) -> Middle:
    tally, zones = found.tally(m, where, variant), found.chosen(m, where, kind, variant=variant)
    each = by_zone(tally.holds(), zones)
    known = np.isfinite(tally.value) & np.isfinite(tally.moe)
    told = Middle(
        measure=m,
        place=place,
        zones=int(zones.sum()),
        held=mean(tally.holds(), zones),
        lowest=float(each.min()),
        poor=float(np.mean(each < POOR)),
        lacking=1.0 - mean(known.astype(np.float64), zones),
        brackets=float("nan"),
        off=float("nan"),
        typical=float("nan"),
        in_margins=float("nan"),
    )
    there = zones & np.isfinite(tally.by_brackets)
    if variant == "shown" or not there.any():
        return told
    off = (tally.by_brackets - tally.truth)[there]
    margin = np.nanmean(tally.moe[:, there], axis=0, dtype=np.float64)
    return replace(
        told,
        brackets=mean(tally.holds(truth=tally.by_brackets), zones),
        off=float(np.mean(off / tally.truth[there])),
        typical=float(np.mean(np.abs(off) / tally.truth[there])),
        in_margins=float(np.nanmean(np.abs(off) / margin)),
    )


def of_medians(some: Sequence[Middle]) -> str:
    """Table d."""
    lines = [
        [one.measure.key, one.measure.row.title, one.place, str(one.zones),
         marked(one.held, one.band), percent(one.lowest), percent(one.poor), percent(one.off), percent(one.typical),
         "–" if np.isnan(one.in_margins) else f"{one.in_margins:.2f}", percent(one.brackets), percent(one.lacking)]
        for one in some
    ]  # fmt: skip
    head = ("row", "median", "places", "zones", "held %", "lowest zone", "zones under 80 %", "off by brackets %",
            "typically %", "in margins", "held of what brackets give %", "no margin %")  # fmt: skip
    return table(head, lines, 3)


def needed(found: Found, m: Measure) -> float:
    """The design factor that would have made the margins of an average place right: how much its rebuilt medians vary
    over the surveys, over the method's standard error with a factor of 1."""
    where = found.home(m)
    plain, zones = found.tally(m, where, "factor 1"), found.chosen(m, where, "set", variant="factor 1")
    with np.errstate(invalid="ignore"):
        spread = np.nanstd(plain.value[:, zones].astype(np.float64), axis=0)
        method = np.nanmean(plain.moe[:, zones], axis=0, dtype=np.float64) / 1.645
    return float(np.nanmedian(spread / method)) if zones.any() else float("nan")


def of_factors(found: Found) -> str:
    """The design factors behind table d."""
    lines = []
    for m in found.of("median"):
        where = found.home(m)
        zones = found.chosen(m, where, "set", variant="rebuilt")
        if not zones.any():
            continue
        told = found.tally(m, where, "rebuilt").factor
        told = told[np.isfinite(told)]
        at = [mean(found.tally(m, where, v).holds(), zones) for v in ("factor 1", "rebuilt", "factor 1.3")]
        lines.append(
            [m.key, m.row.title, f"{told.mean():.2f}", f"{np.percentile(told, 5):.2f}–{np.percentile(told, 95):.2f}",
             f"{needed(found, m):.2f}", *map(percent, at)]
        )  # fmt: skip
    head = ("row", "median", "calibrated", "in nine surveys of ten", "needed", "held with 1 %", "as calibrated %",
            "with 1.3 %")  # fmt: skip
    return table(head, lines)


def of_others(found: Found, some: Sequence[Measure], what: str) -> str:
    """Tables e and f: figures with one line each."""
    lines = []
    for m in some:
        where = found.home(m)
        tally, zones = found.tally(m, where), found.chosen(m, where, "set")
        cut = found.chosen(m, "cut", "cut")
        lines.append(
            [m.key, m.row.title, made_of(m), amount(m, float(tally.truth[-1])),
             str(zones.sum()), marked(mean(tally.holds(), zones), WHOLE_BAND),
             percent(float(by_zone(tally.holds(), zones).min())), str(cut.sum()),
             marked(mean(found.tally(m, "cut").holds(), cut), CUT_BAND),
             percent(mean(found.tally(m, "cut").holds("sampling"), cut))]
        )  # fmt: skip
    head = ("row", what, "whole", "true, county", "zones", "held %", "lowest zone", "cut districts", "held, cut %",
            "sampling part alone")  # fmt: skip
    return table(head, lines, 3)
