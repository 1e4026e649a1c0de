"""What office lists call their columns, kinds and states, and when a code, a number or a day can be right.

Words outside these tables are refused by their readers, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import cache

from crawler.agencies import ACTIVE, ATTORNEY, BRANCH, PATENT_AGENCY, TRADEMARK_AGENCY

COLUMNS = {
    "name": "机构名称 名称 代理机构名称 专利代理机构名称 商标代理机构名称 分支机构名称 企业名称 机构全称 agencyname",
    "person": "姓名 代理师姓名 专利代理师姓名",
    "former_names": "曾用名 曾用名称 原名称 原名 更名前名称 former_name",
    "code": "机构代码 代码 代理机构代码 专利代理机构代码 分支机构代码 分支代码 agencycode branchcode",
    "parent_code": "所属机构代码 所在机构代码 主机构代码 上级机构代码 总部代码 总所代码 执业机构代码 agency_code",
    "credit_code": "统一社会信用代码 社会信用代码 信用代码 uscc tyshxycode",
    "kind": "类型 机构类型 类别 主体类型 种类 type",
    "status": "状态 机构状态 执业状态 备案状态 经营状态 登记状态",
    "status_date": "状态日期 状态变更日期 变更日期",
    "province": "省份 省 所在省 所在省份 地区 省市",
    "license_no": "执业许可证号 许可证号 许可证编号 执业许可证编号 商标代理备案号",
    "website": "网址 网站 官网 官方网站 机构网址 agencyurl url",
    "icp": "icp备案号 网站备案号 icp备案 icp号",
    "qualification": "资格证号 资格证书号 专利代理师资格证号 专利代理师资格证书号 资格证编号 qualification_no",
}
TITLES = {field: words.split()[0] for field, words in COLUMNS.items()} | {"icp": "ICP备案号"}
# They are never read, and are told apart only to be named as what they are.
_PERSONAL = re.compile(
    r"性别|出生|生日|年龄|证件|身份|住址|户籍|籍贯|民族|手机|电话|联系|邮箱|邮件|微信|学历|学位|毕业|专业|照片|政治面貌|婚姻|社保|档案|执业备案号|负责人|法定代表人|法人|合伙人|股东"
    r"|gender|sex|birth|idcard|id_?n|identity|passport|phone|mobile|tel|mail|address|photo|principal|parter|partner"
)
KINDS = {
    PATENT_AGENCY: "专利代理机构 专利代理 专利机构 专利 patent patentagency",
    BRANCH: "分支机构 分支 分所 分公司 专利代理机构分支机构 专利代理分支机构 办事处",
    ATTORNEY: "专利代理师 代理师 专利代理人 代理人 执业专利代理师 attorney agent patentattorney",
    TRADEMARK_AGENCY: "商标代理机构 商标代理 商标机构 商标 trademark_agency trademark trademarkagency",
}
STATUSES = {
    ACTIVE: "正常 正常执业 存续 有效 执业 执业中 在营 开业 在册 在用 营业 正常营业 已备案 备案 active normal valid",
    "停止承接": "停止承接新业务 停止承接业务 责令停止承接 停止承接新的专利代理业务 停业 暂停 suspended",
    "注销": "已注销 注销登记 许可注销 备案注销 cancelled canceled",
    "撤销": "已撤销 许可撤销 revoked",
    "吊销": "已吊销 许可吊销 吊销许可 吊销执业许可证",
    "异常": "经营异常 列入异常 异常名录 经营异常名录 列入经营异常名录 abnormal",
}
KIND_WORDS = {
    PATENT_AGENCY: "专利代理机构", BRANCH: "分支机构", ATTORNEY: "专利代理师", TRADEMARK_AGENCY: "商标代理机构",
}  # fmt: skip
_NOTE = re.compile(r"\([^()]*\)$|[\s*:]+")
# As measured by what Excel and its like keep of a number: fifteen digits, then zeros or E notation.
CUT_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+", re.ASCII)
_WHOLE = re.compile(r"'?0*([1-9]\d{4})(?:\.0+)?", re.ASCII)
_BRANCH_CODE = re.compile(r"'?([1-9]\d{4}(?:[.-]?\d{1,4})?)", re.ASCII)
_TRADEMARK_CODE = re.compile(r"'?([0-9A-Za-z][0-9A-Za-z.-]{0,19})", re.ASCII)
_QUALIFICATION = re.compile(r"'?(?:[0-9A-Za-z]{0,8}?)(\d{4})(?:\.0)?", re.ASCII)
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]0{1,2}:00(?::00)?(?:\.0+)?)?", re.ASCII
)
_SQUEEZED_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?", re.ASCII)
CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_CREDIT = re.compile(f"[{CREDIT_LETTERS}]{{18}}")
_IDENTITY = re.compile(r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]", re.ASCII)


def plain(word: str) -> str:
    """A column's or a kind's word as it is looked up: width, case, gaps and a closing bracketed note aside."""
    return _NOTE.sub("", unicodedata.normalize("NFKC", word).strip().lower())


@cache
def fields() -> dict[str, str]:
    """Field by the word that stands over its column."""
    return _by_word(COLUMNS)


@cache
def kinds() -> dict[str, str]:
    """Kind by the word that says it."""
    return _by_word(KINDS)


@cache
def statuses() -> dict[str, str]:
    """State by the word that says it."""
    return _by_word(STATUSES)


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {plain(word): name for name, words in table.items() for word in (name, *words.split())}


def is_personal(title: str) -> bool:
    """Whether a column that is not read would hold what nobody may keep."""
    return _PERSONAL.search(plain(title)) is not None


def agency_code(written: str, kind: str) -> str:
    """Five digits, of a branch perhaps with a number of its own, of a trademark agency any short word; else empty."""
    bare = unicodedata.normalize("NFKC", written).strip()
    found = _WHOLE.fullmatch(bare)
    if found is None and kind == BRANCH:
        found = _BRANCH_CODE.fullmatch(bare)
    if found is None and kind == TRADEMARK_AGENCY:
        found = _TRADEMARK_CODE.fullmatch(bare)
    return found[1].upper() if found else ""


def credit_code(written: str) -> str:
    """Eighteen characters of GB 32100-2015, upper case, or empty. Its check digit is `has_check_digit`'s."""
    bare = re.sub(r"[\s'-]", "", unicodedata.normalize("NFKC", written)).upper()
    return bare if _CREDIT.fullmatch(bare) else ""


