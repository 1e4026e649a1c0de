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
        ("电话一三八〇〇〇〇〇〇〇〇", "mobile", "13800000000", "一三八〇〇〇〇〇〇〇〇"),
        ("手机 壹叁捌零零零零零零零零 张", "mobile", "13800000000", "壹叁捌零零零零零零零零"),
        ("拨 1 3 8 * 0 0 0 0 * 0 0 0 0", "mobile", "13800000000", "1 3 8 * 0 0 0 0 * 0 0 0 0"),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣", "mobile", "13800000000", "1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣"),
        ("l38OOOO0000", "mobile", "13800000000", "l38OOOO0000"),
        ("幺三八零零零零零零零零", "mobile", "13800000000", "幺三八零零零零零零零零"),
        ("加➕V：xinghe2026", "wechat", "xinghe2026", "xinghe2026"),
        ("薇❤ xinghe2026", "wechat", "xinghe2026", "xinghe2026"),
        ("绿泡泡：xinghe2026", "wechat", "xinghe2026", "xinghe2026"),
        ("卫星号 xinghe2026", "wechat", "xinghe2026", "xinghe2026"),
        ("扣扣 1 2 3 4 5 6 7 8", "qq", "12345678", "1 2 3 4 5 6 7 8"),
        ("企鹅：一二三四五六七八", "qq", "12345678", "一二三四五六七八"),
        ("邮箱 ip艾特xinghe点example", "mail", "ip@xinghe.example", "ip艾特xinghe点example"),
        ("邮箱 ip(at)xinghe.example", "mail", "ip@xinghe.example", "ip(at)xinghe.example"),
        ("机构代码 9 9 0 0 1", "agency_code", "99001", "9 9 0 0 1"),
        ("代理机构编号：九九〇〇一", "agency_code", "99001", "九九〇〇一"),
        ("星河专利事务所 99001", "agency_code", "99001", "99001"),
        ("执业备案号 9900112345.6", "agency_code", "99001", "99001"),
        ("统一社会信用代码 99 990000 MA00000000", "credit_code", "99990000MA00000000", "99 990000 MA00000000"),
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


@pytest.mark.parametrize(
    "text",
    [
        "专利号 ZL202010000000.0",
        "共 12345 件",
        "2026-11-20 10:00",
        "价格 1980 元",
        "",
        "一三五八九月办理",
        "共一千二百三十八件",
        "v领上衣 xinghe",
        "2026年11月20日 12345 号",
        "第一二三四五六七八九十一条",
    ],
)
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
