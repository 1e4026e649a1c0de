"""The words of pictures in listings: what was read in one, and where each character of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the picture as a person sees it."""


class Fate(StrEnum):
    """What became of a picture that was to be read; all but the first two carry a reason word."""

    PENDING = "pending"
    READ = "read"
    SKIPPED = "skipped"  # nothing could stand in it: an icon
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLine:
    """One line of text. `score` is the engine's own certainty, 0 to 1; `goes_on` says that it
    continues the line before it, as a wrapped sentence does."""

    text: str
    score: float
    box: Box
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place of a picture that may be an emblem, by a perceptual hash of 256 bits in hex digits.

    `view` is what was hashed: "grey" for the brightness, "red" for the outline of what is red.
    """

    box: Box
    view: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class PictureText:
    """All that was read in one picture. `look` is what the whole of it looks like: a perceptual hash of 64 bits
    in hex digits, empty where it was not asked for."""

    width: int
    height: int
    lines: tuple[PictureLine, ...] = ()
    marks: tuple[Mark, ...] = ()
    look: str = ""

    @cached_property
    def text(self) -> str:
        """The lines in the order of reading: a gap before one that goes on, else a line end."""
        parts = [(" " if line.goes_on else "\n") + line.text for line in self.lines]
        return "".join(parts)[1:]

    def box_of(self, start: int, end: int) -> Box:
        """The box around characters [start, end) of `text`; each has its share of its line's length.

        `ValueError` when nothing of the text stands there.
        """
        boxes, at = [], 0
        for line in self.lines:
            low, high = max(start - at, 0), min(end - at, len(line.text))
            if low < high:
                boxes.append(_share(line, low, high))
            at += len(line.text) + 1
        return around(boxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPicture:
    """A picture of an exhibit that is to be read, or why it is not."""

    exhibit: str
    url: str
    skipped: str = ""


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds all of these; there is at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _share(line: PictureLine, low: int, high: int) -> Box:
    left, top, right, bottom = line.box
    count = len(line.text)
    if bottom - top > 2 * (right - left) and count > 1:  # written downwards
        length = bottom - top
        return left, top + length * low // count, right, top - (-length * high // count)
    length = right - left
    return left + length * low // count, top, left - (-length * high // count), bottom
