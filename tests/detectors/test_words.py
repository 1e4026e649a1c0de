"""Word borders: what is cut out of two words is no word."""

from __future__ import annotations

import pytest

from detectors.words import Borders, load_ordinary

RULE_WORDS = ("包授权", "包下证", "挂证", "撤三", "软著", "包过", "天下证", "下证", "包名")
CROSSING = [
    ("钱包授权成功", "包授权"),
    ("安装包授权", "包授权"),
    ("软件包授权协议", "包授权"),
    ("红包授权", "包授权"),
    ("承包授权", "包授权"),
    ("表情包授权", "包授权"),
    ("打包下证书路径", "包下证"),
    ("留不下证据", "下证"),
    ("向全天下证明", "天下证"),
    ("汇付天下证明", "天下证"),
    ("必须挂证据链", "挂证"),
    ("暂挂证据", "挂证"),
    ("回撤三档", "撤三"),
    ("裁撤三藩疏", "撤三"),
    ("打包过程", "包过"),
    ("打包过来的箱子", "包过"),
    ("面包过期", "包过"),
    ("书包过大", "包过"),
]
WHOLE = [
    ("专利包授权不授权退款", "包授权"),
    ("专利包下证", "包下证"),
    ("专利代理师挂证", "挂证"),
    ("软著加急包过", "包过"),
    ("软著加急包过", "软著"),
]


@pytest.fixture(scope="module")
def borders() -> Borders:
    return Borders(RULE_WORDS, load_ordinary().words)


def stands(borders: Borders, text: str, word: str) -> bool:
    start = text.index(word)
    return all(borders.at_borders(text, start, start + len(word)))


@pytest.mark.parametrize(("text", "word"), CROSSING)
def test_word_across_a_border_is_none(borders: Borders, text: str, word: str) -> None:
    assert not stands(borders, text, word)


@pytest.mark.parametrize(("text", "word"), WHOLE)
def test_rule_word_is_known(borders: Borders, text: str, word: str) -> None:
    assert stands(borders, text, word)


def test_head_of_a_longer_word_is_a_word(borders: Borders) -> None:
    assert stands(borders, "出发明专利署名", "专利署名")


def test_borders_do_not_depend_on_what_stands_far_away(borders: Borders) -> None:
    around = "，专利" + "甲" * 5000
    text = around + "钱包授权" + around
    assert not stands(borders, text, "包授权")


def test_no_cache_file_is_written(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    Borders(["包授权"]).cut("专利包授权")
    assert list(tmp_path.iterdir()) == []
