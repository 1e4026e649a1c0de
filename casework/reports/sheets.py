"""Workbooks written row by row, so that memory stays flat; no cell can run, and what a page wrote changes no other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

LONGEST = 2000  # characters of a cell
_MARK = "\N{REPLACEMENT CHARACTER}"
_TOP = Alignment(vertical="top", wrap_text=True)
_HEAD = Alignment(horizontal="center", vertical="center", wrap_text=True)
_BOLD, _TITLE = Font(bold=True), Font(bold=True, size=14)
_GREY = PatternFill("solid", fgColor="E7E6E6")
Value = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column's name, its width in characters, and the band it stands under."""

    name: str
    width: float = 12
    band: str = ""


class Book:
    """A workbook whose sheets are filled side by side."""

    def __init__(self) -> None:
        self._book = Workbook(write_only=True)

    def sheet(self, name: str, heads: Sequence[Head], notes: Sequence[str] = ()) -> Sheet:
        """A new sheet with these lines above its table; the table's head stays in sight."""
        return Sheet(self._book.create_sheet(name), heads, notes)

    def save(self, file: BinaryIO) -> None:
        """Write it all; nothing can be added afterwards."""
        self._book.save(file)


class Sheet:
    """One sheet, only ever appended to."""

    def __init__(self, sheet: Any, heads: Sequence[Head], notes: Sequence[str]) -> None:
        self._sheet = sheet
        self._styles = {
            "title": self._style(_TITLE, None),
            "note": self._style(None, None),
            "head": self._style(_BOLD, _HEAD, _GREY),
        }
        self._body = self._style(None, _TOP)
        has_bands = any(one.band for one in heads)
        for place, head in enumerate(heads, 1):
            sheet.column_dimensions[get_column_letter(place)].width = head.width
        # More than two lines of notes would leave no room below what stays in sight.
        sheet.freeze_panes = f"A{len(notes) + 2 + has_bands}" if len(notes) <= 2 else None
        for place, note in enumerate(notes):
            sheet.append([self._text(note, self._styles["note" if place else "title"])])
        if has_bands:
            sheet.append(self._head(_first_of(heads)))
        if heads:
            sheet.append(self._head([one.name for one in heads]))

    def add(self, cells: Iterable[Value]) -> None:
        """One row."""
        self._sheet.append([self._plain(one) for one in cells])

    def _plain(self, value: Value) -> Any:
        if not isinstance(value, str):
            return value
        return self._text(value, self._body) if value else None

    def _head(self, names: Sequence[str]) -> list[Any]:
        return [self._text(one, self._styles["head"]) for one in names]

    def _text(self, words: str, style: Any) -> Any:
        """Text whatever it begins with: not run when opened, nor when somebody edits it."""
        cell = WriteOnlyCell(self._sheet, value=harmless(words))
        # Setting fonts one by one would look each up again for every cell.
        cell.data_type, cell._style = "s", style
        return cell

    def _style(self, font: Font | None, alignment: Alignment | None, fill: PatternFill | None = None) -> Any:
        model = WriteOnlyCell(self._sheet, value="")
        model.quotePrefix = True
        if font:
            model.font = font
        if alignment:
            model.alignment = alignment
        if fill:
            model.fill = fill
        return model._style


def harmless(text: str) -> str:
    """The text as a cell can bear it: nothing that steers, no more than fits, what is cut off being told."""
    begin = text[:LONGEST]
    shown = begin if begin.isprintable() else "".join(map(_shown, begin))
    return shown if len(text) <= LONGEST else f"{shown}……（共 {len(text)} 字）"


def _shown(one: str) -> str:
    if one == "\n" or one.isprintable():
        return one
    return _MARK if unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Cn") else one


def _first_of(heads: Sequence[Head]) -> list[str]:
    """Each band's name over its first column only."""
    bands = [one.band for one in heads]
    return [band if place == 0 or bands[place - 1] != band else "" for place, band in enumerate(bands)]
