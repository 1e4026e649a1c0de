"""How processes that nobody watches speak where `[log] format = "json"`: every line they would say is a JSON object.

The crawl of a claim, what follows on it and what hands files over say things to a person; a program that gathers
logs reads them as `said`. What an error quotes is not repeated.
"""

from __future__ import annotations

import io
import logging
import sys
from types import TracebackType
from typing import TextIO

from crawler.config import Config
from crawler.logs import JsonLines, lines_of

SPOKEN = "console.said"


class _Lines(io.TextIOBase):
    """A stream whose whole lines become records."""

    def __init__(self, log: logging.Logger) -> None:
        super().__init__()
        self._log, self._begun = log, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            if line.strip():
                self._log.info("said", extra={"words": line.strip()})
        return len(text)


class _Claimed(logging.Filter):
    """Says of every record for which claim this process works."""

    def __init__(self, claim: str) -> None:
        super().__init__()
        self._claim = claim

    def filter(self, record: logging.LogRecord) -> bool:
        record.claim = self._claim
        return True


def json_handler(stream: TextIO, claim: str = "") -> logging.Handler:
    """Writes records as lines of JSON, with the claim they are about if there is one."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    if claim:
        handler.addFilter(_Claimed(claim))
    return handler


def speak_to_log(config: Config, claim: str = "") -> None:
    """From now on what this process says on stderr is a line of the log that its stderr goes to, if logs are JSON.

    Warnings that no log of ours takes are written on stderr, too; in either form they repeat nobody's words.
    """
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(lines_of(config))
    if config.log.format != "json":
        return
    log = logging.getLogger(SPOKEN)
    log.handlers = [json_handler(sys.stderr, claim)]
    logging.lastResort = log.handlers[0]
    log.setLevel(logging.INFO)
    log.propagate = False
    sys.stderr = _Lines(log)

    def died(kind: type[BaseException], wrong: BaseException, trace: TracebackType | None) -> None:
        log.critical("died", exc_info=(kind, wrong, trace))

    sys.excepthook = died
