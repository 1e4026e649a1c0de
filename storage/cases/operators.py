"""Who runs which platform, as a named person confirmed it: one row a platform, a later one replaces the earlier."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from storage.audit import Act, Detail, Signer, add_on
from storage.cases.letter_shapes import NewOperator, Operator
from storage.models import encodable
from storage.tables.letters import OperatorRow

_OPERATOR = tuple(OperatorRow.__table__.columns)


def confirmation(new: NewOperator) -> Detail:
    """What the entry of a confirmation says; a row that says something else is not believed."""
    return {"name": new.name, "seat": new.seat, "credit_code": new.credit_code, "source": new.source}


def confirm_on(connection: Connection, new: NewOperator, by: str, now: datetime, sign: Signer) -> int:
    """From now on this is who runs the platform; the row's id."""
    told = Act(who=by, act="operator_confirm", subject=new.platform, at=now, detail=confirmation(new))
    entry = add_on(connection, sign(told))
    for row in _current(connection):
        if new.platform in row.platforms:
            connection.execute(update(OperatorRow).where(OperatorRow.id == row.id).values(is_current=False))
    values: dict[str, Any] = {name: encodable(getattr(new, name)) for name in ("name", "seat", "credit_code", "source")}
    values |= {"platforms": [new.platform], "confirmed_at": now, "confirmed_by": by, "entry": entry}
    made = insert(OperatorRow).values(values | {"is_current": True}).returning(OperatorRow.id)
    return int(connection.execute(made).scalar_one())


def _current(connection: Connection) -> list[Row[Any]]:
    # As many as there are platforms: a few dozen.
    return list(connection.execute(select(*_OPERATOR).where(OperatorRow.is_current.is_(True)).order_by(OperatorRow.id)))


class Operators:
    """The operators in a database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self) -> tuple[Operator, ...]:
        """Those that were confirmed and not replaced, the first one first."""
        with self._engine.connect() as connection:
            return tuple(_operator(row) for row in _current(connection))

    def every(self) -> tuple[Operator, ...]:
        """Also those that were replaced."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(*_OPERATOR).order_by(OperatorRow.id))
            return tuple(_operator(row) for row in rows)

    def of(self, platform: str) -> Operator | None:
        """Who runs this platform, `None` while nobody confirmed it."""
        return next((one for one in self.current() if platform in one.platforms), None)


def _operator(row: Row[Any]) -> Operator:
    told = {column.name: getattr(row, column.name) for column in _OPERATOR}
    return Operator(**told | {"platforms": tuple(row.platforms)})
