"""The traps of the law, each by name; delegations and seats; and what must hold in every situation there can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from casework.law import Book, choose, digest_of
from casework.law_words import ActorKind, Choice, Delegation, Fact, Level, OfficeKind, PlaceKind, Situation, Verb
from casework.lawbook.conditions import CATEGORIES
from casework.lawbook.facts import facts_seen, signs
from casework.lawbook.powers import Holder, is_provincial
from casework.lawbook.rows import NEEDS_POWER, Part
from casework.lawbook.seats import Seat, seat_of
from casework.letters.letter import Kind
from crawler.errors import RuleInvalid, UserMistake
from crawler.items import Finding
from detectors.picture_verdict import SHAPE_RULE

TODAY = date(2026, 11, 20)
PATENT_ACTORS = (ActorKind.PATENT_AGENCY, ActorKind.UNLICENSED, ActorKind.UNKNOWN)
TM_ACTORS = (ActorKind.TM_AGENCY, ActorKind.TM_UNFILED)
MARKET_LAWS = ("AD-", "IAD-", "AUC25-", "AUC19-", "EC-", "NT-")


@cache
def book() -> Book:
    return Book.load()


def situation(told: str, **more: object) -> Situation:
    category, actor, place, office, level = told.split()
    asked = Situation(
        category=category,
        actor=ActorKind(actor),
        place=PlaceKind(place),
        office=OfficeKind(office),
        level=Level(level),
        on=TODAY,
    )
    return replace(asked, **more)  # type: ignore[arg-type]


def chosen(told: str, **more: object) -> Choice:
    return choose(situation(told, **more), book())


def cited(choice: Choice) -> set[str]:
    return {one.id for one in choice.articles}


def why(choice: Choice, name: str) -> str:
    return {one.id: one.why for one in choice.refused}.get(name, "")


def cite(choice: Choice, name: str) -> str:
    return next(one.cite for one in choice.articles if one.id == name)


@cache
def everything() -> tuple[tuple[Situation, Choice], ...]:
    """Every situation without seats and delegations, on days around each change of law."""
    days = [date(2025, 10, 14), date(2026, 12, 31), date(2027, 1, 1)]
    asked = (
        Situation(category=category, actor=actor, place=place, office=office, level=level, on=on)
        for category, actor, place, office, level, on in product(
            CATEGORIES, ActorKind, PlaceKind, OfficeKind, Level, days
        )
    )
    return tuple((one, choose(one, book())) for one in asked)


GIVEN = Delegation(
    number="示知委〔2026〕1号",
    kind="delegation",
    giver="山西省知识产权局",
    scope=("约谈", "责令限期改正"),
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
)
LENT = "licence_renting patent_agency shop amr city"


# -- the sixteen traps -------------------------------------------------------------------------------


def test_1_trademark_law_turns_at_new_year_by_the_last_day_of_the_conduct() -> None:
    old = chosen("malicious_trademark tm_agency shop amr city", on=date(2026, 12, 31))
    new = chosen("malicious_trademark tm_agency shop amr city", on=date(2027, 1, 1))
    assert "TM19-六十八" in cited(old)
    assert not any(name.startswith("TM26-") for name in cited(old))
    assert "TM26-六十七" in cited(new)
    assert not any(name.startswith("TM19-") for name in cited(new))
    assert any("旧商标法编号" in note for note in new.notes)
    assert not any("旧商标法编号" in note for note in old.notes)


def test_2_penalties_and_talks_of_patent_agency_are_the_provinces() -> None:
    for level in (Level.CITY, Level.COUNTY):
        choice = chosen(LENT, level=level)
        assert choice.verb is Verb.ASSIST
        assert "PAM-四十八" in cited(choice)
        assert "省级" in why(choice, "PAR-二十五")
        assert "省级" in why(choice, "PAM-四十三")
        assert "order" not in choice.measures
    assert {"PAR-二十五", "PAM-四十三"} <= cited(chosen(LENT, level=Level.PROVINCE))


def test_3_without_a_licence_the_word_is_stop_and_never_correct() -> None:
    choice = chosen("unqualified_agency unlicensed shop ipo province")
    stop = next(one for one in choice.articles if one.id == "PAR-二十七")
    assert "责令停止违法行为" in stop.purpose
    assert "不是“责令限期改正”" in why(choice, "PAR-二十五")


def test_4_a_stand_alone_office_is_not_the_market_supervision() -> None:
    for one, choice in everything():
        if one.office is OfficeKind.IPO:
            powers = [article for article in choice.articles if Part(article.part) in NEEDS_POWER]
            assert not [article.id for article in powers if article.id.startswith(MARKET_LAWS)]


def test_5_article_29_of_the_ecommerce_law_is_for_those_without_a_licence_in_a_shop() -> None:
    having = [one for one, choice in everything() if "EC-二十九" in cited(choice)]
    assert having
    assert {(one.category, one.actor, one.place) for one in having} == {
        ("unqualified_agency", ActorKind.UNLICENSED, PlaceKind.SHOP)
    }


def test_6_notice_and_takedown_and_civil_liability_are_never_cited() -> None:
    for _, choice in everything():
        for name in ("EC-十四", "EC-三十八", "EC-四十二", "EC-四十五", "AD-五十六"):
            assert name not in cited(choice)
            assert why(choice, name)


def test_7_search_ads_and_posts_are_no_platforms_of_the_ecommerce_law() -> None:
    for one, choice in everything():
        if one.place in (PlaceKind.SEARCH_AD, PlaceKind.FORUM):
            duties = [article.id for article in choice.articles if article.part in (Part.DUTY, Part.PLATFORM)]
            assert "AD-四十五" in duties
            assert not [name for name in duties if name.startswith(("EC-", "NT-"))]
    asked = "official_impersonation patent_agency search_ad ipo city"
    assert "IAD-十七" in cited(chosen(asked, facts=frozenset({Fact.GOVERNMENT_QUERY})))


def test_8_not_every_post_is_an_advertisement() -> None:
    for category in ("guaranteed_grant", "green_channel", "official_impersonation"):
        choice = chosen(f"{category} patent_agency forum amr city")
        assert not {"AD-四", "AD-九", "AD-二十八", "AD-五十五", "AD-五十七"} & cited(choice)
        assert cited(choice) & {"AUC25-九", "AUC25-七"}
        assert any("ADG1-四" in note for note in choice.notes)


def test_9_patents_have_no_article_against_promises() -> None:
    choice = chosen("guaranteed_grant patent_agency search_ad amr city")
    assert "AUC25-九" in cited(choice)
    assert not {"AD-二十四", "AD-二十五", "PALIST-三", "PAM-五十一"} & cited(choice)
    assert "自律" in why(choice, "PALIST-三")
    assert "不适用于代理服务" in why(choice, "AD-二十四")


def test_10_hanging_a_licence_has_no_penalty_of_its_own() -> None:
    choice = chosen(LENT, level=Level.PROVINCE)
    assert any("没有独立罚则" in note for note in choice.notes)
    assert "两个以上机构" in why(choice, "PAR-二十六")
    assert {"PAR-十一", "PAM-二十六"} <= cited(choice)


def test_11_article_100_is_for_applicants() -> None:
    assert not [one for one, choice in everything() if "PATI-一百" in cited(choice)]
    assert all("申请人" in why(choice, "PATI-一百") for _, choice in everything())


def test_11_a_warning_tells_applicants_what_threatens_them() -> None:
    warned = chosen("abnormal_filing patent_agency shop ipo city", measure="warn")
    assert {"PATI-一百", "PATR-九"} <= cited(warned)
    for kind in set(Kind) - {Kind.WARN}:
        assert "PATI-一百" not in cited(chosen("abnormal_filing patent_agency shop ipo city", measure=kind.value))


def test_12_item_7_is_for_changes_of_the_inventor_alone() -> None:
    asked = "inventor_listing patent_agency shop amr city"
    assert cite(chosen(asked), "PATR-三").endswith("第三条第（八）项")
    assert cite(chosen(asked, facts=frozenset({Fact.INVENTOR_CHANGE})), "PATR-三").endswith("第三条第（七）项")


def test_13_competition_law_turns_on_the_fifteenth_of_october() -> None:
    for one, choice in everything():
        prefix = "AUC19-" if one.on >= date(2025, 10, 15) else "AUC25-"
        assert not [name for name in cited(choice) if name.startswith(prefix)]


def test_14_articles_that_were_renumbered_carry_their_new_numbers() -> None:
    assert book().articles["PS-六十二"].text.startswith("冒充国家机关工作人员")
    assert book().articles["NE-十三"].number == "第十三条"
    assert "废止" in book().articles["CR26-四十六"].text


def test_15_rules_of_evidence_are_cited_in_no_letter() -> None:
    evidence = ("APL-四十二", "APL-四十六", "APP-二十二", "CE-", "OL-", "AE-", "EDR-")
    assert not [one for one, choice in everything() if any(name.startswith(evidence) for name in cited(choice))]


def test_16_campaigns_are_never_a_basis() -> None:
    for _, choice in everything():
        assert not [name for name in cited(choice) if name.startswith("UNV-")]
        assert "工作部署" in why(choice, "UNV-关于联合开展知识产权代理行业-全文")


def test_trademark_agencies_are_never_without_a_licence() -> None:
    for one, choice in everything():
        if one.actor in TM_ACTORS:
            assert not {"PAR-九", "PAR-二十五", "PAR-二十七", "PAM-五十二", "EC-十二", "EC-二十七"} & cited(choice)


# -- what holds everywhere ---------------------------------------------------------------------------


def test_nothing_is_cited_that_is_refused_unread_or_out_of_its_days() -> None:
    assert len(everything()) == 8 * 5 * 4 * 2 * 3 * 3
    for one, choice in everything():
        names = [article.id for article in choice.articles]
        assert len(set(names)) == len(names)
        assert not set(names) & {refused.id for refused in choice.refused}
        assert len({refused.id for refused in choice.refused}) == len(choice.refused)
        for article in map(book().articles.__getitem__, names):
            assert article.verified
            assert article.text
            assert article.stands_on(one.on)
        assert all(refused.why for refused in choice.refused)
        assert choice.notes


def test_whatever_the_material_lists_for_a_category_is_cited_or_refused() -> None:
    listed = {
        category: {one.id for one in book().articles.values() if category in one.categories} for category in CATEGORIES
    }
    duties = {one.id for one in book().articles.values() if "platform_duty" in one.categories}
    traps = {one.article for one in book().rows.refusals if one.is_pitfall}
    for one, choice in everything():
        answered = cited(choice) | {refused.id for refused in choice.refused}
        assert listed[one.category] | traps <= answered
        assert one.place is PlaceKind.OWN_SITE or duties <= answered


def test_an_order_always_rests_on_a_power_of_ours() -> None:
    for one, choice in everything():
        powers = {article.id for article in choice.articles if article.part == Part.POWER}
        if choice.verb is Verb.ORDER:
            assert powers
            assert "order" in choice.measures
        else:
            assert "order" not in choice.measures
        for name in powers:
            holder = book().powers.holder(book().articles[name])
            assert holder is (Holder.PROVINCE if name.startswith(("PAR-", "PAM-")) else Holder.MARKET)
            assert one.level is Level.PROVINCE if holder is Holder.PROVINCE else one.office is OfficeKind.AMR


def test_a_letter_cites_no_more_than_the_whole_matter() -> None:
    for one, whole in everything()[::61]:
        for kind in Kind:
            letter = choose(replace(one, measure=kind.value), book())
            own = {article.id for article in letter.articles if article.part in (Part.HELP, Part.RISK)}
            assert cited(letter) - own <= cited(whole)
            assert not own or kind in (Kind.ASSIST, Kind.WARN)
            assert letter.measures == whole.measures
            if letter.verb is Verb.ORDER:
                assert {Part(article.part) for article in letter.articles} & {Part.POWER, Part.PLATFORM}


def test_articles_stand_in_the_order_of_a_letter() -> None:
    for _, choice in everything()[::3]:
        parts = [list(Part).index(Part(article.part)) for article in choice.articles]
        assert parts == sorted(parts)


# -- facts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "names", "fact", "why_not"),
    [
        ("official_impersonation unknown search_ad amr city", "NE-十三", "emblem", "未见页面使用国旗、国徽"),
        ("official_impersonation unknown search_ad amr city", "IAD-十七 IAD-三十", "government_query", "未见搜索政务"),
        ("official_impersonation tm_agency shop amr city", "TMA-二十九 TM19-六十八", "official_staff", "未见假冒"),
        ("unqualified_agency patent_agency shop amr city", "EC-七十六", "unpublished", "未见首页未公示"),
        (
            "malicious_trademark tm_agency shop amr city",
            "TM19-十五 TMI-八十七 TMA-十",
            "own_filing",
            "未见代理机构自己",
        ),
        ("unqualified_agency unlicensed shop amr city", "NT-四十七", "unchecked", "未见平台没有核验"),
    ],
)
def test_what_rests_on_a_fact_is_cited_only_where_it_was_seen(asked: str, names: str, fact: str, why_not: str) -> None:
    unseen, seen = chosen(asked), chosen(asked, facts=frozenset({fact}))
    for name in names.split():
        assert why_not in why(unseen, name)
        assert name in cited(seen)


def test_no_emblem_is_cited_where_none_was_seen() -> None:
    asked = "official_impersonation unknown search_ad amr city"
    assert cite(chosen(asked), "AD-九") == "广告法第九条第（二）项"
    assert cite(chosen(asked, facts=frozenset({Fact.EMBLEM})), "AD-九") == "广告法第九条第（一）（二）项"
    assert cite(chosen(asked), "AUC25-七").endswith("第七条第一款")
    assert not any("IAD-三十" in one.id for one in chosen(asked, measure="remove").articles)


def test_whose_power_it_were_is_told_along_with_the_fact() -> None:
    told = why(chosen("official_impersonation unknown search_ad ipo city"), "IAD-三十")
    assert "未见搜索政务服务网站" in told
    assert "独立的知识产权局" in told


def finding(rule: str, quote: str) -> Finding:
    return Finding(
        rule=rule,
        rule_digest="",
        state="active",
        category="official_impersonation",
        severity=3,
        field="title",
        start=0,
        end=len(quote),
        quote=quote,
        points=60,
        needs=60,
        pro=(),
        contra=(("国徽", -10),),
        articles=(),
    )


@pytest.mark.parametrize(
    ("rule", "quote", "query", "seen"),
    [
        ("official_impersonation_emblem", "国徽认证入口", "专利包授权", {"emblem"}),
        ("official_impersonation_emblem", "替国家收规费", "专利包授权", set()),
        ("official_impersonation_claim", "国徽认证入口", "专利包授权", set()),
        ("official_impersonation_looks", "商标局", "商标注册", {"official_site"}),
        ("official_impersonation_staff", "审查员", "商标注册", {"official_staff"}),
        ("inventor_listing_change", "换发明人", "加发明人", {"inventor_change"}),
        ("guaranteed_grant_promise", "包授权", "国家 知识产权局 官网", {"government_query"}),
        ("guaranteed_grant_promise", "包授权", "CNIPA", {"government_query"}),
        ("guaranteed_grant_promise", "包授权", "专利 官网", set()),
    ],
)
def test_facts_are_seen_in_findings_and_queries(rule: str, quote: str, query: str, seen: set[str]) -> None:
    assert facts_seen([finding(rule, quote)], query) == seen


def test_every_rule_that_shows_a_fact_exists() -> None:
    names = {path.stem for path in Path("detectors/rules").glob("*.toml")} | {SHAPE_RULE}
    assert {rule for sign in signs().values() for rule in sign.rules} <= names


def test_without_any_article_nothing_is_asked_of_an_operator() -> None:
    choice = chosen("official_impersonation unknown search_ad amr city", on=date(2010, 1, 20))
    assert not choice.articles
    assert set(choice.measures) == {"transfer", "assist", "warn", "notice"}
    assert any("没有可引条文" in note for note in choice.notes)


# -- delegations -------------------------------------------------------------------------------------


def test_a_delegation_opens_what_its_scope_says() -> None:
    choice = chosen(LENT, delegations=(GIVEN,))
    assert {"PAR-二十五", "PAM-四十三"} <= cited(choice)
    assert choice.verb is Verb.ORDER
    assert any(GIVEN.number in note for note in choice.notes)
    assert GIVEN.number in next(one.purpose for one in choice.articles if one.id == "PAR-二十五")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"last": date(2026, 11, 19)}, "期限是 2026-01-01 至 2026-11-19"),
        ({"first": date(2026, 11, 21)}, "期限是 2026-11-21"),
        ({"scope": ("约谈",)}, "范围（约谈）不含本条"),
        ({"scope": ("责令限期改正", "处罚除外")}, "不含本条"),
        ({"scope": ("广告监管",)}, "不含本条"),
        ({"giver": "山西省太原市知识产权局"}, "不是省级部门"),
    ],
)
def test_a_delegation_that_does_not_cover_is_refused_by_its_number(changed: dict[str, object], told: str) -> None:
    choice = chosen(LENT, delegations=(replace(GIVEN, **changed),))  # type: ignore[arg-type]
    assert "PAR-二十五" not in cited(choice)
    assert GIVEN.number in why(choice, "PAR-二十五")
    assert told in why(choice, "PAR-二十五")
    assert choice.verb is Verb.ASSIST


@pytest.mark.parametrize("day", [GIVEN.first, GIVEN.last])
def test_a_delegation_holds_on_its_first_and_last_day(day: date) -> None:
    assert "PAR-二十五" in cited(chosen(LENT, on=day, delegations=(GIVEN,)))


def test_a_delegation_must_hold_on_the_day_of_the_letter() -> None:
    written = chosen(LENT, delegations=(GIVEN,), written=date(2027, 1, 5))
    assert "2027-01-05 不在其内" in why(written, "PAR-二十五")


@pytest.mark.parametrize("scope", ["PAR-二十五", "专利代理条例第二十五条", "责令限期改正、约谈", "专利代理监管"])
def test_a_scope_may_name_the_article(scope: str) -> None:
    assert "PAR-二十五" in cited(chosen(LENT, delegations=(replace(GIVEN, scope=(scope,)),)))


def test_a_second_delegation_helps_where_the_first_does_not() -> None:
    first = replace(GIVEN, number="示知委〔2025〕9号", last=date(2026, 2, 1))
    choice = chosen(LENT, delegations=(first, GIVEN))
    assert "PAR-二十五" in cited(choice)


def test_no_delegation_gives_a_stand_alone_office_market_powers() -> None:
    wide = replace(GIVEN, scope=("全部", "AD-五十五", "NT-三十四"))
    choice = chosen("guaranteed_grant patent_agency shop ipo city", delegations=(wide,))
    assert not {"AD-五十五", "NT-三十四", "AUC25-二十五"} & cited(choice)
    assert choice.verb is Verb.ASK


@pytest.mark.parametrize(
    ("giver", "is_one"),
    [
        ("山西省知识产权局", True),
        ("省局", True),
        ("天津市知识产权局", True),
        ("河南省市场监督管理局", True),
        ("广西壮族自治区知识产权局", True),
        ("国家知识产权局", True),
        ("太原市知识产权局", False),
        ("天津市滨海新区知识产权局", False),
        ("示例县市场监督管理局", False),
    ],
)
def test_who_can_delegate(giver: str, is_one: bool) -> None:
    assert is_provincial(giver) is is_one


# -- seats -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "office", "seat"),
    [
        ("", "山西省", Seat.UNKNOWN),
        ("北京市海淀区", "", Seat.UNKNOWN),
        ("北京市海淀区", "山西省", Seat.ELSEWHERE),
        ("山西省太原市", "山西省", Seat.OURS),
        ("山西", "山西省", Seat.OURS),
        ("山西省", "山西省太原市", Seat.UNKNOWN),
        ("山西省太原市小店区", "山西省太原市", Seat.OURS),
        ("山西省大同市", "山西省太原市", Seat.ELSEWHERE),
        ("太原市", "山西省太原市", Seat.OURS),
        ("太原市", "山西省", Seat.UNKNOWN),
        ("山西省", "太原市", Seat.UNKNOWN),
        ("大同市", "山西省太原市", Seat.ELSEWHERE),
        ("吉林市", "吉林省", Seat.UNKNOWN),
        ("内蒙古自治区呼和浩特市", "内蒙古", Seat.OURS),
    ],
)
def test_seats(theirs: str, office: str, seat: Seat) -> None:
    assert seat_of(theirs, office) is seat


def test_an_operator_seated_elsewhere_is_asked() -> None:
    told = {"office_seat": "山西省太原市", "platform_seat": "浙江省杭州市", "measure": "remove"}
    asked = "guaranteed_grant patent_agency shop amr city"
    away, ours = chosen(asked, **told), chosen(asked, **(told | {"platform_seat": "山西省太原市"}))
    assert (away.verb, ours.verb) == (Verb.ASK, Verb.ORDER)
    assert "平台住所地（浙江省杭州市）不在本辖区" in why(away, "NT-三十四")
    assert "NT-二十九" in cited(away)


def test_an_actor_of_ours_is_ordered_whatever_the_platforms_seat() -> None:
    told = {"office_seat": "山西省", "platform_seat": "浙江省杭州市", "actor_seat": "山西省太原市"}
    assert chosen("guaranteed_grant patent_agency search_ad amr province", **told).verb is Verb.ORDER


def test_an_actor_seated_elsewhere_is_handed_over() -> None:
    told = {"office_seat": "山西省", "platform_seat": "山西省太原市", "actor_seat": "北京市"}
    choice = chosen("guaranteed_grant patent_agency search_ad amr province", **told)
    assert choice.verb is Verb.TRANSFER
    assert "不在本辖区" in why(choice, "AD-五十五")
    assert "order" not in choice.measures


def test_seats_that_nobody_told_are_a_note() -> None:
    assert any("核实管辖" in note for note in chosen("guaranteed_grant patent_agency search_ad amr city").notes)


# -- confirmations -----------------------------------------------------------------------------------


def test_a_confirmation_counts_for_its_own_version() -> None:
    digest = digest_of(book().articles["AUC25-九"])
    asked = situation("guaranteed_grant patent_agency search_ad amr city")
    by = {one.id: one.confirmed_by for one in choose(asked, book(), {("AUC25-九", digest): "示例法制"}).articles}
    assert (by["AUC25-九"], by["AD-四"]) == ("示例法制", "")
    stale = choose(asked, book(), {("AUC25-九", "0" * 64): "示例法制"})
    assert not any(one.confirmed_by for one in stale.articles)


@pytest.mark.parametrize("field", ["text", "cite", "version", "power", "until"])
def test_every_edit_is_another_version(field: str) -> None:
    article = book().articles["AUC25-九"]
    other = replace(article, **{field: TODAY if field == "until" else "改"})
    assert digest_of(other) != digest_of(article)


def test_unknown_words_are_refused() -> None:
    with pytest.raises(UserMistake, match="没有类别"):
        chosen("made_up patent_agency shop amr city")
    strange = replace(book().articles["AD-四"], power="某某部门")
    with pytest.raises(RuleInvalid, match="power 要是这些之一"):
        book().powers.holder(strange)
