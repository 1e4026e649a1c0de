"""Which files of a home go into its backup, listed after its rows were copied, so that none of their bytes is missing.

Never secrets: no login sessions, no reporters' key, nothing of the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crawler.config import Config
from storage.sealing.manifests import FOLDER
from storage.upkeep.inventory import is_safe
from storage.warcfile import OPEN_SUFFIX

ARCHIVE = "archive"
FOLDERS = ("templates", "shapes", "transfers", "extractions")
FILES = ("lantian.toml", "laws.toml", "SPECIMEN")
RECORDS = ".warc.gz"
_DATABASES = ("lantian.db", "lantian.dump")  # with -wal or -journal behind it a file would be read as a part of one
_CERTIFICATES = frozenset((".pem", ".crt", ".cer", ".der"))
_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFile:
    """One file: its name below the home, where it lies now, and whether it never changes once it has its name."""

    name: str
    path: Path
    is_final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is copied, and by name what is not although the home uses it."""

    files: tuple[HomeFile, ...]
    left_out: tuple[str, ...]


def is_known(name: str, database: str) -> bool:
    """Whether a backup may hold a file of this name: beside what is copied by name, an authority's certificate."""
    first, _, rest = name.partition("/")
    if rest and first in (ARCHIVE, *FOLDERS):
        return True
    taken = first.startswith((".", *_DATABASES)) or first in (ARCHIVE, *FOLDERS)
    return name == database or name in FILES or (not taken and Path(name).suffix.lower() in _CERTIFICATES)


def home_files(config: Config, newest: int) -> Listed:
    """All but the database, whose newest manifest is `newest`."""
    left_out: list[str] = []
    files = [*_manifests(config.archive, newest), *_records(config.archive, left_out), *_beside(config, left_out)]
    secret = config.reporter_key.absolute()
    kept = {one.name: one for one in files if one.path.absolute() != secret}
    return Listed(files=tuple(kept.values()), left_out=tuple(left_out))


def _manifests(archive: Path, newest: int) -> Iterator[HomeFile]:
    """Those that the rows know. One that was written since the rows were copied speaks of a log that is longer than
    theirs; without it, what it covers is not sealed yet in the home that comes of the backup."""
    folder = archive / FOLDER
    for number in range(1, newest + 1):
        for path in (folder / f"{number:06d}{suffix}" for suffix in (".json", ".leaves.jsonl", ".tsr")):
            if path.is_file():
                yield HomeFile(name=f"{ARCHIVE}/{FOLDER}/{path.name}", path=path)
    for path in sorted((folder / "authorities").glob("*.pem")):
        yield HomeFile(name=f"{ARCHIVE}/{FOLDER}/authorities/{path.name}", path=path)


def _records(archive: Path, left_out: list[str]) -> Iterator[HomeFile]:
    """A file may be finished, and so renamed, while the folder is read: it is looked at until nothing new is seen."""
    found: dict[str, Path] = {}
    for _ in range(_LOOKS):
        before = len(found)
        for path in sorted(archive.iterdir()) if archive.is_dir() else ():
            final = path.name.removesuffix(OPEN_SUFFIX)
            if final.endswith(RECORDS) and not path.name.startswith("."):
                found[final] = path if final == path.name else found.get(final, path)
        if len(found) == before:
            break
    for final, path in sorted(found.items()):
        if final == path.name and path.with_name(final + OPEN_SUFFIX).exists():
            left_out.append(f"{ARCHIVE}/{final}{OPEN_SUFFIX}")  # both at once: a person must look at them
        if path.is_symlink() or not is_safe(final):
            left_out.append(f"{ARCHIVE}/{path.name}")
        else:
            yield HomeFile(name=f"{ARCHIVE}/{path.name}", path=path, is_final=final == path.name)


def _beside(config: Config, left_out: list[str]) -> Iterator[HomeFile]:
    for name in FILES:
        if (config.home / name).is_file():
            yield HomeFile(name=name, path=config.home / name)
    for authority in config.authorities:
        name = authority.ca.relative_to(config.home).as_posix() if authority.ca.is_relative_to(config.home) else ""
        if name and is_known(name, ""):
            yield HomeFile(name=name, path=authority.ca)
        else:
            left_out.append(str(authority.ca))
    for folder in FOLDERS:
        yield from _below(config.home, folder, left_out)


def _below(home: Path, folder: str, left_out: list[str]) -> Iterator[HomeFile]:
    for root, _, names in os.walk(home / folder):
        for path in sorted(Path(root) / name for name in names if not name.startswith(".")):
            name = path.relative_to(home).as_posix()
            if path.is_symlink() or not path.is_file() or not is_safe(name):
                left_out.append(name)
            else:
                yield HomeFile(name=name, path=path)
