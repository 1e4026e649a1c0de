"""Under which name somebody appears in a listing, and what he shows there that others may show too.

What is nobody's alone (a search engine's own host, a name without letters) is no identity: then the listing is one.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.addresses import readings
from storage.models import EntityRow, ExhibitRow, ListingRow
from storage.registers.names import name_norm
from storage.tables.pictures import PictureRow

SELLER, COMPANY, SITE, LISTING = "seller", "company", "site", "listing"
OWN_SITES = "landing"  # the platform of a site, whoever's page it was seen on
PICTURE = "picture"
AT_ONCE = 5_000  # SQLite binds 32 766 values in one statement
NEWEST = 3  # flagged exhibits of a listing: pictures are read after it was first seen
NAME_AT_MOST, KEY_AT_MOST, VALUE_AT_MOST = 200, 200, 200  # characters; PostgreSQL indexes no long ones
# Who answers under these is told by the seller's name or not at all.
SHARED = (
    "baidu.com",
    "so.com",
    "360.cn",
    "sogou.com",
    "bing.com",
    "toutiao.com",
    "sm.cn",
    "taobao.com",
    "tmall.com",
    "jd.com",
    "1688.com",
    "alibaba.com",
    "pinduoduo.com",
    "yangkeduo.com",
    "goofish.com",
    "zbj.com",
    "58.com",
    "zhihu.com",
    "xiaohongshu.com",
    "qq.com",
    "weibo.com",
    "douyin.com",
    "kuaishou.com",
    "bilibili.com",
    "sohu.com",
    "sina.com.cn",
    "163.com",
    "csdn.net",
    "jianshu.com",
    "douban.com",
    "ganji.com",
)
_FIRM = re.compile(r"(?:公司|事务所|代理所|分所|中心|院)(?:普通合伙|有限合伙)?$")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_QQ_MAIL = re.compile(r"([1-9]\d{4,10})@(?:vip\.)?qq\.com")
_ICP_SITE = re.compile(r"-\d{1,3}$")  # the number of one site under a licence
_LISTING = (
    *(ListingRow.key, ListingRow.platform, ListingRow.seller, ListingRow.seller_id),
    *(ListingRow.first_seen, ListingRow.last_seen),
    *(ExhibitRow.kind, ExhibitRow.is_ad, ExhibitRow.is_redirect),
    *(ExhibitRow.title, ExhibitRow.url, ExhibitRow.display_url),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One thing shown, in the form in which others are compared with it, by whom first: an exhibit's public id."""

    kind: str
    value: str
    exhibit: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """A name under which somebody appeared, with what he showed. `key` is what is his alone on that platform."""

    kind: str
    platform: str
    key: str
    name: str
    first_seen: datetime
    last_seen: datetime
    contacts: tuple[Contact, ...] = ()


def appearances_on(connection: Connection, keys: Sequence[str], *, bare: bool = False) -> dict[str, Appearance]:
    """Who appears in each of these listings that is flagged, in their order; `bare` without what he shows."""
    rows = {row.key: row for some in chunks(keys) for row in connection.execute(_listings(some))}
    shown = {} if bare else _contacts(connection, list(rows))
    return {key: _appearance(rows[key], shown.get(key, ())) for key in dict.fromkeys(keys) if key in rows}


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values in parts that one statement can bind."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def contacts_of(kind: str, value: str, exhibit: str, seen_at: datetime) -> Iterator[Contact]:
    """What an entity is as a contact: a WeChat that is a phone is one, a QQ mailbox names its QQ too."""
    if kind == "wechat" and _MOBILE.fullmatch(value):
        kind = "mobile"
    elif kind == "icp":
        value = _ICP_SITE.sub("", value)
    elif kind == "company":
        value = name_norm(value)
    elif kind == "mail" and (mailbox := _QQ_MAIL.fullmatch(value)):
        yield Contact(kind="qq", value=mailbox[1], exhibit=exhibit, seen_at=seen_at)
    if value and len(value) <= VALUE_AT_MOST:
        yield Contact(kind=kind, value=value, exhibit=exhibit, seen_at=seen_at)


