"""Pictures for tests: advertisements with the fonts of this machine, and shapes of our own invention."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.drawn import FACES, FONTS

SPECIMENS = Path(__file__).parent.parent.parent / "specimen" / "pic.xinghe.example"
SHAPES = ("ring_star", "ring_triangle", "ring_cross", "ring_bars", "gear", "shield")


def needs_fonts() -> None:
    if not all((FONTS / face).exists() for face in FACES):
        pytest.skip(f"no Noto CJK fonts in {FONTS}")


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    body = BytesIO()
    image.save(body, form, **options)
    return body.getvalue()


def written(
    text: str, *, size: int = 48, image: Image.Image | None = None, at: tuple[int, int] = (30, 30)
) -> Image.Image:
    needs_fonts()
    image = image or Image.new("RGB", (640, 200), "white")
    font = ImageFont.truetype(str(FONTS / FACES[0]), size)
    ImageDraw.Draw(image).text(at, text, font=font, fill="black")
    return image


def star(pen: ImageDraw.ImageDraw, middle: float, radius: float, points: int, fill: Any) -> None:
    inner = 0.8 if points > 10 else 0.4
    corners = []
    for number in range(2 * points):
        far = radius if number % 2 == 0 else radius * inner
        angle = math.pi * number / points - math.pi / 2
        corners.append((middle + far * math.cos(angle), middle + far * math.sin(angle)))
    pen.polygon(corners, fill=fill)


def shape(kind: str, size: int = 240, ink: Any = (200, 20, 20), ground: Any = "white") -> Image.Image:
    """An invented shape; none looks like an emblem or a seal that there is."""
    image = Image.new("RGB", (size, size), ground)
    pen, s = ImageDraw.Draw(image), size
    if kind.startswith("ring"):
        pen.ellipse((s * 0.04, s * 0.04, s * 0.96, s * 0.96), outline=ink, width=round(s * 0.06))
    if kind == "ring_star":
        star(pen, s / 2, s * 0.25, 7, ink)
    elif kind == "ring_triangle":
        pen.polygon([(s * 0.5, s * 0.25), (s * 0.25, s * 0.7), (s * 0.75, s * 0.7)], fill=ink)
    elif kind == "ring_cross":
        pen.rectangle((s * 0.45, s * 0.2, s * 0.55, s * 0.8), fill=ink)
        pen.rectangle((s * 0.2, s * 0.45, s * 0.8, s * 0.55), fill=ink)
    elif kind == "ring_bars":
        for top in (0.26, 0.41, 0.56, 0.71):
            pen.rectangle((s * 0.25, s * top, s * 0.75, s * (top + 0.06)), fill=ink)
    elif kind == "gear":
        star(pen, s / 2, s * 0.47, 12, ink)
        pen.ellipse((s * 0.3, s * 0.3, s * 0.7, s * 0.7), fill=ground)
        pen.rectangle((s * 0.47, s * 0.1, s * 0.53, s * 0.9), fill=ink)
    elif kind == "shield":
        edge = [(s * 0.1, s * 0.1), (s * 0.9, s * 0.1), (s * 0.9, s * 0.55), (s * 0.5, s * 0.95), (s * 0.1, s * 0.55)]
        pen.polygon(edge, fill=ink)
        star(pen, s * 0.45, s * 0.2, 6, ground)
    return image
