"""公示: what of a case is told to everybody, for how long, and why it comes off the list.

Nothing is published that two people did not find true in a proven way, nor by one of those who decided it, nor with
a contact in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.masking import masked
from casework.reports.grounds import proven_grounds
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.cases.cases import WorkedCases
from storage.cases.publications import (
    NewPublication,
    Publication,
    Publications,
    Removal,
    add_publication,
    remove_publication,
)
from storage.db import writing

MOST_DAYS = 1096
LONGEST = 2000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to publish of a case, for so many days from today on."""

    case: str
    title: str
    facts: str
    basis: str
    days: int


def publish(engine: Engine, acting: Acting, wanted: Wanted, now: datetime) -> Publication:
    """An entry on the list from today on; signed by a reviewer who decided none of it."""
    acting.needs(Grant.REVIEWER)
    case = WorkedCases(engine).named(wanted.case, acting.districts)
    words = {"--title": wanted.title, "--facts": wanted.facts, "--basis": wanted.basis}
    told = {name: _written(name, text) for name, text in words.items()}
    if not 1 <= wanted.days <= MOST_DAYS:
        raise UserMistake(f"--days 要在 1 和 {MOST_DAYS} 之间")
    grounds = proven_grounds(engine, case, acting.districts)
    if acting.name in grounds.deciders:
        raise UserMistake(f"{case.number} 的线索由 {acting.name} 认定，不能由同一人决定公示")
    today = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    new = NewPublication(
        case_id=case.id,
        case=case.number,
        title=told["--title"],
        facts=told["--facts"],
        basis=told["--basis"],
        at=now,
        by=acting.name,
        first_day=today,
        last_day=today + timedelta(days=wanted.days - 1),
        approvals=grounds.approvals,
    )
    with writing(engine).begin() as connection:
        return add_publication(connection, new, acting.sign)


def take_off(engine: Engine, acting: Acting, number: int, reason: str, now: datetime) -> Publication:
    """The entry is off the list, as by 信用修复."""
    acting.needs(Grant.REVIEWER)
    WorkedCases(engine).named(Publications(engine).publication(number).case, acting.districts)
    removal = Removal(number=number, reason=_written("--reason", reason), at=now, by=acting.name)
    with writing(engine).begin() as connection:
        return remove_publication(connection, removal, acting.sign)


def day_of(word: date) -> tuple[datetime, datetime]:
    """When a day begins in Shanghai, and when it is over."""
    begins = datetime.combine(word, time(), SHANGHAI)
    return begins, begins + timedelta(days=1)


def _written(name: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise UserMistake(f"{name} 不能空")
    if len(text) > LONGEST:
        raise UserMistake(f"{name} 最多 {LONGEST} 字")
    if masked(text) != text:
        raise UserMistake(f"{name} 里有联系方式：公示不得含个人联系方式")
    return text
