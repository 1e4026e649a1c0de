"""Looks of pictures that were read before looks were kept, out of the archive's own bytes; it goes on where it ended.

What cannot be read any more is counted and told, and asked for again the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from console.rereading import Rereading
from crawler.config import TOOL, Config
from crawler.errors import EvidenceBroken, Expired, PictureRefused
from detectors.images import opened
from detectors.looks import look_of
from storage.archive import FolderArchive
from storage.handover import open_elsewhere
from storage.looks import Looks, Unlooked

BATCH = 100  # pictures that are written down together


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How many pictures have their look now, and how many could not be read."""

    done: int
    failed: int


def look_again(config: Config, engine: Engine, tell: Callable[[str], None] = lambda _: None) -> Looked:
    """Complete the looks; `tell` is called with a few words after every `BATCH` pictures."""
    looks, done, failed, after = Looks(engine), 0, 0, ""
    reading = Rereading(FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config)))
    while batch := looks.missing(after, BATCH):
        found = [(one.sha256, look) for one in batch if (look := _look(reading, one))]
        looks.keep(found)
        done, failed, after = done + len(found), failed + len(batch) - len(found), batch[-1].sha256
        tell(f"图片外观：{done} 张")
    return Looked(done=done, failed=failed)


def _look(reading: Rereading, one: Unlooked) -> str:
    """The look of a picture, empty where its bytes are not to be had."""
    try:
        return look_of(opened(reading.picture(one.capture)))
    except (EvidenceBroken, Expired, PictureRefused):
        return ""
