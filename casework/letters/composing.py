"""Composes a letter out of what was proven: the same matters give the same content, word for word.

Contacts on the pages are masked in what the letter quotes; an address that carries one stays as it must be opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from casework.law_words import Verb
from casework.letters import phrases
from casework.letters.annexes import annexes, excerpt, reminder_annexes
from casework.letters.content import ArticleIn, Content, PictureIn
from casework.letters.letter import Kind, Letter, Listed, Paragraph
from casework.letters.matters import Matter, Shown, Wanted
from casework.letters.phrases import KIND_WORDS, SUGGESTED, Told
from casework.masking import masked, masked_quote
from casework.papers.paper import clipped
from crawler.clock import SHANGHAI, in_shanghai
from crawler.errors import UserMistake
from crawler.tables import Letters, Office

MOST_PICTURES = 20
EXCERPTS = 3  # of a category in the letter itself; the list has them all
NUMERALS = "一二三四五六七八九十"
_OFFICE = {"name": "名称", "kind": "类型", "level": "层级", "code": "机关代字", "person": "联系人", "phone": "联系电话"}


def office_complaints(office: Office) -> tuple[str, ...]:
    """What of the office's own facts a letter lacks; nothing where all is there."""
    missing = [words for name, words in _OFFICE.items() if not getattr(office, name)]
    if not office.province:
        missing.append("所在省份")
    return (f"lantian.toml 的 [office] 缺少：{'、'.join(missing)}",) if missing else ()


def composed(wanted: Wanted) -> Content:
    """The letter with all it rests on. `UserMistake` when there is nothing to write about."""
    if not wanted.matters:
        raise UserMistake("没有可以写进函里的线索")
    told = _told(wanted)
    listed = tuple(_listed(wanted))
    return Content(
        letter=_letter(wanted, told, listed),
        verb=wanted.basis.verb.value,
        listed=() if wanted.kind is Kind.WARN else listed,
        leads=tuple(one.lead for one in wanted.matters),
        articles=tuple(ArticleIn(id=one.id, cite=one.cite, digest=one.digest) for one in wanted.basis.articles),
        pictures=_pictures(wanted),
        operators=wanted.addressee.operators,
        notes=wanted.basis.notes,
        without=wanted.basis.without,
    )


def _told(wanted: Wanted) -> Told:
    shown = [one for matter in wanted.matters for one in matter.shown]
    return Told(
        kind=wanted.kind,
        verb=wanted.basis.verb,
        addressee=wanted.addressee.name,
        platforms=tuple(dict.fromkeys(one.platform for one in shown)),
        categories=tuple(dict.fromkeys(category for one in shown for category, _ in one.quotes)),
        listings=len(shown),
        leads=len(wanted.matters),
        days=wanted.settings.answer_days,
        is_ipo=wanted.office.kind == "ipo",
    )


def _letter(wanted: Wanted, told: Told, listed: tuple[Listed, ...]) -> Letter:
    office = wanted.office
    return Letter(
        kind=wanted.kind,
        letterhead=office.letterhead or office.name,
        code=office.code,
        year=wanted.now.astimezone(SHANGHAI).year,
        marks=(),
        title=phrases.title(told),
        addressee=wanted.addressee.name,
        paragraphs=tuple(_paragraphs(wanted, told)),
        annexes=annexes(wanted, listed),
        signer=office.name,
        contact=f"联系人：{office.person}，电话：{office.phone}",
        copies=wanted.addressee.copies,
        is_specimen=any(one.is_specimen for matter in wanted.matters for one in matter.shown),
    )


def _paragraphs(wanted: Wanted, told: Told) -> Iterator[Paragraph]:
    yield Paragraph(text=phrases.opening(told))
    parts = [("监测发现的情况", tuple(_facts(wanted.matters)))] if wanted.kind is not Kind.WARN else []
    if wanted.basis.articles:
        cites = tuple(one.cite for one in wanted.basis.articles)
        parts.append(("依据", (Paragraph(text=phrases.basis(told, cites)),)))
    asked = tuple(
        Paragraph(text=f"（{numeral(at)}）{text}") for at, text in enumerate(phrases.requests(told), 1)
    )  # fmt: skip
    parts.append(("提示事项" if wanted.kind is Kind.WARN else "请予办理事项", asked))
    for at, (head, paragraphs) in enumerate(parts, 1):
        yield Paragraph(text=f"{numeral(at)}、{head}", level=1)
        yield from paragraphs
    yield from (Paragraph(text=text) for text in phrases.closing(told))


