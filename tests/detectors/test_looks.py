"""Looks: nearly the same for the same picture however it is saved, far apart for others."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from detectors.looks import PLAIN, look_of
from storage.looks import FURTHEST


def drawn(seed: int, width: int = 600, height: int = 450) -> Image.Image:
    """Boxes of colour, the same for the same seed."""
    chosen = random.Random(seed)

    def colour() -> tuple[int, ...]:
        return tuple(chosen.randrange(256) for _ in range(3))

    image = Image.new("RGB", (width, height), colour())
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = chosen.randrange(width), chosen.randrange(height)
        pen.rectangle((left, top, left + chosen.randrange(40, 200), top + chosen.randrange(30, 150)), fill=colour())
    return image


def saved(image: Image.Image, quality: int) -> Image.Image:
    body = BytesIO()
    image.save(body, "JPEG", quality=quality)
    return Image.open(body).convert("RGB")


def bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_saving_and_scaling_change_few_bits() -> None:
    for seed in range(20):
        image = drawn(seed)
        again = [saved(image, 30), saved(image, 60), image.resize((300, 225)), image.resize((1200, 900))]
        assert all(bits(look_of(image), look_of(one)) <= FURTHEST for one in again)


def test_other_pictures_look_otherwise() -> None:
    looks = [look_of(drawn(seed)) for seed in range(30)]
    assert min(bits(one, other) for at, one in enumerate(looks) for other in looks[:at]) > FURTHEST


@pytest.mark.parametrize("colour", ["white", "black", "red"])
def test_one_colour_is_no_look(colour: str) -> None:
    assert look_of(Image.new("RGB", (300, 300), colour)) == PLAIN
    assert look_of(drawn(1)) != PLAIN


def test_odd_sizes_have_looks_too() -> None:
    assert all(len(look_of(drawn(3, *size))) == 16 for size in ((40, 9_000), (9_000, 40), (40, 40)))
