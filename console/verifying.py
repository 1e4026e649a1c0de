"""`lantian evidence verify`: the independent verifier with what this house trusts, demands and keeps elsewhere.

The verdict is the verifier's; nothing here softens it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from crawler.config import Config
from crawler.errors import UserMistake
from storage.handover import INCOMING
from storage.ledger_check import contradictions
from storage.shelf import Shelf, open_shelf
from storage.verifier import words as verify_words
from storage.verifier.digest import NoSm3
from storage.verifier.report import BROKEN, ELSEWHERE, Report
from storage.verifier.source import FolderSource, Source
from storage.verify import NothingThere, Wanted, known_head, verify

PART = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: without a path the home is meant, without anchors the authorities of its settings."""

    path: Path | None = None
    anchors: Sequence[Path] = ()
    demand: str = ""
    heads: Sequence[str] = ()
    is_quick: bool = False


def verify_evidence(asked: Asked, *, as_json: bool) -> int:
    """The exit code: 0 good, 4 broken or not as demanded."""
    report = report_of(asked, Config.load())
    if as_json:
        print_json(verify_words.told(report))
    else:
        for line in verify_words.lines(report):
            print_line(harmless(line))
    if not report.ok:
        say(verify_words.verdict(report))
    return verify_words.exit_code(report)


def report_of(asked: Asked, config: Config) -> Report:
    """The verifier's report, with what rows on a server contradict; `UserMistake` where there is nothing to verify."""
    path = asked.path or config.home
    try:
        report = verify(path, _wanted(asked, config), source_of(path, config))
    except (NothingThere, NoSm3) as nothing:
        raise UserMistake(str(nothing)) from None
    return _with_rows(report, config) if report.rows == ELSEWHERE else report


def _wanted(asked: Asked, config: Config) -> Wanted:
    if asked.demand not in ("", "sealed", "stamped"):
        raise UserMistake(f"--demand 要是 sealed 或 stamped，不能是 {asked.demand}")
    paths = asked.anchors or [authority.ca for authority in config.authorities]
    try:
        wanted = Wanted(
            anchors=tuple(path.read_bytes() for path in paths),
            demand=asked.demand,
            expects="" if asked.anchors else config.demand,
            heads=tuple(known_head(head) for head in asked.heads),
            is_quick=asked.is_quick,
            has_rows_elsewhere=isinstance(config.database, str) and _is_ours(asked.path, config),
        )
        wanted.certificates()
    except (OSError, ValueError) as wrong:
        raise UserMistake(f"--anchor 或 --head：{wrong}") from None
    return wanted


def _with_rows(report: Report, config: Config) -> Report:
    """The report, and what the rows on the server contradict."""
    with opened_engine(config) as engine:
        found = tuple(contradictions(engine, config.archive))
    if not found:
        return report
    return replace(report, state=BROKEN, broken=(*report.broken, *found), total=report.total + len(found))


def _is_ours(path: Path | None, config: Config) -> bool:
    return path is None or path.resolve() in (config.home.resolve(), config.archive.resolve())


# -- files on the shelf ----------------------------------------------------------------------------


def source_of(path: Path, config: Config) -> Source | None:
    """The home's archive with what lies on its shelf; any other path is read as it is."""
    if not _is_ours(path, config) or not config.archive.is_dir():
        return None
    return beside_shelf(config.archive, open_shelf(config))


def beside_shelf(archive: Path, shelf: Shelf | None) -> Source | None:
    """An archive's folder with what lies on a shelf; without one the folder is read as it is."""
    return None if shelf is None else _WithShelf(FolderSource(archive), shelf)


class _WithShelf:
    """A folder, and what is only on the shelf."""

    def __init__(self, folder: FolderSource, shelf: Shelf) -> None:
        self._folder, self._shelf = folder, shelf
        self._shelved: frozenset[str] = frozenset()
        self.names()

    def names(self) -> Iterator[str]:
        """Looked up anew each time: a file may be put on the shelf while another is read."""
        here = frozenset(self._folder.names())
        ours = (name for name in self._shelf.names() if not name.startswith(f"{INCOMING}/"))
        self._shelved = frozenset(ours) - here
        return iter(here | self._shelved)

    def is_plain(self, name: str) -> bool:
        return name in self._shelved or self._folder.is_plain(name)

    def size(self, name: str) -> int:
        return self._shelf.size(name) if name in self._shelved else self._folder.size(name)

    def open(self, name: str, start: int = 0) -> BinaryIO:
        if name not in self._shelved:
            return self._folder.open(name, start)
        return io.BufferedReader(_OnShelf(self._shelf, name, start), PART)


class _OnShelf(io.RawIOBase):
    """A file of the shelf, read forward a part at a time."""

    def __init__(self, shelf: Shelf, name: str, start: int) -> None:
        self._shelf, self._name, self._at = shelf, name, start

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        piece = self._shelf.read(self._name, self._at, self._at + len(target))
        target[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
