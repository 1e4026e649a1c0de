"""Exhibits as lines of a file: CSV that Excel opens, JSON Lines, rows of a workbook. What a page wrote never runs.

A form gives a beginning and one line an exhibit, so that a file can go on where it was left; cells tell what they had
to cut or could not show, JSON Lines alone tell every character.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Protocol
from xml.sax.saxutils import escape

from console.archive.columns import COLUMNS, Leaving, Value

LONGEST = 32_767  # UTF-16 units: what a cell of Excel holds
_MARK = "\N{REPLACEMENT CHARACTER}"
_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
# Excel of some languages takes the wide forms for the narrow ones.
_RUNS = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
_SEPARATORS = {ord(one): f"\\u{ord(one):04x}" for one in "\u0085\u2028\u2029"}
# Excel reads _x000A_ in a text as the character of that number.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


class Form(Protocol):
    """How one kind of file begins, and how it tells an exhibit: each in one line."""

    def begin(self) -> bytes:
        """What stands before the first exhibit."""
        ...

    def line(self, one: Leaving) -> bytes:
        """One exhibit; ends with a newline, and has no other in XLSX and JSON Lines."""
        ...


class Csv:
    """UTF-8 with a mark by which Excel knows it; every cell in quotes, and none that runs."""

    def begin(self) -> bytes:
        return b"\xef\xbb\xbf" + _quoted([column.head for column in COLUMNS])

    def line(self, one: Leaving) -> bytes:
        return _quoted([_unrun(column.cell(one)) for column in COLUMNS])


class JsonLines:
    """One JSON object a line, texts whole; whether contacts are hidden stands in each."""

    def __init__(self, *, is_masked: bool) -> None:
        self._is_masked = is_masked

    def begin(self) -> bytes:
        return b""

    def line(self, one: Leaving) -> bytes:
        told: dict[str, Any] = {column.name: column.told(one) for column in COLUMNS}
        return json_line(told | {"masked": self._is_masked})


class Rows:
    """Rows as the sheet of a workbook has them; `console.archive.workbook` makes the workbook of them."""

    def begin(self) -> bytes:
        return b""

    def line(self, one: Leaving) -> bytes:
        return row_of([column.cell(one) for column in COLUMNS], style=BODY)


# -- cells -----------------------------------------------------------------------------------------

HEAD, BODY = 1, 2  # styles of a workbook's cells


def shown(text: str) -> str:
    """The text as a cell can bear it: nothing that steers, no more than fits, what is cut off being told."""
    if len(text) <= LONGEST // 2 and text.isprintable():
        return text
    text = _ENDS.sub("\n", text)
    if _units(text) > LONGEST:
        tail = f"……（共 {len(text)} 字）"
        text = _cut(text, LONGEST - _units(tail)) + tail
    return text if text.isprintable() else "".join(map(_shown, text))


def row_of(cells: Sequence[Value], *, style: int) -> bytes:
    """One row of a sheet, in one line. Numbers are numbers, everything else is text whatever it begins with."""
    return f"<row>{''.join(_cell(one, style) for one in cells)}</row>\n".encode()


def json_line(told: dict[str, Any]) -> bytes:
    """One JSON object in one line, whatever reader looks for its end."""
    try:
        line = json.dumps(told, ensure_ascii=False).translate(_SEPARATORS).encode()
    except UnicodeEncodeError:  # half a surrogate pair
        line = json.dumps(told).encode()
    return line + b"\n"


def _quoted(cells: Sequence[Value]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def _unrun(cell: Value) -> Value:
    """A cell that no table runs: an apostrophe stands before what would be a formula."""
    if not isinstance(cell, str):
        return cell
    text = shown(cell)
    if not text.lstrip().startswith(_RUNS):
        return text
    return f"'{text}" if _units(text) < LONGEST else f"'{_cut(text, LONGEST - 1)}"


def _cell(cell: Value, style: int) -> str:
    if not isinstance(cell, str):
        return f'<c s="{style}"><v>{cell}</v></c>'
    if not cell:
        return "<c/>"
    text = escape(_ESCAPED.sub("_x005F_", shown(cell)), {"\n": "&#10;"})
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _units(text: str) -> int:
    return len(text) + (sum(one > "\uffff" for one in text) if len(text) > LONGEST // 2 else 0)


def _cut(text: str, most: int) -> str:
    """The beginning that has at most so many UTF-16 units, no pair cut in two."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * most].decode("utf-16-le", "ignore")


def _shown(one: str) -> str:
    if one == "\n" or one.isprintable():
        return one
    return _MARK if unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Cn") else one
