"""Looks again at what was kept while it is shown: are the bytes still the same, and how well do they stand.

Nothing is shown as whole that was not re-read, and nothing as sealed that no manifest covers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine

from console.sealing import STATE_WORDS, sealer_of
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EvidenceBroken, Expired
from crawler.items import Capture
from storage.archive import FolderArchive
from storage.handover import open_elsewhere, still_with
from storage.rows import capture_now
from storage.seal import SealState, State, weakest

WHOLE, EXPIRED, AWAY = "完整", "已按保存期限删除", "还在工作机"
INTEGRITY = ((WHOLE, "whole"), (EXPIRED, "expired"), (AWAY, "on_worker"))


class Inspection:
    """Reads kept bytes again, each capture once, however many leads rest on it."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self._engine = engine
        self._archive = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config))
        self._sealer = sealer_of(config, engine)
        self._known: dict[str, str] = {}
        self._seals: dict[str, SealState] = {}

    def of(self, *captures: Capture | None) -> str:
        """`完整`, or what is wrong with the first that is damaged, else with the first that has expired."""
        states = [self._state(capture) for capture in captures if capture]
        return next(filter(is_damaged, states), next((state for state in states if state != WHOLE), WHOLE))

    def seal_of(self, *captures: Capture | None) -> SealState:
        """How well all of them stand: as the weakest does."""
        return weakest(self._seal(capture) for capture in captures if capture)

    def _state(self, capture: Capture) -> str:
        if capture.id not in self._known:
            self._known[capture.id] = self._read(capture)
        return self._known[capture.id]

    def _read(self, capture: Capture) -> str:
        """An expiry may have moved or removed the record since its row was read: then its row says so now."""
        found = self._found(capture)
        now = capture_now(self._engine, capture) if is_damaged(found) else capture
        return found if now == capture else self._found(now)

    def _found(self, capture: Capture) -> str:
        try:
            self._archive.produce(capture)
        except Expired:
            return f"{EXPIRED}，第 {capture.expired_in} 号清单留有摘要"
        except EvidenceBroken as broken:
            worker = still_with(self._engine, capture.file)
            return f"{AWAY} {worker}，尚未交来" if worker else f"已损坏：{broken}"
        return WHOLE

    def _seal(self, capture: Capture) -> SealState:
        if capture.id not in self._seals:
            state = self._sealer.state_of(capture)
            if state.state is State.OPEN:
                state = self._sealer.state_of(capture_now(self._engine, capture))
            self._seals[capture.id] = state
        return self._seals[capture.id]


def is_damaged(state: str) -> bool:
    """Whether somebody must look at it: what was removed in time is not damaged, nor what a worker still has."""
    return state != WHOLE and not state.startswith((EXPIRED, AWAY))


def integrity_told(integrity: str, seal: SealState) -> dict[str, Any]:
    """Both as every command tells them in JSON."""
    return {
        "integrity": next((word for start, word in INTEGRITY if integrity.startswith(start)), integrity),
        "seal": seal.state.value,
        "sealed": seal.state is not State.OPEN,
        "manifest": seal.number,
        "head": seal.head,
    }


def seal_words(seal: SealState) -> str:
    """In which manifest, since when, and whether an authority signed that."""
    if seal.sealed_at is None:
        return STATE_WORDS[State.OPEN]
    sealed = f"第 {seal.number} 号清单，{clock.in_shanghai(seal.sealed_at)}（北京时间）封存\nSHA-256 {seal.head}"
    if seal.stamped_at is None:
        return f"{sealed}\n没有时间戳"
    return f"{sealed}\n时间戳 {clock.in_shanghai(seal.stamped_at)}（北京时间）"


def seals_words(seals: Iterable[SealState]) -> str:
    """Of several leads, in a word."""
    states = [seal.state for seal in seals]
    if unsealed := states.count(State.OPEN):
        return "均未封存" if unsealed == len(states) else f"其中 {unsealed} 条未封存"
    return "均已封存" if State.SEALED in states else "均已封存，有时间戳"
