"""How large a picture of an annex is printed. What is no PNG, or would unpack into too much, is refused."""

from __future__ import annotations

import struct
import warnings
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from casework.letters import measures as m
from casework.letters.letter import Picture
from casework.papers.paper import printable
from crawler.errors import EvidenceBroken

_END = b"IEND\xaeB`\x82"
MOST_PIXELS = 120_000_000
CAPTION = 25.0  # millimetres left for caption and digest
HEADING = 35.0  # and for the annex's own heading


def picture_box(picture: Picture, *, is_wide: bool) -> tuple[float, float]:
    """Width and height in millimetres: as large as the type area bears, never larger than at 96 dots an inch."""
    across, down = picture_size(picture)
    width, height = m.TYPE_AREA[::-1] if is_wide else m.TYPE_AREA
    scale = min((width - 0.5) / across, (height - CAPTION - HEADING) / down, 25.4 / 96)
    return round(across * scale, 2), round(down * scale, 2)


def picture_size(picture: Picture) -> tuple[int, int]:
    """Pixels across and down; `EvidenceBroken` for what is no whole PNG."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(picture.png), formats=["PNG"]) as image:
                size = image.size
                if not 0 < size[0] * size[1] <= MOST_PIXELS:
                    raise EvidenceBroken(f"图片过大：{printable(picture.caption)}（{size[0]} × {size[1]}）")
                image.load()
        # Pillow forgives a missing end; whoever reads the document does not.
        if not picture.png.endswith(_END):
            raise OSError("no end")
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        struct.error,
        Image.DecompressionBombError,
    ) as bad:
        raise EvidenceBroken(f"图片不能打开：{printable(picture.caption)}（{type(bad).__name__}）") from None
    return size
