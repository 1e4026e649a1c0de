"""`lantian archive similar`: who says nearly the same as an exhibit, or shows the same picture, with how like it is.

A likeness is a reason to look, never proof; the judgement is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.text import Text

from console.archive.changes import shortened
from console.archive.indexing import caught_up
from console.output import page, print_json, say
from console.sealing import opened_engine
from console.veiling import Veil, veil
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE
from crawler.items import Entity, Listing
from detectors.near import Likeness, bands
from patrol.platforms import label_of
from storage.similar import Found, Resembling, Similar, Similars

SCREENFUL, MOST = 20, 500
LEAST = 0.6  # below it a text need not share a band with one that is like it
BITS = 64  # of a look


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Like which exhibit, by its pictures or by its text, and from which likeness on."""

    exhibit: str
    by_pictures: bool = False
    least: float = LEAST
    limit: int = SCREENFUL
    by: str = ""


def show_similar(asked: Asked, *, as_json: bool) -> int:
    config = Config.load()
    with opened_engine(config) as engine:
        looks, similars = veil(config, engine, asked.by), Similars(engine)
        if asked.by_pictures:
            found = similars.pictures(asked.exhibit, asked.limit)
        else:
            caught_up(config, engine)
            resembling = Resembling(bands=bands, alike=Likeness, least=asked.least)
            found = similars.texts(asked.exhibit, resembling, asked.limit)
    if as_json:
        print_json(looks.told(_told(asked, found, looks)))
    else:
        _print(asked, found, looks)
    return EXIT_DONE


def _seen(one: Similar, looks: Veil) -> Listing:
    if looks.is_open:
        return one.listing
    contacts = (Entity(kind=kind, value=value, field="", start=0, end=0) for kind, value in one.contacts)
    return looks.knowing(contacts).listing(one.listing)


# -- as JSON ---------------------------------------------------------------------------------------


def _told(asked: Asked, found: Found, looks: Veil) -> dict[str, Any]:
    told: dict[str, Any] = {
        "exhibit": found.exhibit,
        "total": found.total,
        "complete": found.is_whole,
        "similar": [_one_told(asked, one, looks) for one in found.found],
    }
    if asked.by_pictures:
        told["pictures"] = [{"sha256": sha256, "url": looks.text(url)} for sha256, url in found.pictures]
    return told


def _one_told(asked: Asked, one: Similar, looks: Veil) -> dict[str, Any]:
    listing = _seen(one, looks)
    names = ("platform", "seller", "title", "text", "price", "url")
    told = {"exhibit": one.exhibit, "listing": one.listing_key, "same_listing": one.is_same_listing}
    told |= {name: getattr(listing, name) for name in names}
    told |= {"kind": listing.kind.value, "seen_at": one.seen_at.isoformat(), "times": one.times}
    if asked.by_pictures:
        is_same = one.sha256 == one.of
        return told | {"of": one.of, "sha256": one.sha256, "distance": one.distance, "same_bytes": is_same}
    return told | {"likeness": round(one.likeness, 4)}


# -- as people read it -----------------------------------------------------------------------------


def _print(asked: Asked, found: Found, looks: Veil) -> None:
    console = page()
    for place, one in enumerate(found.found, 1):
        console.print(_one_text(place, one, _seen(one, looks), by_pictures=asked.by_pictures))
    if asked.by_pictures and not found.pictures:
        say("这个证据项没有读过的图片。")
        return
    what = "展示同样图片的信息" if asked.by_pictures else "文字相近的版本"
    more = f"，以上是最相近的 {len(found.found)} 个" if len(found.found) < found.total else ""
    say(f"{what}共 {found.total} 个{more}" + ("" if looks.is_open else "（联系方式已遮盖）"))
    if not found.is_whole:
        say(_cut_words(asked))


def _cut_words(asked: Asked) -> str:
    if asked.by_pictures:
        return "没有比完：候选太多，或有图片还没有外观摘要（lantian archive reindex 补上）。"
    return "没有比完：候选太多，只比了最近看见的。"


def _one_text(place: int, one: Similar, listing: Listing, *, by_pictures: bool) -> Text:
    text = Text(f"{place:>3}  ")
    text.append(_likeness_words(one, by_pictures=by_pictures), style="bold red")
    text.append(f"  {label_of(listing.platform)} · {shortened(listing.seller) or '（页面未显示卖家）'}", style="cyan")
    text.append("（同一信息的另一版本）" if one.is_same_listing else "")
    text.append(f"\n     {shortened(listing.title)}  {shortened(listing.price)}")
    seen = f"{clock.in_shanghai(one.seen_at)}（最近），看见 {one.times} 次"
    return text.append(f"\n     证据项 {one.exhibit}  {seen}", style="dim")


def _likeness_words(one: Similar, *, by_pictures: bool) -> str:
    if not by_pictures:
        return "文字相同" if one.likeness >= 1 else f"相近 {one.likeness * 100:.0f}%"
    return "同一图片" if one.sha256 == one.of else f"外观相近（{BITS} 位中 {one.distance} 位不同）"
