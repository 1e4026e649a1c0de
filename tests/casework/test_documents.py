"""The papers: same content in both formats, nothing invented, nothing for a hostile page to steer, others read them."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from paper_specimens import (
    EXTRACTION,
    FILES,
    HOSTILE,
    LISTED,
    MONITORED,
    PAGE,
    SURROUNDINGS,
    TARGET,
    hostile,
)
from weasyprint.urls import FatalURLFetchingError

from casework.papers.documents import evidence_list, extraction_record, monitoring_record
from casework.papers.docx_paper import to_docx
from casework.papers.extraction import facts_read, facts_written
from casework.papers.extraction_paper import extraction_paper
from casework.papers.paper import SAMPLE_FORM, SPECIMEN, Heading, Lines, Paper, clipped, printable
from casework.papers.paper_facts import Documents
from casework.papers.pdf_paper import fetch_nothing, to_pdf, weasyprint_loaded
from crawler.captures import PictureVerdict
from crawler.errors import EvidenceBroken

ROOT = Path(__file__).parent.parent.parent
DRAWN: dict[str, Callable[[], Documents]] = {
    "extraction": lambda: extraction_record(EXTRACTION),
    "list": lambda: evidence_list(LISTED),
    "monitoring": lambda: monitoring_record(replace(MONITORED, is_specimen=True)),
    "hostile extraction": lambda: extraction_record(hostile("\n".join(HOSTILE))),
    "hostile list": lambda: evidence_list(
        replace(LISTED, files=tuple(replace(FILES[0], url=one, title=one, file=one, remark=one) for one in HOSTILE))
    ),
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every paper as two files, drawn once."""
    folder = tmp_path_factory.mktemp("papers")
    for name, draw in DRAWN.items():
        documents = draw()
        (folder / f"{name}.docx").write_bytes(documents.docx)
        (folder / f"{name}.pdf").write_bytes(documents.pdf)
    return folder


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def told_by(*command: str | Path) -> str:
    ended = subprocess.run(command, capture_output=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


def squeezed(text: str) -> str:
    return "".join(text.split())


def body_of(docx: bytes) -> str:
    """All that stands in the document itself, in its order."""
    document, found = Document(io.BytesIO(docx)), []
    for block in document.iter_inner_content():
        cells = [block] if isinstance(block, Paragraph) else [cell for row in block.rows for cell in row.cells]
        found += [one.text for one in cells]
    return squeezed("".join(found))


def pages_of(pdf: Path) -> list[str]:
    return told_by(tool("pdftotext"), "-raw", pdf, "-").split("\f")[:-1]


def body_of_pages(pages: list[str], docx: bytes) -> str:
    """The same of the PDF: without what its document says stands at the head and foot of every page, and the repeated
    heads of tables."""
    section = Document(io.BytesIO(docx)).sections[0]
    furniture = [one.text for one in (*section.header.paragraphs, *section.footer.paragraphs[1:])]
    text = ""
    for number, page in enumerate(pages, 1):
        left = squeezed(page)
        for line in map(squeezed, [*furniture, f"—{number}—"]):
            assert line in left, f"page {number} lacks {line!r}"
            left = left.replace(line, "", 1)
        text += left
    return text


def heads_of(docx: bytes) -> list[str]:
    """The first rows of tables that repeat them."""
    tables = [one for one in Document(io.BytesIO(docx)).iter_inner_content() if isinstance(one, Table)]
    return [
        squeezed("".join(cell.text for cell in table.rows[0].cells))
        for table in tables
        if table.rows[0]._tr.xpath("w:trPr/w:tblHeader")
    ]


def once(text: str, heads: list[str]) -> str:
    for head in heads:
        first, *more = text.split(head)
        text = first + head + "".join(more)
    return text


@pytest.mark.parametrize("name", DRAWN)
def test_both_formats_say_the_same(drawn: Path, name: str) -> None:
    docx = (drawn / f"{name}.docx").read_bytes()
    heads = heads_of(docx)
    said = once(body_of_pages(pages_of(drawn / f"{name}.pdf"), docx), heads)
    told = once(body_of(docx), heads)
    # A row that goes on on the next page is told page by page, so its cells come in pieces.
    assert said == told if "hostile" not in name else Counter(said) == Counter(told)


def test_a_difference_between_the_formats_would_be_seen(drawn: Path) -> None:
    other = extraction_record(replace(EXTRACTION, place="别处")).docx
    assert body_of_pages(pages_of(drawn / "extraction.pdf"), other) != body_of(other)


def told_in_bytes(command: str, environ: dict[str, str]) -> bytes:
    ended = subprocess.run([sys.executable, "-c", command], cwd=ROOT, env=environ, capture_output=True, check=True)
    return ended.stdout


def test_the_same_facts_are_the_same_bytes(drawn: Path) -> None:
    asking = "import sys; d = extraction_record(EXTRACTION); sys.stdout.buffer.write(d.docx + d.pdf)"
    command = f"from casework.papers.documents import *; from paper_specimens import *; {asking}"
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}", "PYTHONHASHSEED": "7"}
    again = told_in_bytes(command, environ)
    first = (drawn / "extraction.docx").read_bytes() + (drawn / "extraction.pdf").read_bytes()
    assert again == first
    assert again != extraction_record(replace(EXTRACTION, place="别处")).docx


