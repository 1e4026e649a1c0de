"""A home with something of everything that a backup takes, and of what it must not take; and backups retold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keeping_specimens import NOW, Home, home_in, keep_page
from storage_specimens import archive_in

from crawler import clock
from storage.archive import FolderArchive
from storage.audit import Act, AuditLog
from storage.canonical import canonical
from storage.upkeep.inventory import DIGEST, LIST, digest_line

SECRET = "mi-mi-44"  # stands in whatever must never leave
BESIDE = {
    "lantian.toml": "[crawl]\ndelay = 1.0\n",
    "laws.toml": "# 本办公室的条文\n",
    "templates/letter.docx": "模板",
    "shapes/印章.png": "图形",
    "transfers/ab12.wacz": "移送来的",
    "extractions/20261120-ab/record.docx": "笔录",
}
NEVER = {
    "profiles/jd/session": SECRET,
    "templates/reporter.key": SECRET,
    "lantian.log": SECRET,
    "turns.db": SECRET,
    "archive/.half.warc.gz.part": SECRET,
}


@contextmanager
def working_home(folder: Path, database: Path | str = "") -> Iterator[tuple[Home, FolderArchive]]:
    """Two finished files, sealed; and one that is being written, with a page in it that no manifest covers."""
    with home_in(folder, database) as home, archive_in(folder / "archive") as writing:
        for item in "ab":
            with archive_in(home.archive) as archive:
                keep_page(home, archive, {f"{item}1": False, f"{item}2": True}, NOW)
        AuditLog(home.engine).add(Act(who="系统账号 示例", act="watch_added", subject="每日", at=clock.now()))
        home.seal()
        keep_page(home, writing, {"c1": True}, NOW)
        for name, text in (BESIDE | NEVER).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        yield home, writing


def listed(backup: Path) -> dict[str, Any]:
    """BACKUP.json as it stands."""
    told = json.loads((backup / LIST).read_bytes())
    assert isinstance(told, dict)
    return told


def relisted(backup: Path, told: dict[str, Any] | None = None) -> None:
    """A forger's work: the list says what lies there now, or what he likes, and its digest is right."""
    if told is None:
        told = listed(backup)
        for one in told["files"]:
            raw = (backup / one["name"]).read_bytes()
            one |= {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    raw = canonical(told)
    (backup / LIST).write_bytes(raw)
    (backup / DIGEST).write_bytes(digest_line(hashlib.sha256(raw).hexdigest()))


def flip(path: Path, at: int = -1) -> None:
    """One bit of one byte, in the middle unless told otherwise."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 if at < 0 else at] ^= 1
    path.write_bytes(raw)
