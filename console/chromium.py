"""`make setup`'s last step: find a Chromium, or try to install one, or say once that there is none.

Never an error: everything but pictures and script-built lists works without a browser.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

from console.output import say
from crawler.config import Config
from pipelines.browser import BrowserTrouble, find_chromium

DEBIAN = ("chromium", "fonts-noto-cjk", "libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
INSTALL_SECONDS = 900


def find_or_install() -> str:
    """The path of a Chromium, "" when none can be had."""
    config = Config.load()
    # Looking for it is no run: the question of the sandbox is asked when one is started.
    config = replace(config, browser=replace(config.browser, as_root=True))
    for attempt in (_nothing, _debian_package, _playwright_download):
        attempt()
        try:
            return find_chromium(config)
        except BrowserTrouble:
            continue
    return ""


def _nothing() -> None:
    """The first look finds what is there already."""


def _debian_package() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"安装 {' '.join(DEBIAN)} …")
        _run(["apt-get", "update", "-qq"])
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN])


def _playwright_download() -> None:
    say("尝试 Playwright 自带的 Chromium（此路径未经测试）…")
    _run([sys.executable, "-m", "playwright", "install", "chromium"])


def _run(command: list[str]) -> None:
    """A failure shows in the next look; its last line tells the person why."""
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", *command]
    try:
        ended = subprocess.run(  # noqa: S603 - the commands are written in this file
            quiet, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as wrong:
        say(f"  {command[0]}：{wrong}")
        return
    if ended.returncode:
        lines = (ended.stderr or ended.stdout).strip().splitlines()
        say(f"  {' '.join(command[:2])} 失败：{lines[-1] if lines else ended.returncode}")


def main() -> None:
    path = find_or_install()
    say(f"浏览器：{path}" if path else "没有浏览器：将继续，但不拍图，也读不了靠脚本生成的列表。")


if __name__ == "__main__":
    main()
