"""``displacement.html``: the analyst's page on displacement. One file that opens with no network, not for the public.

Markets, stages and what would change a class stand here and nowhere else. Tracts stand in the order of their GEOIDs,
and can be put in no other: a table that can be sorted by risk is a ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo.report import displacement_cards as packed
from justgeo.report import displacement_map, inline, words
from justgeo.report.choropleth import RAMP
from justgeo.report.displacement_cards import figure, percent
from justgeo.report.displacement_caveats import COMPUTED_HERE, RACE, TOO_SURE
from justgeo.report.displacement_choices import untold
from justgeo.report.displacement_headline import beside, span
from justgeo.report.displacement_terms import NO_MARKET, chanceless, method_told, tracts_told

MARK = "Internal: for analysts, not for publication"
COUNTED = {"households": "Households", "renter_households": "Renter households"}
VARIANTS = {"value": "home values", "rent": "rents", "either": "either, the further of the two"}
PARTS = {
    "A": "Part A, four shares: a tract is vulnerable where at least three of four hold",
    "B": "Part B, change: a tract has changed where at least three of four hold, or both of the middle two",
    "C": "Part C, the market: how the tract's median lies to the quantiles over the tracts",
}
SHORT = {"udp": "UDP’s rule", "ding": "Ding et al.’s rule", "udp_as_published": "UDP’s rule and its sentinels"}
FILES = (
    ("tracts.csv", "every tract with its class, its chances and its numbers"),
    ("cards.json", "the cards"),
    ("agreement.csv", "the methods against each other"),
    ("sensitivity.csv", "other choices"),
    ("reference.json", "the reference set and the settings"),
    ("summary.json", "the headline"),
    ("manifest.json", "inputs and outputs by digest"),
)
REFERENCES = (
    "Preis, B., Janakiraman, A., Bob, A. and Steil, J. (2020), Mapping gentrification and displacement pressure, Urban "
    "Studies, doi:10.1177/0042098020903011: four methods flagged 25 to 119 of the 180 tracts of Boston, and agreed "
    "on 7.",
)


def render(content: Mapping[str, Any]) -> str:
    """The page as HTML, the same text for the same input.

    Parameters
    ----------
    content : mapping
        JSON values: ``name``, ``synthetic``, ``invented``, ``years``, ``kind``, ``variant``, ``market``, ``headline``,
        ``headlines``, ``methods``, ``agreement``, ``stages``, ``conditions``, ``tracts``, ``cards``, ``sensitivity``,
        ``as_published``, ``reference``, ``notes``, ``shapes``, ``outline``. Shares are 0 to 1, margins for 90 %
        confidence, None is missing.

    Returns
    -------
    str

    Raises
    ------
    OutputError
        Something on the page points outside it.
    """
    titles = {one["id"]: str(one["title"]) for one in content["conditions"]}
    drawn, variants = displacement_map.draw(content), _variants(content)
    data = {
        "cards": packed.pack(content, titles),
        "titles": titles,
        "rules": {one["id"]: _threshold(one) for one in content["conditions"]},
        "variants": variants,
        "parts": PARTS,
        "fills": {} if drawn is None else drawn.fills,
    }
    scripts = [inline.checked_script(f"\n{inline.text('displacement.js')}")]
    templates = inline.environment(
        figure=figure,
        percent=percent,
        sentence=words.sentence,
        homes=homes,
        kappa=kappa,
        span=span,
        method_told=method_told,
    )
    page = templates.get_template("displacement.html").render(
        c=content,
        mark=MARK,
        counted=COUNTED,
        variants=variants,
        parts=PARTS,
        files=FILES,
        references=[*_sources(content), *REFERENCES],
        shown=_shown(content),
        moves=_first(content) == "headline",
        too_sure=TOO_SURE if content["reference"]["region"]["before"] else "",
        computed_here=COMPUTED_HERE,
        race=RACE,
        others=[(SHORT.get(one["id"], str(one["title"])), str(one["title"])) for one in _others(content)],
        rows=[_row(tract, content) for tract in content["tracts"]],
        conditions=_conditions(content),
        matrix=_matrix(content),
        stages=_stages(content),
        sensitivity=[_variation(row, str(content["variant"])) for row in content["sensitivity"]],
        map=drawn,
        ramp=RAMP,
        settings=_settings(content),
        data=inline.safe_json(data),
        scripts=scripts,
        policy=inline.policy(scripts),
        css=inline.stylesheet("displacement.css"),
    )  # fmt: skip
    inline.refuse_links(page)
    return page


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``render(content)`` as UTF-8 with ``\\n`` line ends: the script's digest depends on them."""
    path.write_bytes(render(content).encode("utf-8"))


def homes(value: float | None) -> str:
    """A number of homes; a dash where there is none."""
    return "–" if value is None else words.figure(value, "households", bare=True)


