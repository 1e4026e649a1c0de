"""The shelf: where finished files of the archive lie beside the home, in a folder or an S3 store, through fsspec.

It never puts one thing in the place of another, and never tells a key: neither in an error nor in a log.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from crawler.config import Config
from crawler.errors import ConfigInvalid, EvidenceBroken, UserMistake
from storage.folders import made, sync_folder

PART = 8 << 20
_PARTS_AT_ONCE = 2
_S3, _FILE = "s3://", "file://"
_CHATTY = ("botocore", "aiobotocore", "s3fs", "fsspec", "urllib3")
_BEYOND_END = (errno.EINVAL, errno.ERANGE)

T = TypeVar("T")


class ShelfUnreachable(UserMistake):
    """The store does not answer, or not to us; nothing is said of what lies there."""


class Shelf:
    """Files by name under one prefix. `label` is what people are told; the store is opened when it is first asked."""

    def __init__(self, root: str, *, label: str, open_store: Callable[[], Any]) -> None:
        self.label = label
        self._root = root.rstrip("/")
        self._open_store = open_store

    def __repr__(self) -> str:
        return f"Shelf({self.label})"

    @cached_property
    def _store(self) -> Any:
        return self._asked(self._open_store)

    # -- reading -------------------------------------------------------------------------------

    def size(self, name: str) -> int:
        """Bytes of the file; `FileNotFoundError` where there is none."""
        return int(self._asked(lambda: self._store.info(self._path(name), **self._fresh)["size"]))

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, fewer where the file ends; `FileNotFoundError` where there is none."""
        if end <= start:
            return b""
        try:
            return bytes(self._asked(lambda: self._store.cat_file(self._path(name), start=start, end=end)))
        except _PastEnd:
            return b""

    def pieces(self, name: str) -> Iterator[bytes]:
        """The whole file, a piece at a time."""
        size = self.size(name)
        for start in range(0, size, PART):
            yield self.read(name, start, min(start + PART, size))

    def digest(self, name: str) -> str:
        """SHA-256 of the whole file as the store gives it."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def names(self, below: str = "") -> list[str]:
        """Every file under the prefix, relative to it, in order of name."""
        try:
            found = self._asked(lambda: self._store.find(self._path(below) if below else self._root, **self._fresh))
        except FileNotFoundError:
            return []
        return sorted(str(path).removeprefix(f"{self._root}/") for path in found)

    # -- writing -------------------------------------------------------------------------------

    def put(self, path: Path, name: str, sha256: str) -> bool:
        """Put a file there and read it back whole; false when it lay there already.

        Another file under this name stays as it is, and is `EvidenceBroken`.
        """
        if self._is_folder:
            self._beside(name).unlink(missing_ok=True)  # what a process that died left there
        if self.has(name):
            self._compare(name, sha256)
            return False
        # If somebody was faster, the comparison says what lies there now.
        with suppress(FileExistsError):
            self._asked(lambda: self._create(path, name))
        self._compare(name, sha256)
        return True

    def remove(self, name: str) -> None:
        """Take a file away; one that is not there is no error."""
        try:
            self._asked(lambda: self._store.rm_file(self._path(name)))
        except FileNotFoundError:
            return

    def _compare(self, name: str, sha256: str) -> None:
        found = self.digest(name)
        if found != sha256:
            raise EvidenceBroken(f"{self.label}/{name}: another file lies there (SHA-256 {found}, not {sha256})")

    def _create(self, path: Path, name: str) -> None:
        if self._is_folder:
            self._create_in_folder(path, Path(self._path(name)), self._beside(name))
        else:
            # The store refuses it (If-None-Match) if a file of this name has come meanwhile.
            settings = {"mode": "create", "chunksize": PART, "max_concurrency": _PARTS_AT_ONCE}
            self._store.put_file(str(path), self._path(name), **settings)

    def _beside(self, name: str) -> Path:
        target = Path(self._path(name))
        return target.with_name(f".{target.name}.part")

    def _create_in_folder(self, path: Path, target: Path, beside: Path) -> None:
        made(target.parent)
        try:
            self._store.put_file(str(path), str(beside))
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            os.link(beside, target)  # unlike a rename, it replaces nothing
        finally:
            beside.unlink(missing_ok=True)
        sync_folder(target.parent)

    # -- the store -----------------------------------------------------------------------------

    @property
    def _is_folder(self) -> bool:
        return "file" in self._store.protocol

    @property
    def _fresh(self) -> dict[str, bool]:
        return {} if self._is_folder else {"refresh": True}

    def _path(self, name: str) -> str:
        if not name or name.startswith("/") or "\0" in name or ".." in name.split("/"):
            raise EvidenceBroken("the file's name leaves the archive")
        return f"{self._root}/{name}"

    def _must_be_there(self) -> None:
        """A bucket that is missing, or a folder that is not mounted, says nothing about what lies in it."""
        store = self.__dict__.get("_store")
        top = self._root if store and self._is_folder else self._root.partition("/")[0]
        if store and not self._asked(lambda: store.exists(top)):
            raise ShelfUnreachable(f"存储不可达：{self.label}（没有 {top}）")

    def _asked(self, question: Callable[[], T]) -> T:
        """The store's answer. Its own words are not passed on: they may hold an address with a key in it."""
        try:
            return question()
        except FileNotFoundError:
            self._must_be_there()
            raise
        except (FileExistsError, UserMistake):
            raise
        except OSError as wrong:
            if wrong.errno in _BEYOND_END and not self._is_folder:
                raise _PastEnd from None
            raise ShelfUnreachable(f"存储不可达：{self.label}（{_reason(wrong)}）") from None
        except _store_errors() as wrong:
            raise ShelfUnreachable(f"存储不可达：{self.label}（{type(wrong).__name__}）") from None


