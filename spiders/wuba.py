"""58.com (58同城): lists of one city and category.

Seen 2019 and 2020: lists of homes, which share their frame with the lists of services we ask
for; those are known from code only. Digits in some lists are Han characters that a font of
the page draws as digits: such text is kept as it stands and never taken for a price.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from crawler.errors import LoginRequired, PageBlocked, PageEmpty
from crawler.items import Kind, Reading
from spiders.base import PlatformSpider
from spiders.found import Found
from spiders.paging import without_parameter
from spiders.reading import Document, Node, attr, clean, first, text_of
from spiders.walls import Wall

# What stands before `.58.com`: every provincial capital, and the cities of Shanxi, Henan and some larger ones.
CITIES = MappingProxyType(
    {
        "北京": "bj", "上海": "sh", "天津": "tj", "重庆": "cq", "石家庄": "sjz", "太原": "ty", "呼和浩特": "hu",
        "沈阳": "sy", "长春": "cc", "哈尔滨": "hrb", "南京": "nj", "杭州": "hz", "合肥": "hf", "福州": "fz",
        "南昌": "nc", "济南": "jn", "郑州": "zz", "武汉": "wh", "长沙": "cs", "广州": "gz", "南宁": "nn",
        "海口": "haikou", "成都": "cd", "贵阳": "gy", "昆明": "km", "拉萨": "lasa", "西安": "xa", "兰州": "lz",
        "西宁": "xn", "银川": "yinchuan", "乌鲁木齐": "xj",
        "大同": "dt", "阳泉": "yq", "长治": "changzhi", "晋城": "jincheng", "朔州": "shuozhou", "晋中": "jz",
        "运城": "yuncheng", "忻州": "xinzhou", "临汾": "linfen", "吕梁": "lvliang",
        "安阳": "ay", "新乡": "xx", "洛阳": "luoyang", "南阳": "ny", "许昌": "xc", "平顶山": "pds", "焦作": "jiaozuo",
        "商丘": "sq", "开封": "kaifeng", "濮阳": "puyang", "周口": "zk", "信阳": "xy", "驻马店": "zmd", "漯河": "luohe",
        "三门峡": "smx", "鹤壁": "hb", "济源": "jiyuan",
        "深圳": "sz", "苏州": "su", "无锡": "wx", "宁波": "nb", "厦门": "xm", "青岛": "qd", "大连": "dl",
        "唐山": "ts", "保定": "bd", "廊坊": "lf", "邯郸": "hd", "秦皇岛": "qhd", "包头": "bt",
    }
)  # fmt: skip
DEFAULT_PLACE = "北京"
_CATEGORY = "shangbiaozhli"  # 商标专利
# Cards inside cards are left out: no page has them, and a thousand levels would cost their square.
_ENTRIES = "li[logr]:not(li li), tr[logr]:not(tr tr), div[logr]:not(div[logr] *), li.house-cell:not([logr]):not(li li)"
_LISTS = 'ul[class*="list"] > li:not(li li), #infolist li:not(li li), #infolist tr:not(tr tr)'
_LINKS = ("h2 a[href]", "h1 a[href]", "h3 a[href]", ".title a[href]", "a.t[href]", ".des a[href]", "a.title[href]")
_TEXTS = ".baseinfo, .room, .infor, .desc, .add, .seller-desc, td.t p:not(.seller)"
_SELLERS = (".jjr_par_dp", ".jjrinfo > span", ".seller a", ".seller", "a.u", ".jjr .listjjr", ".company", ".shop-name")
_PRICES = (".price .sum", ".price", ".pri", ".money")
_PINNED = ".icon-zhiding, .dingico_a, .dingico, .guanggao, .ico-ding, .icon-tuiguang, .ico-tuiguang"
_LABELS = frozenset(("广告", "推广", "置顶", "顶", "精准推广", "竞价"))
_LABELLED = "i, em, .time, .ico, .label, .tag"
_CLICKS = ("legoclick.58.com", "jing.58.com", "jump.zhineng.58.com")
_NUMBER = re.compile(r"/(\d{8,20})x?\.shtml")
_TRACED = re.compile(r"\b(?:esf_id|infoid|info_id)\s*:\s*['\"]?(\d{8,20})")
_RANKED = re.compile(r"^[a-z]{1,4}_\d+_\d+_(\d{8,20})_")


class Wuba(PlatformSpider):
    name = "wuba"
    label = "58同城"
    hosts = tuple(f"{city}.58.com" for city in CITIES.values())
    cities = CITIES
    page_size = 60
    ad_labels = tuple(sorted(_LABELS))
    evidence = {
        "results": "captured 2019-11 and 2020-10 (homes); services code only",
        "ads": "captured 2019-11 and 2020-10",
        "pager": "captured 2019-11",
        "captcha": "code only",
        "empty": "code only",
    }
    walls = (
        Wall(trouble=PageBlocked, reason="captcha", marks=("//callback.58.com/",), within="url"),
        Wall(trouble=PageBlocked, reason="captcha", marks=("@@xxzlGatewayUrl",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("callback.58.com/antibot",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("callback.58.com/firewall",)),
        Wall(trouble=PageBlocked, reason="captcha", marks=("请输入验证码",), within="title"),
        Wall(trouble=PageBlocked, reason="rate_limit", marks=("访问过于频繁",), within="title"),
        Wall(trouble=LoginRequired, reason="login_wall", marks=("//passport.58.com/",), within="url"),
    )

    def search_url(self, query: str, page_number: int) -> str:
        city = CITIES[self.place or DEFAULT_PLACE]
        return f"https://{city}.58.com/{_CATEGORY}/pn{page_number}/?key={quote(query)}"

    def read_document(self, document: Document) -> Reading:
        found = Found(self.name, document)
        for entry in document.root.css(_ENTRIES):
            _add_entry(found, entry)
        if not found.listings and not found.lost:
            for entry in document.root.css(_LISTS):
                _add_plain(found, entry)
        if not found.listings and not found.lost:
            _refuse_nothing(document)
        following = attr(first(document.root, ".pager a.next"), "href")
        return found.reading(next_url=following)


def _add_plain(found: Found, entry: Node) -> None:
    """An entry of a list that carries no tracking: only one whose heading leads to a notice is one."""
    link = _link(entry)
    if link is not None and (_NUMBER.search(attr(link, "href")) or _is_paid_click(attr(link, "href"))):
        _add_entry(found, entry)


def _add_entry(found: Found, entry: Node) -> None:
    link = _link(entry)
    href = attr(link, "href")
    # A click on an address that carries `legourl` is billed; the same address without it is the notice's own.
    url = without_parameter(href, "legourl", "tid")
    is_redirect = _is_redirect(url)
    found.add(
        kind=Kind.PRODUCT,
        is_ad=is_redirect or _is_paid_click(href) or _is_labelled(entry),
        is_redirect=is_redirect,
        title=text_of(link),
        text=" ".join(filter(None, map(text_of, entry.css(_TEXTS)))),
        url=url,
        item_id=_number(entry, href),
        seller=_seller(entry),
        price=_price(entry),
        images=[_picture(first(entry, "img"))],
    )


def _link(entry: Node) -> Node | None:
    return next(filter(None, (first(entry, css) for css in _LINKS)), None)


def _is_redirect(url: str) -> bool:
    """Whether the address itself leads elsewhere and tells not where."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.netloc in _CLICKS or (parts.netloc == "short.58.com" and parts.path.startswith("/zd_p"))


