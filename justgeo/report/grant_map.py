"""The map that an application asks for: one letter page with boundary, census areas, project sites, scale and sources.

Drawn in a metric CRS centred on the place, so that its scale bar is true and north is up. The same bytes for the same
input: no time is written into the file.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely

from justgeo.core.district import metric_crs
from justgeo.core.errors import OutputError
from justgeo.report import origins
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.word import HOW_TO_HAVE

MILE = 1609.344
"""Metres of an international mile."""

_INK, _TRACT, _GROUP, _SITE, _RED = "#2b1a4f", "#3c4a63", "#8a93a6", "#c2410c", "#b00020"
_PAGE = (8.5, 11.0)
_EDGE, _TOP, _FOOT = 0.5, 0.95, 2.15
"""Inches around the map: at the sides, above and below."""
_ROOM = 0.08
"""Part of the place's size that is left free around it."""
_MOST_SITES = 24
_PLAIN = {"parse_math": False}
"""A dollar sign in a name begins no formula."""


@dataclass(frozen=True)
class Drawn:
    """A map, and what is not on it.

    Attributes
    ----------
    body : bytes
    scale : float
        One to so many, on paper.
    off : tuple of str
        Sites that lie outside the page.
    """

    body: bytes
    scale: float
    off: tuple[str, ...]


def draw(
    results: Mapping[str, Any], zones: gpd.GeoDataFrame, sites: gpd.GeoDataFrame | None = None, form: str = "pdf"
) -> Drawn:
    """Draw the map.

    Parameters
    ----------
    results : mapping
        As in ``results.json``: name, sources, whether invented.
    zones : GeoDataFrame
        Columns ``id, name, role, geography`` and polygons, any CRS.
    sites : GeoDataFrame, optional
        Column ``name`` and points or polygons, any CRS.
    form : {'pdf', 'png'}

    Raises
    ------
    OutputError
        matplotlib is not installed, or there is no district.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as why:
        raise OutputError("The map needs matplotlib, which is not here.", remedy=HOW_TO_HAVE) from why
    place = zones[zones["role"] == "district"].to_crs(4326)
    if place.empty:
        raise OutputError("There is no district to draw.", remedy="Run `justgeo run` again.")
    crs = metric_crs(shapely.union_all(place.geometry.to_numpy()))
    local = zones.to_crs(crs)
    spots = None if sites is None else sites.to_crs(crs)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"pdf.fonttype": 42, "font.family": "DejaVu Sans"})
        figure = Figure(figsize=_PAGE, dpi=150)
        view = _View.of(local[local["role"] == "district"].total_bounds)
        axes = figure.add_axes(view.axes())
        axes.set(xlim=view.x, ylim=view.y, xticks=[], yticks=[], aspect="equal")
        _areas(axes, local, view)
        axes.set(xlabel="", ylabel="")
        off = _sites(figure, axes, spots, view)
        _scale(axes, view)
        _north(axes)
        _words(figure, results, view, sites=spots is not None and len(off) < len(spots))
        return Drawn(_saved(figure, form), view.scale, off)


@dataclass(frozen=True)
class _View:
    """What part of the ground is on the page, in metres of the local CRS."""

    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def of(cls, bounds: Sequence[float]) -> _View:
        """The place with room around it, in the form of the page's frame."""
        west, south, east, north = (float(one) for one in bounds)
        wide, high = cls.frame()
        size = max((east - west) / wide, (north - south) / high) * (1 + 2 * _ROOM)
        x, y = (west + east) / 2, (south + north) / 2
        return cls((x - size * wide / 2, x + size * wide / 2), (y - size * high / 2, y + size * high / 2))

    @staticmethod
    def frame() -> tuple[float, float]:
        """Width and height of the map on paper, in inches."""
        return _PAGE[0] - 2 * _EDGE, _PAGE[1] - _TOP - _FOOT

    @staticmethod
    def axes() -> tuple[float, float, float, float]:
        wide, high = _View.frame()
        return _EDGE / _PAGE[0], _FOOT / _PAGE[1], wide / _PAGE[0], high / _PAGE[1]

    @property
    def scale(self) -> float:
        """Metres on the ground for a metre on paper."""
        return (self.x[1] - self.x[0]) / (self.frame()[0] * 0.0254)

    @property
    def box(self) -> Any:
        return shapely.box(self.x[0], self.y[0], self.x[1], self.y[1])


