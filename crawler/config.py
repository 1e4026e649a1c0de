"""The only place that reads the environment, lantian.toml and LANTIAN_HOSTS.

Every setting has a default that is safe and polite; whatever is written wrongly is refused
with the file and the place, never ignored.
"""

from __future__ import annotations

import os
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from crawler.errors import ConfigInvalid
from crawler.hosts import MappedHost, read_hosts
from crawler.table_checks import complaint_of, is_address, is_proxy
from crawler.tables import (
    Alarms,
    Authority,
    Backup,
    Browser,
    Clock,
    Crawl,
    Disk,
    Letters,
    Log,
    Notify,
    Office,
    Patrol,
    Pictures,
    Place,
    Recheck,
    Reports,
    Retention,
    Seal,
    Secrets,
    Shelf,
)
from crawler.watches import Device

VERSION = "0.6.0"
TOOL = f"lantian/{VERSION}"  # as archives and packages name what wrote them


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
    patrol: Patrol = field(default_factory=Patrol)
    alarms: Alarms = field(default_factory=Alarms)
    recheck: Recheck = field(default_factory=Recheck)
    notify: Notify = field(default_factory=Notify)
    office: Office = field(default_factory=Office)
    letters: Letters = field(default_factory=Letters)
    reports: Reports = field(default_factory=Reports)
    disk: Disk = field(default_factory=Disk)
    log: Log = field(default_factory=Log)
    backup: Backup = field(default_factory=Backup)
    places: tuple[Place, ...] = ()
    authorities: tuple[Authority, ...] = ()
    proxies: tuple[str, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)
    hosts: Mapping[str, MappedHost] = field(default_factory=dict)
    screen: str = ""

    @property
    def database(self) -> Path | str:
        """The home's own file, or the address of another database. It may hold a password: it is never shown."""
        return self.secrets.database or self.home / "lantian.db"

    @property
    def reporter_key(self) -> Path:
        """The file of the key that reporters are sealed with."""
        return Path(self.secrets.reporter_key or _reporter_key("")).expanduser()

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
            patrol=_table(Patrol, tables.pop("patrol", {}), home),
            alarms=_table(Alarms, tables.pop("alarms", {}), home),
            recheck=_table(Recheck, tables.pop("recheck", {}), home),
            notify=_table(Notify, tables.pop("notify", {}), home),
            office=_table(Office, tables.pop("office", {}), home),
            letters=_table(Letters, tables.pop("letters", {}), home),
            reports=_table(Reports, tables.pop("reports", {}), home),
            disk=_table(Disk, tables.pop("disk", {}), home),
            log=_table(Log, tables.pop("log", {}), home),
            backup=_table(Backup, tables.pop("backup", {}), home),
            places=_places(tables.pop("place", []), home),
            authorities=_authorities(tables.pop("authority", []), home),
            proxies=tuple(sorted(name for name in environ if name.lower() in PROXIES and environ[name])),
            secrets=_secrets(environ),
            hosts=read_hosts(environ.get("LANTIAN_HOSTS", "")),
            screen=environ.get("DISPLAY", "") or environ.get("WAYLAND_DISPLAY", ""),
        )
        if tables:
            raise ConfigInvalid(f"{home / 'lantian.toml'}: 没有 [{next(iter(tables))}] 这个表")
        return loaded

    @property
    def demand(self) -> str:
        """The state that whatever leaves the house must have: `sealed` or `stamped`."""
        return self.seal.demand or ("stamped" if self.authorities else "sealed")

    def place(self, name: str) -> Place | None:
        """The `[[place]]` of this name, `None` for no name; `ConfigInvalid` for one that the office has not."""
        found = next((one for one in self.places if one.name == name), None)
        if name and found is None:
            raise ConfigInvalid(f"lantian.toml 里没有名为 {name} 的 [[place]]")
        return found

    def user_agent(self, device: Device = Device.DESKTOP) -> str:
        """Who we are, in every request: a crawler that names itself and whom to ask.

        For a telephone's page the words by which sites know a telephone stand beside our name, not in its place.
        """
        contact = f"; {self.crawl.contact}" if self.crawl.contact else ""
        shown = "Android; Mobile; " if device is Device.MOBILE else ""
        return f"lantian/{VERSION} ({shown}public-interest monitoring by an IP office{contact})"


