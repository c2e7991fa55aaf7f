"""``docs/coverage.md``: tables and words put together, with what lies outside and why."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tests.benchmarks import coverage_apart as apart
from tests.benchmarks import coverage_tables as tables
from tests.benchmarks.coverage_tables import CUT, CUT_BAND, PUBLISHED, SETS, WHOLE_BAND, Found, inside, percent, pooled
from tests.benchmarks.coverage_text import NOT_LOOKED_INTO, TEXT, WHY
from tests.benchmarks.simulation import ENOUGH_CASES

Figures = Sequence[tuple[str, float]]
"""What a figure is called, and its coverage."""


def page(found: Found, facts: Mapping[str, Any]) -> str:
    """The document; ``facts`` are what was asked for, by the names that the text has for them."""
    return TEXT.format(
        cases=ENOUGH_CASES,
        **facts,
        **_shares(found),
        **_medians(found),
        **_others(found),
        **_differences(found),
        **_verdicts(found),
    )


def outside(letter: str, some: Figures, band: tuple[float, float]) -> str:
    """A list of what lies outside a band, with its reason; those of one reason stand together."""
    by_reason: dict[str, list[tuple[str, float]]] = {}
    for key, value in some:
        if not np.isnan(value) and not inside(value, band):
            by_reason.setdefault(reason(letter, key, high=value > band[1]), []).append((key, value))
    if not by_reason:
        return "  - Outside: none."
    told = [f"Outside: {tables.named(keys)}. {why}." for why, keys in by_reason.items()]
    return "\n".join(
        textwrap.fill(one, 118, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False) for one in told
    )


def reason(letter: str, key: str, *, high: bool) -> str:
    """Why a figure lies above or below its band, as far as it was found out."""
    for part, starts, above, words in WHY:
        if letter == part and key.startswith(starts) and above == high:
            return words
    return NOT_LOOKED_INTO


def _count(some: Figures, band: tuple[float, float]) -> str:
    known = [value for _, value in some if not np.isnan(value)]
    return f"{sum(inside(value, band) for value in known)} of {len(known)}"


def _shares(found: Found) -> dict[str, str]:
    whole = tables.judged(found, "share")
    held = [(m.key, tables.held(found, m, found.home(m), "set")) for m in whole]
    some = found.of("share", group=False)
    cut = [(m.key, tables.held(found, m, "cut", "cut")) for m in some]
    chosen = [found.chosen(m, "cut", "cut") for m in some]
    sampling = [tables.mean(found.tally(m, "cut").holds("sampling"), z) for m, z in zip(some, chosen, strict=True)]
    noisy = [tables.mean(found.tally(m, "noisy").holds(), z) for m, z in zip(some, chosen, strict=True)]
    school = next(m for m in whole if m.key == "OPP-04")
    each = tables.by_zone(found.tally(school, "whole").holds(), found.chosen(school, "whole", "set"))
    return {
        "a_inside": _count(held, WHOLE_BAND),
        "a_outside": outside("a", held, WHOLE_BAND),
        "unjudged": ", ".join(m.key for m in some if m not in whole) or "none",
        "replicate_low": percent(min(found.replicates[m.key] for m in whole)),
        "replicate_high": percent(max(found.replicates[m.key] for m in whole)),
        "school_low": percent(float(each.min())),
        "cut_mean": percent(pooled([v for _, v in cut])),
        "cut_sampling": percent(pooled(sampling)),
        "cut_noisy": percent(pooled(noisy)),
        "b_outside": outside("b", cut, CUT_BAND),
        "table_a": tables.of_shares(found),
        "table_b": tables.of_cut_shares(found),
        "table_c": tables.of_the_rest(found),
    }


def _medians(found: Found) -> dict[str, str]:
    some = tables.middles(found)
    whole, cut, published = ([(m.measure.key, m.held) for m in some if m.place == p] for p in (SETS, CUT, PUBLISHED))
    sets = [m for m in some if m.place == SETS]
    low, high = (end(m.held for m in sets) for end in (min, max))
    return {
        "d_inside": _count(whole, WHOLE_BAND),
        "d_outside": outside("d", whole, WHOLE_BAND),
        "d_low": percent(low),
        "d_high": percent(high),
        "d_cut": percent(pooled([v for _, v in cut])),
        "d_cut_outside": outside("dc", cut, CUT_BAND),
        "d_cut_poor": percent(pooled([m.poor for m in some if m.place == CUT])),
        "d_published": outside("dp", published, WHOLE_BAND),
        "d_published_mean": percent(pooled([v for _, v in published])),
        "d_off": percent(pooled([m.off for m in sets])),
        "d_typical": percent(pooled([m.typical for m in sets])),
        "d_margins": f"{pooled([m.in_margins for m in sets]):.2f}",
        "d_brackets": percent(pooled([m.brackets for m in sets])),
        "d_held": percent(pooled([m.held for m in sets])),
        "table_d": tables.of_medians(some),
        "table_factors": tables.of_factors(found),
        **_factors(found),
    }


def _factors(found: Found) -> dict[str, str]:
    """Coverage of all medians with each design factor, and what would have been right."""
    some = [m for m in found.of("median") if found.chosen(m, found.home(m), "set", variant="rebuilt").any()]
    at = {
        variant: pooled(
            [tables.mean(found.tally(m, found.home(m), variant).holds(),
                         found.chosen(m, found.home(m), "set", variant=variant)) for m in some]
        )
        for variant in ("factor 1", "factor 1.3")
    }  # fmt: skip
    right = [tables.needed(found, m) for m in some]
    told = [float(np.nanmean(found.tally(m, found.home(m), "rebuilt").factor)) for m in some]
    return {
        "at_one": percent(at["factor 1"]),
        "at_default": percent(at["factor 1.3"]),
        "calibrated_low": f"{min(told):.2f}",
        "calibrated_high": f"{max(told):.2f}",
        "needed_low": f"{min(right):.2f}",
        "needed_high": f"{max(right):.2f}",
    }


def _others(found: Found) -> dict[str, str]:
    """Counts, ratios, groups, gaps."""
    counts, ratios = (tables.judged(found, kind) for kind in ("count", "ratio"))
    groups, gaps = tables.judged(found, "share", group=True), tables.judged(found, "gap")
    told: dict[str, str] = {}
    for name, letter, some in (("counts", "e", counts), ("ratios", "e", ratios), ("groups", "f", groups),
                               ("gaps", "f", gaps)):  # fmt: skip
        held = [(m.key, tables.held(found, m, found.home(m), "set")) for m in some]
        cut = [(m.key, tables.held(found, m, "cut", "cut")) for m in some]
        told |= {
            f"{name}_inside": _count(held, WHOLE_BAND),
            f"{name}_outside": outside(letter, held, WHOLE_BAND),
            f"{name}_cut": percent(pooled([v for _, v in cut])),
            f"{name}_cut_outside": outside(f"{letter}c", cut, CUT_BAND),
        }
    absent = [m.key for m in found.of("share", "gap", "median", group=True) if m not in groups + gaps]
    rare = [key for key in absent if not any(key == m.measure.key for m in tables.middles(found))]
    told["groups_unjudged"] = ", ".join(rare) or "none"
    told["table_e"] = tables.of_others(found, [*counts, *ratios], "figure")
    told["table_f"] = tables.of_others(found, [*groups, *gaps], "share or gap")
    return told


def _differences(found: Found) -> dict[str, str]:
    some = apart.aparts(found)
    told = {"table_g": apart.of_differences(some)}
    for name, kinds in (("shares", ("share", "gap")), ("medians", ("median",))):
        these = [a for a in some if a.measure.kind in kinds]
        held, cut = [(a.measure.key, a.held) for a in these], [(a.measure.key, a.cut) for a in these]
        letter = "gm" if name == "medians" else "g"
        told |= {
            f"g_{name}_inside": _count(held, WHOLE_BAND),
            f"g_{name}_mean": percent(pooled([v for _, v in held])),
            f"g_{name}_other": percent(pooled([a.other for a in these])),
            f"g_{name}_outside": outside(letter, held, WHOLE_BAND),
            f"g_{name}_cut": percent(pooled([v for _, v in cut])),
            f"g_{name}_cut_other": percent(pooled([a.cut_other for a in these])),
            f"g_{name}_cut_outside": outside(f"{letter}c", cut, CUT_BAND),
        }
    return told


def _verdicts(found: Found) -> dict[str, str]:
    shares, medians = found.of("share", "gap"), found.of("median")
    every = {
        "shares and gaps": apart.said(found, shares, found.home, "set"),
        "shares and gaps, cut districts": apart.said(found, shares, lambda m: "cut", "cut"),
        "medians": apart.said(found, medians, found.home, "set"),
        "medians, cut districts": apart.said(found, medians, lambda m: "cut", "cut"),
    }
    none, *_, near, far, most = every["shares and gaps"]
    return {
        "table_verdicts": apart.of_verdicts(every),
        "false": percent(none.right + none.wrong),
        "false_other": percent(none.other_right + none.other_wrong),
        "power_near": percent(near.right),
        "power_far": percent(far.right),
        "power_most": percent(most.right),
        "power_far_other": percent(far.other_right),
    }
