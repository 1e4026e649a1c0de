"""Which records of one file go and which stay, and the file without those that go.

What belongs together goes together: a response and its request, all records of a visit. Every byte that stays is
compared with what was sealed, and copied as it lies there. What cannot be dated stays.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from crawler.errors import EvidenceBroken
from crawler.items import How
from storage.folders import sync_folder
from storage.keeping.needs import Needed
from storage.keeping.trail import NEAR, Answer, answer, trail
from storage.sealing.members import DAMAGED, Member

PART_SUFFIX = ".part"
_FIRST = 1 << 13
_LARGEST_HEAD = 1 << 20
_STEP = 1 << 20
_ID = re.compile(r"<urn:uuid:([0-9a-f-]{36})>")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_PREAMBLE = "warcinfo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of a file's members: `stays` has a byte for each, 1 for those that stay.

    `kept` are bytes, `gone` records, `captures` those of them that the ledger knows. `oldest` is the date of the
    oldest record that stays although the ledger does not know it, `None` without one.
    """

    stays: bytes
    kept: int
    gone: int
    captures: int
    oldest: datetime | None


@dataclass(slots=True)
class _Group:
    """Records that go or stay together."""

    stays: bool = False
    is_known: bool = False
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What a record's header says: when, what it belongs to (empty: to itself), by what means it came (empty: as it
    was answered), and, of an answer, what it led to."""

    at: datetime | None
    group: str
    how: str = ""
    answer: Answer | None = None


def plan(path: Path, members: Iterable[Member], needed: Needed, cutoff: datetime) -> Plan:
    """Look at every record's header; those of groups that are neither younger than `cutoff` nor needed go.

    What led to a needed page is needed with it.
    """
    groups: dict[str, _Group] = {}
    keys, sizes, known = [], [], bytearray()
    near: deque[Answer] = deque(maxlen=NEAR)
    with path.open("rb") as file:
        for member in members:
            told = _told(file, member, with_answer=bool(needed.asked))
            keys.append(_join(groups, member, told, needed, cutoff))
            _follow(groups, near, member, told, needed)
            sizes.append(member.length)
            known.append(member.id in needed.known)
    stays = _stays(groups, keys)
    unknown = [one.oldest for one in groups.values() if one.stays and not one.is_known and one.oldest]
    return Plan(
        stays=stays,
        kept=sum(size for size, stay in zip(sizes, stays, strict=True) if stay),
        gone=len(stays) - sum(stays),
        captures=sum(is_known and not stay for is_known, stay in zip(known, stays, strict=True)),
        oldest=min(unknown, default=None),
    )


def _join(groups: dict[str, _Group], member: Member, told: _Told, needed: Needed, cutoff: datetime) -> str:
    """Enter the record in its group and return that group's name."""
    if member.type == _PREAMBLE or not member.id:
        return member.type
    key = told.group or member.id
    group = groups.setdefault(key, _Group())
    group.is_known = group.is_known or member.id in needed.known
    is_needed = member.id in needed.captures or key in needed.visits
    group.stays = group.stays or is_needed or told.at is None or told.at >= cutoff
    if told.at and (group.oldest is None or told.at < group.oldest):
        group.oldest = told.at
    return key


def _follow(groups: dict[str, _Group], near: deque[Answer], member: Member, told: _Told, needed: Needed) -> None:
    """Keep what led to the record if that is a needed page, for as long as the page is needed and no longer."""
    if member.id in needed.asked:
        is_rendered = told.how == How.BROWSER
        page = told.answer.url if told.answer else needed.asked[member.id]
        for one in trail(near, needed.asked[member.id], page, is_rendered=is_rendered):
            groups[one.id].stays = groups[one.id].is_known = True
    if told.answer:
        near.append(told.answer)


