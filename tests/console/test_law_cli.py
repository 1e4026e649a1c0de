"""`lantian law` as an officer and as another program type it: without a home, with one, and what is written wrongly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from people_specimens import token_of
from sqlalchemy import update

from casework.acting import Grant
from casework.law_words import ActorKind, Level, OfficeKind, PlaceKind
from console.cases import law_asked
from console.files import platforms
from crawler.errors import EvidenceBroken, UserMistake
from storage.db import open_database
from storage.tables.letters import DelegationRow, LawConfirmationRow
from tests.console.conftest import Ran

Run = Callable[..., Ran]
ASKED = "law choose --category licence_renting --actor patent_agency --place shop --office amr --level city".split()
DAY = ("--on", "2026-11-20", "--json")
NUMBER = "示知委〔2026〕1号"
GIVEN = ("law", "delegation", "add", NUMBER, "--giver", "山西省知识产权局", "--scope", "约谈，责令限期改正")
DAYS = ("--from", "2026-01-01", "--to", "2026-12-31", "--json")


@pytest.fixture
def signed(here: Run, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`signed("示例法制", Grant.LEGAL)`: from here on this person acts."""

    def sign(name: str, *grants: Grant) -> None:
        engine = open_database(made_home / "lantian.db")
        monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, name, *grants))
        engine.dispose()

    return sign


def told(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    return ran.lines[0]


def test_a_choice_needs_no_home_and_leaves_none(lantian: Run, tmp_path: Path) -> None:
    choice = told(lantian(*ASKED, *DAY, LANTIAN_HOME=str(tmp_path / "nowhere")))
    assert list(choice)[:3] == ["articles", "verb", "refused"]
    assert {"PAM-五十一", "PAM-四十八"} <= set(choice["articles"])
    assert choice["verb"] == "协助"
    assert all(set(one) == {"id", "why"} for one in choice["refused"])
    assert [one["id"] for one in choice["cited"]] == choice["articles"]
    assert all(one["text"] and one["digest"] and not one["confirmed_by"] for one in choice["cited"])
    assert not (tmp_path / "nowhere").exists()


def test_a_person_reads_it_in_words(here: Run) -> None:
    shown = here(*ASKED, "--on", "2026-11-20").out
    assert "用语：协助" in shown
    assert "条文待核" in shown
    assert "不引 PAR-二十五：" in shown
    assert "省级" in shown


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("持证专利代理机构", ActorKind.PATENT_AGENCY),
        ("专利代理机构", ActorKind.PATENT_AGENCY),
        ("Licensed-Patent-Agency", ActorKind.PATENT_AGENCY),
        ("licensed", ActorKind.PATENT_AGENCY),
        ("无资质", ActorKind.UNLICENSED),
        ("无证", ActorKind.UNLICENSED),
        ("unlicensed_agency", ActorKind.UNLICENSED),
        ("商标代理机构", ActorKind.TM_AGENCY),
        ("已备案", ActorKind.TM_AGENCY),
        ("filed_tm_agency", ActorKind.TM_AGENCY),
        ("trademark agency", ActorKind.TM_AGENCY),
        ("未备案商标代理机构", ActorKind.TM_UNFILED),
        ("unfiled-tm-agency", ActorKind.TM_UNFILED),
        ("不明", ActorKind.UNKNOWN),
        ("UNKNOWN", ActorKind.UNKNOWN),
    ],
)
def test_words_for_actors(words: str, meant: ActorKind) -> None:
    assert law_asked.actor(words) is meant


@pytest.mark.parametrize(
    ("read", "words", "meant"),
    [
        (law_asked.office, "市场监管局 市场监督管理局 market_supervision samr market amr", OfficeKind.AMR),
        (law_asked.office, "知识产权局 独立知识产权局 ip_office cnipa standalone_ip IPO", OfficeKind.IPO),
        (law_asked.level, "省级 省 provincial province", Level.PROVINCE),
        (law_asked.level, "市级 市 municipal prefecture city", Level.CITY),
        (law_asked.level, "县级 区县 区 district county", Level.COUNTY),
    ],
)
def test_words_for_offices_and_levels(read: Callable[[str], str], words: str, meant: str) -> None:
    assert {read(word) for word in words.split()} == {meant}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("搜索广告 search_ad search ad search-ads", PlaceKind.SEARCH_AD),
        ("店铺 网店 shop shop_listing ecommerce", PlaceKind.SHOP),
        ("论坛 帖子 forum post", PlaceKind.FORUM),
        ("自有网站 官网 own_site own_website website landing", PlaceKind.OWN_SITE),
    ],
)
def test_words_for_places(words: str, meant: PlaceKind) -> None:
    assert {law_asked.place(word, "") for word in words.split()} == {meant}


def test_every_platform_is_a_place() -> None:
    for name in platforms():
        assert law_asked.place("", name) is law_asked.place("", platforms()[name].label)
    assert law_asked.place("", "xianyu") is law_asked.place("", "淘宝") is PlaceKind.SHOP


