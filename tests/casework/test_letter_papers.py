"""A letter's files: measured on the page, the same in both formats, closed to hostile listings, archivable."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from docx import Document
from docx.table import Table
from letter_paper_specimens import OFFICE, WORDS, hostile, hostile_listed, letter, listed, png
from openpyxl import load_workbook
from PIL import Image
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError

from casework.letters.fonts import NOTE, faces
from casework.letters.letter import Annex, Paragraph, Picture
from casework.letters.letter_docx import to_docx
from casework.letters.letter_list import (
    ANSWER_COLUMNS,
    ANSWER_SHEET,
    HEAD_ROW,
    LIST_COLUMNS,
    LIST_SHEET,
    MEASURES,
    TRUTHS,
    cell_text,
    to_json,
    to_xlsx,
)
from casework.letters.letter_pdf import _pictures_alone, to_pdf
from casework.letters.papers import LetterFiles, drawn
from casework.letters.pdf_text import pages_told
from casework.letters.sameness import demand_same
from casework.letters.template_read import template_of
from casework.letters.titles import title_lines
from casework.papers.pdf_paper import weasyprint_loaded
from crawler.errors import EvidenceBroken, UserMistake
from crawler.tables import Letters

ROOT = Path(__file__).parent.parent.parent
SETTINGS = Letters()
NOTO = faces(SETTINGS, frozenset())
DOTS = 300 / 25.4  # a millimetre of the pictures


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def told_by(*command: str | Path) -> str:
    ended = subprocess.run(command, capture_output=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


@pytest.fixture(scope="module")
def files() -> LetterFiles:
    return drawn(letter(40, lines=8, pictures=2), [listed(at) for at in range(1, 41)], SETTINGS, None)


@pytest.fixture(scope="module")
def pages(files: LetterFiles, tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """The first two pages, seen at 300 dots an inch."""
    folder = tmp_path_factory.mktemp("letter")
    (folder / "a.pdf").write_bytes(files.pdf)
    told_by(tool("pdftoppm"), "-r", "300", "-l", "2", "-png", folder / "a.pdf", folder / "p")
    return [np.asarray(Image.open(path).convert("RGB")).astype(int) for path in sorted(folder.glob("p-*.png"))]


def red(page: np.ndarray) -> np.ndarray:
    return (page[..., 0] > 180) & (page[..., 1] < 100) & (page[..., 2] < 100)


def runs(marked: np.ndarray) -> list[tuple[float, float]]:
    """Stretches of marked rows, in millimetres from the first."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marked.astype(int), [0]))))
    return [(a / DOTS, b / DOTS) for a, b in zip(edges[::2], edges[1::2], strict=True)]


# -- the page, looked at -----------------------------------------------------------------------------


def test_red_lines_lie_where_the_standard_puts_them(pages: list[np.ndarray]) -> None:
    lines = runs(red(pages[0]).sum(axis=1) > 165 * DOTS)
    assert len(lines) == 4
    (top, _), (_, under), (upper, _), (_, bottom) = lines
    thick, thin, thin_below, thick_below = (b - a for a, b in lines)
    assert thick > 2 * thin  # 上粗下细
    assert thick_below > 2 * thin_below  # 上细下粗
    assert under - top < 2.5
    assert abs(297 - bottom - 20) < 0.3  # 距下页边 20mm
    assert upper < bottom
    columns = np.flatnonzero(red(pages[0])[int((top + 0.3) * DOTS)])
    assert abs(columns[0] / DOTS - 20) < 0.3
    assert abs((columns[-1] - columns[0]) / DOTS - 170) < 0.3
    sign = runs(red(pages[0])[: int(top * DOTS) - 5].any(axis=1))
    assert abs(sign[0][0] - 30) < 1  # 上边缘至上页边 30mm
    assert abs(top - sign[-1][1] - 4) < 1.2  # 标志下 4mm
    assert not red(pages[1]).any()