# -- fields ----------------------------------------------------------------------------------------


def fields_of(docx: bytes) -> dict[str, str]:
    found = {}
    for table in Document(io.BytesIO(docx)).tables:
        if len(table.columns) == 2:
            found |= {row.cells[0].text: row.cells[1].text for row in table.rows}
    return found


def test_the_record_has_every_field_and_leaves_empty_what_nobody_told() -> None:
    fields = fields_of(to_docx(extraction_paper(EXTRACTION)))
    empty = {name for name, value in fields.items() if not value}
    assert empty == {
        "笔录编号", "案由", "本机出口 IP", "网络运营商", "设备型号", "工具来源、校验值", "存储介质", "复制份数",
        "证明对象",
    }  # fmt: skip
    for name, words in (
        ("执法人员", "王一，执法证号 豫示例001，示例市市场监督管理局\n李二，执法证号 豫示例002"),
        ("提取起止时间", "2026-11-20 13:05:39 至 2026-11-20 13:06:20（北京时间）"),
        ("授时源与偏差", "授时源 ntp.xinghe.example，偏差 +0.012 秒，比对于 2026-11-20 13:05:39（北京时间）"),
        ("DNS 解析结果", "www.xinghe.example → 192.0.2.17、192.0.2.18"),
        ("HTTP 状态", "200"),
        ("证书指纹（SHA-256）", f"www.xinghe.example {'5c' * 32}"),
        ("跳转链", PAGE.redirects[0]),
        ("封存编号", "清单链第 7 号清单"),
        ("制作人", "王一、李二"),
    ):
        assert fields[name] == words
    assert "□" in fields["当事人、见证人"]
    assert not set("☑■√✓") & set(body_of(to_docx(extraction_paper(EXTRACTION))))


def test_what_the_machine_did_not_learn_is_not_made_up() -> None:
    nothing = replace(
        EXTRACTION, surroundings=None, page=None, files=(), place="", browser="", tool="", chain=None, reason="超时",
        verdict=PictureVerdict.FAILED,
    )  # fmt: skip
    docx = to_docx(extraction_paper(nothing))
    fields = fields_of(docx)
    assert not any(
        fields[name]
        for name in ("授时源与偏差", "提取地点", "浏览器", "清洁性检查", "原始网址", "HTTP 状态", "封存编号")
    )
    text = body_of(docx)
    assert "没有生成文件" in text
    assert "未能打开或固定页面：超时" in text
    assert "尚未封存" in Document(io.BytesIO(docx)).sections[0].footer.paragraphs[1].text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clock_offset": None, "clock_source": "unknown"}, "没有授时源答复"),
        ({"proxies": ("HTTPS_PROXY",)}, "设有 HTTPS_PROXY"),
        ({"hosts_entries": ("127.0.0.1 www.xinghe.example",)}, "127.0.0.1 www.xinghe.example"),
        ({"as_root": True}, "系统管理员"),
        ({"host_map": True}, "LANTIAN_HOSTS"),
        ({"dns": (("www.xinghe.example", ()),)}, "没有结果"),
    ],
)
def test_surroundings_are_told_as_they_were(changes: dict[str, object], words: str) -> None:
    around = replace(SURROUNDINGS, **changes)
    told = body_of(to_docx(extraction_paper(replace(EXTRACTION, surroundings=around))))
    assert squeezed(words) in told
    assert squeezed(words) not in body_of(to_docx(extraction_paper(EXTRACTION)))


@pytest.mark.parametrize("name", ["monitoring"])
def test_a_monitoring_record_is_nobodys_act(drawn: Path, name: str) -> None:
    text = body_of((drawn / f"{name}.docx").read_bytes())
    assert "不是执法人员的提取笔录" in text
    assert not any(word in text for word in ("签名", "执法证号", "王一", "见证人", "提取人"))
    assert "执法证号" in body_of((drawn / "extraction.docx").read_bytes())


