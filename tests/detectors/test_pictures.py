"""Pictures are read to the letter by the real engine, and hostile ones are refused by name."""

from __future__ import annotations

import logging
import random
import struct
import zlib
from itertools import pairwise

import pytest
from drawing import SPECIMENS, encoded, needs_fonts, written
from PIL import Image, ImageFile

from benchmarks.drawn import adverts
from crawler.errors import PictureRefused
from crawler.pictures import PictureLine, PictureText
from detectors.images import MAX_BYTES, MIN_SIDE, opened
from detectors.looks import look_of
from detectors.pictures import OVERLAP, Reader, Tile, _Read, engine_name, merged, set_out, tiles

READER = Reader()


def read(image: Image.Image, form: str = "PNG", **options: object) -> PictureText:
    return READER.read(encoded(image, form, **options))


# -- what is read ------------------------------------------------------------------------------


def test_drawn_advertisements_are_read_to_the_letter() -> None:
    """Three faces, three sizes, four colours. 0.999 of lines in the measurements; here 0.95 at least."""
    needs_fonts()
    wanted = found = 0
    for lines, image in adverts(12):
        got = {line.text for line in read(image).lines}
        wanted += len(lines)
        found += sum(line in got for line in lines)
    assert wanted == 60
    assert found >= 0.95 * wanted


def test_the_specimens_say_what_was_drawn() -> None:
    guilty = READER.read((SPECIMENS / "offer-1.png").read_bytes())
    lawful = READER.read((SPECIMENS / "offer-2.png").read_bytes())
    assert "发明专利包授权" in guilty.text
    assert "包授权" not in lawful.text
    assert (guilty.width, guilty.height) == (400, 400)


def test_a_line_stands_where_it_was_drawn() -> None:
    line = read(written("专利包授权", at=(200, 90))).lines[0]
    left, top, right, bottom = line.box
    assert line.text == "专利包授权"
    assert abs(left - 200) <= 12
    assert 430 <= right <= 460
    assert 85 <= top <= 110
    assert 130 <= bottom <= 170
    assert line.score > 0.9


def test_a_long_picture_is_read_in_parts_and_every_line_once() -> None:
    image = Image.new("RGB", (790, 5000), "white")
    wanted = [f"第{number}行发明专利包授权" for number in range(38)]
    for number, text in enumerate(wanted):
        written(text, size=36, image=image, at=(30, 20 + number * 131))
    found = read(image)
    assert [line.text for line in found.lines] == wanted
    assert all(abs(line.box[1] - (20 + number * 131)) < 25 for number, line in enumerate(found.lines))


def test_a_wrapped_sentence_is_one_and_a_new_block_another() -> None:
    image = Image.new("RGB", (800, 600), "white")
    for text, place in (("发明专利不授权", (40, 40)), ("全额退款", (40, 100)), ("地址示例市", (40, 450))):
        written(text, image=image, at=place)
    assert read(image).text == "发明专利不授权 全额退款\n地址示例市"


def test_a_picture_turned_by_its_camera_is_read_upright() -> None:
    upright = written("专利包授权")
    exif = Image.Exif()
    exif[0x0112] = 6  # it was held on its side: turn it clockwise to see it
    found = read(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)
    assert found.text == "专利包授权"
    assert (found.width, found.height) == upright.size


@pytest.mark.parametrize(
    ("mode", "form"), [("CMYK", "JPEG"), ("L", "PNG"), ("P", "GIF"), ("1", "PNG"), ("RGB", "WEBP"), ("RGB", "BMP")]
)
def test_every_usual_kind_of_picture_is_opened(mode: str, form: str) -> None:
    assert read(written("专利包授权").convert(mode), form).text == "专利包授权"


def test_transparent_parts_are_white() -> None:
    image = Image.new("RGBA", (640, 200), (0, 0, 0, 0))
    assert read(written("专利包授权", image=image)).text == "专利包授权"


def test_of_an_animation_the_first_frame_is_read() -> None:
    first, second = written("专利包授权").convert("P"), written("第二张").convert("P")
    assert read(first, "GIF", save_all=True, append_images=[second]).text == "专利包授权"


def test_what_is_read_has_its_look() -> None:
    shown = written("专利包授权", size=60)
    assert read(shown).look == look_of(shown)
    assert read(Image.new("RGB", (100, 100), "white")).look == "0" * 16


def test_an_empty_picture_has_no_text() -> None:
    found = read(Image.new("RGB", (300, 300), "white"))
    assert (found.lines, found.text) == ((), "")


