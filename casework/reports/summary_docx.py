"""A summary as DOCX: the blocks of any paper, and charts with their words as alternative text."""

from __future__ import annotations

from io import BytesIO

from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt

from casework.papers.docx_paper import UPRIGHT, add, begun, finished
from casework.papers.paper import Grid, printable
from casework.reports.charts import Chart
from casework.reports.yearly import Summary

TOGETHER = 14  # rows


def summary_docx(summary: Summary) -> bytes:
    """The same bytes for the same summary."""
    document = begun(summary.paper)
    for part in summary.parts:
        if isinstance(part, Chart):
            _add_chart(document, part)
        else:
            add(document, part, is_wide=summary.paper.is_wide)
        if isinstance(part, Grid) and len(part.rows) <= TOGETHER:
            _keep_together(document)
    return finished(document)


def _keep_together(document: DocxDocument) -> None:
    """A short table is not torn: its sum would stand alone on the next page."""
    for row in document.tables[-1].rows[:-1]:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True


def _add_chart(document: DocxDocument, chart: Chart) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(6)
    shape = paragraph.add_run().add_picture(BytesIO(chart.content), width=Mm(UPRIGHT - 6))
    told = shape._inline.docPr
    told.set("descr", printable(chart.words))
    told.set("title", printable(chart.title))
