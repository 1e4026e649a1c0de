"""Names and numbers that lead to whoever offers: phones, WeChat, QQ, mail, ICP and licence codes, firms.

It reads disguised spellings through the canonical view and says nothing of who is guilty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.items import Entity
from detectors.normal import HAN, View, canonical

SEPARATOR = r"[\s\-.·_—]?"
MOBILE = rf"(?:(?:\+|00)86{SEPARATOR})?(?P<value>1[3-9]\d(?:{SEPARATOR}\d){{8}})"
LANDLINE = rf"(?P<value>(?:\(?0\d{{2,3}}\)?{SEPARATOR})[2-9]\d{{6,7}}|[48]00{SEPARATOR}\d{{3,4}}{SEPARATOR}\d{{3,4}})"
WECHAT = (
    r"(?:微信号?码?|薇信|威信|徽信|维信|vx|v信|wx|weixin|wechat|加微|加薇|加v|➕v|微)(?:同号)?\s*(?:号|是|id)?\s*[:：]?\s*"
    r"(?P<value>[a-z][\w\-]{5,19}|1[3-9]\d{9})"
)
QQ = r"(?:qq|q|扣扣|企鹅|叩叩)(?:号|群)?\s*[:：]?\s*(?P<value>[1-9]\d{4,10})"
MAIL = r"(?P<value>[\w.+\-]{1,40}@[\w\-]{1,40}(?:\.[\w\-]{1,20}){1,4})"
PLACE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
ICP = rf"(?P<value>{PLACE}\s?icp\s?[备证]?\s?\d{{6,10}}\s?号(?:-\d{{1,3}})?)"
AGENCY = r"(?:机构代码|代理机构代码|机构编号|代码)\s*[:：]?\s*(?P<value>[1-9]\d{4})"
CREDIT = r"(?P<value>[0-9a-hj-npqrtuwxy]{2}\d{6}[0-9a-hj-npqrtuwxy]{10})"
COMPANY = (
    r"(?P<value>[\u4e00-\u9fff()]{2,24}?(?:(?:股份|责任)?有限(?:责任)?公司(?:[\u4e00-\u9fff]{1,6}分公司)?"
    r"|(?:专利|商标|知识产权|律师)(?:代理)?(?:事务所|所)(?:\((?:普通|特殊普通|有限)合伙\))?))"
)
SORTS = tuple(
    (kind, re.compile(rf"(?<![a-z0-9]){pattern}(?![a-z0-9])" if fenced else pattern))
    for kind, pattern, fenced in (
        ("mail", MAIL, True),
        ("mobile", MOBILE, True),
        ("phone", LANDLINE, True),
        ("wechat", WECHAT, True),
        ("qq", QQ, True),
        ("icp", ICP, False),
        ("agency_code", AGENCY, True),
        ("credit_code", CREDIT, True),
        ("company", COMPANY, False),
    )
)
# Every sort has a digit or a letter of some script, or is a firm's name.
MAY_HOLD = re.compile(rf"[^\W{HAN}]|[公所]")
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
    taken: list[tuple[int, int]] = []
    for kind, pattern in SORTS:
        for match in pattern.finditer(view.text):
            low, high = match.span("value")
            low += _preamble(match["value"]) if kind == "company" else 0
            if any(low < end and start < high for start, end in taken):
                continue
            taken.append((low, high))
            yield _entity(kind, view, low, high, field)
            if len(taken) == ENTITIES_AT_MOST:
                return


def _preamble(name: str) -> int:
    match = NAME_STARTS.match(name)
    return match.end() if match else 0


def _entity(kind: str, view: View, low: int, high: int, field: str) -> Entity:
    value = view.text[low:high]
    if kind in ("mobile", "phone"):
        value = "".join(one for one in value if one.isdigit())
    elif kind in ("icp", "credit_code"):
        value = "".join(value.split()).upper()
    start, end = view.span(low, high)
    return Entity(kind=kind, value=value, field=field, start=start, end=end)
