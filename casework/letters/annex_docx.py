"""A letter's annexes in WordprocessingML: a new page each, heads of tables repeated, rows whole."""

from __future__ import annotations

from html import escape
from io import BytesIO

from docx.document import Document as DocxDocument
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from casework.letters import measures as m
from casework.letters.letter import Annex, Picture
from casework.letters.pictures import picture_box
from casework.letters.wording import annex_sign, shown_cell, shown_line
from casework.papers.paper import Grid, Lines, may_break

_NAMES = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SIDES = ("top", "left", "bottom", "right", "insideH", "insideV")
TWIPS = 56.7  # a millimetre


def annex_added(document: DocxDocument, annex: Annex, at: int, annexes: tuple[Annex, ...]) -> None:
    """The annex at the document's end, in the section that is there."""
    for style, text in (("附件序号", annex_sign(at, annexes)), ("附件正文", ""), ("附件标题", annex.name)):
        document.add_paragraph(shown_cell(text), style=style)
    for block in annex.blocks:
        if isinstance(block, Grid):
            _grid(document, block, is_wide=annex.is_wide)
        else:
            _lines(document, block)
    for picture in annex.pictures:
        _picture(document, picture, is_wide=annex.is_wide)
    _lines(document, Lines(lines=annex.foot, is_small=True))


def copies_added(document: DocxDocument, copies: str) -> None:
    """抄送 at the foot of the last page, without a line above it."""
    if not copies:
        return
    paragraph = document.add_paragraph(copies, style="抄送")
    width = round(m.TYPE_AREA[0] * TWIPS)
    frame = (
        f'<w:framePr {_NAMES} w:w="{width}" w:wrap="around" w:vAnchor="margin" w:hAnchor="margin" w:xAlign="left" '
        'w:yAlign="bottom"/>'
    )
    properties = paragraph._p.get_or_add_pPr()
    style = properties.find(qn("w:pStyle"))
    style.addnext(parse_xml(frame))
    # A frame is anchored in what follows it, and a document does not end with one.
    line = '<w:pPr><w:spacing w:line="20" w:lineRule="exact"/></w:pPr>'
    paragraph._p.addnext(parse_xml(f"<w:p {_NAMES}>{line}</w:p>"))


def _lines(document: DocxDocument, block: Lines) -> None:
    for at, line in enumerate(block.lines):
        paragraph = document.add_paragraph(shown_line(line), style="表格文字" if block.is_small else "附件正文")
        paragraph.paragraph_format.keep_with_next = block.stays and at < len(block.lines) - 1


def _grid(document: DocxDocument, grid: Grid, *, is_wide: bool) -> None:
    """Written as text: an object for each of ten thousand cells would be most of the work."""
    style = document.styles["宽表文字" if is_wide else "表格文字"].style_id
    total = (m.TYPE_AREA[1] if is_wide else m.TYPE_AREA[0]) * TWIPS
    whole = sum(one.width for one in grid.columns)
    widths = [int(one.width / whole * total) for one in grid.columns]
    head = _row(tuple((one.name,) for one in grid.columns), widths, style, "<w:cantSplit/><w:tblHeader/>", "center")
    rows = [_row(row, widths, style, "" if may_break(row) else "<w:cantSplit/>") for row in grid.rows]
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for side in _SIDES)
    margins = "".join(f'<w:{side} w:w="{wide}" w:type="dxa"/>' for side, wide in _padding())
    layout = (
        f'<w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>'
    )
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    text = f"<w:tbl {_NAMES}>{layout}<w:tblGrid>{columns}</w:tblGrid>{head}{''.join(rows)}</w:tbl>"
    # Word takes two tables that touch for one.
    gap = f'<w:p {_NAMES}><w:pPr><w:spacing w:line="80" w:lineRule="exact"/></w:pPr></w:p>'
    for part in (text, gap):
        document.element.body.sectPr.addprevious(parse_xml(part))


def _padding() -> tuple[tuple[str, int], ...]:
    return (("top", 34), ("left", 57), ("bottom", 34), ("right", 57))


def _row(cells: tuple[tuple[str, ...], ...], widths: list[int], style: str, kind: str, align: str = "") -> str:
    properties = f"<w:trPr>{kind}</w:trPr>" if kind else ""
    justified = f'<w:jc w:val="{align}"/>' if align else ""
    drawn = (_cell(lines, width, style, justified) for lines, width in zip(cells, widths, strict=True))
    return f"<w:tr>{properties}{''.join(drawn)}</w:tr>"


def _cell(lines: tuple[str, ...], width: int, style: str, justified: str) -> str:
    look = f'<w:pPr><w:pStyle w:val="{style}"/>{justified}</w:pPr>'
    text = "".join(f"<w:p>{look}{_run(line)}</w:p>" for line in lines or ("",))
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>{text}</w:tc>'


def _run(line: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{escape(shown_cell(line), quote=False)}</w:t></w:r>' if line else ""


def _picture(document: DocxDocument, picture: Picture, *, is_wide: bool) -> None:
    width, height = picture_box(picture, is_wide=is_wide)
    shown = document.add_paragraph(style="图片说明")
    shown.add_run().add_picture(BytesIO(picture.png), width=Mm(width), height=Mm(height))
    captions: list[Paragraph] = [shown]
    captions += [document.add_paragraph(shown_line(line), style="图片说明") for line in (picture.caption, picture.mark)]
    for paragraph in captions[:-1]:
        paragraph.paragraph_format.keep_with_next = True