@pytest.mark.parametrize("sign", [OFFICE, "示例市市场监督管理局（示例市知识产权局）"])
def test_the_sign_is_one_line_in_the_middle(sign: str, tmp_path: Path) -> None:
    pdf, _ = to_pdf(replace(letter(), letterhead=sign, annexes=()), NOTO)
    (tmp_path / "a.pdf").write_bytes(pdf)
    told_by(tool("pdftoppm"), "-r", "300", "-l", "1", "-png", tmp_path / "a.pdf", tmp_path / "p")
    (path,) = tmp_path.glob("p-*.png")
    page = red(np.asarray(Image.open(path).convert("RGB")).astype(int))
    columns = np.flatnonzero(page[int(29 * DOTS) : int(46 * DOTS)].any(axis=0)) / DOTS
    assert columns[0] > 20
    assert columns[-1] < 190
    assert abs((columns[0] + columns[-1]) / 2 - 105) < 4  # a bracket ends in white


def test_margins_and_lines_of_the_type_area(pages: list[np.ndarray]) -> None:
    dark = pages[1].max(axis=2) < 110
    body = dark[int(37 * DOTS) : int(262 * DOTS)]
    columns, rows = np.flatnonzero(body.any(axis=0)), np.flatnonzero(body.any(axis=1))
    assert abs(columns[0] / DOTS - 28) < 1
    assert columns[-1] / DOTS <= 184.5
    assert rows[0] / DOTS < 3
    assert not dark[int(24 * DOTS) : int(37 * DOTS)].any()
    below = runs(dark[int(262.5 * DOTS) :].any(axis=1))
    assert 4 < below[0][0] < 8  # the page number, its dashes 7 mm below
    assert not (pages[0].max(axis=2) < 110)[int(263 * DOTS) :].any()  # 首页不显示页码


def test_lines_hold_twenty_eight_characters_and_pages_twenty_two_lines() -> None:
    long = replace(letter(), annexes=(), paragraphs=(*letter().paragraphs, Paragraph(text="长" * 28 * 50)))
    pdf, _ = to_pdf(long, NOTO)
    words = PdfReader(io.BytesIO(pdf)).pages[2].extract_text().splitlines()
    full = [line for line in words if line == "长" * 28]
    assert len(full) == 22


def test_the_number_is_empty_and_the_brackets_are_hexagonal(files: LetterFiles) -> None:
    first = pages_told(files.pdf)[0]
    assert "示知函〔2026〕\u3000号" in first
    assert "\u3014" in first
    assert "第" not in first[: first.index("号")]
    body = Document(io.BytesIO(files.docx))
    assert [one.text for one in body.paragraphs if "〔" in one.text] == ["示知函〔2026〕\u3000号"]
    day = next(one for one in body.paragraphs if one.style.name == "成文日期")
    assert not re.search(r"\d", day.text)


def test_a_long_title_is_broken_between_words() -> None:
    assert title_lines("关于商请协助处置涉嫌违法代理业务招揽信息的函") == (
        "关于商请协助处置涉嫌违法",
        "代理业务招揽信息的函",
    )
    assert title_lines("关于约谈的通知") == ("关于约谈的通知",)
    for title in ("长" * 300, "a" * 500, "的" * 90, "关于" + "示例有限公司" * 9):
        lines = title_lines(title)
        assert "".join(lines) == title
        assert all(sum(0.5 if one <= "\u02ff" else 1 for one in line) <= 19 for line in lines)


def test_the_signature_is_never_without_text_above_it() -> None:
    """Whatever the length of the text: over the 22 lines of a page."""
    tame = replace(letter(), annexes=letter().annexes[1:], copies=())
    seen = set()
    for lines in range(0, 22, 2):
        more = tuple(Paragraph(text=f"第{at}行。") for at in range(lines))
        pdf, _ = to_pdf(replace(tame, paragraphs=(*tame.paragraphs[:-1], *more, tame.paragraphs[-1])), NOTO)
        pages = pages_told(pdf)
        signed = next(page for page in pages[::-1] if "联系人：示例甲" in page)
        assert OFFICE in signed
        assert "此函。" in signed
        assert signed.index("此函。") > 2  # and what stands before it
        assert "此页无正文" not in "".join(pages)
        seen.add(pages.index(signed))
    assert len(seen) > 1


