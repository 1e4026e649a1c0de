"""Who runs a page, as the page itself says: the firm in its foot, its copyright line, its head or its text."""

from __future__ import annotations

import re
from collections import Counter

from spiders.reading import Node, attr, clean

MAX_LINES = 4_000
MAX_LINE = 400
_HAN = "\u4e00-\u9fff"
FIRM = re.compile(
    rf"(?:[{_HAN}A-Za-z0-9·]{{2,24}}?(?:[（(][{_HAN}]{{2,8}}[）)])?[{_HAN}A-Za-z0-9·]{{0,20}}?)"
    rf"(?:股份有限公司|有限责任公司|有限公司|(?:专利|商标|知识产权|律师|专利商标)(?:代理)?(?:事务所|代理所)|合伙企业)"
    rf"(?:[（(](?:普通|特殊普通|有限)合伙[）)])?(?:[{_HAN}]{{2,8}}分(?:公司|所))?"
)
_SAID = re.compile(
    r"备案主体|主办单位|主体名称|运营(?:主体|单位)|经营者名称|(?:公司|企业|单位|机构)名称|版权(?:所有|归)"
    r"|copyright|©|\(c\)|all rights reserved",
    re.I,
)
_BEFORE = re.compile(
    r"^.*(?:由|归|即|与|向|委托|选择|欢迎|来自|联系|名称|单位|主体|所有|关于我们|关于|版权|技术支持|copyright|经营者)",
    re.I,
)
_OTHERS = re.compile(r"技术支持|网站建设|网站制作|合作伙伴|友情链接|服务客户|客户案例|建站")
_MARKS = re.compile(f"({_SAID.pattern}|{_OTHERS.pattern})", re.I)
_YEARS = re.compile(r"^[\d\s\-–—.©]+")
_HEADS = (
    'meta[name="copyright"]',
    'meta[property="og:site_name"]',
    'meta[name="author"]',
    'meta[name="application-name"]',
)


def owner_of(root: Node, shown: str) -> str:
    """The firm's name, "" where the page names none.

    In this order: a line that says so (版权所有, 主办单位, ©), the head, the name that the page repeats most.
    """
    lines = [line[:MAX_LINE] for line in shown.split("\n")[-MAX_LINES:]]
    said = _said_in(lines)
    if said:
        return said
    for css in _HEADS:
        for meta in root.css(css)[:3]:
            if named := _firms(clean(attr(meta, "content"))[:MAX_LINE]):
                return named[0]
    counted = Counter(firm for line in lines if not _OTHERS.search(line) for firm in _firms(line))
    return max(counted, key=lambda firm: counted[firm], default="")


def _said_in(lines: list[str]) -> str:
    """From the foot upwards, the firm beside a word that says whose page it is, or in the line below it."""
    for number in range(len(lines) - 1, -1, -1):
        if not _SAID.search(lines[number]):
            continue
        below = lines[number + 1] if number + 1 < len(lines) else ""
        named = _beside_the_word(lines[number]) or ([] if _OTHERS.search(below) else _firms(below))
        if named:
            return named[0]
    return ""


def _beside_the_word(line: str) -> list[str]:
    """The firms after such a word, else before it; never those that built the page or are linked from it."""
    parts = _MARKS.split(line)
    words = parts[1::2]
    texts = parts[::2]
    said = [place for place, word in enumerate(words) if _SAID.search(word)]
    after = [name for place in said for name in _firms(texts[place + 1])]
    before = [name for place in said if not place or _SAID.search(words[place - 1]) for name in _firms(texts[place])]
    return after or before


def _firms(line: str) -> list[str]:
    """The firms that a line names, without the words that lead up to a name."""
    names = [_YEARS.sub("", _BEFORE.sub("", found[0])) for found in FIRM.finditer(line)]
    return [name for name in names if len(name) >= 5]
