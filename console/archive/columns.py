"""What an exported exhibit is told by, column by column, as whoever exports may see it; no file is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from casework.actors.words import CONTACT_WORDS
from casework.masking import CONTACTS, masked_value
from console.output import CATEGORY_WORDS
from console.sealing import STATE_WORDS as SEAL_WORDS
from console.veiling import Veil
from crawler.clock import in_shanghai
from crawler.items import Entity, Kind
from patrol.platforms import label_of
from storage.cases.moves import STATE_WORDS, State
from storage.seal import SealState
from storage.searching.shapes import Hit
from storage.warc import date

Value = str | int
KIND_WORDS = {
    Kind.AD: "广告",
    Kind.RESULT: "搜索结果",
    Kind.PRODUCT: "商品",
    Kind.SHOP: "店铺",
    Kind.POST: "帖子",
    Kind.ARTICLE: "文章",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """One exhibit that may leave: what was found, the digest of its page and how well that is sealed."""

    hit: Hit
    sha256: str
    seal: SealState
    is_specimen: bool
    is_claimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its name in JSON and what it holds there, its Chinese name and what a cell holds, its width."""

    name: str
    head: str
    width: int
    told: Callable[[Leaving], Any]
    cell: Callable[[Leaving], Value]


def _same(name: str, head: str, width: int, told: Callable[[Leaving], Value]) -> Column:
    return Column(name=name, head=head, width=width, told=told, cell=told)


def _of_listing(name: str, head: str, width: int) -> Column:
    return _same(name, head, width, lambda one: getattr(one.hit.listing, name))


def _yes(is_so: bool) -> str:
    return "是" if is_so else ""


def _state_words(state: str) -> str:
    return STATE_WORDS[State(state)] if state else ""


def _entities_words(entities: Sequence[tuple[str, str]]) -> str:
    return "；".join(f"{CONTACT_WORDS.get(kind, kind)} {value}" for kind, value in entities)


COLUMNS = (
    _same("exhibit", "证据项", 20, lambda one: one.hit.exhibit),
    Column(
        name="seen_at",
        head="看见时间（北京时间）",
        width=20,
        told=lambda one: date(one.hit.seen_at),
        cell=lambda one: in_shanghai(one.hit.seen_at),
    ),
    Column(
        name="platform",
        head="平台",
        width=10,
        told=lambda one: one.hit.listing.platform,
        cell=lambda one: label_of(one.hit.listing.platform),
    ),
    Column(
        name="kind",
        head="类型",
        width=10,
        told=lambda one: one.hit.listing.kind.value,
        cell=lambda one: KIND_WORDS[one.hit.listing.kind],
    ),
    Column(
        name="is_ad",
        head="广告",
        width=6,
        told=lambda one: one.hit.listing.is_ad,
        cell=lambda one: _yes(one.hit.listing.is_ad),
    ),
    _of_listing("position", "位置", 6),
    _of_listing("title", "标题", 40),
    _of_listing("text", "正文", 60),
    _of_listing("seller", "卖家", 24),
    _of_listing("seller_id", "卖家编号", 16),
    _of_listing("item_id", "商品编号", 16),
    _of_listing("price", "价格", 12),
    _of_listing("url", "网址", 40),
    _of_listing("display_url", "显示网址", 24),
    Column(
        name="categories",
        head="类别（涉嫌）",
        width=20,
        told=lambda one: list(one.hit.categories),
        cell=lambda one: "、".join(CATEGORY_WORDS.get(name, name) for name in one.hit.categories),
    ),
    Column(
        name="rules",
        head="规则",
        width=24,
        told=lambda one: list(one.hit.rules),
        cell=lambda one: "、".join(one.hit.rules),
    ),
    _same("points", "分数", 6, lambda one: one.hit.points),
    _same("lead", "线索", 14, lambda one: one.hit.lead),
    Column(
        name="state",
        head="线索状态",
        width=12,
        told=lambda one: one.hit.state,
        cell=lambda one: _state_words(one.hit.state),
    ),
    _same("actor", "主体", 10, lambda one: one.hit.actor),
    _same("actor_name", "主体名称", 24, lambda one: one.hit.actor_name),
    _same("place", "地区", 10, lambda one: one.hit.place),
    Column(
        name="picture_texts",
        head="图片文字",
        width=40,
        told=lambda one: list(one.hit.picture_texts),
        cell=lambda one: "\n".join(one.hit.picture_texts),
    ),
    Column(
        name="entities",
        head="联系方式和名称",
        width=30,
        told=lambda one: [list(pair) for pair in one.hit.entities],
        cell=lambda one: _entities_words(one.hit.entities),
    ),
    _same("listing", "信息", 20, lambda one: one.hit.listing_key),
    _same("run", "查询", 20, lambda one: one.hit.run),
    _same("capture", "固定", 38, lambda one: one.hit.capture),
    _same("sha256", "固定的 SHA-256", 66, lambda one: one.sha256),
    Column(
        name="seal",
        head="封存",
        width=20,
        told=lambda one: one.seal.state.value,
        cell=lambda one: SEAL_WORDS[one.seal.state],
    ),
    _same("manifest", "清单", 8, lambda one: one.seal.number),
    Column(
        name="specimen",
        head="样本网（非真实平台）",
        width=8,
        told=lambda one: one.is_specimen,
        cell=lambda one: _yes(one.is_specimen),
    ),
    Column(
        name="imported",
        head="由人导入（网址、时间为据称）",
        width=8,
        told=lambda one: one.is_claimed,
        cell=lambda one: _yes(one.is_claimed),
    ),
)


_REMEMBERED = 2_000  # characters: what is longer would fill the memory


class Masks:
    """Hides contacts as the veil has it; what is seen again and again is worked out once."""

    def __init__(self, veil: Veil) -> None:
        self._veil = veil
        self._remembered = lru_cache(maxsize=4096)(self._mask)

    @property
    def is_open(self) -> bool:
        """Whether nothing is hidden."""
        return self._veil.is_open

    def hit(self, hit: Hit) -> Hit:
        """The same, with every contact hidden where that is due."""
        if self.is_open:
            return hit
        known = tuple(value for kind, value in hit.entities if kind in CONTACTS)
        listing = hit.listing
        names = ("title", "text", "seller", "seller_id", "item_id", "url", "display_url", "price")
        spoken: dict[str, Any] = {name: self._masked(getattr(listing, name), known) for name in names}
        return replace(
            hit,
            listing=replace(listing, **spoken),
            actor_name=self._masked(hit.actor_name, known),
            picture_texts=tuple(self._masked(one, known) for one in hit.picture_texts),
            entities=tuple((kind, self._value(kind, value, known)) for kind, value in hit.entities),
        )

    def _value(self, kind: str, value: str, known: tuple[str, ...]) -> str:
        return masked_value(kind, value) if kind in CONTACTS else self._masked(value, known)

    def _masked(self, text: str, known: tuple[str, ...]) -> str:
        return self._remembered(text, known) if len(text) <= _REMEMBERED else self._mask(text, known)

    def _mask(self, text: str, known: tuple[str, ...]) -> str:
        entities = (Entity(kind=CONTACTS[0], value=one, field="", start=0, end=0) for one in known)
        return self._veil.knowing(entities).text(text)
