"""A letter as DOCX: the front from a template that the office may change in Word, the annexes added in its styles."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO

from docx.document import Document as DocxDocument
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.text.paragraph import Paragraph

from casework.letters import measures as m
from casework.letters.annex_docx import annex_added, copies_added
from casework.letters.letter import Letter
from casework.letters.template_read import Template
from casework.letters.wording import Wording, worded
from casework.papers.docx_paper import dated
from crawler.tables import Letters


def to_docx(letter: Letter, settings: Letters, template: Template) -> bytes:
    """The letter as a Word document; `UserMistake` where the template cannot be filled."""
    wording = worded(letter)
    document = template.filled(wording)
    _known(document, wording)
    _finish_front(document, wording)
    _add_annexes(document, letter)
    copies_added(document, wording.copies)
    _name_fonts(document, settings)
    buffer = BytesIO()
    document.save(buffer)
    return dated(buffer)


def _known(document: DocxDocument, wording: Wording) -> None:
    """No person's name and no moment from the template."""
    known = document.core_properties
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category"):
        setattr(known, name, "")
    known.title = "".join(wording.title)[:200]
    known.created = known.modified = datetime(1980, 1, 1, tzinfo=UTC)
    known.revision = 1


def _finish_front(document: DocxDocument, wording: Wording) -> None:
    """What hangs on the letter's words: how narrow the sign is, where the signer stands, what may not be parted."""
    if wording.sign_scale < 100:
        properties = document.styles["发文机关标志"].element.get_or_add_rPr()
        width = OxmlElement("w:w")
        width.set(qn("w:val"), str(wording.sign_scale))
        properties.find(qn("w:sz")).addprevious(width)
    for paragraph in document.paragraphs:
        if paragraph.style is not None and paragraph.style.name == "署名":
            paragraph.paragraph_format.right_indent = Pt(wording.signer_indent * m.CHARACTER)
    _hold_signature(document.paragraphs, wording)


def _hold_signature(paragraphs: list[Paragraph], wording: Wording) -> None:
    """The signature is never alone on a page: the last two paragraphs of the text go with it."""
    texts, met = {one.text for one in wording.body}, 0
    for at in range(len(paragraphs) - 1, -1, -1):
        layout = paragraphs[at].paragraph_format
        layout.keep_with_next = at < len(paragraphs) - 1
        layout.widow_control = True
        met += paragraphs[at].text in texts
        if met == min(2, len(wording.body)):
            return


def _add_annexes(document: DocxDocument, letter: Letter) -> None:
    body = document.element.body
    last = body.sectPr
    for at, annex in enumerate(letter.annexes, 1):
        _end_section(document)
        for name in ("w:headerReference", "w:footerReference", "w:titlePg", "w:docGrid"):
            for one in last.findall(qn(name)):
                last.remove(one)
        _lay_out(last, is_wide=annex.is_wide)
        annex_added(document, annex, at, letter.annexes)


def _end_section(document: DocxDocument) -> None:
    """What stands so far becomes a section; its last paragraph bears it, for an empty one could make a page."""
    body = document.element.body
    children = [one for one in body.iterchildren() if one is not body.sectPr]
    if not children or children[-1].tag != qn("w:p"):
        line = '<w:spacing w:line="20" w:lineRule="exact"/><w:rPr><w:sz w:val="2"/></w:rPr>'
        names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        body.sectPr.addprevious(parse_xml(f"<w:p {names}><w:pPr>{line}</w:pPr></w:p>"))
        children = [body.sectPr.getprevious()]
    section = deepcopy(body.sectPr)
    for kind in section.findall(qn("w:type")):
        section.remove(kind)
    properties = children[-1].get_or_add_pPr()
    properties.append(section)
    for change in properties.findall(qn("w:pPrChange")):
        properties.append(change)


def _lay_out(section: object, *, is_wide: bool) -> None:
    """A wide page is an upright one turned."""
    upright = (m.PAPER[0], m.PAPER[1], m.TOP, m.RIGHT, m.BOTTOM, m.LEFT)
    turned = (m.PAPER[1], m.PAPER[0], m.LEFT, m.BOTTOM, m.RIGHT, m.TOP)
    width, height, top, right, bottom, left = (round(one * 56.7) for one in (turned if is_wide else upright))
    size, margin = section.find(qn("w:pgSz")), section.find(qn("w:pgMar"))  # type: ignore[attr-defined]
    size.set(qn("w:w"), str(width))
    size.set(qn("w:h"), str(height))
    size.attrib.pop(qn("w:orient"), None)
    if is_wide:
        size.set(qn("w:orient"), "landscape")
    for name, value in (("top", top), ("right", right), ("bottom", bottom), ("left", left)):
        margin.set(qn(f"w:{name}"), str(value))
    half = (m.SMALL_SIZE + 2) / 2 / 72 * 25.4
    margin.set(qn("w:footer"), str(round(bottom - (m.PAGE_NUMBER + half) * 56.7)))


def _name_fonts(document: DocxDocument, settings: Letters) -> None:
    """The office's fonts where the template names ours; fonts that it chose in Word stay."""
    named = {m.BODY: settings.body_font, m.TITLE: settings.title_font, m.HEAD: settings.head_font}
    if all(ours == theirs for ours, theirs in named.items()):
        return
    for part in document.part.package.iter_parts():
        if (root := getattr(part, "element", None)) is not None:
            for fonts in root.iter(qn("w:rFonts")):
                for name, value in fonts.attrib.items():
                    fonts.set(name, named.get(value, value))
