"""Folders whose names are as safe as their files: a power cut leaves what was synced, and no more."""

from __future__ import annotations

import os
from pathlib import Path


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
