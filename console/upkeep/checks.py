"""What a check is, and how several are made: one that cannot be made says so and hides no other."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError

from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake

EXPECTED = (OSError, UserMistake, EvidenceBroken, SQLAlchemyError, ImportError, subprocess.SubprocessError)


class Health(StrEnum):
    """What a check came to; only `bad` keeps the house from doing its work."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, and what to do about it, as a command where there is one. What is
    wrong is never told without what to do."""

    name: str
    state: Health
    told: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.state in (Health.WARN, Health.BAD) and not self.fix.strip():
            raise ValueError(f"{self.name}: a complaint without a remedy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at, when, and whether also what takes long."""

    config: Config
    now: datetime
    in_full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Something to look at, by name. It may come to several checks; `fix` is what to do when the look itself fails."""

    name: str
    make: Callable[[], Iterable[Check]]
    fix: str
    otherwise: Health = Health.BAD

    def __post_init__(self) -> None:
        if not self.fix.strip():
            raise ValueError(f"{self.name}: a look without a remedy")


def good(name: str, told: str) -> Check:
    return Check(name=name, state=Health.OK, told=told)


def warning(name: str, told: str, fix: str) -> Check:
    return Check(name=name, state=Health.WARN, told=told, fix=fix)


def bad(name: str, told: str, fix: str) -> Check:
    return Check(name=name, state=Health.BAD, told=told, fix=fix)


def unknown(name: str, told: str, fix: str = "") -> Check:
    return Check(name=name, state=Health.UNKNOWN, told=told, fix=fix)


def made(look: Look) -> Iterator[Check]:
    """What the look comes to; where it fails as things do fail, that is its answer."""
    try:
        yield from look.make()
    except EXPECTED as wrong:
        why = str(getattr(wrong, "orig", None) or wrong).partition("\n")[0]
        yield Check(name=look.name, state=look.otherwise, told=why or type(wrong).__name__, fix=look.fix)
