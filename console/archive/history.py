"""`lantian archive versions`: what a listing said over time and what changed, or all listings of its shop.

What it shows was written down when the page was read; whether the page is whole and sealed, `lantian show` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rich.text import Text

from console.archive.changes import FieldChange, change_text, change_told, field_changes, shortened
from console.output import page, print_json, say
from console.sealing import opened_engine
from console.veiling import Veil, veil
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.items import Entity, Listing
from detectors.difference import Purse
from patrol.platforms import label_of
from storage.versions import CAPTURES, Shop, Version, VersionHistory, Versions

SCREENFUL, MOST = 20, 500  # versions, or listings of a shop
STEPS = 1_000_000  # of comparing, for one answer: some seconds
OF_EACH = 5  # versions of each listing of a shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which exhibit's listing, or its shop; `before` and `after` go on from a page of versions or of listings."""

    exhibit: str
    of_shop: bool = False
    limit: int = SCREENFUL
    before: str = ""
    after: str = ""
    by: str = ""


def show_versions(asked: Asked, *, as_json: bool) -> int:
    if asked.of_shop and asked.before:
        raise UserMistake("--shop 接着上一页用 --after")
    if asked.after and not asked.of_shop:
        raise UserMistake("--after 只和 --shop 一起用；一条信息的更早版本用 --before")
    config = Config.load()
    with opened_engine(config) as engine:
        looks, history, purse = veil(config, engine, asked.by), VersionHistory(engine), Purse(STEPS)
        if asked.of_shop:
            shop = history.shop(asked.exhibit, asked.limit, OF_EACH, asked.after)
            print_json(looks.told(_shop_told(shop, looks, purse))) if as_json else _print_shop(shop, looks, purse)
        else:
            found = history.of(asked.exhibit, asked.limit, asked.before)
            print_json(looks.told(_told(found, looks, purse))) if as_json else _print(found, looks, purse)
    return EXIT_DONE


# -- what changed from one to the next ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A version as it may be seen, and what changed since the one before it, if there is one."""

    version: Version
    listing: Listing
    changes: tuple[FieldChange, ...] | None
    against: str


def _steps(found: Versions, looks: Veil, purse: Purse) -> Iterator[_Step]:
    """The versions, newest first. A contact that one of them names is hidden in all."""
    named = (*found.found, *((found.earlier,) if found.earlier else ()))
    contacts = {pair for one in named for pair in one.contacts}
    looks = looks.knowing(Entity(kind=kind, value=value, field="", start=0, end=0) for kind, value in sorted(contacts))
    seen = [(one, one.listing if looks.is_open else looks.listing(one.listing)) for one in named]
    for (one, shown), (old, shown_old) in pairwise(seen):
        changes = field_changes(old.listing, one.listing, shown_old, shown, purse)
        yield _Step(version=one, listing=shown, changes=changes, against=old.exhibit)
    if seen and not found.earlier:
        yield _Step(version=seen[-1][0], listing=seen[-1][1], changes=None, against="")


# -- as JSON ---------------------------------------------------------------------------------------


def _told(found: Versions, looks: Veil, purse: Purse) -> dict[str, Any]:
    return {
        "listing": found.listing_key,
        "total": found.total,
        "versions": [_step_told(step) for step in _steps(found, looks, purse)],
        "next": found.found[-1].exhibit if found.earlier else None,
    }


def _step_told(step: _Step) -> dict[str, Any]:
    one, listing = step.version, step.listing
    names = ("platform", "title", "text", "price", "seller", "url")
    changes = None if step.changes is None else [change_told(change) for change in step.changes]
    return {
        "number": one.number,
        "exhibit": one.exhibit,
        **{name: getattr(listing, name) for name in names},
        "kind": listing.kind.value,
        "first_seen": one.first_seen.isoformat(),
        "last_seen": one.last_seen.isoformat(),
        "times": one.times,
        "came_back": one.came_back,
        "captures": list(one.captures),
        "against": step.against,
        "changes": changes,
    }


def _shop_told(shop: Shop, looks: Veil, purse: Purse) -> dict[str, Any]:
    return {
        "platform": shop.platform,
        "seller": looks.text(shop.seller),
        "seller_id": looks.text(shop.seller_id),
        "listings": [_told(one, looks, purse) for one in shop.listings],
        "next": shop.listings[-1].listing_key if shop.more else None,
    }


# -- as people read it -----------------------------------------------------------------------------


def _print(found: Versions, looks: Veil, purse: Purse, *, of_shop: bool = False) -> None:
    console = page()
    for step in _steps(found, looks, purse):
        console.print(_step_text(step))
    told = f"共 {found.total} 个版本" + ("" if looks.is_open else "（联系方式已遮盖）")
    if found.earlier:
        last = found.found[-1].exhibit
        told += (
            f"；更早的：lantian archive versions {last}"
            if of_shop
            else f"；更早的：--before {last}，或 --limit 多看几个"
        )
    say(told)


def _step_text(step: _Step) -> Text:
    one, listing = step.version, step.listing
    text = Text(f"第 {one.number} 版  ", style="bold")
    text.append(f"{label_of(listing.platform)} · {shortened(listing.seller) or '（页面未显示卖家）'}", "cyan")
    text.append(f"  {_when(one)}\n", "")
    if step.changes is None:
        price = f"  价格：{shortened(listing.price)}" if listing.price else ""
        told = (f"标题：{shortened(listing.title)}{price}", shortened(listing.text))
        lines = [Text(line) for line in told if line]
    else:
        lines = [change_text(change) for change in step.changes] or [Text("看得出的文字没有改动")]
    text.append(Text("\n").join(Text("  ").append(line) for line in lines))
    return text.append(f"\n  证据项 {one.exhibit}  {_kept(one)}", style="dim")


def _kept(one: Version) -> str:
    number = len(one.captures)
    several = f" 等 {number} 份{'以上' if number == CAPTURES else ''}" if number > 1 else ""
    return f"固定 {one.captures[0][:8]}{several}"


def _when(one: Version) -> str:
    first, last = clock.in_shanghai(one.first_seen), clock.in_shanghai(one.last_seen)
    span = first if first == last else f"{first} 至 {last}"
    return f"{span}，看见 {one.times} 次" + ("，其间换过别的版本" if one.came_back else "")


def _print_shop(shop: Shop, looks: Veil, purse: Purse) -> None:
    who = shortened(looks.text(shop.seller)) or "（页面未显示卖家，只有这一条信息）"
    page().print(Text(f"{label_of(shop.platform)} · {who}", style="bold"))
    for one in shop.listings:
        _print(one, looks, purse, of_shop=True)
    if shop.more:
        say(f"这家店还有别的信息：--after {shop.listings[-1].listing_key}，或 --limit 多看几条")
