"""A text file that a person names, read whole or refused in one Chinese line: no hostile bytes become a stack trace."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from crawler.errors import UserMistake

MOST_TEXT = 2 << 20  # bytes
LONGEST_SHOWN = 200  # characters of a name
UTF8 = "utf-8-sig"


def read_text(path: Path, *, what: str = "文件", at_most: int = MOST_TEXT, other: str = UTF8) -> str:
    """The text of a plain file of bearable size, in UTF-8 or in the `other` encoding, without U+0000.

    `what` names the file in a complaint.
    """
    where = f"{what} {shown(path)}"
    raw = _bytes(path, where, at_most)
    try:
        text = raw.decode(UTF8)
    except UnicodeDecodeError as first:
        try:
            text = raw.decode(other)
        except UnicodeDecodeError:
            line = raw.count(b"\n", 0, first.start) + 1
            raise UserMistake(f"{where} 第 {line} 行：不是 UTF-8 文字") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UserMistake(f"{where} 第 {line} 行：有空字符（U+0000），不是文字文件")
    return text


def shown(path: Path) -> str:
    """A file's name as a complaint tells it: no longer than a line."""
    name = str(path)
    return name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"


def _bytes(path: Path, where: str, at_most: int) -> bytes:
    """What lies there; a pipe or a device, which may never end, is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserMistake(f"{where}：不是文件")
            raw = file.read(at_most + 1)
    except IsADirectoryError:
        raise UserMistake(f"{where}：是文件夹，不是文件") from None
    except FileNotFoundError:
        raise UserMistake(f"{where}：没有这个文件") from None
    except PermissionError:
        raise UserMistake(f"{where}：没有权限读") from None
    except (OSError, ValueError):
        raise UserMistake(f"{where}：读不了") from None
    if len(raw) > at_most:
        raise UserMistake(f"{where}：太大：最多 {max(at_most >> 20, 1)} MB")
    return raw
