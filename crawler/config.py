"""The only place that reads the environment, lantian.toml and LANTIAN_HOSTS.

Every setting has a default that is safe and polite; whatever is written wrongly is refused
with the file and the place, never ignored.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from crawler.errors import ConfigInvalid

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedHost:
    """One line of LANTIAN_HOSTS: connections to `host` go to this address instead."""

    host: str
    address: str
    port: int
    ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """The `[crawl]` table. `delay` (between two loads from one host) and `timeout` are seconds,
    `pages` a depth in result pages, `contact` an e-mail or web address for those we visit."""

    delay: float = 3.0
    timeout: float = 30.0
    retries: int = 1
    pages: int = 3
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The `[browser]` table. `path` is a Chromium; without one the usual places are tried."""

    path: str = ""
    pictures: bool = True
    timeout: float = 20.0
    as_root: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The `[pictures]` table: whether text in listings' pictures is read, how many a round at most,
    and how many seconds a round waits for them when its crawls are done."""

    read: bool = True
    per_round: int = 400
    seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the installation decides. `home` holds lantian.toml, lantian.db and archive/."""

    home: Path
    crawl: Crawl = field(default_factory=Crawl)
    browser: Browser = field(default_factory=Browser)
    pictures: Pictures = field(default_factory=Pictures)
    hosts: Mapping[str, MappedHost] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.home / "lantian.db"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @property
    def shapes(self) -> Path:
        """Reference shapes of the office, PNG files; there may be none."""
        return self.home / "shapes"

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the environment and the home's lantian.toml; raises `ConfigInvalid`."""
        environ = os.environ if environ is None else environ
        home = _home(environ.get("LANTIAN_HOME") or "~/.lantian")
        tables = _toml(home / "lantian.toml")
        browser = _table(Browser, tables.pop("browser", {}), home)
        as_root = environ.get("LANTIAN_BROWSER_AS_ROOT", "") == "1" or browser.as_root
        crawl = _table(Crawl, tables.pop("crawl", {}), home)
        pictures = _table(Pictures, tables.pop("pictures", {}), home)
        if tables:
            raise ConfigInvalid(f"{home / 'lantian.toml'}: 没有 [{next(iter(tables))}] 这个表")
        browser = replace(browser, path=environ.get("LANTIAN_BROWSER") or browser.path, as_root=as_root)
        hosts = read_hosts(environ.get("LANTIAN_HOSTS", ""))
        return cls(home=home, crawl=crawl, browser=browser, pictures=pictures, hosts=hosts)

    def user_agent(self) -> str:
        """Who we are, in every request: a crawler that names itself and whom to ask."""
        contact = f"; {self.crawl.contact}" if self.crawl.contact else ""
        return f"lantian/0.2 (public-interest monitoring by an IP office{contact})"


T = TypeVar("T", Crawl, Browser, Pictures)
TYPE_WORDS = {str: "文字", int: "整数", float: "数", bool: "true 或 false"}


def _home(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as wrong:
        raise ConfigInvalid(f"LANTIAN_HOME {path}: {wrong}") from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise ConfigInvalid(f"{path}: {wrong}") from None


def _table(kind: type[T], given: Any, home: Path) -> T:
    where = f"{home / 'lantian.toml'}: [{kind.__name__.lower()}]"
    if not isinstance(given, dict):
        raise ConfigInvalid(f"{where} 要是一个表")
    defaults = kind()
    known = {one.name: getattr(defaults, one.name) for one in fields(kind)}
    for name, value in given.items():
        if name not in known:
            raise ConfigInvalid(f"{where} 没有 {name} 这一项；现有：{'、'.join(known)}")
        complaint = _complaint(name, value, type(known[name]))
        if complaint:
            raise ConfigInvalid(f"{where} {name} {complaint}，不能是 {value!r}")
    return kind(**given)


def _complaint(name: str, value: Any, wanted: type) -> str:
    """What is wrong with a setting's value, "" for nothing."""
    kinds = (int, float) if wanted is float else (wanted,)
    if type(value) not in kinds:
        return f"要是{TYPE_WORDS[wanted]}"
    if wanted in (int, float) and not 0 <= value < math.inf:
        return "不能小于 0，也不能无穷大"
    # To the downloader a limit of 0 seconds is no limit, and a depth of 0 pages asks nothing.
    if name in ("timeout", "pages") and value == 0:
        return "要大于 0"
    if name == "contact" and not (value.isascii() and value.isprintable()):
        return "要放进请求头，只能用可打印的 ASCII 字符"
    return ""


def read_hosts(path: str) -> dict[str, MappedHost]:
    """LANTIAN_HOSTS: lines `www.baidu.com 127.0.0.1:8443 CA.pem`; a word that begins with `#` begins a comment.

    The address must be an IP address: the private-address guard opens for exactly these.
    A relative CA path is taken from the folder of the file.
    """
    if not path:
        return {}
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigInvalid(f"LANTIAN_HOSTS: {wrong}") from None
    found: dict[str, MappedHost] = {}
    for number, line in enumerate(lines, 1):
        words = _COMMENT.sub("", line).split(maxsplit=2)
        if words:
            where = f"{path}:{number}"
            mapped = _mapped_host(words, Path(path).absolute().parent, where)
            if found.setdefault(mapped.host, mapped) != mapped:
                raise ConfigInvalid(f"{where}: {mapped.host} 前面已写过一行")
    _refuse_authorities(found)
    return found


def _mapped_host(words: list[str], folder: Path, where: str) -> MappedHost:
    if len(words) < 2:
        raise ConfigInvalid(f"{where}: 格式是 主机名 IP:端口 [CA.pem]")
    host = words[0].lower().rstrip(".")
    if not _HOST.fullmatch(host):
        raise ConfigInvalid(f"{where}: {words[0]} 不是主机名")
    address, port = _address(words[1], where)
    ca = folder / words[2].strip() if len(words) == 3 else None
    return MappedHost(host=host, address=address, port=port, ca=ca)


def _address(written: str, where: str) -> tuple[str, int]:
    address, _, port = written.rpartition(":")
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError:
        raise ConfigInvalid(f"{where}: {written} 不是带端口的 IP 地址") from None
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise ConfigInvalid(f"{where}: 没有端口 {port}")
    return address, int(port)


def _refuse_authorities(hosts: Mapping[str, MappedHost]) -> None:
    """A file that is no certificate would only be noticed when the first connection fails."""
    for ca in {mapped.ca for mapped in hosts.values() if mapped.ca}:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
        except OSError as wrong:
            raise ConfigInvalid(f"LANTIAN_HOSTS: {ca} 不是可读的证书：{wrong}") from None
