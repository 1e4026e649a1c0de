"""Canonical views: every view character points at the original characters it came from."""

from __future__ import annotations

import time
from random import Random

import pytest
from examples import listing, screen

from benchmarks.evasions import disguise
from crawler.items import Kind
from detectors.glyphs import load_glyphs
from detectors.normal import RADICALS, canonical, fold, is_pinyin, probe, squeezed

PLANTED = [
    ("包授权", "guaranteed_grant", "发明专利{} 全国受理"),
    ("保下证", "guaranteed_grant", "软著加急 {} 快"),
    ("绿色通道", "green_channel", "专利申请{}办理"),
    ("内部渠道", "green_channel", "专利加急 {} 速来"),
    ("挂名", "inventor_listing", "发明专利发明人{} 有名额"),
    ("第一发明人", "inventor_listing", "专利{}出售 有名额"),
    ("官方", "official_impersonation", "国家知识产权局{}申请平台"),
]
ALPHABET = (
    "包授权钱打下证挂名發壹軟著专利aBＣ①㈱(fā)（quán） 　.·*，。！\n\u200b\u0301🔥扌受木又讠正"
    "囗玉宀女аάɡⒶ🅰𝐚?\ufffd\ue000"
)
# What folding and squeezing alone undo; the other ways are heard, see test_sound.py.
WAYS = "spaced dotted marked emoji invisible struck boxed downwards traditional bracketed".split()


def seen(text: str) -> str:
    return squeezed(canonical(text)).text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("發(fā)明人掛名", "发明人挂名"),
        ("第壹發明人", "第一发明人"),
        ("知識產(chǎn)權(quán)", "知识产权"),
        ("包 授 权", "包授权"),
        ("包-授🔥权", "包授权"),
        ("包!授!权", "包授权"),
        ("包\n授\n权", "包授权"),
        ("包\u200b授\ufeff权", "包授权"),
        ("包\u0336授\u0336权", "包授权"),
        ("包扌受权", "包授权"),
        ("讠正书", "证书"),
        ("ＶＩＰ通道", "vip通道"),
        ("第①發明人", "第1发明人"),
        ("⼈民", "人民"),
        ("軟著與著作權", "软著与著作权"),
        ("隨著", "随着"),
        ("專著", "专著"),
        ("权(pct)", "权pct"),
        ("發\u200b(fā)(fā)明", "发明"),
        ("發⒜明", "发明"),
        ("成 (chéng)功 (gōng)率", "成功率"),
        ("发(fa1)明", "发明"),
        ("发(fɑ)明", "发明"),
        ("第贰发明人", "第二发明人"),
        ("bао过", "bao过"),
        ("ＢＡＯ过", "bao过"),
        ("ⓑⓐⓞ过", "bao过"),
        ("🅑🅐🅞过", "bao过"),
        ("ʙᴀᴏ过", "bao过"),
        ("讠平职禾尔", "评职禾尔"),
        ("宀女全", "安全"),
        ("囗玉家", "国家"),
        ("软·著", "软著"),
        ("著 作 权", "著作权"),
        ("瘝艹者轮", "瘝着轮"),
        ("随 著", "随着"),
    ],
)
def test_squeezed_text(written: str, read: str) -> None:
    assert seen(written) == read


@pytest.mark.parametrize(
    "written", ["打包。授权", "打包！授权", "打包\n授权", "打包，授权", "打包；授权", "打包：授权"]
)
def test_nothing_joins_across_a_mark(written: str) -> None:
    assert "包授权" not in seen(written)


@pytest.mark.parametrize(
    ("latin", "is_one"), [("fa", True), ("quan", True), ("lü", True), ("pct", False), ("ok", False)]
)
def test_pinyin_is_told_from_other_letters(latin: str, is_one: bool) -> None:
    assert is_pinyin(latin) is is_one


def random_text(random: Random) -> str:
    return "".join(random.choice(ALPHABET) for _ in range(random.randrange(1, 40)))


def test_map_is_exact_and_normalising_idempotent() -> None:
    random = Random(7)
    for _ in range(2000):
        text = random_text(random)
        whole = canonical(text)
        for view in (whole, squeezed(whole)):
            assert len(view.text) == len(view.starts) == len(view.ends)
            assert all(0 <= start < end <= len(text) for start, end in zip(view.starts, view.ends, strict=True))
            assert list(view.starts) == sorted(view.starts)
            assert list(view.ends) == sorted(view.ends)
        assert canonical(whole.text).text == whole.text
        assert seen(seen(text)) == seen(text)


