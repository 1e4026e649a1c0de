"""Fills a letter's template: nothing but the letter's own lines is known in it. A hostile one is refused."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import LxmlError  # type: ignore[import-untyped]
from markupsafe import Markup

from casework.letters.letter import Annex, Kind, Letter, Paragraph
from casework.letters.sameness import demand_body, front_pieces, furniture_wrong
from casework.letters.template import ORIGINAL, STYLES
from casework.letters.template_guard import demand_fields, demand_harmless_file
from casework.letters.wording import Wording, worded
from crawler.errors import EvidenceBroken, UserMistake

BROKEN = (zipfile.BadZipFile, zlib.error, OpcError, LxmlError, KeyError, ValueError, NotImplementedError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One paragraph as a template sees it."""

    text: Markup
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template's bytes, and the name it is told by."""

    name: str
    docx: bytes

    def filled(self, wording: Wording) -> DocxDocument:
        """The document with the letter's lines in it; `UserMistake` names what is wrong with the template."""
        try:
            demand_harmless_file(self.docx)
            return self._rendered(wording)
        except UserMistake as wrong:
            raise UserMistake(f"模板 {self.name}：{wrong}") from None
        except TemplateError as wrong:
            raise UserMistake(f"模板 {self.name}：{_place(wrong)}") from None
        except BROKEN as wrong:
            raise UserMistake(f"模板 {self.name} 不是完好的 Word 文档（{type(wrong).__name__}）") from None

    def _rendered(self, wording: Wording) -> DocxDocument:
        filling = DocxTemplate(BytesIO(self.docx))
        filling.render_init()
        environment = _environment()
        demand_fields(filling, environment)
        missing = [name for name in STYLES if name not in {one.name for one in filling.docx.styles}]
        if missing:
            raise UserMistake(f"缺少样式：{'、'.join(missing)}")
        filling.render(_context(wording), environment)
        # What docxtpl filled in heads and feet is only seen in the saved file.
        buffer = BytesIO()
        filling.docx.save(buffer)
        document = Document(buffer)
        if len(document.sections) != 1:
            raise UserMistake("分了节：函的正文只有一节，附件自动另起")
        if wrong := furniture_wrong(document, wording):
            raise UserMistake(wrong)
        try:
            demand_body(document, wording, front_pieces(wording))
        except EvidenceBroken as wrong:
            raise UserMistake(f"{wrong}。模板只定版式，字句由函稿生成") from None
        return document


def template_of(folder: Path | None) -> Template:
    """The office's own `letter.docx` in its folder, or the one that lies beside the code."""
    own = folder / ORIGINAL.name if folder else None
    path = own if own and own.is_file() else ORIGINAL
    try:
        return Template(name=str(path) if path is own else "自带的 letter.docx", docx=path.read_bytes())
    except OSError as wrong:
        raise UserMistake(f"模板 {path} 读不出来（{wrong.strerror}）") from None


def write_template(path: Path) -> None:
    """A copy of our template, for the office to change in Word. What is there already is not overwritten."""
    try:
        with path.open("xb") as file:
            file.write(ORIGINAL.read_bytes())
    except FileExistsError:
        raise UserMistake(f"{path} 已经存在，没有覆盖") from None
    except OSError as wrong:
        raise UserMistake(f"{path} 写不进去（{wrong.strerror}）") from None


def check_template(path: Path) -> None:
    """Fills it with a short and a long letter; `UserMistake` says what is wrong with it, and where."""
    try:
        template = Template(name=str(path), docx=path.read_bytes())
    except OSError as wrong:
        raise UserMistake(f"{path} 读不出来（{wrong.strerror}）") from None
    for number in (1, 3):
        template.filled(worded(_sample(number)))


def _sample(number: int) -> Letter:
    """Every field of a letter, each with words of its own."""
    lines = tuple(Paragraph(text=f"第{at}段正文{at}", level=at % 4) for at in range(number))
    return Letter(
        kind=Kind.REMOVE,
        letterhead="示例机关标志",
        code="示例代字",
        year=2026,
        marks=("草稿标记",),
        title="关于示例标题的函",
        addressee="示例主送",
        paragraphs=(*lines, Paragraph(text="以上为涉嫌线索，尚待依法查证。")),
        annexes=tuple(Annex(name=f"示例附件{at}") for at in range(number)),
        signer="示例署名",
        contact="示例联系方式",
    )


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    return environment


def _context(wording: Wording) -> dict[str, object]:
    return {
        "marks": _safe(wording.marks),
        "letterhead": _safe(wording.letterhead),
        "number": _safe(wording.number),
        "title": Markup("\n").join(map(_safe, wording.title)),
        "addressee": _safe(wording.addressee),
        "body": [Line(text=_safe(one.text), level=one.level) for one in wording.body],
        "annexes": [_safe(line) for line in wording.annexes],
        "signer": _safe(wording.signer),
        "day": _safe(wording.day),
        "contact": _safe(wording.contact),
    }


def _safe(text: str) -> Markup:
    # docxtpl turns `{_{` into `{{` wherever it stands after filling; as a character reference a brace is left alone.
    return Markup(escape(text, quote=False).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704 - escaped here


def _place(wrong: TemplateError) -> str:
    near = "".join(getattr(wrong, "docx_context", ())).strip()[:80]
    return f"{wrong.message}{f'（在“{near}”附近）' if near else ''}"
