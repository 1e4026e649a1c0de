"""Does a picture show something close to a reference shape that the office supplied: an emblem, a seal?

The project ships no emblem and no seal. What is compared are perceptual hashes of the picture, of
its red patches and of its compact ones: a likeness is a reason to look, never proof. A shape that
was turned, or drawn over a photograph of many colours, is not found. Average hashes, not DCT ones:
emblems are symmetrical, and then noise decides most bits of a DCT hash.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from crawler.errors import PictureRefused, UserMistake
from crawler.pictures import Box, Mark
from detectors.images import opened

GREY, RED = "grey", "red"
CELLS = 25_600  # of the grid in which patches are looked for
LOOKED_THROUGH = 4_000_000  # pixels; a larger picture is made smaller first
SMALLEST_PATCH = 40  # pixels of a side
PATCHES_AT_MOST = 12
SQUARE = (0.6, 1.7)  # width to height of what may be an emblem
HOLLOW = (0.04, 0.70)  # share of red in its box: a full disc has 0.79 and would be like every other
SIDE = 16  # a hash has SIDE × SIDE bits
NEAR = 14  # differing bits: the same shape differs by 12 at most, two stars in like rings by 18 at least
PLAIN = 0.06  # a hash with fewer bits of one kind than this is like every other

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Mask = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A reference shape of the office. `digest` is of its file."""

    name: str
    digest: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A place of a picture that is near a shape. `distance` counts differing bits, 0 to `NEAR`."""

    shape: Shape
    box: Box
    distance: int


def load_shapes(folder: Path) -> tuple[Shape, ...]:
    """The shapes of `folder`, PNG files named for what they show; none when there is no folder."""
    return tuple(_shape(path) for path in sorted(folder.glob("*.png")))


def _shape(path: Path) -> Shape:
    try:
        body = path.read_bytes()
        image = opened(body)
        marks = tuple(_marks_in(image, _tight(_ink(np.asarray(image)), (0, 0, *image.size))))
    except OSError as wrong:
        raise UserMistake(f"参考图形 {path}：{wrong.strerror}") from None
    except PictureRefused as refused:
        raise UserMistake(f"参考图形 {path} 不能用：{refused}") from None
    if not marks:
        raise UserMistake(f"参考图形 {path} 太简单：一色的图形与什么都近似")
    return Shape(name=path.stem, digest=hashlib.sha256(body).hexdigest(), marks=marks)


def likenesses(marks: Sequence[Mark], shapes: Sequence[Shape]) -> tuple[Likeness, ...]:
    """For each shape its nearest place, if one is near."""
    found = []
    for shape in shapes:
        pairs = ((_differing(mark, own), mark.box) for mark in marks for own in shape.marks if mark.view == own.view)
        distance, box = min(pairs, default=(NEAR + 1, (0, 0, 0, 0)))
        if distance <= NEAR:
            found.append(Likeness(shape=shape, box=box, distance=distance))
    return tuple(found)


def _differing(mark: Mark, own: Mark) -> int:
    return (int(mark.hash, 16) ^ int(own.hash, 16)).bit_count()


# -- finding places and hashing them -----------------------------------------------------------


def marks_of(image: Image.Image) -> tuple[Mark, ...]:
    """The places of an RGB picture that could be an emblem: all of it, its red and its compact patches."""
    scale = max(1.0, math.sqrt(image.width * image.height / LOOKED_THROUGH))
    small = image.resize((round(image.width / scale), round(image.height / scale))) if scale > 1 else image
    pixels = np.asarray(small)
    ink = _ink(pixels)
    boxes = dict.fromkeys([_tight(ink, (0, 0, *small.size)), *_patches(_red(pixels)), *_patches(ink)])
    found = [mark for box in boxes for mark in _marks_in(small, box)]
    return tuple(replace(mark, box=_scaled(mark.box, scale)) for mark in found)


def _scaled(box: Box, scale: float) -> Box:
    left, top, right, bottom = (round(edge * scale) for edge in box)
    return left, top, right, bottom


def _marks_in(image: Image.Image, box: Box) -> Iterator[Mark]:
    import imagehash

    patch = image.crop(box)
    red = _red(np.asarray(patch))
    views = {GREY: patch.convert("L")}
    if HOLLOW[0] <= float(red.mean()) <= HOLLOW[1]:
        views[RED] = Image.fromarray(np.where(red, 0, 255).astype(np.uint8))
    for view, seen in views.items():
        found = imagehash.average_hash(seen, SIDE)
        if PLAIN <= float(found.hash.mean()) <= 1 - PLAIN:
            yield Mark(box=box, view=view, hash=str(found))


def _red(pixels: Pixels) -> Mask:
    red, green, blue = (pixels[..., channel].astype(np.int16) for channel in range(3))
    found: Mask = (red > 110) & (red - green > 50) & (red - blue > 50)
    return found


def _ink(pixels: Pixels) -> Mask:
    """What differs from the ground, which is the commonest colour along the edge."""
    edge = np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))
    ground = np.median(edge, axis=0).astype(np.int16)
    found: Mask = np.abs(pixels.astype(np.int16) - ground).max(axis=-1) > 48
    return found


def _tight(mask: Mask, box: Box) -> Box:
    """The box around what the mask has inside `box`; `box` itself when that is nothing."""
    left, top, right, bottom = box
    inside = mask[top:bottom, left:right]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return box
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1


def _patches(mask: Mask) -> list[Box]:
    """Boxes of connected patches that are as wide as high, the largest first."""
    height, width = mask.shape
    cell = max(1, math.ceil(math.sqrt(mask.size / CELLS)))
    grid = np.zeros((-(-height // cell) * cell, -(-width // cell) * cell), dtype=np.bool_)
    grid[:height, :width] = mask
    cells: Mask = grid.reshape(grid.shape[0] // cell, cell, grid.shape[1] // cell, cell).max(axis=(1, 3))
    found = []
    for left, top, right, bottom in _components(cells):
        box = (left * cell, top * cell, min(right * cell, width), min(bottom * cell, height))
        tight = _tight(mask, box)
        wide, high = tight[2] - tight[0], tight[3] - tight[1]
        if min(wide, high) >= SMALLEST_PATCH and SQUARE[0] <= wide / high <= SQUARE[1]:
            found.append(tight)
    return sorted(found, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))[:PATCHES_AT_MOST]


def _components(cells: Mask) -> Iterator[Box]:
    """Boxes, in cells, of what hangs together, corners included."""
    waiting = {(int(row), int(column)) for row, column in zip(*np.nonzero(cells), strict=True)}
    while waiting:
        edge = [waiting.pop()]
        rows, columns = [edge[0][0]], [edge[0][1]]
        while edge:
            row, column = edge.pop()
            near = {(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & waiting
            waiting -= near
            edge.extend(near)
            rows.extend(one for one, _ in near)
            columns.extend(one for _, one in near)
        yield min(columns), min(rows), max(columns) + 1, max(rows) + 1