def test_in_word_the_signature_is_tied_to_the_text() -> None:
    document = Document(io.BytesIO(to_docx(letter(), SETTINGS, template_of(None))))
    texts = [one.text for one in document.paragraphs]
    last = texts.index("此函。")
    end = next(at for at, one in enumerate(document.paragraphs) if one.style.name == "附注")
    assert all(one.paragraph_format.keep_with_next for one in document.paragraphs[last - 1 : end])
    assert not document.paragraphs[last - 2].paragraph_format.keep_with_next


def test_another_program_draws_the_word_file_so_too(tmp_path: Path) -> None:
    soffice = tool("soffice")
    tame = replace(letter(), annexes=())
    for lines in range(9, 13):
        more = tuple(Paragraph(text=f"第{at}行。") for at in range(lines))
        longer = replace(tame, paragraphs=(*tame.paragraphs[:-1], *more, tame.paragraphs[-1]))
        (tmp_path / f"{lines}.docx").write_bytes(to_docx(longer, SETTINGS, template_of(None)))
    (tmp_path / "hostile.docx").write_bytes(to_docx(hostile(WORDS), SETTINGS, template_of(None)))
    home = f"-env:UserInstallation=file://{tmp_path}/office"
    told_by(soffice, home, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, *sorted(tmp_path.glob("*.docx")))
    for lines in range(9, 13):
        pages = told_by(tool("pdftotext"), tmp_path / f"{lines}.pdf", "-").split("\f")
        assert "此函。" in next(page for page in pages[::-1] if "联系人" in page)
    assert (tmp_path / "hostile.pdf").stat().st_size > 10_000


# -- the file ----------------------------------------------------------------------------------------


def test_the_pdf_is_whole_archivable_and_carries_its_fonts(files: LetterFiles, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(files.pdf)
    told_by(tool("qpdf"), "--check", path)
    rows = told_by(tool("pdffonts"), path).splitlines()[2:]
    assert rows
    for one in rows:
        assert re.search(r"\byes yes yes\b", one), one  # embedded, subset, with a map to Unicode


def test_the_pdf_says_pdf_a_and_has_an_output_intent(files: LetterFiles) -> None:
    root = PdfReader(io.BytesIO(files.pdf)).trailer["/Root"]
    told = root["/Metadata"].get_data().decode()
    assert re.search(r'pdfaid:part(="|>)3', told)
    assert re.search(r'pdfaid:conformance(="|>)U', told)
    (intent,) = root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_data()[36:40] == b"acsp"
    assert NOTE in told


def test_the_same_letter_is_the_same_bytes_wherever_it_is_drawn() -> None:
    asking = "f = drawn(letter(3, pictures=1), [listed(1)], Letters(), None); write(f.docx + f.pdf + f.xlsx + f.json)"
    command = (
        "import sys; from casework.letters.papers import *; from crawler.tables import *; "
        f"from letter_paper_specimens import *; write = sys.stdout.buffer.write; {asking}"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}", "PYTHONHASHSEED": "7"}
    ended = subprocess.run([sys.executable, "-c", command], cwd=ROOT, env=environ, capture_output=True, check=True)
    here = drawn(letter(3, pictures=1), [listed(1)], SETTINGS, None)
    assert ended.stdout == here.docx + here.pdf + here.xlsx + here.json


def test_fonts_in_anothers_place_are_told_and_a_strict_mode_refuses(files: LetterFiles) -> None:
    if "仿宋_GB2312" not in "".join(files.fonts):
        pytest.skip("the office's fonts are installed here")
    assert "仿宋_GB2312 → Noto Serif CJK SC" in files.fonts
    assert NOTE in pages_told(files.pdf)[-1]
    with pytest.raises(UserMistake, match=r"方正小标宋简体.*不能出 PDF"):
        faces(replace(SETTINGS, strict_fonts=True), frozenset(("仿宋_GB2312", "黑体", "KaiTi", "SimSun")))
    all_there = frozenset((SETTINGS.body_font, SETTINGS.title_font, SETTINGS.head_font, "KaiTi", "SimSun"))
    assert faces(replace(SETTINGS, strict_fonts=True), all_there).replaced == ()
    with pytest.raises(UserMistake, match="字体名"):
        faces(replace(SETTINGS, body_font='x"; } body { display: none'), frozenset())


def test_nothing_is_fetched_while_a_letter_is_drawn() -> None:
    for markup in ("<img src='https://evil.example/x.png'>", "<p style='background: url(file:///etc/hosts)'>x</p>"):
        with pytest.raises(FatalURLFetchingError, match="a letter asks for"):
            weasyprint_loaded().HTML(string=markup, url_fetcher=_pictures_alone({})).write_pdf()


# -- what a letter must say --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"paragraphs": (Paragraph(text="请立即删除。"),)}, "尚待依法查证"),
        ({"paragraphs": (Paragraph(text="尚待依法查证的涉嫌线索。"),)}, "尚待依法查证"),
        ({"paragraphs": (Paragraph(text="涉嫌违法。"), Paragraph(text="尚待依法查证。"))}, "尚待依法查证"),
        ({"marks": ()}, "marks"),
        ({"addressee": ""}, "addressee"),
    ],
)
def test_a_letter_without_what_none_may_lack_is_not_drawn(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UserMistake, match=words):
        drawn(replace(letter(), **changes), [], SETTINGS, None)


