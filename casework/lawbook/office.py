"""An office's own articles over ours: `laws.toml` in its home overrides by id, or adds, and says when to cite them.

A wrong edit is refused with the file and the line, and then nothing of the file holds.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from casework.lawbook.lines import Lines, lines_of, syntax_line
from casework.lawbook.powers import Powers
from casework.lawbook.rows import Rows, Use, read_use
from crawler.errors import RuleInvalid
from detectors.article import Article, read_article
from detectors.strict import Table, one_line, read_table

LAST_PLACE = 1_000_000  # behind every row of ours
_ID = re.compile(r"[A-Z][A-Z0-9]*-\S+")
_KEYS = {
    "id": "id",
    "law": "law",
    "article": "number",
    "cite": "cite",
    "version": "version",
    "rank": "rank",
    "effective": "effective",
    "power": "power",
    "use": "use",
    "wording": "wording",
    "caution": "caution",
    "keyed": "keyed",
    "verified": "verified",
    "source": "source",
    "text": "text",
}


def with_office(articles: Mapping[str, Article], powers: Powers, path: Path) -> dict[str, Article]:
    """Ours with the office's over them; `RuleInvalid` names file and line, and nothing of the file is taken."""
    body = path.read_bytes()
    try:
        whole = read_table(path, body)
    except RuleInvalid as error:
        raise RuleInvalid(_told(path, syntax_line(str(error)), str(error))) from error
    lines = lines_of(body.decode("utf-8"))
    _refuse_strangers(whole, path, body)
    merged, mine = dict(articles), dict[str, int]()
    for number, raw in enumerate(_entries(whole, path, body, "article"), 1):
        try:
            article = _merged(raw, articles, path.name)
            _refuse_twice(article, mine)
            powers.holder(article)
        except RuleInvalid as error:
            raise RuleInvalid(_told(path, lines.of("article", number, str(error)), str(error))) from error
        merged[article.id] = article
        mine[article.id] = number
    _refuse_overlaps(merged, mine, lines, path)
    return merged


def office_uses(path: Path, rows: Rows, known: Container[str]) -> tuple[Use, ...]:
    """When the office cites what it added, after all rows of ours; `with_office` has read the file before."""
    body = path.read_bytes()
    lines, uses = lines_of(body.decode("utf-8")), list[Use]()
    for number, raw in enumerate(_entries(read_table(path, body), path, body, "use"), 1):
        try:
            found = read_use(Table(dict(raw), file=path.name), rows.groups, LAST_PLACE + number * 100)
            if strange := [use.article for use in found if use.article not in known]:
                raise RuleInvalid(f"articles 里没有条文 {'、'.join(strange)}")
        except RuleInvalid as error:
            raise RuleInvalid(_told(path, lines.of("use", number, str(error)), str(error))) from error
        uses += found
    return tuple(uses)


def _refuse_strangers(whole: Table, path: Path, body: bytes) -> None:
    """A key outside the articles and uses is none that we know."""
    for name in whole.names():
        if name not in ("article", "use"):
            found = re.search(rf"^[ \t]*\[*[ \t]*[\"']?{re.escape(name)}", body.decode("utf-8"), re.M)
            line = body.decode("utf-8")[: found.start()].count("\n") + 1 if found else 1
            raise RuleInvalid(_told(path, line, f"不认识的键 {name}，只能写 [[article]] 和 [[use]]"))


def _entries(whole: Table, path: Path, body: bytes, name: str) -> list[dict[str, Any]]:
    if not whole.has(name):
        return []
    entries = tomllib.loads(body.decode("utf-8"))[name]
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise RuleInvalid(_told(path, 1, f"{name} 要写成 [[{name}]]"))
    return entries


def _merged(raw: dict[str, Any], articles: Mapping[str, Article], name: str) -> Article:
    entry = Table(dict(raw), file=name)
    key = entry.text("id")
    if not _ID.fullmatch(key):
        raise RuleInvalid(f"id {key!r} 要像 PAR-四：大写字母和数字，短横，条")
    base = articles.get(key)
    if base is not None:
        _refuse_unsourced(raw, base)
    return read_article(Table((_keys_of(base) if base else {}) | raw, file=name))


def _refuse_unsourced(raw: dict[str, Any], base: Article) -> None:
    """Whoever changes what was read word for word, or says that he read it, names what he read."""
    is_changed = base.verified and raw.get("text", base.text) != base.text
    is_verified_now = raw.get("verified") is True and not base.verified
    if (is_changed or is_verified_now) and "source" not in raw:
        raise RuleInvalid(f"text 改了已核条文 {base.id} 的文字，要同时写 source（读的是哪个文本）")


def _keys_of(article: Article) -> dict[str, Any]:
    """An article as its own file would have it."""
    told = {key: getattr(article, name) for key, name in _KEYS.items()}
    days = {"from": article.since, "until": article.until}
    kept = {key: day for key, day in days.items() if day not in (article.since.min, article.until.max)}
    lists = {"categories": list(article.categories)} if article.categories else {}
    return {key: value for key, value in told.items() if value != ""} | kept | lists


def _refuse_twice(article: Article, mine: Mapping[str, int]) -> None:
    if article.id in mine:
        raise RuleInvalid(f"id {article.id} 在本文件出现两次（第 {mine[article.id]} 项）")


def _refuse_overlaps(merged: Mapping[str, Article], mine: Mapping[str, int], lines: Lines, path: Path) -> None:
    """Two versions of one article never stand on the same day."""
    for key, number in mine.items():
        if other := overlapping(merged[key], merged.values()):
            why = f"from、until 与 {other.id} 重叠：同一条的两个版本不能同日有效，先写旧版的 until"
            raise RuleInvalid(_told(path, lines.of("article", number, why), why))


def overlapping(article: Article, others: Iterable[Article]) -> Article | None:
    """Another version of the same article that stands on a day on which this one does."""
    for other in others:
        is_same = (other.law, other.number) == (article.law, article.number) and other.id != article.id
        are_texts = other.verified and article.verified
        if is_same and are_texts and other.since <= article.until and article.since <= other.until:
            return other
    return None


def _told(path: Path, line: int, why: str) -> str:
    plain = why.removeprefix(f"{path.name}: ")
    return one_line(f"{path} 第 {line} 行：{plain}")
