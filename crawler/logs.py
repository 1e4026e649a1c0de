"""The files our processes log into: whole lines, text or JSON, that tell of runs and of no person. None grows for ever.

Several processes append to one file. Whoever finds it over its size puts it aside, all others notice that before their
next line; so does whoever's file was put aside by a program such as logrotate.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from crawler.config import Config
from crawler.discretion import discreet, discreet_value, error_names, our_words, places, plain

CRAWLS, PATROL, WORKER = "lantian.log", "patrol.log", "worker.log"
LOGS = (CRAWLS, PATROL, WORKER)
OURS = frozenset(
    ["casework", "console", "crawler", "detectors", "lantian", "patrol", "pipelines", "spiders", "storage"]
)
FIELDS = ("run", "claim", "platform", "outcome", "reason")  # what a record may be about, given as `extra`
MEGABYTE = 1 << 20
MODE = 0o640
BREAK, FURTHER = "\n", "\n    "  # what belongs to the line before is set in


class TextLines(logging.Formatter):
    """Lines for people: time, process, logger, level, message."""

    default_time_format = "%Y-%m-%d %H:%M:%S"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process)d [%(name)s] %(levelname)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        stamp = self.formatTime(record)
        line = f"{stamp} {record.process} [{record.name}] {record.levelname}: {said(record).replace(BREAK, FURTHER)}"
        names, where = _error(record)
        return FURTHER.join([line, *([" < ".join(names)] if names else []), *where])


class JsonLines(logging.Formatter):
    """Lines for a program: one JSON object each."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, Any] = {"time": at.isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        told |= {"logger": record.name, "pid": record.process, "event": said(record)}
        told |= _fields(record)
        names, where = _error(record)
        told |= {"error": names, "trace": where} if names else {}
        return json.dumps(told, ensure_ascii=True)


def said(record: logging.LogRecord) -> str:
    """The record's message, without what is not ours to repeat."""
    args = record.args
    if not args:
        # A library's message that was put together before it was logged may quote anything.
        is_ours = record.name.partition(".")[0] in OURS
        return discreet(str(record.msg)) if is_ours else plain(str(record.msg))
    discreet_args = discreet_value(args) if isinstance(args, dict) else tuple(discreet_value(one) for one in args)
    try:
        return discreet(str(record.msg) % discreet_args)
    except (TypeError, ValueError):
        return discreet(str(record.msg))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    told = {name: discreet_value(value) for name in FIELDS if (value := getattr(record, name, None))}
    spider = getattr(record, "spider", None)
    if spider is not None and "platform" not in told:
        told["platform"] = str(getattr(spider, "name", ""))
    if words := getattr(record, "words", ""):
        told["words"] = our_words(words)
    facts = getattr(record, "facts", None)
    return told | (discreet_value(facts) if isinstance(facts, dict) else {})


def _error(record: logging.LogRecord) -> tuple[list[str], list[str]]:
    """The error's types and its places; no words of it."""
    if not isinstance(record.exc_info, tuple):
        return [], []
    _, wrong, trace = record.exc_info
    return error_names(wrong), places(trace if isinstance(trace, TracebackType) else None)


class BoundedFile(logging.Handler):
    """Appends to a file that other processes append to as well, and begins it anew when it is over `limit` bytes.

    `files` are kept in all: the file and those put aside, `.1` the newest of them. What cannot be written is lost
    without a word: a full disk must not stop a crawl.
    """

    def __init__(self, path: Path, limit: int, files: int) -> None:
        super().__init__()
        self._path, self._limit, self._files = path, limit, files
        self._file, self._torn = -1, False

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
        with suppress(OSError):
            self._append(line)

    def close(self) -> None:
        self.acquire()
        try:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
        finally:
            self.release()
            super().close()

    def _append(self, line: bytes) -> None:
        self._reopen_if_moved()
        # One call writes one line: what several processes append does not mix.
        whole = b"\n" + line if self._torn else line
        written = os.write(self._file, whole)
        self._torn = written < len(whole)
        if os.fstat(self._file).st_size > self._limit:
            put_aside(self._path, self._limit, self._files)

    def _reopen_if_moved(self) -> None:
        if self._file >= 0:
            with suppress(FileNotFoundError):
                there, ours = self._path.stat(), os.fstat(self._file)
                if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
                    return
            os.close(self._file)
            self._file = -1
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)


def put_aside(path: Path, limit: int, files: int) -> bool:
    """Rename a file that is over its size to `.1`, and the older ones by one; whether that was done. One at a time."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists() or path.stat().st_size <= limit:
            return False  # somebody was faster
        for number in range(files - 1, 0, -1):
            older = path.with_name(f"{path.name}.{number}")
            newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
            if newer.exists():
                newer.replace(older)
        if files == 1:
            path.unlink()
        return True


def lines_of(config: Config) -> logging.Formatter:
    """How lines are written in this home."""
    return JsonLines() if config.log.format == "json" else TextLines()


def log_file(config: Config, name: str) -> BoundedFile:
    """The handler of one of the home's logs, as `[log]` and `[disk]` say."""
    handler = BoundedFile(config.home / name, config.disk.log_megabytes * MEGABYTE, config.disk.log_files)
    handler.setFormatter(lines_of(config))
    return handler


def log_to(config: Config, name: str, level: int = logging.INFO) -> None:
    """From now on whatever this process logs, whoever logs it, goes into that file of the home alone."""
    for one in [one for one in logging.root.handlers if isinstance(one, BoundedFile)]:
        logging.root.removeHandler(one)
        one.close()
    handler = log_file(config, name)
    handler.setLevel(level)
    logging.root.addHandler(handler)
    logging.root.setLevel(level)


def logs_bytes(home: Path) -> int:
    """What all logs of a home come to, those put aside included."""
    sizes = []
    for one in (*home.glob("*.log"), *home.glob("*.log.*")):
        with suppress(FileNotFoundError):
            sizes.append(one.stat().st_size)
    return sum(sizes)