def _is_paid_click(href: str) -> bool:
    return any(f"//{host}/" in href for host in _CLICKS) or "//short.58.com/zd_p" in href


def _is_labelled(entry: Node) -> bool:
    if first(entry, _PINNED) is not None:
        return True
    return any(text_of(label) in _LABELS for label in entry.css(_LABELLED))


def _number(entry: Node, href: str) -> str:
    """The notice's own number, the same whether it is pinned or not."""
    ranked = _RANKED.match(attr(entry, "logr"))
    found = ranked or _TRACED.search(attr(entry, "data-trace")) or _NUMBER.search(href)
    return found[1] if found else ""


def _seller(entry: Node) -> str:
    seller = next(filter(None, (first(entry, css) for css in _SELLERS)), None)
    return attr(seller, "title") or text_of(seller)


def _price(entry: Node) -> str:
    price = next(filter(None, (first(entry, css) for css in _PRICES)), None)
    if price is None or first(price, ".strongbox") is not None or "strongbox" in attr(price, "class"):
        return ""
    return text_of(price)


def _picture(picture: Node | None) -> str:
    return next(filter(None, (attr(picture, name) for name in ("data-src", "lazy_src", "src"))), "")


def _refuse_nothing(document: Document) -> None:
    for css in (".noresult", ".no-result", ".list-noresult", "#infolist .tip"):
        notice = clean(text_of(first(document.root, css)))
        if "没有找到" in notice or "暂无" in notice:
            raise PageEmpty("no_result", notice[:80])
