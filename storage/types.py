"""How moments and texts are kept in a column: what a database would not give back as it was is refused or replaced."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

UNFIT = re.compile("[\0\ud800-\udfff]")
"""What no database takes in a text: NUL, and half a surrogate pair."""


class Moment(TypeDecorator[datetime]):
    """Aware in Python, UTC in the database. A moment without a zone is refused: it could be any."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text as `encodable` makes it, whoever writes it or asks for it: pages may say anything."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else UNFIT.sub("\ufffd", value)
