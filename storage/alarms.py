"""Alarms as rows: raised and cleared in one transaction, acknowledged by a named person, never removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import UserMistake
from storage.audit import Act, add_on
from storage.db import writing
from storage.health import RUNS
from storage.health_shapes import ACCEPTED, NOT_ASKED, RECOVERED, Alarm, AlarmKind, Cause, Sign, Subject
from storage.models import encodable
from storage.tables.alarms import AlarmRow, WatchedRow

CLEARS_AFTER = 3  # good looks in a row: one that is good by chance clears nothing
LONGEST_REASON = 500
_ALARM = tuple(AlarmRow.__table__.columns)
_STANDS = AlarmRow.cleared_at.is_(None)


class Alarms:
    """The alarms of one home. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def settle(self, signs: Sequence[Sign], now: datetime, asked_after: datetime) -> tuple[Alarm, ...]:
        """Raise and clear by these signs, and note that runs are looked over up to now, in one transaction.

        What stands about something that nobody has asked for since `asked_after` is cleared too. Returns the alarms
        that were raised or cleared. The same signs once more change nothing.
        """
        with self._writer.begin() as connection:
            changed = [found for sign in signs if (found := _settled(connection, sign, now))]
            changed += _no_longer_asked(connection, now, asked_after)
            _note(connection, now)
            return tuple(_alarm(connection.execute(_by_id(one)).one()) for one in changed)

    def standing(self, platform: str = "") -> tuple[Alarm, ...]:
        """Those that stand, the oldest first; of one platform where it is named."""
        query = select(*_ALARM).where(_STANDS)
        found = self._alarms(query.where(AlarmRow.platform == platform) if platform else query)
        # Sorted by the database, it would walk all alarms there ever were, by number.
        return tuple(sorted(found, key=lambda alarm: alarm.id))

    def listed(self, before: int = 0, limit: int = 200) -> tuple[Alarm, ...]:
        """Alarms, the cleared ones too, the newest first: a page of them, those with a smaller id than `before`."""
        query = select(*_ALARM).order_by(AlarmRow.id.desc()).limit(limit)
        return self._alarms(query.where(AlarmRow.id < before) if before else query)

    def changed_since(self, since: datetime) -> tuple[Alarm, ...]:
        """Those raised after this moment, the oldest first."""
        return self._alarms(select(*_ALARM).where(AlarmRow.raised_at > since).order_by(AlarmRow.raised_at, AlarmRow.id))

    def alarm(self, number: int) -> Alarm:
        """One alarm; `UserMistake` when there is none."""
        with self.engine.connect() as connection:
            return _one(connection, number)

    def accepted(self, platform: str) -> dict[Subject, datetime]:
        """Since when a level of this platform that was unusual is the usual one, because a person knew of it."""
        named = (AlarmRow.kind, AlarmRow.platform, AlarmRow.query, AlarmRow.series)
        last = func.max(AlarmRow.acked_at, type_=AlarmRow.acked_at.type).label("at")
        query = select(*named, last).where(AlarmRow.platform == platform, AlarmRow.cleared_by == ACCEPTED)
        with self.engine.connect() as connection:
            return {_subject(row): row.at for row in connection.execute(query.group_by(*named))}

    def acknowledge(self, numbers: Sequence[int], by: str, reason: str, now: datetime) -> tuple[Alarm, ...]:
        """Note that this person knows of these standing alarms, and why they may stand: all of them, or none.

        Once each; it is in the audit log.
        """
        if not by.strip() or not reason.strip():
            raise UserMistake("确认警报要写明姓名和理由")
        if len(reason) > LONGEST_REASON:
            raise UserMistake(f"理由最多 {LONGEST_REASON} 字")
        with self._writer.begin() as connection:
            return tuple(_acknowledged(connection, one, (by.strip(), reason.strip()), now) for one in numbers)

    def _alarms(self, query: Any) -> tuple[Alarm, ...]:
        with self.engine.connect() as connection:
            return tuple(_alarm(row) for row in connection.execute(query))


