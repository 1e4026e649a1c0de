"""A paper as PDF, by WeasyPrint: fonts embedded as subsets, nothing fetched, the same bytes for the same paper."""

from __future__ import annotations

import hashlib
import warnings
from html import escape
from typing import Any, NoReturn

from casework.papers.paper import Block, Fields, Grid, Heading, Lines, Paper, may_break, printable
from crawler.errors import UserMistake

SERIF, SANS = "Noto Serif CJK SC", "Noto Sans CJK SC"
FONTS = "fonts-noto-cjk"
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"

_STYLE = f"""
@page {{ size: A4; margin: 37mm 26mm 35mm 28mm; @top-left {{ content: element(head); vertical-align: bottom }}
  @bottom-left {{ content: element(foot); vertical-align: top; padding-top: 4mm; width: 126mm }}
  @bottom-right {{ content: "— " counter(page) " —"; font: 14pt "{SERIF}"; vertical-align: top; padding-top: 5mm;
    padding-right: 5mm; white-space: nowrap }} }}
@page wide {{ size: A4 landscape; margin: 28mm 35mm 26mm 37mm; @bottom-left {{ width: 195mm }} }}
html {{ font: 12pt/1.5 "{SERIF}"; color: #000; overflow-wrap: anywhere; font-variant-ligatures: none }}
body {{ margin: 0 }} .wide {{ page: wide }}
header {{ position: running(head); width: 100%; font-size: 9pt; padding-bottom: 2mm }}
header .specimen {{ font: bold 12pt "{SANS}" }}
footer {{ position: running(foot); font-size: 7pt; line-height: 1.35 }}
h1 {{ font-size: 22pt; font-weight: bold; text-align: center; margin: 0 0 6mm; line-height: 1.3 }}
h2 {{ font: 14pt "{SANS}"; margin: 5mm 0 2mm; break-after: avoid }}
p {{ margin: 0 0 1mm; min-height: 1em; break-inside: avoid }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed }}
td, th {{ border: 0.3pt solid #000; padding: 1mm 1.5mm; vertical-align: middle; text-align: left; font-weight: normal }}
table.fields td:first-child {{ width: 33mm }}
table.fields td {{ font-size: 11pt; line-height: 1.4; height: 6mm }}
table.grid td, table.grid th {{ font-size: 9pt; line-height: 1.3; padding: 0.7mm 1mm }}
.wide table.grid td, .wide table.grid th {{ font-size: 7pt }}
table.grid th {{ text-align: center; font-family: "{SANS}" }}
tr.whole {{ break-inside: avoid }} thead {{ display: table-header-group }}
table + table {{ margin-top: 3mm }}
.stays, .stays p {{ break-before: avoid; break-inside: avoid }} .stays p {{ line-height: 2 }}
.small p {{ font-size: 9pt; line-height: 1.4 }}
"""


def to_pdf(paper: Paper) -> bytes:
    """`UserMistake` where WeasyPrint's libraries or the Chinese fonts are missing, with the Debian package."""
    return _drawn(_markup(paper))


def demand_pdf() -> None:
    """The same `UserMistake`, before anything else is done."""
    _drawn(_page("样本", "<p>样本</p>"))


def _drawn(markup: str) -> bytes:
    document = weasyprint_loaded().HTML(string=markup, url_fetcher=fetch_nothing()).render()
    drawn = document.write_pdf(pdf_identifier=hashlib.sha256(markup.encode()).digest()[:16])
    strange = {font.family for font in document.fonts.values()} - {SERIF, SANS}
    if strange:
        raise UserMistake(f"没有中文字体，只有 {'、'.join(sorted(strange))}：请安装 Debian 软件包 {FONTS}")
    return bytes(drawn)


def weasyprint_loaded() -> Any:
    """The module, once its libraries and some font are there."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "HarfBuzz-Subset", DeprecationWarning)
        # Without any font Pango goes on after this warning, and dies.
        warnings.filterwarnings("error", "No fonts configured|FontConfig cannot load", UserWarning)
        try:
            import weasyprint
        except OSError as missing:
            raise UserMistake(f"生成 PDF 要用 Pango：请安装 Debian 软件包 {PACKAGES}（{missing}）") from None
        except UserWarning:
            raise UserMistake(f"没有字体：请安装 Debian 软件包 {FONTS}") from None
    return weasyprint


def fetch_nothing() -> Any:
    """What WeasyPrint asks for addresses: it gets none."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class Nothing(URLFetcher):  # type: ignore[misc]
        """Our papers carry everything themselves; whatever asks for more was not written by us."""

        def fetch(self, url: str, headers: Any = None) -> NoReturn:
            raise FatalURLFetchingError(f"a paper asks for {url[:100]!r}")

    return Nothing()


def _markup(paper: Paper) -> str:
    kind = "wide" if paper.is_wide else "upright"
    form, *specimen = paper.head
    head = f"<div>{_text(form)}</div>" + "".join(f'<div class="specimen">{_text(line)}</div>' for line in specimen)
    foot = "".join(f"<div>{_text(line)}</div>" for line in paper.foot)
    body = f"<h1>{_text(paper.title)}</h1>{''.join(map(_block, paper.blocks))}"
    return _page(paper.title, f"<div class={kind}><header>{head}</header><footer>{foot}</footer>{body}</div>")


def _page(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{_text(title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{body}</body></html>'


def _block(block: Block) -> str:
    match block:
        case Heading(text=text, stays=stays):
            return f'<h2 class="{"stays" if stays else ""}">{_text(text)}</h2>'
        case Lines(lines=lines):
            kind = " ".join(name for name, holds in (("stays", block.stays), ("small", block.is_small)) if holds)
            return f'<div class="{kind}">{_paragraphs(lines)}</div>'
        case Fields(fields=fields):
            rows = "".join(_row(((one.label,), one.lines)) for one in fields)
            return f'<table class="fields">{rows}</table>'
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> str:
    columns = "".join(f'<col style="width: {one.width}mm">' for one in grid.columns)
    head = "".join(f"<th>{_text(one.name)}</th>" for one in grid.columns)
    rows = "".join(map(_row, grid.rows))
    return f'<table class="grid">{columns}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(cells: tuple[tuple[str, ...], ...]) -> str:
    kind = "" if may_break(cells) else ' class="whole"'
    return f"<tr{kind}>{''.join(f'<td>{_cell(cell)}</td>' for cell in cells)}</tr>"


def _cell(lines: tuple[str, ...]) -> str:
    # A paragraph in every cell would double what a long table takes of memory.
    return "<br>".join(map(_text, lines))


def _paragraphs(lines: tuple[str, ...]) -> str:
    return "".join(f"<p>{_text(line)}</p>" for line in lines)


def _text(text: str) -> str:
    return escape(printable(text))
