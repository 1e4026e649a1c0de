"""Field checks: who went where, when, and what was found. It keeps no photographs, only their digests."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from sqlalchemy import Engine

from casework.acting import Acting
from casework.incoming.reports import WORKERS
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.cases.leads import register
from storage.cases.shapes import NewLead, WorkedLead
from storage.db import writing

SOURCE = "field"
MOST_TITLE = 80  # characters
MOST_PHOTO = 200 << 20  # bytes
MOST_PHOTOS = 200
WORDS = {
    "day": "检查日期",
    "officers": "检查人",
    "place": "地点",
    "seller": "主体",
    "found": "发现",
    "photos": "照片",
    "photos_kept": "照片存放处",
    "url": "网址",
    "platform": "平台",
    "categories": "类别",
    "district": "区县",
}
_LISTS = ("officers", "photos", "categories")
_NEEDED = ("day", "officers", "place", "found")
LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photograph by its file's name and digest: the file itself is not kept here."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCheck:
    """One visit on the spot."""

    day: date
    officers: tuple[str, ...]
    place: str
    found: str
    seller: str = ""
    url: str = ""
    platform: str = ""
    categories: tuple[str, ...] = ()
    district: str = ""
    photos: tuple[Photo, ...] = ()
    photos_kept: str = ""

    @property
    def note(self) -> str:
        """What stands in the lead, a line a fact."""
        lines = [f"现场检查 {self.day.isoformat()}，{'、'.join(self.officers)}，{self.place}", f"发现：{self.found}"]
        lines += [f"照片 {one.name} SHA-256 {one.sha256}" for one in self.photos]
        return "\n".join([*lines, *([f"照片存于{self.photos_kept}"] if self.photos_kept else [])])


def field_check_of(told: Mapping[str, object], folder: Path, now: datetime) -> FieldCheck:
    """A check out of a file's values; photographs are named relative to its folder, read and digested."""
    if strange := sorted(told.keys() - WORDS.keys()):
        raise UserMistake(f"没有 {'、'.join(strange)} 这些项；现有：{'、'.join(WORDS)}")
    for name in _NEEDED:
        if not told.get(name):
            raise UserMistake(f"要有{WORDS[name]}（{name}）")
    lists = {name: _list(told.get(name, []), WORDS[name]) for name in _LISTS}
    if lists["photos"] and not told.get("photos_kept"):
        raise UserMistake("有照片时要写明照片存放处（photos_kept）：这里只记摘要，不存照片")
    return FieldCheck(
        day=_day(told["day"], now),
        officers=lists["officers"],
        categories=lists["categories"],
        photos=tuple(_photo(folder / name) for name in lists["photos"][:MOST_PHOTOS]),
        place=_text(told, "place"),
        found=_text(told, "found"),
        seller=_text(told, "seller"),
        url=_text(told, "url"),
        platform=_text(told, "platform"),
        district=_text(told, "district"),
        photos_kept=_text(told, "photos_kept"),
    )


def register_field_check(
    engine: Engine, check: FieldCheck, platforms: Collection[str], acting: Acting, now: datetime
) -> WorkedLead:
    """The lead that the check gives."""
    acting.needs(*WORKERS)
    if check.platform and check.platform not in platforms:
        raise UserMistake(f"没有这个平台；现有：{'、'.join(platforms)}")
    if check.url and not re.match(r"https?://[^\s/]", check.url):
        raise UserMistake("网址要以 http:// 或 https:// 开头")
    title = f"{check.seller or check.place}：{check.found}"
    new = NewLead(
        source=SOURCE,
        platform=check.platform,
        title=title if len(title) <= MOST_TITLE else f"{title[:MOST_TITLE]}…",
        url=check.url,
        categories=check.categories,
        seller=check.seller,
        note=check.note,
        district=check.district,
        found_at=datetime.combine(check.day, time(), SHANGHAI),
        registered_at=now,
    )
    with writing(engine).begin() as connection:
        return register(connection, new, acting.sign)


def _photo(path: Path) -> Photo:
    try:
        if not path.is_file() or path.stat().st_size > MOST_PHOTO:
            raise UserMistake(f"{path} 不是文件，或大于 {MOST_PHOTO >> 20} MB")
        with path.open("rb") as file:
            return Photo(name=path.name, sha256=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as wrong:
        raise UserMistake(f"照片 {path} 读不了：{wrong.strerror}") from None


def _text(told: Mapping[str, object], name: str) -> str:
    value = told.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise UserMistake(f"{WORDS[name]}（{name}）要是文字，最多 {LONGEST} 字")
    return value.strip()


def _list(value: object, word: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise UserMistake(f'{word}要写成 ["…", "…"] 这样的一列')
    return tuple(dict.fromkeys(one.strip() for one in value))


def _day(value: object, now: datetime) -> date:
    try:
        day = value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(str(value))
    except ValueError:
        raise UserMistake("检查日期要写成 2026-11-01") from None
    if day > now.astimezone(SHANGHAI).date():
        raise UserMistake("检查日期不能在今天以后")
    return day
