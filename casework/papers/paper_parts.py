"""The parts that several papers share: times, machine, page, files, seal. An unknown thing gives no words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework.papers.paper import LONGEST, Column, Field, Fields, Grid, clipped
from casework.papers.paper_facts import ChainHead, KeptFile, PageSeen, Target
from crawler.captures import PictureVerdict, Surroundings
from crawler.clock import in_shanghai

MOST = 40  # lines of one cell; the rest is in the files themselves
LONGEST_ADDRESS, LONGEST_NAME = 600, 100  # printed characters, in a record and in a narrow column
NOTE_OF_CODES = "方括号中的 U+ 编号代替页面原文中无法印出的字符。"
NOTE_OF_FONTS = (
    "版式：DOCX 指定仿宋、方正小标宋、黑体，由打开它的电脑提供；PDF 以思源宋体（Noto Serif CJK）代仿宋和小标宋，"
    "以思源黑体（Noto Sans CJK）代黑体。"
)


def moment(at: datetime | None) -> tuple[str, ...]:
    """`2026-11-20 13:05:39（北京时间）`"""
    return (f"{in_shanghai(at)}（北京时间）",) if at else ()


def known(text: str, longest: int = LONGEST) -> tuple[str, ...]:
    """One line, or none for what is not known."""
    return (clipped(text, longest),) if text.strip() else ()


def several(lines: Sequence[str], longest: int = LONGEST) -> tuple[str, ...]:
    """At most as many lines as a cell bears, and how many there are."""
    shown = tuple(clipped(line, longest) for line in lines[:MOST])
    return (*shown, f"……（共 {len(lines)} 行，全文见所附文件）") if len(lines) > MOST else shown


def chain_foot(chain: ChainHead | None) -> tuple[str, ...]:
    """The chain's head as every annex bears it; what is not sealed says so."""
    if chain is None:
        return ("尚未封存",)
    sealed = f"链首第{chain.number}号 sha256 {chain.sha256} 封存于 {in_shanghai(chain.sealed_at)}（北京时间）"
    if chain.stamped_at is None:
        return (sealed, "未加时间戳")
    by = f"（{chain.authority}）" if chain.authority else ""
    return (sealed, f"时间戳 {in_shanghai(chain.stamped_at)}（北京时间）{by}")


def target_fields(target: Target) -> Fields:
    """What was seen, by whom it was published, and the words that are held against it."""
    place = f"第 {target.position} 位" if target.position else ""
    asked = f"查询“{clipped(target.query, 100)}”" if target.query else ""
    kind = f"{target.kind}（页面标为广告）" if target.is_ad else target.kind
    return Fields(
        fields=(
            Field(label="平台", lines=known(target.platform)),
            Field(label="类型", lines=known(kind)),
            Field(label="查询词与位置", lines=known("，".join(filter(None, (asked, place))))),
            Field(label="标题（监测时）", lines=known(target.title)),
            Field(label="发布者", lines=known(target.seller)),
            Field(label="发布者编号", lines=known(target.seller_id)),
            Field(label="商品或广告编号", lines=known(target.item_id)),
            Field(label="涉嫌类别", lines=known("、".join(target.categories))),
            Field(label="涉嫌表述（监测时）", lines=several([f"“{one}”" for one in target.quotes])),
        )
    )


def page_fields(page: PageSeen) -> tuple[Field, ...]:
    """How the page answered."""
    headers = [f"{name}: {value}" for name, value in page.headers]
    return (
        Field(label="原始网址", lines=known(page.requested_url, LONGEST_ADDRESS)),
        Field(label="跳转链", lines=several(page.redirects or _no_redirect(page), LONGEST_ADDRESS)),
        Field(label="最终网址", lines=known(page.url, LONGEST_ADDRESS)),
        Field(label="HTTP 状态", lines=(str(page.status),) if page.status else ()),
        Field(label="响应头", lines=several(headers)),
        Field(label="服务器 IP", lines=known(page.ip_address)),
        Field(label="证书指纹（SHA-256）", lines=several([f"{host} {digest}" for host, digest in page.certificates])),
        Field(label="页面标题", lines=known(page.title)),
    )


