"""Invented facts for the papers: one tame set, and one that a hostile page wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from casework.papers.paper_facts import (
    ChainHead,
    EvidenceList,
    ExtractionFacts,
    KeptFile,
    MonitoringFacts,
    Officer,
    PageSeen,
    Target,
)
from crawler.captures import PictureVerdict, Surroundings

T0 = datetime(2026, 11, 20, 5, 5, 39, 743202, tzinfo=UTC)
URL = "https://www.xinghe.example/s?wd=%E4%B8%93%E5%88%A9&pn=1"
CHAIN = ChainHead(number=7, sha256="3f" * 32, sealed_at=T0 + timedelta(minutes=2))
STAMPED = replace(CHAIN, stamped_at=T0 + timedelta(minutes=3), authority="示例时间戳服务")

SURROUNDINGS = Surroundings(
    machine="x86_64",
    system="Linux 6.1.0 (Debian GNU/Linux 12)",
    python="3.11.2",
    tools=(("chromium", "142.0.7444.0"), ("playwright", "1.56.0")),
    proxies=(),
    hosts_file="9a" * 32,
    hosts_entries=(),
    resolvers=("127.0.0.53",),
    dns=(("www.xinghe.example", ("192.0.2.17", "192.0.2.18")),),
    clock_source="ntp.xinghe.example",
    clock_offset=0.0123,
    clock_at=T0,
)
TARGET = Target(
    exhibit="0a1b2c3d4e5f60718293",
    platform="百度搜索",
    kind="广告",
    title="发明专利代写 包授权 不过退款",
    seller="星河知产",
    seller_id="7001",
    item_id="990017",
    query="专利包授权",
    position=2,
    is_ad=True,
    categories=("包授权", "无资质代理"),
    quotes=("包授权", "不授权全额退款"),
)
PAGE = PageSeen(
    requested_url=URL,
    url=f"{URL}&from=xinghe",
    status=200,
    title="专利包授权_示例搜索",
    redirects=(URL,),
    headers=(("Content-Type", "text/html; charset=utf-8"), ("Server", "specimen")),
    ip_address="192.0.2.17",
    certificates=(("www.xinghe.example", "5c" * 32),),
)


def kept(at: int, title: str, name: str, kind: str) -> KeptFile:
    return KeptFile(
        number=f"0197f3c2-0000-7000-8000-{at:012d}",
        title=title,
        url=URL,
        taken_at=T0 + timedelta(seconds=at),
        file=name,
        size=123_456 + at,
        sha256=f"{at:02x}" * 32,
        sm3=f"{at + 100:02x}" * 32,
        format=kind,
        taken_by=("王一", "李二"),
    )


FILES = (
    kept(1, "网页截图", "lantian/pictures/0197f3c2-7000.png", "image/png"),
    kept(2, "渲染后的网页文档", "archive/data.warc.gz", "text/html"),
    kept(3, "页面可见文字", "lantian/texts/0197f3c2-0000-7000-8000-000000000003.txt", "text/plain"),
    kept(4, "网页与其部件（MHTML）", "archive/data.warc.gz", "multipart/related"),
)
EXTRACTION = ExtractionFacts(
    id="20261120-8f3a1c2e",
    officers=(
        Officer(name="王一", badge="豫示例001", unit="示例市市场监督管理局"),
        Officer(name="李二", badge="豫示例002"),
    ),
    started_at=T0,
    ended_at=T0 + timedelta(seconds=41),
    target=TARGET,
    verdict=PictureVerdict.SHOWS_QUOTE,
    surroundings=SURROUNDINGS,
    page=PAGE,
    steps=(
        (T0, "两名执法人员各以本人口令登录"),
        (T0 + timedelta(seconds=3), f"打开 {URL}"),
        (T0 + timedelta(seconds=9), "向下滚动到页面底部"),
        (T0 + timedelta(seconds=20), "截取整页图片"),
    ),
    files=FILES,
    place="示例市市场监督管理局 402 室",
    browser="Chromium 142.0.7444.0",
    tool="lantian 0.6.0",
    chain=STAMPED,
)
LISTED = EvidenceList(
    number="20261120-0001", made_at=T0, files=FILES, matter="线索 0a1b2c3d4e5f60718293", chain=STAMPED
)
MONITORED = MonitoringFacts(
    exhibit=TARGET.exhibit,
    seen_at=T0,
    target=TARGET,
    page=PAGE,
    files=tuple(replace(one, taken_by=()) for one in FILES),
    asked_at=T0,
    answered_at=T0 + timedelta(seconds=1),
    request_headers=(("User-Agent", "lantian/0.6.0 (public-interest monitoring by an IP office)"),),
    robots="允许",
    delay=3.0,
    tool="lantian 0.6.0",
    rules=(("guaranteed_grant_promise", "cd" * 32),),
    verdict=PictureVerdict.SHOWS_QUOTE,
    surroundings=SURROUNDINGS,
    audit="ab" * 32,
    chain=CHAIN,
)

HOSTILE = (
    "</td></tr></table><script>alert(1)</script><img src=https://evil.example/x.png>",
    "]]><w:p/><!--&amp;&#x41;{{ 7*7 }}{% for x in y %}${x}<%= 1 %>",
    '=HYPERLINK("https://evil.example","点我")',
    "正常\u202e倒过来\u2066abc\u2069\u200b\u200f零宽\ufeff",
    "半个\ud83d代理 \udc00",
    "\x00\x01\x07\x1b[31m红\x7f\x85",
    "🈚🔥👩\u200d👩\u200d👧\ufe0f✅☎",
    "Z" + "\u0301\u0323\u0489" * 40,
    "שלום مرحبا ไทย ñ ü 한글 𬭚 ㊣ ℃",
    "A" * 10_000,
    "长" * 10_000,
    "https://long.example/" + "a1" * 3_000 + "?q=" + "%E4" * 500,
    'url(https://evil.example/x) @import "https://evil.example/y"; } body { display: none',
    "\n\n\t换行\r\n\u2028\u2029再换行\x0b\x0c",
    '<w:instrText>INCLUDETEXT "https://evil.example"</w:instrText>',
    "\ue000私用\U000f0000\uffff\ufffe",
)


def hostile(text: str) -> ExtractionFacts:
    """The tame extraction with this text wherever a page could have put it."""
    page = PageSeen(
        requested_url=text,
        url=text,
        status=200,
        title=text,
        redirects=(text,),
        headers=((text, text),),
        ip_address=text,
        certificates=((text, text),),
    )
    target = replace(TARGET, title=text, seller=text, seller_id=text, item_id=text, query=text, quotes=(text, text))
    files = tuple(replace(one, url=text, title=text, file=text, format=text) for one in FILES[:2])
    steps = ((T0, f"打开 {text}"),)
    troubles = (f"页面：{text}",)
    return replace(EXTRACTION, page=page, target=target, files=files, steps=steps, troubles=troubles, reason=text)
