"""The archive in a folder: keep first, then produce, or EvidenceBroken."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from crawler.items import Capture, Exchange, Snapshot

GIBIBYTE = 1 << 30


class FolderArchive:
    """WARC 1.1 files in a folder, one gzip member a record; each process writes its own file."""

    def __init__(self, folder: Path, *, tool: str, rotate_at: int = GIBIBYTE) -> None:
        raise NotImplementedError

    def keep(self, exchange: Exchange) -> Capture:
        """Write an exchange as a response and a request record. On disk for certain after `sync()`."""
        raise NotImplementedError

    def keep_snapshot(self, snapshot: Snapshot) -> Capture:
        """Write a rendered document or a picture as a resource record."""
        raise NotImplementedError

    def produce(self, capture: Capture) -> bytes:
        """The payload, still content-encoded, or EvidenceBroken."""
        raise NotImplementedError

    def sync(self) -> None:
        """Everything kept so far is on the disk when this returns."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the file: fsync, rename, fsync the folder."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