def _no_redirect(page: PageSeen) -> tuple[str, ...]:
    """Only of a page that came is it known that there was none."""
    return ("无跳转",) if page.url else ()


def clock_words(around: Surroundings | None) -> tuple[str, ...]:
    """Against whom our clock was compared, and how far it was off."""
    if around is None:
        return ()
    if around.clock_offset is None:
        return ("没有授时源答复，本机时钟的偏差不明",)
    when = f"，比对于 {in_shanghai(around.clock_at)}（北京时间）" if around.clock_at else ""
    return (f"授时源 {around.clock_source}，偏差 {around.clock_offset:+.3f} 秒{when}",)


def network_fields(around: Surroundings | None) -> tuple[Field, ...]:
    """What is known of the network; our address outside and the provider are not."""
    outside = (Field(label="本机出口 IP"), Field(label="网络运营商"))
    if around is None:
        return outside
    answers = [f"{host} → {'、'.join(addresses) or '没有结果'}" for host, addresses in around.dns]
    proxies = f"设有 {'、'.join(around.proxies)}（取页时不使用）" if around.proxies else "没有设置代理"
    mapped = ("LANTIAN_HOSTS 把域名改指到指定的地址",) if around.host_map else ()
    return (
        *outside,
        Field(label="DNS 服务器", lines=several(around.resolvers)),
        Field(label="DNS 解析结果", lines=several((*answers, *mapped))),
        Field(label="代理", lines=(proxies,)),
    )


def machine_fields(around: Surroundings | None, tool: str, browser: str) -> tuple[Field, ...]:
    """What the work was done with, and whether the machine was clean as far as that shows."""
    tools = [f"{name} {version}" for name, version in around.tools] if around else []
    named = dict.fromkeys([*filter(None, (tool.replace("/", " "),)), *tools])
    return (
        Field(label="设备型号"),
        Field(label="设备与操作系统", lines=(f"{around.machine}，{around.system}",) if around else ()),
        Field(label="浏览器", lines=known(browser)),
        Field(label="取证工具、版本", lines=several(list(named))),
        Field(label="工具来源、校验值"),
        Field(label="清洁性检查", lines=_cleanliness(around)),
    )


def _cleanliness(around: Surroundings | None) -> tuple[str, ...]:
    if around is None:
        return ()
    named = [f"hosts 文件中与该域名有关的行：{line}" for line in around.hosts_entries]
    return (
        f"hosts 文件 SHA-256 {around.hosts_file}",
        *several(named or ["hosts 文件没有与该域名有关的行"]),
        *(("浏览器以系统管理员身份运行，没有沙箱",) if around.as_root else ()),
    )


def verdict_words(verdict: PictureVerdict | None, reason: str) -> tuple[str, ...]:
    """What reading the page again came to."""
    why = f"：{reason}" if reason else ""
    match verdict:
        case None:
            return ()
        case PictureVerdict.SHOWS_QUOTE:
            return ("页面已打开并固定，监测时发现的涉嫌表述仍在页面上，截图可见。",)
        case PictureVerdict.DIFFERS:
            return (f"页面已打开并固定，但与监测时所见不同{why}。",)
        case PictureVerdict.FAILED:
            return (f"未能打开或固定页面{why}。",)


def files_grid(files: Sequence[KeptFile]) -> Grid:
    """The files that came of it."""
    columns = (("序号", 10), ("文件名", 34), ("内容", 24), ("格式", 20), ("大小（字节）", 16), ("摘要", 52))
    rows = tuple(
        (
            (str(at),),
            *(known(words, LONGEST_NAME) for words in (one.file, one.title, one.format)),
            (str(one.size),),
            digests(one),
        )
        for at, one in enumerate(files, 1)
    )
    return Grid(columns=tuple(Column(name=name, width=width) for name, width in columns), rows=rows)


def digests(one: KeptFile) -> tuple[str, ...]:
    """SHA-256, and SM3 where it was made."""
    return (f"SHA-256 {one.sha256}", *((f"SM3 {one.sm3}",) if one.sm3 else ()))
