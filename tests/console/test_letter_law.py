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
from casework.letters.letter import Kind
from casework.letters.matters import Addressee, Matter
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
