"""Charts for notebooks: each number a dot with its margin as a whisker, what is absent named with its reason.

The place and what it is compared with differ in colour and in shape; a number too uncertain to rely on is hollow. Drawn
by matplotlib without its global state, so that no setting of a notebook changes it and none is changed.
"""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from markupsafe import escape

from justgeo.core.errors import ConfigError, OutputError
from justgeo.core.words import suggestion
from justgeo.report import choropleth, groups, origins, remarks, view, words
from justgeo.report.explorer import put
from justgeo.report.reader import Reader, Record
from justgeo.report.results import INVENTED
from justgeo.report.word import HOW_TO_HAVE

BY = ("groups", "areas")
PLACE, REFERENCE = "#0072B2", "#D55E00"
"""Blue and vermilion of Okabe and Ito's palette, which people who see colours differently tell apart."""

MOST_AREAS = 80
_GREY, _RED = "#555555", "#b00020"
_ROW = 0.34
"""Inches."""

_PLAIN = {"parse_math": False}


@dataclass(frozen=True)
class Line:
    """One line of a chart: a label, and the records of the place and of the reference."""

    label: str
    place: Record | None
    reference: Record | None = None
    first: bool = False
    """It begins a part: some room is left above it."""


@dataclass(frozen=True, repr=False)
class Chart:
    """A chart.

    Attributes
    ----------
    figure : matplotlib Figure
        To be changed at will.
    told : str
        What it shows, in words, for those who do not see it.
    """

    figure: Any
    told: str

    def __repr__(self) -> str:
        return f"<Chart: {self.told}>"

    @property
    def axes(self) -> Any:
        """The one pair of axes."""
        return self.figure.axes[0]

    def png(self) -> bytes:
        """As a picture: the same bytes for the same figure."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=150, metadata={"Software": None})
        return out.getvalue()

    def save(self, path: str | PathLike[str]) -> Path:
        """Write it as ``.png``.

        Raises
        ------
        OutputError
            It cannot be written, or is to be something else.
        """
        if Path(path).suffix.casefold() != ".png":
            raise OutputError(f"{path} does not end in .png.", remedy="use .figure.savefig for another format.")
        return put(path, self.png())

    def _repr_png_(self) -> bytes:
        return self.png()

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.png()).decode("ascii")
        return f'<img alt="{escape(self.told)}" style="max-width: 100%" src="data:image/png;base64,{picture}">'


def chart(results: Mapping[str, Any], indicator: str = "", by: str = "groups") -> Chart:
    """Numbers with their margins as whiskers, for 90 % confidence.

    Parameters
    ----------
    results : mapping
        As in ``results.json``.
    indicator : str
        Its id; the shares of the headline where none is named.
    by : {'groups', 'areas'}
        Everybody and each group, the reference beside them; or the areas within the place, in the order of the
        results: a rank of places would say more than the margins hold.

    Raises
    ------
    ConfigError
        The indicator or ``by`` is not known.
    OutputError
        matplotlib is not installed, or there is nothing to draw.
    """
    if by not in BY:
        raise ConfigError(f"There is no chart by {by!r}.", remedy=suggestion(by, BY))
    marked = remarks.marked(results)
    reader = Reader(marked)
    known = {row["id"]: row for row in marked["indicators"]}
    if indicator and indicator not in known:
        raise ConfigError(f"There is no indicator {indicator!r} in these results.", remedy=suggestion(indicator, known))
    if not indicator:
        return _drawn(reader, f"{marked['name']}: headline shares", "share", list(_headline(reader)))
    row = known[indicator]
    lines = list(_areas(reader, row) if by == "areas" else _groups(reader, row))
    return _drawn(reader, f"{row['title']} ({row['id']})", row["unit"], lines, row["universe"])


def _headline(reader: Reader) -> Iterable[Line]:
    """Shares among the headline numbers: what can stand on one scale."""
    for card in view.cards(reader):
        record = reader.at(card["id"], "district")
        if record is not None and record["unit"] == "share":
            yield Line(f"{card['title']}", record, reader.at(card["id"], "reference"))


def _groups(reader: Reader, row: Mapping[str, Any]) -> Iterable[Line]:
    yield Line("Everyone", reader.at(row["id"], "district"), reader.at(row["id"], "reference"))
    for _, inside in groups.by_kind(reader, reader.groups.get(row["id"], [])):
        for i, group in enumerate(inside):
            label = str(reader.labels.get(group, group))
            place, reference = (reader.at(row["id"], role, group) for role in ("district", "reference"))
            yield Line(label, place, reference, first=i == 0)


def _areas(reader: Reader, row: Mapping[str, Any]) -> Iterable[Line]:
    inside = choropleth.levels(reader.results)
    told = choropleth.payload({**reader.results, "indicators": [row]})["indicators"]
    if not inside or not told:
        raise OutputError(f"{row['id']} is told of no area within the district.", remedy="draw it by='groups'.")
    zones = inside[told[0]["level"]]
    if len(zones) > MOST_AREAS:
        raise OutputError(
            f"There are {len(zones)} areas, more than can be read in one chart.", remedy="look at .explore() instead."
        )
    yield Line("Everyone", reader.at(row["id"], "district"), reader.at(row["id"], "reference"))
    for i, zone in enumerate(zones):
        yield Line(str(zone["name"]), reader.records.get((row["id"], zone["id"], "all")), first=i == 0)


def _drawn(reader: Reader, title: str, unit: str, lines: Sequence[Line], universe: str = "") -> Chart:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as why:
        raise OutputError("A chart needs matplotlib, which is not here.", remedy=HOW_TO_HAVE) from why
    if not any(_number(one) for line in lines for one in (line.place, line.reference)):
        raise OutputError(f"There is no number to draw of {title}.", remedy="see .table() for the reasons.")
    heights = _heights(lines)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9})
        tall = heights[-1] * _ROW + 2.1
        figure = Figure(figsize=(8.2, tall), dpi=100)
        axes = figure.add_axes((0.36, 1.15 / tall, 0.61, heights[-1] * _ROW / tall + 0.12 / tall))
        scale = words.scale(unit)
        for y, line in zip(heights, lines, strict=True):
            _line(axes, y, line, scale.factor)
        _frame(axes, heights, lines, scale, universe)
        _words(figure, reader, title, lines, tall)
        _legend(figure, axes, reader, lines, tall)
    return Chart(figure, _told(reader, title, lines))


def _heights(lines: Sequence[Line]) -> list[float]:
    """Where each line stands, in rows from the top."""
    at = 0.0
    found: list[float] = []
    for line in lines:
        at += 1.5 if line.first and found else 1.0
        found.append(at)
    return found


def _number(record: Record | None) -> bool:
    return record is not None and record["value"] is not None


def _line(axes: Any, y: float, line: Line, factor: float) -> None:
    """The dots and whiskers of a line; where the place has no number, the reason in their stead."""
    shift = 0.0 if line.reference is None else 0.16
    for record, colour, mark, at in ((line.place, PLACE, "o", y - shift), (line.reference, REFERENCE, "D", y + shift)):
        if record is None or record["value"] is None:
            continue
        hollow = record["reliability"] in (view.VAGUE, "even")
        axes.errorbar(
            record["value"] * factor, at, xerr=(record["moe"] or 0.0) * factor or None, fmt=mark, color=colour,
            markersize=6 if mark == "o" else 5, markerfacecolor="white" if hollow else colour, capsize=3, linewidth=1.5,
            zorder=3,
        )  # fmt: skip
    if not _number(line.place):
        reason = "not computed" if line.place is None else line.place["text"] or line.place["reason"] or "no number"
        axes.annotate(
            textwrap.shorten(str(reason), 62, placeholder="…"), (0.01, y - shift), xycoords=("axes fraction", "data"),
            size=7.5, style="italic", color=_GREY, va="center", **_PLAIN,
        )  # fmt: skip


def _frame(axes: Any, heights: Sequence[float], lines: Sequence[Line], scale: words.Scale, universe: str) -> None:
    records = [one for line in lines for one in (line.place, line.reference) if one is not None]
    ends = [(r["value"] * scale.factor, (r["moe"] or 0.0) * scale.factor) for r in records if r["value"] is not None]
    low, high = min(v - m for v, m in ends), max(v + m for v, m in ends)
    least = 0.0 if min(v for v, _ in ends) >= 0 else low
    most = 100.0 if scale.after == "%" and not scale.signed and high > 100 else high
    room = 0.04 * ((most - least) or 1.0)
    axes.set(xlim=(least - room * (least < 0), most + room), ylim=(heights[-1] + 0.7, heights[0] - 0.7))
    axes.set_yticks(list(heights), ["\n".join(textwrap.wrap(_label(line), 38)[:2]) for line in lines], **_PLAIN)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(lambda value, _: f"{scale.before}{value:,g}{scale.after}")
    told = "; ".join(part for part in (scale.unit, f"of {universe}" if universe and scale.after == "%" else "") if part)
    axes.set_xlabel(textwrap.shorten(_flat(told), 90, placeholder="…"), size=8, **_PLAIN)


def _label(line: Line) -> str:
    modelled = line.place is not None and line.place["reliability"] == "modelled"
    return _flat(line.label) + (" (modelled)" if modelled else "")


def _words(figure: Any, reader: Reader, title: str, lines: Sequence[Line], tall: float) -> None:
    content = reader.results
    figure.text(0.02, 1 - 0.28 / tall, "\n".join(textwrap.wrap(_flat(title), 88)[:2]), size=11, weight="bold",
                va="center", **_PLAIN)  # fmt: skip
    if content["synthetic"]:
        figure.text(0.02, 1 - 0.56 / tall, INVENTED, size=9, weight="bold", color=_RED, va="center")
    records = [one for line in lines for one in (line.place, line.reference) if one is not None and _number(one)]
    used = reader.used(records)
    told = ["Whiskers: margins for 90 % confidence."]
    if any(not one["moe"] for one in records):
        told.append("Without a whisker: not a sample, modelled, or margin not known.")
    told += [f"{notice}." for notice in origins.notices(used)]  # before the sources, of which the last may be cut
    told.append(f"Sources: {', '.join(dict.fromkeys(layer['source'] for layer in used))}.")
    foot = textwrap.wrap(_flat(" ".join(told)), 135)[:3]
    figure.text(0.02, 0.1 / tall, "\n".join(foot), size=6.5, va="bottom", color=_GREY, **_PLAIN)


def _legend(figure: Any, axes: Any, reader: Reader, lines: Sequence[Line], tall: float) -> None:
    from matplotlib.lines import Line2D

    marks = [(Line2D([], [], color=PLACE, marker="o"), _flat(reader.results["name"]))]
    if any(_number(line.reference) for line in lines):
        marks.append((Line2D([], [], color=REFERENCE, marker="D", markersize=5), _flat(reader.reference_name)))
    records = [one for line in lines for one in (line.place, line.reference) if one is not None and _number(one)]
    if any(one["reliability"] in (view.VAGUE, "even") for one in records):
        hollow = Line2D([], [], color=_GREY, marker="o", markerfacecolor="white", linestyle="")
        marks.append((hollow, "hollow: too uncertain to rely on"))
    made = figure.legend(
        [mark for mark, _ in marks], [textwrap.shorten(text, 44, placeholder="…") for _, text in marks],
        loc="lower left", bbox_to_anchor=(0.01, 0.42 / tall), ncols=3, frameon=False, fontsize=7.5,
    )  # fmt: skip
    for text in made.get_texts():
        text.set_parse_math(False)


def _told(reader: Reader, title: str, lines: Sequence[Line]) -> str:
    """The chart in words."""
    mark = f"{INVENTED}. " if reader.results["synthetic"] else ""
    parts = []
    for line in lines:
        other = f", {reader.reference_name} {words.told(line.reference)}" if _number(line.reference) else ""
        why = "" if _number(line.place) or line.place is None else f" ({line.place['reason']})"
        parts.append(f"{line.label}: {words.told(line.place)}{why}{other}")
    return f"{mark}{title}. {'; '.join(parts)}."


def _flat(text: Any) -> str:
    """A text in one line: nothing in it may move what stands around it."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