def test_facts_are_told_by_id_or_in_words(here: Run) -> None:
    asked = ["official_impersonation" if one == "licence_renting" else one for one in ASKED]
    asked[asked.index("shop")] = "search_ad"
    plain = told(here(*asked, *DAY, "--measure", "remove"))
    assert not {"NE-十三", "IAD-十七", "IAD-三十"} & set(plain["articles"])
    seen = told(here(*asked, *DAY, "--measure", "remove", "--fact", "国徽", "--fact", "Government-Query"))
    assert {"NE-十三", "IAD-十七", "IAD-三十"} <= set(seen["articles"])


def test_a_category_by_its_chinese_name(here: Run) -> None:
    assert law_asked.category("包授权") == "guaranteed_grant"
    assert law_asked.category("Guaranteed-Grant") == "guaranteed_grant"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (("--actor", "火星人"), "--actor 不认识 '火星人'；可以写：patent_agency"),
        (("--place", "月球"), "--place 不认识 '月球'；可以写：search_ad"),
        (("--office", "公安局"), "--office 不认识"),
        (("--level", "乡级"), "--level 不认识"),
        (("--category", "fraud"), "--category 不认识 'fraud'；可以写：guaranteed_grant"),
        (("--on", "昨天"), "--on 要像 2026-11-20"),
        (("--platform", "baidu"), "二者取一"),
        (("--measure", "shout"), "--measure 要是 remove"),
        (("--delegation", "没有〔2026〕9号"), "还没有数据"),
        (("--delegation", "示〔2026〕1号|借用|省局|约谈|2026-01-01|2026-12-31"), "委托 或 交办"),
        (("--delegation", "示〔2026〕1号|委托|省局|约谈|2026-01-01"), "要写登记过的文号"),
        (("--delegation", "示〔2026〕1号|委托|省局|约谈|2026-12-31|2026-01-01"), "早于起始日"),
        (("--delegation", "{"), "要写登记过的文号"),
        (("--delegation", f"{NUMBER}|委托|省局|约谈,胡写|2026-01-01|2026-12-31"), "范围不认识 '胡写'；可以写：全部"),
        (("--delegation", f"{NUMBER}|委托|省局|AD-五十五|2026-01-01|2026-12-31"), "范围不认识 'AD-五十五'"),
        (("--fact", "见过"), "--fact 不认识 '见过'；可以写：emblem（国徽）"),
    ],
)
def test_words_that_nobody_knows_are_refused(here: Run, changed: tuple[str, str], why: str) -> None:
    ran = here(*ASKED, *changed)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err


@pytest.mark.parametrize(
    "inline",
    [
        f"{NUMBER}|委托|省局|约谈,责令限期改正|2026-01-01|2026-12-31",
        (
            f'{{"number": "{NUMBER}", "kind": "delegation", "giver": "省局", "scope": ["PAR-二十五"], '
            '"from": "2026-01-01", "to": "2026-12-31"}'
        ),
    ],
)
def test_a_delegation_written_out(here: Run, tmp_path: Path, inline: str) -> None:
    choice = told(here(*ASKED, *DAY, "--delegation", inline))
    assert "PAR-二十五" in choice["articles"]
    assert choice["verb"] == "责令"
    assert not (tmp_path / "home" / "lantian.db").exists()
    late = told(here(*ASKED, "--on", "2027-01-01", "--json", "--delegation", inline))
    assert NUMBER in {one["id"]: one["why"] for one in late["refused"]}["PAR-二十五"]


def test_the_office_of_the_home_is_asked_where_none_is_told(here: Run, tmp_path: Path) -> None:
    short = [*ASKED[:-4], *DAY]
    assert "[office]" in here(*short).err
    (tmp_path / "home" / "lantian.toml").write_text(
        '[office]\nkind = "amr"\nlevel = "city"\nprovince = "山西省"\ncity = "太原市"\n', encoding="utf-8"
    )
    assert told(here(*short))["verb"] == "协助"
    away = told(here(*short, "--platform-seat", "浙江省杭州市", "--measure", "remove"))
    assert away["verb"] == "商请"


def test_delegations_are_kept_by_whoever_may(here: Run, signed: Callable[..., None]) -> None:
    assert "LANTIAN_TOKEN" in here(*GIVEN, *DAYS).err or "用户" in here(*GIVEN, *DAYS).err
    signed("示例初审", Grant.EXAMINER)
    assert "没有管理或法制审核权限" in here(*GIVEN, *DAYS).err
    signed("示例管理", Grant.ADMIN)
    kept = told(here(*GIVEN, *DAYS))
    assert (kept["number"], kept["scope"], kept["added_by"]) == (NUMBER, ["约谈", "责令限期改正"], "示例管理")
    assert "范围不认识 '胡写'" in here(*GIVEN[:7], "约谈,胡写", *DAYS).err
    assert "不是省级部门" in here(*GIVEN[:5], "太原市知识产权局", *GIVEN[6:], *DAYS).err
    assert "PAR-二十五" in told(here(*ASKED, *DAY, "--delegation", NUMBER))["articles"]
    assert NUMBER in here("law", "delegation", "list").out
    assert "写明理由" in here("law", "delegation", "end", NUMBER).err
    ended = told(here("law", "delegation", "end", NUMBER, "--reason", "省局收回", "--json"))
    assert ended["ended_by"] == "示例管理"
    assert "终止" in here(*ASKED, *DAY, "--delegation", NUMBER).err
    assert here("law", "delegation", "list", "--json").lines[0]["ended_at"]