def _settled(connection: Connection, sign: Sign, now: datetime) -> int:
    """The id of the alarm that this sign raised or cleared, 0 when it changed nothing."""
    standing = connection.execute(select(AlarmRow.id).where(_STANDS, *_is(sign.subject))).scalar_one_or_none()
    if standing is None:
        return _raised(connection, sign, now) if sign.is_bad else 0
    of_it = update(AlarmRow).where(AlarmRow.id == standing)
    if sign.is_bad:
        connection.execute(of_it.values(last_at=sign.at, good=0))
        return 0
    if sign.is_accepted or sign.good >= CLEARS_AFTER:
        by = ACCEPTED if sign.is_accepted else RECOVERED
        connection.execute(of_it.values(cleared_at=now, cleared_by=by, good=sign.good))
        return standing
    connection.execute(of_it.values(last_at=sign.at, good=sign.good))
    return 0


def _no_longer_asked(connection: Connection, now: datetime, asked_after: datetime) -> list[int]:
    stale = select(AlarmRow.id).where(_STANDS, AlarmRow.last_at < asked_after)
    left = sorted(row.id for row in connection.execute(stale))
    ended = update(AlarmRow).where(AlarmRow.id.in_(left))
    connection.execute(ended.values(cleared_at=now, cleared_by=NOT_ASKED))
    return left


def _raised(connection: Connection, sign: Sign, now: datetime) -> int:
    cause = sign.cause
    if cause is None:
        raise ValueError(f"an alarm without a cause: {sign.subject}")
    row = {
        "kind": sign.subject.kind.value,
        "platform": sign.subject.platform,
        "query": encodable(sign.subject.query),
        "series": encodable(sign.subject.series),
        "since": sign.since,
        "raised_at": now,
        "last_at": sign.at,
        "usual": sign.usual,
        "good": 0,
        "cause": cause.word,
        "words": encodable(cause.words),
        "run_id": cause.run or None,
        "page_number": cause.page_number,
        "capture_id": cause.capture or None,
        "url": encodable(cause.url),
    }
    return int(connection.execute(insert(AlarmRow).values(row).returning(AlarmRow.id)).scalar_one())


def _acknowledged(connection: Connection, number: int, who: tuple[str, str], now: datetime) -> Alarm:
    alarm, (by, reason) = _one(connection, number), who
    if not alarm.stands:
        raise UserMistake(f"警报 {number} 已经解除，不用再确认")
    if alarm.acked_at is not None:
        raise UserMistake(f"警报 {number} 已由 {alarm.acked_by} 确认")
    told = {"acked_at": now, "acked_by": encodable(by), "acked_reason": encodable(reason)}
    connection.execute(update(AlarmRow).where(AlarmRow.id == number).values(told))
    detail = {"kind": alarm.subject.kind.value, "platform": alarm.subject.platform, "reason": reason}
    add_on(connection, Act(who=by, act="alarm_acknowledged", subject=str(number), at=now, detail=detail))
    return _one(connection, number)


def _note(connection: Connection, now: datetime) -> None:
    new = insert(WatchedRow).values(name=RUNS, until=now)
    connection.execute(new.on_conflict_do_update(index_elements=[WatchedRow.name], set_={"until": now}))


def _is(subject: Subject) -> tuple[Any, ...]:
    return (
        AlarmRow.kind == subject.kind.value,
        AlarmRow.platform == subject.platform,
        AlarmRow.query == encodable(subject.query),
        AlarmRow.series == encodable(subject.series),
    )


def _by_id(number: int) -> Any:
    return select(*_ALARM).where(AlarmRow.id == number)


def _one(connection: Connection, number: int) -> Alarm:
    row = connection.execute(_by_id(number)).one_or_none()
    if row is None:
        raise UserMistake(f"没有编号为 {number} 的警报")
    return _alarm(row)


def _subject(row: Any) -> Subject:
    return Subject(kind=AlarmKind(row.kind), platform=row.platform, query=row.query, series=row.series)


def _alarm(row: Row[Any]) -> Alarm:
    return Alarm(
        id=row.id,
        subject=_subject(row),
        since=row.since,
        raised_at=row.raised_at,
        last_at=row.last_at,
        usual=row.usual,
        good=row.good,
        cause=Cause(
            word=row.cause,
            words=row.words,
            run=row.run_id or "",
            page_number=row.page_number,
            capture=row.capture_id or "",
            url=row.url,
        ),
        cleared_at=row.cleared_at,
        cleared_by=row.cleared_by,
        acked_at=row.acked_at,
        acked_by=row.acked_by,
        acked_reason=row.acked_reason,
    )
