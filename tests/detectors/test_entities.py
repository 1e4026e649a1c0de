"""Numbers and names that lead to whoever offers, in their disguised spellings too."""

from __future__ import annotations

import pytest
from examples import listing, screen


@pytest.mark.parametrize(
    ("text", "kind", "value", "quote"),
    [
        ("电话13800000000", "mobile", "13800000000", "13800000000"),
        ("手机：１３８-０００0-0000", "mobile", "13800000000", "１３８-０００0-0000"),
        ("手机①③⑧00000000", "mobile", "13800000000", "①③⑧00000000"),
        ("热线 010-60000000 转", "phone", "01060000000", "010-60000000"),
        ("400-000-0000", "phone", "4000000000", "400-000-0000"),
        ("加微信：xinghe_zc01", "wechat", "xinghe_zc01", "xinghe_zc01"),
        ("薇信 xinghe2024", "wechat", "xinghe2024", "xinghe2024"),
        ("VX xinghe-ip", "wechat", "xinghe-ip", "xinghe-ip"),
        ("QQ：12345678", "qq", "12345678", "12345678"),
        ("邮箱 IP@xinghe.example", "mail", "ip@xinghe.example", "IP@xinghe.example"),
        ("京ICP备00000000号-1", "icp", "京ICP备00000000号-1", "京ICP备00000000号-1"),
        ("機構代碼：11000", "agency_code", "11000", "11000"),
        ("北京示例知识产权代理有限公司", "company", "北京示例知识产权代理有限公司", "北京示例知识产权代理有限公司"),
        (
            "由星河专利代理事务所(普通合伙)办理",
            "company",
            "星河专利代理事务所(普通合伙)",
            "星河专利代理事务所(普通合伙)",
        ),
    ],
)
def test_entity_is_found_and_quoted(text: str, kind: str, value: str, quote: str) -> None:
    found = [one for one in screen().entities(listing(text)) if one.kind == kind]
    assert [(one.value, text[one.start : one.end]) for one in found] == [(value, quote)]


@pytest.mark.parametrize("text", ["专利号 ZL202010000000.0", "共 12345 件", "2026-11-20 10:00", "价格 1980 元", ""])
def test_ordinary_numbers_are_no_entities(text: str) -> None:
    assert screen().entities(listing(text)) == ()


def test_entity_names_its_field() -> None:
    shown = listing("咨询13800000000", title="QQ 12345678", seller="星河知识产权代理有限公司")
    assert {(one.field, one.kind) for one in screen().entities(shown)} == {
        ("title", "qq"),
        ("text", "mobile"),
        ("seller", "company"),
    }


def test_a_list_of_numbers_is_cut_short() -> None:
    assert len(screen().entities(listing("13800000000 " * 500))) == 100
