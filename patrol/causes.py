"""Why a platform is probably sick, as a word and in Chinese, from how its runs ended.

What a page or a server said is quoted, cut short; whoever shows it makes it harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.items import Outcome
from storage.health_shapes import Failure, HealthRun

COOLING = "cooling"
QUOTED = 80  # characters of what a server or a page said
_CONNECTION = ("timeout", "refused", "connection", "proxy", "private_address")


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A cause without its page."""

    word: str
    words: str


def why_failed(failures: Sequence[Failure]) -> Why:
    """The cause of most of these; the others are counted."""
    if not failures:
        return Why(word="unknown", words="没有留下原因")
    # A host that refused us is left alone for a while: what it refused with is the cause, not that we kept away.
    first, *others = sorted(failures, key=lambda one: one.reason == COOLING)
    why = why_of(first.outcome, first.reason, first.detail)
    more = "，".join(f"{one.outcome} {one.reason} {one.runs} 项" for one in others[:3])
    words = f"{first.runs} 项：{why.words}" + (f"；另有 {more}" if more else "")
    return Why(word=why.word, words=words)


def why_of(outcome: Outcome, reason: str, detail: str) -> Why:
    """The cause that one outcome and its reason tell."""
    if outcome is Outcome.UNREACHABLE:
        return _unreachable(reason, detail)
    if outcome is Outcome.BLOCKED:
        return _blocked(reason, detail)
    if outcome is Outcome.CHANGED:
        return _changed(reason, detail)
    told = {
        Outcome.DISALLOWED: ("robots", f"robots.txt 禁止（{_cut(detail)}）：确有职责要看的，由具名人员签署例外"),
        Outcome.LOGIN: ("login", f"要求登录（{reason}）：由人在自己的浏览器里看，存下后导入"),
        Outcome.GONE: ("gone", f"网址已不存在（{reason}）：查询网址的写法可能变了"),
        Outcome.ERROR: ("broken", f"收到的内容不完整或不能读（{reason}）{_quoted(detail)}"),
        Outcome.MISSED: ("not_run", f"巡查中断，没有查成（{reason}）"),
    }
    word, words = told[outcome]
    return Why(word=word, words=words)


def _unreachable(reason: str, detail: str) -> Why:
    if reason == "dns":
        return Why(word="dns", words="域名解析不到：网址换了，或本机的网络、DNS 有故障")
    if reason == "tls":
        return Why(word="tls", words=f"加密连接不成：对方证书有错，或连接被人截取{_quoted(detail)}")
    if reason in _CONNECTION:
        return Why(word="unreachable", words=f"连不上（{reason}）{_quoted(detail)}：对方停机、本机断网，或出口被拒")
    return Why(word="unreachable", words=f"对方服务器出错（{reason}）")


def _blocked(reason: str, detail: str) -> Why:
    if reason == COOLING:
        return Why(word="cooling", words=f"此前被拒，正在冷却，没有去问{_quoted(detail)}")
    if reason in ("rate_limit", "http_429"):
        return Why(word="rate_limit", words=f"嫌我们问得太密（{reason}）：等冷却过去，必要时加大 [crawl] delay")
    if reason.startswith("http_"):
        return Why(word="refused", words=f"拒绝访问（{reason}）：很可能认出了自动访问")
    words = f"被拦（{reason}）：要求验证或不给看，由人在自己的浏览器里看，存下后导入"
    return Why(word="wall", words=words)


def _changed(reason: str, detail: str) -> Why:
    if reason in ("lost_listings", "all_lost", "count_mismatch"):
        return Why(word="parser_lost", words=f"页面读得出，信息却丢了（{reason}）{_quoted(detail)}：爬虫要改")
    if reason == "needs_browser":
        return Why(word="needs_browser", words="页面改由脚本生成，要用浏览器打开：请检查 Chromium")
    return Why(word="markup", words=f"页面改版了（{reason}）{_quoted(detail)}：爬虫要照新页面改")


def why_zero(run: HealthRun, alike: int, asked: int) -> Why:
    """Why a query that used to have listings has none; `alike` of the `asked` queries of its round had none either."""
    said = f"页面自称没有结果（{run.reason}）"
    if alike > 1 and alike * 2 > asked:
        words = f"{said}，但同一轮里该平台 {asked} 个词有 {alike} 个都变成这样：更像拦截页或改版被当成了无结果"
        return Why(word="false_empty", words=words)
    return Why(word="really_empty", words=f"{said}，该平台别的词照常：可能真的没有了，或平台屏蔽了这个词")


def why_fewer(run: HealthRun, before: Sequence[HealthRun]) -> Why:
    """Why a query has fewer listings than it used to."""
    usual_pages = max((one.pages for one in before), default=run.pages)
    stated = [one.total for one in before if one.total]
    if run.lost:
        return Why(word="parser_lost", words=f"有 {run.lost} 条没有标题或网址，被丢掉：爬虫要改")
    if run.pages < usual_pages:
        return Why(word="pager", words=f"只翻了 {run.pages} 页（以前 {usual_pages} 页）：下一页的链接可能读不出了")
    if run.total is not None and stated and run.total * 2 < min(stated):
        return Why(
            word="really_fewer", words=f"页面自称的总数也少了（{run.total}，以前至少 {min(stated)}）：可能真的少了"
        )
    return Why(word="markup", words="页数照旧，每页读出的却少了：很可能改了版，爬虫漏读一部分")


def _quoted(detail: str) -> str:
    return f"「{_cut(detail)}」" if detail else ""


def _cut(detail: str) -> str:
    return detail if len(detail) <= QUOTED else detail[: QUOTED - 1] + "…"