def test_the_engine_is_loaded_late_and_speaks_to_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    reader = Reader()
    assert "_engine" not in vars(reader)
    reader.read(encoded(Image.new("RGB", (100, 100), "white")))
    assert "_engine" in vars(reader)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("RapidOCR").disabled
    assert engine_name().startswith("rapidocr 3.")


# -- what is refused ---------------------------------------------------------------------------


def refused(body: bytes) -> str:
    with pytest.raises(PictureRefused) as said:
        opened(body)
    return said.value.reason


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises any number of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


PLAIN = encoded(Image.new("RGB", (200, 200), "white"))
NOISE = encoded(Image.effect_noise((200, 200), 90).convert("RGB"), "JPEG")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\xff" * (MAX_BYTES + 1), "too_large"),
        (b"<html><body>\xe8\xaf\xb7\xe7\x99\xbb\xe5\xbd\x95</body></html>", "not_a_picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "svg"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- drawn -->\n<svg width="9" height="9"/>', "svg"),
        (bomb(20_000, 20_000), "too_many_pixels"),
        (bomb(8_000, 8_000), "too_many_pixels"),
        (bomb(31_000, 100), "too_many_pixels"),
        (bomb(200, 200), "truncated"),
        (PLAIN[: len(PLAIN) // 2], "truncated"),
        (NOISE[: len(NOISE) // 2], "truncated"),
        (encoded(Image.new("RGB", (MIN_SIDE - 1, 300), "white")), "too_small"),
        (b"GIF89a" + b"\xff" * 40, "not_a_picture"),
        (b"\x89PNG\r\n\x1a\n", "not_a_picture"),
        (b"%PDF-1.4 no", "not_a_picture"),
    ],
)
def test_hostile_bytes_are_refused_by_name(body: bytes, reason: str) -> None:
    assert refused(body) in {reason, *({"undecodable"} if reason == "truncated" else set())}


def test_a_torn_picture_stays_torn_whatever_else_the_process_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = encoded(Image.effect_noise((90, 60), 80).convert("RGB"), "PNG")
    assert refused(whole[: len(whole) // 2]) in {"truncated", "undecodable"}


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_are_read_or_refused_never_worse(seed: int) -> None:
    chance = random.Random(seed)
    form = ("PNG", "JPEG", "GIF", "WEBP", "BMP")[seed % 5]
    body = bytearray(encoded(Image.effect_noise((90, 60), 80).convert("RGB"), form))
    for _ in range(chance.randint(1, 30)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    try:
        reason = opened(bytes(body)).mode
    except PictureRefused as told:
        reason = told.reason
    assert reason in {"RGB", "undecodable", "truncated", "not_a_picture", "too_many_pixels", "too_small"}


# -- parts of a long picture -------------------------------------------------------------------


def test_tiles_overlap_and_cover_everything() -> None:
    assert [tile.box for tile in tiles(800, 800)] == [(0, 0, 800, 800)]
    assert [tile.box for tile in tiles(1500, 1500)] == [(0, 0, 1500, 1500)]
    down = [tile.box for tile in tiles(790, 8000)]
    assert (down[0][1], down[-1][3]) == (0, 8000)
    assert all(upper[3] - lower[1] >= OVERLAP for upper, lower in pairwise(down))
    assert tiles(9000, 500)[-1].box[2:] == (9000, 500)


def line(text: str, *box: int, score: float = 1.0) -> PictureLine:
    left, top, right, bottom = box
    return PictureLine(text=text, score=score, box=(left, top, right, bottom))


def test_of_a_line_that_was_cut_the_whole_one_stays() -> None:
    upper, lower = Tile((0, 0, 800, 1600), (0, 0, 0, 1)), Tile((0, 1280, 800, 2880), (0, 1, 0, 0))
    cut, whole = line("包授权及更多的字", 10, 1580, 300, 1600), line("包授权", 10, 1560, 300, 1610)
    assert merged([_Read(cut, upper), _Read(whole, lower)]) == [whole]
    assert merged([_Read(whole, lower), _Read(whole, upper)]) == [whole]
    assert merged([_Read(cut, upper)]) == [cut]


def test_lines_are_set_out_row_by_row() -> None:
    told = [line("乙", 200, 12, 240, 40), line("丙", 10, 200, 60, 230), line("甲", 10, 10, 60, 40)]
    found = list(set_out(told))
    assert [one.text for one in found] == ["甲", "乙", "丙"]
    assert not any(one.goes_on for one in found)
