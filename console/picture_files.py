"""Pictures in a folder, for `lantian screen --images`: read and judged like those of a round, without a network.

A path that leaves the folder is refused; so is a file that is not there. A picture that cannot be read is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crawler.errors import PictureRefused, UserMistake
from crawler.items import Finding, Listing
from crawler.pictures import PictureText
from detectors.images import MAX_BYTES
from detectors.picture_verdict import judge_picture
from detectors.pictures import Reader
from detectors.screen import Screen
from detectors.shapes import Shape


class PictureFolder:
    """The folder of `--images`. The same bytes are read once, however many rows name them."""

    def __init__(self, folder: Path, shapes: Sequence[Shape]) -> None:
        if not folder.is_dir():
            raise UserMistake(f"没有文件夹 {folder}")
        self._folder, self._shapes = folder.resolve(), shapes
        self._reader = Reader()
        self._known: dict[str, PictureText | PictureRefused] = {}

    def paths(self, told: dict[str, Any], where: str) -> list[Path]:
        """The files a row names; raises `UserMistake` with the place for one that may not or cannot be opened."""
        names = told.get("images") or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserMistake(f"{where}：images 要是文件名的列表")
        return [self._path(name, where) for name in dict.fromkeys(names)]

    def _path(self, name: str, where: str) -> Path:
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                raise UserMistake(f"{where}：图片 {name} 在文件夹之外")
            if not path.is_file():
                raise UserMistake(f"{where}：没有图片 {name}")
            path.open("rb").close()  # before any row is answered
        except (ValueError, OSError, RuntimeError) as wrong:
            raise UserMistake(f"{where}：图片名 {name!r} 不可用：{wrong}") from None
        return path

    def judged(
        self, screen: Screen, listing: Listing, paths: Sequence[Path], *, with_trial: bool
    ) -> tuple[list[Finding], list[dict[str, str]]]:
        """Findings in these pictures, and those that could not be read, with reason."""
        found: list[Finding] = []
        unread: list[dict[str, str]] = []
        for path in paths:
            body = _bytes(path)
            digest = hashlib.sha256(body).hexdigest()
            text = self._read(body, digest)
            if isinstance(text, PictureRefused):
                unread.append({"image": str(path.relative_to(self._folder)), "reason": text.reason})
            else:
                found += judge_picture(screen, listing, text, digest, self._shapes)
        return [finding for finding in found if with_trial or finding.state == "active"], unread

    def _read(self, body: bytes, digest: str) -> PictureText | PictureRefused:
        if digest not in self._known:
            try:
                self._known[digest] = self._reader.read(body)
            except PictureRefused as refused:
                self._known[digest] = refused
        return self._known[digest]


def _bytes(path: Path) -> bytes:
    """The file, one byte past the limit at most: reading it says too_large."""
    try:
        with path.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as wrong:
        raise UserMistake(f"读不了图片 {path}：{wrong.strerror}") from None
