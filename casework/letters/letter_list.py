"""The list beside a letter, for the addressee's own intake: xlsx with the sheet to fill in and return, and JSON.

Nothing in a cell is ever a formula or a link; what cannot be printed is spelt out as on the papers.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, Protection, Side
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.datavalidation import DataValidation

from casework.letters.letter import Letter, Listed
from casework.letters.wording import worded
from casework.papers.docx_paper import dated
from casework.papers.paper import printable
from storage.canonical import canonical

_HOW = "请逐条填写后与盖章的回执一并反馈；未处置的在其后写明理由；函件编号和线索编号请勿改动"
LIST_SHEET, ANSWER_SHEET = "线索清单", "反馈回执"
LETTER_LABEL = "函件编号"
LIST_COLUMNS = (
    ("序号", "number", 7),
    ("线索编号", "lead", 18),
    ("类别", "category", 14),
    ("URL", "url", 50),
    ("检索词", "query", 20),
    ("位次", "position", 9),
    ("店铺或账号名", "account", 20),
    ("页面标题", "title", 34),
    ("违规表述摘录", "quote", 40),
    ("发现时间", "seen", 20),
    ("固定时间", "captured", 20),
    ("文件哈希", "sha256", 34),
    ("建议措施", "measure", 20),
)
ANSWER_COLUMNS = (
    ("线索编号", 18),
    ("是否属实", 12),
    ("措施（删除·屏蔽·断链·下架·暂停·终止·未处置及理由）", 34),
    ("处置时间", 16),
    ("主体信息", 40),
    ("经办人", 14),
)
TRUTHS = ("属实", "部分属实", "不属实")
MEASURES = ("删除", "屏蔽", "断链", "下架", "暂停", "终止", "未处置")
HEAD_ROW = 3  # the columns' names; above them the letter's number and what to do
LONGEST = 32_000  # characters of a cell; Excel bears 32 767
_CHANGED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_TEXT = "@"
_LINE = Side(style="thin")
_SIDES = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_WRAPPED = Alignment(vertical="center", wrap_text=True)


def cell_text(text: str) -> str:
    """What a cell says: printable, and no longer than a cell bears."""
    shown = printable(text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}……（共 {len(shown)} 字）"


def to_xlsx(letter: Letter, listed: Sequence[Listed]) -> bytes:
    """Two sheets: the list, and 反馈回执 with a row each lead, to be filled in and returned."""
    book = Workbook(write_only=True)
    book.properties.creator = ""
    book.properties.created = datetime(1980, 1, 1)  # noqa: DTZ001 - a file's date is without a zone
    listing = book.create_sheet(LIST_SHEET)
    _head(listing, letter, worded(letter).marks, tuple((name, width) for name, _, width in LIST_COLUMNS))
    for one in listed:
        listing.append([_cell(listing, getattr(one, field)) for _, field, _ in LIST_COLUMNS])
    answer = book.create_sheet(ANSWER_SHEET)
    _head(answer, letter, _HOW, ANSWER_COLUMNS)
    _choices(answer, len(listed))
    for lead in dict.fromkeys(one.lead for one in listed):
        answer.append([_cell(answer, lead), *(_cell(answer, "", is_open=True) for _ in ANSWER_COLUMNS[1:])])
    buffer = BytesIO()
    book.save(buffer)
    return dated(_undated(buffer))


def to_json(letter: Letter, listed: Sequence[Listed]) -> bytes:
    """Canonical JSON: the letter's numbers and the list, every text as it is printed."""
    wording = worded(letter)
    rows = [{field: printable(getattr(one, field)) for _, field, _ in LIST_COLUMNS} for one in listed]
    return canonical(
        {
            "letter": printable(letter.own_number),
            "kind": letter.kind.value,
            "document": wording.number,
            "title": "".join(wording.title),
            "addressee": printable(letter.addressee),
            "marks": [printable(one) for one in letter.marks],
            "is_specimen": letter.is_specimen,
            "leads": rows,
        }
    )


def _head(sheet: WriteOnlyWorksheet, letter: Letter, told: str, columns: tuple[tuple[str, int], ...]) -> None:
    for at, (_, width) in enumerate(columns):
        sheet.column_dimensions["ABCDEFGHIJKLMN"[at]].width = width
    sheet.freeze_panes = f"A{HEAD_ROW + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.append([_cell(sheet, LETTER_LABEL), _cell(sheet, letter.own_number), _cell(sheet, letter.title)])
    sheet.append([_cell(sheet, told)])
    sheet.append([_cell(sheet, name, is_head=True) for name, _ in columns])


def _choices(sheet: WriteOnlyWorksheet, number: int) -> None:
    """Lists to choose from; other words may be written too, for a reason has to be told somewhere."""
    for column, words in (("B", TRUTHS), ("C", MEASURES)):
        choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True, showErrorMessage=False)
        choice.add(f"{column}{HEAD_ROW + 1}:{column}{HEAD_ROW + max(1, number)}")
        sheet.data_validations.append(choice)


def _cell(sheet: WriteOnlyWorksheet, text: str, *, is_head: bool = False, is_open: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet)
    shown = cell_text(text)
    if shown:
        cell.value = shown
        # A text that begins like a formula stays a text, whoever opens it.
        cell.data_type = "s"
    cell.number_format, cell.quotePrefix = _TEXT, True
    cell.font, cell.alignment, cell.border = Font(bold=is_head), _WRAPPED, _SIDES
    cell.protection = Protection(locked=not is_open)
    return cell


def _undated(buffer: BytesIO) -> BytesIO:
    """Without the moment that openpyxl writes, so that one list is always the same bytes."""
    plain = BytesIO()
    with zipfile.ZipFile(buffer) as before, zipfile.ZipFile(plain, "w") as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, _CHANGED.sub(rb"\g<1>1980-01-01T00:00:00Z", part) if "core.xml" in name else part)
    return plain