def _facts(matters: tuple[Matter, ...]) -> Iterator[Paragraph]:
    """By category: how many, from when to when, and what was said in at most fifty characters."""
    shown = [one for matter in matters for one in matter.shown]
    categories = dict.fromkeys(category for one in shown for category, _ in one.quotes)
    for at, category in enumerate(categories, 1):
        of_it = [one for one in shown if any(name == category for name, _ in one.quotes)]
        yield Paragraph(text=f"（{numeral(at)}）涉嫌{category}", level=2)
        yield Paragraph(text=f"共{len(of_it)}条，看见时间{_span(of_it)}。{_excerpts(of_it, category)}")
    yield Paragraph(text=phrases.SUSPECTED)


def _span(shown: list[Shown]) -> str:
    first, last = min(one.first_seen for one in shown), max(one.last_seen for one in shown)
    return f"自{_day(first)}至{_day(last)}" if _day(first) != _day(last) else f"为{_day(first)}"


def _day(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def _excerpts(shown: list[Shown], category: str) -> str:
    quotes = dict.fromkeys(
        excerpt(masked_quote(quote)) for one in shown for name, quote in one.quotes if name == category and quote
    )
    told = [f"“{one}”" for one in list(quotes)[:EXCERPTS]]
    if not told:
        return "表述见所附图片。"
    more = f"等{len(quotes)}种" if len(quotes) > EXCERPTS else ""
    return f"原文表述有：{'、'.join(told)}{more}。"


def numeral(at: int) -> str:
    """一 for 1, up to 九十九."""
    if at <= 10:
        return NUMERALS[at - 1]
    tens, ones = divmod(at, 10)
    return f"{NUMERALS[tens - 1] if tens > 1 else ''}十{NUMERALS[ones - 1] if ones else ''}"


def _listed(wanted: Wanted) -> Iterator[Listed]:
    at = 0
    for matter in wanted.matters:
        for one in matter.shown:
            at += 1
            yield Listed(
                number=str(at),
                lead=matter.lead.number,
                category="、".join(dict.fromkeys(category for category, _ in one.quotes)),
                url=one.url,
                account=masked(one.account),
                title=masked(one.title),
                quote="；".join(dict.fromkeys(excerpt(masked_quote(quote)) for _, quote in one.quotes if quote)),
                seen=" 至 ".join(dict.fromkeys((in_shanghai(one.first_seen), in_shanghai(one.last_seen)))),
                captured=in_shanghai(one.captured_at),
                sha256=one.sha256,
                measure=SUGGESTED[wanted.kind],
                query=masked(one.query),
                position=f"第 {one.position} 位" if one.position else "",
            )


def _pictures(wanted: Wanted) -> tuple[PictureIn, ...]:
    """Those that show the quote, each page once; a client is shown nobody's page."""
    if wanted.kind is Kind.WARN:
        return ()
    found = [one.picture for matter in wanted.matters for one in matter.shown if one.picture]
    return tuple({one.capture: one for one in found}.values())[:MOST_PICTURES]


def subject_words(content: Content) -> str:
    """A letter in a few words, for lists: its kind and its addressee."""
    return f"{KIND_WORDS[content.letter.kind]} {clipped(content.letter.addressee, 60)}"


def reminded(first: Content, number: str, document: str, settings: Letters) -> Content:
    """A reminder of a letter, over the leads that `first` still names; what is listed stays word for word."""
    numbers = {one.number for one in first.leads}
    listed = tuple(
        replace(one, number=str(at), measure=SUGGESTED[Kind.REMIND])
        for at, one in enumerate((line for line in first.listed if line.lead in numbers), 1)
    )
    told = Told(
        kind=Kind.REMIND,
        verb=Verb.ASK,
        addressee=first.letter.addressee,
        platforms=(),
        categories=tuple(dict.fromkeys(word for one in listed for word in one.category.split("、"))),
        listings=len(listed),
        leads=len(first.leads),
        days=settings.answer_days,
        is_ipo=False,
        document=document,
    )
    asked = (f"（{numeral(at)}）{text}" for at, text in enumerate(phrases.requests(told), 1))
    texts = (phrases.opening(told), *asked, *phrases.closing(told))
    letter = replace(
        first.letter,
        kind=Kind.REMIND,
        title=phrases.title(told),
        paragraphs=tuple(Paragraph(text=text) for text in texts),
        annexes=reminder_annexes(listed, tuple(one.number for one in first.leads)),
    )
    return replace(
        first, letter=letter, listed=listed, articles=(), pictures=(), reminds=number, notes=(), without=()
    )  # fmt: skip
