"""What goes into the papers that explain evidence. Empty means unknown: its line is left to be filled by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crawler.captures import PictureVerdict, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """One paper twice, with the same content."""

    docx: bytes
    pdf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who signs: name, number of the law-enforcement certificate (执法证号), unit."""

    name: str
    badge: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """The newest manifest that covers what a paper names. `stamped_at` is the token's time, with its `authority`."""

    number: int
    sha256: str
    sealed_at: datetime
    stamped_at: datetime | None = None
    authority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file or capture of the evidence list, a row each.

    `number` is the evidence's own (a capture's id), `title` what it is in words (网页截图), `medium` its
    kind by law (电子数据 unless told), `taken_by` the officers, or nobody for what was collected automatically.
    `file` is its name in the package, `format` a media type, `size` bytes. `purpose` (证明对象) and `remark`
    are people's words; `pages` is a count of printed pages.
    """

    number: str
    title: str
    url: str
    taken_at: datetime
    file: str
    size: int
    sha256: str
    sm3: str = ""
    format: str = ""
    medium: str = "电子数据"
    taken_by: tuple[str, ...] = ()
    purpose: str = ""
    pages: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceList:
    """电子数据证据清单. `number` is our own id; `matter` the case or lead it belongs to, in words."""

    number: str
    made_at: datetime
    files: tuple[KeptFile, ...]
    matter: str = ""
    chain: ChainHead | None = None
    is_specimen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What was on the page: the listing, who published it, and the words that are held against it.

    `platform` is its name in Chinese, `kind` the listing's (广告、商品 …), `categories` in Chinese.
    """

    exhibit: str
    platform: str
    kind: str
    title: str
    seller: str = ""
    seller_id: str = ""
    item_id: str = ""
    query: str = ""
    position: int = 0
    is_ad: bool = False
    categories: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeen:
    """How the page answered: addresses, status, header lines, certificates as (host, SHA-256 of the DER)."""

    requested_url: str
    url: str
    status: int
    title: str = ""
    redirects: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    ip_address: str = ""
    certificates: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionFacts:
    """电子数据提取笔录: what two officers did, as it happened.

    `page` is `None` when nothing answered. `verdict` says whether the page still showed what was
    seen, `reason` why not. `troubles` are the 异常说明, in words. `steps` are (when, what).
    """

    id: str
    officers: tuple[Officer, Officer]
    started_at: datetime
    ended_at: datetime
    target: Target
    verdict: PictureVerdict
    surroundings: Surroundings | None
    page: PageSeen | None
    steps: tuple[tuple[datetime, str], ...]
    files: tuple[KeptFile, ...]
    reason: str = ""
    place: str = ""
    browser: str = ""
    tool: str = ""
    troubles: tuple[str, ...] = ()
    chain: ChainHead | None = None
    is_specimen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringFacts:
    """技术监测记录: what the machine did on its own. No officer acted, so none is named.

    `robots` is the verdict in words, `delay` the seconds between two loads of one host,
    `request_headers` those of the page's request, `audit` the audit log's head.
    """

    exhibit: str
    seen_at: datetime
    target: Target
    page: PageSeen
    files: tuple[KeptFile, ...]
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    request_headers: tuple[tuple[str, str], ...] = ()
    robots: str = ""
    delay: float | None = None
    tool: str = ""
    rules: tuple[tuple[str, str], ...] = ()
    verdict: PictureVerdict | None = None
    reason: str = ""
    surroundings: Surroundings | None = None
    audit: str = ""
    troubles: tuple[str, ...] = ()
    chain: ChainHead | None = None
    is_specimen: bool = False
