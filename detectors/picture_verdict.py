"""A listing's picture judged: what stands in it meets the same rules as any text, with less trust.

A likeness to a reference shape is a reason for 冒用官方名义, and a finding of its own only beside
words that claim an office or speak of the trade; that finding stays on trial. Nothing here reads pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from crawler.items import Entity, Finding, Listing
from crawler.pictures import Box, PictureText, around
from detectors.scene import sells
from detectors.screen import Screen
from detectors.shapes import Likeness, Shape, likenesses

FIELD = "image"
OCR_REASON, OCR_POINTS = "文字是从图片中识别的，可信度较低", -10
SHAPE_POINTS = 20  # beside a claim in words that is a finding already

SHAPE_RULE = "official_impersonation_shape"
CATEGORY = "official_impersonation"
SHAPE_NEEDS, SHAPE_SEVERITY = 50, 3
SHAPE_ARTICLES = ("AD-九", "NE-十三", "NT-十四")
LIKE, EXACT, EXACT_WITHIN = 35, 45, 6  # points, and differing bits
CLAIM_REASON, CLAIM_POINTS = "同时有声称官方的文字", 25
TRADE_REASON, TRADE_POINTS = "说的是专利、商标等代理业务", 15
GENUINE_REASON, GENUINE_POINTS = "网址是国家机关的", -80
GENUINE = ".gov.cn"
# Offices, and phrases that make one: 官方 alone is what every brand calls its shop.
CLAIMS = (
    "国家知识产权局", "国知局", "知识产权局", "专利局", "商标局", "版权局",
    "官方指定", "官方授权", "国家指定", "国家授权", "唯一指定",
)  # fmt: skip
TRADE = (
    "专利", "商标", "知识产权", "知产", "发明", "实用新型", "外观设计", "版权", "著作权", "软著", "下证",
    "專利", "商標", "發明", "版權", "著作權",
)  # fmt: skip


def is_worth_reading(listing: Listing, query: str, *, is_flagged: bool) -> bool:
    """Whether pictures of this listing may hold an offer of the trade. Cheap: every listing of every page is asked.

    A seller who hides the offer leaves the title empty of it, so what a question about the trade
    brings up for sale is read too, unless its text is flagged already.
    """
    if speaks_of_trade(f"{listing.title}\n{listing.text}\n{listing.seller}"):
        return True
    return sells(listing) and not is_flagged and speaks_of_trade(query)


def speaks_of_trade(text: str) -> bool:
    return any(word in text for word in TRADE)


def judge_picture(
    screen: Screen, listing: Listing, picture: PictureText, digest: str, shapes: Sequence[Shape] = ()
) -> tuple[Finding, ...]:
    """Findings of field "image"; `digest` is the SHA-256 of the picture's bytes.

    Offsets are into `picture.text`; `box` is around the quoted characters, or around the likeness.
    """
    found = [
        trusted
        for finding in _in_text(screen, listing, picture)
        for trusted in [_as_seen(finding, picture, digest)]
        if trusted.points >= trusted.needs
    ]
    for likeness in likenesses(picture.marks, shapes):
        found = _with_likeness(found, likeness, listing, picture, digest)
    return tuple(sorted(found, key=lambda finding: -finding.points))


def picture_entities(screen: Screen, listing: Listing, picture: PictureText) -> tuple[Entity, ...]:
    """Phones, accounts and names written in the picture, as entities of field "image"."""
    alone = replace(listing, title="", seller="", text=picture.text)
    return tuple(replace(one, field=FIELD) for one in screen.entities(alone) if one.field == "text")


def _in_text(screen: Screen, listing: Listing, picture: PictureText) -> list[Finding]:
    """The title gives context. Where it is the stronger offer itself, the picture is judged without it too."""
    if not picture.lines:
        return []
    shown = replace(listing, text=picture.text)
    beside = screen.judge(shown)
    found = [finding for finding in beside if finding.field == "text"]
    if len(found) < len(beside):
        known = {finding.rule for finding in found}
        alone = screen.judge(replace(shown, title="", seller=""))
        found += [finding for finding in alone if finding.field == "text" and finding.rule not in known]
    return found


def _as_seen(finding: Finding, picture: PictureText, digest: str) -> Finding:
    return replace(
        finding,
        field=FIELD,
        image=digest,
        box=picture.box_of(finding.start, finding.end),
        points=finding.points + OCR_POINTS,
        contra=(*finding.contra, (OCR_REASON, OCR_POINTS)),
    )


def _with_likeness(
    found: list[Finding], likeness: Likeness, listing: Listing, picture: PictureText, digest: str
) -> list[Finding]:
    """A claim in words that is a finding gets one reason more; otherwise the likeness may be one itself."""
    reason = _named(likeness)
    claims = [finding for finding in found if finding.category == CATEGORY and finding.rule != SHAPE_RULE]
    if claims:
        more = replace(
            claims[0],
            points=claims[0].points + SHAPE_POINTS,
            pro=(*claims[0].pro, (reason, SHAPE_POINTS)),
            box=_both(claims[0].box, likeness.box),
        )
        return [more if finding is claims[0] else finding for finding in found]
    alone = _alone(likeness, listing, picture, digest)
    return [*found, alone] if alone.points >= alone.needs else found


def _both(quoted: tuple[int, ...], likeness: Box) -> Box:
    left, top, right, bottom = quoted
    return around([(left, top, right, bottom), likeness])


def _named(likeness: Likeness) -> str:
    return f"与单位提供的参考图形「{likeness.shape.name}」近似"


def _alone(likeness: Likeness, listing: Listing, picture: PictureText, digest: str) -> Finding:
    words = f"{listing.title}\n{listing.text}\n{listing.seller}\n{picture.text}"
    pro = [(_named(likeness), EXACT if likeness.distance <= EXACT_WITHIN else LIKE)]
    if any(word in words for word in CLAIMS):
        pro.append((CLAIM_REASON, CLAIM_POINTS))
    if speaks_of_trade(words):
        pro.append((TRADE_REASON, TRADE_POINTS))
    contra = [(GENUINE_REASON, GENUINE_POINTS)] if _is_genuine(listing.url) else []
    return Finding(
        rule=SHAPE_RULE,
        rule_digest=_rule_digest(likeness.shape),
        state="trial",
        category=CATEGORY,
        severity=SHAPE_SEVERITY,
        field=FIELD,
        start=0,
        end=0,
        quote="",
        points=sum(points for _, points in (*pro, *contra)),
        needs=SHAPE_NEEDS,
        pro=tuple(pro),
        contra=tuple(contra),
        articles=SHAPE_ARTICLES,
        image=digest,
        box=likeness.box,
    )


def _rule_digest(shape: Shape) -> str:
    """Over all that decides: the points here, and the reference shape."""
    points = (LIKE, EXACT, EXACT_WITHIN, CLAIM_POINTS, TRADE_POINTS, GENUINE_POINTS, SHAPE_NEEDS, CLAIMS, TRADE)
    return hashlib.sha256(f"{points}\0{shape.digest}".encode()).hexdigest()


def _is_genuine(url: str) -> bool:
    try:
        return f".{urlsplit(url).hostname or ''}".endswith(GENUINE)
    except ValueError:
        return False
