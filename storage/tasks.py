"""Walls go to people: what a run could not see becomes a task, one for each platform, query, place and device.

It is raised and closed in the transaction that ends the run, so no sweep has to look for it and none is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, Update, case, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Device
from storage.audit import Act, add_on
from storage.db import writing
from storage.models import encodable
from storage.roster_shapes import run_id
from storage.shapes import RunRow
from storage.tables.hand import TaskRow
from storage.tables.patrol import RosterRow, WatchVersionRow
from storage.tables.rechecks import LandingRow

WALLS = (Outcome.BLOCKED, Outcome.LOGIN)
# A query that was not asked because of what another one met, which has its task: one look of a person is enough.
NOT_ASKED = ("cooling", "signed_out")
LANDINGS_WAIT = 20  # tasks of one platform, above which advertisers' own pages raise none
BATCH = 200


class Closed(StrEnum):
    """What closed a task."""

    IMPORT = "import"
    CLEAN_RUN = "clean_run"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One query of one platform that a person must look at; `closed_at` is `None` while it waits for one.

    `place` and `device` are the watch's; of a run that no watch planned they are none and `desktop`.
    `times` counts the runs that met the wall since it was last opened, `run` is the last of them.
    """

    id: int
    platform: str
    query: str
    place: str
    device: Device
    outcome: Outcome
    reason: str
    detail: str
    run: str
    first_at: datetime
    opened_at: datetime
    last_at: datetime
    times: int
    closed_at: datetime | None = None
    closed_by: str = ""
    closed_how: str = ""
    closed_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Who or what closes a task, and why."""

    how: Closed
    by: str
    why: str
    at: datetime


def note_end(connection: Connection, run: RunRow) -> None:
    """A run ended: what it met raises its task or closes it, within the same transaction."""
    if run.ended_at is None or run.outcome is None:
        raise ValueError(f"run {run.id} has not ended")
    if run.outcome in WALLS and run.reason not in NOT_ASKED:
        if _is_for_people(connection, run):
            _raise_task(connection, run, run.ended_at)
    elif run.outcome.is_clean:
        closing = Closing(how=Closed.CLEAN_RUN, by="lantian", why=f"run {run.id}", at=run.ended_at)
        place, device = _from_where(connection, run)
        its = _open(run.platform, run.query).where(TaskRow.place == place, TaskRow.device == device)
        connection.execute(its.values(**_closed(closing)))


def close_on(connection: Connection, platform: str, query: str, closing: Closing) -> bool:
    """Whether there were open tasks of this platform and query, wherever from; they are now closed."""
    return connection.execute(_open(platform, query).values(**_closed(closing))).rowcount > 0


def _open(platform: str, query: str) -> Update:
    return update(TaskRow).where(
        TaskRow.platform == platform, TaskRow.query == encodable(query), TaskRow.closed_at.is_(None)
    )


def _from_where(connection: Connection, run: RunRow) -> tuple[str, str]:
    """Place and device of the watch that planned the run, even when the roster has given its row another run since."""
    watch = (WatchVersionRow.watch_id == RosterRow.watch_id) & (WatchVersionRow.version == RosterRow.version)
    query = select(RosterRow.key, RosterRow.attempts, WatchVersionRow.place, WatchVersionRow.device).join(
        WatchVersionRow, watch
    )
    same = query.where(
        RosterRow.planned_at == run.planned_at,
        RosterRow.platform == run.platform,
        RosterRow.query == encodable(run.query),
    )
    for row in connection.execute(same):
        if run.id in {run_id(row.key, attempt) for attempt in range(1, row.attempts + 1)}:
            return row.place, row.device
    return "", Device.DESKTOP.value


def _is_for_people(connection: Connection, run: RunRow) -> bool:
    """Whatever was planned; of advertisers' pages that a round opened besides those of flagged listings, and not many.

    The others stand in coverage, and with the exhibit that named them.
    """
    why = connection.execute(select(LandingRow.why).where(LandingRow.run_id == run.id)).scalar_one_or_none()
    if why is None:
        return True
    its = select(TaskRow.id).where(TaskRow.platform == run.platform, TaskRow.closed_at.is_(None))
    return why == "flagged" and len(connection.execute(its.limit(LANDINGS_WAIT)).all()) < LANDINGS_WAIT


def _closed(closing: Closing) -> dict[str, Any]:
    return {
        "closed_at": closing.at,
        "closed_by": encodable(closing.by),
        "closed_how": closing.how.value,
        "closed_why": encodable(closing.why),
    }


def _raise_task(connection: Connection, run: RunRow, at: datetime) -> None:
    """A new task, an old one opened again, or the same wall once more."""
    met = {
        "outcome": Outcome(run.outcome or "").value,
        "reason": run.reason,
        "detail": encodable(run.detail),
        "run_id": run.id,
        "last_at": at,
    }
    fresh = {"first_at": at, "opened_at": at, "times": 1, "closed_by": "", "closed_how": "", "closed_why": ""}
    place, device = _from_where(connection, run)
    its = {"platform": run.platform, "query": encodable(run.query), "place": place, "device": device}
    new = insert(TaskRow).values(**its, **met, **fresh)
    is_open = TaskRow.closed_at.is_(None)
    again = {
        "opened_at": case((is_open, TaskRow.opened_at), else_=new.excluded.opened_at),
        "times": case((is_open, TaskRow.times + literal_column("1")), else_=1),
        "closed_at": None,
        "closed_by": "",
        "closed_how": "",
        "closed_why": "",
    }
    connection.execute(
        new.on_conflict_do_update(index_elements=list(its), set_=met | again),
    )


class Tasks:
    """What waits for a person. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def waiting(self, platform: str = "", *, before: int = 0, limit: int = BATCH) -> tuple[Task, ...]:
        """Open tasks, the newest rows first; the next page begins `before` the last id of this one."""
        return self._listed(TaskRow.closed_at.is_(None), platform, before, limit)

    def every(self, platform: str = "", *, before: int = 0, limit: int = BATCH) -> tuple[Task, ...]:
        """The same, with those that are closed."""
        return self._listed(literal_column("1") == literal_column("1"), platform, before, limit)

    def of_query(self, platform: str, query: str) -> tuple[Task, ...]:
        """The open tasks of one query, one for each place and device that met a wall."""
        its = (TaskRow.platform == platform) & (TaskRow.query == encodable(query))
        return self._listed(its & TaskRow.closed_at.is_(None), "", 0, BATCH)

    def _listed(self, which: Any, platform: str, before: int, limit: int) -> tuple[Task, ...]:
        query = select(*_TASK).where(which).order_by(TaskRow.id.desc()).limit(limit)
        query = query.where(TaskRow.platform == encodable(platform)) if platform else query
        query = query.where(TaskRow.id < before) if before else query
        with self.engine.connect() as connection:
            return tuple(_task(row) for row in connection.execute(query))

    def close(self, task: int, by: str, reason: str, at: datetime) -> Task:
        """A named person closes it, with a reason; `UserMistake` where there is no open task of that number."""
        if not by.strip() or not reason.strip():
            raise UserMistake("关闭任务要写明姓名和理由")
        closing = Closing(how=Closed.PERSON, by=by.strip(), why=reason.strip(), at=at)
        with self._writer.begin() as connection:
            row = connection.execute(select(*_TASK).where(TaskRow.id == task)).one_or_none()
            if row is None:
                raise UserMistake(f"没有第 {task} 号任务")
            if row.closed_at is not None:
                raise UserMistake(f"第 {task} 号任务已经关闭")
            connection.execute(update(TaskRow).where(TaskRow.id == task).values(**_closed(closing)))
            detail = {"platform": row.platform, "query": row.query, "reason": closing.why}
            add_on(connection, Act(who=closing.by, act="task_closed", subject=str(task), at=at, detail=detail))
            return _task(connection.execute(select(*_TASK).where(TaskRow.id == task)).one())


_TASK = tuple(TaskRow.__table__.columns)
_SAME = tuple(name for name in Task.__slots__ if name not in ("outcome", "run", "device"))


def _task(row: Row[Any]) -> Task:
    same = {name: row._mapping[name] for name in _SAME}
    return Task(**same, outcome=Outcome(row.outcome), device=Device(row.device), run=row.run_id)
