"""An act about people, written and judged in one: what `casework.rights` would not believe is refused at once."""

from __future__ import annotations

from sqlalchemy import Connection

from casework.acting import Acting
from casework.rights import rights_on
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, add_on, entry_on


def written(connection: Connection, acting: Acting, act: Act) -> int:
    """The number of the entry; `UserMistake` with the reason, upon which nothing of the transaction may stay."""
    rights = rights_on(connection)
    before = len(rights.faults)
    number = add_on(connection, acting.sign(act))
    entry = entry_on(connection, number)
    if entry is None:
        raise EvidenceBroken(f"操作日志第 {number} 条没有写进去")
    rights.take(entry)
    if len(rights.faults) > before:
        raise UserMistake(rights.faults[-1].why)
    return number
