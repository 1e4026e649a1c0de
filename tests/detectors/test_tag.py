"""Tags tell other offices where to look; they follow findings and never stand without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import listing

from crawler.errors import RuleInvalid
from crawler.items import Finding, Kind, Listing
from detectors.rule import CATEGORIES
from detectors.tag import NAMES, load_tags

TAGS = load_tags()
ADS, PRICES = NAMES


def finding(category: str = "guaranteed_grant") -> Finding:
    return Finding(
        rule="made_up",
        rule_digest="0" * 64,
        state="active",
        category=category,
        severity=2,
        field="title",
        start=0,
        end=1,
        quote="专",
        points=60,
        needs=60,
        pro=(("有", 60),),
        contra=(),
        articles=("AD-四",),
    )


def reasons(shown: Listing, category: str = "inventor_listing") -> set[str]:
    return {sign.reason for sign in TAGS.signs_of(shown, [finding(category)])}


@pytest.mark.parametrize("kind", [Kind.AD, Kind.PRODUCT, Kind.SHOP])
@pytest.mark.parametrize("category", CATEGORIES)
def test_offending_words_in_an_advertisement_concern_the_advertising_desk(kind: Kind, category: str) -> None:
    assert TAGS.tags_of(listing(title="专利挂名", kind=kind), [finding(category)]) == (ADS,)


def test_without_findings_there_is_no_tag() -> None:
    loud = listing(title="全网第一 百分百授权 原价999现价9 限时特价 最后一天", kind=Kind.AD)
    assert TAGS.tags_of(loud, []) == ()


def test_a_stranger_s_post_is_no_advertisement() -> None:
    assert TAGS.tags_of(listing(text="专利挂名，私信我", kind=Kind.POST), [finding("inventor_listing")]) == ()


def test_the_name_of_the_state_counts_on_a_page_of_one_s_own() -> None:
    page = listing(title="国知局官方受理窗口", kind=Kind.RESULT)
    assert TAGS.tags_of(page, [finding("official_impersonation")]) == (ADS,)
    assert TAGS.tags_of(page, [finding("inventor_listing")]) == ()


ABSOLUTE = "有绝对化用语"
BOAST = "对效果作保证，或引用没有出处的数据"
COMPARED = "标出原价与现价对比，原价须核实"
LURE = "用明显偏低的价招来顾客"
HIDDEN = "另有未写明的费用，或到时再加价"
HURRY = "谎称限时、涨价、名额将尽来催促"
AS_OFFICIAL = "把自己收的费说成官方收的费"


@pytest.mark.parametrize(
    ("text", "reason", "tag"),
    [
        ("行业第一的专利团队", ABSOLUTE, ADS),
        ("顶级代理师服务", ABSOLUTE, ADS),
        ("國內最權威的商標代理", ABSOLUTE, ADS),
        ("授权率高达99%", BOAST, ADS),
        ("评职称百分百有效", BOAST, ADS),
        ("原价2800，现价只要800", COMPARED, PRICES),
        ("1元注册商标", LURE, PRICES),
        ("专利申请全网最低价", LURE, PRICES),
        ("定金不退，下证前再补", HIDDEN, PRICES),
        ("拍下补差价", HIDDEN, PRICES),
        ("限时特价，明天涨价", HURRY, PRICES),
        ("名 额 有 限", HURRY, PRICES),
        ("代收国知局加急费2000", AS_OFFICIAL, PRICES),
    ],
)
def test_wordings_give_their_tag(text: str, reason: str, tag: str) -> None:
    shown = listing(text=text, kind=Kind.POST)
    assert reason in reasons(shown)
    assert tag in TAGS.tags_of(shown, [finding("inventor_listing")])


@pytest.mark.parametrize(
    "text",
    [
        "第一发明人位置",
        "实用新型1200一件，不含官费",
        "最快两个月出结果",
        "国家级高新技术企业申报",
        "官费按国家知识产权局标准缴纳",
        "服务费800元，官费另计",
        "价格公道，欢迎咨询",
        "平台服务周到，客户满意",
    ],
)
def test_plain_words_give_none(text: str) -> None:
    assert reasons(listing(text=text, kind=Kind.POST)) == set()


def test_the_printed_price_is_read_too() -> None:
    shown = Listing(
        platform="example",
        kind=Kind.POST,
        position=1,
        title="商标注册",
        url="https://www.example/",
        price="¥398 原价¥1998 现价¥398",
    )
    assert TAGS.tags_of(shown, [finding("inventor_listing")]) == (PRICES,)


def test_both_tags_stand_in_order_and_once() -> None:
    shown = listing(title="原价999现价99 全网第一", text="行业第一 限时特价", kind=Kind.AD)
    assert TAGS.tags_of(shown, [finding(), finding("green_channel")]) == (ADS, PRICES)


GOOD = """[[sign]]
tag = "价格违法"
reason = "编的"
articles = ["AD-四"]
kinds = ["ad"]
categories = ["guaranteed_grant"]
any = ["{原价|标价}<4>现价"]
"""


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (GOOD.replace("价格违法", "税务违法"), "tag 应为 广告违法、价格违法 之一"),
        (GOOD.replace("AD-四", "AD-四百"), "没有条文 AD-四百"),
        (GOOD.replace('"ad"', '"leaflet"'), "kinds 里的 leaflet"),
        (GOOD.replace("guaranteed_grant", "bad_luck"), "categories 里的 bad_luck"),
        (GOOD + "weight = 3\n", "不认识的键 weight"),
        (GOOD.replace('reason = "编的"\n', ""), "缺少 reason"),
        (GOOD + "[extra]\nx = 1\n", "不认识的键 extra"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, file: str, why: str) -> None:
    path = tmp_path / "tags.toml"
    path.write_text(file, encoding="utf-8")
    with pytest.raises(RuleInvalid, match=why):
        load_tags(path)


def test_a_right_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tags.toml"
    path.write_text(GOOD, encoding="utf-8")
    guilty = listing(title="原价九百现价九十", kind=Kind.AD)
    assert load_tags(path).tags_of(guilty, [finding()]) == (PRICES,)
    assert load_tags(path).tags_of(guilty, [finding("green_channel")]) == ()
    assert load_tags(path).tags_of(listing(title="现价九十", kind=Kind.AD), [finding()]) == ()
