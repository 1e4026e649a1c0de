"""A picture's text meets the same rules with less trust; a likeness needs words beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drawing import encoded, shape

from crawler.items import Finding, Kind, Listing
from crawler.pictures import PictureLine, PictureText
from detectors.article import load_articles
from detectors.picture_verdict import (
    OCR_POINTS,
    OCR_REASON,
    SHAPE_ARTICLES,
    SHAPE_RULE,
    is_worth_reading,
    judge_picture,
    picture_entities,
)
from detectors.rule import load_rules
from detectors.screen import Screen, load_screen
from detectors.shapes import Shape, load_shapes, marks_of

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def screen() -> Screen:
    return load_screen()


@pytest.fixture
def shapes(tmp_path: Path) -> tuple[Shape, ...]:
    (tmp_path / "某图.png").write_bytes(encoded(shape("ring_star")))
    return load_shapes(tmp_path)


def product(title: str = "企业服务套餐", **changes: object) -> Listing:
    plain = Listing(platform="zbj", kind=Kind.PRODUCT, position=1, title=title, url="https://www.zbj.com/fw/1.html")
    return replace(plain, **changes)


def picture(*lines: str, with_shape: str = "") -> PictureText:
    told = tuple(
        PictureLine(text=line, score=0.99, box=(10, 10 + 50 * number, 10 + 20 * len(line), 40 + 50 * number))
        for number, line in enumerate(lines)
    )
    marks = marks_of(shape(with_shape)) if with_shape else ()
    return PictureText(width=400, height=400, lines=told, marks=marks)


OFFER = picture("星河知产", "发明专利包授权", "不授权全额退款")
TEA = picture("云雾绿茶", "明前采摘")


def rules_of(found: tuple[Finding, ...]) -> set[str]:
    return {finding.rule for finding in found}


def test_the_offer_in_a_picture_is_found_quoted_and_boxed(screen: Screen) -> None:
    found = judge_picture(screen, product(), OFFER, DIGEST)
    assert {finding.category for finding in found} == {"guaranteed_grant"}
    for finding in found:
        assert (finding.field, finding.image) == ("image", DIGEST)
        assert OFFER.text[finding.start : finding.end] == finding.quote
        assert finding.box == OFFER.box_of(finding.start, finding.end)
        assert finding.points >= finding.needs
        assert finding.points == sum(points for _, points in (*finding.pro, *finding.contra))


def test_a_picture_is_trusted_less_than_a_text(screen: Screen) -> None:
    written = {finding.rule: finding for finding in screen.judge(product(text=OFFER.text))}
    for finding in judge_picture(screen, product(), OFFER, DIGEST):
        assert finding.points == written[finding.rule].points + OCR_POINTS
        assert finding.contra[-1] == (OCR_REASON, OCR_POINTS)


def test_what_only_just_was_one_is_none_in_a_picture(screen: Screen) -> None:
    tight = Screen([replace(rule, needs=100_000) for rule in load_rules()])
    assert judge_picture(tight, product(), OFFER, DIGEST) == ()
    exact = {finding.rule: finding.points for finding in screen.judge(product(text=OFFER.text))}
    edge = Screen([replace(rule, needs=exact.get(rule.id, rule.needs)) for rule in load_rules()])
    assert edge.judge(product(text=OFFER.text))
    assert judge_picture(edge, product(), OFFER, DIGEST) == ()


def test_the_title_gives_context_that_the_picture_lacks(screen: Screen) -> None:
    bare = picture("不授权全额退款", "微信咨询")
    assert judge_picture(screen, product("专利申请代理服务 正规代办"), bare, DIGEST)
    assert not judge_picture(screen, product("品牌授权书制作"), picture("退款说明"), DIGEST)


def test_an_offer_in_the_title_hides_none_in_the_picture(screen: Screen) -> None:
    titled = product("发明专利包授权 不授权全额退款 包下证")
    assert rules_of(judge_picture(screen, titled, OFFER, DIGEST)) >= {"guaranteed_grant_promise"}
    assert judge_picture(screen, titled, TEA, DIGEST) == ()


def test_lawful_pictures_are_none(screen: Screen) -> None:
    for lines in (("专利撰写检索分析", "官费另计不承诺结果"), ("本店严禁承诺包授权", "谨防上当"), ("钱包授权登录",)):
        assert judge_picture(screen, product("知识产权服务"), picture(*lines), DIGEST) == ()
    assert judge_picture(screen, product(), PictureText(width=9, height=9), DIGEST) == ()


def test_contacts_in_a_picture_are_entities_of_it(screen: Screen) -> None:
    found = picture_entities(screen, product("电话 13900000000"), picture("专利包授权", "电话 13800000000"))
    assert [(one.value, one.field) for one in found] == [("13800000000", "image")]


# -- likeness ----------------------------------------------------------------------------------


def shaped(found: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in found if finding.rule == SHAPE_RULE]


def test_a_likeness_beside_the_trade_is_a_finding_on_trial(screen: Screen, shapes: tuple[Shape, ...]) -> None:
    seen = picture("专利申请代办", with_shape="ring_star")
    found = shaped(judge_picture(screen, product(), seen, DIGEST, shapes))
    assert [(one.category, one.state, one.field) for one in found] == [("official_impersonation", "trial", "image")]
    assert "「某图」" in found[0].pro[0][0]
    assert found[0].points == sum(points for _, points in found[0].pro) >= found[0].needs
    assert (found[0].start, found[0].end, found[0].quote) == (0, 0, "")
    assert len(found[0].rule_digest) == 64


def test_a_claim_weighs_more_than_the_trade(screen: Screen, shapes: tuple[Shape, ...]) -> None:
    trade = shaped(judge_picture(screen, product(), picture("专利代办", with_shape="ring_star"), DIGEST, shapes))
    claim = shaped(judge_picture(screen, product(), picture("商标局", with_shape="ring_star"), DIGEST, shapes))
    assert claim[0].points > trade[0].points


@pytest.mark.parametrize("listing", [product("云雾绿茶官方旗舰店"), product("印章雕刻")])
def test_a_likeness_in_another_trade_is_none(screen: Screen, shapes: tuple[Shape, ...], listing: Listing) -> None:
    assert judge_picture(screen, listing, picture("明前采摘", with_shape="ring_star"), DIGEST, shapes) == ()


def test_another_shape_is_none(screen: Screen, shapes: tuple[Shape, ...]) -> None:
    assert judge_picture(screen, product(), picture("专利代办", with_shape="gear"), DIGEST, shapes) == ()
    assert judge_picture(screen, product(), picture("专利代办", with_shape="ring_star"), DIGEST) == ()


def test_the_offices_own_page_may_show_its_own(screen: Screen, shapes: tuple[Shape, ...]) -> None:
    seen = picture("专利业务受理", with_shape="ring_star")
    own = product("专利业务", url="https://www.xinghe.gov.cn/1.html")
    assert judge_picture(screen, own, seen, DIGEST, shapes) == ()
    fake = product("专利业务", url="https://www.gov.cn.xinghe.example/1.html")
    assert shaped(judge_picture(screen, fake, seen, DIGEST, shapes))


def test_a_claim_in_words_weighs_more_beside_a_likeness(screen: Screen, shapes: tuple[Shape, ...]) -> None:
    words = ("国家知识产权局官方授权申请平台", "专利商标代办咨询客服")
    plain = judge_picture(screen, product(), picture(*words), DIGEST, shapes)
    beside = judge_picture(screen, product(), picture(*words, with_shape="ring_star"), DIGEST, shapes)
    assert plain
    assert not shaped(beside)
    assert beside[0].points == plain[0].points + 20
    assert "「某图」" in beside[0].pro[-1][0]


def test_the_articles_of_a_likeness_are_there() -> None:
    assert set(SHAPE_ARTICLES) <= load_articles().keys()


# -- what is worth reading ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listing", "query", "flagged", "worth"),
    [
        (product("专利申请代办", kind=Kind.RESULT), "茶", False, True),
        (product("专利申请代办"), "专利", True, True),
        (product("企业服务套餐"), "专利", False, True),
        (product("企业服务套餐"), "专利", True, False),
        (product("企业服务套餐"), "绿茶", False, False),
        (product("企业服务套餐", kind=Kind.ARTICLE), "专利", False, False),
        (product("企业服务套餐", kind=Kind.RESULT, is_ad=True), "专利", False, True),
    ],
)
def test_only_what_may_hide_an_offer_is_read(listing: Listing, query: str, flagged: bool, worth: bool) -> None:
    assert is_worth_reading(listing, query, is_flagged=flagged) == worth
