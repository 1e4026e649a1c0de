"""What the machine and the network looked like when a capture was made: clock, names, proxies, versions.

It states and never judges, except that a clock more than a second off is said aloud. It names no
person and no machine, and whatever cannot be told is left empty rather than guessed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import platform
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import ntplib

from crawler import clock
from crawler.captures import Surroundings
from crawler.config import Config
from crawler.errors import Unreachable
from crawler.exits import HERE, Eyes
from crawler.transport import GuardedResolver

logger = logging.getLogger(__name__)

ALARM = 1.0  # seconds our clock may be off before it is said aloud
GOOD_FOR = 600.0  # seconds an answer about the clock is used again
PATIENCE = 2.0  # seconds a source of time gets to answer
LARGEST = 1 << 20  # bytes of a system's file that are looked at
NTP_PORT, SERVER, UNSYNCHRONISED, STRATA = 123, 4, 3, range(1, 16)
HOSTS, RESOLVERS = Path("/etc/hosts"), Path("/etc/resolv.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCheck:
    """How far our clock is from a source's: `offset` in seconds, to be added to ours; `None` when none answered."""

    source: str = "unknown"
    offset: float | None = None
    at: datetime | None = None

    @property
    def is_alarming(self) -> bool:
        return self.offset is not None and abs(self.offset) > ALARM


_checked: dict[tuple[str, ...], tuple[float, ClockCheck]] = {}


async def look(config: Config, host: str, eyes: Eyes = HERE) -> Surroundings:
    """The surroundings of a capture of a page of `host`. Never raises."""
    checked = await clock_offset(config.clock.sources)
    hosts = _read(HOSTS)
    return Surroundings(
        machine=f"{platform.machine()}, {os.cpu_count() or 0} CPU",
        system=f"{platform.system()} {platform.release()} ({_distribution()})",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        tools=(("lantian", version("lantian")), ("playwright", version("playwright"))),
        proxies=config.proxies,
        hosts_file=hashlib.sha256(hosts).hexdigest() if hosts else "",
        hosts_entries=_naming(hosts, host),
        resolvers=_resolvers(_read(RESOLVERS)),
        dns=((host, await _addresses(config, host)),),
        clock_source=checked.source,
        clock_offset=checked.offset,
        clock_at=checked.at,
        as_root=os.geteuid() == 0,
        host_map=host in config.hosts,
        exit=eyes.told,
    )


async def clock_offset(sources: tuple[str, ...]) -> ClockCheck:
    """Our clock against the first source that answers, asked at most every ten minutes. Never raises."""
    known = _checked.get(sources)
    if known and time.monotonic() - known[0] < GOOD_FOR:
        return known[1]
    checked = await asyncio.to_thread(_asked_in_turn, sources)
    _checked[sources] = (time.monotonic(), checked)
    if checked.is_alarming:
        logger.warning("our clock is off: %+.3f s against %s", checked.offset, checked.source)
    return checked


def _asked_in_turn(sources: tuple[str, ...]) -> ClockCheck:
    for source in sources:
        try:
            return ClockCheck(source=source, offset=_offset(source), at=clock.now())
        except (OSError, ntplib.NTPException, ValueError, UnicodeError) as wrong:
            logger.warning("%s does not tell the time: %s", source, wrong)
    return ClockCheck()


def _offset(source: str) -> float:
    """Seconds to add to our clock. Raises where the answer is not that of a synchronised server."""
    host, port = _split(source)
    told = ntplib.NTPClient().request(host, version=4, port=port, timeout=PATIENCE)
    if told.mode != SERVER or told.leap == UNSYNCHRONISED or told.stratum not in STRATA:
        raise ValueError(f"not synchronised itself (stratum {told.stratum}, leap {told.leap})")
    return round(float(told.offset), 6)


def _split(source: str) -> tuple[str, int]:
    """`time.example`, `time.example:1123`, `[::1]:123` or a bare IPv6 address."""
    host, _, port = source.rpartition(":")
    if not host or (":" in host and not host.endswith("]")):
        return source.strip("[]"), NTP_PORT
    return host.strip("[]"), int(port)


async def _addresses(config: Config, host: str) -> tuple[str, ...]:
    """What the very resolver of our connections answers; nothing for a name it refuses or does not know."""
    if not host:
        return ()
    try:
        async with asyncio.timeout(PATIENCE):
            answers = await GuardedResolver(config.hosts).resolve(host, 0, socket.AF_UNSPEC)
    except (OSError, TimeoutError, Unreachable, UnicodeError):
        return ()
    return tuple(sorted({answer["host"] for answer in answers}))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError:
        return b""


def _lines(content: bytes) -> list[list[str]]:
    """The words of each line, without comments."""
    told = content.decode("utf-8", "replace").splitlines()
    return [words for line in told if (words := line.partition("#")[0].split())]


def _naming(hosts: bytes, host: str) -> tuple[str, ...]:
    """Lines of a hosts file that name the host: with one, a name server was not asked."""
    wanted = host.lower().rstrip(".")
    return tuple(" ".join(words) for words in _lines(hosts) if wanted in map(str.lower, words[1:]))


def _resolvers(content: bytes) -> tuple[str, ...]:
    return tuple(words[1] for words in _lines(content) if words[0] == "nameserver" and len(words) > 1)


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"
