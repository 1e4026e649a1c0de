"""Heads and leaves of manifests, read strictly: one form only, so that nothing can hide in another.

Whatever is not byte for byte as the format wants it raises `Malformed`, with the reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from storage.verifier.digest import sm3_of

HEAD_LIMIT = 1 << 23
LINE_LIMIT = 1 << 12
TOKEN_LIMIT = 1 << 20
# Values of a document, each of which costs some sixty times its one byte when it is read.
MOST_VALUES = 1 << 20
FORMAT = "lantian-manifest/1"
RECORDS, EXPIRY = "records", "expiry"
DAMAGED = "damaged"
# Nearer to the ends of time a tolerance could not be added or taken away.
FIRST_YEAR, LAST_YEAR = "1970", "9999"
# A clock may be set while a round runs; more than this is no clock's fault.
TOLERANCE = timedelta(minutes=5)

_FILE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.warc\.gz"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NUMBER = r"(?:0|[1-9][0-9]{0,15})"
_HEX = r"[0-9a-f]{64}"
FILE_NAME = re.compile(_FILE)
UUID = re.compile(_UUID)
DIGEST = re.compile(_HEX)
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_LEAF = re.compile(
    rf'\{{"file":"({_FILE})","id":"({_UUID}|)","length":({_NUMBER}),"offset":({_NUMBER}),'
    rf'"sha256":"({_HEX})","sm3":"({_HEX})",(?:"to":(-1|{_NUMBER}),)?"type":"([a-z]{{1,20}})"\}}'.encode()
)
_HEAD_KEYS = {
    "archive": str,
    "audit": dict,
    "demand": str,
    "files": list,
    "format": str,
    "kind": str,
    "leaves": int,
    "leaves_sm3": str,
    "number": int,
    "previous": str,
    "previous_sm3": str,
    "root": str,
    "rules": str,
    "sealed_at": str,
    "tool": str,
}
_EXTENT_KEYS = {RECORDS: {"file": str, "from": int, "to": int}}
_EXTENT_KEYS[EXPIRY] = {**_EXTENT_KEYS[RECORDS], "new": str, "new_size": int}


class Malformed(ValueError):
    """It is not written as the format wants it."""


class Leaf(NamedTuple):
    """One record as a manifest knows it; `to` is `None` but in expiry manifests, -1 for what was removed there."""

    file: str
    id: str
    length: int
    offset: int
    sha256: str
    sm3: str
    to: int | None
    type: str

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The bytes of one file that a manifest covers; an expiry manifest says what became of them."""

    file: str
    start: int
    end: int
    new: str = ""
    new_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One manifest's head; `sha256` and `sm3` are of its bytes."""

    archive: str
    audit_count: int
    audit_head: str
    demand: str
    files: tuple[Extent, ...]
    kind: str
    leaves: int
    leaves_sm3: str
    number: int
    previous: str
    previous_sm3: str
    root: str
    rules: str
    sealed_at: datetime
    tool: str
    sha256: str
    sm3: str


def parse_leaf(line: bytes) -> Leaf:
    """The leaf that the line, without its end, is."""
    found = _LEAF.fullmatch(line)
    if found is None:
        raise Malformed(f"a leaf is not written as it must be: {line[:120]!r}")
    file, name, length, offset, sha256, sm3, to, kind = found.groups()
    leaf = Leaf(
        file.decode(),
        name.decode(),
        int(length),
        int(offset),
        sha256.decode(),
        sm3.decode(),
        None if to is None else int(to),
        kind.decode(),
    )
    if (not leaf.id) != (leaf.type == DAMAGED) or not leaf.length:
        raise Malformed(f"a leaf of type {leaf.type} at {leaf.offset} has id {leaf.id!r} and length {leaf.length}")
    return leaf


def parse_head(raw: bytes) -> Head:
    """The head that these bytes are; unknown keys, other orders and other spellings are refused."""
    said = canonical(raw)
    _has(said, _HEAD_KEYS, "the head")
    _has(said["audit"], {"count": int, "head": str}, "audit")
    if said["format"] != FORMAT or said["kind"] not in _EXTENT_KEYS or said["demand"] not in ("sealed", "stamped"):
        raise Malformed(f"format {said['format']!r}, kind {said['kind']!r} or demand {said['demand']!r} is unknown")
    for key in ("previous", "previous_sm3", "rules"):
        _digest(key, said[key], may_be_empty=True)
    for key in ("leaves_sm3", "root"):
        _digest(key, said[key])
    _digest("audit head", said["audit"]["head"], may_be_empty=True)
    if not UUID.fullmatch(said["archive"]):
        raise Malformed(f"the archive's id is {said['archive'][:60]!r}")
    return Head(
        archive=said["archive"],
        audit_count=said["audit"]["count"],
        audit_head=said["audit"]["head"],
        demand=said["demand"],
        files=_extents(said["files"], said["kind"]),
        kind=said["kind"],
        leaves=said["leaves"],
        leaves_sm3=said["leaves_sm3"],
        number=said["number"],
        previous=said["previous"],
        previous_sm3=said["previous_sm3"],
        root=said["root"],
        rules=said["rules"],
        sealed_at=moment(said["sealed_at"]),
        tool=said["tool"],
        sha256=hashlib.sha256(raw).hexdigest(),
        sm3=sm3_of(raw),
    )


def canonical(raw: bytes) -> Any:
    """The one JSON document in these bytes, which are exactly its canonical form."""
    if sum(raw.count(one) for one in (b",", b"[", b"{")) > MOST_VALUES:
        raise Malformed(f"it has more than {MOST_VALUES} values")
    try:
        said = json.loads(raw)
        again = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        same = raw == again.encode() + b"\n"
    except (ValueError, RecursionError, TypeError) as wrong:
        raise Malformed(f"it is no JSON document: {str(wrong)[:200]}") from None
    if not same:
        raise Malformed("it is not in canonical form")
    return said


def moment(text: str) -> datetime:
    """UTC, with microseconds and Z."""
    try:
        if MOMENT.fullmatch(text) and FIRST_YEAR <= text[:4] < LAST_YEAR:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise Malformed(f"{text[:60]!r} is no moment")


def moment_text(when: datetime) -> str:
    """The same as text."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _has(said: Any, keys: dict[str, type], what: str) -> None:
    if not isinstance(said, dict) or said.keys() != keys.keys():
        raise Malformed(f"{what} has not the keys it must have")
    for key, kind in keys.items():
        # A boolean is an int to Python, but not to the format.
        if type(said[key]) is not kind or (kind is int and not 0 <= said[key] < 1 << 53):
            raise Malformed(f"{what}: {key} is {str(said[key])[:60]!r}")


def _digest(name: str, text: str, *, may_be_empty: bool = False) -> None:
    if not DIGEST.fullmatch(text) and not (may_be_empty and not text):
        raise Malformed(f"{name} is {text[:80]!r}, no digest")


def _extents(said: list[Any], kind: str) -> tuple[Extent, ...]:
    return tuple(_extent(one, kind) for one in said)


def _extent(said: Any, kind: str) -> Extent:
    _has(said, _EXTENT_KEYS[kind], "files")
    new = said["new"] if kind == EXPIRY else ""
    for name in (said["file"], new) if new else (said["file"],):
        if not FILE_NAME.fullmatch(name):
            raise Malformed(f"{name[:80]!r} is no file's name")
    return Extent(
        file=said["file"],
        start=said["from"],
        end=said["to"],
        new=new,
        new_size=said["new_size"] if kind == EXPIRY else 0,
    )