def test_the_list_has_the_columns_and_a_row_each_file(drawn: Path) -> None:
    document = Document(drawn / "list.docx")
    table = document.tables[-1]
    assert [cell.text for cell in table.rows[0].cells] == [
        "序号", "证据编号", "证据名称", "种类", "来源 URL", "提取时间", "提取人", "文件名", "大小（字节）",
        "SHA-256 与 SM3", "存证平台与编号", "证明对象", "页数", "备注",
    ]  # fmt: skip
    assert len(table.rows) == 1 + len(FILES)
    cells = [cell.text for cell in table.rows[1].cells]
    assert cells[9] == f"SHA-256 {FILES[0].sha256}\nSM3 {FILES[0].sm3}"
    assert cells[10:] == ["", "", "", ""]
    automatic = evidence_list(replace(LISTED, files=(replace(FILES[0], taken_by=()),))).docx
    assert Document(io.BytesIO(automatic)).tables[-1].rows[1].cells[6].text == "系统自动采集"


def test_every_page_names_the_form_the_chain_and_the_specimen(drawn: Path) -> None:
    for name, is_specimen in (("extraction", False), ("list", False), ("monitoring", True)):
        pages = pages_of(drawn / f"{name}.pdf")
        assert len(pages) > 1
        for page in map(squeezed, pages):
            assert squeezed(SAMPLE_FORM) in page
            assert (squeezed(SPECIMEN) in page) is is_specimen
            assert f"链首第7号sha256{'3f' * 32}封存于2026-11-2013:07:39" in page
            assert ("时间戳2026-11-2013:08:39" if not is_specimen else "未加时间戳") in page


def test_paper_and_margins_are_those_of_official_papers(drawn: Path) -> None:
    upright, wide = (Document(drawn / f"{name}.docx").sections[0] for name in ("extraction", "list"))
    margins = ("top_margin", "right_margin", "bottom_margin", "left_margin")
    assert [round(getattr(upright, name).mm) for name in margins] == [37, 26, 35, 28]
    assert (round(upright.page_width.mm), round(upright.page_height.mm)) == (210, 297)
    assert (round(wide.page_width.mm), round(wide.page_height.mm)) == (297, 210)
    with zipfile.ZipFile(drawn / "extraction.docx") as parts:
        body, known = parts.read("word/document.xml").decode(), parts.read("docProps/core.xml").decode()
    assert "仿宋_GB2312" in body
    assert "方正小标宋简体" in body
    assert "python-docx" not in known
    assert "1980-01-01" in known


# -- hostile text ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_neither_breaks_nor_shapes_a_document(text: str) -> None:
    told = to_docx(extraction_paper(hostile(text)))
    tame = to_docx(extraction_paper(hostile("示例")))
    with zipfile.ZipFile(io.BytesIO(told)) as parts:
        body = parts.read("word/document.xml").decode()
        assert parts.namelist() == zipfile.ZipFile(io.BytesIO(tame)).namelist()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]", body)
    assert "INCLUDETEXT" not in "".join(re.findall("<w:instrText.*?</w:instrText>", body))

    def shape(docx: bytes) -> list[tuple[int, int]]:
        return [(len(one.rows), len(one.columns)) for one in Document(io.BytesIO(docx)).tables]

    assert shape(told) == shape(tame)


def test_a_whole_hostile_page_stays_a_few_pages(drawn: Path) -> None:
    assert len(pages_of(drawn / "hostile extraction.pdf")) <= 2 * len(pages_of(drawn / "extraction.pdf"))


def test_nothing_is_fetched_while_a_pdf_is_drawn() -> None:
    for markup in (
        "<img src='https://evil.example/x.png'>",
        "<style>@import 'https://evil.example/x.css'</style>",
        "<p style='background: url(file:///etc/hosts)'>x</p>",
        "<img src='data:image/png;base64,AAAA'>",
    ):
        with pytest.raises(FatalURLFetchingError, match="a paper asks for"):
            weasyprint_loaded().HTML(string=markup, url_fetcher=fetch_nothing()).write_pdf()


