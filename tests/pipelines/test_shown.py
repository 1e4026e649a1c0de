"""What a visit is worth: each way in which a picture can fall short of the quote has its word."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from engine import CAPTCHA, QUOTE, Engine, Shop, document, row

from crawler.captures import Box, Frame, Message, PictureVerdict, Place, Sought, Visit
from crawler.items import Exhibit, Finding, Page
from pipelines.shown import failed, showings, sought
from pipelines.standing import own_places
from spiders.landing import Landing

T0 = datetime(2026, 8, 1, 2, 30, tzinfo=UTC)
BOX = Box(left=10, top=100, right=210, bottom=120)
QUERY_BOX = Box(left=10, top=10, right=210, bottom=40)


FIRST = row(f"星河知产 专利{QUOTE}")


def finding(quote: str = QUOTE, **changes: object) -> Finding:
    plain = Finding(
        rule="r", rule_digest="d", state="active", category="guaranteed_grant", severity=3, field="title", start=0,
        end=len(quote), quote=quote, points=70, needs=60, pro=(), contra=(), articles=(),
    )  # fmt: skip
    return replace(plain, **changes)


def flagged(body: str = document(FIRST), *, findings: tuple[Finding, ...] = (finding(),), at: int = 0) -> Exhibit:
    """The exhibit that a page makes of its listing number `at`."""
    listing = Engine().read(Page(url="http://probe.example/s", body=body.encode())).listings[at]
    return Exhibit(id="e1", listing=listing, findings=findings)


def place(quote: str = QUOTE, **changes: object) -> Place:
    return replace(Place(exhibit="e1", quote=quote, box=BOX, label=BOX, label_text="广告"), **changes)


TITLE = f"星河知产 专利{QUOTE}"


def title(words: str = TITLE, **changes: object) -> Place:
    """Where the listing begins."""
    return place(words, label=None, label_text="", **{"box": replace(BOX, right=310), **changes})


def visit(body: str = document(FIRST), *places: Place, **changes: object) -> Visit:
    plain = Visit(
        id="v1", requested_url="http://probe.example/s", url="http://probe.example/s", redirects=(), status=200,
        title="虚构", started_at=T0, ended_at=T0, browser="chromium/1", picture=b"\x89PNG", dom=body.encode(), text=b"",
        mhtml=b"", messages=(), chains=(),
        frame=Frame(width=1280, height=2000, places=(title(), *(places or (place(),))), query_box=QUERY_BOX),
    )  # fmt: skip
    return replace(plain, **changes)


def verdict(exhibit: Exhibit, seen: Visit, spider: type[Engine] = Engine) -> tuple[str, str]:
    (showing,) = showings([exhibit], seen, spider(), "词")
    assert showing.visit == seen.id
    return str(showing.verdict), showing.reason


# -- it shows the quote --------------------------------------------------------------------------


def test_an_advertisement_with_label_query_and_quote_is_shown() -> None:
    body = document(row("另一条", ad=False), FIRST)
    (showing,) = showings([flagged()], visit(body), Engine(), "词")
    assert (showing.verdict, showing.reason, showing.position) == (PictureVerdict.SHOWS_QUOTE, "", 2)
    assert (showing.places, showing.query_box) == ((place(),), QUERY_BOX), "the title alone is no quote"
    assert (showing.width, showing.height) == (1280, 2000)


def test_line_breaks_of_the_page_are_no_difference() -> None:
    body = document(row("星河知产 专利包\n  授权"))
    assert verdict(flagged(), visit(body)) == ("shows_quote", "")


def test_a_key_that_changes_at_each_load_is_no_difference() -> None:
    before, again = (document(row(TITLE, href=f"/p?trace={load}", ad=False)) for load in (1, 2))
    assert flagged(before).listing.key != flagged(again).listing.key
    assert verdict(flagged(before), visit(again)) == ("shows_quote", "")


def test_a_shop_needs_no_label_and_no_query() -> None:
    seen = visit(document(FIRST), place(label=None, label_text=""))
    seen = replace(seen, frame=replace(seen.frame, query_box=None))
    assert verdict(flagged(), seen, Shop) == ("shows_quote", "")
    assert verdict(flagged(), seen, Engine) == ("differs", "no_label")
    unmarked = replace(seen, dom=document(row(TITLE, ad=False)).encode())
    assert verdict(flagged(), unmarked, Shop) == ("shows_quote", "")


# -- it differs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (document(row("云帆商标")), "listing_gone"),
        (document(row(f"云帆 专利{QUOTE}", site="yunfan.example")), "listing_gone"),
        (document(row(f"星河知产 专利{QUOTE}", ad=False)), "no_label"),
        (document(), "page_changed"),
        ("", "page_changed"),
        (CAPTCHA, "wall"),
    ],
    ids=["gone", "another seller says the same", "not paid for any more", "no results", "empty", "captcha"],
)
def test_a_page_that_shows_something_else(body: str, reason: str) -> None:
    assert verdict(flagged(), visit(body)) == ("differs", reason)


def test_a_listing_that_lost_its_words() -> None:
    before = document(row("星河知产", text=f"专利{QUOTE}，不过退款"))
    after = document(row("星河知产", text="专利申请"))
    assert flagged(before).listing.key == flagged(after).listing.key
    assert verdict(flagged(before), visit(after)) == ("differs", "quote_gone")


def test_of_two_with_one_key_the_one_that_says_it_counts() -> None:
    body = document(row("星河知产", text="专利申请"), row("星河知产", text=f"专利{QUOTE}"))
    (showing,) = showings([flagged(body, at=1)], visit(body, title("星河知产"), place()), Engine(), "词")
    assert (showing.verdict, showing.position) == ("shows_quote", 2)


def test_every_quote_must_be_there() -> None:
    body = document(row(f"星河知产 专利{QUOTE} 绿色通道"))
    two = flagged(body, findings=(finding(), finding("绿色通道")))
    head = title(two.listing.title)
    assert verdict(two, visit(body, head, place(), place("绿色通道"))) == ("shows_quote", "")
    assert verdict(two, visit(body, head, place())) == ("differs", "not_in_frame")
    assert verdict(two, visit()) == ("differs", "listing_gone")


@pytest.mark.parametrize(
    "box",
    [
        replace(BOX, bottom=2001),
        replace(BOX, right=1281),
        replace(BOX, left=-1),
        replace(BOX, right=BOX.left),
        replace(BOX, bottom=BOX.top),
    ],
    ids=["below", "right of it", "left of it", "no width", "no height"],
)
def test_a_quote_outside_the_picture_is_not_shown(box: Box) -> None:
    assert verdict(flagged(), visit(document(FIRST), place(box=box))) == ("differs", "not_in_frame")


def test_a_place_of_another_exhibit_shows_nothing() -> None:
    assert verdict(flagged(), visit(document(FIRST), place(exhibit="e2"))) == ("differs", "not_in_frame")


@pytest.mark.parametrize(
    "changes",
    [{"label": None}, {"label_text": "关于"}, {"label": replace(BOX, bottom=9999)}],
    ids=["none", "another word", "below the picture"],
)
def test_an_advertisement_without_its_label_is_not_shown(changes: dict[str, object]) -> None:
    assert verdict(flagged(), visit(document(FIRST), place(**changes))) == ("differs", "no_label")


def test_an_advertisement_without_the_query_is_not_shown() -> None:
    for box in (None, replace(QUERY_BOX, top=-1)):
        seen = visit()
        assert verdict(flagged(), replace(seen, frame=replace(seen.frame, query_box=box))) == (
            "differs",
            "no_query_box",
        )


IMAGE_URL, IMAGE = "http://pic.example/1.png", b"the picture's bytes"
DIGEST = hashlib.sha256(IMAGE).hexdigest()


def message(url: str, body: bytes) -> Message:
    return Message(
        url=url, method="GET", request_headers=(), request_body=b"", status=200, reason="", protocol="http/1.1",
        response_headers=(), body=body, ip_address="", at=T0,
    )  # fmt: skip


def pictured(url: str = IMAGE_URL, **changes: object) -> Place:
    return place("", label=None, label_text="", image=url, **changes)


@pytest.mark.parametrize(
    ("image", "body", "verdict_and_reason"),
    [
        (pictured(), IMAGE, ("shows_quote", "")),
        (pictured(f"{IMAGE_URL}#top"), IMAGE, ("shows_quote", "")),
        (pictured(), b"another picture by now", ("differs", "image_quote")),
        (pictured("http://pic.example/2.png"), IMAGE, ("differs", "image_quote")),
        (pictured(box=replace(BOX, bottom=9999)), IMAGE, ("differs", "image_quote")),
        (pictured(exhibit="e2"), IMAGE, ("differs", "image_quote")),
        (title(), IMAGE, ("differs", "image_quote")),
    ],
    ids=["there", "with a fragment", "changed", "another", "below", "of another listing", "nowhere"],
)
@pytest.mark.parametrize("quote", [QUOTE, ""], ids=["words", "a likeness"])
def test_what_was_read_in_a_picture_is_shown_by_that_very_picture(
    image: Place, body: bytes, quote: str, verdict_and_reason: tuple[str, str]
) -> None:
    one = flagged(findings=(finding(quote, field="image", image=DIGEST, box=(1, 2, 3, 4)),))
    seen = visit(document(FIRST), image, messages=(message(IMAGE_URL, body),))
    assert verdict(one, seen, Shop) == verdict_and_reason


def test_pictures_are_looked_for_where_something_was_found_in_one() -> None:
    one = flagged(findings=(finding(image=DIGEST),))
    one = replace(one, listing=replace(one.listing, images=(IMAGE_URL,), title="专" * 40))
    assert sought([one]) == (Sought(exhibit="e1", quotes=("专" * 40, "专" * 12), is_ad=True, images=(IMAGE_URL,)),)
    assert sought([replace(one, findings=(finding(),))])[0].images == ()


# -- it failed -----------------------------------------------------------------------------------


def test_a_visit_without_a_picture_failed_and_says_why() -> None:
    seen = visit(picture=b"", troubles=(("mhtml", "too_large"), ("picture", "timeout")))
    (showing,) = showings([flagged()], seen, Engine(), "词")
    assert (showing.verdict, showing.reason, showing.detail, showing.visit) == ("failed", "no_picture", "timeout", "v1")


def test_only_what_was_flagged_is_judged() -> None:
    innocent = replace(flagged(findings=()), id="e2")
    assert showings([innocent], visit(), Engine(), "词") == ()
    assert failed([innocent], "no_browser", "x") == ()
    assert [one.exhibit for one in failed([innocent, flagged()], "no_browser", "x")] == ["e1"]
    assert sought([innocent, flagged(findings=(finding(), finding()))]) == (
        Sought(exhibit="e2", quotes=(TITLE,)),
        Sought(exhibit="e1", quotes=(QUOTE, TITLE), is_ad=True),
    )


# -- whose place it is ---------------------------------------------------------------------------


def boxed(left: int, top: int, width: int = 200) -> Box:
    return Box(left=left, top=top, right=left + width, bottom=top + 20)


@pytest.mark.parametrize(
    ("at", "is_own"),
    [
        (boxed(40, 100), True),
        (boxed(10, 160), True),
        (boxed(10, 60), False),
        (boxed(10, 240), False),
        (boxed(700, 160), False),
        (boxed(10, 1900), False),
    ],
    ids=["in the title", "in its text", "above it", "in the next one's", "in another column", "at the page's foot"],
)
def test_a_quote_that_stands_elsewhere_is_not_its_own(at: Box, is_own: bool) -> None:
    others = [
        Place(exhibit="e2", quote="云帆商标", box=boxed(10, 200)),
        Place(exhibit="e3", quote="晨曦代理", box=boxed(700, 100)),
    ]
    frame = Frame(width=1280, height=2000, places=(title(box=boxed(10, 100, 400)), place(box=at), *others))
    titles = {"e1": TITLE, "e2": "云帆商标", "e3": "晨曦代理"}
    one = flagged(document(row(TITLE, text=f"专利{QUOTE}")))
    assert own_places(one, (QUOTE,), titles, frame) == ((place(box=at),) if is_own else ())


def test_a_listing_whose_title_cannot_be_seen_shows_nothing() -> None:
    frame = Frame(width=1280, height=2000, places=(place(),))
    assert own_places(flagged(), (QUOTE,), {"e1": TITLE}, frame) == ()


def test_words_of_a_title_that_stand_in_a_text_too_end_nothing() -> None:
    one = flagged(document(row(TITLE, text=f"专利{QUOTE}")))
    common = [Place(exhibit="e2", quote="专利", box=boxed(10, top)) for top in (120, 300)]
    own = place(box=boxed(10, 140))
    frame = Frame(width=1280, height=2000, places=(title(), own, *common))
    assert own_places(one, (QUOTE,), {"e1": TITLE, "e2": "专利"}, frame) == (own,)


def test_what_only_the_title_says_is_looked_for_nowhere_else() -> None:
    frame = Frame(width=1280, height=2000, places=(title(box=boxed(10, 100, 400)), place(box=boxed(10, 160))))
    assert own_places(flagged(), (QUOTE,), {"e1": TITLE}, frame) == ()


def test_a_title_that_is_cut_short_still_begins_its_listing() -> None:
    whole = f"星河知产专利商标版权一站式服务 {QUOTE} 不授权退款 名额有限"
    one = flagged(document(row(whole)))
    begin = title(whole[:12], box=boxed(10, 100, 200))
    second_line, elsewhere = place(box=boxed(10, 125, 60)), place(box=boxed(10, 400, 60))
    frame = Frame(width=1280, height=2000, places=(begin, second_line, elsewhere))
    assert own_places(one, (QUOTE,), {"e1": whole}, frame) == (second_line,)
    twice = replace(frame, places=(*frame.places, replace(begin, box=boxed(10, 390))))
    assert own_places(one, (QUOTE,), {"e1": whole}, twice) == (), "two that begin alike tell nothing"


# -- a page that is one listing as a whole ---------------------------------------------------------


def landed(frame: Frame) -> tuple[str, str]:
    """What a picture of an advertiser's own page is worth; its title stands in the tab alone."""
    body = f"<title>星河知产</title><body><h1>专利{QUOTE}，先办后付款</h1></body>"
    (listing,) = Landing().read(Page(url="https://www.xinghe.example/", body=body.encode())).listings
    one = Exhibit(id="e1", listing=listing, findings=(finding(field="text"),))
    seen = replace(visit(body), url="https://www.xinghe.example/", frame=frame)
    (showing,) = showings([one], seen, Landing(), "https://www.xinghe.example/")
    return str(showing.verdict), showing.reason


def test_whatever_stands_on_a_page_of_ones_own_is_its_own() -> None:
    frame = Frame(width=1280, height=2000, places=(place(label=None, label_text=""),), query_box=None)
    assert landed(frame) == ("shows_quote", "")


@pytest.mark.parametrize(
    "other", [place(exhibit="e2"), place("另外的话"), place(box=Box(left=10, top=3000, right=210, bottom=3020))]
)
def test_a_page_of_ones_own_shows_only_its_own_quotes_inside_the_picture(other: Place) -> None:
    assert landed(Frame(width=1280, height=2000, places=(other,), query_box=None)) == ("differs", "not_in_frame")
