"""What a setting in lantian.toml may be: its type, its bounds, and the words that some settings alone take."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

TYPE_WORDS = {str: "文字", int: "整数", float: "数", bool: "true 或 false", tuple: "文字的列表"}
POSITIVE = frozenset(
    "timeout pages every recycle requests megabytes unflagged_days flagged_days children minutes lease tick tries"
    " runs ads_days unseen_days per_day answer_days remind_days escalate_days told_hours handled_hours"
    " answered_hours free_megabytes log_megabytes log_files keep max_days".split()
)
SHARES = ("drop", "success")
DEMANDS = ("", "sealed", "stamped")
_DAY = re.compile(r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
CHOICES = {
    "demand": (DEMANDS, "要是 sealed 或 stamped"),
    "format": (("text", "json"), "要是 text 或 json"),
    "kind": (("", "amr", "ipo"), "要是 amr（市场监督管理局）或 ipo（独立的知识产权局）"),
    "level": (("", "province", "city", "county"), "要是 province、city 或 county"),
}


def complaint_of(name: str, value: Any, wanted: type) -> str:
    """What is wrong with a setting's value, "" for nothing."""
    if name == "days":
        return "" if _are_days(value) else "要是由小到大的天数的列表"
    kinds = (int, float) if wanted is float else (list,) if wanted is tuple else (wanted,)
    if type(value) not in kinds or (wanted is tuple and not all(isinstance(one, str) for one in value)):
        return f"要是{TYPE_WORDS[wanted]}"
    if wanted in (int, float) and not 0 <= value < math.inf:
        return "不能小于 0，也不能无穷大"
    # To the downloader a limit of 0 seconds is no limit, and a depth of 0 pages asks nothing.
    if name in POSITIVE and value == 0:
        return "要大于 0"
    if name in SHARES and value > 1:
        return "是比例，要在 0 到 1 之间"
    return _unfit_words(name, value)


def _unfit_words(name: str, value: Any) -> str:
    if name in CHOICES and value not in CHOICES[name][0]:
        return CHOICES[name][1]
    if name == "contact" and not (value.isascii() and value.isprintable()):
        return "要放进请求头，只能用可打印的 ASCII 字符"
    if name == "digest" and not _TIME.fullmatch(value):
        return "要写成 时:分，如 08:30"
    if name == "summary_due" and not _DAY.fullmatch(value):
        return "要写成 月-日，如 11-15"
    return ""


def _are_days(value: Any) -> bool:
    """A list of whole numbers above 0, each above the one before."""
    if not isinstance(value, list) or not value or not all(type(one) is int and one > 0 for one in value):
        return False
    return all(earlier < later for earlier, later in pairwise(value))


def is_proxy(url: str) -> bool:
    """Whether connections can go out through it; no password may stand in it."""
    try:
        parts = urlsplit(url)
        is_bare = not parts.path.strip("/") and not parts.query and "@" not in url
        return parts.scheme in ("http", "socks5") and bool(parts.hostname) and bool(parts.port) and is_bare
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Whether requests may be posted there, and its host be told. It is never shown: it may hold a password."""
    try:
        parts = urlsplit(url)
        is_posted_to = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return is_posted_to and "@" not in url
    except ValueError:
        return False
