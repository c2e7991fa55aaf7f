"""A document as DOCX, by python-docx; the same bytes for the same blocks."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable
from typing import Any

from justgeo.core.errors import OutputError
from justgeo.report.document import Block, Heading, Para, Table
from justgeo.report.results import DISCLAIMER, INVENTED
from justgeo.report.zips import steady

HOW_TO_HAVE = "Install what exports need: pip install 'justgeo[export]'."

_CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_INCHES = 6.5
"""Between the margins of a letter page."""


def docx(blocks: Iterable[Block], title: str, *, synthetic: bool) -> bytes:
    """The bytes of the file.

    Parameters
    ----------
    blocks : iterable of Block
    title : str
    synthetic : bool
        Marks the head of every page as invented.

    Raises
    ------
    OutputError
        python-docx is not installed.
    """
    try:
        import docx as library
        from docx.shared import Inches, Pt
    except ImportError as why:
        raise OutputError("A Word document needs python-docx, which is not here.", remedy=HOW_TO_HAVE) from why
    paper = library.Document()
    core = paper.core_properties
    core.title, core.author, core.comments, core.last_modified_by = plain(title)[:255], "justgeo", DISCLAIMER, "justgeo"
    core.created = core.modified = _CREATED
    section = paper.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    section.left_margin = section.right_margin = Inches(1)
    section.footer.paragraphs[0].add_run(f"{DISCLAIMER} Made with justgeo.").font.size = Pt(8)
    if synthetic:
        section.header.paragraphs[0].add_run(INVENTED).bold = True
    for block in blocks:
        _add(paper, block)
    out = io.BytesIO()
    paper.save(out)
    return steady(out.getvalue())


def plain(text: str) -> str:
    """``text`` without characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]", " ", text)


def _add(paper: Any, block: Block) -> None:
    if isinstance(block, Heading):
        paper.add_heading(plain(block.text), level=block.level)
    elif isinstance(block, Para):
        _paragraph(paper.add_paragraph(), block)
    else:
        _table(paper, block)


def _paragraph(target: Any, block: Para) -> None:
    from docx.shared import Pt, RGBColor

    run = target.add_run(plain(block.text))
    if block.look == "small":
        run.font.size = Pt(8)
    if block.look == "warning":
        run.bold = True
        run.font.color.rgb = RGBColor(0xB0, 0x00, 0x20)


def _table(paper: Any, block: Table) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Inches

    made = paper.add_table(rows=1 + len(block.rows), cols=len(block.header), style="Light Grid Accent 1")
    made.autofit = False
    for column, width in zip(made.columns, block.widths, strict=True):
        column.width = Inches(_INCHES * width)
    # Rows as lists: to ask a table for its cell by number walks through all of them each time.
    lines = [block.header, *block.rows]
    for number, (row, told) in enumerate(zip(made.rows, lines, strict=True)):
        for cell, text, width in zip(row.cells, told, block.widths, strict=True):
            cell.width = Inches(_INCHES * width)
            _cell(cell, text, number == 0)
    # The heading stands again on every page that the table runs over.
    properties = made.rows[0]._tr.get_or_add_trPr()
    properties.append(properties.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"}))
    paper.add_paragraph()


def _cell(cell: Any, text: str, bold: bool) -> None:
    from docx.shared import Pt

    run = cell.paragraphs[0].add_run(plain(text))
    run.font.size = Pt(8)
    run.bold = bold
