"""Bytes to a picture of plain colours, upright, or a refusal by name.

Whoever wrote the bytes may want to hurt: sizes are asked of the header before anything is decoded,
only formats that shops use are opened, and of an animation only the first frame is seen.
"""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from io import BytesIO

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from crawler.errors import PictureRefused

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 30_000_000  # the longest detail image we know of has 790 × 20,000
MAX_SIDE = 30_000
MIN_SIDE = 40  # pixels; smaller is an icon
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
DRAWN = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!doctype svg|<svg)", re.I)
MARKUP = re.compile(rb"<svg[\s/>]", re.I)
# What Pillow's decoders raise over bytes that lie.
_LIES = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, struct.error, zlib.error)


def opened(body: bytes) -> Image.Image:
    """The picture in RGB, turned as its maker meant it, transparent parts white. Raises `PictureRefused`."""
    if not body:
        raise PictureRefused("empty")
    if len(body) > MAX_BYTES:
        raise PictureRefused("too_large", f"{len(body)} bytes, at most {MAX_BYTES}")
    if DRAWN.match(body) and MARKUP.search(body[:4096]):
        raise PictureRefused("svg", "a drawing in markup is not read")
    with warnings.catch_warnings():
        # A warning of Pillow's about odd metadata is no concern of ours; one about a bomb is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = _header(body)
        _refuse_sizes(*image.size)
        return _decoded(image)


def _header(body: bytes) -> Image.Image:
    Image.init()  # else a format it has not met yet is a KeyError
    try:
        return Image.open(BytesIO(body), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as wrong:
        raise PictureRefused("too_many_pixels", str(wrong)) from None
    except UnidentifiedImageError:
        raise PictureRefused("not_a_picture", f"begins with {body[:16]!r}") from None
    except _LIES as wrong:
        raise PictureRefused("undecodable", f"{type(wrong).__name__}: {wrong}") from None


def _refuse_sizes(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise PictureRefused("too_small", f"{width} × {height} pixels")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PictureRefused("too_many_pixels", f"{width} × {height}")


def _decoded(image: Image.Image) -> Image.Image:
    # Another library of the process (WeasyPrint does) may have told Pillow to take torn pictures for whole ones.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image.seek(0)
        image.load()
        upright = ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            ground = Image.new("RGBA", upright.size, "white")
            ground.alpha_composite(upright.convert("RGBA"))
            upright = ground
        return upright.convert("RGB")
    except _LIES as wrong:
        reason = "truncated" if "truncated" in str(wrong) else "undecodable"
        raise PictureRefused(reason, f"{type(wrong).__name__}: {wrong}") from None
