"""A paper as DOCX, for Word and WPS: the fonts of official papers by name, the same bytes for the same paper."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section, _Footer
from docx.shared import Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from casework.papers.paper import Block, Fields, Grid, Heading, Lines, Paper, may_break, printable

BODY, TITLE, HEAD, NUMBERS = "仿宋_GB2312", "方正小标宋简体", "黑体", "宋体"
LABEL, UPRIGHT, WIDE = 33.0, 156.0, 225.0  # millimetres
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def to_docx(paper: Paper) -> bytes:
    """The paper as a Word document."""
    document = begun(paper)
    for block in paper.blocks:
        add(document, block, is_wide=paper.is_wide)
    return finished(document)


def begun(paper: Paper) -> DocxDocument:
    """A document with the paper's page, head, foot and title; its blocks are still to be added."""
    document = Document()
    _clean(document, paper)
    section = document.sections[0]
    _lay_out(section, is_wide=paper.is_wide)
    _furnish(section, paper)
    title = _written(document.add_paragraph(), paper.title, Pt(22), TITLE)
    title.alignment, title.paragraph_format.space_after = WD_ALIGN_PARAGRAPH.CENTER, Pt(8)
    return document


def finished(document: DocxDocument) -> bytes:
    """The document as a file."""
    buffer = BytesIO()
    document.save(buffer)
    return dated(buffer)


def _clean(document: DocxDocument, paper: Paper) -> None:
    """Nothing of the template's own author, dates or fonts."""
    known = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category"):
        setattr(known, name, "")
    known.title = printable(paper.title)
    known.created = known.modified = datetime(*_ZIP_DATE, tzinfo=UTC)
    known.revision = 1
    normal = document.styles["Normal"]
    normal.font.size = Pt(12)
    normal.paragraph_format.space_after = Pt(0)
    _name_font(normal.element.get_or_add_rPr(), BODY)


def _lay_out(section: Section, *, is_wide: bool) -> None:
    """GB/T 9704: A4, 37 mm above and 28 mm at the binding; a wide page is the same one turned."""
    width, height, top, right, bottom, left = 210, 297, 37, 26, 35, 28
    if is_wide:
        section.orientation = WD_ORIENT.LANDSCAPE
        width, height, top, right, bottom, left = 297, 210, 28, 35, 26, 37
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
    section.left_margin, section.right_margin = Mm(left), Mm(right)
    section.header_distance, section.footer_distance = Mm(top - 17), Mm(12)


def _furnish(section: Section, paper: Paper) -> None:
    """Head and foot of every page."""
    head = section.header.paragraphs[0]
    _written(head, paper.head[0], Pt(9), BODY)
    for line in paper.head[1:]:
        _written(section.header.add_paragraph(), line, Pt(12), HEAD).runs[0].bold = True
    _number(section.footer)
    for line in paper.foot:
        _written(section.footer.add_paragraph(), line, Pt(7), BODY)


def _number(footer: _Footer) -> None:
    paragraph = footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.paragraph_format.right_indent = Pt(14)
    _written(paragraph, "— ", Pt(14), NUMBERS)
    run = _written(paragraph, "", Pt(14), NUMBERS).runs[-1]
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        mark = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark.text = text
        run._r.append(mark)
    _written(paragraph, " —", Pt(14), NUMBERS)


def add(document: DocxDocument, block: Block, *, is_wide: bool) -> None:
    """One block at the end of the document."""
    match block:
        case Heading(text=text, stays=stays):
            if stays:
                _hold_to_next(document)
            paragraph = _written(document.add_paragraph(), text, Pt(14), HEAD)
            paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(12), Pt(6)
            paragraph.paragraph_format.keep_with_next = True
        case Lines():
            _add_lines(document, block)
        case Fields(fields=fields):
            rows = tuple(((one.label,), one.lines) for one in fields)
            _table(document, (LABEL, (WIDE if is_wide else UPRIGHT) - LABEL), rows, Pt(11))
        case Grid(columns=columns, rows=rows):
            head = tuple((one.name,) for one in columns)
            size = Pt(7) if is_wide else Pt(9)
            _repeat(_table(document, tuple(one.width for one in columns), (head, *rows), size).rows[0])


def _add_lines(document: DocxDocument, lines: Lines) -> None:
    if lines.stays:
        _hold_to_next(document)
    for at, line in enumerate(lines.lines):
        layout = _written(document.add_paragraph(), line, Pt(9) if lines.is_small else Pt(12), BODY).paragraph_format
        layout.space_after = Pt(3)
        layout.line_spacing = 2.0 if lines.stays and not lines.is_small else None
        layout.keep_together = True
        layout.keep_with_next = lines.stays and at < len(lines.lines) - 1


def _hold_to_next(document: DocxDocument) -> None:
    """Ties the last paragraph, or the last rows of a table, to what follows."""
    *_, last = document.iter_inner_content()
    held = (
        [last]
        if isinstance(last, Paragraph)
        else [one for row in list(last.rows)[-3:] for cell in row.cells for one in cell.paragraphs]
    )
    for paragraph in held:
        paragraph.paragraph_format.keep_with_next = True


def _table(
    document: DocxDocument, widths: tuple[float, ...], rows: tuple[tuple[tuple[str, ...], ...], ...], size: Pt
) -> Table:
    _part_from_table(document)
    table: Table = document.add_table(rows=len(rows), cols=len(widths))
    table.style = "Table Grid"
    table.autofit = False
    _pad(table)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    # `table.cell` walks the whole table each time; rows are walked once.
    for row, lines in zip(table.rows, rows, strict=True):
        for cell, width, words in zip(row.cells, widths, lines, strict=True):
            cell.width = Mm(width)
            _fill(cell, words, size)
        if not may_break(lines):
            _hold_together(row)
    return table


def _part_from_table(document: DocxDocument) -> None:
    """Word takes two tables that touch for one."""
    if any(isinstance(one, Table) for one in list(document.iter_inner_content())[-1:]):
        _written(document.add_paragraph(), "", Pt(5), BODY)


def _pad(table: Table) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side, width in (("top", 34), ("left", 57), ("bottom", 34), ("right", 57)):  # twips
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(width))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)


def _fill(cell: _Cell, lines: tuple[str, ...], size: Pt) -> None:
    for at, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if at == 0 else cell.add_paragraph()
        _written(paragraph, line, size, BODY)


def _hold_together(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _repeat(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell in row.cells:
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER


def _written(paragraph: Paragraph, text: str, size: Pt, font: str) -> Paragraph:
    run: Run = paragraph.add_run(printable(text))
    run.font.size = size
    _name_font(run._r.get_or_add_rPr(), font)
    return paragraph


def _name_font(properties: object, font: str) -> None:
    fonts = properties.get_or_add_rFonts()  # type: ignore[attr-defined]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), font)


def dated(buffer: BytesIO) -> bytes:
    """The same parts with a fixed date, so that one paper is always the same bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(buffer) as before, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            part = zipfile.ZipInfo(name, _ZIP_DATE)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            after.writestr(part, before.read(name))
    return packed.getvalue()
