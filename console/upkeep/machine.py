"""The doctor's looks at the machine: Python, the home and its disk, the clock, the logs."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta

from console.upkeep.checks import Check, Look, Patient, bad, good, unknown, warning
from crawler.config import VERSION
from crawler.logs import LOGS, MEGABYTE, logs_bytes
from pipelines.surroundings import clock_offset
from storage.upkeep.vitals import grown

OLDEST = (3, 11)
WEEK = timedelta(days=7)
SOON, VERY_SOON = 30, 7  # days until the disk is full
OFF, FAR_OFF = 1.0, 60.0  # seconds
MB = MEGABYTE


def looks(patient: Patient) -> tuple[Look, ...]:
    """In the order in which a person would ask."""
    return (
        Look(name="python", make=_python, fix="重新安装：make setup"),
        Look(name="home", make=lambda: _home(patient), fix="检查 LANTIAN_HOME 指向的文件夹和它的权限"),
        Look(name="disk", make=lambda: _disk(patient), fix="检查 LANTIAN_HOME 所在的磁盘"),
        Look(name="logs", make=lambda: _logs(patient), fix="检查数据目录里日志文件的权限：chown lantian:lantian 文件"),
        Look(name="clock", make=lambda: _clock(patient), fix="检查到 [clock] sources 的网络"),
        Look(name="contact", make=lambda: _contact(patient), fix='[crawl] contact = "邮箱或网址"'),
    )


def _python() -> Iterable[Check]:
    told = f"lantian {VERSION}，Python {platform.python_version()}，{platform.system()} {platform.release()}"
    if sys.version_info < OLDEST:
        return [bad("python", told, "需要 Python 3.11 以上：安装后运行 make setup")]
    return [good("python", told)]


def _home(patient: Patient) -> Iterator[Check]:
    home = patient.config.home
    if not home.is_dir():
        yield bad("home", f"{home} 不存在", f"mkdir -p -m 0750 {home}，或设置 LANTIAN_HOME")
        return
    told = home.stat()
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield bad("home", f"{home} 不能读写", f"chown -R lantian:lantian {home}")
    elif told.st_uid != os.geteuid():
        fix = "以该用户运行：runuser -u 用户 -- lantian …"
        yield warning("home", f"{home} 属于用户 {told.st_uid}，现在以 {os.geteuid()} 运行：新文件对方可能读不了", fix)
    elif told.st_mode & stat.S_IRWXO:
        mode = stat.S_IMODE(told.st_mode)
        yield warning("home", f"{home} 的权限是 {mode:04o}，本机其他用户可以进入", f"chmod o-rwx {home}")
    else:
        yield good("home", f"{home}，只有本用户可以读写")


def _disk(patient: Patient) -> Iterator[Check]:
    config = patient.config
    free = shutil.disk_usage(config.home).free
    left = free - config.disk.free_megabytes * MB
    if left < 0:
        fix = "腾出空间（lantian evidence expire、lantian evidence shelve），或减小 [disk] free_megabytes"
        yield bad("disk", f"只剩 {free // MB} MB，少于 {config.disk.free_megabytes} MB：不再开始巡查", fix)
        return
    size = grown(config.archive, patient.now - WEEK)
    rate = size.new_bytes / WEEK.days
    told = f"剩 {free // MB} MB；档案 {size.bytes // MB} MB，近七天每天新增 {rate / MB:.1f} MB"
    days = left / rate if rate else float("inf")
    if days < SOON:
        fix = "换更大的磁盘；或设置 [shelf]，再运行 lantian evidence shelve；或按期 lantian evidence expire"
        make = bad if days < VERY_SOON else warning
        yield make("disk", f"{told}，照此约 {days:.0f} 天后不再开始巡查", fix)
    else:
        yield good("disk", told if days == float("inf") else f"{told}，照此还够 {min(days, 36500):.0f} 天")


def _logs(patient: Patient) -> Iterator[Check]:
    config = patient.config
    size, most = logs_bytes(config.home), config.disk.log_megabytes * MB
    over = [name for name in LOGS if (one := config.home / name).exists() and one.stat().st_size > 2 * most]
    told = f"日志共 {size / MB:.1f} MB，每个文件至多 {config.disk.log_megabytes} MB × {config.disk.log_files} 个"
    if over:
        yield warning("logs", f"{told}；{'、'.join(over)} 超过两倍", "重启 lantian-patrol：有进程一直写着旧文件")
    else:
        yield good("logs", told)


def _clock(patient: Patient) -> Iterator[Check]:
    sources = patient.config.clock.sources
    if not sources:
        yield unknown("clock", "没有设置 NTP 服务器，不知道本机时钟准不准", '[clock] sources = ["ntp.ntsc.ac.cn"]')
        return
    checked = asyncio.run(clock_offset(sources))
    if checked.offset is None:
        yield unknown("clock", f"{'、'.join(sources)} 都没有回答", "检查到 UDP 123 的网络，或换一个 [clock] sources")
    elif abs(checked.offset) > OFF:
        make = bad if abs(checked.offset) > FAR_OFF else warning
        yield make("clock", f"与 {checked.source} 相差 {checked.offset:+.1f} 秒", "timedatectl set-ntp true")
    else:
        yield good("clock", f"与 {checked.source} 相差 {checked.offset:+.3f} 秒")


def _contact(patient: Patient) -> Iterator[Check]:
    if patient.config.crawl.contact:
        yield good("contact", f"被访问的网站可以联系：{patient.config.crawl.contact}")
    else:
        yield warning("contact", "没有写明联系方式：被访问的网站不知道找谁", '[crawl] contact = "邮箱或网址"')
