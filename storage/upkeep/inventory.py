"""What a backup holds: every file with its size and SHA-256, and what its database came to, as BACKUP.json says it.

Nothing is read of a list that is not the one that was written, or that names what could lie outside the backup.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import AuditHead
from storage.canonical import canonical
from storage.shelving import Shelved

LIST, DIGEST, TESTED = "BACKUP.json", "BACKUP.sha256", "TESTED.json"
# What may lie in a backup and is not in its list; the last is left where the machine stopped while the test was noted.
BESIDE = frozenset({LIST, DIGEST, TESTED, f".{TESTED}.tmp"})
DATABASE, DUMP = "lantian.db", "lantian.dump"
FORMAT = "lantian-backup/1"
LIMIT = 64 << 20  # bytes of a list; four hundred thousand files come to so many
_LONGEST = 1000
_FIRST, _LAST = 2000, 2999  # years; at the ends of the calendar a moment has no local time


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedFile:
    """One file of a backup by its name below it, which is its name below the home."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rows of one moment came to. `number` and `head` are of the newest manifest, 0 and empty without one.

    `shelf` are files that lie on the shelf alone, `workers` such as workers have not handed over yet.
    """

    schema: str
    exhibits: int
    number: int
    head: str
    audit: AuditHead
    shelf: tuple[Shelved, ...] = ()
    workers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One backup. `left_out` names files of the home that a restored one will want and that are not in here."""

    made_at: datetime
    version: str
    database: str
    facts: Facts
    files: tuple[BackedFile, ...]
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.files)

    def written(self) -> bytes:
        """As it stands in BACKUP.json."""
        return canonical(asdict(self) | {"format": FORMAT, "made_at": self.made_at.isoformat()})


def read_inventory(backup: Path, sha256: str = "") -> tuple[Inventory, str]:
    """The list of a backup and the list's own digest, which must be `sha256` where that is known from elsewhere.

    `UserMistake` where there is no backup, `EvidenceBroken` for a list that is not the one that was written.
    """
    if not (backup / LIST).is_file():
        raise UserMistake(f"{backup} 不是备份：里面没有 {LIST}")
    raw = read_plain(backup / LIST, LIMIT)
    found = hashlib.sha256(raw).hexdigest()
    if read_plain(backup / DIGEST, 200) != digest_line(found) or sha256.lower() not in ("", found):
        raise EvidenceBroken(f"{backup / LIST} 与其摘要不符（现为 {found}）")
    try:
        told = _told(raw)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as wrong:
        raise EvidenceBroken(f"{backup / LIST} 读不懂：{wrong}") from None
    _refuse_names(told)
    return told, found


def digest_line(sha256: str) -> bytes:
    """As `sha256sum -c` reads it."""
    return f"{sha256}  {LIST}\n".encode()


def read_plain(path: Path, limit: int) -> bytes:
    """The whole file; `EvidenceBroken` where it is missing, a link, or longer than anything that we write."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as wrong:
        raise EvidenceBroken(f"{path} 不能读（{wrong.strerror}）") from None
    with os.fdopen(fd, "rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise EvidenceBroken(f"{path} 太大")
    return raw


def _told(raw: bytes) -> Inventory:
    told: dict[str, Any] = json.loads(raw)
    if told.pop("format") != FORMAT:
        raise ValueError("不是这种格式")
    facts = told.pop("facts")
    read = Inventory(
        **(told | {"made_at": datetime.fromisoformat(told["made_at"])})
        | {
            "files": tuple(BackedFile(**one) for one in told["files"]),
            "left_out": tuple(told["left_out"]),
            "facts": Facts(
                **facts
                | {
                    "audit": AuditHead(**facts["audit"]),
                    "shelf": tuple(Shelved(**one) for one in facts["shelf"]),
                    "workers": tuple(facts["workers"]),
                }
            ),
        }
    )
    if read.made_at.tzinfo is None or not _FIRST <= read.made_at.year <= _LAST:
        raise ValueError("时间不可能")
    if read.written() != raw or not _is_typed(read):
        raise ValueError("不是备份时写下的样子")
    return read


def _is_typed(read: Inventory) -> bool:
    """JSON knows other kinds of values than were written."""
    facts = read.facts
    words = (read.version, read.database, facts.schema, facts.head, facts.audit.digest, *read.left_out, *facts.workers)
    numbers = (facts.exhibits, facts.number, facts.audit.count)
    files = [(one.name, one.sha256, one.size) for one in read.files]
    files += [(one.file, one.sha256, one.size) for one in facts.shelf]
    texts = (*words, *(word for name, sha256, _ in files for word in (name, sha256)))
    sizes = (*numbers, *(size for _, _, size in files))
    return all(type(one) is str for one in texts) and all(type(one) is int and one >= 0 for one in sizes)


def _refuse_names(told: Inventory) -> None:
    """Each name once, below the folder, and none of them a folder of another."""
    names = [one.name for one in told.files]
    known = set(names)
    above = {str(parent) for name in known for parent in Path(name).parents}
    wrong = [name for name in names if not is_safe(name) or name in above or name in BESIDE]
    if wrong or len(known) < len(names):
        raise EvidenceBroken(f"备份清单里有不该有的文件名：{wrong[0] if wrong else '重复'}")
    if (DATABASE if told.database == "sqlite" else DUMP) not in known:
        raise EvidenceBroken("备份清单里没有数据库")


def is_safe(name: str) -> bool:
    """Whether it can only mean a file below the folder that it is joined to."""
    parts = name.split("/")
    return name.isprintable() and len(name) <= _LONGEST and "\\" not in name and not {"", ".", ".."} & set(parts)