def _stays(groups: dict[str, _Group], keys: Sequence[str]) -> bytes:
    stays = bytearray(len(keys))
    follows = False
    # Bytes between whole records have no date: they go with the record behind them, which is not older.
    for at in reversed(range(len(keys))):
        if keys[at] not in (_PREAMBLE, DAMAGED):
            follows = groups[keys[at]].stays
        stays[at] = follows and keys[at] != _PREAMBLE
    if any(stays):
        stays[:] = (stay or key == _PREAMBLE for stay, key in zip(stays, keys, strict=True))
    return bytes(stays)


# -- headers ---------------------------------------------------------------------------------------


def _told(file: BinaryIO, member: Member, *, with_answer: bool) -> _Told:
    if member.type == DAMAGED:
        return _Told(None, "")
    has_answer = with_answer and member.type == "response"
    head, message = _heads(file, member, 2 if has_answer else 1)
    fields = _fields(head)
    visit, how = fields.get("lantian-visit", ""), fields.get("lantian-how", "")
    answered = _ID.fullmatch(fields.get("warc-concurrent-to", "")) if member.type == "request" else None
    return _Told(
        at=_moment(fields.get("warc-date", "")),
        group=visit or (answered[1] if answered else ""),
        how=how,
        answer=answer(member.id, fields.get("warc-target-uri", ""), message)
        if has_answer and not (how or visit)
        else None,
    )


def _heads(file: BinaryIO, member: Member, ends: int) -> tuple[bytes, bytes]:
    """The record's header and what follows up to the next empty line if two are wanted; opened no further."""
    unpacker, plain = zlib.decompressobj(wbits=31), b""
    at, step = member.offset, _FIRST
    try:
        while plain.count(b"\r\n\r\n") < ends and at < member.end and len(plain) < _LARGEST_HEAD:
            packed = os.pread(file.fileno(), min(step, member.end - at), at)
            if not packed:
                break
            plain += unpacker.decompress(packed, _LARGEST_HEAD)
            at, step = at + len(packed), _STEP
    except (zlib.error, OSError) as wrong:
        raise EvidenceBroken(f"{file.name} at {member.offset}: it cannot be read ({type(wrong).__name__})") from None
    head, end, block = plain.partition(b"\r\n\r\n")
    if not end:
        raise EvidenceBroken(f"{file.name} at {member.offset}: the record has no header")
    return head, block.partition(b"\r\n\r\n")[0]


def _fields(head: bytes) -> dict[str, str]:
    lines = (line.partition(b": ") for line in head.split(b"\r\n")[1:])
    return {name.decode("ascii", "replace").lower(): value.decode("utf-8", "replace") for name, _, value in lines}


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


# -- the file without them -------------------------------------------------------------------------


def write_pruned(path: Path, members: Iterable[Member], stays: bytes, target: Path) -> int:
    """Copy the members that stay into a new file, safe on the disk under its name; its size.

    The whole old file is read and compared on the way: what is damaged is neither copied nor removed.
    """
    temp = target.with_name(target.name + PART_SUFFIX)
    try:
        with path.open("rb") as old, temp.open("xb") as new:
            size = _copy(old, new, members, stays)
            new.flush()
            os.fsync(new.fileno())
        temp.rename(target)
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(target.parent)
    return size


def _copy(old: BinaryIO, new: BinaryIO, members: Iterable[Member], stays: bytes) -> int:
    size = 0
    for member, stay in zip(members, stays, strict=True):
        digest = hashlib.sha256()
        for piece in _pieces(old, member):
            digest.update(piece)
            if stay:
                new.write(piece)
        if digest.hexdigest() != member.sha256:
            where = f"{Path(old.name).name} at {member.offset}"
            raise EvidenceBroken(f"{where}: record {member.id} is not the one that was sealed")
        size += member.length if stay else 0
    if old.read(1):
        raise EvidenceBroken(f"{Path(old.name).name} goes on where nothing was sealed")
    return size


def _pieces(old: BinaryIO, member: Member) -> Iterator[bytes]:
    left = member.length
    while left and (piece := old.read(min(left, _STEP))):
        left -= len(piece)
        yield piece