def _areas(axes: Any, local: gpd.GeoDataFrame, view: _View) -> None:
    """Block groups, tracts, areas of the planner's own, and the boundary on top; each census area with its GEOID."""
    place = local[local["role"] == "district"]
    inside = shapely.union_all(place.geometry.to_numpy())
    taken: list[Any] = []
    for kind, colour, width in (("block group", _GROUP, 0.5), ("tract", _TRACT, 1.1), ("", _TRACT, 0.8)):
        areas = local[(local["role"] == "area") & _is(local["geography"], kind)]
        if len(areas):
            areas.boundary.plot(ax=axes, color=colour, linewidth=width, aspect=None)
    place.plot(ax=axes, facecolor=_INK, alpha=0.07, aspect=None)
    place.boundary.plot(ax=axes, color=_INK, linewidth=2.4, aspect=None)
    for kind, size in (("tract", 7.0), ("", 7.0), ("block group", 5.0)):
        areas = local[(local["role"] == "area") & _is(local["geography"], kind)]
        for name, shape in zip(areas["id"], areas.geometry, strict=True):
            part = shapely.intersection(shapely.intersection(shape, inside), view.box)
            text = f"BG {name[11:]}" if kind == "block group" and len(name) == 12 else str(name)
            _label(axes, text, part if not part.is_empty else shape, size, taken, bold=kind != "block group")


def _is(geography: Any, kind: str) -> Any:
    return geography == kind if kind else ~geography.isin(["tract", "block group"])


def _label(axes: Any, text: str, shape: Any, size: float, taken: list[Any], *, bold: bool) -> None:
    """A label in its area, moved a little where another one stands already; left out where there is no room at all."""
    from matplotlib import patheffects

    at = shapely.point_on_surface(shape)
    low, high = axes.get_ylim()
    line = size * 1.5 / 72 / _View.frame()[1] * (high - low)
    wide = 0.62 * size * len(text) / 72 / _View.frame()[1] * (high - low)
    for step in (0, 1, -1, 2, -2):
        y = at.y + step * line
        box = shapely.box(at.x - wide / 2, y - line / 2, at.x + wide / 2, y + line / 2)
        if not any(shapely.intersects(box, other) for other in taken):
            break
    else:
        return
    taken.append(box)
    halo = [patheffects.withStroke(linewidth=2, foreground="white")]
    weight = "bold" if bold else "normal"
    look = {"size": size, "weight": weight, "color": _TRACT, "path_effects": halo, "clip_on": True, **_PLAIN}
    axes.text(at.x, y, text, ha="center", va="center", **look)


def _sites(figure: Any, axes: Any, spots: gpd.GeoDataFrame | None, view: _View) -> tuple[str, ...]:
    """Sites as numbered marks, their names in the list below; those off the page are not drawn, and told."""
    if spots is None:
        return ()
    on = spots.geometry.intersects(view.box)
    lines = []
    for number, (name, shape) in enumerate(zip(spots[on]["name"], spots[on].geometry, strict=True), start=1):
        at = shapely.point_on_surface(shape)
        if shape.geom_type not in ("Point", "MultiPoint"):
            gpd.GeoSeries([shape], crs=spots.crs).plot(ax=axes, color=_SITE, alpha=0.35, aspect=None)
        axes.plot([at.x], [at.y], marker="o", markersize=11, color=_SITE, markeredgecolor="white", zorder=9)
        axes.text(at.x, at.y, str(number), size=6.5, weight="bold", color="white", ha="center", va="center", zorder=10)
        lines.append(f"{number}  {_short(name, 44)}")
    listed = lines[:_MOST_SITES] + ([f"and {len(lines) - _MOST_SITES} more"] if len(lines) > _MOST_SITES else [])
    if listed:
        half = math.ceil(len(listed) / 2) if len(listed) > 6 else len(listed)
        for column, part in enumerate((listed[:half], listed[half:])):
            told = "\n".join((["Project sites"] if column == 0 else [""]) + part)
            figure.text(0.42 + 0.29 * column, 1.98 / _PAGE[1], told, size=6, va="top", linespacing=1.25, **_PLAIN)
    return tuple(str(name) for name in spots[~on]["name"])


def _scale(axes: Any, view: _View) -> None:
    """A bar in miles over one in kilometres, of round lengths."""
    wide, high = view.x[1] - view.x[0], view.y[1] - view.y[0]
    left, base = view.x[0] + 0.03 * wide, view.y[0] + 0.035 * high
    longest = max(_round(0.25 * wide / MILE) * MILE, _round(0.25 * wide / 1000) * 1000)
    box = shapely.box(left - 0.015 * wide, base - 0.025 * high, left + longest + 0.12 * wide, base + 0.05 * high)
    axes.fill(*box.exterior.xy, facecolor="white", edgecolor="none", alpha=0.85, zorder=7)
    for unit, metres, lift in (("mi", MILE, 0.022), ("km", 1000.0, 0.0)):
        length, y = _round(0.25 * wide / metres), base + lift * high
        ends = (left, left + length * metres)
        axes.plot(ends, (y, y), color="black", linewidth=1.6, solid_capstyle="butt", zorder=8)
        for x in ends:
            axes.plot((x, x), (y - 0.004 * high, y + 0.004 * high), color="black", linewidth=1, zorder=8)
        axes.text(ends[1] + 0.012 * wide, y, f"{length:g} {unit}", size=8, va="center", zorder=8)