# Where folding does most: marks, radicals, half surrogates, compatibility forms, letters of mathematics, emoji, tags.
BLOCKS = (
    (0, 0x110000), (0, 0x250), (0x300, 0x370), (0x2000, 0x2100), (0x2E80, 0x3100), (0x4E00, 0xA000), (0xD800, 0xE000),
    (0xF900, 0xFB00), (0xFE00, 0x10000), (0x1D400, 0x1D800), (0x1F000, 0x1FA00), (0x20000, 0x2FA20), (0xE0000, 0xE0200),
)  # fmt: skip
PARTS = sorted({part for several in load_glyphs().splits.values() for part in several} | {"艹者", "(fa)", "（quán）"})


def unicode_text(random: Random) -> str:
    blocks = random.sample(BLOCKS, 2)
    choices = (lambda: chr(random.randrange(*random.choice(blocks))), lambda: random.choice([*PARTS, *ALPHABET]))
    return "".join(random.choice(choices)() for _ in range(random.randrange(1, 40)))


@pytest.mark.parametrize("seed", [1, 2])
def test_any_unicode_keeps_its_map_and_folds_once(seed: int, is_torture: bool) -> None:
    random, seen_so_far = Random(seed), 0
    while seen_so_far < (1_000_000 if is_torture else 50_000):
        text = unicode_text(random)
        seen_so_far += len(text)
        whole = canonical(text)
        view = squeezed(whole)
        assert canonical(whole.text).text == whole.text, ascii(text)
        assert seen(view.text) == view.text, ascii(text)
        for one, start, end in zip(view.text, view.starts, view.ends, strict=True):
            assert 0 <= start < end <= len(text)
            assert one in canonical(text[start:end]).text + "着著", ascii(text)
        assert list(view.starts) == sorted(view.starts)


def test_folding_twice_changes_nothing() -> None:
    for code in (*range(0x20000), *range(0x2F800, 0x2FA20), *range(0xE0000, 0xE0200)):
        folded = fold(chr(code))
        assert "".join(fold(one) for one in folded) == folded, hex(code)


@pytest.mark.parametrize(
    "piece",
    ["包", "\u200b", "(", "（fā）", "(a", "包 (", "包\u0301\u0301", "扌受", "囗玉", "包\n", "[包]", "著", "❤️", "？"],
)
def test_views_take_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        begun = time.process_time()
        probe(text)
        squeezed(canonical(text))
        return time.process_time() - begun

    # Four times the text; its square would be sixteen. The better of two, for whoever else uses the machine.
    short, long = (min(seconds(size) for _ in range(2)) for size in (300_000, 1_200_000))
    assert long < 12 * max(short, 0.05)


def test_map_points_at_the_character_itself() -> None:
    text = "看:發(fā)\u200b明·人🔥掛名"
    view = squeezed(canonical(text))
    assert view.text == "看：发明人挂名"
    start, end = view.span(2, 5)
    assert text[start:end] == "發(fā)\u200b明·人"


def test_probe_holds_whatever_the_exact_view_holds() -> None:
    random = Random(11)
    for word, _, _ in PLANTED:
        for way in WAYS:
            written = f"前文{disguise(word, way, random)}后文"
            letters = "".join(one for one in seen(written) if one.isalnum())
            if not any(one in written for one in RADICALS):
                assert letters == probe(written)


@pytest.mark.parametrize("way", WAYS)
def test_disguises_are_seen_through_and_quoted_verbatim(way) -> None:
    random = Random(way)
    for word, category, frame in PLANTED:
        for _ in range(5):
            disguised = disguise(word, way, random)
            title = frame.format(disguised)
            findings = [
                one for one in screen().judge(listing(title=title, kind=Kind.PRODUCT)) if one.category == category
            ]
            assert findings, title
            start = title.index(disguised)
            for finding in findings:
                assert finding.quote == title[finding.start : finding.end]
                assert finding.start <= start, title
                assert start + len(disguised) <= finding.end, title


@pytest.mark.parametrize(
    "title",
    [
        "专利 钱 包 授 权 教程",
        "专利管理 钱包shou权",
        "专利 web授权 平台",
        "专利 taobao授权",
        "打包。授权专利",
        "钱·包·授·权 专利",
        "专利 表情包(bāo)授权",
    ],
)
def test_disguise_of_two_words_is_no_disguise(title: str) -> None:
    assert screen().judge(listing(title=title, kind=Kind.PRODUCT)) == ()


@pytest.mark.parametrize(
    "piece",
    [
        "包",
        "\u200b",
        "(",
        "（fā）",
        "發(fā)",
        "包\n",
        "包!",
        "扌受",
        "“",
        "包授权",
        "专利包授权，",
        "不授权",
        "有限公司",
        "1",
        "a@",
    ],
)
def test_no_input_takes_more_than_linear_time(piece: str) -> None:
    times = []
    for size in (20_000, 200_000):
        shown = listing(piece * (size // len(piece)))
        screen().judge(shown)
        begun = time.process_time()
        screen().judge(shown)
        screen().entities(shown)
        times.append(time.process_time() - begun)
    assert times[1] < 60 * max(times[0], 0.01)  # ten times the text; its square would be a hundred
