"""A shape is known again in another size, colour and quality, and another one is not taken for it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from drawing import SHAPES, encoded, shape
from PIL import Image, ImageDraw

from crawler.errors import UserMistake
from detectors.images import opened
from detectors.shapes import NEAR, Shape, likenesses, load_shapes, marks_of


@pytest.fixture
def shapes(tmp_path: Path) -> tuple[Shape, ...]:
    for kind in SHAPES:
        (tmp_path / f"{kind}.png").write_bytes(encoded(shape(kind)))
    return load_shapes(tmp_path)


def advertisement(kind: str, seed: int) -> Image.Image:
    """The shape somewhere on a picture of another size, with lines of another colour, saved badly."""
    chance = random.Random(seed)
    ground = chance.choice(("white", (255, 250, 235), (235, 245, 255)))
    image = Image.new("RGB", (800, 800), ground)
    pen = ImageDraw.Draw(image)
    for top in range(400, 760, 60):
        pen.rectangle((40, top, 40 + chance.randint(200, 700), top + 24), fill=chance.choice(("black", "blue", "red")))
    ink = chance.choice(((200, 20, 20), (220, 40, 30), (180, 10, 20)))
    image.paste(shape(kind, chance.randint(70, 260), ink, ground), (chance.randint(0, 500), chance.randint(5, 100)))
    return opened(encoded(image, "JPEG", quality=chance.choice((50, 75, 90))))


@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_is_known_again_and_only_that_one(shapes: tuple[Shape, ...], kind: str) -> None:
    for seed in range(8):
        found = likenesses(marks_of(advertisement(kind, seed)), shapes)
        assert [one.shape.name for one in found] == [kind], seed
        assert found[0].distance <= NEAR


def test_the_likeness_stands_where_the_shape_was_put(shapes: tuple[Shape, ...]) -> None:
    image = Image.new("RGB", (800, 800), "white")
    image.paste(shape("ring_star", 200), (300, 100))
    ImageDraw.Draw(image).rectangle((40, 700, 700, 740), fill="black")
    left, top, right, bottom = likenesses(marks_of(image), shapes)[0].box
    assert (abs(left - 308), abs(top - 108), abs(right - 492), abs(bottom - 292)) <= (4, 4, 4, 4)


def test_a_large_picture_keeps_its_own_pixels(shapes: tuple[Shape, ...]) -> None:
    image = Image.new("RGB", (2400, 3000), "white")
    image.paste(shape("gear", 500), (1500, 2000))
    left, top, right, bottom = likenesses(marks_of(image), shapes)[0].box
    assert 1480 < left < right < 2020
    assert 1980 < top < bottom < 2520


def test_pictures_without_the_shape_are_like_none(shapes: tuple[Shape, ...]) -> None:
    noise = Image.effect_noise((400, 400), 80).convert("RGB")
    lines = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(lines).rectangle((20, 20, 380, 60), fill=(200, 20, 20))
    disc = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(disc).ellipse((100, 100, 300, 300), fill=(200, 20, 20))
    for image in (noise, lines, disc, Image.new("RGB", (400, 400), "red")):
        assert likenesses(marks_of(image), shapes) == ()


def test_no_folder_is_no_shape(tmp_path: Path) -> None:
    assert load_shapes(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"no picture", "不能用"),
        (encoded(Image.new("RGB", (100, 100), "red")), "太简单"),
        (encoded(Image.new("RGB", (20, 20), "red")), "不能用"),
    ],
)
def test_a_reference_that_cannot_serve_is_the_persons_to_mend(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "某某.png").write_bytes(body)
    with pytest.raises(UserMistake, match=said) as told:
        load_shapes(tmp_path)
    assert "某某.png" in str(told.value)
