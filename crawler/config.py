"""The only place that reads the environment, lantian.toml and LANTIAN_HOSTS.

Every setting has a default that is safe and polite; whatever is written wrongly is refused
with the file and the place, never ignored.
"""

from __future__ import annotations

import math
import os
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from crawler.errors import ConfigInvalid
from crawler.hosts import MappedHost, read_hosts

VERSION = "0.3.0"


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
    """The `[browser]` table. `path` is a Chromium; without one the usual places are tried.

    `timeout` is seconds a page may take, `megabytes` what its answers may come to, `requests` how many
    it may make, `pages` how many are open at once; after `recycle` pages a new browser is started.
    `paid_links`: whether a flagged advertisement's own link may be opened. `as_root` is in no table: a browser
    without its sandbox is asked for anew by whoever starts it.
    """

    path: str = ""
    pictures: bool = True
    timeout: float = 30.0
    as_root: bool = field(default=False, metadata={"environ": "LANTIAN_BROWSER_AS_ROOT"})
    pages: int = 1
    recycle: int = 40
    requests: int = 600
    megabytes: int = 64
    paid_links: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The `[pictures]` table: whether text in listings' pictures is read, how many a round at most,
    and how many seconds a round waits for them when its crawls are done."""

    read: bool = True
    per_round: int = 400
    seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The `[seal]` table: after how many captures of a round a manifest is written, and the state
    that letters and exports demand; empty means `stamped` where an authority is named, else `sealed`."""

    every: int = 500
    demand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One `[[authority]]`: a time-stamping authority (RFC 3161) and the certificate it is trusted by.

    `url` is asked with HTTP POST; `ca` is a PEM file, relative to the home; `timeout` is seconds.
    """

    url: str
    ca: Path
    timeout: float = 10.0

    @property
    def place(self) -> str:
        """Scheme, host and port: what may be told of the address. What follows them may be a key."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The `[shelf]` table: where finished files of the archive are put. Without a `url` they stay in the home.

    `url` is `s3://bucket/prefix` or a folder; `endpoint` is the S3 server's address where it is not Amazon's.
    """

    url: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The `[clock]` table: NTP servers our clock is compared with, in order; none means the offset is unknown."""

    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The `[retention]` table: days after which captures without findings, and those with, are removed."""

    unflagged_days: int = 180
    flagged_days: int = 1096


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The shelf's key, from LANTIAN_S3_KEY and LANTIAN_S3_SECRET. Never shown, never written."""

    s3_key: str = field(default="", repr=False)
    s3_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the installation decides. `home` holds lantian.toml, lantian.db and archive/."""

    home: Path
    crawl: Crawl = field(default_factory=Crawl)
    browser: Browser = field(default_factory=Browser)
    pictures: Pictures = field(default_factory=Pictures)
    seal: Seal = field(default_factory=Seal)
    shelf: Shelf = field(default_factory=Shelf)
    clock: Clock = field(default_factory=Clock)
    retention: Retention = field(default_factory=Retention)
    authorities: tuple[Authority, ...] = ()
    proxies: tuple[str, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)
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
        as_root = environ.get("LANTIAN_BROWSER_AS_ROOT", "") == "1"
        loaded = cls(
            home=home,
            crawl=_table(Crawl, tables.pop("crawl", {}), home),
            browser=replace(browser, path=environ.get("LANTIAN_BROWSER") or browser.path, as_root=as_root),
            pictures=_table(Pictures, tables.pop("pictures", {}), home),
            seal=_table(Seal, tables.pop("seal", {}), home),
            shelf=_table(Shelf, tables.pop("shelf", {}), home),
            clock=_table(Clock, tables.pop("clock", {}), home),
            retention=_table(Retention, tables.pop("retention", {}), home),
            authorities=_authorities(tables.pop("authority", []), home),
            proxies=tuple(sorted(name for name in environ if name.lower() in PROXIES and environ[name])),
            secrets=Secrets(s3_key=environ.get("LANTIAN_S3_KEY", ""), s3_secret=environ.get("LANTIAN_S3_SECRET", "")),
            hosts=read_hosts(environ.get("LANTIAN_HOSTS", "")),
        )
        if tables:
            raise ConfigInvalid(f"{home / 'lantian.toml'}: 没有 [{next(iter(tables))}] 这个表")
        return loaded

    @property
    def demand(self) -> str:
        """The state that whatever leaves the house must have: `sealed` or `stamped`."""
        return self.seal.demand or ("stamped" if self.authorities else "sealed")

    def user_agent(self) -> str:
        """Who we are, in every request: a crawler that names itself and whom to ask."""
        contact = f"; {self.crawl.contact}" if self.crawl.contact else ""
        return f"lantian/{VERSION} (public-interest monitoring by an IP office{contact})"


T = TypeVar("T", Crawl, Browser, Pictures, Seal, Shelf, Clock, Retention)
TYPE_WORDS = {str: "文字", int: "整数", float: "数", bool: "true 或 false", tuple: "文字的列表"}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
POSITIVE = ("timeout", "pages", "every", "recycle", "requests", "megabytes", "unflagged_days", "flagged_days")
DEMANDS = ("", "sealed", "stamped")


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
    known = {one.name: getattr(defaults, one.name) for one in fields(kind) if not one.metadata}
    elsewhere = {one.name: one.metadata["environ"] for one in fields(kind) if one.metadata}
    for name, value in given.items():
        if name in elsewhere:
            raise ConfigInvalid(f"{where} {name} 不能写在这里：只看环境变量 {elsewhere[name]}=1")
        if name not in known:
            raise ConfigInvalid(f"{where} 没有 {name} 这一项；现有：{'、'.join(known)}")
        complaint = _complaint(name, value, type(known[name]))
        if complaint:
            raise ConfigInvalid(f"{where} {name} {complaint}，不能是 {value!r}")
    checked: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return kind(**checked)


def _authorities(given: Any, home: Path) -> tuple[Authority, ...]:
    """The `[[authority]]` tables, in their order; a certificate that cannot be read is refused here."""
    where = f"{home / 'lantian.toml'}: [[authority]]"
    if not isinstance(given, list):
        raise ConfigInvalid(f"{where} 要写成 [[authority]]，可以有几个")
    return tuple(_authority(one, home, where) for one in given)


def _authority(given: dict[str, Any], home: Path, where: str) -> Authority:
    wanted = {"url": str, "ca": str, "timeout": float}
    for name, value in given.items():
        if name not in wanted:
            raise ConfigInvalid(f"{where} 没有 {name} 这一项；现有：{'、'.join(wanted)}")
        if complaint := _complaint(name, value, wanted[name]):
            raise ConfigInvalid(f"{where} {name} {complaint}")
    if not {"url", "ca"} <= given.keys():
        raise ConfigInvalid(f"{where} 要有 url（时间戳服务地址）和 ca（信任的证书，PEM）")
    if not _is_address(given["url"]):
        raise ConfigInvalid(f"{where} url 要以 http:// 或 https:// 开头，有主机名，不带用户名和密码")
    ca = home / given["ca"]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
    except OSError as wrong:
        raise ConfigInvalid(f"{where} ca {ca} 不是可读的证书：{wrong}") from None
    return Authority(url=given["url"], ca=ca, timeout=float(given.get("timeout", 10.0)))


def _is_address(url: str) -> bool:
    """Whether requests may be posted there, and its host be told. It is never shown: it may hold a password."""
    try:
        parts = urlsplit(url)
        is_posted_to = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return is_posted_to and "@" not in url
    except ValueError:
        return False


def _complaint(name: str, value: Any, wanted: type) -> str:
    """What is wrong with a setting's value, "" for nothing."""
    kinds = (int, float) if wanted is float else (list,) if wanted is tuple else (wanted,)
    if type(value) not in kinds or (wanted is tuple and not all(isinstance(one, str) for one in value)):
        return f"要是{TYPE_WORDS[wanted]}"
    if wanted in (int, float) and not 0 <= value < math.inf:
        return "不能小于 0，也不能无穷大"
    # To the downloader a limit of 0 seconds is no limit, and a depth of 0 pages asks nothing.
    if name in POSITIVE and value == 0:
        return "要大于 0"
    if name == "demand" and value not in DEMANDS:
        return "要是 sealed 或 stamped"
    if name == "contact" and not (value.isascii() and value.isprintable()):
        return "要放进请求头，只能用可打印的 ASCII 字符"
    return ""
