"""Folders whose names are as safe as their files: a power cut leaves what was synced, and no more."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO


def made(folder: Path) -> None:
    """The folder is there, and so it will be after a power cut; missing ones above it too."""
    missing = [folder]
    while not missing[-1].exists() and missing[-1] != missing[-1].parent:
        missing.append(missing[-1].parent)
    if len(missing) == 1:
        folder.mkdir(exist_ok=True)  # says so when something else bears the name
        return
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing[1:]:
        sync_folder(one)


def sync_folder(folder: Path) -> None:
    """Make names in the folder as safe as their files."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def save(path: Path, content: bytes) -> None:
    """The file is whole and safe under its name when this returns, or what was there before is."""
    temp = path.with_name(f".{path.name}.tmp")
    with temp.open("wb") as file:
        _write(file, content)
    temp.rename(path)
    sync_folder(path.parent)


def save_new(path: Path, content: bytes) -> None:
    """The same for a file that must not be there yet: `FileExistsError`."""
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temp.open("xb") as file:
            _write(file, content)
        take_name(temp, path)
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(path.parent)


def take_name(temp: Path, path: Path) -> None:
    """The finished file gets its name; `FileExistsError` when that is taken. `temp` may be left over."""
    try:
        os.link(temp, path)  # unlike a rename, it replaces nothing
    except FileExistsError:
        raise
    except OSError:
        # Some sticks' file systems know no links: the name is taken first, for nobody else can take it then.
        path.open("xb").close()
        try:
            temp.rename(path)
        except OSError:
            path.unlink()
            raise


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())
