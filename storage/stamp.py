"""Stamps manifests, oldest first, and other bytes: each until it has a token that the verifier accepts.

What cannot be stamped now waits and is tried again; nothing is skipped, and nothing is called stamped whose token
is not on the disk. A manifest or token that is not what it was is said every time, and holds up no other.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine, func, or_, select, update

from crawler.errors import EvidenceBroken, NotStamped
from crawler.tables import Authority
from storage.audit import Act, add_on
from storage.db import writing
from storage.folders import made, save
from storage.sealing.authorities import Asking, Token
from storage.sealing.manifests import FOLDER, head_path, read_head
from storage.tables.sealing import SealRow
from storage.verifier.report import KINDS, Broken

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
WHO = "lantian"
WITHOUT = "没有设置时间戳服务（[[authority]]）"
MOST_TOLD = 20
BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A manifest that has a token now: the authority's time and the name in its certificate."""

    number: int
    at: datetime
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A manifest that has none: how often it was tried, why not, and when it is tried again."""

    number: int
    tries: int
    error: str
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """What one call did: `done` manifests were stamped, `left` wait, the oldest of them are told; `error` is the first
    reason why, or empty. `broken` says which manifest or token is not what it was: that is not waiting, but evidence
    that does not hold. Without an authority nothing waits.
    """

    done: int
    left: int
    error: str
    stamped: tuple[Stamped, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    broken: tuple[str, ...] = ()


def stamp_bytes(over: bytes, authorities: Sequence[Authority], now: datetime) -> bytes:
    """A token (TimeStampResp, DER) over these bytes, verified; `NotStamped` when no authority gives one."""
    if not authorities:
        raise NotStamped(WITHOUT)
    with closing(Asking(authorities, now)) as asking:
        return asking.token(over, part="token").der


def stamp_pending(
    folder: Path, engine: Engine, authorities: Sequence[Authority], now: datetime, *, at_once: bool = False
) -> Stamping:
    """Ask for every manifest of the archive in `folder` that has no token and is due; with `at_once`, for every one.

    An authority that fails is not asked again in this call; when none is left, the next few are only looked at, whether
    they are still what was sealed, and the rest wait.
    """
    if not authorities:
        return Stamping(done=0, left=0, error=WITHOUT)
    with closing(Asking(authorities, now)) as asking, _alone(folder) as is_alone:
        if not is_alone:
            return _told(engine, _Done(), "另一个进程正在申请时间戳")
        _keep_trust(folder, asking)
        done = _Done()
        for looked_at, number in enumerate(_due(engine, now, at_once=at_once)):
            if asking.is_hopeless and looked_at >= BATCH:
                break
            _stamp(folder, engine, asking, number, done)
        return _told(engine, done)


class _Done:
    """What one call has come to so far."""

    def __init__(self) -> None:
        self.stamped: list[Stamped] = []
        self.broken: list[str] = []


def _told(engine: Engine, done: _Done, error: str = "") -> Stamping:
    """What was done, and what is left by the rows."""
    rows = SealRow.number, SealRow.tries, SealRow.last_error, SealRow.next_try_at
    left = select(func.count()).where(SealRow.stamped_at.is_(None))
    oldest = select(*rows).where(SealRow.stamped_at.is_(None)).order_by(SealRow.number).limit(MOST_TOLD)
    with engine.begin() as connection:
        count = connection.execute(left).scalar_one()
        waiting = tuple(
            Waiting(number=number, tries=tries, error=last_error, next_try_at=next_try_at)
            for number, tries, last_error, next_try_at in connection.execute(oldest)
        )
    first = error or next((one.error for one in waiting if one.error), "")
    return Stamping(
        done=len(done.stamped),
        left=count,
        error=first if count else "",
        stamped=tuple(done.stamped),
        waiting=waiting,
        broken=tuple(done.broken),
    )


def _due(engine: Engine, now: datetime, *, at_once: bool) -> Iterator[int]:
    """The manifests to be tried, oldest first, read a few at a time: where nobody answers, most are not needed."""
    is_due = or_(SealRow.next_try_at.is_(None), SealRow.next_try_at <= now)
    query = select(SealRow.number).where(SealRow.stamped_at.is_(None)).order_by(SealRow.number).limit(BATCH)
    if not at_once:
        query = query.where(is_due)
    after = 0
    while True:
        with engine.begin() as connection:
            numbers = connection.execute(query.where(SealRow.number > after)).scalars().all()
        yield from numbers
        if len(numbers) < BATCH:
            return
        after = numbers[-1]


def _stamp(folder: Path, engine: Engine, asking: Asking, number: int, done: _Done) -> None:
    """The manifest's stamp, or a row that says why there is none."""
    try:
        token = _token(folder, engine, asking, number)
    except NotStamped as wrong:
        _postpone(engine, number, asking.now, str(wrong))
    except EvidenceBroken as wrong:
        # Nobody is asked for it: it is looked at again, and said again, at every call.
        _postpone(engine, number, asking.now, str(wrong), is_broken=True)
        done.broken.append(f"第 {number} 号清单：{wrong}")
    else:
        if token is None:
            return
        _enter(engine, number, asking.now, token)
        done.stamped.append(Stamped(number=number, at=token.stamp.at, authority=token.stamp.authority))


