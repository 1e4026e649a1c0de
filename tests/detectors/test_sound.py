"""Words are heard in whatever disguise, quoted exactly, and not heard in ordinary text."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from random import Random

import pytest
from examples import lines

from benchmarks.evasions import WAYS, disguise
from crawler.errors import RuleInvalid
from detectors.glyphs import load_glyphs
from detectors.normal import RADICALS, canonical, probe, squeezed
from detectors.sound import WEIGHED_AT_MOST, Sound, load_habits
from detectors.words import Borders

WORDS = """包授权 包下证 保授权 包通过 包过 授权 下证 退款 全额退款 不成功退款 担保注册 绿色通道 内部渠道 加急 渠道
通道 官方 官方指定 国知局 知识产权局 专利局 商标局 受理窗口 发明人 第一发明人 挂名 署名 挂证 专利代理 代理机构
借用资质 批量申请 非正常申请 评职称专利 恶意抢注 批量囤标 匿名撤三 专利 商标 证书 软著 承诺授权""".split()
# Of a look-alike nobody can hold the whole table; of swapped neighbours some are words of their own (保证下).
AT_LEAST = dict.fromkeys(WAYS, 0.93) | {"lookalike": 0.75, "swapped": 0.85}
LABELLED = Path(__file__).parent / "labelled"


@cache
def borders() -> Borders:
    return Borders(WORDS)


@cache
def sound() -> Sound:
    return Sound(WORDS, borders())


def heard(text: str) -> set[tuple[str, str]]:
    """Words with the very characters of the text they are heard in."""
    view = squeezed(canonical(text))

    def dropped(place: int) -> str:
        return text[view.ends[place - 1] : view.starts[place]]

    found = set()
    for word, start, end in sound().places(view.text, dropped):
        low, high = view.span(start, end)
        found.add((word, text[low:high]))
    return found


@pytest.mark.parametrize(
    ("text", "word", "quote"),
    [
        ("发明专利包手全，价格优惠", "包授权", "包手全"),
        ("发明专利包shou权", "包授权", "包shou权"),
        ("专利 baoshouquan 咨询", "包授权", "baoshouquan"),
        ("包授q，专利", "包授权", "包授q"),
        ("专利包 Ｓ权", "包授权", "包 Ｓ权"),
        ("专利包授木又", "包授权", "包授木又"),
        ("专利包手受权", "包授权", "包手受权"),
        ("专利笣授权", "包授权", "笣授权"),
        ("专利包授杈", "包授权", "包授杈"),
        ("发fa明ming人ren", "发明人", "发fa明ming人ren"),
        ("fa发ming明ren人", "发明人", "fa发ming明ren人"),
        ("专利绿?通道", "绿色通道", "绿?通道"),
        ("专利绿\ufffd通道", "绿色通道", "绿\ufffd通道"),
        ("专利绿\ue5d1通道", "绿色通道", "绿\ue5d1通道"),
        ("专利绿*通道", "绿色通道", "绿*通道"),
        ("专利绿某通道", "绿色通道", "绿某通道"),
        ("专利绿麢通道", "绿色通道", "绿麢通道"),
        ("专利驴色通道", "绿色通道", "驴色通道"),
        ("专利绿色通到", "绿色通道", "绿色通到"),
        ("第①發明人", "第一发明人", "第①發明人"),
        ("专利桂名", "挂名", "桂名"),
        ("国知口网站", "国知局", "国知口"),
        ("包权授专利", "包授权", "包权授"),
        ("专利署理", "专利代理", "专利署理"),
        ("专利署理，允许授权", "承诺授权", "允许授权"),
    ],
)
def test_a_disguised_word_is_heard(text: str, word: str, quote: str) -> None:
    assert (word, quote) in heard(text)
    assert word in sound().guesses(probe(text), text)
    assert sound().may(probe(text), text)


@pytest.mark.parametrize(
    "text",
    [
        "我们沟通到位", "双手全部打开", "打包收全款", "由官方制定的标准", "做专利代理是要资质的", "发明专利已下证",
        "本人授权他人", "本web授权", "驰名商标与著名商标", "商品包裹", "允许授权他人", "绿通道", "发人深省",
        "商标具有显著性",
        "他的专利肩负重任", "专利传播", "包邮到家", "通过预审", "以下正文", "书证与物证", "权授予谁", "lvsetongdaoa",
        "http://xguanfang.example",
    ],
)  # fmt: skip
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert heard(text) == set()


def test_without_a_dictionary_ordinary_text_is_heard() -> None:
    assert Sound(WORDS).places("打保收全部款") != []
    assert sound().places("打保收全部款") == []


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_seen_through_and_quoted_verbatim(way: str) -> None:
    random = Random(way)
    tried = found = 0
    for word in WORDS:
        for frame in ("专利申请，{}，快速办理", "{}", "本店{}服务"):
            written = disguise(word, way, random)
            if written == word:
                continue
            text, tried = frame.format(written), tried + 1
            plain = squeezed(canonical(text)).text
            quotes = [quote for said, quote in heard(text) if said == word]
            found += word in plain or bool(quotes)
            if quotes and word not in plain:
                assert word in sound().guesses(probe(text), text), text
                # A bracket around the first or last character is the caller's to take along.
                assert way == "boxed" or any(written in quote for quote in quotes), (text, quotes)
    assert tried == 0 or found >= AT_LEAST[way] * tried


def test_our_innocents_hold_no_disguise() -> None:
    texts = [" ".join(line.split("\t")[2:4]) for line in lines(LABELLED / "innocents.tsv")]
    told = {text: found for text in texts if (found := heard(text))}
    assert len(told) <= len(texts) // 100, told


def test_the_first_look_misses_nothing() -> None:
    random, missed = Random(5), []
    for _ in range(1500):
        text = "".join(disguise(word, random.choice(list(WAYS)), random) for word in random.sample(WORDS, 3))
        words = {said for said, _ in heard(text)}
        joins = not set(RADICALS).isdisjoint(text)
        missed += [text] if words - sound().guesses(probe(text), text) and not joins else []
    assert missed == []


@pytest.mark.parametrize("piece", ["包手全", "包", "包s", "包?权", "bao", "专利", "授", "𠀀", "绿麢", "木又"])
def test_hearing_takes_linear_time(piece: str) -> None:
    times = []
    for size in (100_000, 400_000):
        text = piece * (size // len(piece))
        begun = time.process_time()
        sound().guesses(text, text)
        sound().places(text)
        times.append(time.process_time() - begun)
    assert times[1] < 10 * max(times[0], 0.1)  # four times the text; its square would be sixteen


def test_a_hostile_text_is_not_weighed_to_its_end() -> None:
    assert 0 < len(sound().places("包手全，" * (2 * WEIGHED_AT_MOST))) <= WEIGHED_AT_MOST


def test_a_first_look_costs_little() -> None:
    text = probe(
        "男鞋夏季透气网面运动鞋，轻便防滑跑步鞋，品牌正品，顺丰包邮，七天无理由退货，支持分期，学生党爆款。" * 6
    )
    begun = time.process_time()
    for _ in range(2000):
        sound().may(text)
    first_look = time.process_time() - begun
    begun = time.process_time()
    for _ in range(20):
        borders().cut(text)
    assert 20 * first_look < 100 * (time.process_time() - begun)


def test_unknown_habits_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "habits.toml"
    file.write_text('particles = "的"\nhabit = 1\n[spun]\n[spun_beside]\n', encoding="utf-8")
    with pytest.raises(RuleInvalid, match="habit"):
        load_habits(file)


def test_split_characters_are_told_apart() -> None:
    glyphs = load_glyphs()
    several = [parts for character in glyphs.splits for parts in glyphs.splits[character]]
    assert len(set(several)) == len(several)
    assert all(len(character) == 1 for character in (*glyphs.splits, *glyphs.looks))
    assert all(glyphs.sounds[character] for character in glyphs.splits)
