"""What a template may hold: no programs, nothing from elsewhere, only names, loops over the letter's lines and ifs."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO

from docxtpl import DocxTemplate
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from crawler.errors import UserMistake

MOST_BYTES, MOST_PARTS, MOST_PACKED = 20_000_000, 400, 10_000_000
FIELDS = ("marks", "letterhead", "number", "title", "addressee", "body", "annexes", "signer", "day", "contact")
_LISTS = frozenset(("body", "annexes"))
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.For, nodes.If, nodes.Compare,
    nodes.Operand, nodes.Const, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip
_FOREIGN = re.compile(r"vbaProject|vbaData|/embeddings/|/activeX/|/afchunk|oleObject|\.bin$", re.I)
_INSTRUCTIONS = re.compile(r"<w:instrText[^>]*>(.*?)</w:instrText>|w:instr=\"([^\"]*)\"", re.S)
_HARMLESS = re.compile(r"\s*(PAGE|NUMPAGES|SECTIONPAGES)?(\s*\\\* *\w+)*\s*$")


def demand_harmless_file(docx: bytes) -> None:
    """Refuses archives that unpack into too much, programs, objects, and whatever points outside the file."""
    if len(docx) > MOST_PACKED:
        raise UserMistake("文件过大")
    with zipfile.ZipFile(BytesIO(docx)) as parts:
        listed = parts.infolist()
        if len(listed) > MOST_PARTS or sum(one.file_size for one in listed) > MOST_BYTES:
            raise UserMistake("解开后过大")
        if any(one.flag_bits & 1 for one in listed):
            raise UserMistake("文件加了密")
        for one in listed:
            if _FOREIGN.search(one.filename):
                raise UserMistake(f"含有宏或嵌入的对象（{one.filename}）")
            if one.filename.endswith((".xml", ".rels")):
                _demand_plain(one.filename, parts.read(one).decode("utf-8", "replace"))


def _demand_plain(name: str, xml: str) -> None:
    for sign, told in (
        ("<!DOCTYPE", "含有 DTD"),
        ("<!ENTITY", "含有 DTD"),
        ("macroEnabled", "是带宏的文档"),
        ('TargetMode="External"', "引用了文件以外的内容（外部链接、图片或所附模板）"),
        ("<w:altChunk", "嵌入了别的文档"),
        ("<w:vanish", "含有隐藏文字"),
        ("<w:object", "嵌入了对象"),
    ):
        if sign in xml:
            raise UserMistake(f"{told}（{name}）")
    for found in _INSTRUCTIONS.finditer(xml):
        if not _HARMLESS.match(found[1] or found[2] or ""):
            raise UserMistake(f"含有页码以外的域（{name}）")


def demand_fields(filling: DocxTemplate, environment: SandboxedEnvironment) -> None:
    """Every field of a letter stands in it, and nothing is computed there."""
    named: set[str] = set()
    for place, source in _sources(filling):
        tree = environment.parse(source)
        for node in _walk(tree):
            if not isinstance(node, _ALLOWED):
                line = _near(source, node.lineno)
                raise UserMistake(f"{place}里的“{line}”不是字段、循环或条件（{type(node).__name__}）")
            if isinstance(node, nodes.Name):
                named.add(node.name)
        _demand_flat_loops(place, tree)
    if missing := [one for one in FIELDS if one not in named]:
        raise UserMistake(f"缺少字段：{'、'.join('{{ ' + one + ' }}' for one in missing)}")


def _demand_flat_loops(place: str, tree: nodes.Template) -> None:
    """A loop goes over the letter's paragraphs or annexes, and has no other within: it ends."""
    for loop in tree.find_all(nodes.For):
        over = loop.iter
        if not isinstance(over, nodes.Name) or over.name not in _LISTS or loop.recursive:
            raise UserMistake(f"{place}里的循环只能走过 body 或 annexes")
        if any(True for part in loop.body for _ in part.find_all(nodes.For)) or any(
            isinstance(part, nodes.For) for part in loop.body
        ):
            raise UserMistake(f"{place}里的循环套着循环")


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _sources(filling: DocxTemplate) -> Iterator[tuple[str, str]]:
    """Where words may stand, and what stands there as docxtpl will read it."""
    document = filling.docx
    yield "正文", filling.patch_xml(filling.get_xml())
    for place, uri in (("页眉", filling.HEADER_URI), ("页脚", filling.FOOTER_URI)):
        for _, part in filling.get_headers_footers(uri):
            yield place, filling.patch_xml(filling.get_part_xml(part))
    for part in document.part.package.iter_parts():
        if "footnotes+xml" in part.content_type:
            yield "脚注", filling.patch_xml(part.blob.decode("utf-8", "replace"))
    for name in ("author", "comments", "identifier", "language", "subject", "title"):
        yield "文档属性", getattr(document.core_properties, name)


def _near(source: str, line: int) -> str:
    lines = source.splitlines()
    found = re.findall(r"\{[{%].*?[%}]\}", lines[line - 1] if line <= len(lines) else "")
    return next(iter(found), "")[:60]
