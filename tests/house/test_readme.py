"""The README's pictures are there, are small, and are all shown."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
import tree

LARGEST = 250_000  # bytes
NARROWEST = 800  # pixels: less is blurred on a projector
READMES = ("README.md", "README.zh-CN.md")
PICTURES = "docs/pictures"


def named(text: str) -> list[str]:
    """The pictures a document shows, in Markdown or as `img`."""
    return re.findall(r'!\[[^\]]*\]\(([^)]+)\)|<img [^>]*src="([^"]+)"', text)


def shown(text: str) -> list[str]:
    return [first or second for first, second in named(text)]


def wrong(root: Path, name: str) -> str:
    """What is wrong with a picture; nothing where it is as it must be."""
    path = root / name
    if not path.is_file():
        return f"{name}: not there"
    content = path.read_bytes()
    if len(content) > LARGEST:
        return f"{name}: {len(content)} bytes"
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        return f"{name}: no PNG"
    wide = struct.unpack(">I", content[16:20])[0]
    return f"{name}: {wide} pixels wide" if wide < NARROWEST else ""


@pytest.mark.parametrize("readme", READMES)
def test_the_pictures_of_the_readme_are_good(readme: str) -> None:
    pictures = shown(tree.document(readme))
    assert len(pictures) >= 4
    assert [complaint for one in pictures if (complaint := wrong(tree.ROOT, one))] == []


def test_both_readmes_show_every_picture() -> None:
    there = {f"{PICTURES}/{path.name}" for path in (tree.ROOT / PICTURES).iterdir()}
    assert [set(shown(tree.document(one))) for one in READMES] == [there, there]


def test_every_picture_says_in_words_what_it_shows() -> None:
    for one in READMES:
        told = re.findall(r'!\[([^\]]*)\]|<img [^>]*alt="([^"]*)"', tree.document(one))
        assert len(told) == len(shown(tree.document(one)))
        assert all(first or second for first, second in told)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "not there"),
        (b"\x89PNG\r\n\x1a\n" + bytes(LARGEST), "bytes"),
        (b"GIF89a" + bytes(20), "no PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(8) + struct.pack(">II", 640, 480), "640 pixels"),
    ],
)
def test_a_bad_picture_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "one.png").write_bytes(content)
    assert said in wrong(tmp_path, "one.png")


def test_pictures_are_seen_however_they_are_written() -> None:
    assert shown('![a](b.png)\n<img width="1" src="c.png"> [no](d.png)') == ["b.png", "c.png"]
