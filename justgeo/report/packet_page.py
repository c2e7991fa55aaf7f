"""The index of an evidence packet, as a page and as Markdown. Its links lead into the packet and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from justgeo.core.errors import OutputError
from justgeo.report import inline, origins, words
from justgeo.report.checklist_text import plain
from justgeo.report.results import DISCLAIMER, INVENTED

ABOUT = {
    "index.html": "The page: figures, map, checklist.",
    "results.json": "Every figure with its margin, source and reason when absent.",
    "indicators.csv": "The figures as a table.",
    "indicators.xlsx": "The figures as a workbook, with sentences, definitions and sources.",
    "indicators.gpkg": "The figures by area, for a GIS.",
    "checklist.html": "The checklist with the answers.",
    "checklist.md": "The same as Markdown.",
    "checklist.xlsx": "The same as a workbook.",
    "checklist.json": "The same for programs.",
    "checklist.csv": "The same as a table.",
    "quality.html": "How good the data are.",
    "quality.csv": "The same as a table.",
    "manifest.json": "What the figures were made of, by digest.",
}
_HREF = re.compile(r'\shref="([^"]*)"')


@dataclass(frozen=True)
class File:
    """A file of the packet.

    Attributes
    ----------
    name : str
        Its way within the packet.
    about, sha256 : str
    """

    name: str
    about: str
    sha256: str

    @property
    def href(self) -> str:
        """Its address from the index."""
        return quote(self.name)


@dataclass(frozen=True)
class Proof:
    """Evidence that somebody named: an address, or a file of the packet where ``file`` says."""

    told: str
    who: str
    file: str = ""


def render(
    checklist: Mapping[str, Any],
    results: Mapping[str, Any],
    files: Sequence[File],
    proofs: Mapping[str, Sequence[Proof]],
) -> str:
    """The index as HTML.

    Parameters
    ----------
    checklist, results : mapping
        As in ``checklist.json`` and ``results.json``.
    files : sequence of File
    proofs : mapping of str to sequence of Proof
        By item, form or target.

    Raises
    ------
    OutputError
        A link leads out of the packet.
    """
    page = (
        inline.environment(sentence=words.sentence)
        .get_template("packet.html")
        .render(
            name=results["name"],
            synthetic=results["synthetic"],
            invented=INVENTED,
            disclaimer=DISCLAIMER,
            counts=checklist["counts"],
            files=files,
            items=_items(checklist, proofs),
            notices=origins.notices(results["layers"]),
            policy=inline.policy([]),
            css=inline.stylesheet("compare.css") + inline.stylesheet("checklist.css"),
        )
    )
    known = {one.href for one in files}
    inline.refuse_links(_HREF.sub(lambda found: "" if found[1] in known else found[0], page))
    return page


def markdown(
    checklist: Mapping[str, Any],
    results: Mapping[str, Any],
    files: Sequence[File],
    proofs: Mapping[str, Sequence[Proof]],
) -> str:
    """The index as Markdown."""
    return "\n".join(_lines(checklist, results, files, proofs)) + "\n"


def _lines(
    checklist: Mapping[str, Any],
    results: Mapping[str, Any],
    files: Sequence[File],
    proofs: Mapping[str, Sequence[Proof]],
) -> Iterator[str]:
    yield from (f"# Evidence: {plain(results['name'])}", "")
    if results["synthetic"]:
        yield from (f"**{plain(INVENTED)}**", "")
    yield from (f"**{DISCLAIMER}**", "", "## Files", "")
    for one in files:
        yield f"- [{plain(one.name)}]({one.href}): {plain(one.about)} SHA-256 {one.sha256}"
    yield from ("", "## Items, with their evidence", "")
    for item in _items(checklist, proofs):
        yield f"- **{plain(item['title'])}** ({plain(item['id'])}): {plain(item['status'])}"
        if item["figures"]:
            yield f"  - Figures: {plain(', '.join(item['figures']))}"
        for proof in item["evidence"]:
            name = f"[{plain(proof['name'])}]({proof['href']})" if proof["href"] else plain(proof["name"])
            yield f"  - {name}" + (f" ({plain(proof['who'])})" if proof["who"] else "")
        if item["answers"]:
            yield f"  - answers in the checklist: {item['answers']}"
    for notice in origins.notices(results["layers"]):
        yield from ("", plain(notice))


def _items(checklist: Mapping[str, Any], proofs: Mapping[str, Sequence[Proof]]) -> list[dict[str, Any]]:
    """Items of the checklist, then whatever else has evidence."""
    found = []
    for item in checklist["items"]:
        told = {key: str(item.get(key) or "") for key in ("id", "title", "status", "reason")}
        evidence = [_proof(one) for one in proofs.get(item["id"], ())]
        found.append(
            {**told, "figures": item["evidence"], "evidence": evidence, "answers": len(item.get("answers", []))}
        )
    ids = {item["id"] for item in checklist["items"]}
    for key, named in proofs.items():
        if key not in ids:
            told = {
                "id": key,
                "title": key.replace("_", " ").capitalize(),
                "status": "filled in by people",
                "reason": "",
            }
            found.append({**told, "figures": [], "evidence": [_proof(one) for one in named], "answers": 0})
    return found


def _proof(one: Proof) -> dict[str, str]:
    return {"name": one.told, "who": one.who, "href": quote(one.file) if one.file else ""}


def checked_name(name: str) -> str:
    """A file's name as it may stand in a packet on every system: letters, digits, dots and hyphens.

    Raises
    ------
    OutputError
        Nothing of it is left.
    """
    stem, dot, ending = name.rpartition(".")
    kept = re.sub(r"[^A-Za-z0-9]+", "-", stem if dot else ending).strip("-")[:60]
    ending = re.sub(r"[^A-Za-z0-9]", "", ending)[:8].lower() if dot else ""
    if not (kept or ending):
        raise OutputError(f"The file {name!r} has no name that can stand in a packet.", remedy="rename it.")
    return f"{kept or 'file'}.{ending}" if ending else kept
