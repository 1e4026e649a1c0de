"""Login profiles: that a named person signed in with the office's own account, and where the encrypted file lies.

Whoever signed out is not asked twice: a paused profile serves nobody until a person signs in again.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update

from crawler.errors import UserMistake
from crawler.sessions import Session, session_of
from storage.audit import Act, add_on
from storage.db import writing
from storage.folders import made, sync_folder
from storage.models import encodable
from storage.people import OURSELVES
from storage.tables.hand import ProfileRow
from storage.vault import seal, unseal

LARGEST = 4 << 20  # bytes of an encrypted file
FOLDER = "profiles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One time somebody signed in at a platform; `paused_at` is when it was found signed out."""

    number: int
    platform: str
    by: str
    at: datetime
    sha256: str
    paused_at: datetime | None
    paused_why: str


class Profiles:
    """The profiles of one home, one encrypted file a platform. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self._engine = engine
        self._writer = writing(engine)
        self._folder = home / FOLDER

    def newest(self, platform: str) -> Profile | None:
        """The last one of a platform, perhaps paused; `None` where nobody ever signed in."""
        query = select(*_PROFILE).where(ProfileRow.platform == platform).order_by(ProfileRow.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return _profile(row) if row else None

    def keep(self, platform: str, state: bytes, key: str, signed: tuple[str, datetime]) -> Profile:
        """Somebody signed in: `state` is kept encrypted. `signed` is by whom and when."""
        session_of(0, state)
        return self._write(platform, seal(state, platform, key), "login", signed)

    def take_in(self, platform: str, sealed: bytes, key: str, signed: tuple[str, datetime]) -> Profile:
        """A file that was carried here, encrypted as it is; `UserMistake` where this key does not open it."""
        session_of(0, unseal(sealed, platform, key))
        return self._write(platform, sealed, "login_imported", signed)

    def hand_out(self, platform: str, signed: tuple[str, datetime]) -> bytes:
        """The encrypted file as it is, to be carried elsewhere; the log says by whom."""
        profile = self.newest(platform)
        if profile is None:
            raise UserMistake(f"{platform} 还没有登录过")
        sealed, (by, at) = self._file(profile), signed
        with self._writer.begin() as connection:
            subject = f"{platform} profile {profile.number}"
            add_on(connection, Act(who=by, act="login_exported", subject=subject, at=at))
        return sealed

    def session(self, platform: str, key: str) -> Session | None:
        """What the platform is asked with; `None` where nobody signed in, or the profile is paused.

        `UserMistake` where it cannot be opened with this key.
        """
        profile = self.newest(platform)
        if profile is None or profile.paused_at is not None:
            return None
        return session_of(profile.number, unseal(self._file(profile), platform, key))

    def pause(self, number: int, why: str, at: datetime) -> bool:
        """Found signed out: nothing uses it any more. Whether it was in use until now."""
        its = update(ProfileRow).where(ProfileRow.id == number, ProfileRow.paused_at.is_(None))
        with self._writer.begin() as connection:
            if not connection.execute(its.values(paused_at=at, paused_why=encodable(why))).rowcount:
                return False
            add_on(connection, Act(who=OURSELVES, act="login_paused", subject=f"profile {number}", at=at))
        return True

    def _write(self, platform: str, sealed: bytes, act: str, signed: tuple[str, datetime]) -> Profile:
        """File and row: the transaction ends when the file is safe, so that a row never speaks of none."""
        by, at = signed
        values = {"platform": platform, "by": encodable(by), "at": at, "sha256": hashlib.sha256(sealed).hexdigest()}
        with self._writer.begin() as connection:
            new = insert(ProfileRow).values(**values, paused_at=None, paused_why="").returning(*_PROFILE)
            row = connection.execute(new).one()
            add_on(connection, Act(who=by, act=act, subject=f"{platform} profile {row.id}", at=at))
            made(self._folder)
            self._folder.chmod(0o700)
            save_private(self._folder / platform, sealed)
        return _profile(row)

    def _file(self, profile: Profile) -> bytes:
        try:
            with (self._folder / profile.platform).open("rb") as file:
                sealed = file.read(LARGEST + 1)
        except OSError as wrong:
            raise UserMistake(f"{profile.platform} 的登录文件读不了：{wrong.strerror}；请重新登录") from None
        if hashlib.sha256(sealed).hexdigest() != profile.sha256:
            raise UserMistake(f"{profile.platform} 的登录文件不是登录时写下的那一份；请重新登录")
        return sealed


def save_private(path: Path, content: bytes) -> None:
    """The file is whole under its name when this returns, or what was there before is; nobody else may read it."""
    temp = path.with_name(f".{path.name}.tmp")
    temp.unlink(missing_ok=True)
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temp.rename(path)
    sync_folder(path.parent)


_PROFILE = tuple(ProfileRow.__table__.columns)


def _profile(row: Row[Any]) -> Profile:
    same = {name: row._mapping[name] for name in Profile.__slots__ if name != "number"}
    return Profile(number=row.id, **same)
