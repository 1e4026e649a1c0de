"""What the law lets a letter say: the mildest word its matters bear, and a refusal with the chooser's reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from letter_office import Post
from review_specimens import office_in
from test_composing import NOW, OFFICE, composed, matter, shown, wanted

from casework.law_words import PlaceKind, Verb
from casework.lawbook.rows import Part
from casework.letters.letter import Kind
from casework.letters.matters import Addressee, Basis, Matter, Shown
from casework.letters.refusing import Complaints
from console.cases.letter_evidence import place_of
from console.cases.letter_law import Law, demand_read
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.items import Kind as ListingKind
from crawler.items import Listing
from crawler.tables import Office
from storage.cases.letter_shapes import NewOperator
from storage.cases.operators import confirm_on
from storage.db import writing

AD, RESULT = (shown(at, place=place) for at, place in ((1, PlaceKind.SEARCH_AD), (2, PlaceKind.OWN_SITE)))
MARKET = replace(OFFICE, kind="amr", city="太原市")
TO = Addressee(name="示例网络有限公司")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(office_in(tmp_path / "lantian.db"))
    yield post
    post.engine.dispose()


def basis(post: Post, tmp_path: Path, office: Office, one: Matter, kind: Kind = Kind.REMOVE) -> tuple[Verb, int, str]:
    """The word, how many articles, and what was complained of."""
    leads = post.office.leads() or post.decided("a1")
    (lead,) = leads
    complaints = Complaints()
    law = Law(Config(home=tmp_path, office=office), post.engine, NOW)
    found = law.basis(kind, TO, [(replace(lead, actor_id=None), one)], complaints)
    return found.verb, len(found.articles), "；".join(complaints.said)


def law_of(post: Post, tmp_path: Path, *ones: Shown) -> Basis:
    (lead,) = post.office.leads() or post.decided("a1")
    law = Law(Config(home=tmp_path, office=MARKET), post.engine, NOW)
    of_it = replace(matter(), shown=ones)
    return law.basis(Kind.REMOVE, TO, [(replace(lead, actor_id=None), of_it)], Complaints())


def cited(post: Post, tmp_path: Path, *ones: Shown) -> set[str]:
    return {one.id for one in law_of(post, tmp_path, *ones).articles}


def test_a_result_nobody_paid_for_is_asked_about_along_with_the_advertisement(post: Post, tmp_path: Path) -> None:
    sign = post.office.ann.acting.sign
    with writing(post.engine).begin() as connection:
        new = NewOperator(platform="taobao", name=TO.name, seat="山西省太原市", credit_code="", source="")
        confirm_on(connection, new, "示例初审", post.office.later(), sign)
    paid, both, unpaid = (replace(matter(), shown=ones) for ones in ((AD,), (AD, RESULT), (RESULT,)))
    verb, articles, said = basis(post, tmp_path, MARKET, paid)
    assert (verb, said) == (Verb.ORDER, "")
    assert articles
    assert basis(post, tmp_path, MARKET, both) == (Verb.ASK, articles, "")
    assert "本机关不能删除链接" in basis(post, tmp_path, MARKET, unpaid)[2]
    # An office that is no market supervision asks.
    assert basis(post, tmp_path, replace(MARKET, kind="ipo"), paid)[0] is Verb.ASK
    assert basis(post, tmp_path, MARKET, both, Kind.ORDER)[0] is Verb.ORDER
    assert "本机关不能责令改正" in basis(post, tmp_path, replace(MARKET, kind="ipo"), both, Kind.ORDER)[2]


def test_a_measure_that_is_not_ours_is_refused_with_what_it_lacks(post: Post, tmp_path: Path) -> None:
    lent = replace(matter(), shown=(replace(AD, categories=("licence_renting",)),))
    city = basis(post, tmp_path, MARKET, lent, Kind.ORDER)[2]
    assert "PAR-二十七 主体不明" in city
    assert "APP-十" not in city
    assert "EC-四十二" not in city
    assert "发票" not in city
    talk = basis(post, tmp_path, replace(MARKET, kind="ipo"), matter(), Kind.TALK)[2]
    assert "AUC25-十八 本条权力在市场监督管理部门" in talk
    assert "没有可以关停的平台" in basis(post, tmp_path, MARKET, replace(matter(), shown=(AD,)), Kind.CLOSE)[2]


def test_a_letter_takes_the_facts_that_its_exhibits_show(post: Post, tmp_path: Path) -> None:
    named = replace(AD, categories=("official_impersonation",))
    assert not {"NE-十三", "IAD-十七", "IAD-三十"} & cited(post, tmp_path, named)
    assert "NE-十三" in cited(post, tmp_path, replace(named, facts=frozenset({"emblem"})))
    assert {"IAD-十七", "IAD-三十"} <= cited(post, tmp_path, replace(named, facts=frozenset({"government_query"})))


def test_articles_stand_by_what_they_are_for_whatever_the_category(post: Post, tmp_path: Path) -> None:
    found = law_of(post, tmp_path, AD, replace(AD, categories=("official_impersonation",)))
    parts = [list(Part).index(Part(one.part)) for one in found.articles]
    assert parts == sorted(parts)
    assert len({one.id for one in found.articles} & {"AUC25-九", "AUC25-七"}) == 2


def test_an_order_does_not_outlive_what_carries_it(post: Post, tmp_path: Path) -> None:
    law = Law(Config(home=tmp_path, office=MARKET), post.engine, NOW)
    found, complaints = law_of(post, tmp_path, AD), Complaints()
    assert found.verb is Verb.ORDER
    left = law.left_out(Kind.REMOVE, found, ("AD-六十三", "AD-不在"), complaints)
    assert (left.verb, left.without) == (Verb.ORDER, ("AD-六十三",))
    assert law.left_out(Kind.REMOVE, found, ("AD-六十三", "IAD-二十九"), complaints).verb is Verb.ASK
    assert complaints.said == ()
    law.left_out(Kind.REMOVE, found, tuple(one.id for one in found.articles), complaints)
    assert "没有删除链接可以依据的条文" in complaints.said[0]


def test_an_office_that_says_not_what_it_is_gets_no_law(post: Post, tmp_path: Path) -> None:
    for office in (Office(), Office(kind="amr"), Office(level="city")):
        assert basis(post, tmp_path, office, matter()) == (Verb.ASK, 0, "")


def test_a_letter_whose_articles_nobody_read(post: Post, tmp_path: Path) -> None:
    law = Law(Config(home=tmp_path, office=OFFICE), post.engine, NOW)
    with pytest.raises(UserMistake, match=r"【条文待核】，不能复核：广告法第四条（AD-四）"):
        demand_read(law, composed(wanted()), "H2026-00001")


def test_where_the_law_sees_a_listing() -> None:
    def at(platform: str, *, is_ad: bool = False) -> PlaceKind:
        return place_of(
            Listing(
                platform=platform, kind=ListingKind.RESULT, position=1, title="", url="https://a.example/", is_ad=is_ad
            )
        )

    assert at("baidu", is_ad=True) is PlaceKind.SEARCH_AD
    assert at("baidu") is at("landing") is PlaceKind.OWN_SITE
    assert (at("taobao"), at("wuba"), at("tieba")) == (PlaceKind.SHOP, PlaceKind.SHOP, PlaceKind.FORUM)
