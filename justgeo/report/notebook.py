"""What a notebook shows of a district, of results and of a checklist: short HTML, everything escaped, nothing outside.

In English, for analysts; the words of numbers are those of the page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from shapely.geometry import mapping

from justgeo.core import district as districts
from justgeo.report import checklist as lists
from justgeo.report import drawing, inline, origins, remarks, view, words
from justgeo.report.cells import against, cell
from justgeo.report.reader import Reader
from justgeo.report.results import DISCLAIMER, INVENTED

MOST_ROWS = 12
"""With no more indicators than this, all are shown; of more, those of the page's headline."""

MOST_REASONS, _REASON = 4, 120
_WIDTH, _HEIGHT = 260.0, 200.0
_KM2 = 2.589988110336
"""Of a square mile."""


def district(place: districts.District) -> str:
    """The outline with its name, area, coordinate system, and what was mended."""
    shape = list(drawing.rings(mapping(place.boundary)))
    project = drawing.fitted(shape, _WIDTH, _HEIGHT)
    km2 = districts.geodesic_area(place.boundary) / 1e6
    lat, lon = districts.centre(districts.metric_crs(place.boundary))
    west, south, east, north = place.boundary.bounds
    return _page(
        "notebook_district.html",
        place=place,
        invented=INVENTED if place.slug.endswith("-invented") else "",
        path=drawing.path(shape, project),
        size=(project.width, project.height),
        area=f"{km2:.2f} km² ({km2 / _KM2:.2f} square miles)",
        centre=f"{lat:.1f}, {lon:.1f}",
        bounds=f"{west:.4f} to {east:.4f}, {south:.4f} to {north:.4f}",
    )


def results(content: Mapping[str, Any]) -> str:
    """The headline: each number with its margin, how sure it is, the comparison and its source."""
    marked = remarks.marked(content)
    reader = Reader(marked)
    rows = _shown(reader)
    behind = [reader.at(row["id"], role) for row in rows for role in ("district", "reference")]
    used = reader.used(behind)
    gone = view.absences(reader)["indicators"]
    return _page(
        "notebook_results.html",
        name=marked["name"],
        invented=INVENTED if marked["synthetic"] else "",
        disclaimer=DISCLAIMER,
        reference=reader.reference_name,
        rows=rows,
        n_all=len(marked["indicators"]),
        headline=len(rows) < len(marked["indicators"]),
        gone=[(n, textwrap.shorten(words.sentence(why), _REASON, placeholder="…")) for why, n in gone[:MOST_REASONS]],
        more=max(0, len(gone) - MOST_REASONS),
        period=origins.period(used),
        sources=origins.told(used),
        notices=origins.notices(marked["layers"]),
    )


def _shown(reader: Reader) -> list[dict[str, Any]]:
    every = reader.results["indicators"]
    if len(every) <= MOST_ROWS:
        return [_row(reader, row) for row in every]
    headline = [card["id"] for card in view.cards(reader)]
    return [_row(reader, row) for one in headline for row in every if row["id"] == one]


def _row(reader: Reader, row: Mapping[str, Any]) -> dict[str, Any]:
    role = reader.told_of(row)
    record = reader.at(row["id"], role)
    return {
        **cell(record, reader),
        **against(reader, row["id"]),
        "id": row["id"],
        "title": row["title"],
        "alone": role == "reference",
        "vintage": origins.vintage(reader.used([record])),
    }


def checklist(content: Mapping[str, Any]) -> str:
    """How many items have which status, the actions by phase, and every item below.

    Parameters
    ----------
    content : mapping
        As in ``checklist.json``.
    """
    parts = list(_parts(content["items"]))
    return _page(
        "notebook_checklist.html",
        name=content["name"],
        invented=INVENTED if content["synthetic"] else "",
        disclaimer=DISCLAIMER,
        marks=lists.STATUS_MARKS,
        parts=parts,
        tally=lists.counts(content["items"]),
        n=len(content["items"]),
        sentence=words.sentence,
    )


def _parts(items: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Sections in the order of the page; the actions are parted by their phase."""
    every = list(items)
    for kind in dict.fromkeys([*lists.KINDS, *(item["kind"] for item in every)]):
        inside = [item for item in every if item["kind"] == kind]
        for phase in dict.fromkeys(item["phase"] for item in inside):
            part = [item for item in inside if item["phase"] == phase]
            title = lists.KINDS.get(kind, kind)
            yield {"title": f"{title}: {phase}" if phase else title, "items": part, "counts": lists.counts(part)}


def _page(template: str, **told: Any) -> str:
    html = inline.environment().get_template(template).render(**told)
    inline.refuse_links(html)
    return html