def _token(folder: Path, engine: Engine, asking: Asking, number: int) -> Token | None:
    """The token of a manifest, on the disk; none when there is nobody left to ask."""
    query = select(SealRow.sha256, SealRow.sealed_at).where(SealRow.number == number)
    with engine.begin() as connection:
        sha256, sealed_at = connection.execute(query).one()
    head, path = read_head(folder, number), token_path(folder, number)
    if hashlib.sha256(head).hexdigest() != sha256:
        raise EvidenceBroken(f"{FOLDER}/{number:06d}.json 不是封存时的清单")
    if path.exists():
        return _found(path, head, asking, sealed_at)
    if asking.is_hopeless:
        return None
    token = asking.token(head, part=path.name, sealed_at=sealed_at)
    save(path, token.der)
    return token


def _found(path: Path, head: bytes, asking: Asking, sealed_at: datetime) -> Token:
    """A token that a crash left without its row; one that does not hold is a person's to look at."""
    der = path.read_bytes()
    stamp = asking.holds(der, head, part=path.name, sealed_at=sealed_at)
    if isinstance(stamp, Broken):
        raise EvidenceBroken(f"已有的 {FOLDER}/{path.name} 不成立：{KINDS[stamp.kind]}（{stamp.detail}）")
    return Token(der=der, stamp=stamp)


def token_path(folder: Path, number: int) -> Path:
    """Where the token of this manifest lies; `folder` is the archive's."""
    return head_path(folder, number).with_suffix(".tsr")


# -- rows ------------------------------------------------------------------------------------------


def _enter(engine: Engine, number: int, now: datetime, token: Token) -> None:
    digest = hashlib.sha256(token.der).hexdigest()
    detail = {"token": digest, "authority": token.stamp.authority, "at": token.stamp.at.isoformat()}
    values = {"stamped_at": token.stamp.at, "authority": token.stamp.authority, "token_sha256": digest}
    row = update(SealRow).where(SealRow.number == number)
    with writing(engine).begin() as connection:
        connection.execute(row.values(**values, tries=SealRow.tries + 1, last_error="", next_try_at=None))
        add_on(connection, Act(who=WHO, act="stamp", subject=f"{number:06d}", at=now, detail=detail))


def _postpone(engine: Engine, number: int, now: datetime, error: str, *, is_broken: bool = False) -> None:
    with writing(engine).begin() as connection:
        tries = connection.execute(select(SealRow.tries).where(SealRow.number == number)).scalar_one() + 1
        wait = timedelta() if is_broken else min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
        row = update(SealRow).where(SealRow.number == number)
        connection.execute(row.values(tries=tries, last_error=error[:1000], next_try_at=now + wait))


# -- files -----------------------------------------------------------------------------------------


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else stamps this archive now; if so, nobody does meanwhile."""
    manifests = folder / FOLDER
    made(manifests)
    fd = os.open(manifests / ".stamp.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        yield _has_locked(fd)
    finally:
        os.close(fd)


def _has_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _keep_trust(folder: Path, asking: Asking) -> None:
    """Copies of the certificates we trust, for packages. Nobody trusts them for lying there."""
    authorities = folder / FOLDER / "authorities"
    made(authorities)
    for certificate in dict.fromkeys(one for several in asking.trust.values() for one in several):
        name = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()[:16]
        if not (path := authorities / f"{name}.pem").exists():
            save(path, certificate.public_bytes(Encoding.PEM))
