"""An offer, or a warning, a report, a statute, a quotation, a question? And who speaks?"""

from __future__ import annotations

import pytest
from examples import categories, listing, screen

from crawler.agencies import Agency
from crawler.items import Kind
from detectors.screen import load_screen

OFFERS = [
    "我们承诺专利包授权，签合同，欢迎咨询",
    "专利包授权，名额有限，加微信",
    "本店软著加急包下证，拍下联系客服",
]
NO_OFFERS = [
    "不得声称专利包授权",
    "警惕专利包授权",
    "我们从不承诺专利包授权",
    "某机构声称专利包授权",
    "专利包授权是骗局",
    "专利包授权的说法不可信",
    "专利包授权靠谱吗",
    "专利包授权等违规行为",
    "所谓专利包授权，是指收取高价后买来他人的专利",
    "对宣传专利包授权的机构责令整改",
    "依照专利代理条例，宣传包授权属于违法",
    "记者以买家身份咨询，客服称专利包授权",
    "他们打着专利“包授权”的旗号",
    "没有任何机构能做到专利包授权",
    "专利包授权？这种承诺要小心",
    "专利包授权，千万别信",
    "同行都说专利包授权",
    "专利包授权，我们不说",
    "网传专利包授权",
    "承诺专利包授权被约谈",
    "宣传专利包授权 多家代理被列入经营异常",
    "吐槽：专利包授权，交了钱没下文",
    "专利包授权的利弊浅析",
]


@pytest.mark.parametrize("text", OFFERS)
def test_offer_is_one(text: str) -> None:
    assert categories(listing(text)) == {"guaranteed_grant"}


@pytest.mark.parametrize("text", NO_OFFERS)
def test_what_speaks_about_an_offer_is_none(text: str) -> None:
    assert categories(listing(text)) == set()


def test_a_report_never_earns_an_offer_of_its_own() -> None:
    told = "专利包授权，全程代办，拨打客服热线。当事人被罚款三万元。"
    (shown,) = screen().judge(listing(told, kind=Kind.AD))
    assert not [why for why, _ in shown.pro if why.startswith(("有人在提供", "有联系方式"))]
    (offered,) = screen().judge(listing(told.partition("。")[0], kind=Kind.AD))
    assert [why for why, _ in offered.pro if why.startswith(("有人在提供", "有联系方式"))]


def test_an_article_that_ends_in_an_offer_offers() -> None:
    told = "专利挂名的现状探讨：评职称时位置越靠前，加分越多，专利挂名费用也越高。"
    assert categories(listing(told + "法院判决也有争议。")) == set()
    assert "inventor_listing" in categories(listing(told + "如果您需要，可以联系我们的编辑安排。"))


def test_words_of_a_cue_may_stand_apart() -> None:
    """A cue of two words is heard when both stand there, not when one does."""
    assert categories(listing("看到小张发的广告，专利包授权，名额有限")) == set()
    assert categories(listing("看到的都来，专利包授权，名额有限")) == {"guaranteed_grant"}
    assert categories(listing("投放广告，专利包授权，名额有限")) == {"guaranteed_grant"}


def test_a_question_needs_a_question_word() -> None:
    assert categories(listing("专利包授权是靠谱的，欢迎咨询我们")) == {"guaranteed_grant"}
    assert categories(listing("专利包授权靠谱不")) == set()


def test_what_is_said_next_does_not_reach_over_a_full_stop() -> None:
    assert categories(listing("专利包授权，千万别信")) == set()
    assert categories(listing("专利包授权。千万别信同行的低价")) == {"guaranteed_grant"}


def test_a_sanction_of_the_deed_is_heard_in_a_shop_too() -> None:
    assert categories(listing(title="专利挂名 保研专用", kind=Kind.PRODUCT)) == {"inventor_listing"}
    assert categories(listing(title="专利挂名被取消保研资格", kind=Kind.PRODUCT)) == set()


def test_reasons_against_are_told() -> None:
    (finding,) = screen().judge(
        listing("专利包授权，包下证，名额有限，加微信，不成功全额退款；“包授权”", kind=Kind.AD)
    )[:1]
    assert all(points > 0 for _, points in finding.pro)
    assert all(points < 0 for _, points in finding.contra)
    assert any("包授权" in why or "包下证" in why for why, _ in finding.pro)


def test_quotation_marks_weigh() -> None:
    bare, quoted = "专利申请 包授权 星河", "专利申请 “包授权” 星河"
    assert categories(listing(bare)) == {"guaranteed_grant"}
    assert categories(listing(quoted)) == set()


