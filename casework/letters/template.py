"""Makes the letter's own Word template, `casework/templates/letter.docx`: `python -m casework.letters.template FILE`.

The office changes a copy of it in Word. Styles say how everything looks, also in the annexes, which are added to it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BytesIO
from math import floor
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.section import Section, _Footer, _Header
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

from casework.letters import measures as m
from casework.letters.template_parts import page_number, red_lines
from casework.papers.docx_paper import dated

ORIGINAL = Path(__file__).parent.parent / "templates" / "letter.docx"
STYLES = (
    "稿件标记", "发文机关标志", "发文字号", "公文标题", "主送机关", "公文正文", "一级标题", "二级标题",
    "附件说明", "署名", "成文日期", "附注", "抄送", "附件序号", "附件标题", "附件正文",
    "表格文字", "宽表文字", "图片说明", "页码单", "页码双",
)  # fmt: skip
_FRONT = (
    ("发文字号", "{{ number }}"),
    ("公文正文", ""),
    ("公文正文", ""),
    ("公文标题", "{{ title }}"),
    ("公文正文", ""),
    ("主送机关", "{{ addressee }}"),
    ("公文正文", "{%p for one in body %}"),
    ("公文正文", "{%p if one.level == 1 %}"),
    ("一级标题", "{{ one.text }}"),
    ("公文正文", "{%p elif one.level == 2 %}"),
    ("二级标题", "{{ one.text }}"),
    ("公文正文", "{%p else %}"),
    ("公文正文", "{{ one.text }}"),
    ("公文正文", "{%p endif %}"),
    ("公文正文", "{%p endfor %}"),
    ("公文正文", "{%p if annexes %}"),
    ("公文正文", ""),
    ("公文正文", "{%p endif %}"),
    ("公文正文", "{%p for line in annexes %}"),
    ("附件说明", "{{ line }}"),
    ("公文正文", "{%p endfor %}"),
    ("公文正文", ""),
    ("公文正文", ""),
    ("署名", "{{ signer }}"),
    ("成文日期", "{{ day }}"),
    ("公文正文", "{%p if contact %}"),
    ("附注", "{{ contact }}"),
    ("公文正文", "{%p endif %}"),
)


def template_made() -> bytes:
    """The template as a Word document; the same parts every time."""
    document = Document()
    _blank(document)
    _style(document)
    section = document.sections[0]
    _lay_out(section)
    document.settings.odd_and_even_pages_header_footer = True
    _first_page(section)
    for header in (section.header, section.even_page_header):
        _line(header.paragraphs[0], "稿件标记", "{{ marks }}")
    page_number(_emptied(section.footer), "页码单")
    page_number(_emptied(section.even_page_footer), "页码双")
    for style, text in _FRONT:
        _line(document.add_paragraph(), style, text)
    buffer = BytesIO()
    document.save(buffer)
    return dated(buffer)


def _blank(document: DocxDocument) -> None:
    """Nothing of the library's own author, dates or fonts."""
    known = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category"):
        setattr(known, name, "")
    known.title = "函"
    known.created = known.modified = datetime(1980, 1, 1, tzinfo=UTC)
    known.revision = 1


def _style(document: DocxDocument) -> None:
    normal = document.styles["Normal"]
    _font(normal, m.BODY, m.BODY_SIZE)
    normal.paragraph_format.space_after = Pt(0)
    made = {name: document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH) for name in STYLES}
    for name, style in made.items():
        style.base_style = normal
        _pitched(style, m.PITCH)
        if name in ("公文正文", "一级标题", "二级标题", "附注", "附件正文"):
            style.paragraph_format.first_line_indent = Pt(2 * m.CHARACTER)
        _closed(style)
    for name, font in (("一级标题", m.HEAD), ("二级标题", m.KAI), ("附件序号", m.HEAD), ("稿件标记", m.HEAD)):
        _font(made[name], font, m.BODY_SIZE)
    _style_heads(made)
    _style_ends(made)
    for name, size in (("表格文字", 9.0), ("宽表文字", 7.0), ("图片说明", 9.0)):
        _font(made[name], m.BODY, size)
        made[name].paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        made[name].paragraph_format.line_spacing = 1.0