def _round(size: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is no greater."""
    power = 10 ** math.floor(math.log10(size))
    return float(f"{max(step for step in (1, 2, 5) if step * power <= size * (1 + 1e-9)) * power:.6g}")


def _north(axes: Any) -> None:
    look = {"arrowstyle": "-|>", "color": "black", "linewidth": 1.6}
    axes.annotate("", (0.96, 0.97), (0.96, 0.905), xycoords="axes fraction", arrowprops=look, zorder=8)
    axes.text(0.96, 0.9, "N", size=11, weight="bold", ha="center", va="top", transform=axes.transAxes, zorder=8)


def _words(figure: Any, results: Mapping[str, Any], view: _View, *, sites: bool) -> None:
    """Title, legend and sources; project sites are spoken of where one is drawn."""
    name = _short(results["name"], 70)
    size = 15 if len(name) <= 48 else 11
    figure.text(0.06, 10.62 / _PAGE[1], name, size=size, weight="bold", color=_INK, va="center", **_PLAIN)
    under = "Boundary, census tracts and block groups with their GEOIDs"
    under = f"{under}, and project sites" if sites else under
    figure.text(0.06, 10.32 / _PAGE[1], under, size=9, va="center")
    if results["synthetic"]:
        figure.text(0.94, 10.85 / _PAGE[1], INVENTED, size=8.5, weight="bold", color=_RED, ha="right", va="center")
        figure.text(
            0.5, 0.58, "INVENTED DATA", size=64, weight="bold", color=_RED, alpha=0.16, rotation=35, ha="center",
            va="center", zorder=20,
        )  # fmt: skip
    _legend(figure, sites=sites)
    told = "\n".join(_wrapped(_source(results, view, sites=sites)))
    figure.text(0.06, 0.98 / _PAGE[1], told, size=6, va="top", linespacing=1.3, **_PLAIN)


def _legend(figure: Any, *, sites: bool) -> None:
    from matplotlib.lines import Line2D

    marks = [
        (Line2D([], [], color=_INK, linewidth=2.4), "Boundary"),
        (Line2D([], [], color=_TRACT, linewidth=1.1), "Census tract, with its GEOID"),
        (Line2D([], [], color=_GROUP, linewidth=0.6), "Block group: GEOID of its tract, then its number"),
    ]
    if sites:
        marks.append((Line2D([], [], color=_SITE, marker="o", markersize=7, linestyle=""), "Project site"))
    figure.legend(
        [mark for mark, _ in marks], [text for _, text in marks], loc="upper left", fontsize=6.5, frameon=False,
        bbox_to_anchor=(0.045, 2.05 / _PAGE[1]), handlelength=2.2, labelspacing=0.45,
    )  # fmt: skip


def _source(results: Mapping[str, Any], view: _View, *, sites: bool) -> list[str]:
    layers = [one for one in results["layers"] if one["id"] in ("tracts", "block_groups", "areas", "blocks")]
    found = origins.told(layers) or "the files of the district"
    dates = origins.vintage(layers)
    retrieved = ", ".join(dict.fromkeys(one["retrieved"] for one in layers if one["retrieved"]))
    when = f"Of {dates}" + (f", retrieved {retrieved}" if retrieved else "") if dates else "Date of the data not stated"
    notices = "; ".join(origins.notices(layers))
    told = [f"Sources: {found}. {when}.", *(["Sites: given by the applicant."] if sites else [])]
    told += [f"{notices}."] if notices else []
    return [
        " ".join(told),
        f"Scale 1:{round(view.scale, -2):,.0f} on letter paper at 100 %. Lambert azimuthal equal-area projection "
        "centred on the place; north is up.",
        f"{DISCLAIMER} Made with justgeo.",
    ]


def _wrapped(lines: Iterable[str]) -> Iterable[str]:
    import textwrap

    for line in lines:
        yield from textwrap.wrap(line, 170, max_lines=4, placeholder=" … (cut: see results.json)")


def _short(text: Any, most: int) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def _saved(figure: Any, form: str) -> bytes:
    out = io.BytesIO()
    nothing: dict[str, Any] = {"CreationDate": None, "ModDate": None, "Creator": "justgeo"}
    with warnings.catch_warnings():
        # Whoever asked is told by `exporting` which letters the font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(out, format=form, dpi=200, metadata=nothing if form == "pdf" else {"Software": None})
    return out.getvalue()
