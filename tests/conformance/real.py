"""Rows of real places; skipped where the data are not at hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.conformance import real_places as found
from tests.conformance import references as ref
from tests.conformance.model import Kind, Reference, Row, Verdict
from tests.conformance.oracles import CENTRE

LAW = "https://www.vaco.org/county-connections/guide-to-local-redistricting-for-2021-released/"
CUT = (
    f"Virginia's counts for redistricting put prisoners at their homes ([law of 2020]({LAW})), those of the Census do "
    "not; in blocks that a line cuts live 55 people"
)
AS_ABOVE = "prisoners, as above"
AREA = "people are not spread evenly, and the survey is of five years before; the way taken where no blocks are given"
SUMMED = "the Bureau knows how block groups of a tract vary together; sums of published margins cannot"
PROXY = "developed land is streets and roofs with the lawns between them: a proxy, told as such"


def explained(
    name: str, what: str, where: Reference, theirs: str, ours: Callable[[], float], bound: float, why: str,
    unit: str = "", kind: Kind = "published",
) -> Row:  # fmt: skip
    return Row(name, what, where, theirs, ours, kind, Verdict.EXPLAINED, bound, why, unit, real=True)


def exact(
    name: str, what: str, where: Reference, theirs: str, ours: Callable[[], float], unit: str = "", more: int = 2,
    kind: Kind = "published",
) -> Row:  # fmt: skip
    return Row(name, what, where, theirs, ours, kind, unit=unit, more=more, real=True)


def _albemarle() -> list[Row]:
    six, thirty = "6 districts (option 1)", "30 precincts (option 1)"
    where, off = ref.ALBEMARLE, "mean absolute error of the people counted"
    return [
        explained("alb-county", f"Albemarle County 2020, {six} from blocks: all people", where, "112,367",
                  found.county, 30, CUT),
        explained("alb-districts", f"… {off}", where, "0.0",
                  lambda: found.first_option(found.from_blocks(), "magisterial"), 0.5, AS_ABOVE, "%"),
        explained("alb-precincts", f"{thirty} from blocks: {off}", where, "0.0",
                  lambda: found.first_option(found.from_blocks(), "precincts"), 0.6, AS_ABOVE, "%"),
        explained("alb-farthest", "110 polygons of six options from blocks: largest error", where, "0",
                  found.farthest, 310, AS_ABOVE, "people"),
        explained("alb-districts-area", f"{six} from survey block groups by land alone: {off}", where, "0.0",
                  lambda: found.first_option(found.from_area(), "magisterial"), 7, AREA, "%"),
        explained("alb-precincts-area", f"{thirty} from survey block groups by land alone: {off}", where, "0.0",
                  lambda: found.first_option(found.from_area(), "precincts"), 20, AREA, "%"),
    ]  # fmt: skip


def _tracts() -> list[Row]:
    where = ref.ALBEMARLE_ACS
    rows = []
    for name, what, bound in (("totalpop", "people", 0.5), ("allhse", "homes", 1.2), ("vachse", "vacant homes", 0.1)):
        rows += [
            exact(f"tract-{name}", f"22 tracts summed from block groups, {what}: largest difference", where, "0",
                  partial(found.tracts_off, name), more=0),
            explained(f"tract-{name}-moe", "… summed margin over the published one, middle", where, "1.00",
                      partial(found.margins_wider, name), bound, SUMMED),
        ]  # fmt: skip
    return rows


def _timetable() -> list[Row]:
    told = {
        "frequent": ("46", "every 15 minutes on the mean, no wait over 30"),
        "strict": ("45", "four departures in each hour"),
        "ghsci": ("76", "every 20 minutes on the mean"),
    }
    return [
        exact(f"cat-{name}", f"Stops of Charlottesville's buses 2017 with {words}, 7 to 19", ref.CAT_FEED, theirs,
              partial(found.cat, name), more=0, kind="hand")
        for name, (theirs, words) in told.items()
    ]  # fmt: skip


def _durham() -> list[Row]:
    where = ref.COMPASS
    return [
        explained("durham-follows", "52 block groups of Durham, developed land against published impervious land: r",
                  where, "1.00", found.follows, 0.04, PROXY),
        explained("durham-above", "… developed less impervious, mean", where, "0.0", found.above, 25, PROXY, "points"),
        Row("durham-area", "… their area over the published one, middle", where, "1.0000", found.square_miles,
            verdict=Verdict.ROUNDING, bound=0.001, why="the atlas counted whole pixels", real=True),
        explained("durham-centres", "… developed land by pixel centres instead: mean absolute difference", ref.CENTRES,
                  "0.00", found.by_centres, 0.2, CENTRE, "points", "program"),
    ]  # fmt: skip


def _run() -> list[Row]:
    where = ref.ALBEMARLE_ACS
    return [
        exact("run-people", "A whole run of Fifeville: people of Charlottesville city, ACS 2015-2019", where, "47,096",
              lambda: found.city("DEM-00.population"), more=0),
        exact("run-medians", "… median incomes of its three tracts as published: largest difference", where, "0",
              found.medians_shown, "$", 0),
    ]  # fmt: skip


ROWS: list[Row] = [*_albemarle(), *_tracts(), *_timetable(), *_durham(), *_run()]