def _style_heads(made: dict[str, ParagraphStyle]) -> None:
    _font(made["发文机关标志"], m.TITLE, m.SIGN_SIZE)
    made["发文机关标志"].font.color.rgb = RGBColor.from_string(m.RED)
    _pitched(made["发文机关标志"], m.SIGN_SIZE)
    _pitched(made["稿件标记"], 20.0)
    for name in ("公文标题", "附件标题"):
        _font(made[name], m.TITLE, m.TITLE_SIZE)
        _pitched(made[name], 35.0)
        made[name].paragraph_format.keep_with_next = True
    for name in ("公文正文", "主送机关", "附注", "附件正文"):
        made[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    for name in ("发文机关标志", "公文标题", "附件标题", "稿件标记", "图片说明"):
        made[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    made["附件序号"].paragraph_format.keep_with_next = True
    made["一级标题"].paragraph_format.keep_with_next = made["二级标题"].paragraph_format.keep_with_next = True


def _style_ends(made: dict[str, ParagraphStyle]) -> None:
    for name in ("发文字号", "署名", "成文日期", "页码单"):
        made[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made["成文日期"].paragraph_format.right_indent = Pt(4 * m.CHARACTER)
    made["附件说明"].paragraph_format.left_indent = Pt(6.5 * m.CHARACTER)
    made["附件说明"].paragraph_format.first_line_indent = Pt(-4.5 * m.CHARACTER)
    _font(made["抄送"], m.BODY, m.SMALL_SIZE)
    made["抄送"].paragraph_format.left_indent = Pt(4 * m.SMALL_SIZE)
    made["抄送"].paragraph_format.first_line_indent = Pt(-3 * m.SMALL_SIZE)
    made["抄送"].paragraph_format.right_indent = Pt(m.SMALL_SIZE)
    for name, side in (("页码单", "right_indent"), ("页码双", "left_indent")):
        _font(made[name], m.NUMBERS, m.SMALL_SIZE)
        _pitched(made[name], m.SMALL_SIZE + 2)
        setattr(made[name].paragraph_format, side, Pt(m.SMALL_SIZE))


def _closed(style: ParagraphStyle) -> None:
    """28 characters in a line: a grid of characters would do it too, and is drawn differently by every program."""
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), str(floor((m.CHARACTER - m.BODY_SIZE) * 20)))
    style.element.get_or_add_rPr().insert(0, spacing)


def _font(style: ParagraphStyle, font: str, size: float) -> None:
    style.font.size = Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), font)


def _pitched(style: ParagraphStyle, points: float) -> None:
    style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    style.paragraph_format.line_spacing = Length(round(points * 20) * 635)  # whole twentieths of a point


def _lay_out(section: Section) -> None:
    section.page_width, section.page_height = (Mm(one) for one in m.PAPER)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = (
        Mm(one) for one in (m.TOP, m.BOTTOM, m.LEFT, m.RIGHT)
    )
    section.header_distance = Mm(m.MARKS_TOP)
    # The page number's dashes stand in the middle of its line.
    half = (m.SMALL_SIZE + 2) / 2 / 72 * 25.4
    section.footer_distance = Mm(m.BOTTOM - m.PAGE_NUMBER - half)
    section.different_first_page_header_footer = True
    grid = section._sectPr.find(qn("w:docGrid"))
    # Every style has its own exact pitch; programs differ in what a grid adds to it.
    grid.attrib.pop(qn("w:type"), None)
    grid.set(qn("w:linePitch"), str(round(m.PITCH * 20)))


def _first_page(section: Section) -> None:
    """Marks, the office's sign, the first red line under it and room down to the number; the second one at the foot."""
    header = section.first_page_header
    _line(header.paragraphs[0], "稿件标记", "{{ marks }}")
    sign = _line(header.add_paragraph(), "发文机关标志", "{{ letterhead }}")
    marks_end = m.MARKS_TOP + 20 / 72 * 25.4
    sign.paragraph_format.space_before = Mm(m.SIGN_TOP - marks_end)
    # As wide as the widest sign, and in the middle of the paper and the lines.
    beside = (m.SIGN_WIDEST + 6 - m.TYPE_AREA[0]) / 2
    sign.paragraph_format.left_indent = Mm(-beside - m.OFF_CENTRE)
    sign.paragraph_format.right_indent = Mm(-beside + m.OFF_CENTRE)
    room = header.add_paragraph()
    room.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    room.paragraph_format.line_spacing = Mm(m.NUMBER_TOP - m.SIGN_TOP - m.SIGN_HEIGHT - _leading())
    for shape in red_lines(m.FIRST_LINE, (m.THICK, m.THIN), 1):
        sign._p.append(parse_xml(shape))
    foot = _line(_emptied(section.first_page_footer), "页码单", "")
    for shape in red_lines(m.PAPER[1] - m.LOWER_LINES - m.LINES_HEIGHT, (m.THIN, m.THICK), 3):
        foot._p.append(parse_xml(shape))


def _leading() -> float:
    """Millimetres of a line above its characters."""
    return (m.PITCH - m.BODY_SIZE) / 2 / 72 * 25.4


def _emptied(part: _Header | _Footer) -> Paragraph:
    first: Paragraph = part.paragraphs[0]
    return first


def _line(paragraph: Paragraph, style: str, text: str) -> Paragraph:
    paragraph.style = style
    if text:
        paragraph.add_run(text)
    return paragraph


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(template_made())
