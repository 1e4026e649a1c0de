"""The key file of reporters' identities: made at first use outside the home, readable by us alone, else refused.

It is never inside what is backed up with the home; whoever has the backup alone reads no reporter.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from casework.incoming.reporter import KEY, ReporterKey
from crawler.errors import UserMistake
from storage.folders import sync_folder, take_name

HEAD = "lantian-reporter-key/1 "
LARGEST = 256  # bytes
MISSING = "举报人密钥文件不在：{path}；请放回原来的密钥文件，或用 LANTIAN_REPORTER_KEY 指出它在哪里（其余功能不受影响）"


def key_at(path: Path, kept: Sequence[Path]) -> ReporterKey:
    """The key in this file; `UserMistake` where there is none, or it is not kept as it must be.

    `kept` are folders it must not lie in: the home, and whatever else goes into a backup.
    """
    path = _outside(path, kept)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UserMistake(MISSING.format(path=path)) from None
    except OSError as wrong:
        raise UserMistake(f"举报人密钥文件 {path} 打不开（不能是链接）：{wrong.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_shared(path, os.fstat(file.fileno()))
        content = file.read(LARGEST + 1)
    return ReporterKey(secret=_secret(path, content))


def make_key(path: Path, kept: Sequence[Path]) -> ReporterKey:
    """A new key in a new file; where there is one already, that one."""
    path = _outside(path, kept)
    if path.is_symlink():
        raise UserMistake(f"举报人密钥文件 {path} 不能是链接")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, f"{HEAD}{secrets.token_bytes(KEY).hex()}\n".encode())
    except FileExistsError:
        pass
    except OSError as wrong:
        raise UserMistake(f"举报人密钥文件 {path} 写不了：{wrong.strerror}") from None
    return key_at(path, kept)


def _write_new(path: Path, content: bytes) -> None:
    """The file is whole under its name or not there; somebody else's is never replaced."""
    temp = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        take_name(temp, path)
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(path.parent)


def _outside(path: Path, kept: Sequence[Path]) -> Path:
    """The path without a detour by linked folders; its own name may still be a link, which is refused later."""
    real = path.expanduser().absolute().parent.resolve() / path.name
    for folder in kept:
        inside = folder.resolve()
        if inside in (real, *real.parents) or inside in real.resolve().parents:
            raise UserMistake(f"举报人密钥文件不能放在 {folder} 里：备份会把它一起带走；请放到外面")
    return real


def _refuse_shared(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise UserMistake(f"举报人密钥文件 {path} 不是普通文件")
    if facts.st_uid != os.geteuid():
        raise UserMistake(f"举报人密钥文件 {path} 不是当前用户的文件")
    if facts.st_nlink > 1:
        raise UserMistake(f"举报人密钥文件 {path} 另有名字（硬链接），备份可能把它一起带走：请先删去其他名字")
    if stat.S_IMODE(facts.st_mode) & 0o177:
        raise UserMistake(f"举报人密钥文件 {path} 别人也能读写：请先 chmod 600 {path}")


def _secret(path: Path, content: bytes) -> bytes:
    written = content.decode("ascii", "replace")
    digits = written.removeprefix(HEAD).removesuffix("\n")
    if not written.startswith(HEAD) or len(digits) != 2 * KEY or not set(digits) <= set("0123456789abcdef"):
        raise UserMistake(f"{path} 不是举报人密钥文件")
    return bytes.fromhex(digits)
