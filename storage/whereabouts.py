"""Where a database is: the home's own file, or an SQLite or PostgreSQL address. An address is never shown with its
password, nor is what a driver says of it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from crawler.errors import UserMistake

Place = str | Path

SQLITE, POSTGRES = "sqlite", "postgresql"
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgresql+psycopg": "postgresql+psycopg"}
# A server that is gone without a word is noticed, and characters are UTF-8 whatever the server would choose.
DEFAULTS = {"connect_timeout": "10", "keepalives_idle": "60", "keepalives_interval": "10", "keepalives_count": "6"}
ALWAYS = {"client_encoding": "utf8"}
_HIDDEN = "***"


def url_of(place: Place) -> URL:
    """The address with our driver in it; `UserMistake` where it is none of ours."""
    if isinstance(place, Path) or "://" not in place:
        return URL.create(SQLITE, database=str(place))
    scheme = place.partition("://")[0]
    if scheme not in DRIVERS:
        raise UserMistake(f"数据库地址要以 sqlite:// 或 postgresql:// 开头，不能是 {scheme[:20]}://")
    try:
        url = make_url(place).set(drivername=DRIVERS[scheme])
    except (ArgumentError, ValueError):
        raise UserMistake("数据库地址的写法不对：要像 postgresql://用户:密码@主机:端口/库名") from None
    if url.get_backend_name() == SQLITE:
        return url
    # What stands behind an unquoted @ of a password would be shown as the host.
    if "@" in f"{url.host or ''}{url.database or ''}":
        raise UserMistake("数据库地址的写法不对：用户名和密码里的 @ / : ? # 要写成 %40 %2F %3A %3F %23")
    return url.set(query={**DEFAULTS, **url.query, **ALWAYS})


def shown(url: URL) -> str:
    """The address as people may see it: without user, password and settings."""
    if url.get_backend_name() == SQLITE:
        return url.render_as_string()
    return URL.create(POSTGRES, host=url.host, port=url.port, database=url.database).render_as_string()


def said(url: URL, wrong: DBAPIError) -> str:
    """What the driver says is wrong, in one line and without the password."""
    words = " ".join(str(wrong.orig).split())
    for secret in _secrets(url):
        words = words.replace(secret, _HIDDEN)
    return words


def _secrets(url: URL) -> set[str]:
    told = [url.password, *(value for name, value in url.query.items() if "password" in name)]
    plain = {str(one) for one in told if one}
    return plain | {unquote(one) for one in plain}
