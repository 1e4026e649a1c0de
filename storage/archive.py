"""The archive in a folder: keep first, then produce, or EvidenceBroken.

It never overwrites, never writes into another process's file, and never says that bytes are
safe before the disk has said so. What "raw" means is in docs/decisions/0003-what-raw-means.md.
"""

from __future__ import annotations

import errno
import threading
import uuid
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Protocol, Self

from crawler.captures import Exchange
from crawler.errors import EvidenceBroken, Expired
from crawler.items import Capture, How
from storage import warc
from storage.warcfile import OPEN_SUFFIX, WarcFile

GIBIBYTE = 1 << 30
_STEP = 1 << 14


class Elsewhere(Protocol):
    """Where files lie that have left the folder."""

    def read(self, name: str, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, fewer where the file ends; `FileNotFoundError` where there is none."""
        ...


def _nobody(file: str) -> None:
    """Nobody wants to know of new files."""


class FolderArchive:
    """WARC 1.1 files in a folder, one gzip member a record; each process writes its own file.

    `tool` is the software's name and version, for the warcinfo record. A new file begins
    before one would grow beyond `rotate_at` bytes; `begins` hears each one's name before anything is kept in it.
    What is no longer in the folder is read from `elsewhere`.
    Safe to share between threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tool: str,
        rotate_at: int = GIBIBYTE,
        elsewhere: Elsewhere | None = None,
        begins: Callable[[str], None] = _nobody,
    ) -> None:
        self.folder = folder
        self.tool = tool
        self.rotate_at = rotate_at
        self._file: WarcFile | None = None
        self._elsewhere = elsewhere
        self._begins = begins
        self._refusal = ""
        self._lock = threading.Lock()

    # -- keeping -------------------------------------------------------------------------------

    def keep(self, exchange: Exchange) -> Capture:
        """Write an exchange as a response and a request record; they are safe after `sync()`.

        The capture's size and digest are of the entity as received: content-encoded, not chunked.
        """
        if not exchange.url.lower().startswith(("http://", "https://")):
            raise ValueError(f"{exchange.url!r} is not an HTTP exchange")
        record_id = str(uuid.uuid4())
        answer, question = warc.response_payload(exchange), warc.request_payload(exchange)
        sha256 = answer.sha256
        first = warc.member(warc.response_fields(exchange, record_id), answer, sha256)
        second = warc.member(warc.request_fields(exchange, record_id), question, question.sha256)
        name, offset = self._append(first + second)
        return Capture(
            id=record_id,
            url=exchange.url,
            how=How.HTTP,
            status=exchange.status,
            mime=_mime(exchange),
            taken_at=exchange.fetched_at,
            file=name,
            offset=offset,
            length=len(first),
            sha256=sha256,
            size=len(answer.body),
            ip_address=exchange.ip_address,
            is_specimen=exchange.is_specimen,
        )

    def append_at(self, room: int, members: Callable[[int], bytes]) -> tuple[str, int]:
        """Write what `members` gives for the offset it will lie at: all of it or nothing; at most `room` bytes."""
        with self._lock:
            target = self._file_for(room)
            packed = members(target.end)
            try:
                return target.name, target.append(packed)
            except OSError:
                if target.is_torn:
                    self._give_up("a write failed and its remains could not be cut off")
                raise

    def _append(self, members: bytes) -> tuple[str, int]:
        return self.append_at(len(members), lambda _: members)

    def _file_for(self, length: int) -> WarcFile:
        if self._refusal:
            raise OSError(errno.EIO, self._refusal)
        if self._file is not None and not self._file.has_room(length, self.rotate_at):
            self._finish()
        if self._file is None:
            self._file = WarcFile.create(self.folder, self.tool)
            self._begins(self._file.name)
        return self._file

    # -- making sure ---------------------------------------------------------------------------

    def sync(self) -> None:
        """Everything kept so far is on the disk when this returns."""
        with self._lock:
            if self._refusal:
                raise OSError(errno.EIO, self._refusal)
            if self._file is not None:
                self._or_give_up(self._file.sync)

    def close(self) -> None:
        """Finish the file (fsync, rename, fsync the folder). Nothing can be kept afterwards."""
        with self._lock:
            if not self._refusal:
                self._finish()
                self._refusal = "the archive is closed"

    def _finish(self) -> None:
        if self._file is not None:
            self._or_give_up(self._file.finish)
            self._file = None

    def _or_give_up(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError:
            self._give_up("the disk did not confirm a write")
            raise

    def _give_up(self, why: str) -> None:
        # After a failed fsync the kernel may call the lost pages clean: a later fsync would
        # succeed and lie. So this archive never says yes again; recovery finishes the file.
        self._refusal = f"{why}; the archive takes nothing more"
        if self._file is not None:
            self._file.abandon()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- producing -----------------------------------------------------------------------------

    def produce(self, capture: Capture) -> bytes:
        """The payload, still content-encoded; `EvidenceBroken` unless record and capture agree in full.

        What was removed when its time was over is `Expired`: nothing is wrong with the archive.
        """
        return warc.payload_of(self.record(capture)).body

    def record(self, capture: Capture) -> warc.Record:
        """The whole record that the payload is of, under the same conditions."""
        if capture.expired_in:
            raise Expired(f"固定 {capture.id} 已按保存期限删除，第 {capture.expired_in} 号清单留有摘要")
        try:
            record = warc.read_member(self.member(capture.file, capture.offset, capture.length))
            _check(capture, record, warc.payload_of(record))
        except EvidenceBroken as broken:
            where = f"{capture.file} at {capture.offset}"
            raise EvidenceBroken(f"capture {capture.id} ({where}): {broken}") from None
        return record

    def member(self, file: str, offset: int, length: int) -> bytes:
        """The bytes of one gzip member as they lie; `EvidenceBroken` when the file has not so many."""
        if offset < 0 or length <= 0:
            raise EvidenceBroken("no such place in a file")
        try:
            packed = self._read(file, offset, length)
        except OSError as wrong:
            raise EvidenceBroken(f"the file cannot be read ({wrong.strerror})") from None
        if len(packed) != length:
            raise EvidenceBroken("the file ends before the record does")
        return packed

    def member_from(self, file: str, offset: int) -> bytes:
        """The bytes of the gzip member that begins there; `EvidenceBroken` when the file has none."""
        unpacker, packed = zlib.decompressobj(wbits=31), b""
        try:
            while not unpacker.eof and (piece := self._read(file, offset + len(packed), _STEP)):
                unpacker.decompress(piece)
                packed += piece
        except (OSError, zlib.error) as wrong:
            raise EvidenceBroken(f"the file cannot be read ({wrong})") from None
        if not unpacker.eof:
            raise EvidenceBroken("the file ends before the record does")
        return packed[: len(packed) - len(unpacker.unused_data)]

    def _read(self, name: str, offset: int, length: int) -> bytes:
        final = self._inside(name)
        # Its writer may finish the file between two looks, so the final name has the last one too.
        for path in (final, final.with_name(final.name + OPEN_SUFFIX), final):
            try:
                with path.open("rb") as file:
                    file.seek(offset)
                    return file.read(length)
            except FileNotFoundError:
                continue
        if self._elsewhere:
            with suppress(FileNotFoundError):
                return self._elsewhere.read(name, offset, offset + length)
            # What was there has just come into the folder.
            with suppress(FileNotFoundError), final.open("rb") as file:
                file.seek(offset)
                return file.read(length)
        raise EvidenceBroken("the file is missing")

    def _inside(self, name: str) -> Path:
        relative = PurePosixPath(name)
        if not relative.name or "\0" in name or relative.is_absolute() or ".." in relative.parts:
            raise EvidenceBroken("the file's name leaves the archive")
        path = self.folder / relative
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise EvidenceBroken("the file leaves the archive by a link")
        return path


def _mime(exchange: Exchange) -> str:
    for name, value in exchange.response_headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""


def _check(capture: Capture, record: warc.Record, payload: warc.Payload) -> None:
    is_http = capture.how in (How.HTTP, How.NETWORK)
    said = (
        ("record id", record.field("WARC-Record-ID"), warc.urn(capture.id)),
        ("kind of record", record.field("WARC-Type"), "response" if is_http else "resource"),
        ("means of capture", record.field("Lantian-How"), "" if capture.how is How.HTTP else str(capture.how)),
        ("address", record.field("WARC-Target-URI"), _address(capture, record)),
        ("date", record.field("WARC-Date"), warc.date(capture.taken_at)),
        ("server's address", record.field("WARC-IP-Address"), capture.ip_address),
        ("specimen mark", record.field("Lantian-Specimen"), "yes" if capture.is_specimen else ""),
        ("status", _status(payload) if is_http else "000", f"{capture.status:03d}"),
        ("payload's size", str(len(payload.body)), str(capture.size)),
        ("payload's digest", payload.sha256, capture.sha256),
        ("recorded digest", record.field("WARC-Payload-Digest"), f"sha256:{capture.sha256}"),
    )
    for what, found, expected in said:
        if found != expected:
            raise EvidenceBroken(f"the {what} does not fit: {found!r}, not {expected!r}")


def _address(capture: Capture, record: warc.Record) -> str:
    """A part of a visit says which, what was imported that it was; the rest has the page's own address."""
    is_part = capture.how is How.IMPORTED or (record.field("Lantian-Visit") and capture.how in warc.VISIT_PARTS)
    return warc.visit_uri(capture.how, capture.url) if is_part else warc.uri(capture.url)


def _status(payload: warc.Payload) -> str:
    return payload.head[9:12].decode("ascii", "replace")
