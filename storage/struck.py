"""Queries the rules offered and the office struck: kept for good, with who did it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, insert, select

from crawler.errors import UserMistake
from storage.audit import Act, add_on
from storage.db import writing
from storage.models import encodable
from storage.tables.supervision import StruckWordsRow


class StruckWords:
    """What no list offers again. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def strike(self, words: str, by: str, now: datetime) -> None:
        """Never offer these words again; watches that already have them are changed by hand."""
        words = encodable(words)
        with self._writer.begin() as connection:
            if connection.execute(select(StruckWordsRow.words).where(StruckWordsRow.words == words)).first():
                raise UserMistake(f"{words} 已经划去")
            connection.execute(insert(StruckWordsRow).values(words=words, struck_at=now, struck_by=by))
            add_on(connection, Act(who=by, act="query_struck", subject=words, at=now))

    def all(self) -> frozenset[str]:
        """Every word that was struck."""
        with self.engine.connect() as connection:
            return frozenset(connection.execute(select(StruckWordsRow.words)).scalars())
