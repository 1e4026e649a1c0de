"""Every turn that a stored ledger let begin, noted by its database: exact, however late whoever had the turn came."""

from __future__ import annotations

from itertools import pairwise

from sqlalchemy import Engine, text

from crawler.pace import NEVER
from storage.turns import StoredTurns

ROUNDING = 1e-5  # seconds; what is lost when clocks of today are added to
_SQLITE = """CREATE TRIGGER noted AFTER UPDATE ON host_turns
BEGIN INSERT INTO begun_turns VALUES (NEW.host, NEW.begun_at); END"""
_POSTGRES = (
    """CREATE FUNCTION note_turn() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO begun_turns VALUES (NEW.host, NEW.begun_at); RETURN NULL; END $$""",
    "CREATE TRIGGER noted AFTER UPDATE ON host_turns FOR EACH ROW EXECUTE FUNCTION note_turn()",
)


class NotedTurns:
    """Turns noted from now on, of whoever uses the same ledger; no process has to be told."""

    def __init__(self, turns: StoredTurns) -> None:
        self._ledger: Engine = turns._shared or turns._own
        with self._ledger.begin() as connection:
            connection.execute(text("CREATE TABLE begun_turns (host TEXT, moment DOUBLE PRECISION)"))
            for statement in (_SQLITE,) if connection.dialect.name == "sqlite" else _POSTGRES:
                connection.execute(text(statement))

    def begun(self, host: str) -> list[float]:
        """The moments at which turns began there, in seconds of the ledger's clock."""
        query = text("SELECT DISTINCT moment FROM begun_turns WHERE host = :host ORDER BY moment")
        with self._ledger.begin() as connection:
            return [one for one in connection.execute(query, {"host": host}).scalars() if one > NEVER]


def are_apart(moments: list[float], delay: float) -> bool:
    return all(later - earlier > delay - ROUNDING for earlier, later in pairwise(moments))
