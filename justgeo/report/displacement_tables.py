"""The analyst's folder on displacement: tables and JSON, made of `content` alone, the same bytes for the same values.

Every file bears the mark that it is not for a public page: JSON in its first key, tables in their first column, texts
in their first line.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo.measure.typology.values import STAGES, VARIANTS
from justgeo.report import displacement_headline, write
from justgeo.report.displacement_caveats import TOO_SURE
from justgeo.report.displacement_choices import told_lines
from justgeo.report.displacement_content import content as content
from justgeo.report.displacement_terms import CANNOT, MARK, NO_MARKET, chanceless, method_told
from justgeo.report.tables import csv_bytes

FILES = (
    "README.txt",
    "summary.md",
    "summary.json",
    "displacement.html",
    "tracts.csv",
    "cards.json",
    "agreement.csv",
    "sensitivity.csv",
    "reference.json",
    "manifest.json",
)
"""What the folder holds, the manifest last."""
COUNTED = {"households": "households", "renter_households": "renter households"}
_SUMMARY = (
    "name", "kind", "years", "price", "variant", "market", "headline", "headlines", "pressures", "methods", "agreement",
    "stages", "conditions", "sensitivity", "as_published", "notes",
)  # fmt: skip
_FIGURES = ("of", "flagged", "share", "expected", "expected_share")
_BOUNDS = ("least", "most", "of")
_BESIDE = ("unknown", "chanceless", "uncounted", "cut")
"""Homes in no figure, homes in none weighted by chance; tracts of unknown homes, tracts that are cut."""

Content = Mapping[str, Any]

README = """\
{mark}.
{invented}
Displacement risk, for analysts: {name}.

What it is. Each census tract of a reference region is held against the region: four shares of those who live there,
change among them, and the market of homes, by two surveys (Bates 2013, in a two-vintage form). Each answer has the
chance that the margins of the survey leave it, and stands beside what other methods say.

What it does not say. It does not say that anyone will move, it forecasts nothing, and it ranks nothing. A class depends
on the reference set (reference.json): among other tracts the same tract may have another class. Methods disagree
(agreement.csv). Names of stages are the least sure part of it: read the headline and the cards first.

Do no harm. A map of markets can be read as a guide for buyers, and a class as a verdict on people. Do not publish
markets and stages, do not name a tract without its chances, and put beside the figures what protects the people who
live there. Anyone can work out the plain classes again from public tables; the chances also need the code of justgeo,
which is open. What it takes is listed in docs/displacement.md.

{too_sure}

  summary.md, .json    the headline, the methods, the stages
  displacement.html    the same to look at, with a card for each tract
  tracts.csv           every tract: class, chances, conditions with margins, what other methods say
  cards.json           why each tract has its class, and what would change it
  agreement.csv        methods against each other
  sensitivity.csv      the same under other choices
  reference.json       the reference set, its thresholds, the settings
  manifest.json        inputs and outputs by digest
