"""The text of a PDF that WeasyPrint drew, page by page in the order of drawing, by the fonts' own maps to Unicode."""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from typing import Any

from pypdf import PdfReader

_SHOWN = re.compile(rb"/(\S+) [-\d.]+ Tf|<([0-9a-fA-F]+)>")
_MAPPED = re.compile(rb"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]+)>")


def pages_told(pdf: bytes) -> list[str]:
    """Each page's text without spaces between what was drawn apart; a glyph without a letter is U+FFFD."""
    reader = PdfReader(BytesIO(pdf))
    read = lru_cache(maxsize=None)(lambda number: _letters(reader.get_object(number)))
    return [_page(page, read) for page in reader.pages]


def _page(page: Any, read: Any) -> str:
    fonts = page["/Resources"].get("/Font", {})
    letters: dict[int, str] = {}
    told = []
    for font, glyphs in _SHOWN.findall(page.get_contents().get_data()):
        if font:
            letters = read(fonts.raw_get("/" + font.decode()).idnum)
        else:
            told += [letters.get(int(glyphs[at : at + 4], 16), "\ufffd") for at in range(0, len(glyphs), 4)]
    return "".join(told)


def _letters(font: Any) -> dict[int, str]:
    """What each glyph stands for."""
    told = font["/ToUnicode"].get_object().get_data()
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in _MAPPED.findall(told)}
