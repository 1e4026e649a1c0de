"""Which office is in charge of an agency, by the province that its entry in the registry says; never a guess.

For patent agencies it is the province's (专利代理条例), for trademark agencies the market supervision where it sits.
"""

from __future__ import annotations

from crawler.agencies import BRANCH, PATENT_AGENCY, Agency
from storage.cases.shapes import WorkedActor

_MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
_REGIONS = {
    "内蒙古": "内蒙古自治区",
    "广西": "广西壮族自治区",
    "西藏": "西藏自治区",
    "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
}
_PROVINCES = (
    "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南",
    "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海",
)  # fmt: skip
FULL_NAMES = {one: f"{one}市" for one in _MUNICIPALITIES} | _REGIONS | {one: f"{one}省" for one in _PROVINCES}


def in_charge(agency: Agency) -> str:
    """The office by its name; empty where the entry does not lead to one, see `office_words`."""
    province = full_name(agency.province)
    return f"{province}知识产权局" if province and agency.kind in (PATENT_AGENCY, BRANCH) else ""


def office_words(actor: WorkedActor) -> str:
    """The office in charge of an actor that was matched, or what is known of it and why it cannot be named."""
    if not actor.agency or actor.in_charge:
        return actor.in_charge
    province = full_name(actor.province)
    if not province:
        named = f"的“{actor.province}”不是可识别的省份" if actor.province else "未载省份"
        return f"登记册{named}，主管部门待人工确定"
    return f"机构住所地（{province}内）的市场监督管理部门；登记册未载住所，待人工确定到市县"


def full_name(province: str) -> str:
    """A province as it is officially called, empty for what is none."""
    written = "".join(province.split())
    return next((full for short, full in FULL_NAMES.items() if written in (short, full, f"{short}自治区")), "")
