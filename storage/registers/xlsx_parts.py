"""What each part of an XLSX file says, as expat reads it: relations, sheets, styles, strings, cells.

No part is held as a tree; a reader keeps what it was asked for and forgets the rest.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NoReturn
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

COLUMNS_AT_MOST = 200
CELL_AT_MOST = 32_767  # characters, Excel's own limit
EXACT_BELOW = 10**15  # a spreadsheet's numbers keep fifteen digits
EAST_ASIAN_DATES = frozenset((*range(27, 37), *range(50, 59)))  # their formats are the program's, not the file's
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # what XML cannot hold: _x000D_
UNCOMPUTED = "=公式"

Attributes = dict[str, str]


class Refused(Exception):
    """Something in the file that a registry does not have; the text says what."""


class Reader:
    """What one part says. Names come without their prefix."""

    def begins(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def ends(self, name: str) -> None:
        """An element ends."""

    def says(self, text: str) -> None:
        """Text of the innermost element."""


def parser_of(reader: Reader) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    begins, ends = reader.begins, reader.ends
    bare = _Bare()
    parser.StartElementHandler = lambda name, attributes: begins(bare[name], attributes)
    parser.EndElementHandler = lambda name: ends(bare[name])
    parser.CharacterDataHandler = reader.says
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


class _Bare(dict[str, str]):
    """Names without their prefix, each cut once."""

    def __missing__(self, name: str) -> str:
        return self.setdefault(name, name.rpartition(":")[2])


def _refuse_doctype(*_: object) -> NoReturn:
    raise Refused("含有 DOCTYPE 声明，正常的表格没有；没有读")


class Relations(Reader):
    """Kind and target of each relation by its id."""

    def __init__(self) -> None:
        self.targets: dict[str, tuple[str, str]] = {}

    def begins(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes["Type"].rpartition("/")[2]
            self.targets[attributes["Id"]] = (kind, attributes["Target"])


class Book(Reader):
    """Title, relation and visibility of each sheet; which day is day one."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.is_1904 = False

    def begins(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = next(value for key, value in attributes.items() if key.endswith(":id"))
            self.sheets.append((attributes["name"], relation, attributes.get("state", "visible") != "visible"))
        elif name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")


class Styles(Reader):
    """Which cell styles show their number as a day."""

    def __init__(self) -> None:
        self._formats: dict[int, str] = {}
        self._styles: list[int] = []
        self._inside = False

    def begins(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self._formats[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self._styles.append(int(attributes.get("numFmtId", "0")))

    def ends(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False

    def dates(self) -> frozenset[str]:
        return frozenset(str(place) for place, number in enumerate(self._styles) if self._is_day(number))

    def _is_day(self, number: int) -> bool:
        shown = self._formats.get(number) or BUILTIN_FORMATS.get(number, "General")
        return number in EAST_ASIAN_DATES or bool(is_date_format(shown))


class _Text(Reader):
    """Collects the text of `t` elements, but not what is written over characters to say their sound."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._is_open = False
        self._sounds = 0

    def begins(self, name: str, attributes: Attributes) -> None:
        if name == "t":
            self._is_open = not self._sounds
        elif name == "rPh":
            self._sounds += 1

    def ends(self, name: str) -> None:
        if name == "t":
            self._is_open = False
        elif name == "rPh":
            self._sounds -= 1

    def says(self, text: str) -> None:
        if self._is_open:
            self._texts.append(text)

    def _said(self) -> str:
        said = "".join(self._texts).strip()
        self._texts = []
        if "_x" in said:
            said = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), said).strip()
        if len(said) > CELL_AT_MOST:
            raise Refused("有一格超过三万字，不像名录")
        return said


class Strings(_Text):
    """The strings that cells share, in their order."""

    def __init__(self, strings: list[str]) -> None:
        super().__init__()
        self._strings = strings

    def ends(self, name: str) -> None:
        super().ends(name)
        if name == "si":
            self._strings.append(self._said())


class Cells(_Text):
    """The rows of a sheet, with every cell as text."""

    def __init__(self, strings: list[str], dates: frozenset[str], *, is_1904: bool) -> None:
        super().__init__()
        self._strings, self._dates = strings, dates
        self._epoch = CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900
        self._rows: list[tuple[int, tuple[str, ...]]] = []
        self._row: list[str] = []
        self._number = 0
        self._column = -1
        self._sort = self._style = ""
        self._has_formula = False
        self._columns: dict[str, int] = {}
        self.merged: list[tuple[int, str]] = []

    def taken(self) -> list[tuple[int, tuple[str, ...]]]:
        rows, self._rows = self._rows, []
        return rows

    def begins(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._sort, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._column = self._column_of(attributes["r"]) if "r" in attributes else self._column + 1
            self._has_formula = False
        elif name == "v":
            self._is_open = True
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._number = int(attributes["r"]) if "r" in attributes else self._number + 1
            self._row, self._column = [], -1
        elif name == "mergeCell" and "ref" in attributes:
            last = "".join(one for one in attributes["ref"].rpartition(":")[2] if one.isdigit())
            self.merged.append((int(last or 0), attributes["ref"]))
        else:
            super().begins(name, attributes)

    def ends(self, name: str) -> None:
        if name == "c":
            self._place(self._value(self._said()))
        elif name == "v":
            self._is_open = False
        elif name == "row":
            self._rows.append((self._number, tuple(self._row)))
        else:
            super().ends(name)

    def _place(self, value: str) -> None:
        if value and self._column < COLUMNS_AT_MOST:
            self._row.extend("" for _ in range(self._column + 1 - len(self._row)))
            self._row[self._column] = value

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        if letters not in self._columns:
            column = 0
            for one in letters[:4].upper():
                column = 26 * column + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(one) + 1
            self._columns[letters] = column - 1
        return self._columns[letters]

    def _value(self, said: str) -> str:
        if not said:
            return UNCOMPUTED if self._has_formula else ""
        if self._sort == "s":
            return self._strings[int(said)]
        if self._sort == "n":
            return self._number_said(said)
        return said

    def _number_said(self, said: str) -> str:
        number = float(said)
        if self._style in self._dates:
            moment = from_excel(number, self._epoch)
            return moment.date().isoformat() if isinstance(moment, datetime) else str(moment)
        if abs(number) >= EXACT_BELOW:
            return f"{number:.14E}"
        return str(int(number)) if number.is_integer() else said
