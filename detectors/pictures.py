"""Text in pictures. The only file that knows the OCR engine, which works offline in one thread.

It reads what stands there and judges nothing; hostile bytes are refused by name (`detectors.images`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from crawler.pictures import Box, PictureLine, PictureText
from detectors.images import opened
from detectors.looks import look_of
from detectors.shapes import marks_of

if TYPE_CHECKING:
    from rapidocr import RapidOCR

TILE, OVERLAP = 1600, 320  # pixels; a line higher than the overlap may be read in two parts
LONG = 2000  # the engine makes a longer side smaller than its text could bear
MARGIN = 24  # empty pixels around a tile: text that touches the edge is overlooked
SAME = 0.5  # share of the smaller box two readings of one line have in common
EDGE = 4  # pixels from a cut within which a line counts as cut through
WRAPPED = 0.8  # line heights between a line and the one that goes on from it
ALIKE = 0.7  # height of the lower of two lines of one sentence to the higher
SETTINGS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def engine_name() -> str:
    """Which engine reads; what another one read is read again."""
    return f"rapidocr {version('rapidocr')}"


class Reader:
    """Reads pictures one after the other. The engine is loaded by the first of them."""

    @cached_property
    def _engine(self) -> RapidOCR:
        from rapidocr import RapidOCR

        engine = RapidOCR(params=SETTINGS)
        # It speaks to the terminal by a handler of its own, which no setting of ours reaches.
        logging.getLogger("RapidOCR").disabled = True
        return engine

    def read(self, image_bytes: bytes) -> PictureText:
        """Text, marks and look of a picture. Raises `PictureRefused` with a reason word."""
        image = opened(image_bytes)
        found = merged(_Read(line, tile) for tile in tiles(*image.size) for line in self._lines(image, tile))
        return PictureText(
            width=image.width,
            height=image.height,
            lines=tuple(set_out(found)),
            marks=marks_of(image),
            look=look_of(image),
        )

    def _lines(self, image: Image.Image, tile: Tile) -> Iterator[PictureLine]:
        from rapidocr.utils.output import RapidOCROutput

        read = self._engine(_framed(image.crop(tile.box)))
        if not isinstance(read, RapidOCROutput) or read.boxes is None:
            return
        for corners, words, score in zip(read.boxes, read.txts or (), read.scores or (), strict=True):
            text = " ".join(words.split())
            if text:
                yield PictureLine(text=text, score=round(float(score), 3), box=_box(corners, tile, image.size))


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture that is read in one go; `cut_*` are its edges inside the picture."""

    box: Box
    cuts: Box  # of the sides left, top, right and bottom: 1 where the tile was cut


@dataclass(frozen=True, slots=True)
class _Read:
    line: PictureLine
    tile: Tile

    @property
    def is_cut(self) -> bool:
        """Whether the line touches an edge at which the picture goes on."""
        pairs = zip(self.line.box, self.tile.box, self.tile.cuts, strict=True)
        return any(cut and abs(edge - border) <= EDGE for edge, border, cut in pairs)


def tiles(width: int, height: int) -> list[Tile]:
    """A long picture in overlapping parts, another one whole."""
    across, down = _steps(width, height), _steps(height, width)
    return [
        Tile((left, top, right, bottom), (left > 0, top > 0, right < width, bottom < height))
        for top, bottom in down
        for left, right in across
    ]


def _steps(length: int, other: int) -> list[tuple[int, int]]:
    if length <= LONG or length < 2 * other:
        return [(0, length)]
    starts = range(0, length - OVERLAP, TILE - OVERLAP)
    return [(start, min(start + TILE, length)) for start in starts]


def _framed(tile: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The tile as the engine takes it, blue first, with a margin in the colour of its corner."""
    ground = Image.new("RGB", (tile.width + 2 * MARGIN, tile.height + 2 * MARGIN), tile.getpixel((0, 0)))
    ground.paste(tile, (MARGIN, MARGIN))
    return np.ascontiguousarray(np.asarray(ground)[:, :, ::-1])


def _box(corners: Iterable[Sequence[float]], tile: Tile, size: tuple[int, int]) -> Box:
    """The upright box around four corners, in pixels of the whole picture and inside it."""
    xs, ys = zip(*((float(x), float(y)) for x, y in corners), strict=True)
    left, top, right, bottom = tile.box
    width, height = size
    return (
        min(max(round(min(xs)) - MARGIN + left, 0), width - 1),
        min(max(round(min(ys)) - MARGIN + top, 0), height - 1),
        max(min(round(max(xs)) - MARGIN + left, width, right), 1),
        max(min(round(max(ys)) - MARGIN + top, height, bottom), 1),
    )


# -- lines of several tiles into one text ------------------------------------------------------


def merged(read: Iterable[_Read]) -> list[PictureLine]:
    """Every line once: of two readings of one line the whole one, then the surer one."""
    kept: list[PictureLine] = []
    for one in sorted(read, key=lambda one: (one.is_cut, -len(one.line.text), -one.line.score)):
        if not any(_is_same(one.line.box, other.box) for other in kept):
            kept.append(one.line)
    return kept


def _is_same(one: Box, other: Box) -> bool:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width > 0 and height > 0 and width * height > SAME * smaller


def set_out(lines: Iterable[PictureLine]) -> Iterator[PictureLine]:
    """Lines as they are read: row by row, from left to right, those that go on from another marked."""
    before: list[PictureLine] = []
    for row in _rows(lines):
        for place, line in enumerate(row):
            above = row[place - 1] if place else next((one for one in before if _goes_on(one, line)), None)
            yield replace(line, goes_on=above is not None and _is_near(above, line))
        before = row


def _rows(lines: Iterable[PictureLine]) -> Iterator[list[PictureLine]]:
    row: list[PictureLine] = []
    for line in sorted(lines, key=lambda line: (line.box[1] + line.box[3], line.box[0])):
        if row and (line.box[1] + line.box[3]) / 2 > row[0].box[3]:
            yield sorted(row, key=lambda one: one.box[0])
            row = []
        row.append(line)
    if row:
        yield sorted(row, key=lambda one: one.box[0])


def _height(line: PictureLine) -> int:
    return max(1, line.box[3] - line.box[1])


def _goes_on(above: PictureLine, line: PictureLine) -> bool:
    """Whether the line stands right under the other, in letters of like size: a sentence that was wrapped."""
    heights = sorted((_height(above), _height(line)))
    overlaps = min(above.box[2], line.box[2]) > max(above.box[0], line.box[0])
    return overlaps and heights[0] >= ALIKE * heights[1]


def _is_near(above: PictureLine, line: PictureLine) -> bool:
    """Whether less than a line's height parts the two, downwards; in one row, across."""
    gap = max(line.box[1] - above.box[3], line.box[0] - above.box[2])
    return gap <= WRAPPED * _height(above)
