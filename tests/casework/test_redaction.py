"""What leaves the office is redacted: people, contacts and, where asked, firms by their names and short names."""

from __future__ import annotations

from typing import Any

import pytest
from report_specimens import PHONE

from casework.reports.redaction import SOME_AGENCY, SOME_FIRM, SOMEBODY, Redaction
from casework.reports.short_names import short_name, short_names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("找张示例，电话 " + PHONE, "找某某，电话 "),
        ("示例星河知识产权代理有限公司 包授权", "某某知识产权代理公司 包授权"),
    ],
)
def test_names_and_contacts_are_redacted(text: str, told: str) -> None:
    names = (("示例星河知识产权代理有限公司", SOME_AGENCY), ("张示例", SOMEBODY))
    shown = Redaction(names=names, hides_firms=False).of(text)
    assert shown.startswith(told)
    assert PHONE not in shown


def test_firms_nobody_wrote_down_are_redacted_where_asked() -> None:
    text = "北京示例天河知识产权代理有限公司包授权"
    assert "天河" in Redaction(names=(), hides_firms=False).of(text)
    shown: Any = Redaction(names=(), hides_firms=True).of(text)
    assert "天河" not in shown
    assert shown.endswith("包授权")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("北京示例星河知识产权代理有限公司", "示例星河"),
        ("星河知产", "星河"),
        ("星河官方旗舰店", "星河"),
        ("河南星河专利代理事务所（普通合伙）", "星河"),
        ("专利申请专营店", ""),
        ("包授权", ""),
        ("", ""),
    ],
)
def test_a_firm_is_known_by_what_is_its_own(name: str, short: str) -> None:
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("专利包授权_星河知产", f"专利包授权_{SOME_AGENCY}"),
        ("专利包授权 - 示例星河", f"专利包授权 -{SOME_AGENCY}"),
        ("专利包授权｜示例星河官网｜首页", f"专利包授权｜{SOME_AGENCY}｜首页"),
        ("示例星河专利代理，包授权", f"{SOME_AGENCY}，包授权"),
        ("找星河知产包授权", f"找{SOME_AGENCY}包授权"),
        ("发明专利_天河代理公司", f"发明专利_{SOME_FIRM}"),
        ("发明专利_包授权_专利代理", "发明专利_包授权_专利代理"),
        ("银河星河图", "银河星河图"),
    ],
)
def test_short_names_of_firms_are_redacted_too(text: str, told: str) -> None:
    known = [("北京示例星河知识产权代理有限公司", SOME_AGENCY), ("专利申请旗舰店", SOMEBODY)]
    shorts = short_names(known, SOME_FIRM)
    assert Redaction(names=(), hides_firms=True, shorts=shorts).of(text) == told
    assert Redaction(names=(), hides_firms=False, shorts=shorts).of(text) == text
