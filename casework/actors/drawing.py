"""A graph of an actor as SVG or DOT: one picture without scripts or links, the same for the same graph.

Whatever a stranger wrote is escaped, cut to its box and printable; nothing is fetched to show it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape

from casework.actors.graph import Bond, Graph, Line, Node

WIDTH, BOX_WIDTH, BOX_HEIGHT, ROW = 1600, 560, 66, 82
LEFT, TOP = 40, 150
RIGHT = WIDTH - LEFT - BOX_WIDTH
FOOT = 90
TEXT_AT_MOST = 400  # characters looked at; a name may have ten thousand
WORDS_WIDE, HEAD_WIDE, NOTE_WIDE, TITLE_WIDE = 46, 54, 62, 96  # half widths
_STYLE = (
    'text{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif;fill:#1b1b1b}'
    ".title{font-size:34px;font-weight:bold}.sub{font-size:22px;fill:#444}.head{font-size:17px;fill:#444}"
    ".words{font-size:23px;font-weight:bold}.note{font-size:15px;fill:#555}.legend{font-size:18px;fill:#333}"
    ".identity{fill:#e8f0fb;stroke:#1f4e8c;stroke-width:2}.reason{fill:#fdf3dc;stroke:#9a6a00;stroke-width:2}"
    ".joins{stroke:#b3261e;stroke-width:3;fill:none}.shown{stroke:#999;stroke-width:2;fill:none}"
    ".undone{stroke:#777;stroke-width:2;stroke-dasharray:9 7;fill:none}"
)
_LEGEND = ((Bond.JOINS, "据此认为是同一主体"), (Bond.UNDONE, "曾据此关联，已撤销"), (Bond.SHOWN, "出现过，不据此关联"))


def svg(graph: Graph) -> str:
    """The picture, as a file of its own."""
    rows = max(len(graph.identities), len(graph.reasons), 1)
    height = TOP + rows * ROW + FOOT
    left = _spread([float(number) for number in range(len(graph.identities))], rows)
    middles = _middles(graph, dict(zip((one.id for one in graph.identities), left, strict=True)))
    right = _spread(middles, rows)
    tops = dict(zip((one.id for one in graph.identities), left, strict=True))
    tops |= dict(zip((one.id for one in graph.reasons), right, strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text((LEFT, 62), "title", graph.title, TITLE_WIDE),
        _text((LEFT, 102), "sub", graph.subtitle + _left_out(graph), TITLE_WIDE + 30),
        *(_line(one, tops) for one in graph.lines),
        *(_box(one, LEFT, tops[one.id]) for one in graph.identities),
        *(_box(one, RIGHT, tops[one.id]) for one in graph.reasons),
        *_legend(height - FOOT / 2),
        "</svg>\n",
    ]
    return "\n".join(parts)


def dot(graph: Graph) -> str:
    """The same for Graphviz."""
    shapes = [(one, "box") for one in graph.identities] + [(one, "ellipse") for one in graph.reasons]
    styles = {Bond.JOINS: "solid", Bond.SHOWN: "dotted", Bond.UNDONE: "dashed"}
    names = {one.id: f"n{number}" for number, (one, _) in enumerate(shapes)}
    lines = [f"graph actor {{ rankdir=LR; label={_quoted(graph.title + ' ' + graph.subtitle + _left_out(graph))};"]
    lines += [
        f"  {names[one.id]} [shape={shape}, label={_quoted(f'{one.head} {one.words}')}];" for one, shape in shapes
    ]
    lines += [f"  {names[one.identity]} -- {names[one.reason]} [style={styles[one.bond]}];" for one in graph.lines]
    return "\n".join([*lines, "}\n"])


def printable(text: str) -> str:
    """Control, format, private and unassigned characters become marks, of piled marks a few stay."""
    marked = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Cn") else one
        for one in text[:TEXT_AT_MOST]
    )
    kept: list[str] = []
    for one in marked:
        if not (unicodedata.combining(one) and len(kept) > 1 and all(map(unicodedata.combining, kept[-2:]))):
            kept.append(one)
    return " ".join("".join(kept).split())


def cut(text: str, wide: int) -> str:
    """Printable text of at most so many half widths, with … where it goes on."""
    whole, width = printable(text), 0
    for place, one in enumerate(whole):
        width += 2 if unicodedata.east_asian_width(one) in "WFA" else 1
        if width > wide:
            return whole[: max(place - 1, 0)] + "…"
    return whole + ("…" if len(text) > TEXT_AT_MOST else "")


# -- places ----------------------------------------------------------------------------------------


def _middles(graph: Graph, tops: dict[str, float]) -> list[float]:
    """For each reason the middle of the identities it ties, in rows."""
    tied: dict[str, list[float]] = {one.id: [] for one in graph.reasons}
    for line in graph.lines:
        tied[line.reason].append((tops[line.identity] - TOP) / ROW)
    return [sum(some) / len(some) if some else float(number) for number, some in enumerate(tied.values())]


def _spread(wanted: list[float], rows: int) -> list[float]:
    """The tops of boxes in their order, each as near to its wanted row as the others leave room."""
    places: list[float] = []
    for number, want in enumerate(wanted):
        lowest = places[-1] + 1 if places else 0.0
        places.append(min(max(want, lowest), rows - len(wanted) + number))
    return [TOP + one * ROW for one in places]


# -- parts -----------------------------------------------------------------------------------------


def _left_out(graph: Graph) -> str:
    return f"（另有 {graph.left_out} 项未画出）" if graph.left_out > 0 else ""


def _text(place: tuple[float, float], style: str, text: str, wide: int) -> str:
    return f'<text x="{place[0]:.0f}" y="{place[1]:.0f}" class="{style}">{escape(cut(text, wide))}</text>'


def _box(node: Node, left: float, top: float) -> str:
    style = "identity" if node.is_identity else "reason"
    head = f"{node.head}　{node.note}" if node.note else node.head
    box = f'<rect x="{left}" y="{top:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8" class="{style}"/>'
    texts = (
        _text((left + 14, top + 25), "head", head, NOTE_WIDE),
        _text((left + 14, top + 53), "words", node.words, WORDS_WIDE),
    )
    return "\n".join((box, *texts))


def _line(line: Line, tops: dict[str, float]) -> str:
    start, end = LEFT + BOX_WIDTH, RIGHT
    one, other = (tops[name] + BOX_HEIGHT / 2 for name in (line.identity, line.reason))
    middle = (start + end) / 2
    path = f"M{start} {one:.0f} C{middle:.0f} {one:.0f} {middle:.0f} {other:.0f} {end} {other:.0f}"
    return f'<path d="{path}" class="{line.bond.value}"/>'


def _legend(middle: float) -> Iterable[str]:
    for number, (bond, words) in enumerate(_LEGEND):
        left = LEFT + number * 500
        yield f'<path d="M{left} {middle:.0f} L{left + 70} {middle:.0f}" class="{bond.value}"/>'
        yield _text((left + 84, middle + 6), "legend", words, HEAD_WIDE)


def _quoted(text: str) -> str:
    plain = cut(text, 2 * TITLE_WIDE).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
