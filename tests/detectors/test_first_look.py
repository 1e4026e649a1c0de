"""The first look never changes a finding: with it and without it, over texts made of labelled ones, many disguised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from examples import listing, screen

from benchmarks.evasions import WAYS, disguise
from benchmarks.labelled import Labelled, own
from crawler.items import Listing

SEED = 20261120
IN_CI, IN_TORTURE = 1_500, 100_000
FILLER = ("您好", "机械加工", "【新】", "。", "，", " ", "🔥", "abc", "2026", "包", "不", "全国", "企业", "\n")


def made(count: int) -> Iterator[Listing]:
    """Labelled texts, whole or cut up and mixed; the offending words of every third are disguised."""
    chance = Random(SEED)
    texts = own("dev")
    guilty = [one for one in texts if one.planted]
    for number in range(count):
        one = chance.choice(guilty if number % 3 == 0 else texts)
        shown = hidden(one, chance) if number % 3 == 0 else one.listing
        if number % 2:
            shown = replace(shown, text=mixed(shown.text, chance.choice(texts).listing.text, chance))
        yield shown


def hidden(one: Labelled, chance: Random) -> Listing:
    written = disguise(one.planted, chance.choice(list(WAYS)), chance)
    title, text = (field.replace(one.planted, written) for field in (one.listing.title, one.listing.text))
    return replace(one.listing, title=title, text=text)


def mixed(one: str, other: str, chance: Random) -> str:
    pieces = [piece for text in (one, other) for piece in cut(text, chance)] + chance.sample(FILLER, 4)
    chance.shuffle(pieces)
    return "".join(pieces)


def cut(text: str, chance: Random) -> list[str]:
    places = sorted(chance.sample(range(len(text) + 1), min(3, len(text))))
    return [text[low:high] for low, high in zip([0, *places], [*places, len(text)], strict=True)]


def test_the_first_look_never_changes_a_finding(is_torture: bool) -> None:
    judge, flagged = screen(), 0
    for shown in made(IN_TORTURE if is_torture else IN_CI):
        quick = judge.judge(shown)
        slow = [one for one in judge.weigh(shown) if one.points >= one.needs]
        assert [(one.rule, one.points, one.start) for one in quick] == [
            (one.rule, one.points, one.start) for one in slow
        ], (shown.title, shown.text)
        flagged += bool(slow)
    assert flagged > IN_CI // 10


def test_most_ordinary_texts_go_no_further() -> None:
    ordinary = (
        "春季新款女鞋，真皮软底，七天无理由退换。",
        "本店经营五金工具，量大从优。",
        "明天下午三点开会，请准时。",
    )
    assert screen().weigh(listing("".join(ordinary))) == ()


def test_letters_before_a_mark_are_not_joined_to_those_behind_it() -> None:
    shown = listing("财税公司办专li，abc农业类的专li，没交年费前便宜处理，职称用过没问题，300一个打包")
    assert [one.rule for one in screen().judge(shown)] == [
        one.rule for one in screen().weigh(shown) if one.points >= one.needs
    ]
