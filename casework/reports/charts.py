"""Charts for reports: large enough for a projector, told apart without colour too, the same bytes for the same figures.

Nothing is drawn in a font without Chinese: where none is installed, that is said.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import isnan, nan
from typing import Any

from crawler.errors import UserMistake

# Okabe and Ito's colours, which people with any colour vision tell apart; beside them hatches and markers.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++", "oo", "--")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Microsoft YaHei",
    "Noto Sans CJK JP",
)
WIDTH = 8.0  # inches
FEWEST = 6  # a chart of less is drawn as if it had so many: one value alone is no bar across the page
GAP = nan  # the number of a place of which nothing is known
_TEXT, _SMALL = 14, 12  # points
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "lantian",
    "svg.fonttype": "path",
    "axes.unicode_minus": False,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One of several rows of numbers, one a place of the chart."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Places of which nothing, and of which only a part is known, and the words under the chart that say so."""

    blank: tuple[int, ...] = ()
    partly: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart's bytes, and what it shows in words, for those who cannot see it."""

    content: bytes
    title: str
    words: str


_UNMARKED = Marks()


@contextmanager
def _styled() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS | {"font.family": [_font()]}):
        yield


@_styled()
def bars(title: str, names: Sequence[str], values: Sequence[int]) -> Chart:
    """Lying bars, the first one on top, each with its number."""
    figure, axes = _begun(0.36 * len(names) + 0.55)
    places = range(len(names))
    drawn = axes.barh(list(places), list(values), color=COLOURS[0], height=0.62)
    axes.bar_label(drawn, padding=4, fontsize=_TEXT)
    axes.set_yticks(list(places), [_short(one) for one in names], fontsize=_TEXT)
    axes.set_ylim(len(names) - 0.5 if names else 0.5, -0.5)  # the first on top, a bar as thick whatever their number
    axes.set_xlim(0, max([*values, FEWEST]) * 1.15)
    axes.set_xticks([])
    _bare(axes, "left")
    words = "；".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    return Chart(content=_saved(figure, axes, title), title=title, words=f"{title}：{words or '没有'}")


@_styled()
def stacked(title: str, names: Sequence[str], series: Sequence[Series], marks: Marks = _UNMARKED) -> Chart:
    """Standing bars with the parts one above the other, and a key; no zero stands where nothing is known."""
    figure, axes = _begun(3.6)
    places, below = list(range(len(names))), [0.0] * len(names)
    for place, one in enumerate(series):
        look = {"color": COLOURS[place % 8], "hatch": HATCHES[place % 8], "edgecolor": "white"}
        axes.bar(places, list(one.values), bottom=below, label=one.name, width=0.7, **look)
        below = [low + value for low, value in zip(below, one.values, strict=True)]
    for place, total in zip(places, below, strict=True):
        number = f"{total:g}" if total or place not in marks.blank else ""
        axes.text(place, total, number, ha="center", va="bottom", fontsize=_SMALL)
    axes.set_xticks(places, names, fontsize=_SMALL)
    axes.set_xlim(-0.6, max(len(names), FEWEST) - 0.4)
    _count(axes, max([*below, 1]))
    _mark(figure, axes, marks)
    _key(axes, len(series))
    words = "。".join((_words(title, names, series), *marks.words))
    return Chart(content=_saved(figure, axes, title), title=title, words=words)


@_styled()
def shares(title: str, names: Sequence[str], series: Sequence[Series]) -> Chart:
    """Lying bars that are each a whole, cut into shares with their numbers."""
    figure, axes = _begun(0.6 * len(names) + 1.5)
    places, left = list(range(len(names))), [0.0] * len(names)
    wholes = [sum(one.values[place] for one in series) or 1 for place in places]
    for place, one in enumerate(series):
        parts = [value / whole for value, whole in zip(one.values, wholes, strict=True)]
        look = {"color": COLOURS[place % 8], "hatch": HATCHES[place % 8], "edgecolor": "white"}
        axes.barh(places, parts, left=left, label=one.name, height=0.6, **look)
        for at, (start, part) in enumerate(zip(left, parts, strict=True)):
            if part > 0.06:
                _number(axes, start + part / 2, at, f"{one.values[at]:g}")
        left = [start + part for start, part in zip(left, parts, strict=True)]
    axes.set_yticks(places, names, fontsize=_TEXT)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    _bare(axes, "left")
    _key(axes, len(series))
    return Chart(content=_saved(figure, axes, title), title=title, words=_words(title, names, series))


