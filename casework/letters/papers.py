"""A letter's files: DOCX and PDF of one content, checked, and the list beside it as xlsx and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casework.letters.fonts import faces
from casework.letters.letter import Letter, Listed
from casework.letters.letter_docx import to_docx
from casework.letters.letter_list import to_json, to_xlsx
from casework.letters.letter_pdf import to_pdf
from casework.letters.sameness import demand_same
from casework.letters.template_read import template_of
from crawler.tables import Letters


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFiles:
    """Four files of one letter; `fonts` says which fonts the PDF has in another's place (`仿宋_GB2312 → …`)."""

    docx: bytes
    pdf: bytes
    xlsx: bytes
    json: bytes
    fonts: tuple[str, ...]


def drawn(letter: Letter, listed: Sequence[Listed], settings: Letters, templates: Path | None) -> LetterFiles:
    """The files, the same bytes for the same letter. `templates` is the office's folder, which may hold `letter.docx`.

    `UserMistake` for a letter without 涉嫌……尚待依法查证, a template that cannot be used or, with `strict_fonts`, fonts
    that are not there; `EvidenceBroken` for a broken picture and where the files would not say the same.
    """
    chosen = faces(settings)
    docx = to_docx(letter, settings, template_of(templates))
    pdf, fonts = to_pdf(letter, chosen)
    demand_same(letter, docx, pdf, chosen)
    return LetterFiles(docx=docx, pdf=pdf, xlsx=to_xlsx(letter, listed), json=to_json(letter, listed), fonts=fonts)
