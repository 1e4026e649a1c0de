"""An extraction is sealed at once, then stamped; what fails is told for what it is, and takes nothing else with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from console.sealing import sealer_of
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken
from crawler.items import Capture
from detectors.rule import rules_digest
from storage.stamp import stamp_pending


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSeal:
    """The manifest that lists the visit, 0 for none; where nothing was kept, nothing has to be listed."""

    number: int = 0
    is_sealed: bool
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitStamp:
    """What there is to say of time stamps; `is_broken` when a manifest or token is not what it was."""

    is_broken: bool = False
    troubles: tuple[str, ...] = ()


def seal_visit(config: Config, engine: Engine, last: Capture | None) -> VisitSeal:
    """Seal what is open. Another process may have sealed the visit first: its manifest is looked up."""
    sealer = sealer_of(config, engine)
    try:
        troubles = sealer.seal(rules_digest(), clock.now()).troubles
    except (EvidenceBroken, OSError, DatabaseError) as wrong:
        return VisitSeal(is_sealed=False, troubles=(f"没有封存成功：{words_of(wrong)}",))
    if last is None:
        return VisitSeal(is_sealed=True, troubles=troubles)
    try:
        number = sealer.state_of(last).number
    except DatabaseError as wrong:
        return VisitSeal(is_sealed=False, troubles=(*troubles, f"没有查到本次的记录列入哪份清单：{words_of(wrong)}"))
    unlisted = () if number else ("没有封存成功：本次的记录没有列入清单",)
    return VisitSeal(number=number, is_sealed=bool(number), troubles=(*troubles, *unlisted))


def stamp_visit(config: Config, engine: Engine, last: Capture | None) -> VisitStamp:
    """Ask for time stamps where an authority is named. The seal stands whatever comes of it."""
    try:
        stamping = stamp_pending(config.archive, engine, config.authorities, clock.now())
        waits = last is not None and not sealer_of(config, engine).state_of(last).stamped_at
    except (OSError, DatabaseError) as wrong:
        return VisitStamp(troubles=(f"已封存，没有取得时间戳（会自动再试）：{words_of(wrong)}",))
    if stamping.broken:
        return VisitStamp(is_broken=True, troubles=tuple(f"证据不完整，没有盖时间戳：{one}" for one in stamping.broken))
    if config.authorities and waits:
        why = stamping.error or "还没有请求过"
        return VisitStamp(troubles=(f"本次的清单还没有时间戳（会自动再试）：{why}",))
    return VisitStamp()


def words_of(wrong: Exception) -> str:
    """A database's error without the statement it was given."""
    return f"数据库不能读写（{wrong.orig}）" if isinstance(wrong, DatabaseError) else str(wrong)