def test_a_delegation_that_nobody_signed_for_counts_for_nothing(
    here: Run, signed: Callable[..., None], made_home: Path
) -> None:
    signed("示例管理", Grant.ADMIN)
    told(here(*GIVEN, *DAYS))
    engine = open_database(made_home / "lantian.db")
    with engine.begin() as connection:
        connection.execute(update(DelegationRow).values(scope=["全部"]))
    engine.dispose()
    with pytest.raises(EvidenceBroken, match="签字登记的不符"):
        here(*ASKED, *DAY, "--delegation", NUMBER)


def test_a_legal_reviewer_confirms_one_version(here: Run, signed: Callable[..., None], made_home: Path) -> None:
    confirm = ("law", "confirm", "PAM-五十一", "--source", "国家法律法规数据库", "--json")
    signed("示例管理", Grant.ADMIN)
    assert "没有法制审核权限" in here(*confirm).err
    signed("示例法制", Grant.LEGAL)
    assert "条文改过" in here(*confirm, "--digest", "0000000").err
    assert "没有原文" in here("law", "confirm", "UNV-专利优先审查管理办法-全文", "--source", "x").err
    assert "没有条文 PAM-九百" in here("law", "confirm", "PAM-九百", "--source", "x").err
    assert told(here(*confirm))["confirmed_by"] == "示例法制"
    by = {one["id"]: one["confirmed_by"] for one in told(here(*ASKED, *DAY))["cited"]}
    assert (by["PAM-五十一"], by["PAR-十一"]) == ("示例法制", "")
    unconfirmed = {one["id"] for one in here("law", "list", "--unconfirmed", "--json").lines}
    assert "PAR-十一" in unconfirmed
    assert "PAM-五十一" not in unconfirmed
    edit = '[[article]]\nid = "PAM-五十一"\ntext = "改过"\nsource = "示例公报"\n'
    (made_home / "laws.toml").write_text(edit, encoding="utf-8")
    assert told(here("law", "show", "PAM-五十一", "--json"))["confirmed_by"] == ""
    assert not here("law", "confirmations", "--json").lines[0]["stands"]
    assert "失效" in here("law", "confirmations").out


def test_a_row_without_the_reviewers_act_confirms_nothing(
    here: Run, signed: Callable[..., None], made_home: Path
) -> None:
    signed("示例法制", Grant.LEGAL)
    told(here("law", "confirm", "PAM-五十一", "--source", "国家法律法规数据库", "--json"))
    digest = told(here("law", "show", "PAR-十一", "--json"))["digest"]
    engine = open_database(made_home / "lantian.db")
    with engine.begin() as connection:
        connection.execute(update(LawConfirmationRow).values(article="PAR-十一", digest=digest))
    engine.dispose()
    assert told(here("law", "show", "PAR-十一", "--json"))["confirmed_by"] == ""


def test_articles_are_shown_and_listed(here: Run) -> None:
    shown = here("law", "show", "PAR-二十七").out
    assert "省级管理专利工作的部门" in shown
    assert "责令停止违法行为（不是“责令限期改正”）" in shown
    assert len(here("law", "list", "--json").lines) == 258
    listed = {one["id"] for one in here("law", "list", "--category", "恶意商标", "--json").lines}
    assert {"TM19-四", "TM26-五十四"} <= listed
    assert "PAR-二十七" not in listed
    assert "没有条文" in here("law", "show", "PAR-九百").err
    assert "PAR-四" in here("law", "list").out


def test_a_wrong_edit_stops_every_command_with_its_line(here: Run, tmp_path: Path) -> None:
    assert "建这个文件并写 [[article]]" in here("law", "check").err
    path = tmp_path / "home" / "laws.toml"
    path.write_text('[[article]]\nid = "PAR-四"\ncaution = "甲"\n', encoding="utf-8")
    assert told(here("law", "check", "--json"))["changed"] == ["PAR-四"]
    path.write_text('[[article]]\nid = "PAR-四"\nuntil = 2019-01-01\n', encoding="utf-8")
    for command in (("law", "check"), tuple(ASKED), ("law", "list"), ("law", "show", "PAR-四")):
        ran = here(*command)
        assert (ran.code, ran.out) == (2, "")
        assert f"{path} 第 3 行：" in ran.err


def test_inline_delegations_are_read_strictly() -> None:
    with pytest.raises(UserMistake, match="像 2026-11-20"):
        law_asked.inline("示〔2026〕1号|交办|省局|约谈|一月|2026-12-31")
    given = law_asked.inline("示〔2026〕1号｜交办｜省局｜约谈、PAR-二十七｜2026-01-01｜2026-12-31")
    assert (given.kind, given.scope) == ("assignment", ("约谈", "PAR-二十七"))