"""


def write_folder(
    folder: Path, made: Content, page: Callable[[Content], str], inputs: Sequence[Mapping[str, str]], **facts: Any
) -> list[Path]:
    """Write the analyst's folder: all of it or nothing.

    Parameters
    ----------
    folder : Path
        New, empty, or of an earlier writing; a folder of other things is refused.
    made : dict
        From `content`.
    page : callable
        Makes ``displacement.html`` of it.
    inputs : sequence of mapping
        ``id``, ``file`` and ``sha256`` of what was read.
    facts
        More for the manifest: versions, the settings of the call.

    Returns
    -------
    list of Path
        In the order of `FILES`.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds other things.
    """
    return write.put(folder, FILES, lambda part: fill(part, made, page, inputs, **facts), write.INTERNAL)


def fill(
    part: Path, made: Content, page: Callable[[Content], str], inputs: Sequence[Mapping[str, str]], **facts: Any
) -> None:
    """Write all `FILES` into an empty folder; parameters as for `write_folder`."""
    bodies = {
        "README.txt": readme(made).encode("utf-8"),
        "summary.md": summary_md(made).encode("utf-8"),
        "summary.json": _json(made, {key: made[key] for key in _SUMMARY}),
        "displacement.html": page(made).encode("utf-8"),
        "tracts.csv": tracts_csv(made),
        "cards.json": _cards_json(made),
        "agreement.csv": agreement_csv(made),
        "sensitivity.csv": sensitivity_csv(made),
        "reference.json": _json(made, reference(made)),
    }
    outputs = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    manifest = {"made_by": write.INTERNAL, **facts, "inputs": [dict(one) for one in inputs], "outputs": outputs}
    for name, body in {**bodies, "manifest.json": _json(made, manifest)}.items():
        (part / name).write_bytes(body)


def readme(made: Content) -> str:
    """``README.txt``: what the folder is, and what it does not say."""
    invented = f"{made['invented']}.\n" if made["invented"] else ""
    too_sure = textwrap.fill(f"How sure a change is. {TOO_SURE}", 120)
    return README.format(mark=made["mark"], invented=invented, name=made["name"], too_sure=too_sure)


def reference(made: Content) -> dict[str, Any]:
    """The reference set with everything that a class hangs on."""
    return {**made["reference"], **{key: made[key] for key in ("years", "price", "conditions", "notes")}}


def tracts_csv(made: Content) -> bytes:
    """``tracts.csv``: one row a tract.

    Columns: the mark, the tract and its homes; parts A and B; then for each market its class, its stage, the chances of
    all stages; then each condition as ``a_renters_value``, ``_moe``, ``_threshold``, ``_threshold_moe``, ``_holds``,
    ``_chance``; then the answer of every method, ``method_udp``. 1 is yes, 0 is no, an empty cell is not known.
    """
    rows = [_tract_row(tract, made) for tract in made["tracts"]]
    return csv_bytes(([*row.values()] for row in rows), list(rows[0]))


def _tract_row(tract: Mapping[str, Any], made: Content) -> dict[str, Any]:
    row: dict[str, Any] = {"audience": made["mark"], "invented": made["invented"], "geoid": tract["geoid"]}
    row["inside"] = tract["inside"]
    for key in COUNTED:
        row[key], row[f"{key}_moe"] = tract[key]["value"], tract[key]["moe"]
    row |= {"excluded": tract["excluded"], "rim": _bit(tract["edge"]), "students": tract["students"]}
    for key in ("vulnerable", "changed"):
        row[key], row[f"{key}_chance"] = _bit(tract[key]), tract[f"p_{key}"]
    for variant in VARIANTS:
        one = tract["variants"][variant]
        row |= {
            f"{variant}_pressed": _bit(one["pressed"]),
            f"{variant}_pressed_chance": one["p_pressed"],
            f"{variant}_market": one["market"],
            f"{variant}_stage": one["stage"],
            f"{variant}_stage_chance": one["p_stage"],
            f"{variant}_label": one["label"],
            f"{variant}_rents_stand_in": _bit(one["stood_in"]),
        }
        chances = one["p_stages"] or {}
        row |= {f"{variant}_chance_{_slug(name)}": chances.get(name) for name in (*STAGES, CANNOT)}
    for condition in made["conditions"]:
        one, name = tract["conditions"][condition["id"]], f"{condition['part'].lower()}_{_slug(condition['id'])}"
        threshold = condition["threshold"]
        row |= {f"{name}_value": one["value"], f"{name}_moe": one["moe"]}
        row |= {f"{name}_threshold": threshold["value"], f"{name}_threshold_moe": threshold["moe"]}
        row |= {f"{name}_holds": _bit(one["holds"]), f"{name}_chance": one["p"]}
    return row | {f"method_{method['id']}": _bit(tract["methods"][method["id"]]) for method in made["methods"]}


def agreement_csv(made: Content) -> bytes:
    """``agreement.csv``: every pair of methods in tracts and homes; a method beside itself says what it flags.

    ``nested`` is 1 where one of the two is a part of the other; a method that can tell of no tract has a ``reason``.
    """
    told = made["agreement"]
    cells = ("both", "only_a", "only_b", "neither")
    header = ["audience", "invented", "a", "b", *cells, "told", "untold", "agree", "kappa"]
    header += [*(f"households_{cell}" for cell in cells), "nested", "reason"]
    rows: list[list[Any]] = []
    start = [made["mark"], made["invented"]]
    n = len(made["tracts"])
    for key in told["methods"]:
        yes, all_told = told["flagged"][key], told["told_by"][key]
        homes = [yes["households"], 0.0, 0.0, all_told["households"] - yes["households"]]
        counts = [yes["tracts"], 0, 0, all_told["tracts"] - yes["tracts"], all_told["tracts"], n - all_told["tracts"]]
        rows.append([*start, key, key, *counts, None, None, *homes, None, None])
    rows += [[*start, key, key, *[None] * (len(header) - 5), reason] for key, reason in told["absent"].items()]
    for pair in told["pairs"]:
        counts = [pair[name] for name in (*cells, "told", "untold", "agree", "kappa")]
        homes = [pair["households"][cell] for cell in cells]
        rows.append([*start, pair["a"], pair["b"], *counts, *homes, int(pair["nested"]), None])
    return csv_bytes(rows, header)


def sensitivity_csv(made: Content) -> bytes:
    """``sensitivity.csv``: a row for each choice, what is flagged by it, and what is counted.

    A choice that cannot be told has one row, with ``reason`` and ``what_to_do``; so has a market that can be told of no
    tract. ``bounds_least`` and ``bounds_most`` are the homes if none, or all, of the tracts that cannot be told are
    flagged, of ``bounds_of``; ``chanceless`` homes are in ``of`` and not in ``expected``. Where a figure is empty,
    ``reason`` says why.
    """
    header = ["audience", "invented", "choice", "reference_tracts", "t0", "t1", "scale", "counted_tracts", "absent"]
    header += ["flagged_by", "tracts", "told", "expected_tracts", "moved_tracts", "counted"]
    header += [cell for name in _FIGURES for cell in (name, f"{name}_moe")]
    header += [cell for name in _BOUNDS for cell in (f"bounds_{name}", f"bounds_{name}_moe")]
    header += [*_BESIDE, "reason", "what_to_do"]
    rows = [row for one in made["sensitivity"] for row in _choice(one, made)]
    return csv_bytes(rows, header)


def _choice(one: Mapping[str, Any], made: Content) -> Iterator[list[Any]]:
    years = one["years"] or [None, None]
    start = [made["mark"], made["invented"], one["name"], one["reference"], *years, one["scale"]]
    start += [one["tracts"], one["absent"]]
    nothing: list[Any] = [None] * (2 * len(_FIGURES) + 2 * len(_BOUNDS) + len(_BESIDE))
    if one["vulnerable"] is None:
        yield [*start, None, None, None, None, None, None, *nothing, one["reason"], one["remedy"]]
        return
    tallies = [("vulnerable", one["vulnerable"], one["moved"]["vulnerable"])]
    tallies += [(f"pressed.{v}", one["pressed"][v], one["moved"]["pressed"][v]) for v in VARIANTS]
    for name, tally, moved in tallies:
        if tally is None:
            yield [*start, name, None, None, None, None, None, *nothing, NO_MARKET, ""]
            continue
        for key in COUNTED:
            head = tally[key]
            figures = [head[f] for f in _FIGURES] + [head["bounds"][f] for f in _BOUNDS]
            counts = [tally["tracts"], tally["told"], tally["expected_tracts"], moved]
            cells = [cell for figure in figures for cell in (figure["value"], figure["moe"])]
            why = head["reason"] or head["bounded"] or head["unweighted"]
            yield [*start, name, *counts, key, *cells, *(head[f] for f in _BESIDE), why, None]


def summary_md(made: Content) -> str:
    """``summary.md``: the headline first, the methods and how far they agree, names of stages last."""
    lines = [f"> {made['mark']}.", ""]
    if made["invented"]:
        lines += [f"> {made['invented']}.", ""]
    lines += [f"# {made['name']}: displacement, for analysts", "", *headline_lines(made)]
    lines += ["", "## What each method flags", ""]
    lines += [f"- {line}" for line in method_lines(made)]
    if made["as_published"] is not None:
        lines += ["", made["as_published"]["words"]]
    lines += ["", "## Other choices", "", *(f"- {line}" for line in told_lines(made))]
    lines += ["", f"## Stages, by {made['market']['by']}", ""]
    lines += [
        "Names of stages are the least sure part: methods agree on them least.",
        "",
        "| stage | tracts | households | expected tracts |",
        "|---|---:|---:|---:|",
    ]
    for row in made["stages"][made["variant"]]:
        expected = "" if row["expected_tracts"] is None else f"{row['expected_tracts']:.1f}"
        lines.append(f"| {row['stage']} | {row['tracts']} | {row['households']:,.0f} | {expected} |")
    bare = chanceless(made, made["variant"])
    if bare:
        lines += ["", f"Tracts whose chances are not known: {bare}; they are in none of the expected numbers."]
    lines += ["", "## How the numbers were made", ""]
    return "\n".join([*lines, *(f"- {note}" for note in made["notes"] or ["Nothing to add."])]) + "\n"


def headline_lines(made: Content) -> list[str]:
    """The headline in sentences: renter households first; of the pressures alone where no market can be told."""
    markets = any(tract["variants"][made["variant"]]["market"] is not None for tract in made["tracts"])
    heads = made["headline" if markets else "pressures"]
    told = made["market"]
    lines = displacement_headline.lines(
        heads, dict(reversed(COUNTED.items())), markets=markets, prices=str(told["prices"])
    )
    if not markets:
        lines.append("The market of homes cannot be told here; the notes say why.")
    else:
        lines += told["notes"]
    return [*lines, "It does not say that anyone will move."]


def method_lines(made: Content) -> list[str]:
    """How many tracts each method flags, and on how many all agree."""
    lines = [_method(one, made) for one in made["methods"]]
    told = made["agreement"]
    if len(told["counted"]) > 1 and told["told"]:
        one = "; three of four shares with and without a market count as one"
        own = "" if told["counted"] == told["methods"] else one
        lines.append(
            f"of {told['told']} tracts of which {len(told['counted'])} methods can tell, {told['any_yes']} are flagged "
            f"by one at least, {told['all_yes']} by all{own}"
        )
    return lines


def _method(one: Mapping[str, Any], made: Content) -> str:
    if one["reason"] is not None:
        return f"{one['title']}: no figure, since {one['reason']}"
    tracts, gone = method_told(one, made)
    return f"{one['title']}: {tracts} tracts" + (f" ({gone})" if gone else "")


def _bit(answer: bool | None) -> int | None:
    return None if answer is None else int(answer)


def _slug(name: str) -> str:
    return "_".join(name.replace(",", "").replace(".", " ").split())


def _cards_json(made: Content) -> bytes:
    """``cards.json``: a card a line."""
    lines = [json.dumps(one, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for one in made["cards"]]
    head = _json(made, {}).decode("utf-8").rstrip("}\n")
    return (f'{head},\n "cards": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n").encode("utf-8")


def _json(made: Content, body: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON with the mark first, in the order given."""
    head = {"mark": MARK, "invented": made["invented"], "synthetic": made["synthetic"]}
    return (json.dumps({**head, **body}, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8")
