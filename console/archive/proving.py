"""What an exhibit rests on, read again before it leaves: whole, sealed as demanded and saying what the row says.

Whatever is not is refused by name. Each capture is read once, however many exhibits rest on it, as long as they follow
one another; memory stays flat.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Engine

from console.archive.columns import Leaving
from console.claims import refuse_unbacked_name
from console.rereading import Said, agreed, read_again, refuse_other_page, spider_for
from console.sealing import STATE_WORDS, sealer_of
from crawler.config import TOOL, Config
from crawler.errors import EvidenceBroken, Expired
from crawler.items import Capture, Reading
from storage import warc
from storage.archive import FolderArchive
from storage.handover import open_elsewhere
from storage.rows import capture_now
from storage.seal import SealState, State
from storage.searching.resting import Resting, resting
from storage.searching.shapes import Hit

REMEMBERED = 10_000  # captures of pictures
OPENED = 4  # pages: the exhibits of one follow one another


class _Asked(NamedTuple):
    """All that a reading follows from."""

    platform: str
    capture: Capture
    page_url: str
    requested_url: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A page that was proved, and what its spider reads in it now."""

    seal: SealState
    reading: Reading


class Proving:
    """Reads again what rows of one home rest on; `read` counts the captures that it read."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.read = 0
        self._engine, self._demand = engine, config.demand
        self._archive = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config))
        self._sealer = sealer_of(config, engine)
        self._known: OrderedDict[str, SealState] = OrderedDict()
        self._pages: OrderedDict[_Asked, _Opened] = OrderedDict()

    def leaving(self, hits: Sequence[Hit]) -> list[Leaving]:
        """The same exhibits, proved. `EvidenceBroken` or `UserMistake` names the first that may not leave.

        Those whose page is gone by now, because its time was over, are left out: nobody can prove them any more.
        """
        found = resting(self._engine, [one.row for one in hits])
        passed = (self._leaving(one, found[one.row]) for one in hits if one.row in found)
        return [one for one in passed if one is not None]

    def _leaving(self, hit: Hit, rests: Resting) -> Leaving | None:
        if rests.is_claimed:
            refuse_unbacked_name(self._engine, hit.exhibit)
        try:
            seal = self._said_by_its_page(hit, rests)
        except Expired:
            return None
        try:
            for one in rests.pictures:
                self._proved(hit, one)
        except Expired:
            hit = replace(hit, picture_texts=())
        return Leaving(
            hit=hit,
            sha256=rests.page.sha256,
            seal=seal,
            is_specimen=rests.page.is_specimen,
            is_claimed=rests.is_claimed,
        )

    def _said_by_its_page(self, hit: Hit, rests: Resting) -> SealState:
        """The seal of the page; `EvidenceBroken` unless the page, read again, says of the listing what the row says."""
        said = _said(hit, rests)
        opened = self._opened(hit, said)
        refuse_other_page(said)
        if agreed(said, opened.reading).key != hit.listing_key:
            raise EvidenceBroken(f"证据项 {hit.exhibit}：信息的编号不是固定的网页上这条信息的，不能导出")
        return opened.seal

    def _opened(self, hit: Hit, said: Said) -> _Opened:
        asked = _Asked(hit.listing.platform, said.capture, said.page_url, said.requested_url, said.query)
        opened = self._pages.get(asked)
        if opened is None:
            seal, record = self._read(hit, said.capture)
            opened = self._pages[asked] = _Opened(seal=seal, reading=read_again(said, spider_for(said), record))
            if len(self._pages) > OPENED:
                self._pages.popitem(last=False)
        return opened

    def _proved(self, hit: Hit, capture: Capture) -> SealState:
        known = self._known.get(capture.id)
        if known is None:
            known, _ = self._read(hit, capture)
            self._known[capture.id] = known
        self._known.move_to_end(capture.id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known

    def _read(self, hit: Hit, capture: Capture) -> tuple[SealState, warc.Record]:
        try:
            record = self._archive.record(capture)
        except EvidenceBroken as broken:
            # An expiry may have moved the record since its row was read: then its row says so now.
            now = capture_now(self._engine, capture)
            if now == capture:
                raise EvidenceBroken(f"证据项 {hit.exhibit}：{broken}，不能导出") from None
            return self._read(hit, now)
        seal = self._sealer.state_of(capture)
        if seal.state is State.OPEN:
            seal = self._sealer.state_of(capture_now(self._engine, capture))
        if seal.state is State.OPEN or (self._demand == State.STAMPED and seal.state is not State.STAMPED):
            demanded = STATE_WORDS[State(self._demand)]
            raise EvidenceBroken(
                f"证据项 {hit.exhibit}：固定 {capture.id} {STATE_WORDS[seal.state]}，导出要求{demanded}；"
                "先运行 lantian evidence seal"
            )
        self.read += 1
        return seal, record


def _said(hit: Hit, rests: Resting) -> Said:
    return Said(
        exhibit=hit.exhibit,
        listing=hit.listing,
        capture=rests.page,
        seen_at=hit.seen_at,
        page_url=rests.url,
        requested_url=rests.requested_url,
        query=rests.query,
    )