def test_a_quotation_that_covers_most_of_a_wording_counts() -> None:
    (half,) = screen().judge(listing("专利注册“不成功全额退”", kind=Kind.AD))
    assert any("引号" in why for why, _ in half.contra)
    (bare,) = screen().judge(listing("“专利”注册不成功全额退", kind=Kind.AD))
    assert not any("引号" in why for why, _ in bare.contra)


def test_a_seller_cannot_hide_behind_a_distant_warning() -> None:
    text = "谨防虚假宣传。专利包授权，不成功全额退款，加微信"
    assert "guaranteed_grant" in categories(listing(text, kind=Kind.AD))


@pytest.mark.parametrize(
    "url",
    ["https://www.cnipa.gov.cn/", "https://zscqj.example.gov.cn/a", "http://GOV.CN/", "https://www.acpaa.cn/x"],
)
def test_the_state_on_its_own_site_is_innocent(url: str) -> None:
    shown = listing(title="国家知识产权局商标注册官方受理窗口", url=url)
    assert categories(shown) == set()
    assert categories(listing(title=shown.title, url="https://gov.cn.example/")) == {"official_impersonation"}


def test_press_and_official_accounts_are_believed_less_than_hosts() -> None:
    text = "专利发明人挂名，名额可选"
    assert categories(listing(text, kind=Kind.POST)) == {"inventor_listing"}
    assert categories(listing(text, kind=Kind.ARTICLE, url="https://www.people.com.cn/a")) == set()
    assert categories(listing(text, kind=Kind.ARTICLE, seller="示例市市场监督管理局")) == set()
    # Whoever sells may call a shop what he likes.
    assert categories(listing(text, kind=Kind.PRODUCT, seller="示例市知识产权局")) == {"inventor_listing"}


class Registry:
    """A registry of one agency."""

    def find(self, name: str) -> Agency | None:
        listed = Agency(name="示例知识产权代理有限公司", code="00000", kind="专利代理机构", status="正常")
        return listed if name == listed.name else None


def test_a_listed_agency_speaks_loosely_an_unlisted_one_is_not_condemned_for_it() -> None:
    claim = "国家商标局授权代理机构，商标注册"
    listed = listing(claim, seller="示例知识产权代理有限公司")
    unlisted = listing(claim, seller="虚构知识产权代理有限公司")
    points = {
        shown.seller: {one.points for one in load_screen(Registry()).judge(shown)} for shown in (listed, unlisted)
    }
    without = {one.points for one in screen().judge(unlisted)}
    assert points[unlisted.seller] == without
    assert not points[listed.seller] or max(points[listed.seller]) < max(without)
    filed = listing("国家知识产权局备案商标代理机构，欢迎咨询", kind=Kind.AD, seller=unlisted.seller)
    assert load_screen(Registry()).judge(filed) == ()


def test_findings_say_where_in_which_field() -> None:
    title, text, seller = "软著登记", "专利代办，包授权", "中国版权保护中心官方店"
    shown = listing(text, title=title, seller=seller, kind=Kind.PRODUCT)
    found = {finding.category: finding for finding in screen().judge(shown)}
    assert (found["guaranteed_grant"].field, found["guaranteed_grant"].quote) == ("text", "专利代办，包授权")
    official = found["official_impersonation"]
    assert official.field == "seller"
    assert seller[official.start : official.end] == official.quote


def test_a_weak_wording_counts_for_less_where_nobody_offers() -> None:
    told = "备案主体的专利预审名额按上年度的合格率核定，用完后可提交增量计划。"
    (kept,) = [one for one in screen().weigh(listing(told)) if one.rule == "green_channel_quota"]
    assert ("没有人在招揽、报价，也没有说谁来办", -30) in kept.contra
    assert categories(listing(told)) == set()
    offered = listing("手上有专利预审名额，先到先得，懂的来")
    (sold,) = [one for one in screen().judge(offered) if one.rule == "green_channel_quota"]
    assert not [why for why, _ in sold.contra if why.startswith("没有人在招揽")]


def test_a_question_is_no_denial() -> None:
    """靠不靠谱 holds 不靠谱."""
    asked, denied = "专利包授权靠不靠谱？我们包授权，签合同，欢迎咨询。", "专利包授权不靠谱。"
    assert categories(listing(asked, kind=Kind.AD)) == {"guaranteed_grant"}
    assert categories(listing(denied, kind=Kind.AD)) == set()


def test_who_warns_of_a_thing_does_not_offer_it_in_the_next_sentence() -> None:
    alone = "花两万做了专利包授权。"
    found = [screen().weigh(listing(text)) for text in (alone, f"专利包授权不可信。\n{alone}")]
    free, warned = (next(one for one in several if one.rule == "guaranteed_grant_promise") for several in found)
    assert warned.points < free.points
    assert "同样的话在文中别处被否定、转述" in dict(warned.contra)
