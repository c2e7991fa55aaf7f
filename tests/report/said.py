"""Rows and records made by hand for sentences: a share, a median, a change, a gap, an index, a chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from justgeo.core.result import Baseline, Comparison, Indicator, Record
from justgeo.report import results
from justgeo.report.reader import Reader
from tests.report import made

COST = {
    "who": "households",
    "says": "rent their home",
    "question": "What do you go without?",
}
PARK = {"who": "residents", "says": "live within a 10-minute walk of a park", "question": "Is each park open?"}
TABLE = "acs:B25003"
ROWS = {
    "cost": made.indicator("BEL-03", "Burden", "Belonging", "share", inputs=(TABLE,), **COST),
    "park": made.indicator("WEL-04.800", "Parks", "Wellbeing", "share", field="walk_share", weight="persons", **PARK),
    "ill": made.indicator(
        "WEL-08.asthma", "Asthma", "Wellbeing", "share", field="table_exposure", aggregate="mean", weight="persons",
        who="adults", says="have asthma now", question="What makes it hard to breathe?",
    ),
    "income": made.indicator(
        "OPP-01", "Income", "Opportunity", "USD", field="acs_median", aggregate="median", inputs=(TABLE,),
        who="households", says="The middle household income is {value} a year", question="What does it take?",
        wording={"asks": "what the middle household income is"},
    ),
    "change": made.indicator(
        "BEL-02.change", "Change", "Belonging", "percentage points", field="acs_change", aggregate="difference",
        inputs=(TABLE, f"{TABLE}@t0"), who="households", question="Which homes used to be rented?",
        says="The share of renters has grown by {value} since {earlier}",
        wording={
            "asks": "whether the share of renters has changed since {earlier}",
            "less": "The share of renters has fallen by {value} since {earlier}",
            "none": "The share of renters is the same as in {earlier}",
        },
    ),
    "gap": made.indicator(
        "BEL-06.black", "Gap", "Belonging", "percentage points", field="acs_gap", aggregate="difference",
        inputs=(TABLE,), who="households", question="What stood in the way?",
        says="Of every 100 White households, {number} more own their home than of every 100 Black households",
        wording={
            "asks": "whether more White or more Black households, of every 100, own their home",
            "less": "Of every 100 White households, {number} fewer own their home than of every 100 Black households",
        },
    ),
    "heat": made.indicator(
        "ENV-04", "Heat", "Environment", "°C", field="surface_anomaly", aggregate="zone", weight="land",
        who="acres", says="The ground here is {value} hotter than the wider area", question="Where is it cool?",
        wording={"asks": "how hot it is", "less": "The ground here is {value} cooler than the wider area",
                 "higher": "hotter", "lower": "cooler"},
    ),
    "trees": made.indicator(
        "ENV-01", "Trees", "Environment", "share", field="raster_area", aggregate="zone", weight="land", who="acres",
        says="Trees cover {value} of the land", question="Where is a tree missing?",
        wording={"asks": "how much of the land trees cover", "none": "Trees cover none of the land"},
    ),
    "buses": made.indicator(
        "MOB-03", "Buses", "Mobility", "departures per hour", field="transit_trips", aggregate="mean", weight="persons",
        who="residents", says="About {number} buses an hour leave from stops near the average home", question="Where?",
        wording={"asks": "how many buses leave", "higher": "more", "lower": "fewer"},
    ),
    "filings": made.indicator(
        "BEL-15", "Filings", "Belonging", "filings per 100 renter households", field="filing_rate", aggregate="ratio",
        who="renting households", says="For every 100 renting households, landlords went to court {number} times",
        question="How else do people have to leave?", wording={"asks": "how often landlords went to court to evict"},
    ),
    "mix": made.indicator(
        "BEL-08.dissimilarity", "Segregation", "Belonging", "share", field="segregation", aggregate="zone",
        who="residents", says="In {reference}, {value} of the residents of color would have to move", question="Why?",
        wording={"asks": "how far apart they live", "grouped": "In {reference}, {value} of them would have to move"},
    ),
    "tract": made.indicator(
        "BEL-01.vulnerable", "Three of four", "Belonging", "share", field="vulnerability", aggregate="class",
        inputs=(TABLE,), who="households", question="What has helped?",
        says="live in a tract where three of four shares are large",
    ),
    "plain": made.indicator("XXX-01", "A row without a sentence", "Belonging", "share"),
}  # fmt: skip
MODEL = replace(made.ACS, layer="data:places", dataset="PLACES", vintage="2022", modelled=True)
EARLIER = replace(made.ACS, layer="acs:B25003@2014", vintage="2010-2014")
CHANGED = ("before=0.4", "before_moe=0.02", "before_year=2014", "after=0.5", "after_moe=0.02", "after_year=2024")
UNCHANGED = "change not distinguishable from none at 90 %"
SAMPLE = {"sampling": 0.03, "apportionment": 0.0, "noise": 0.0}
COUNTED = {"numerator": 2310.0, "numerator_moe": 240.0, "denominator": 5900.0, "denominator_moe": 310.0}
ACS = (made.ACS.layer, "blocks")
OSM = ("walk", "parks", "blocks")


def versus(difference: float, verdict: str, *, tested: bool = True, overlap: float | None = None) -> Comparison:
    z = 2.0 if tested else None
    return Comparison("reference", difference, 0.02, None, z, z, z, verdict, overlap=overlap)


def record(row: Indicator, zone: str, value: float | None, moe: float | None, sure: str, **more: Any) -> Record:
    given: dict[str, Any] = {
        "group": "all",
        "reason": None,
        "layers": ACS,
        "error": SAMPLE if moe else {"sampling": 0.0},
    }
    return Record(
        zone=zone, indicator=row.id, value=value, moe=moe, unit=row.unit, universe=row.universe, reliability=sure,
        **(given | more),
    )  # fmt: skip


def reader(*records: Record, synthetic: bool = False, reference: bool = True) -> Reader:
    baseline = Baseline(
        slug="mill-pond", name="Mill Pond", synthetic=synthetic, zones=made.zones("Mill Pond"), zone_facts=(),
        indicators=tuple(ROWS.values()), groups=made.GROUPS | {"vehicle:none": "Households without a vehicle"},
        layers=(made.OSM, made.ACS, made.PARKS, made.BLOCKS, MODEL, EARLIER),
        absent_layers={}, records=records, settings={},
    )  # fmt: skip
    content = results.to_dict(baseline)
    if not reference:
        content["zones"] = [zone for zone in content["zones"] if zone["role"] != "reference"]
    return Reader(content)


def told(key: str, value: float | None, moe: float | None, sure: str, base: Any = None, **more: Any) -> Reader:
    row = ROWS[key]
    group = more.get("group", "all")
    found = [record(row, "district", value, moe, sure, **more)]
    if base is not None:
        at, spread = base
        found.append(
            record(
                row, "reference", at, spread, "high" if spread else "exact", group=group, layers=more.get("layers", ACS)
            )
        )
    return reader(*found)


MORE = {"comparison": versus(0.05, "higher")}
FEWER = {"comparison": versus(-0.05, "lower")}
SAME = {"comparison": versus(0.01, "not distinguishable")}
UNTESTED = {"comparison": versus(0.05, "unknown", tested=False)}
EXACT = {"layers": OSM}
MODELLED = {"layers": ("data:places", "blocks")}
