"""What the database says while it is opened, as whoever sits at the terminal reads it; logs keep their own words."""

from __future__ import annotations

import logging

LISTENED = "storage.upkeep.copies"


def hear_migrations() -> None:
    """From now on a migration that a command sets off is told in one line on stderr."""
    listened = logging.getLogger(LISTENED)
    if not any(isinstance(one, _Told) for one in listened.handlers):
        listened.addHandler(_Told())


class _Told(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        from console.output import harmless, say

        place, old, new, kept = (harmless(str(one)) for one in tuple(record.args or ()))
        say(f"{place}：数据库由结构 {old} 升级到 {new}；升级前的数据库留在旁边的 {kept}")
