"""Zhihu's answers, articles and questions as JSON: from its API and from the state of its modern pages.

The column post was captured in 2015; all else here is known from code only.
"""

from __future__ import annotations

import json
import re
from typing import Any

from crawler.errors import LoginRequired, PageBlocked, PageBroken, PageChanged, PageEmpty, PageGone
from crawler.items import Kind, Reading
from spiders.found import Found
from spiders.reading import Document, Node, attr, block_text_of, first, fragment
from spiders.state import at, count_at, first_text, members_at, objects_at, split, text_at

HOME = "https://www.zhihu.com"
COLUMNS = "https://zhuanlan.zhihu.com"
KINDS = ("answer", "article", "question")
LOGIN_CODES = ("100", "101", "601", "4041", "40353")

_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")


def read_api(platform: str, document: Document) -> Reading:
    told = document.json
    _refuse_error(told)
    found = Found(platform, document)
    if text_at(told, "type") in KINDS or (text_at(told, "content") and text_at(told, "title")):
        _add_object(found, told, text_at(told, "type") or "article")
        return found.reading()
    if not isinstance(at(told, "data"), list):
        raise PageChanged("no_marker", "JSON that is neither a post nor a list")
    for entry in objects_at(told, "data"):
        if isinstance(at(entry, "object"), dict):
            _add_object(found, entry["object"], "", members_at(entry, "highlight"))
        elif text_at(entry, "type") in KINDS:
            _add_object(found, entry, "")
    is_end = at(told, "paging", "is_end") is True
    if is_end and not told["data"]:
        raise PageEmpty("no_result", "an empty list that says it is the last")
    total = count_at(told, "paging", "totals")
    return found.reading(total=total, next_url="" if is_end else text_at(told, "paging", "next"))


def _refuse_error(told: Any) -> None:
    """An error in place of an answer: members only, slow down, or no such thing."""
    error = members_at(told, "error")
    if not error:
        return
    code, message = text_at(error, "code"), text_at(error, "message")
    if code in LOGIN_CODES or "NOT_LOGIN" in text_at(error, "name") or at(error, "need_login") is True:
        raise LoginRequired("login_wall", f"{code} {message}")
    if code in ("404", "4042") or "NotFound" in text_at(error, "name"):
        raise PageGone("deleted", f"{code} {message}")
    raise PageBlocked("rate_limit", f"{code} {message}")


def _add_object(found: Found, told: dict[str, Any], kind: str, highlight: dict[str, Any] | None = None) -> None:
    """An answer, article or question as the API and the page's state write it."""
    kind = kind or text_at(told, "type")
    number = first_text(told, "id", "slug")
    question = members_at(told, "question")
    author = members_at(told, "author")
    title = _plain(first_text(highlight or {}, "title") or first_text(told, "title", "name"))
    if kind == "answer":
        title = _plain(first_text(question, "title", "name")) or title
    content = (
        first_text(told, "content", "detail")
        or first_text(told, "excerpt")
        or first_text(highlight or {}, "description")
    )
    body = fragment(content)
    found.add(
        kind=Kind.ARTICLE if kind == "article" else Kind.POST,
        title=title,
        url=_address(kind, told, number, text_at(question, "id")),
        text=block_text_of(body),
        seller=_plain(text_at(author, "name")),
        seller_id=first_text(author, "urlToken", "url_token", "slug", "id"),
        item_id=number,
        images=[first_text(told, "titleImage", "title_image", "imageUrl", "image_url"), *pictures(body)],
    )


def _address(kind: str, told: dict[str, Any], number: str, question: str) -> str:
    """Where a person reads it. The API's own `url` leads to more JSON, so ids come first."""
    if kind == "answer" and number:
        return f"{HOME}/question/{question}/answer/{number}" if question else f"{HOME}/answer/{number}"
    if kind == "question" and number:
        return f"{HOME}/question/{number}"
    link = text_at(told, "url")
    if link.startswith("/"):
        return COLUMNS + link
    return f"{COLUMNS}/p/{number}" if number else link


def pictures(body: Node | None) -> list[str]:
    """The pictures of a text in their full size, each once: most are written twice, for readers without scripts."""
    images = body.css("img") if body is not None else []
    names = ("data-original", "data-actualsrc", "src")
    return [next(filter(None, (attr(image, name) for name in names)), "") for image in images]


def _plain(html: str) -> str:
    """Text that may be HTML: names carry <em>, contents are whole documents."""
    return block_text_of(fragment(html)) if _MARKUP.search(html) else html


def state_of(document: Document) -> dict[str, Any]:
    script = first(document.root, "script#js-initialData")
    if script is None:
        return {}
    try:
        told = json.loads(script.text())
    except (ValueError, RecursionError):
        if document.is_truncated:
            raise PageBroken("truncated", "the state breaks off") from None
        raise PageChanged("structure", "the state is not JSON") from None
    return members_at(told, "initialState")


def read_state(platform: str, document: Document, state: dict[str, Any]) -> Reading:
    """The listings of the state: those of the address if it names some, else all in the page's order."""
    found = Found(platform, document)
    entities = members_at(state, "entities")
    steps = [step for step in split(document.url).path.split("/") if step]
    number = steps[1] if len(steps) > 1 and steps[0] in ("question", "p") else ""
    questions, articles = members_at(entities, "questions"), members_at(entities, "articles")
    listed = members_at(state, "question", "answers", number)
    if number and steps[0] == "p" and number in articles:
        articles, questions, answers = {number: articles[number]}, {}, []
    else:
        answers = _in_order(members_at(entities, "answers"), listed, number)
    for answer in answers:
        question = text_at(answer, "question", "id")
        known = members_at(questions, question)
        _add_object(found, {**answer, "question": {**known, **members_at(answer, "question")}}, "answer")
    for article in articles.values():
        if isinstance(article, dict):
            _add_object(found, article, "article")
    if not found.listings and number in questions:
        _add_object(found, members_at(questions, number), "question")
    following = "" if at(listed, "isDrained") is True else text_at(listed, "next") or _search_next(state)
    return found.reading(total=count_at(questions, number, "answerCount"), next_url=following)


def _in_order(answers: dict[str, Any], listed: dict[str, Any], question: str) -> list[dict[str, Any]]:
    """The answers as the page ranks them, then those it holds besides."""
    ids = at(listed, "ids")
    ranked = [_number(entry) for entry in ids] if isinstance(ids, list) else []
    names = [name for name in dict.fromkeys([*ranked, *answers]) if isinstance(answers.get(name), dict)]
    rows = [answers[name] for name in names]
    return [row for row in rows if not question or text_at(row, "question", "id") in ("", question)]


def _number(entry: Any) -> str:
    """An entry of a ranking: a bare number, or an object that points to its target."""
    return first_text(entry, "target", "id") if isinstance(entry, dict) else text_at({"": entry}, "")


def _search_next(state: dict[str, Any]) -> str:
    asked = members_at(state, "search", "generalByQuery").values()
    return next(filter(None, (text_at(answered, "next") for answered in asked)), "")
