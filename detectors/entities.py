"""Names and numbers that lead to whoever offers: phones, WeChat, QQ, mail, ICP and licence codes, firms.

It reads disguised spellings through the canonical view and says nothing of who is guilty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.items import Entity
from detectors.normal import HAN, View, canonical

# 一三八零零, 壹叁捌 and 1З8OO are read as digits where a number is looked for; one character stays one.
NUMERALS = str.maketrans("零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两", "0012345678912345678912")
# Letters that are typed for a digit; a number keeps most of its own digits.
TYPED_FOR = str.maketrans("oilzо", "01120")
DIGIT = "[0-9oilzо]"
SEPARATOR = r"[\s\-.·_—~*/|,、()]{0,3}"
MOBILE = rf"(?:(?:\+|00)86{SEPARATOR})?(?P<value>[1il]{SEPARATOR}[3-9](?:{SEPARATOR}{DIGIT}){{9}})"
LANDLINE = (
    rf"(?P<value>(?:\(?0{DIGIT}{{2,3}}\)?{SEPARATOR})[2-9]{DIGIT}{{6,7}}"
    rf"|[48]00{SEPARATOR}{DIGIT}{{3,4}}{SEPARATOR}{DIGIT}{{3,4}})"
)
WORDS_FOR_WECHAT = (
    "微信号?码?|薇信|威信|徽信|维信|卫信|微星|卫星号?|wei信|薇心|绿泡泡|绿色软件号?"
    "|vx|v信|wx|weixin|wechat|加微|加薇|加v|➕v|微|薇|v"
)
WECHAT = (
    rf"(?:{WORDS_FOR_WECHAT})[❤♥]?(?:同号|同步|联系)?\s*(?:号|是|id|搜|加)?\s*[:：=]?\s*"
    r"(?P<value>[a-z][\w\-]{5,19}|1[3-9]\d{9})"
)
QQ = rf"(?:qq|q|扣扣|扣|企鹅|叩叩|球球|秋秋)(?:号|群)?\s*[:：]?\s*(?P<value>[1-9](?:{SEPARATOR}{DIGIT}){{4,10}})"
AT, DOT = r"(?:@|\s?\(?(?:at|艾特)\)?\s?|#)", r"(?:\.|点|\s?\(?dot\)?\s?)"
MAIL = (
    rf"(?P<value>[a-z0-9][\w.+\-]{{0,39}}(?:@[\w\-]{{1,40}}(?:\.[\w\-]{{1,20}}){{1,4}}"
    rf"|{AT}[a-z0-9\-]{{1,40}}(?:{DOT}[a-z0-9\-]{{1,20}}){{0,3}}{DOT}(?:com|cn|net|org|example)))"
)
PLACE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
ICP = rf"(?P<value>{PLACE}\s?icp\s?[备证]?\s?\d{{6,10}}\s?号(?:-\d{{1,3}})?)"
AGENCY = (
    rf"(?:(?:机构|代理|所)?(?:代码|编码|编号|代号))\s*(?:是|为)?\s*[:：]?\s*(?P<value>[1-9](?:{SEPARATOR}{DIGIT}){{4}})"
)
# 星河专利事务所 99001, as patent records write it. A practice number begins with the code of its agency.
NAMED_CODE = rf"(?:事务所|有限公司|代理所)(?:\([^)]{{2,8}}\))?\s?\(?(?P<value>[1-9]{DIGIT}{{4}})\)?"
PRACTICE = r"(?P<value>[1-9]\d{4})\d{5}\.[0-9x]"
CREDIT = (
    rf"(?P<value>[0-9a-hj-npqrtuwxy]{SEPARATOR}[0-9a-hj-npqrtuwxy](?:{SEPARATOR}\d){{6}}"
    rf"(?:{SEPARATOR}[0-9a-hj-npqrtuwxy]){{10}})"
)
COMPANY = (
    r"(?P<value>[\u4e00-\u9fff()]{2,24}?(?:(?:股份|责任)?有限(?:责任)?公司(?:[\u4e00-\u9fff]{1,6}分公司)?"
    r"|(?:专利|商标|知识产权|律师)(?:代理)?(?:事务所|所)(?:\((?:普通|特殊普通|有限)合伙\))?(?:[\u4e00-\u9fff]{1,4}分所)?))"
)
SORTS = tuple(
    (kind, re.compile(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])" if fenced else pattern))
    for kind, pattern, fenced in (
        ("mail", MAIL, True),
        ("credit_code", CREDIT, True),
        ("agency_code", PRACTICE, True),
        ("mobile", MOBILE, True),
        ("phone", LANDLINE, True),
        ("wechat", WECHAT, True),
        ("qq", QQ, True),
        ("icp", ICP, False),
        ("agency_code", AGENCY, True),
        ("agency_code", NAMED_CODE, False),
        ("company", COMPANY, False),
    )
)
NUMBERS = ("mobile", "phone", "qq", "agency_code", "credit_code")
# Every sort has a digit or a letter of some script, or is a firm's name.
MAY_HOLD = re.compile(rf"[^\W{HAN}]|[公所零〇一三五八壹]")
# Beyond so many in one field it is a list, not an address.
ENTITIES_AT_MOST = 100
NAME_STARTS = re.compile(
    r"^(?:.*(?:由|是|为|即|找|与|和|向|给|委托|选择|欢迎|来自|联系|公司名称|主办单位|版权所有|关于我们))(?=.{4})"
)


def find_entities(text: str, field: str) -> Iterator[Entity]:
    """Every entity of one field with its place in the original; one number is told once, by its first sort."""
    if MAY_HOLD.search(text) is None:
        return
    view = canonical(text)
    numerals = view.text.translate(NUMERALS)
    taken: list[tuple[int, int]] = []
    for kind, pattern in SORTS:
        for match in pattern.finditer(numerals if kind in NUMBERS else view.text):
            low, high = match.span("value")
            low += _preamble(match["value"]) if kind == "company" else 0
            if any(low < end and start < high for start, end in taken) or _is_no_number(kind, numerals[low:high]):
                continue
            taken.append((low, high))
            yield _entity(kind, view, (numerals if kind in NUMBERS else view.text)[low:high], (low, high), field)
            if len(taken) == ENTITIES_AT_MOST:
                return


def _is_no_number(kind: str, written: str) -> bool:
    """Whether letters outweigh the digits of what should be a number: ool is no code."""
    letters = sum(one in "oilzо" for one in written)
    return kind in ("mobile", "phone", "qq", "agency_code") and letters >= sum(one.isdigit() for one in written)


def _preamble(name: str) -> int:
    match = NAME_STARTS.match(name)
    return match.end() if match else 0


def _entity(kind: str, view: View, value: str, place: tuple[int, int], field: str) -> Entity:
    if kind in ("mobile", "phone", "qq", "agency_code"):
        value = "".join(one for one in value.translate(TYPED_FOR) if one.isdigit())
    elif kind == "credit_code":
        value = "".join(one for one in value if one.isalnum()).upper()
    elif kind == "icp":
        value = "".join(value.split()).upper()
    elif kind == "mail":
        value = re.sub(DOT, ".", re.sub(AT, "@", value, count=1)) if "@" not in value else value
    start, end = view.span(*place)
    return Entity(kind=kind, value=value, field=field, start=start, end=end)
