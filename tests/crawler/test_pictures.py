"""Where each character of a picture's text stands."""

from __future__ import annotations

import pytest

from crawler.pictures import PictureLine, PictureText

TEXT = PictureText(
    width=400,
    height=400,
    lines=(
        PictureLine(text="发明专利", score=1.0, box=(0, 10, 80, 30)),
        PictureLine(text="包授权", score=1.0, box=(0, 32, 60, 52), goes_on=True),
        PictureLine(text="竖着写的", score=1.0, box=(300, 100, 320, 180)),
    ),
)


def test_lines_join_by_a_gap_only_where_one_goes_on() -> None:
    assert TEXT.text == "发明专利 包授权\n竖着写的"
    assert PictureText(width=1, height=1).text == ""


@pytest.mark.parametrize(
    ("quote", "box"),
    [
        ("发明专利", (0, 10, 80, 30)),
        ("专利", (40, 10, 80, 30)),
        ("授权", (20, 32, 60, 52)),
        ("专利 包", (0, 10, 80, 52)),
        ("竖着", (300, 100, 320, 140)),
    ],
)
def test_a_quote_has_its_share_of_its_lines(quote: str, box: tuple[int, ...]) -> None:
    start = TEXT.text.index(quote)
    assert TEXT.box_of(start, start + len(quote)) == box


@pytest.mark.parametrize(("start", "end"), [(0, 0), (4, 5), (50, 60)])
def test_where_nothing_stands_there_is_no_box(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="unpack"):
        TEXT.box_of(start, end)
