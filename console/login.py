"""`lantian login`: the office signs in at a platform with its own account, by hand, in a window.

What the platform then gave the browser is kept encrypted. No password passes through here.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.files import platform
from console.homes import named_person
from console.output import harmless, print_json, say
from crawler import clock
from crawler.addresses import refuse_inside
from crawler.config import Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.exits import Eyes
from crawler.sessions import own_state
from pipelines.browser import BrowserTrouble
from pipelines.signin import sign_in
from spiders.counters import refuse_counter
from spiders.imported import FALLBACK
from storage.db import open_database
from storage.profiles import LARGEST, Profile, Profiles, save_private
from storage.vault import SHORTEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose account where: a platform's name, who signs in or carries, and perhaps a file to carry it in."""

    platform: str
    by: str
    url: str = ""
    taken_in: Path | None = None
    handed_out: Path | None = None


def login(asked: Asked, *, as_json: bool) -> int:
    """Sign in, or carry a profile over. `UserMistake` where there is no screen, no key, or nobody signed in."""
    config = Config.load()
    hosts = platform(asked.platform).hosts
    if asked.platform == FALLBACK:
        raise UserMistake(f"{asked.platform} 不是要登录的平台")
    if asked.taken_in is not None and asked.handed_out is not None:
        raise UserMistake("--export 和 --import 只能写一个")
    refuse_counter(asked.url)
    refuse_inside(asked.url, config.hosts)
    engine = open_database(config.database)
    try:
        signed = (named_person(config, engine, asked.by), clock.now())
        profiles, key = Profiles(engine, config.home), config.secrets.profile_key
        if asked.handed_out is not None:
            return _handed_out(profiles, asked.platform, signed, asked.handed_out)
        if asked.taken_in is not None:
            profile = profiles.take_in(asked.platform, _contents(asked.taken_in), key, signed)
        else:
            _refuse_blind(config)
            state = own_state(_state(config, asked.url or f"https://{hosts[0]}/"), hosts)
            profile = profiles.keep(asked.platform, state, key, (signed[0], clock.now()))
    finally:
        engine.dispose()
    _tell(profile, as_json=as_json)
    return EXIT_DONE


def _refuse_blind(config: Config) -> None:
    """Before a window is opened: whatever could only be found out after the person had signed in."""
    if not config.screen:
        raise UserMistake(
            "这台机器没有屏幕（没有 DISPLAY 或 WAYLAND_DISPLAY），不能登录：请在有屏幕的机器上登录，"
            "再用 lantian login 平台 --export 文件 和 --import 文件 带过来"
        )
    if len(config.secrets.profile_key) < SHORTEST:
        raise UserMistake(f"要先设环境变量 LANTIAN_PROFILE_KEY（至少 {SHORTEST} 个字符）：登录文件用它加密")


def _state(config: Config, url: str) -> object:
    say("请在打开的窗口中用本单位自己的账号登录；本系统不代为输入，也不读取口令。")
    say("登录后关闭该窗口" + ("，或在这里按回车。" if sys.stdin.isatty() else "。"))
    try:
        return asyncio.run(sign_in(config, url, _enter, Eyes(is_shown=True)))
    except BrowserTrouble as trouble:
        raise UserMistake(f"没有登录：{harmless(str(trouble))}") from None


async def _enter() -> None:
    """Until somebody presses Enter; for ever where nobody can."""
    pressed, loop = asyncio.Event(), asyncio.get_running_loop()
    if sys.stdin.isatty():
        loop.add_reader(sys.stdin, pressed.set)
    try:
        await pressed.wait()
    finally:
        if sys.stdin.isatty():
            loop.remove_reader(sys.stdin)


def _contents(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            sealed = file.read(LARGEST + 1) if is_file else b""
    except OSError as wrong:
        raise UserMistake(f"读不了 {harmless(str(path))}：{wrong.strerror}") from None
    if not is_file or len(sealed) > LARGEST:
        raise UserMistake(f"{harmless(str(path))} 不是登录文件")
    return sealed


def _handed_out(profiles: Profiles, name: str, signed: tuple[str, datetime], path: Path) -> int:
    if path.exists():
        raise UserMistake(f"{harmless(str(path))} 已经有了，不覆盖")
    try:
        save_private(path, profiles.hand_out(name, signed))
    except OSError as wrong:
        raise UserMistake(f"{harmless(str(path))} 不能写：{wrong.strerror}") from None
    say(f"{name} 的登录文件已写入 {harmless(str(path))}，仍是加密的；到别处导入要用同一个 LANTIAN_PROFILE_KEY")
    return EXIT_DONE


def _tell(profile: Profile, *, as_json: bool) -> None:
    say(harmless(f"{profile.platform} 已由 {profile.by} 登录（profile {profile.number}），加密保存；以后的巡查带它去"))
    if as_json:
        at = profile.at.isoformat()
        print_json({"platform": profile.platform, "profile": profile.number, "by": profile.by, "at": at})
