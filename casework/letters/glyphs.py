"""Which characters the letter's fonts draw with one glyph: a PDF gives back the first of them, whichever was meant."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from casework.letters.fonts import Faces
from casework.letters.letter_style import stack
from casework.papers.pdf_paper import fetch_nothing, weasyprint_loaded

_DRAWN = re.compile(rb"/(\S+) [-\d.]+ Tf|<([0-9a-fA-F]+)>")


def alike(characters: frozenset[str], chosen: Faces) -> dict[int, str]:
    """A translation to one character of each glyph; those that no font has are all drawn as one, too."""
    translation: dict[int, str] = {}
    for family, is_sans in ((chosen.body, False), (chosen.head, True), (chosen.title, False), (chosen.kai, False)):
        left = sorted({one.translate(translation) for one in characters if one.strip()})
        merged = _merged(left, stack(family, is_sans=is_sans))
        translation = {ord(one): one.translate(translation).translate(merged) for one in characters}
    return {code: one for code, one in translation.items() if chr(code) != one}


def _merged(characters: list[str], family: str) -> dict[int, str]:
    """Each drawn by itself, in its order."""
    lines = "".join(f"<p>{escape(one)}</p>" for one in characters)
    style = f"@page {{ size: 100mm 400mm; margin: 0 }} p {{ margin: 0; font: 8pt/9pt {family} }}"
    markup = f"<style>{style}</style>{lines}"
    pdf = weasyprint_loaded().HTML(string=markup, url_fetcher=fetch_nothing()).write_pdf()
    first: dict[tuple[bytes, bytes], str] = {}
    merged: dict[int, str] = {}
    for one, drawn in zip(characters, _glyphs(pdf), strict=True):
        merged[ord(one)] = first.setdefault(drawn, one)
    return merged


def _glyphs(pdf: bytes) -> list[tuple[bytes, bytes]]:
    """Font and glyphs of everything that was drawn apart."""
    found: list[tuple[bytes, bytes]] = []
    for page in PdfReader(BytesIO(pdf)).pages:
        drawn: Any = page.get_contents()
        face = b""
        for font, glyphs in _DRAWN.findall(drawn.get_data()):
            if font:
                face = font
            else:
                found.append((face, glyphs))
    return found