def kappa(value: float) -> str:
    """Cohen's kappa with two digits; minus zero is zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _shown(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The headline by what is counted, and the same for every market beneath; of the pressures where there is none."""
    found, variants, prices = [], _variants(content), str(content["market"]["prices"])
    for key, title in COUNTED.items():
        rows = [(variants[v], heads[key]) for v, heads in content["headlines"].items()]
        one = content[_first(content)][key]
        said = list(beside(one, title.lower(), prices=prices))
        found.append({"title": title, "one": one, "rows": rows, "beside": said})
    return found


def _variants(content: Mapping[str, Any]) -> dict[str, str]:
    """What each market is told by: where home values are missing, rents."""
    return {**VARIANTS, str(content["variant"]): str(content["market"]["by"])}


def _first(content: Mapping[str, Any]) -> str:
    """What stands first: the headline of pressures and market, or of the pressures alone."""
    return "pressures" if _no_market(content["headline"]) else "headline"


def _no_market(headline: Mapping[str, Any]) -> bool:
    return all(one["reason"] == NO_MARKET for one in headline.values())


def _row(tract: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """One tract in the table."""
    own = tract["variants"][content["variant"]]
    return {
        "geoid": tract["geoid"],
        "inside": tract["inside"],
        "households": figure(tract["households"], "households"),
        "renters": figure(tract["renter_households"], "households"),
        "excluded": tract["excluded"],
        "a": _answer(tract["vulnerable"], tract["p_vulnerable"]),
        "b": _answer(tract["changed"], tract["p_changed"]),
        "market": own["market"] or "–",
        "stage": own["stage"] or "cannot be told",
        "stage_p": percent(own["p_stage"]),
        "label": own["label"],
        "pressed": _answer(own["pressed"], own["p_pressed"]),
        "others": [_answer(tract["methods"].get(one["id"]), None) for one in _others(content)],
    }


def _others(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Methods that stand beside ours in the table of tracts."""
    return [one for one in content["methods"] if one["id"] not in ("vulnerable", "pressed")]


def _answer(holds: bool | None, p: float | None) -> dict[str, str]:
    """Yes or no as a sign and a word, with the chance."""
    word = "cannot be told" if holds is None else "yes" if holds else "no"
    return {"sign": {"yes": "●", "no": "○"}.get(word, "–"), "word": word, "p": "" if p is None else percent(p)}


def _conditions(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "rows": [{**one, "threshold": _threshold(one)} for one in content["conditions"] if one["part"] == part],
        }
        for part, title in PARTS.items()
    ]


def _threshold(one: Mapping[str, Any]) -> str:
    told = figure(one["threshold"], one["unit"])
    return told if told == "–" else f"{one['rule']} {told}"


def _matrix(content: Mapping[str, Any]) -> dict[str, Any]:
    """The agreement of every two methods as a square: share that agrees, and kappa beneath."""
    told = content["agreement"]
    pairs = {(one["a"], one["b"]): one for one in told["pairs"]}
    titles = {one["id"]: str(one["title"]) for one in content["methods"]}
    ids: Sequence[str] = told["methods"]
    rows = []
    for a in ids:
        cells = [None if a == b else pairs.get((a, b)) or _turned(pairs.get((b, a))) for b in ids]
        rows.append({"title": titles.get(a, a), "cells": cells})
    return {"titles": [titles.get(one, one) for one in ids], "rows": rows, **told}


def _turned(pair: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if pair is None else {**pair, "only_a": pair["only_b"], "only_b": pair["only_a"]}


def _stages(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    variants = _variants(content)
    return [
        {"title": variants[v], "rows": rows, "bare": chanceless(content, v)} for v, rows in content["stages"].items()
    ]


def _variation(row: Mapping[str, Any], variant: str) -> dict[str, Any]:
    """One other choice: how many tracts, how many homes, how many classes moved."""
    pressed = (row.get("pressed") or {}).get(variant) or {}
    moved = row.get("moved") or {}
    return {
        "name": row.get("name", ""),
        "reference": row.get("reference"),
        "years": row.get("years"),
        "vulnerable": _tally(row.get("vulnerable") or {}),
        "pressed": _tally(pressed),
        "untold": untold(row) if row.get("vulnerable") is None and row.get("reason") else "",
        "moved": [
            moved.get("vulnerable"),
            (moved.get("pressed") or {}).get(variant),
            (moved.get("stage") or {}).get(variant),
        ],
    }


def _tally(told: Mapping[str, Any]) -> dict[str, Any]:
    renters = told.get("renter_households") or {}
    return {
        "tracts": "–" if told.get("tracts") is None else tracts_told(told),
        "renters": span(renters) if renters else "–",
        "expected": figure(renters.get("expected"), "households"),
    }


def _settings(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The choices of the method that are single numbers or words."""
    found = content["reference"]["settings"]
    return [
        (key.replace("_", " "), _plain(value)) for key, value in found.items() if isinstance(value, (int, float, str))
    ]


def _plain(value: int | float | str) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _sources(content: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(str(one["source"]) for one in content["methods"] if one["source"]))
