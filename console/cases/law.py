"""`lantian law`: what an article says, what the office's own file makes of it, and who confirmed which version.

Reading needs no credential; a confirmation needs a legal reviewer's own, and counts only while the log proves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from casework.acting import Grant
from casework.law import Book, Confirmations, digest_of
from casework.letters.refusing import Proofs
from console.acting import acting
from console.cases import law_asked
from console.output import harmless, page, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from detectors.article import Article
from storage.cases.laws import Laws
from storage.db import is_there, open_database

OFFICE_FILE = "laws.toml"
UNREAD = "条文待核"


def book_of(config: Config) -> Book:
    """Our articles with the office's own over them."""
    return Book.load(config.home / OFFICE_FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a legal reviewer says of his reading: against which source, by whom, and perhaps of which digest."""

    source: str
    digest: str
    by: str


@contextmanager
def laws_of(config: Config, what: str) -> Iterator[tuple[Laws, Engine]]:
    """The home's confirmations and delegations; `UserMistake` where there is no home yet."""
    if not is_there(config.database):
        raise UserMistake(f"{config.home} 里还没有数据，{what}")
    engine = open_database(config.database)
    try:
        yield Laws(engine), engine
    finally:
        engine.dispose()


def confirmations_in(config: Config) -> Confirmations:
    """What was confirmed in the home; nothing where there is none, and none is made for the question."""
    if not is_there(config.database):
        return {}
    with laws_of(config, "") as (laws, engine):
        proofs = Proofs(engine)
        return {(one.article, one.digest): one.confirmed_by for one in laws.confirmed() if proofs.has_read(one)}


def show_article(name: str, *, as_json: bool) -> None:
    config = Config.load()
    article = _article(book_of(config), name)
    told = article_told(article, confirmations_in(config))
    if as_json:
        print_json(told)
        return
    print_line(harmless(f"{article.cite}（{article.id}）"))
    for words, value in (
        ("版本", article.version),
        ("位阶", article.rank),
        ("时效", _days(article)),
        ("有权主体", article.power or "—"),
        ("用途", article.use),
        ("法定用语", article.wording),
        ("注意", article.caution),
        ("来源", article.source),
        ("核对", told["confirmed_by"] or UNREAD),
        ("摘要", told["digest"]),
    ):
        if value:
            print_line(harmless(f"  {words}：{value}"))
    for line in article.text.splitlines():
        print_line(harmless(line))


def list_articles(category: str, *, unconfirmed: bool, as_json: bool) -> None:
    """Every article, or those of a category, or those that letters may cite and nobody confirmed."""
    config = Config.load()
    book, known = book_of(config), confirmations_in(config)
    wanted = law_asked.category(category) if category else ""
    used = {use.article for use in book.rows.uses}
    told = [
        article_told(article, known)
        for article in book.articles.values()
        if (not wanted or wanted in article.categories) and (not unconfirmed or article.id in used)
    ]
    told = [one for one in told if not (unconfirmed and one["confirmed_by"])]
    if as_json:
        for one in told:
            print_json(one)
        return
    rows = [(one["id"], one["cite"], one["days"], one["power"] or "—", one["confirmed_by"] or UNREAD) for one in told]
    print_table(("编号", "条文", "时效", "有权主体", "核对"), rows)


def article_told(article: Article, known: Confirmations) -> dict[str, Any]:
    """An article as JSON tells it."""
    digest = digest_of(article)
    names = ("id", "law", "number", "cite", "version", "rank", "power", "use", "wording", "caution", "keyed")
    return {name: getattr(article, name) for name in names} | {
        "days": _days(article),
        "categories": list(article.categories),
        "verified": article.verified,
        "source": article.source,
        "text": article.text,
        "digest": digest,
        "confirmed_by": known.get((article.id, digest), ""),
    }


def check_file(path: Path | None, *, as_json: bool) -> None:
    """Read the office's file as a letter would; a wrong edit is a mistake with its line."""
    chosen = path or Config.load().home / OFFICE_FILE
    if not chosen.exists():
        raise UserMistake(
            f"没有 {chosen}：本机关没有自己的条文文件，函件用系统自带的条文；"
            "要改或者要加，就建这个文件并写 [[article]]，再运行 lantian law check；或者写明文件：lantian law check 文件"
        )
    ours, whole = Book.load(), Book.load(chosen)
    changed = [name for name, one in whole.articles.items() if name in ours.articles and ours.articles[name] != one]
    added = [name for name in whole.articles if name not in ours.articles]
    if as_json:
        print_json({"file": str(chosen), "changed": changed, "added": added, "articles": len(whole.articles)})
        return
    say(f"{chosen} 可用：改 {len(changed)} 条（{'、'.join(changed)}），加 {len(added)} 条（{'、'.join(added)}）")


def confirm_articles(names: Sequence[str], read: Read, *, as_json: bool) -> None:
    """A legal reviewer says that he read these versions against the original; all of them, or none is written."""
    config = Config.load()
    book = book_of(config)
    articles = [_readable(config, _article(book, name)) for name in dict.fromkeys(names)]
    if not read.source.strip():
        raise UserMistake("写明核对所用的文本：--source 国家法律法规数据库")
    _refuse_changed(articles, read.digest)
    with laws_of(config, "先运行 lantian user add") as (laws, engine):
        person = acting(config, engine, Grant.LEGAL, by=read.by)
        for article in articles:
            confirmed = laws.confirm(article.id, digest_of(article), read.source.strip(), clock.now(), person.sign)
            if as_json:
                print_json(asdict(confirmed) | {"confirmed_at": confirmed.confirmed_at.isoformat()})
            else:
                said = f"{article.cite}（{article.id}，{confirmed.digest[:12]}）由 {confirmed.confirmed_by} 核对"
                say(f"{said}，依据 {confirmed.source}")


def _readable(config: Config, article: Article) -> Article:
    if not article.text:
        file = config.home / OFFICE_FILE
        raise UserMistake(f"{article.id} 没有原文，不能核对：先在 {file} 里写上 text、verified 和 source")
    return article


def _refuse_changed(articles: Sequence[Article], digest: str) -> None:
    if digest and len(articles) > 1:
        raise UserMistake("--digest 只在核对一条时用")
    now_digest = digest_of(articles[0])
    if digest and (len(digest) < 6 or not now_digest.startswith(digest.lower())):
        raise UserMistake(f"{articles[0].id} 现在的摘要是 {now_digest[:12]}，不是 {digest[:64]}：条文改过，请重新看")


def list_confirmations(*, as_json: bool) -> None:
    """Who confirmed what; a confirmation of a version that is no longer ours is said to have lapsed."""
    config = Config.load()
    book = book_of(config)
    current = {(one.id, digest_of(one)) for one in book.articles.values()}
    with laws_of(config, "没有核对过的条文") as (laws, _):
        kept = laws.confirmed()
    if as_json:
        for one in kept:
            stands = (one.article, one.digest) in current
            print_json(asdict(one) | {"confirmed_at": one.confirmed_at.isoformat(), "stands": stands})
        return
    rows = [
        (
            one.article,
            one.digest[:12],
            one.confirmed_by,
            clock.in_shanghai(one.confirmed_at),
            one.source,
            "有效" if (one.article, one.digest) in current else "条文已改，失效",
        )
        for one in kept
    ]
    print_table(("编号", "摘要", "核对人", "时间", "依据", "状态"), rows)


def _article(book: Book, name: str) -> Article:
    if name not in book.articles:
        near = [one for one in book.articles if one.startswith(name.partition("-")[0] + "-")][:10]
        raise UserMistake(
            f"没有条文 {harmless(name[:60])}：lantian law list" + (f"（如 {'、'.join(near)}）" if near else "")
        )
    return book.articles[name]


def _days(article: Article) -> str:
    since = "" if article.since == article.since.min else f"{article.since} 起"
    until = "" if article.until == article.until.max else f"至 {article.until}"
    return " ".join(part for part in (since, until, article.effective) if part)


def print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    page().print(table)
