"""What reports call things in Chinese. A word nobody foresaw is shown as it stands, never left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

UNKNOWN, UNASSIGNED, NONE = "不明", "未分派", "无"
CATEGORY_WORDS = {
    "guaranteed_grant": "包授权",
    "green_channel": "绿色通道",
    "official_impersonation": "冒用官方名义",
    "inventor_listing": "发明人挂名",
    "unqualified_agency": "无资质代理",
    "licence_renting": "挂证",
    "abnormal_filing": "非正常申请",
    "malicious_trademark": "恶意商标",
}
SOURCE_WORDS = {
    "monitoring": "网络监测",
    "report": "投诉举报",
    "transferred": "转办",
    "assigned": "交办",
    "field": "日常检查",
    "sample": "双随机抽查",
}
ACTOR_WORDS = {
    "patent_agency": "专利代理机构",
    "tm_agency": "商标代理机构（已备案）",
    "tm_unfiled": "未备案商标代理机构",
    "unlicensed": "无执业许可证",
    "branch": "分支机构",
    "patent_attorney": "代理师",
    "unknown": UNKNOWN,
}
LETTER_WORDS = {
    "remove": "删除链接",
    "close": "关停店铺",
    "system": "健全制度",
    "order": "责令",
    "talk": "约谈",
    "transfer": "线索移送",
    "assist": "协助",
    "warn": "风险提示",
    "notice": "通报",
    "remind": "催办",
}
STAGE_WORDS = {
    "draft": "草稿",
    "approved": "已复核",
    "sent": "已发出",
    "delivered": "已送达",
    "answered": "已反馈",
    "closed": "已办结",
    "withdrawn": "已撤回",
}
CONCLUSION_WORDS = {
    "true": "属实",
    "to_review": "属实待复核",
    "false": "不属实（误报）",
    "open": "待查",
    "delegated": "已交办待反馈",
    "merged": "已并入他条",
}
TIME_WORDS = {"within": "限内", "late": "超限", "waiting": "尚未到此步"}
RECHECK_WORDS = {
    "gone": "复查已消失",
    "back": "消失后复现",
    "present": "复查仍在",
    "unseen": "复查受阻未看到（不等于消失）",
    "waiting": "待复查",
    "none": "未列入复查",
}
ANSWER_WORDS = {
    "in_time": "按期反馈",
    "late": "逾期反馈",
    "overdue": "逾期未反馈",
    "waiting": "未到期",
    "none": "未设期限",
}

Label = Callable[[str], str]


def labelled(words: Mapping[str, str], empty: str = UNKNOWN) -> Label:
    """A label for each key of a table; the key itself where the table has none."""
    return lambda key: words.get(key, key or empty)


def plainly(empty: str) -> Label:
    """Names that are their own labels."""
    return lambda key: key or empty