@_styled()
def lines(
    title: str, names: Sequence[str], series: Sequence[Series], kind: str = "png", marks: Marks = _UNMARKED
) -> Chart:
    """One line a series over weeks, broken where it has a `GAP`; `kind` is png or svg."""
    figure, axes = _begun(4.8)
    places = list(range(len(names)))
    for place, one in enumerate(series):
        look = {"color": COLOURS[place % 8], "marker": MARKERS[place % 8], "linewidth": 2.2, "markersize": 7}
        axes.plot(places, list(one.values), label=one.name, **look)
    step = max(1, -(-len(names) // 12))
    axes.set_xticks(places[::step], list(names)[::step], fontsize=_SMALL, rotation=30, ha="right")
    _count(axes, max([1.0, *(value for one in series for value in one.values if not isnan(value))]))
    axes.set_xlim(-0.5, max(1, len(names)) - 0.5)
    axes.grid(axis="y", color="#D0D0D0", linewidth=0.8)
    _mark(figure, axes, marks)
    _key(axes, min(4, len(series)))
    words = "。".join((_words(title, names, series), *marks.words))
    return Chart(content=_saved(figure, axes, title, kind), title=title, words=words)


def _mark(figure: Any, axes: Any, marks: Marks) -> None:
    for place in marks.blank:
        axes.axvspan(place - 0.5, place + 0.5, color="#E4E4E4", linewidth=0, zorder=0)
    bottom = axes.get_xaxis_transform()
    look = {"marker": "v", "color": "#505050", "markersize": 7, "linestyle": "none", "fillstyle": "none"}
    axes.plot(list(marks.partly), [0.97] * len(marks.partly), transform=bottom, **look)
    if marks.words:
        figure.supxlabel("\n".join(marks.words), fontsize=_SMALL, linespacing=1.4)


def _begun(height: float) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _font() -> str:
    # It tells of every font it cannot read.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.font_manager import fontManager

    there = {one.name for one in fontManager.ttflist}
    for name in FONTS:
        if name in there:
            return name
    raise UserMistake("画图要有中文字体：安装 fonts-noto-cjk")


def _saved(figure: Any, axes: Any, title: str, kind: str = "png") -> bytes:
    buffer = BytesIO()
    axes.set_title(title, fontsize=_TEXT + 2, loc="left", pad=12)
    told = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    figure.savefig(buffer, format=kind, metadata=told)
    return buffer.getvalue()


def _bare(axes: Any, kept: str) -> None:
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(side == kept)
    axes.tick_params(length=0)


def _count(axes: Any, highest: float) -> None:
    """The axis of counts, in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    _bare(axes, "bottom")
    axes.set_ylim(0, highest * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(axis="y", labelsize=_SMALL)


def _key(axes: Any, columns: int) -> None:
    if not columns:
        return
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncol=columns, frameon=False, fontsize=_SMALL)


def _number(axes: Any, x: float, y: int, word: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "boxstyle": "round,pad=0.15"}
    axes.text(x, y, word, ha="center", va="center", fontsize=_SMALL, bbox=box)


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"


def _words(title: str, names: Sequence[str], series: Sequence[Series]) -> str:
    told = [
        f"{name}（{'，'.join(f'{one.name} {_told(one.values[place])}' for one in series)}）"
        for place, name in enumerate(names)
    ]
    return f"{title}：{'；'.join(told) or '没有'}"


def _told(number: float) -> str:
    return "空白" if isnan(number) else f"{number:g}"