class _PastEnd(Exception):
    """A store's word for a range that begins behind the end."""


def open_shelf(config: Config) -> Shelf | None:
    """The shelf that the settings name, `None` without one; `ConfigInvalid` where the address cannot be one."""
    url = config.shelf.url.strip()
    if not url:
        return None
    if url.startswith(_S3):
        return _s3(config, url.removeprefix(_S3).strip("/"))
    if "://" in url and not url.startswith(_FILE):
        raise ConfigInvalid("[shelf] url 要是文件夹，或 s3://桶/前缀")
    folder = (config.home / Path(url.removeprefix(_FILE)).expanduser()).resolve()
    if folder.is_relative_to(config.archive.resolve()) or config.archive.resolve().is_relative_to(folder):
        raise ConfigInvalid("[shelf] url 不能是 archive 文件夹，也不能在它里面或包含它")
    return Shelf(str(folder), label=str(folder), open_store=_open_folder)


def _s3(config: Config, root: str) -> Shelf:
    if not root or "@" in root:
        raise ConfigInvalid("[shelf] url 要写成 s3://桶/前缀；密钥写在环境变量里")
    key, secret = config.secrets.s3_key, config.secrets.s3_secret
    if bool(key) != bool(secret):
        raise ConfigInvalid("LANTIAN_S3_KEY 和 LANTIAN_S3_SECRET 要一起设置")
    endpoint = config.shelf.endpoint
    if endpoint and (not endpoint.startswith(("http://", "https://")) or "@" in endpoint):
        raise ConfigInvalid("[shelf] endpoint 要以 http:// 或 https:// 开头，不带用户名和密码")

    def open_store() -> Any:
        from fsspec import filesystem

        for name in _CHATTY:
            # At DEBUG they write out headers, and with them tokens.
            logging.getLogger(name).setLevel(logging.WARNING)
        limits = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}}
        return filesystem(
            "s3",
            key=key or None,
            secret=secret or None,
            endpoint_url=endpoint or None,
            config_kwargs=limits,
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    return Shelf(root, label=f"{_S3}{root}", open_store=open_store)


def _open_folder() -> Any:
    from fsspec import filesystem

    return filesystem("file", skip_instance_cache=True)


def _store_errors() -> tuple[type[BaseException], ...]:
    from aiohttp import ClientError as BrokenOff
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, BrokenOff)


def _reason(wrong: OSError) -> str:
    if isinstance(wrong, PermissionError):
        return "没有权限：请看密钥和访问策略"
    return type(wrong).__name__ if wrong.errno is None else f"{type(wrong).__name__}，{os.strerror(wrong.errno)}"
