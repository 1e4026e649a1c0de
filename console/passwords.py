"""Passwords as people and machines give them: on the terminal without echo, or in a file nobody else can read."""

from __future__ import annotations

import getpass
import os
import stat
import warnings
from pathlib import Path

from crawler.errors import UserMistake

LARGEST = 64 * 1024  # bytes


def new_password(name: str) -> str:
    """Asked for twice."""
    first = asked(f"{name} 的口令：")
    if asked("再输入一次：") != first:
        raise UserMistake("两次输入的口令不同")
    return first


def asked(prompt: str) -> str:
    """One password from the terminal. Where there is none it is refused, not read aloud."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except (getpass.GetPassWarning, EOFError):
            raise UserMistake("口令要在终端上输入；没有终端时用口令文件") from None


def password_in(path: Path) -> str:
    """The one line of a password file."""
    lines = private_lines(path)
    if len(lines) != 1:
        raise UserMistake(f"{path}：口令文件要正好一行，这里有 {len(lines)} 行")
    return lines[0]


def passwords_in(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """The passwords of these people out of a login file of lines `name:password`, in the order of the names."""
    told: dict[str, str] = {}
    for number, line in enumerate(private_lines(path), 1):
        name, colon, password = line.partition(":")
        if not colon or not name.strip():
            raise UserMistake(f"{path} 第 {number} 行要写成 姓名:口令")
        if name.strip() in told:
            raise UserMistake(f"{path} 第 {number} 行：{name.strip()} 已经写过")
        told[name.strip()] = password
    if missing := [name for name in names if name not in told]:
        raise UserMistake(f"{path} 里没有 {'、'.join(missing)}")
    return tuple(told[name] for name in names)


def private_lines(path: Path) -> list[str]:
    """The lines of a file that only we can read, without those that are blank."""
    return [line for line in private_text(path).splitlines() if line.strip()]


def private_text(path: Path) -> str:
    """What stands in a file that only we can read; the file that is checked is the one that is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _refuse_shared(path, os.fstat(file.fileno()))
            content = file.read(LARGEST + 1)
    except OSError as wrong:
        raise UserMistake(f"读不了 {path}：{wrong.strerror}") from None
    if len(content) > LARGEST:
        raise UserMistake(f"{path} 大于 {LARGEST >> 10} KB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserMistake(f"{path} 不是 UTF-8 文字") from None


def _refuse_shared(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise UserMistake(f"{path} 不是普通文件")
    if facts.st_uid != os.geteuid():
        raise UserMistake(f"{path} 不是当前用户的文件")
    if facts.st_nlink > 1:
        raise UserMistake(f"{path} 另有名字（硬链接），备份可能把它一起带走：请先删去其他名字")
    if stat.S_IMODE(facts.st_mode) & 0o177:
        raise UserMistake(f"{path} 别人也能读写：请先 chmod 600 {path}")
