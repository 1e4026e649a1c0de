"""A letter as PDF/A-3u by WeasyPrint: fonts embedded as subsets, nothing fetched, one letter always the same bytes."""

from __future__ import annotations

import hashlib
import re
import warnings
from html import escape
from textwrap import wrap
from typing import Any

from casework.letters.fonts import Faces, drawn_with, font_note
from casework.letters.letter import Annex, Letter, Picture
from casework.letters.letter_style import sheet
from casework.letters.pictures import picture_box
from casework.letters.wording import Wording, annex_sign, shown_cell, shown_line, worded
from casework.papers.paper import Grid, Lines, may_break
from casework.papers.pdf_paper import FONTS, SANS, SERIF, weasyprint_loaded
from crawler.errors import UserMistake

VARIANT = "pdf/a-3u"
_ENDLESS = re.compile("[!-~]{120,}")
PLACE = "letter:picture/"


def to_pdf(letter: Letter, chosen: Faces) -> tuple[bytes, tuple[str, ...]]:
    """The PDF, and what fonts were replaced in it. `UserMistake` where no Chinese font is installed."""
    markup, pictures = _markup(letter, chosen)
    document = (
        weasyprint_loaded().HTML(string=markup, url_fetcher=_pictures_alone(pictures)).render(pdf_variant=VARIANT)
    )
    mark = hashlib.sha256(markup.encode())
    for png in pictures.values():
        mark.update(hashlib.sha256(png).digest())
    with warnings.catch_warnings():
        # WeasyPrint lets its colour profile's file be closed by whoever sweeps up.
        warnings.simplefilter("ignore", ResourceWarning)
        drawn = document.write_pdf(pdf_variant=VARIANT, pdf_identifier=mark.digest()[:16])
    families = frozenset(font.family for font in document.fonts.values())
    if not families & {chosen.body, SERIF, SANS}:
        raise UserMistake(f"没有中文字体，只有 {'、'.join(sorted(families))}：请安装 Debian 软件包 {FONTS}")
    return bytes(drawn), drawn_with(families, chosen)


def _pictures_alone(pictures: dict[str, bytes]) -> Any:
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Pictures(URLFetcher):  # type: ignore[misc]
        """The letter's own pictures; whatever asks for more was not written by us."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in pictures:
                raise FatalURLFetchingError(f"a letter asks for {url[:100]!r}")
            return URLFetcherResponse(url, pictures[url], {"Content-Type": "image/png"})

    return Pictures()


def _markup(letter: Letter, chosen: Faces) -> tuple[str, dict[str, bytes]]:
    wording = worded(letter)
    pictures: dict[str, bytes] = {}
    annexes = []
    for at, annex in enumerate(letter.annexes, 1):
        named = {f"{PLACE}{at}-{number}": one for number, one in enumerate(annex.pictures, 1)}
        pictures |= {place: one.png for place, one in named.items()}
        annexes.append(_annex(annex, annex_sign(at, letter.annexes), named))
    replaced = font_note(chosen)
    ends = _copies(wording.copies) + (f'<p class="note">{_text(replaced)}</p>' if replaced else "")
    head = (
        f'<meta charset="utf-8"><title>{_text("".join(wording.title))}</title>'
        f'<meta name="keywords" content="{escape(replaced)}"><style>{sheet(chosen)}</style>'
    )
    body = f"{_front(wording)}{''.join(annexes)}{ends}"
    return f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{body}</body></html>', pictures


def _front(wording: Wording) -> str:
    scale = "" if wording.sign_scale == 100 else f' style="transform: scaleX({wording.sign_scale / 100})"'
    body = [f'<p class="level{one.level}">{_text(one.text)}</p>' for one in wording.body]
    held = max(0, len(body) - 2)
    annexes = "".join(f'<p class="named">{_text(line)}</p>' for line in wording.annexes)
    contact = f'<p class="contact">{_text(wording.contact)}</p>' if wording.contact else ""
    ends = (
        f"{_blank() if annexes else ''}{annexes}{_blank() * 2}"
        f'<p class="signer" style="margin-right: {wording.signer_indent}em">{_text(wording.signer)}</p>'
        f'<p class="day">{_text(wording.day)}</p>{contact}'
    )
    return (
        f"<header>{_text(wording.marks)}</header>"
        f'<div class="sign"><span{scale}>{_text(wording.letterhead)}</span></div>'
        '<div class="upper"><i class="thick"></i><i class="thin"></i></div>'
        '<div class="lower"><i class="thin"></i><i class="thick"></i></div>'
        f'<p class="number">{_text(wording.number)}</p>{_blank() * 2}'
        f"<h1>{'<br>'.join(map(_text, wording.title))}</h1>{_blank()}"
        f'<p class="addressee">{_text(wording.addressee)}</p>'
        f'{"".join(body[:held])}<div class="held">{"".join(body[held:])}<div class="ends">{ends}</div></div>'
    )


def _annex(annex: Annex, sign: str, pictures: dict[str, Picture]) -> str:
    blocks = "".join(_block(one) for one in annex.blocks)
    drawn = "".join(_picture(place, one, is_wide=annex.is_wide) for place, one in pictures.items())
    foot = f'<div class="small">{_paragraphs(annex.foot)}</div>' if annex.foot else ""
    kind = "annex wide" if annex.is_wide else "annex"
    heading = f'<p class="annexed">{_text(sign)}</p>{_blank()}<h1>{_text(shown_cell(annex.name))}</h1>'
    return f'<section class="{kind}">{heading}{blocks}{drawn}{foot}</section>'


def _block(block: Lines | Grid) -> str:
    if isinstance(block, Grid):
        return _grid(block)
    kind = " ".join(name for name, holds in (("stays", block.stays), ("small", block.is_small)) if holds)
    return f'<div class="{kind}">{_paragraphs(block.lines)}</div>'


def _grid(grid: Grid) -> str:
    whole = sum(one.width for one in grid.columns)
    columns = "".join(f'<col style="width: {100 * one.width / whole:.3f}%">' for one in grid.columns)
    head = "".join(f"<th>{_text(shown_cell(one.name))}</th>" for one in grid.columns)
    rows = "".join(map(_row, grid.rows))
    return f"<table>{columns}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(cells: tuple[tuple[str, ...], ...]) -> str:
    kind = "" if may_break(cells) else ' class="whole"'
    drawn = ("<br>".join(_text(shown_cell(line)) for line in lines) for lines in cells)
    return f"<tr{kind}>{''.join(f'<td>{cell}</td>' for cell in drawn)}</tr>"


def _picture(place: str, picture: Picture, *, is_wide: bool) -> str:
    width, height = picture_box(picture, is_wide=is_wide)
    image = f'<img src="{place}" alt="" style="width: {width}mm; height: {height}mm">'
    return f"<figure>{image}{_paragraphs((picture.caption, picture.mark))}</figure>"


def _copies(copies: str) -> str:
    return f'<p class="copies">{_text(copies)}</p>' if copies else ""


def _paragraphs(lines: tuple[str, ...]) -> str:
    return "".join(f"<p>{_text(shown_line(line))}</p>" for line in lines)


def _blank() -> str:
    return '<p class="blank">&nbsp;</p>'


def _text(text: str) -> str:
    # One endless word costs the square of its length to break; where it may be broken is told.
    return escape(_ENDLESS.sub(lambda found: "\u200b".join(wrap(found[0], 20)), text), quote=False)
