"""Evidence as a letter shows it: every capture of an exhibit read again and sealed, or the letter is refused by name.

Invented pages go into no letter of a real home; what only trial rules say, or only a file claims, into none at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from casework.law_words import PlaceKind
from casework.lawbook.facts import facts_seen
from casework.letters.content import Content, LeadIn, PictureIn
from casework.letters.letter import Picture
from casework.letters.matters import Shown
from casework.letters.refusing import Complaints
from casework.papers.paper_facts import ChainHead
from console.cases import law_asked
from console.choosing import Choosing
from console.demo import MARK
from console.extraction_facts import chain_of
from console.files import platform
from console.output import CATEGORY_WORDS
from console.package_facts import Chosen, Kept, is_specimen, kept_file
from console.sealing import STATE_WORDS, sealer_of
from crawler.captures import PictureVerdict
from crawler.config import TOOL, Config
from crawler.errors import EvidenceBroken, UserMistake
from crawler.items import Kind as ListingKind
from crawler.items import Listing
from storage.archive import FolderArchive
from storage.exhibits import ExhibitStore
from storage.handover import open_elsewhere
from storage.rows import captures_of

LISTED = ("page", "redirect", "image", "picture", "old picture", "original")  # the rest lies in the package
ACTIVE = "active"
SEARCHED = (ListingKind.AD, ListingKind.RESULT)


def is_specimen_home(config: Config) -> bool:
    """Whether this home is for trying things out: marked by the demo, or led to an invented web."""
    return bool(config.hosts) or (Path(config.home) / MARK).is_file()


class Evidence:
    """The evidence of one home; each exhibit is looked through once."""

    def __init__(self, config: Config, store: ExhibitStore) -> None:
        self._config, self._store = config, store
        self._archive = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config))
        self._sealer = sealer_of(config, store.engine)
        self._choosing = Choosing(config, store, self._archive, self._sealer)

    def chain(self) -> ChainHead | None:
        """The chain's head now."""
        return chain_of(self._sealer.head())

    def shown(self, lead: LeadIn, complaints: Complaints) -> tuple[Shown, ...]:
        """The exhibits of a lead that may leave; whatever may not is among the complaints, by name."""
        found = []
        for name in lead.exhibits:
            try:
                found.append(self._shown(lead, name))
            except (UserMistake, EvidenceBroken) as wrong:
                complaints.add_error(f"线索 {lead.number} 证据项 {name}", wrong)
        return tuple(found)

    def check(self, content: Content, complaints: Complaints) -> None:
        """Whether all that a drafted letter shows still verifies."""
        for lead in content.leads:
            self.shown(lead, complaints)

    def pictures(self, content: Content) -> tuple[Picture, ...]:
        """The bytes of a letter's pictures, read again; `EvidenceBroken` where they are others."""
        kept = {one.id: one for one in captures_of(self._store.engine, {one.capture for one in content.pictures})}
        found = []
        for one in content.pictures:
            if one.capture not in kept:
                raise EvidenceBroken(f"图片 {one.capture} 不在档案中")
            png = self._archive.produce(kept[one.capture])
            if hashlib.sha256(png).hexdigest() != one.sha256:
                raise EvidenceBroken(f"图片 {one.capture} 与起草时不同")
            found.append(Picture(png=png, caption=one.caption, mark=f"SHA-256 {one.sha256}"))
        return tuple(found)

    def _shown(self, lead: LeadIn, name: str) -> Shown:
        (chosen,) = self._choosing.chosen([name])
        detail = chosen.detail
        if detail.exhibit.id != name:
            raise UserMistake("编号不全")
        if is_specimen((chosen,)) and not is_specimen_home(self._config):
            raise UserMistake("固定的是样本网的网页，不是真实平台，不能写进函里")
        active = [one for one in detail.exhibit.findings if one.state == ACTIVE]
        if not active:
            raise UserMistake("没有正式规则的发现（试行规则只供参考）")
        active = [one for one in active if one.category in lead.categories]
        if not active:
            raise UserMistake("认定的类别在它上面没有发现")
        listing = detail.exhibit.listing
        return Shown(
            id=name,
            lead=lead.number,
            platform=platform(listing.platform).label,
            place=place_of(listing),
            categories=tuple(dict.fromkeys(one.category for one in active)),
            url=listing.url,
            account=listing.seller,
            title=listing.title,
            quotes=tuple(dict.fromkeys((CATEGORY_WORDS[one.category], one.quote) for one in active)),
            first_seen=detail.first_seen,
            last_seen=detail.last_seen,
            captured_at=detail.capture.taken_at,
            sha256=detail.capture.sha256,
            seal=f"{STATE_WORDS[chosen.seal.state]}，清单第 {chosen.seal.number} 号",
            files=tuple(kept_file(one) for one in chosen.kept if one.part in LISTED),
            is_specimen=is_specimen((chosen,)),
            facts=facts_seen(active, detail.run.query),
            picture=_picture(chosen, lead.number),
            query=detail.run.query if listing.kind in SEARCHED else "",
            position=listing.position if listing.kind in SEARCHED else 0,
        )


def place_of(listing: Listing) -> PlaceKind:
    """Where the law sees it: a result that nobody paid for is its own site's."""
    place = law_asked.place("", listing.platform)
    return PlaceKind.OWN_SITE if place is PlaceKind.SEARCH_AD and not listing.is_ad else place


def _picture(chosen: Chosen, lead: str) -> PictureIn | None:
    """The picture of its own visit, where it shows what is quoted."""
    shown = chosen.detail.shown
    if shown is None or shown.showing.verdict is not PictureVerdict.SHOWS_QUOTE:
        return None
    kept = next((one for one in chosen.kept if one.part == "picture" and _is_of(one, shown.capture)), None)
    if kept is None:
        return None
    exhibit = chosen.detail.exhibit
    caption = f"线索 {lead}：{platform(exhibit.listing.platform).label}页面（证据项 {exhibit.id}）"
    return PictureIn(capture=kept.capture.id, sha256=kept.capture.sha256, caption=caption)


def _is_of(kept: Kept, visit: object) -> bool:
    picture = getattr(visit, "picture", None)
    return picture is not None and picture.id == kept.capture.id
