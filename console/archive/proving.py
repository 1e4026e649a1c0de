"""What an exhibit rests on, read again before it leaves: each capture whole and sealed as demanded, or refused by name.

Each capture is read once, however many exhibits rest on it, as long as they follow one another; memory stays flat.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Engine

from console.archive.columns import Leaving
from console.claims import refuse_unbacked_name
from console.sealing import STATE_WORDS, sealer_of
from crawler.config import TOOL, Config
from crawler.errors import EvidenceBroken, Expired
from crawler.items import Capture
from storage.archive import FolderArchive
from storage.handover import open_elsewhere
from storage.rows import capture_now
from storage.seal import SealState, State
from storage.searching.resting import Resting, resting
from storage.searching.shapes import Hit

REMEMBERED = 10_000  # captures: the exhibits of a page follow one another


class Proving:
    """Reads again what rows of one home rest on; `read` counts the captures that it read."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.read = 0
        self._engine, self._demand = engine, config.demand
        self._archive = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config))
        self._sealer = sealer_of(config, engine)
        self._known: OrderedDict[str, SealState] = OrderedDict()

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
            seal = self._proved(hit, rests.page)
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

    def _proved(self, hit: Hit, capture: Capture) -> SealState:
        known = self._known.get(capture.id)
        if known is None:
            known = self._known[capture.id] = self._read(hit, capture)
            self.read += 1
        self._known.move_to_end(capture.id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known

    def _read(self, hit: Hit, capture: Capture) -> SealState:
        try:
            self._archive.produce(capture)
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
        return seal