def name_key(name: str) -> str:
    """What a seller's name is compared by; empty where there is none."""
    norm = name_norm(name)
    if norm:
        return f"name:{_bounded(norm)}"
    return f"name:{_digest(name)}" if name.strip() else ""


def host_key(*addresses: str) -> str:
    """The own site that the first of these leads to, empty where it is a platform's or none."""
    for address in addresses:
        found = readings(address if "://" in address else f"https://{address}") if address.strip() else ()
        host = re.sub(r"^(?:www|m)\.", "", found[0].host) if found else ""
        if "." in host and " " not in host:
            return "" if any(host == one or host.endswith(f".{one}") for one in SHARED) else f"host:{_bounded(host)}"
    return ""


def _appearance(row: Row[Any], contacts: Sequence[Contact]) -> Appearance:
    kind, platform, key, name = _who(row)
    return Appearance(
        kind=kind,
        platform=platform,
        key=key,
        name=name[:NAME_AT_MOST],
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        contacts=tuple(contacts),
    )


def _who(row: Row[Any]) -> tuple[str, str, str, str]:
    host = host_key(row.display_url, "" if row.is_redirect else row.url)
    if row.platform == OWN_SITES and host:
        return SITE, OWN_SITES, host, row.seller or host.removeprefix("host:")
    kind = COMPANY if _FIRM.search(name_norm(row.seller)) else SELLER
    if row.seller_id:
        return kind, row.platform, f"id:{_bounded(row.seller_id)}", row.seller or row.seller_id
    if key := name_key(row.seller):
        return kind, row.platform, key, row.seller
    if host and (row.is_ad or row.kind in ("ad", "result")):
        return SITE, OWN_SITES, host, host.removeprefix("host:")
    return LISTING, row.platform, f"listing:{row.key}", row.title


def _bounded(text: str) -> str:
    return text if len(text) <= KEY_AT_MOST else _digest(text)


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# -- rows ------------------------------------------------------------------------------------------


def _listings(keys: Sequence[str]) -> Any:
    return select(*_LISTING).join(ExhibitRow, ExhibitRow.id == ListingRow.flagged_id).where(ListingRow.key.in_(keys))


def _contacts(connection: Connection, keys: Sequence[str]) -> Mapping[str, Sequence[Contact]]:
    """By listing, in the order in which they were shown."""
    exhibits = {row.id: row for key in keys for row in connection.execute(_newest(key))}
    shown: defaultdict[str, list[Contact]] = defaultdict(list)
    for some in chunks(sorted(exhibits)):
        for row in connection.execute(_entities(some)):
            exhibit = exhibits[row.exhibit_id]
            shown[exhibit.listing_key] += contacts_of(row.kind, row.value, exhibit.public_id, exhibit.seen_at)
        for row in connection.execute(_pictures(some)):
            exhibit = exhibits[row.exhibit_id]
            shown[exhibit.listing_key] += contacts_of(PICTURE, row.sha256, exhibit.public_id, exhibit.seen_at)
    return shown


def _newest(key: str) -> Any:
    flagged = select(ExhibitRow.id, ExhibitRow.public_id, ExhibitRow.listing_key, ExhibitRow.seen_at)
    flagged = flagged.where(ExhibitRow.listing_key == key, ExhibitRow.points > 0)
    return flagged.order_by(ExhibitRow.id.desc()).limit(NEWEST)


def _entities(exhibits: Sequence[int]) -> Any:
    query = select(EntityRow.exhibit_id, EntityRow.kind, EntityRow.value).where(EntityRow.exhibit_id.in_(exhibits))
    return query.order_by(EntityRow.exhibit_id, EntityRow.id)


def _pictures(exhibits: Sequence[int]) -> Any:
    query = select(PictureRow.exhibit_id, PictureRow.sha256).where(PictureRow.exhibit_id.in_(exhibits))
    return query.where(PictureRow.findings > 0, PictureRow.sha256 != "").order_by(PictureRow.exhibit_id, PictureRow.id)
