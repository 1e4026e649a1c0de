"""What a home is besides an archive. One marked as a simulation has made-up times: nothing real is done in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from crawler.errors import UserMistake
from storage.db import writing
from storage.models import CaptureRow, Run
from storage.tables.patrol import MarkRow

SIMULATION = "simulation"


def mark_simulation(engine: Engine, now: datetime) -> None:
    """From now on this home simulates, for ever; `UserMistake` for one in which anything was ever looked at."""
    with writing(engine).begin() as connection:
        if _is_marked(connection):
            return
        if any(connection.execute(select(one).limit(1)).first() for one in (CaptureRow.id, Run.id)):
            raise UserMistake("这里已经有巡查记录，不能用来模拟；请把 LANTIAN_HOME 设为一个新的目录")
        connection.execute(insert(MarkRow).values(name=SIMULATION, at=now, detail=""))


def is_simulation(engine: Engine) -> bool:
    """Whether this home only simulates."""
    with engine.connect() as connection:
        return _is_marked(connection)


def refuse_simulation(engine: Engine) -> None:
    """`UserMistake` in a home that only simulates: made-up looks and true ones must never lie side by side."""
    if is_simulation(engine):
        raise UserMistake("这里只用于模拟，不能真正巡查，也永远不能封存；请把 LANTIAN_HOME 设为另一个目录")


def _is_marked(connection: Connection) -> bool:
    return connection.execute(select(MarkRow.name).where(MarkRow.name == SIMULATION)).first() is not None
