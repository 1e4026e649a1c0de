"""Letters are read as characters of any rule word, from the text and not from a list of spellings."""

from __future__ import annotations

import time

import pytest

from detectors.latin import Latin

WORDS = ("包授权", "保授权", "授权", "内部渠道", "绿色通道", "发明人挂名", "专利", "不成功", "下证", "包过", "r标")
LATIN = Latin(WORDS)


@pytest.mark.parametrize(
    ("text", "word", "surface"),
    [
        ("专利包shou权", "包授权", "包shou权"),
        ("包shouquan", "包授权", "包shouquan"),
        ("内b渠道", "内部渠道", "内b渠道"),
        ("lv色通道", "绿色通道", "lv色通道"),
        ("lu色通道", "绿色通道", "lu色通道"),
        ("发明人guaming", "发明人挂名", "发明人guaming"),
        ("zhuan利", "专利", "zhuan利"),
        ("不成gong", "不成功", "不成gong"),
    ],
)
def test_letters_are_read_as_characters(text: str, word: str, surface: str) -> None:
    found = {(one, text[start:end]) for one, start, end in LATIN.places(text)}
    assert (word, surface) in found


@pytest.mark.parametrize("text", ["我的app授权", "web授权书", "b过", "guaming", "shouquan", "包x权", "vip专享"])
def test_other_letters_are_left_alone(text: str) -> None:
    words = {one for one, start, end in LATIN.places(text) if any("a" <= c <= "z" for c in text[start:end])}
    assert words == set()


def test_many_letters_cost_no_more_than_their_number() -> None:
    def seconds(text: str) -> float:
        begun = time.process_time()
        LATIN.places(text)
        return time.process_time() - begun

    seconds("包shou权" * 100)
    # Four times the text; its square would be sixteen. The best of three, for whoever else uses the machine.
    short, long = (min(seconds("包shou权" * size) for _ in range(3)) for size in (10_000, 40_000))
    assert long < 12 * max(short, 0.05)