def has_check_digit(code: str) -> bool:
    """GB 32100-2015: weights are the powers of 3 modulo 31 over the first seventeen characters."""
    total = sum(CREDIT_LETTERS.index(one) * weight for one, weight in zip(code, _WEIGHTS, strict=False))
    return CREDIT_LETTERS[-total % 31] == code[17]


def is_identity_number(written: str) -> bool:
    """A person's, by form, birthday and check digit (GB 11643): it has no place in any column."""
    bare = re.sub(r"[\s'-]", "", unicodedata.normalize("NFKC", written)).upper()
    if _IDENTITY.fullmatch(bare) is None:
        return False
    total = sum(int(one) * pow(2, 17 - place, 11) for place, one in enumerate(bare[:17]))
    return "10X98765432"[total % 11] == bare[17]


def last_four(qualification: str) -> str:
    """The last four digits of a qualification number, all that is kept of it; empty when it cannot be one."""
    found = _QUALIFICATION.fullmatch(unicodedata.normalize("NFKC", qualification))
    return found[1] if found else ""


def day(written: str) -> date:
    """A day as people write it; `ValueError` when there is no such day."""
    bare = unicodedata.normalize("NFKC", written)
    found = _DAY.fullmatch(bare) or _SQUEEZED_DAY.fullmatch(bare)
    if found is None:
        raise ValueError(written)
    return date(int(found[1]), int(found[2]), int(found[3]))
