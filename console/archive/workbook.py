"""A workbook of rows that were written beside it line by line. Nothing is held, and the same rows give the same bytes.

Written by hand rather than with openpyxl, which stamps every file with the time and keeps a copy in the system's own
folder: an export must go on where it was left, within the space it has.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import islice
from math import ceil
from pathlib import Path
from typing import BinaryIO

from console.archive.columns import COLUMNS
from console.archive.forms import HEAD, row_of

MOST_ROWS = 1_048_576  # of a sheet, the first being its head
_BATCH = 1_000  # lines
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
_LARGE = 1 << 31  # bytes: from here on a part needs zip64
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# A cell with `quotePrefix` stays text also when somebody edits it.
_STYLES = f"""{_XML}<styleSheet xmlns="{_MAIN}">
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyAlignment="1">
<alignment horizontal="center" vertical="center" wrapText="1"/></xf>
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyAlignment="1">
<alignment vertical="top"/></xf></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""


def write_workbook(rows: Path, number: int, out: BinaryIO, most: int = MOST_ROWS) -> None:
    """The `number` lines of the file `rows` as a workbook: as many sheets as it takes, each with its head."""
    sheets = max(1, ceil(number / (most - 1)))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book, rows.open("rb") as lines:
        for name, content in _frame(sheets):
            book.writestr(_part(name), content)
        for sheet in range(1, sheets + 1):
            is_large = rows.stat().st_size >= _LARGE
            with book.open(_part(f"xl/worksheets/sheet{sheet}.xml"), "w", force_zip64=is_large) as part:
                part.write(_sheet_begins().encode())
                for some in _batches(islice(lines, most - 1)):
                    part.write(b"".join(some))
                part.write(b"</sheetData></worksheet>")


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, _FIXED_DATE)
    part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return part


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while some := list(islice(lines, _BATCH)):
        yield some


def _sheet_begins() -> str:
    """The head stays in sight."""
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{one.width}" customWidth="1"/>' for at, one in enumerate(COLUMNS, 1)
    )
    view = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{view}</sheetView></sheetViews>'
    head = row_of([one.head for one in COLUMNS], style=HEAD).decode()
    return f'{_XML}<worksheet xmlns="{_MAIN}">{views}<cols>{columns}</cols><sheetData>{head}'


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """All parts but the sheets."""
    numbers = range(1, sheets + 1)
    override = '<Override PartName="/xl/{0}.xml" ContentType="' + _SPREADSHEET + '.{1}+xml"/>'
    listed = [override.format("workbook", "sheet.main"), override.format("styles", "styles")]
    listed += [override.format(f"worksheets/sheet{one}", "worksheet") for one in numbers]
    plain = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    plain += '<Default Extension="xml" ContentType="application/xml"/>'
    yield "[Content_Types].xml", f'{_XML}<Types xmlns="{_TYPES}">{plain}{"".join(listed)}</Types>'
    relation = '<Relationship Id="rId{0}" Type="' + _OFFICE + '/{1}" Target="{2}"/>'
    whole = relation.format(1, "officeDocument", "xl/workbook.xml")
    yield "_rels/.rels", f'{_XML}<Relationships xmlns="{_RELATIONS}">{whole}</Relationships>'
    parts = [relation.format(one, "worksheet", f"worksheets/sheet{one}.xml") for one in numbers]
    parts.append(relation.format(sheets + 1, "styles", "styles.xml"))
    yield "xl/_rels/workbook.xml.rels", f'{_XML}<Relationships xmlns="{_RELATIONS}">{"".join(parts)}</Relationships>'
    names = "".join(f'<sheet name="结果{one}" sheetId="{one}" r:id="rId{one}"/>' for one in numbers)
    head = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    yield "xl/workbook.xml", f"{_XML}{head}<bookViews><workbookView/></bookViews><sheets>{names}</sheets></workbook>"
    yield "xl/styles.xml", _STYLES