def test_printable_leaves_only_what_every_font_has() -> None:
    # All of the first plane, and every 7th character of the others.
    for code in (*range(0x10000), *range(0x10000, 0x110000, 7)):
        for one in printable(chr(code)):
            assert unicodedata.category(one)[0] != "C"
            assert unicodedata.bidirectional(one) not in ("R", "AL", "RLE", "RLO", "LRE", "LRO", "PDF", "NSM", "BN")
            assert unicodedata.combining(one) == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("包授权 100% ￥2800 ㎡ é ü", "包授权 100% ￥2800 ㎡ é ü"),
        ("a\u202eb", "a[U+202E]b"),
        ("\ud83d", "[U+D83D]"),
        ("🔥", "[U+1F525]"),
        ("𬭚", "𬭚[U+2CB5A]"),
        ("e\u0301", "e[U+0301]"),
        ("一\n\t\u3000 二\u00a0三", "一 二 三"),
        ("", ""),
    ],
)
def test_printable_by_example(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_long_texts_are_cut_and_say_how_long_they_were() -> None:
    assert clipped("长" * 300) == "长" * 300
    assert clipped("长" * 10_000) == "长" * 300 + "……（共 10000 字，全文见所附文件）"
    assert len(clipped("\u202e" * 10_000)) < 400


# -- others read them ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_the_pdf_is_sound_and_carries_its_fonts(drawn: Path, name: str) -> None:
    pdf = drawn / f"{name}.pdf"
    assert "No syntax or stream encoding errors" in told_by(tool("qpdf"), "--check", pdf)
    rows = [line for line in told_by(tool("pdffonts"), pdf).splitlines()[2:] if line]
    assert rows
    assert not any("Type 3" in row for row in rows)
    for row in rows:
        assert re.search(r"Identity-H\s+yes yes yes", row), row
        assert re.match(r"[A-Z]{6}\+Noto-S(?:erif|ans)-CJK-SC", row), row


def test_a_spoilt_pdf_is_seen(drawn: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.pdf"
    spoilt.write_bytes((drawn / "extraction.pdf").read_bytes()[:-2000])
    assert subprocess.run([tool("qpdf"), "--check", spoilt], capture_output=True, check=False).returncode != 0


def test_libreoffice_opens_the_documents(drawn: Path, tmp_path: Path) -> None:
    names = ["extraction", "hostile list"]
    told_by(
        tool("soffice"), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
        "--convert-to", "pdf", "--outdir", tmp_path, *(drawn / f"{name}.docx" for name in names),
    )  # fmt: skip
    for name in names:
        text = squeezed("".join(pages_of(tmp_path / f"{name}.pdf")))
        docx = (drawn / f"{name}.docx").read_bytes()
        assert len(text) >= len(body_of(docx))
        assert squeezed(SAMPLE_FORM) in text


# -- what is missing on a machine ------------------------------------------------------------------


def demanded(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    told = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | environ
    asking = (
        "import sys; sys.path[:0] = [p for p in sys.argv[1:]]; "
        "from casework.papers.pdf_paper import demand_pdf; demand_pdf()"
    )
    return subprocess.run(
        [sys.executable, "-c", asking, *environ.get("FIRST", "").split()],
        cwd=ROOT, env=told, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_machine_without_pango_is_told_which_package(tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text(
        "raise OSError(\"cannot load library 'libpango-1.0-0'\")\n", encoding="utf-8"
    )
    assert "请安装 Debian 软件包 libpango-1.0-0" in demanded({"FIRST": str(tmp_path)}).stderr


@pytest.mark.parametrize("folder", ["/usr/share/fonts/truetype/dejavu", "/nonexistent"])
def test_a_machine_without_chinese_fonts_is_told_which_package(tmp_path: Path, folder: str) -> None:
    conf = tmp_path / "fonts.conf"
    conf.write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{folder}</dir>'
        f"<cachedir>{tmp_path}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    ended = demanded({"FONTCONFIG_FILE": str(conf)})
    assert "请安装 Debian 软件包 fonts-noto-cjk" in ended.stderr
    assert "UserMistake" in ended.stderr


# -- kept facts ------------------------------------------------------------------------------------


def test_facts_come_back_from_the_row_word_for_word() -> None:
    assert facts_read(facts_written(EXTRACTION)) == EXTRACTION
    again = facts_read(facts_written(hostile(HOSTILE[0])))
    assert again == hostile(HOSTILE[0])
    assert "\ufffd" in facts_read(facts_written(hostile(HOSTILE[4]))).target.title


@pytest.mark.parametrize(
    ("what", "by"),
    [
        ('"place"', '"palce"'),
        ('"status":200', '"status":"200"'),
        ('"shows_quote"', '"shows_all"'),
        ('"started_at":"2026', '"started_at":"at 2026'),
        ('"name":"王一"', '"name":null'),
        ("{", "["),
    ],
)
def test_spoilt_facts_are_broken_evidence(what: str, by: str) -> None:
    written = facts_written(EXTRACTION)
    assert what in written
    with pytest.raises(EvidenceBroken):
        facts_read(written.replace(what, by, 1))


def test_a_paper_may_be_small() -> None:
    paper = Paper(title=TARGET.title, blocks=(Heading(text="一"), Lines(lines=("二",), stays=True)), foot=())
    assert to_pdf(paper).startswith(b"%PDF")
    assert body_of(to_docx(paper)).endswith("一二")
