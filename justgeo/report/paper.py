"""A document as PDF, by reportlab; the same bytes for the same blocks, with a font that has ±, ≥ and é."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from justgeo.core.errors import OutputError
from justgeo.report.document import Block, Heading, Para, Table
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.word import HOW_TO_HAVE, plain

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
"""DejaVu, under a licence that lets a PDF embed it; it comes with matplotlib."""

_INK, _PALE, _RED = "#2b1a4f", "#f6f3fb", "#b00020"
_SIZES = {1: 18, 2: 14, 3: 10.5}
_SMALL, _TEXT = 6.5, 9.0


def pdf(blocks: Iterable[Block], title: str, *, synthetic: bool) -> bytes:
    """The bytes of the file: letter pages, numbered.

    Parameters
    ----------
    blocks : iterable of Block
    title : str
    synthetic : bool
        Marks every page as invented.

    Raises
    ------
    OutputError
        reportlab or matplotlib is not installed.
    """
    try:
        from reportlab.lib.pagesizes import letter
        from reportlab.platypus import SimpleDocTemplate
    except ImportError as why:
        raise OutputError("A PDF needs reportlab, which is not here.", remedy=HOW_TO_HAVE) from why
    _fonts()
    out = io.BytesIO()
    told = {"title": plain(title), "author": "justgeo", "subject": DISCLAIMER, "creator": "justgeo"}
    edge = 50
    paper = SimpleDocTemplate(
        out, pagesize=letter, invariant=1, leftMargin=edge, rightMargin=edge, topMargin=54, bottomMargin=48, **told
    )
    looks = _looks()
    story = [part for block in blocks for part in _parts(block, looks, paper.width)]

    def dress(canvas: Any, _: Any) -> None:
        _page(canvas, title, synthetic, letter)

    paper.build(story, onFirstPage=dress, onLaterPages=dress)
    return out.getvalue()


def font_file(name: str) -> Path:
    """Where a font of matplotlib lies.

    Raises
    ------
    OutputError
        matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as why:
        raise OutputError("A PDF needs the fonts of matplotlib, which is not here.", remedy=HOW_TO_HAVE) from why
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


def lacking(texts: Iterable[str]) -> str:
    """Letters of some texts that the font lacks, each once: they stand as boxes, and whoever asked has to know.

    Raises
    ------
    OutputError
        matplotlib is not installed.
    """
    path = font_file(_FONT)
    from matplotlib.ft2font import FT2Font

    known = FT2Font(str(path)).get_charmap()
    signs = {sign for text in texts for sign in plain(text) if sign.isprintable()}
    return "".join(sorted(sign for sign in signs if ord(sign) not in known))


def _fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name in (_FONT, _BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(font_file(name))))
    pdfmetrics.registerFontFamily(_FONT, normal=_FONT, bold=_BOLD, italic=_FONT, boldItalic=_BOLD)


def _looks() -> dict[Any, Any]:
    from reportlab.lib.styles import ParagraphStyle

    def look(name: str, size: float, font: str = _FONT, **more: Any) -> Any:
        return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.3, **more)

    heads = {
        level: look(f"h{level}", size, _BOLD, textColor=_INK, spaceBefore=size * 0.8, spaceAfter=3, keepWithNext=1)
        for level, size in _SIZES.items()
    }
    return heads | {
        "body": look("body", _TEXT, spaceAfter=4),
        "small": look("small", _SMALL, spaceAfter=4, textColor="#333333"),
        "warning": look("warning", 11, _BOLD, textColor=_RED, spaceAfter=4),
        "cell": look("cell", _SMALL),
        "head": look("head", _SMALL, _BOLD, textColor="#ffffff"),
    }


def _parts(block: Block, looks: dict[Any, Any], width: float) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer

    if isinstance(block, Heading):
        return [Paragraph(_marked(block.text), looks[block.level])]
    if isinstance(block, Para):
        return [Paragraph(_marked(block.text), looks[block.look])]
    return [_table(block, looks, width), Spacer(1, 6)]


def _table(block: Table, looks: dict[Any, Any], width: float) -> Any:
    from reportlab.platypus import LongTable, Paragraph, TableStyle

    cells = [[Paragraph(_marked(text), looks["head"]) for text in block.header]]
    cells += [[Paragraph(_marked(text), looks["cell"]) for text in row] for row in block.rows]
    made = LongTable(cells, colWidths=[width * part for part in block.widths], repeatRows=1, splitInRow=1)
    look = [
        ("BACKGROUND", (0, 0), (-1, 0), _INK),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), ["#ffffff", _PALE]),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, "#9a93a8"),
        *((f"{side}PADDING", (0, 0), (-1, -1), 3) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
    ]
    made.setStyle(TableStyle(look))
    return made


def _marked(text: str) -> str:
    """``text`` as plain text: reportlab reads tags in a paragraph, and names may hold some."""
    return escape(plain(text))


def _page(canvas: Any, title: str, synthetic: bool, size: tuple[float, float]) -> None:
    canvas.saveState()
    canvas.setFont(_FONT, 7)
    canvas.drawString(50, 30, DISCLAIMER)
    canvas.drawRightString(size[0] - 50, 30, f"{canvas.getPageNumber()}")
    canvas.drawString(50, size[1] - 36, plain(title)[:90])
    if synthetic:
        canvas.setFillColor(_RED)
        canvas.setFont(_BOLD, 8)
        canvas.drawRightString(size[0] - 50, size[1] - 36, INVENTED)
    canvas.restoreState()
