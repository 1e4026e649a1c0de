"""Takes persons and secrets out of a page that is to be frozen, so that it still reads as it did.

The same thing is always replaced by the same thing of the same length and kind of characters. What it does not
know it leaves: a person reads the page before it is committed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import partial

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
    "俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计"
    "伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫"
    "经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓"
    "刘叶白闫申尚温詹龙向佟辛阎易侯肖涂连艾尧聂游覃祖桂"
)
ORDINALS = "甲乙丙丁戊己庚辛壬癸"
HAN = "\u4e00-\u9fff"

_NAMES = (  # of what opens doors or tells visitors apart
    r"token|secret|session|sess_?id|ticket|(?<![a-z])sign(?:ature)?(?![a-z])|cookie|csrf|passport|open_?id|union_?id"
    r"|x5sec|secdata|fingerprint|nonce|[ug]uid|device_?id|(?<![a-z])auth(?:orization)?(?![a-z])|credential"
    r"|passw(?:or)?d|(?<![a-z])(?:u(?:ser_?)?id|sid|tk)(?![a-z])|bduss|trace_?id|req(?:uest)?_?id|log_?id"
)
SECRET = re.compile(
    rf"""(?P<head>(?:{_NAMES})[\w-]{{0,20}}\\?["']?\s{{0,3}}(?:=|:|%3D)\s{{0,3}}\\?["']?)"""
    r"""(?P<value>[A-Za-z0-9_.~+/=-]{6,4000})""",
    re.I,
)
RANDOM = re.compile(r"(?<![\w+/.-])(?P<value>[A-Za-z0-9_-]{32,4000})(?![\w+/=-])")
IDENTITY = re.compile(r"(?<![\dA-Za-z])\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])\d{5}[\dXx](?![\dA-Za-z])")
MOBILE = re.compile(r"(?<!\d)1[3-9]\d([-\s ]?)\d{4}\1\d{4}(?!\d)")
LANDLINE = re.compile(r"(?<![A-Za-z0-9_.])(?P<head>0(?:10|2\d|[3-9]\d\d)\)?[-\s]?)(?P<value>[2-9]\d{6,7})(?!\d)")
SERVICE = re.compile(r"(?<![A-Za-z0-9_.])(?P<head>[48]00[-\s]?)(?P<value>\d{3,4}[-\s]?\d{3,4})(?!\d)")
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
# Letters that begin an English word too call an account only with a colon.
WECHAT = re.compile(
    r"(?P<head>(?:(?:微信|薇信|威信|加微|加薇|加vx?|v信)(?:同号|号)?\s{0,3}[:：+]?|(?<![a-z_-])(?:wechat|weixin|vx|wx|v)\s?[:：])"
    r"\s{0,3})(?P<value>[a-zA-Z](?=[\w-]{0,19}[\d_-])[\w-]{5,19})",
    re.I | re.ASCII,
)
QQ = re.compile(
    r"(?P<head>(?:(?<![a-z])qq|扣扣|企鹅)(?:号|群)?\s{0,3}[:：]?\s{0,3}|\buin=)(?P<value>[1-9]\d{4,11})(?!\d)", re.I
)
CALLED = re.compile(rf"(?P<value>[{SURNAMES}])(?P<tail>先生|女士|小姐|老师|律师|经理|主任|顾问)")
CALLED_IN_FULL = re.compile(rf"(?<![{HAN}])(?P<value>[{SURNAMES}][{HAN}]{{1,2}})(?P<tail>先生|女士|小姐|老师|律师)")
NAMED = re.compile(
    r"(?P<head>(?:联系人|姓名|发布人|经办人|负责人|法定代表人|法人代表|代理师|代理人|顾问|专员)\s{0,3}[:：]\s{0,3})"
    rf"(?P<value>[{SURNAMES}][{HAN}]{{1,2}})(?![{HAN}])"
)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")


class Masks:
    """What was replaced by what, over all texts of one page; `counts` says how much of each sort."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._known: dict[tuple[str, str], int] = {}

    def masked(self, text: str) -> str:
        """The text with every person and secret replaced."""
        for sort, pattern, other in _SORTS:
            text = pattern.sub(partial(self._replaced, sort, other), text)
        return text

    def _replaced(self, sort: str, other: Callable[[str, int], str], found: re.Match[str]) -> str:
        parts = found.groupdict()
        original = parts.get("value") or found[0]
        if not _is_meant(sort, original):
            return found[0]
        plain = re.sub(r"[-\s]", "", original) if sort in _NUMBERS else original
        key = (sort, plain.lower())
        if key not in self._known:
            self.counts[sort] += 1
            self._known[key] = self.counts[sort]
        return f"{parts.get('head') or ''}{other(original, self._known[key])}{parts.get('tail') or ''}"


def _is_meant(sort: str, original: str) -> bool:
    """Whether it is what its shape says: words, numbers of goods and names of files have some of these shapes too."""
    if sort in ("secret", "random"):
        digits = sum(one.isdigit() for one in original)
        return digits >= 2 and (sort == "secret" or (digits < len(original) and len(set(original)) >= 10))
    return sort != "mail" or not original.lower().endswith(_PICTURES)


def _same_shape(original: str, number: int) -> str:
    """Letters become x, digits 0, the rest stays; the number is written into the last of them."""
    if original.isdigit():
        return _digits("1")(original, number)  # scripts know no number that begins with 0
    shape = ["x" if one.islower() else "X" if one.isalpha() else "0" if one.isdigit() else one for one in original]
    places = [place for place, one in enumerate(original) if one.isalnum()]
    for place, digit in zip(reversed(places), reversed(str(number)), strict=False):
        shape[place] = digit
    return "".join(shape)


def _digits(beginning: str) -> Callable[[str, int], str]:
    """A number that begins so, ends in its ordinal and has its gaps where the original has them."""

    def other(original: str, number: int) -> str:
        length = sum(one.isdigit() for one in original)
        ordinal = str(number)[-max(length - len(beginning), 1) :]
        told = iter((beginning + ordinal.rjust(length - len(beginning), "0"))[:length])
        return "".join(next(told) if one.isdigit() else one for one in original)

    return other


def _name(original: str, number: int) -> str:
    ordinal = ORDINALS[(number - 1) % len(ORDINALS)]
    return {1: "某", 2: f"示{ordinal}"}.get(len(original), f"示例{ordinal}")


def _mail(original: str, number: int) -> str:
    """Of the host only its last part stays."""
    local, _, host = original.partition("@")
    inner, dot, top = host.rpartition(".")
    return f"{_same_shape(local, number)}@{_same_shape(inner, number)}{dot}{top}"


_NUMBERS = ("mobile", "phone", "qq")
_SORTS: tuple[tuple[str, re.Pattern[str], Callable[[str, int], str]], ...] = (
    ("secret", SECRET, _same_shape),
    ("random", RANDOM, _same_shape),
    ("mail", MAIL, _mail),
    ("identity", IDENTITY, _digits("11000019000101")),
    ("mobile", MOBILE, _digits("1380000")),
    ("wechat", WECHAT, _same_shape),
    ("qq", QQ, _digits("1")),
    ("phone", LANDLINE, _digits("6")),
    ("phone", SERVICE, _digits("6")),
    ("name", CALLED, _name),
    ("name", CALLED_IN_FULL, _name),
    ("name", NAMED, _name),
)
