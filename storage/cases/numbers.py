"""The numbers people write down: a letter, Shanghai's year, and how many there were; dense, whoever gives them.

They are given under the write lock only: what it reads here nobody changes meanwhile.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute

from crawler import clock

DIGITS = 5
_WRITTEN = re.compile(r"[A-Z]\d{4}-\d{5,}")


def next_number(
    connection: Connection,
    id_: InstrumentedAttribute[Any],
    number: InstrumentedAttribute[Any],
    letter: str,
    at: datetime,
) -> str:
    """The next number of this moment's year: `X2026-00001`."""
    start = f"{letter}{at.astimezone(clock.SHANGHAI).year}-"
    newest = connection.execute(select(number).order_by(id_.desc()).limit(1)).scalar_one_or_none()
    if newest is not None and not newest.startswith(start):
        # The first of a year, or a clock that went back over one.
        of_year = (number >= start, number < start + "~")
        last = select(number).where(*of_year).order_by(func.length(number).desc(), number.desc()).limit(1)
        newest = connection.execute(last).scalar_one_or_none()
    return f"{start}{_count(newest) + 1:0{DIGITS}}"


def is_number(word: str) -> bool:
    """Whether somebody wrote such a number."""
    return bool(_WRITTEN.fullmatch(word))


def _count(number: str | None) -> int:
    return int(number.partition("-")[2]) if number else 0
