"""The only place that reads the environment, lantian.toml and LANTIAN_HOSTS.

Every setting has a default that is safe and polite; whatever is written wrongly is refused
with the file and the place, never ignored.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from crawler.errors import ConfigInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedHost:
    """One line of LANTIAN_HOSTS: connections to `host` go to this address instead."""

    host: str
    address: str
    port: int
    ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """The `[crawl]` table. `delay` and `timeout` are seconds, `pages` a depth in result pages."""

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
class Config:
    """Everything the installation decides. `home` holds lantian.toml, lantian.db and archive/."""

    home: Path
    crawl: Crawl = field(default_factory=Crawl)
    browser: Browser = field(default_factory=Browser)
    hosts: Mapping[str, MappedHost] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.home / "lantian.db"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the environment and the home's lantian.toml; raises `ConfigInvalid`."""
        environ = os.environ if environ is None else environ
        home = Path(environ.get("LANTIAN_HOME") or Path.home() / ".lantian").expanduser().absolute()
        tables = _toml(home / "lantian.toml")
        browser = _table(Browser, tables.pop("browser", {}), home)
        as_root = environ.get("LANTIAN_BROWSER_AS_ROOT", "") == "1" or browser.as_root
        crawl = _table(Crawl, tables.pop("crawl", {}), home)
        if tables:
            raise ConfigInvalid(f"{home / 'lantian.toml'}: unknown table [{next(iter(tables))}]")
        browser = Browser(
            path=environ.get("LANTIAN_BROWSER") or browser.path,
            pictures=browser.pictures,
            timeout=browser.timeout,
            as_root=as_root,
        )
        return cls(home=home, crawl=crawl, browser=browser, hosts=read_hosts(environ.get("LANTIAN_HOSTS", "")))

    def user_agent(self) -> str:
        """Who we are, in every request: a crawler that names itself and whom to ask."""
        contact = f"; {self.crawl.contact}" if self.crawl.contact else ""
        return f"lantian/0.1 (public-interest monitoring by an IP office{contact})"


T = TypeVar("T", Crawl, Browser)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise ConfigInvalid(f"{path}: {wrong}") from None


def _table(kind: type[T], given: Any, home: Path) -> T:
    where = f"{home / 'lantian.toml'}: [{kind.__name__.lower()}]"
    if not isinstance(given, dict):
        raise ConfigInvalid(f"{where} must be a table")
    known = {one.name: type(getattr(kind(), one.name)) for one in fields(kind)}
    for name, value in given.items():
        if name not in known:
            raise ConfigInvalid(f"{where} unknown key {name}; known: {', '.join(known)}")
        wanted = known[name]
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise ConfigInvalid(f"{where} {name} must be {wanted.__name__}, not {value!r}")
        if wanted in (int, float) and value < 0:
            raise ConfigInvalid(f"{where} {name} must not be negative")
    return kind(**given)


def read_hosts(path: str) -> dict[str, MappedHost]:
    """LANTIAN_HOSTS: lines `www.baidu.com 127.0.0.1:8443 CA.pem`; `#` begins a comment.

    The address must be an IP address: the private-address guard opens for exactly these.
    A relative CA path is taken from the folder of the file.
    """
    if not path:
        return {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigInvalid(f"LANTIAN_HOSTS: {wrong}") from None
    found = {}
    for number, line in enumerate(lines, 1):
        words = line.split("#", 1)[0].split()
        if words:
            mapped = _mapped_host(words, Path(path).absolute().parent, f"{path}:{number}")
            found[mapped.host] = mapped
    return found


def _mapped_host(words: list[str], folder: Path, where: str) -> MappedHost:
    if len(words) not in (2, 3):
        raise ConfigInvalid(f"{where}: expected `host address:port [CA.pem]`")
    address, _, port = words[1].rpartition(":")
    try:
        ipaddress.ip_address(address.strip("[]"))
        number = int(port)
    except ValueError:
        raise ConfigInvalid(f"{where}: {words[1]} is not an IP address with a port") from None
    if not 0 < number < 65536:
        raise ConfigInvalid(f"{where}: no such port {port}")
    ca = folder / words[2] if len(words) == 3 else None
    if ca is not None and not ca.is_file():
        raise ConfigInvalid(f"{where}: no certificate file {ca}")
    return MappedHost(host=words[0].lower(), address=address.strip("[]"), port=number, ca=ca)