@pytest.mark.parametrize("bad", [b"", b"no picture", png()[:200], b"GIF89a" + b"\0" * 50, b"<svg/>"])
def test_a_broken_picture_is_broken_evidence(bad: bytes) -> None:
    annex = Annex(name="页面截图", pictures=(Picture(png=bad, caption="图1", mark="x"),))
    with pytest.raises(EvidenceBroken, match="图1"):
        drawn(replace(letter(), annexes=(annex,)), [], SETTINGS, None)


DIFFERENCES: dict[str, Callable[[], object]] = {
    "a word": lambda: replace(letter(), paragraphs=(*letter().paragraphs[:-1], Paragraph(text="此告。"))),
    "a paragraph more": lambda: replace(letter(), paragraphs=(*letter().paragraphs, Paragraph(text="又。"))),
    "a paragraph less": lambda: replace(letter(), paragraphs=letter().paragraphs[:-1]),
    "order": lambda: replace(letter(), paragraphs=(*letter().paragraphs[1:], letter().paragraphs[0])),
    "a lead more": lambda: letter(4),
    "a lead less": lambda: letter(2),
    "marks": lambda: replace(letter(), marks=("草稿",)),
    "sign": lambda: replace(letter(), letterhead="示例省知识产权局"),
    "copies": lambda: replace(letter(), copies=()),
    "year": lambda: replace(letter(), year=2025),
    "an annex": lambda: replace(letter(), annexes=letter().annexes[:1]),
}


@pytest.fixture(scope="module")
def tame() -> LetterFiles:
    files = drawn(letter(), [listed(1)], SETTINGS, None)
    demand_same(letter(), files.docx, files.pdf, NOTO)
    return files


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_between_letter_and_files_is_seen(name: str, tame: LetterFiles) -> None:
    other = DIFFERENCES[name]()
    with pytest.raises(EvidenceBroken, match="DOCX"):
        demand_same(other, tame.docx, tame.pdf, NOTO)
    with pytest.raises(EvidenceBroken, match="PDF"):
        demand_same(other, to_docx(other, SETTINGS, template_of(None)), tame.pdf, NOTO)


# -- hostile listings --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def attacked() -> LetterFiles:
    return drawn(hostile(WORDS), [listed(1), *map(hostile_listed, WORDS), listed(2)], SETTINGS, None)


def tables(docx: bytes) -> list[Table]:
    return Document(io.BytesIO(docx)).tables


