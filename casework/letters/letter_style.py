"""The style sheet of a letter's PDF: 信函格式 in CSS, every measure from `measures`."""

from __future__ import annotations

from casework.letters import measures as m
from casework.letters.fonts import Faces
from casework.papers.pdf_paper import SANS, SERIF

CAP = 0.62  # millimetres of the sign's line above the ink of its characters


def sheet(chosen: Faces) -> str:
    """CSS; the front's first page has no number, odd pages bear it right and even ones left."""
    return "".join((_pages(chosen), _front(chosen), _annexes(chosen)))


def stack(font: str, *, is_sans: bool = False) -> str:
    """A family, and what is taken for characters that it lacks."""
    return f'"{font}", "{SANS if is_sans else SERIF}"'


def _pages(chosen: Faces) -> str:
    half = (m.SMALL_SIZE * 1.2) / 2 / 72 * 25.4
    drop = m.PAGE_NUMBER - half
    number = f'content: "— " counter(page) " —"; font: {m.SMALL_SIZE}pt/1.2 {stack(chosen.numbers)}'
    place = f"vertical-align: top; padding: {drop}mm 1em 0; white-space: nowrap"
    marks = f"content: element(marks); vertical-align: top; padding-top: {m.MARKS_TOP}mm"
    return f"""
@page {{ size: A4; margin: {m.TOP}mm {m.RIGHT}mm {m.BOTTOM}mm {m.LEFT}mm; @top-center {{ {marks}; width: 100% }} }}
@page :left {{ @bottom-left {{ {number}; {place}; text-align: left }} }}
@page :right {{ @bottom-right {{ {number}; {place}; text-align: right }} }}
@page :first {{ @bottom-left {{ content: none }} @bottom-right {{ content: none }}
  @bottom-center {{ content: element(lower); vertical-align: top; width: {m.TYPE_AREA[0]}mm }} }}
@page wide {{ size: A4 landscape; margin: {m.LEFT}mm {m.BOTTOM}mm {m.RIGHT}mm {m.TOP}mm }}
html {{ font: {m.BODY_SIZE}pt/{m.PITCH}pt {stack(chosen.body)}; overflow-wrap: anywhere;
  font-variant-ligatures: none }}
body {{ margin: 0; letter-spacing: {m.CHARACTER - m.BODY_SIZE - 0.005:.3f}pt; color: #000;
  orphans: 2; widows: 2 }}
p {{ margin: 0; text-align: left }}
header {{ position: running(marks); font: {m.BODY_SIZE}pt/20pt {stack(chosen.head, is_sans=True)};
  text-align: center }}
"""


def _front(chosen: Faces) -> str:
    aside = m.LEFT - m.LINES_LEFT
    lower = m.BOTTOM - m.LOWER_LINES - m.LINES_HEIGHT
    leading = (m.PITCH - m.BODY_SIZE) / 2 / 72 * 25.4
    room = m.NUMBER_GAP - leading
    lines = f"width: {m.LINES_LENGTH}mm; height: {m.LINES_HEIGHT}mm"
    return f"""
.sign {{ margin: {m.SIGN_TOP - CAP - m.TOP}mm -150mm 0 -{150 + 2 * m.OFF_CENTRE}mm; height: {m.SIGN_HEIGHT + CAP}mm;
  text-align: center; color: #f00;
  white-space: nowrap; font: {m.SIGN_SIZE}pt/{m.SIGN_SIZE}pt {stack(chosen.title)}; letter-spacing: 0 }}
.sign span {{ display: inline-block }}
.upper {{ {lines}; margin: {m.LINE_GAP}mm 0 {room}mm -{aside}mm }}
.lower {{ {lines}; position: running(lower); margin: {lower}mm 0 0 -{aside}mm }}
i {{ display: block; background: #f00 }} .thick {{ height: {m.THICK}mm }} .thin {{ height: {m.THIN}mm }}
i + i {{ margin-top: {m.BETWEEN}mm }}
.number {{ text-align: right; margin-right: 0.2pt }}
h1 {{ font: {m.TITLE_SIZE}pt/35pt {stack(chosen.title)}; letter-spacing: 0; text-align: center; margin: 0;
  break-after: avoid }}
.level0, .level1, .level2, .level3, .level4, .contact {{ text-indent: 2em }}
.level1 {{ font-family: {stack(chosen.head, is_sans=True)}; break-after: avoid }}
.level2 {{ font-family: {stack(chosen.kai)}; break-after: avoid }}
.held > p {{ break-after: avoid }} .ends {{ break-inside: avoid; break-before: avoid }}
.named {{ padding-left: 6.5em; text-indent: -4.5em; text-align: left }}
.signer, .day {{ text-align: right }} .day {{ margin-right: 4em; white-space: pre }}
.named, .number {{ white-space: pre-wrap }} .signer {{ letter-spacing: 0 }}
"""


def _annexes(chosen: Faces) -> str:
    return f"""
.annex {{ break-before: page }} .wide {{ page: wide }}
.annexed {{ font-family: {stack(chosen.head, is_sans=True)}; break-after: avoid }}
.annex h1 {{ margin-bottom: 2mm }} .annex > div > p {{ text-indent: 2em }}
.stays, .stays p {{ break-inside: avoid }} .stays p + p {{ break-before: avoid }}
.annex > .small > p {{ font-size: 9pt; line-height: 1.4; letter-spacing: 0; text-indent: 0 }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; letter-spacing: 0; margin-bottom: 1.4mm }}
td, th {{ border: 0.4pt solid #000; padding: 0.6mm 1mm; vertical-align: middle; text-align: left; font-weight: normal;
  font-size: 9pt; line-height: 1.3 }}
.wide td, .wide th {{ font-size: 7pt }} th {{ text-align: center; font-family: {stack(chosen.head, is_sans=True)} }}
tr.whole {{ break-inside: avoid }} thead {{ display: table-header-group }}
figure {{ margin: 0 0 4mm; text-align: center; break-inside: avoid }}
figure p {{ font-size: 9pt; line-height: 1.4; letter-spacing: 0; text-align: center }}
.copies {{ float: footnote; font: {m.SMALL_SIZE}pt/{m.PITCH}pt {stack(chosen.body)}; text-align: left;
  padding: 0 1em 0 4em; text-indent: -3em }}
.copies::footnote-call, .copies::footnote-marker {{ content: "" }}
.note {{ font-size: 7pt; line-height: 1.4; letter-spacing: 0; break-before: avoid }}
"""
