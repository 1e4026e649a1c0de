"""What an extraction was, put together for its record: the page, its files, and everything that was out of order.

It words what happened and adds nothing; what is out of order is told whether or not it seems to matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urldefrag

from casework.papers.paper_facts import ChainHead, KeptFile, PageSeen, Target
from console.files import platform
from console.output import CATEGORY_WORDS
from console.showings import REASON_WORDS
from crawler.captures import BrowserCapture, PictureVerdict, Showing, Surroundings, Visit
from crawler.items import Capture, Kind
from pipelines.surroundings import ALARM
from storage.seal import SealHead
from storage.sealing.manifests import sm3
from storage.shapes import ExhibitDetail

KIND_WORDS: Mapping[Kind, str] = {
    Kind.AD: "广告",
    Kind.RESULT: "搜索结果",
    Kind.PRODUCT: "商品",
    Kind.SHOP: "店铺",
    Kind.POST: "帖子",
    Kind.ARTICLE: "文章",
}
VERDICT_WORDS = {
    PictureVerdict.SHOWS_QUOTE: "网页上仍是监测时所见的表述",
    PictureVerdict.DIFFERS: "网页与监测时不同",
    PictureVerdict.FAILED: "网页没有打开或没有固定成功",
}
PART_WORDS = {
    "load": "页面没有在限定时间内加载完",
    "picture": "截图",
    "mhtml": "MHTML 文件",
    "requests": "页面的请求数超过限制",
    "bytes": "页面的数据量超过限制",
}


def target_of(detail: ExhibitDetail) -> Target:
    """The listing as it was seen when it was flagged."""
    listing, findings = detail.exhibit.listing, detail.exhibit.findings
    return Target(
        exhibit=detail.exhibit.id,
        platform=platform(listing.platform).label,
        kind=KIND_WORDS[listing.kind],
        title=listing.title,
        seller=listing.seller,
        seller_id=listing.seller_id,
        item_id=listing.item_id,
        query=detail.run.query,
        position=listing.position,
        is_ad=listing.is_ad,
        categories=tuple(dict.fromkeys(CATEGORY_WORDS[one.category] for one in findings)),
        quotes=tuple(dict.fromkeys(one.quote for one in findings)),
    )


def page_of(visit: Visit) -> PageSeen:
    """How the page answered, its own header lines among all that it loaded."""
    wanted = urldefrag(visit.url).url
    own = next((one for one in visit.messages if urldefrag(one.url).url == wanted and one.status == visit.status), None)
    return PageSeen(
        requested_url=visit.requested_url,
        url=visit.url,
        status=visit.status,
        title=visit.title,
        redirects=visit.redirects,
        headers=own.response_headers if own else (),
        ip_address=visit.ip_address,
        certificates=tuple(
            (f"{chain.host} 第 {at} 级" if at > 1 else chain.host, hashlib.sha256(one).hexdigest())
            for chain in visit.chains
            for at, one in enumerate(chain.certificates, 1)
        ),
    )


def files_of(visit: Visit, kept: BrowserCapture, facts: bytes) -> tuple[KeptFile, ...]:
    """The parts of the visit that a person looks at, each a record of the archive; `facts` is the last one's body."""
    parts = (
        ("网页整页截图", kept.picture, visit.picture),
        ("渲染后的网页文档", kept.dom, visit.dom),
        ("页面可见文字", kept.text, visit.text),
        ("网页及其部件（MHTML）", kept.mhtml, visit.mhtml),
        ("本次打开网页的事实记录", kept.facts, facts),
    )
    return tuple(_file(title, capture, body) for title, capture, body in parts if capture is not None)


def _file(title: str, capture: Capture, body: bytes) -> KeptFile:
    return KeptFile(
        number=capture.id,
        title=title,
        url=capture.url,
        taken_at=capture.taken_at,
        file=f"{capture.file} 偏移 {capture.offset} 长 {capture.length}",
        size=capture.size,
        sha256=capture.sha256,
        sm3=sm3(body),
        format=capture.mime,
    )


def chain_of(head: SealHead) -> ChainHead | None:
    """The chain's newest manifest as papers name it, `None` where there is none."""
    if head.sealed_at is None:
        return None
    return ChainHead(
        number=head.number,
        sha256=head.sha256,
        sealed_at=head.sealed_at,
        stamped_at=head.stamped_at,
        authority=head.authority,
    )


# -- what was out of order -------------------------------------------------------------------------


def surroundings_troubles(around: Surroundings) -> tuple[str, ...]:
    """What of the machine and the network may be asked about later."""
    host = "、".join(name for name, _ in around.dns)
    unresolved = [name for name, addresses in around.dns if not addresses]
    return (
        *_clock_troubles(around),
        *((f"设有代理变量 {'、'.join(around.proxies)}；打开网页时没有使用。",) if around.proxies else ()),
        *(f"hosts 文件里有该域名的行：{line}" for line in around.hosts_entries),
        *((f"{host} 由 LANTIAN_HOSTS 改指，不是公网上的网站。",) if around.host_map else ()),
        *(f"{name} 没有解析结果。" for name in unresolved),
        *(("浏览器以系统管理员身份运行，没有启用沙箱。",) if around.as_root else ()),
    )


def _clock_troubles(around: Surroundings) -> tuple[str, ...]:
    if around.clock_offset is None:
        return ("本机时钟没有与任何授时源比对成功，偏差不明。",)
    if abs(around.clock_offset) > ALARM:
        return (f"本机时钟与 {around.clock_source} 相差 {around.clock_offset:+.3f} 秒。",)
    return ()


def visit_troubles(visit: Visit) -> tuple[str, ...]:
    """What of the page could not be had."""
    return (
        *((f"网页的 HTTP 状态是 {visit.status}。",) if visit.status >= 400 else ()),
        *(f"{PART_WORDS.get(part, part)}：{reason}" for part, reason in visit.troubles),
        *((f"页面要连接的下列地址被拒绝：{'、'.join(visit.refused)}",) if visit.refused else ()),
    )


def showing_troubles(showing: Showing) -> tuple[str, ...]:
    """That the page is not what it was."""
    match showing.verdict:
        case PictureVerdict.SHOWS_QUOTE:
            return ()
        case PictureVerdict.DIFFERS:
            return (f"重新打开的网页与监测时不同：{showing_reason(showing)}。",)
        case PictureVerdict.FAILED:
            return (f"网页没有打开或没有固定成功：{showing_reason(showing)}。",)


def showing_reason(showing: Showing) -> str:
    """The reason in Chinese, with its detail."""
    words = REASON_WORDS.get(showing.reason, showing.reason)
    return f"{words}（{showing.detail}）" if showing.detail else words