T = TypeVar(
    "T",
    Crawl,
    Browser,
    Pictures,
    Seal,
    Shelf,
    Clock,
    Retention,
    Patrol,
    Alarms,
    Recheck,
    Notify,
    Office,
    Letters,
    Reports,
    Disk,
    Log,
    Backup,
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")


def _secrets(environ: Mapping[str, str]) -> Secrets:
    return Secrets(
        s3_key=environ.get("LANTIAN_S3_KEY", ""),
        s3_secret=environ.get("LANTIAN_S3_SECRET", ""),
        database=_database(environ.get("LANTIAN_DATABASE", "")),
        broker=environ.get("LANTIAN_BROKER", ""),
        profile_key=environ.get("LANTIAN_PROFILE_KEY", ""),
        notify=tuple(environ.get("LANTIAN_NOTIFY", "").split()),
        token=environ.get("LANTIAN_TOKEN", "").strip(),
        reporter_key=environ.get("LANTIAN_REPORTER_KEY") or _reporter_key(environ.get("XDG_CONFIG_HOME", "")),
    )


def _reporter_key(folder: str) -> str:
    """The usual place: a relative folder counts for none, as XDG says."""
    return f"{folder if folder.startswith('/') else '~/.config'}/lantian/reporter.key"


def _database(address: str) -> str:
    scheme, mark, rest = address.partition("://")
    if address and (not mark or scheme not in DATABASES):
        raise ConfigInvalid(f"LANTIAN_DATABASE 要以 {'、'.join(f'{one}://' for one in DATABASES)} 开头")
    # Four slashes: it must be one database, from whatever folder a command is run.
    if scheme == "sqlite" and not rest.startswith("//"):
        raise ConfigInvalid("LANTIAN_DATABASE 的 SQLite 文件要写绝对路径：sqlite:////…")
    return address


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
        complaint = complaint_of(name, value, type(known[name]))
        if complaint:
            raise ConfigInvalid(f"{where} {name} {complaint}，不能是 {value!r}")
    checked: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return kind(**checked)


def _places(given: Any, home: Path) -> tuple[Place, ...]:
    """The `[[place]]` tables; each needs a name of its own and a proxy."""
    where = f"{home / 'lantian.toml'}: [[place]]"
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ConfigInvalid(f"{where} 要写成 [[place]]，可以有几个")
    found = []
    for one in given:
        if one.keys() != {"name", "proxy"} or not all(isinstance(value, str) and value for value in one.values()):
            raise ConfigInvalid(f"{where} 要有且只有 name（地点）和 proxy（代理地址），都是文字")
        if not is_proxy(one["proxy"]):
            raise ConfigInvalid(f"{where} proxy 要写成 http://主机:端口 或 socks5://主机:端口，不带用户名和密码")
        found.append(Place(name=one["name"].strip(), proxy=one["proxy"]))
    if len({one.name for one in found}) < len(found):
        raise ConfigInvalid(f"{where} 有两个同名的地点")
    return tuple(found)


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
        if complaint := complaint_of(name, value, wanted[name]):
            raise ConfigInvalid(f"{where} {name} {complaint}")
    if not {"url", "ca"} <= given.keys():
        raise ConfigInvalid(f"{where} 要有 url（时间戳服务地址）和 ca（信任的证书，PEM）")
    if not is_address(given["url"]):
        raise ConfigInvalid(f"{where} url 要以 http:// 或 https:// 开头，有主机名，不带用户名和密码")
    ca = home / given["ca"]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
    except OSError as wrong:
        raise ConfigInvalid(f"{where} ca {ca} 不是可读的证书：{wrong}") from None
    return Authority(url=given["url"], ca=ca, timeout=float(given.get("timeout", 10.0)))