def test_hostile_text_changes_no_cell_but_its_own(attacked: LetterFiles) -> None:
    calm = to_docx(hostile(("x",) * len(WORDS)), SETTINGS, template_of(None))
    for ours, theirs in zip(tables(attacked.docx), tables(calm), strict=True):
        assert len(ours.rows) == len(theirs.rows)
        for row, other in zip(ours.rows, theirs.rows, strict=True):
            told, expected = ([cell.text for cell in one.cells] for one in (row, other))
            assert len(told) == len(expected)
            if told[0] == "x":
                told[5:7] = expected[5:7]
            assert told == expected


def test_hostile_text_leaves_whole_files(attacked: LetterFiles, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(attacked.pdf)
    told_by(tool("qpdf"), "--check", tmp_path / "a.pdf")
    with zipfile.ZipFile(io.BytesIO(attacked.docx)) as parts:
        body = parts.read("word/document.xml").decode()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff\ud800-\udfff]", body)
    assert "{{7*7}}" in body
    assert "{_{ }_}" in body
    assert "<w:instrText" not in body
    assert not PdfReader(io.BytesIO(attacked.pdf)).trailer["/Root"].get("/OpenAction")


@pytest.mark.parametrize("word", WORDS)
def test_cells_are_texts_whatever_they_begin_with(word: str) -> None:
    texts = [start + word for start in ("", "=", "+", "-", "@", "\t=", "\r=", "＝")]
    book = load_workbook(io.BytesIO(to_xlsx(letter(), [hostile_listed(text) for text in texts])))
    for at, text in enumerate(texts):
        for cell in book[LIST_SHEET][HEAD_ROW + 1 + at]:
            assert (cell.value or "") == cell_text(text)
            assert cell.data_type in "sn"
            assert cell.value is None or cell.data_type == "s"
            assert cell.quotePrefix
            assert cell.hyperlink is None


def test_the_list_is_read_as_it_was_told(attacked: LetterFiles) -> None:
    book = load_workbook(io.BytesIO(attacked.xlsx))
    assert book.sheetnames == [LIST_SHEET, ANSWER_SHEET]
    rows = list(book[LIST_SHEET].iter_rows(min_row=HEAD_ROW, values_only=True))
    assert rows[0] == tuple(name for name, _, _ in LIST_COLUMNS)
    assert len(rows) == 1 + 2 + len(WORDS)
    answer = book[ANSWER_SHEET]
    assert (answer["A1"].value, answer["B1"].value) == ("函件编号", "H2026-0007")
    assert [cell.value for cell in answer[HEAD_ROW]] == [name for name, _ in ANSWER_COLUMNS]
    assert answer[HEAD_ROW + 1][0].value == "X2026-0001"
    assert {one.formula1 for one in answer.data_validations.dataValidation} == {
        f'"{",".join(TRUTHS)}"',
        f'"{",".join(MEASURES)}"',
    }
    assert not any(sheet.sheet_state != "visible" for sheet in book)
    with zipfile.ZipFile(io.BytesIO(attacked.xlsx)) as parts:
        sheets = b"".join(parts.read(name) for name in parts.namelist() if "worksheets" in name)
    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets


def test_the_json_is_canonical_and_has_every_lead(attacked: LetterFiles) -> None:
    told = json.loads(attacked.json)
    assert json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n" == attacked.json
    assert told["letter"] == "H2026-0007"
    assert len(told["leads"]) == 2 + len(WORDS)
    assert told["leads"][0]["lead"] == "X2026-0001"
    assert to_json(letter(), []) == to_json(letter(), ())


# -- cost --------------------------------------------------------------------------------------------


def calls(work: Callable[[], object]) -> int:
    """How many calls of Python functions, ours and the libraries', a piece of work takes."""
    counted = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def test_twice_the_leads_is_twice_the_work() -> None:
    drawn(letter(1), [], SETTINGS, None)
    spent = [
        calls(lambda size=size: drawn(letter(size, lines=1), [listed(at) for at in range(size)], SETTINGS, None))
        for size in (4, 18, 32)
    ]
    first, second = spent[1] - spent[0], spent[2] - spent[1]
    assert second < 1.15 * first
