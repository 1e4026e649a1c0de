"""Which addresses nobody may be sent to: paid counters, where every visit costs somebody money, and unpaid redirectors.

A paid counter is never requested in a crawl, not even when a redirect leads there. A redirector is refused as a
beginning only: where it leads is the address to write. Both are told by host and path as `readings` has them.
"""

from __future__ import annotations

import re
from enum import Enum

from crawler.addresses import Target, readings
from crawler.errors import Disallowed, UserMistake

# A domain with every host below it, and how the paths of its counters begin; no path means every one.
_PAID = (
    ("baidu.com", r"/(?:.*/)?(?:baidu|adrc|mobads|adx)\.php\b"), ("bzclk.baidu.com", ""), ("cpro.baidu.com", ""),
    ("pos.baidu.com", ""),
    ("sogou.com", r"/bill_"), ("brand.sogou.com", ""),
    ("bing.com", r"/(?:aclk|aclick)\b"),
    ("tf.360.cn", ""), ("e.so.com", ""), ("click.dsp.com", ""),
    ("sm.cn", r"/(?!s?$)"),  # what it counts with is not known: of its own addresses only searches are opened
    ("simba.taobao.com", ""), ("click.taobao.com", ""), ("tanx.com", ""),
    ("dj.1688.com", ""), ("1688.com", r"/ci_"),
    ("ccc-x.jd.com", ""), ("im-x.jd.com", ""), ("x.jd.com", ""), ("u.jd.com", ""),
    ("legoclick.58.com", ""), ("jing.58.com", ""), ("jump.58.com", ""), ("zhineng.58.com", ""),
    ("short.58.com", r"/zd_p"),
    ("ad.toutiao.com", ""), ("oceanengine.com", ""), ("pangolin-sdk-toutiao.com", ""), ("pangle.io", ""),
    ("sugar.zhihu.com", ""), ("gdt.qq.com", ""),
    ("doubleclick.net", ""), ("googleadservices.com", ""), ("google.com", r"/aclk\b"),
)  # fmt: skip
_UNPAID = (
    ("baidu.com", r"/link(?:/|$)|/from\b(?!.*/s$)|/(?:.*/)?tc$|/safecheck\b|/mo/q/checkurl\b"), ("jump.bdimg.com", ""),
    ("jump2.bdimg.com", ""),
    ("sogou.com", r"/link(?:/|$)"),
    ("bing.com", r"/(?:ck/a|alink/link)(?:/|$)"),
    ("so.com", r"/(?:link|jump)(?:/|$)"),
    ("toutiao.com", r"/search/jump(?:/|$)"),
    ("link.zhihu.com", ""),
)  # fmt: skip
# On these domains a host or a first step named for clicks is a counter, whether anybody has seen it yet or not.
_PLATFORMS = (
    "baidu.com", "sogou.com", "bing.com", "so.com", "360.cn", "dsp.com", "sm.cn", "uc.cn", "taobao.com", "tmall.com",
    "tmall.hk", "alimama.com", "1688.com", "goofish.com", "jd.com", "58.com", "ganji.com", "yangkeduo.com",
    "pinduoduo.com", "toutiao.com", "zhihu.com", "xiaohongshu.com", "zbj.com", "qq.com",
)  # fmt: skip
_CLICKS = re.compile(r"click|clk")
_FIRST_STEP = re.compile(r"/[a-z]{0,8}(?:click|clk)[a-z]{0,3}(?:[./_-]|$)")
_BILLED = re.compile(r"(?:^|&)legourl=")  # 58同城 bills the notice's own address with it


class Counter(Enum):
    """What stands between the visitor and the page."""

    PAID = "paid_link"
    UNPAID = "redirect_link"


def counter_of(url: str) -> Counter | None:
    """Which counter the address is of, however it is spelled; `None` for an ordinary page."""
    targets = readings(url)
    if any(_is_paid(one) for one in targets):
        return Counter.PAID
    return Counter.UNPAID if any(_stands_in(_UNPAID, one) for one in targets) else None


def is_counter(url: str) -> bool:
    """Whether a crawl may not begin at the address."""
    return counter_of(url) is not None


def is_paid(url: str) -> bool:
    """Whether no crawl may request the address at all."""
    return counter_of(url) is Counter.PAID


def refuse_counter(url: str) -> None:
    """Raises `UserMistake`, in one line, where a person asks for a counter."""
    found = counter_of(url)
    if found is Counter.PAID:
        raise UserMistake(f"网址 {url[:100]!r} 是按点击计费的广告链接，不打开；请写广告自己的网址")
    if found is Counter.UNPAID:
        raise UserMistake(f"网址 {url[:100]!r} 是跳转链接，不打开；请写它跳转到的网址")


def refusal_of(url: str) -> Disallowed:
    """The same as the outcome of a run whose address it is."""
    found = counter_of(url) or Counter.PAID
    return Disallowed(found.value, url[:500])


def _is_paid(target: Target) -> bool:
    if _stands_in(_PAID, target) or (_is_below(target.host, "58.com") and _BILLED.search(target.query)):
        return True
    domain = next((one for one in _PLATFORMS if _is_below(target.host, one)), "")
    if not domain:
        return False
    labels = target.host.removesuffix(domain)
    return _CLICKS.search(labels) is not None or _FIRST_STEP.match(target.path) is not None


def _stands_in(table: tuple[tuple[str, str], ...], target: Target) -> bool:
    return any(_is_below(target.host, domain) and re.match(path, target.path) for domain, path in table)


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
