"""Quotes are verbatim, short, and cover the words they are about, however those are disguised."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from examples import listing, screen

from benchmarks.evasions import WAYS, disguise
from benchmarks.labelled import own
from crawler.items import Finding, Kind, Listing
from detectors.normal import canonical, squeezed
from detectors.phrase import Place
from detectors.quote import QUOTE_AT_MOST, quoted_span, with_brackets

PLANTED = ("包授权", "包下证", "第一发明人", "内部渠道", "发明人挂名", "专利代理师挂证")
FRAMES = (
    "发明专利{} 有名额 加微信",
    "专利代办：{}，速来咨询，",
    "【专利】{}【加急】名额不多",
    "全国可办\n专利{}转让\n名额有限，联系电话",
)
SPLINTERS = (
    "\u200d", "\u200b\u200b\u200b", "\ufe0f", "\u202e", "\u0301\u0301\u0301", "🔥", "👨\u200d👩\u200d👧\u200d👦",
    "❤️\u200d🔥", "🇨🇳", "👉🏻", "\ud83d", "\U000e0100", "·" * 6, " " * 9, "\u3000\u200b\u2003", "*", "-", "~~",
    "\u2067", "🧑\u200d💻", "\t", "++",
)  # fmt: skip
BOXES = ("「{}」", "（{}）", "「「{}」」", "【（{}）】", "<{}>", "『{}』", "“{}”", "[ {} ]")


def splintered(word: str, random: Random) -> str:
    """Worse than the usual ways: something else at every joint, or boxes in boxes."""
    if random.random() < 0.5:
        place = random.randrange(len(word))
        return word[:place] + random.choice(BOXES).format(word[place]) + word[place + 1 :]
    return "".join(one + random.choice(SPLINTERS) for one in word[:-1]) + word[-1]


def is_verbatim(finding: Finding, shown: Listing) -> bool:
    value = getattr(shown, finding.field)
    return 0 < len(finding.quote) <= QUOTE_AT_MOST and finding.quote == value[finding.start : finding.end]


@pytest.mark.parametrize("seed", range(4))
def test_splinters_are_quoted_whole(seed: int) -> None:
    random, found = Random(seed), 0
    for _ in range(150):
        written = splintered(random.choice(PLANTED), random)
        text = random.choice(FRAMES).format(written)
        start = text.index(written)
        shown = listing(text, kind=Kind.PRODUCT)
        findings = screen().judge(shown)
        assert all(is_verbatim(finding, shown) for finding in findings)
        if findings:
            found += 1
            assert any(one.start <= start and start + len(written) <= one.end for one in findings), ascii(text)
    assert found > 100


def test_labelled_texts_in_random_disguises_are_quoted_verbatim(is_torture: bool) -> None:
    random, counts = Random(9), {"found": 0, "covered": 0}
    guilty = [one for one in own("dev") if 0 < len(one.planted) <= 40]
    for _ in range(6000 if is_torture else 600):
        one = random.choice(guilty)
        written = disguise(one.planted, random.choice(list(WAYS)), random)
        title, text = (field.replace(one.planted, written) for field in (one.listing.title, one.listing.text))
        shown = replace(one.listing, title=title, text=text)
        findings = [finding for finding in screen().judge(shown) if finding.category in one.labels]
        assert all(is_verbatim(finding, shown) for finding in findings)
        counts["found"] += bool(findings)
        counts["covered"] += any(written in finding.quote for finding in findings)
    # What is not covered stands in another field, or another offence of the same text is the graver one.
    assert counts["covered"] > 0.85 * counts["found"] > 250


def span_of(whole: str, word: str, field: tuple[int, int] | None = None) -> str:
    view = squeezed(canonical(whole))
    start = view.text.index(word)
    low, high = quoted_span(whole, view, Place(start, start + len(word)), (), field or (0, len(whole)))
    return whole[low:high]


def test_the_sentence_is_quoted_when_it_is_short() -> None:
    assert span_of("您好。专利（包）过，不过退款！再见", "包过") == "专利（包）过，不过退款"


def test_of_a_long_sentence_whole_pieces_are_quoted() -> None:
    quote = span_of("甲" * 50 + "，乙乙乙，包过，丙丙丙，" + "丁" * 70, "包过")
    assert quote == "甲" * 50 + "，乙乙乙，包过，丙丙丙"


def test_nothing_beyond_the_field_is_quoted() -> None:
    assert span_of("标题\n包\n过\n卖家", "包", (3, 4)) == "包"


def test_a_character_is_not_torn_from_its_marks() -> None:
    assert span_of("包过\u0336\u200d。", "包过") == "包过\u0336\u200d"


@pytest.mark.parametrize(
    ("whole", "inner", "closed"),
    [
        ("看（包）过", "包）过", "（包）过"),
        ("看【（包）】过", "包）】过", "【（包）】过"),
        ("挂「名」吧", "挂「名", "挂「名」"),
        ("看)包(", "包", "包"),
        ("（看）包（过）", "包（过", "包（过）"),
    ],
)
def test_a_bracket_takes_its_partner_along(whole: str, inner: str, closed: str) -> None:
    start = whole.index(inner)
    low, high = with_brackets(whole, start, start + len(inner))
    assert whole[low:high] == closed
