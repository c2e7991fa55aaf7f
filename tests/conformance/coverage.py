"""Do the 90 % margins hold? Rows that read the committed page; ``tests/benchmarks/coverage.py`` measures it anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from tests.benchmarks.coverage_tables import CUT, CUT_BAND, PUBLISHED, SETS, WHOLE_BAND
from tests.conformance import references as ref
from tests.conformance.model import Row, Verdict
from tests.conformance.where import ROOT

SAFE = "several cells of homes that exclude one another vary less, together, than independent ones: the safe side"
WIDENED = (
    "a sum of two or three cells is widened by what the whole table shows of people who answer alike: the safe side"
)
TOGETHER = (
    "the formula takes the two for independent, but where there are more homes there are more people: the safe side"
)
PARTS = "renters and owners are parts of one whole, the formula takes them for independent: to be told as a share"
OVERLAP = "a median's overlap with the county is not taken out of the test: the safe side"
FALSE_BAND = (1.0 - WHOLE_BAND[1], 1.0 - WHOLE_BAND[0])

Pick = Callable[[list[float]], float]


@cache
def _tables(letter: str) -> list[list[dict[str, str]]]:
    """Tables of one part of ``docs/coverage.md``: their lines by the names of the columns."""
    text = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {letter}. ", 1)[1].split("\n## ", 1)[0]
    found: list[list[dict[str, str]]] = []
    for block in section.split("\n\n"):
        lines = [[c.strip().strip("*") for c in line.split("|")[1:-1]] for line in block.splitlines() if "|" in line]
        if len(lines) > 2:
            found.append([dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]])
    return found


def table(letter: str, column: str = "held %", nth: int = 0, **where: str) -> dict[str, float]:
    """A column of one table by row of the catalogue, percent, of the lines that have such words in a column."""
    lines = [one for one in _tables(letter)[nth] if all(one[name] == word for name, word in where.items())]
    return {one["row"]: float(one[column]) for one in lines if one[column] != "–"}


def groups() -> dict[str, float]:
    """Shares of groups over whole places; gaps stand in the same table."""
    return {row: held for row, held in table("f").items() if not row.startswith("BEL-06.")}


def gaps() -> dict[str, float]:
    return {row: held for row, held in table("f").items() if row.startswith("BEL-06.")}


def differences(medians: bool, column: str = "held %") -> dict[str, float]:
    """Of shares and gaps, or of medians; the ratios are made up and left out."""
    of_medians = {line["row"] for line in _tables("d")[0]}
    return {
        row: held
        for row, held in table("g", column).items()
        if (row in of_medians) == medians and not row.startswith("ratio.")
    }


def ratio(number: int) -> Callable[[], float]:
    return lambda: table("e")[f"ratio.{number}"]


def counts() -> list[float]:
    return [held for row, held in table("e").items() if row.startswith("DEM-00.")]


def in_band() -> float:
    """Percent of the shares over whole places that lie in the band."""
    low, high = (100 * end for end in WHOLE_BAND)
    held = list(table("a").values())
    return 100 * sum(low <= one <= high for one in held) / len(held)


def false_verdicts() -> float:
    """Percent of places that hardly differ and are called higher or lower."""
    first = _tables("g")[1][0]
    return float(first["right way %"]) + float(first["wrong way %"])


def of(values: Callable[[], dict[str, float]], pick: Pick) -> Callable[[], float]:
    return lambda: pick(list(values().values()))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def band(ends: tuple[float, float]) -> str:
    return " to ".join(f"{100 * end:.0f}" for end in ends)


def _row(name: str, what: str, ours: Callable[[], float], ends: tuple[float, float] = WHOLE_BAND) -> Row:
    return Row(name, what, ref.COVERAGE, band(ends), ours, "measured", Verdict.BAND, unit="%", more=1)


def _apart(name: str, what: str, ours: Callable[[], float], bound: float, why: str) -> Row:
    return Row(
        name, what, ref.COVERAGE, band(WHOLE_BAND), ours, "measured", Verdict.EXPLAINED, bound, why, unit="%", more=1
    )


def _rows() -> Iterator[Row]:
    yield Row("cover-count", "Shares of the catalogue over whole block groups or tracts whose margins hold in 85 to "
              "94 % of surveys: how many of them", ref.COVERAGE, "100", in_band, "measured", Verdict.EXPLAINED, 6, SAFE,
              unit="%", more=1)  # fmt: skip
    yield _row("cover-lowest", "… the one that holds least", of(lambda: table("a"), min))
    yield _apart("cover-highest", "… the one that holds most", of(lambda: table("a"), max), 4, SAFE)
    yield _row("cover-mean", "… mean", of(lambda: table("a"), mean))
    yield _row("cover-cut", "Districts that cut block groups, the apportionment part included: mean",
               of(lambda: table("b"), mean), CUT_BAND)  # fmt: skip
    yield _row("cover-median-lowest", "Medians rebuilt with the calibrated design factor, whole block groups or "
               "tracts: the one that holds least", of(lambda: table("d", places=SETS), min))  # fmt: skip
    yield _row("cover-median-highest", "… the one that holds most", of(lambda: table("d", places=SETS), max))
    yield _row("cover-median-cut", "… cut districts: mean", of(lambda: table("d", places=CUT), mean), CUT_BAND)
    yield _row("cover-median-published", "Medians of tracts as the invented survey published them: mean",
               of(lambda: table("d", places=PUBLISHED), mean))  # fmt: skip
    yield _row("cover-counts", "Counts, whole block groups: mean", lambda: mean(counts()))
    yield _apart("cover-ratio-homes", "People per household, a ratio that is no row of the catalogue", ratio(1), 6,
                 TOGETHER)  # fmt: skip
    yield _apart("cover-ratio-parts", "Renters per owner, another one", ratio(2), 6, PARTS)
    yield _row("cover-ratio-ages", "Young and old per adult, another one", ratio(3))
    yield _row("cover-group-lowest", "Shares of groups by race, whole block groups or tracts: the one that holds "
               "least", of(groups, min))  # fmt: skip
    yield _apart("cover-group-highest", "… the one that holds most", of(groups, max), 2, WIDENED)
    yield _row("cover-group-mean", "… mean", of(groups, mean))
    yield _row("cover-gap-lowest", "Gaps between two groups: the one that holds least", of(gaps, min))
    yield _row("cover-gap-highest", "… the one that holds most", of(gaps, max))
    yield _row("cover-apart-mean", "Differences of shares and gaps from the county, the overlap taken out: mean",
               of(lambda: differences(medians=False), mean))  # fmt: skip
    yield _row("cover-apart-lowest", "… the one that holds least", of(lambda: differences(medians=False), min))
    yield _apart(
        "cover-apart-highest", "… the one that holds most", of(lambda: differences(medians=False), max), 4, SAFE
    )
    yield _row("cover-apart-cut", "… cut districts: mean",
               of(lambda: differences(medians=False, column="held, cut %"), mean), CUT_BAND)  # fmt: skip
    yield _row("cover-apart-median", "Differences of medians from the county: mean",
               of(lambda: differences(medians=True), mean))  # fmt: skip
    yield _apart("cover-apart-median-highest", "… the one that holds most", of(lambda: differences(medians=True), max),
                 2, OVERLAP)  # fmt: skip
    yield _row("cover-apart-median-cut", "… cut districts: mean",
               of(lambda: differences(medians=True, column="held, cut %"), mean), CUT_BAND)  # fmt: skip
    yield _row("cover-false", "Shares that hardly differ from the county's: called higher or lower", false_verdicts,
               FALSE_BAND)  # fmt: skip


ROWS: list[Row] = list(_rows())
