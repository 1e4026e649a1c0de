"""公示: what of a case is told to everybody, for how long, and why it comes off the list.

Nothing is published that two people did not find true in a proven way, nor by one of those who decided it, nor with
a contact in it, nor what gives away whoever reported a lead of the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.incoming.guard import known_reporters, refuse_reporters
from casework.incoming.reporter import ReporterKey
from casework.masking import masked
from casework.reports.grounds import MOST_LEADS, proven_grounds
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.cases.cases import WorkedCases
from storage.cases.lead_shapes import WorkedCase
from storage.cases.leads import WorkedLeads
from storage.cases.publications import (
    NewPublication,
    Publication,
    Publications,
    Removal,
    add_publication,
    remove_publication,
)
from storage.cases.shapes import LeadsWanted
from storage.db import writing

MOST_DAYS = 1096
LONGEST = 2000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to publish of a case, for so many days from today on; `key` opens who reported it."""

    case: str
    title: str
    facts: str
    basis: str
    days: int
    key: ReporterKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Which entry comes off the list, and why; `key` as in `Wanted`."""

    number: int
    reason: str
    key: ReporterKey | None = field(default=None, repr=False)


def publish(engine: Engine, acting: Acting, wanted: Wanted, now: datetime) -> Publication:
    """An entry on the list from today on; signed by a reviewer who decided none of it."""
    acting.needs(Grant.REVIEWER)
    case = WorkedCases(engine).named(wanted.case, acting.districts)
    words = {"--title": wanted.title, "--facts": wanted.facts, "--basis": wanted.basis}
    told = {name: _written(name, text) for name, text in words.items()}
    if not 1 <= wanted.days <= MOST_DAYS:
        raise UserMistake(f"--days 要在 1 和 {MOST_DAYS} 之间")
    grounds = proven_grounds(engine, case, acting.districts)
    _refuse_naming(engine, case, told, wanted.key)
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


def take_off(engine: Engine, acting: Acting, withdrawn: Withdrawn, now: datetime) -> Publication:
    """The entry is off the list, as by 信用修复."""
    acting.needs(Grant.REVIEWER)
    number, reason = withdrawn.number, _written("--reason", withdrawn.reason)
    case = WorkedCases(engine).named(Publications(engine).publication(number).case, acting.districts)
    _refuse_naming(engine, case, {"--reason": reason}, withdrawn.key)
    removal = Removal(number=number, reason=reason, at=now, by=acting.name)
    with writing(engine).begin() as connection:
        return remove_publication(connection, removal, acting.sign)


def day_of(word: date) -> tuple[datetime, datetime]:
    """When a day begins in Shanghai, and when it is over."""
    begins = datetime.combine(word, time(), SHANGHAI)
    return begins, begins + timedelta(days=1)


def _refuse_naming(engine: Engine, case: WorkedCase, told: Mapping[str, str], key: ReporterKey | None) -> None:
    """Whoever reported any lead of the case, in whatever district."""
    leads = WorkedLeads(engine).leads(LeadsWanted(case_id=case.id, limit=MOST_LEADS))
    refuse_reporters(known_reporters(engine, (one.id for one in leads), key), told.items())


def _written(name: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise UserMistake(f"{name} 不能空")
    if len(text) > LONGEST:
        raise UserMistake(f"{name} 最多 {LONGEST} 字")
    if masked(text) != text:
        raise UserMistake(f"{name} 里有联系方式：公示不得含个人联系方式")
    return text
