"""A report's file: whole under its name or not there at all, and nothing that is there is overwritten."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from console.output import harmless
from crawler.errors import UserMistake
from storage.folders import sync_folder, take_name


@contextmanager
def new_file(path: Path, suffix: str) -> Iterator[BinaryIO]:
    """A file to be written; it gets its name when all went well."""
    refuse_taken(path, suffix)
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temp.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        take_name(temp, path)
        sync_folder(path.absolute().parent)
    except FileExistsError:
        raise UserMistake(f"{harmless(str(path))} 已经有了，不覆盖") from None
    except OSError as wrong:
        raise UserMistake(f"不能写 {harmless(str(path))}：{wrong.strerror}") from None
    finally:
        temp.unlink(missing_ok=True)


def refuse_taken(path: Path, suffix: str) -> None:
    """Before long work rather than after it."""
    if path.suffix.lower() not in suffix.split():
        raise UserMistake(
            f"--out 要写成 {' 或 '.join(f'…{one}' for one in suffix.split())}，不是 {harmless(path.name)!r}"
        )
    if path.exists():
        raise UserMistake(f"{harmless(str(path))} 已经有了，不覆盖")
    if not path.absolute().parent.is_dir():
        raise UserMistake(f"没有文件夹 {harmless(str(path.absolute().parent))}")
