"""A specimen web: a folder of invented pages and the manifest that says where each one is served.

The loader is strict: a wrong manifest is a person's mistake and is refused with the entry's
name, because a page that silently does not exist would look like a platform without results.
The format is described in `docs/specimen.md`.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from console.specimen_entry import Entry
from crawler.errors import UserMistake
from crawler.items import Outcome

VERSION = 1
MANIFESTS = ("manifest.toml", "manifest.json")

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SERVERS_OWN = frozenset(("content-length", "transfer-encoding", "connection"))


@dataclass(frozen=True, slots=True)
class Address:
    """A path and its query parameters, percent-decoded, parameters sorted."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, target: str) -> Address:
        """Read a request target; escapes are UTF-8, or GB18030 where they are not UTF-8."""
        path, _, query = target.partition("#")[0].partition("?")
        pairs = (part.partition("=") for part in query.split("&") if part)
        return cls(_decode(path), tuple(sorted((_decode_form(name), _decode_form(value)) for name, _, value in pairs)))

    def covers(self, asked: Address) -> bool:
        """Same path, and every parameter named here stands in `asked` too."""
        return self.path == asked.path and not set(self.parameters) - set(asked.parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenPage:
    """One answer of one host. Several `files` take turns; none is an empty body.

    `delay` is in seconds; `hang` never answers; `cut` is the number of body bytes sent of
    the full length that was declared, -1 for all of them.
    """

    host: str
    target: str
    address: Address
    files: tuple[Path, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    hang: bool = False
    cut: int = -1
    gzip: bool = False


NOT_FOUND = SpecimenPage(host="", target="", address=Address(""), status=404)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a round over this web must find (`category`) or must leave alone (no category)."""

    title: str
    spider: str = ""
    host: str = ""
    query: str = ""
    category: str = ""

    @property
    def is_innocent(self) -> bool:
        return not self.category


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenQuery:
    """A query that the round over this web asks, and how its run must end, if that is said."""

    spider: str
    query: str
    outcome: Outcome | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A whole web: its pages in the manifest's order, what to ask of it and what to expect."""

    folder: Path
    pages: tuple[SpecimenPage, ...]
    queries: tuple[SpecimenQuery, ...]
    expectations: tuple[Expectation, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host once, in the manifest's order."""
        return tuple(dict.fromkeys(page.host for page in self.pages))

    def find(self, host: str, target: str) -> SpecimenPage:
        """The page for a request; `NOT_FOUND` when there is none.

        The literal target comes first, then the page whose named parameters all stand in
        the request; of several such pages the one that names most, and then the earlier.
        """
        here = [page for page in self.pages if page.host == host]
        for page in here:
            if page.target == target:
                return page
        asked = Address.of(target)
        covering = [page for page in here if page.address.covers(asked)]
        return max(covering, key=lambda page: len(page.address.parameters), default=NOT_FOUND)


def load(folder: Path) -> Specimen:
    """Read `manifest.toml` or `manifest.json` in `folder`. Raises `UserMistake` by entry."""
    path = _manifest_in(folder)
    top = Entry(path.name, _parsed(path))
    if top.whole("version", 0) != VERSION:
        raise top.mistake(f"version 必须是 {VERSION}")
    root = path.parent.resolve()
    pages = tuple(_page(entry, root) for entry in top.tables("page"))
    queries = tuple(map(_query, top.tables("query")))
    expectations = tuple(map(_expectation, top.tables("expect")))
    top.refuse_unknown()
    if not pages:
        raise top.mistake("没有任何 [[page]]")
    _refuse_twins(top, pages)
    return Specimen(folder=root, pages=pages, queries=queries, expectations=expectations)


def _manifest_in(folder: Path) -> Path:
    for name in MANIFESTS:
        if (folder / name).is_file():
            return folder / name
    raise UserMistake(f"样本目录 {folder} 里没有 {' 或 '.join(MANIFESTS)}")


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as wrong:
        raise UserMistake(f"{path} 无法读取：{wrong}") from None


def _page(entry: Entry, root: Path) -> SpecimenPage:
    target = entry.needed("path")
    page = SpecimenPage(
        host=entry.needed("host"),
        target=target,
        address=Address.of(target),
        files=tuple(_file(entry, root, name) for name in _file_names(entry)),
        status=entry.whole("status", 200),
        headers=tuple(entry.pairs("headers")),
        delay=entry.seconds("delay"),
        hang=entry.flag("hang"),
        cut=entry.whole("cut", -1),
        gzip=entry.flag("gzip"),
    )
    entry.refuse_unknown()
    _refuse_nonsense(entry, page)
    return page


def _file_names(entry: Entry) -> list[str]:
    single, several = entry.text("file"), entry.texts("rotate")
    if single and several:
        raise entry.mistake("file 与 rotate 只能有一个")
    return [single] if single else several


def _file(entry: Entry, root: Path, name: str) -> Path:
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise entry.mistake(f"文件 {name} 在样本目录之外")
        if not path.is_file():
            raise entry.mistake(f"文件 {name} 不存在")
    except (ValueError, OSError, RuntimeError) as wrong:
        raise entry.mistake(f"文件名 {name!r} 不可用：{wrong}") from None
    return path


def _refuse_nonsense(entry: Entry, page: SpecimenPage) -> None:
    if not _HOST.fullmatch(page.host):
        raise entry.mistake("host 应当是小写的主机名，不带端口")
    if not page.target.startswith("/") or any(character in page.target for character in " \r\n\t#"):
        raise entry.mistake("path 应当以 / 开头，不含空白和 #")
    if not 200 <= page.status <= 599:
        raise entry.mistake("status 应在 200 到 599 之间")
    _refuse_headers(entry, page)
    if page.cut != -1 and (not page.files or page.cut < 0):
        raise entry.mistake("cut 应当是不小于 0 的字节数，并且要有 file")
    if page.cut >= 0 and not page.gzip and page.cut >= min(path.stat().st_size for path in page.files):
        raise entry.mistake("cut 不小于文件长度，什么也截不掉")


def _refuse_headers(entry: Entry, page: SpecimenPage) -> None:
    for name, value in page.headers:
        if not _TOKEN.fullmatch(name) or not value.isprintable():
            raise entry.mistake(f"headers 中的 {name!r} 不可用")
        if name.lower() in _SERVERS_OWN:
            raise entry.mistake(f"headers 中的 {name} 由服务器自己决定（截断请用 cut）")
        if page.gzip and name.lower() == "content-encoding":
            raise entry.mistake("gzip 与 Content-Encoding 只能有一个")


def _refuse_twins(top: Entry, pages: tuple[SpecimenPage, ...]) -> None:
    seen: set[tuple[str, Address]] = set()
    for page in pages:
        if (page.host, page.address) in seen:
            raise top.mistake(f"{page.host} {page.target} 出现了两次（轮换请用 rotate）")
        seen.add((page.host, page.address))


def _query(entry: Entry) -> SpecimenQuery:
    outcome = entry.text("outcome")
    if outcome and outcome not in list(Outcome):
        raise entry.mistake(f"不认识的 outcome {outcome}")
    query = SpecimenQuery(
        spider=entry.needed("spider"),
        query=entry.needed("query"),
        outcome=Outcome(outcome) if outcome else None,
        reason=entry.text("reason"),
    )
    entry.refuse_unknown()
    return query


def _expectation(entry: Entry) -> Expectation:
    expectation = Expectation(
        title=entry.needed("title"),
        spider=entry.text("spider"),
        host=entry.text("host"),
        query=entry.text("query"),
        category=entry.text("category"),
    )
    innocent = entry.flag("innocent")
    entry.refuse_unknown()
    if not (expectation.spider or expectation.host):
        raise entry.mistake("要写 spider 或 host")
    if innocent == bool(expectation.category):
        raise entry.mistake("category 与 innocent = true 必须恰好有一个")
    return expectation


def _decode(escaped: str) -> str:
    raw = unquote_to_bytes(escaped)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def _decode_form(escaped: str) -> str:
    return _decode(escaped.replace("+", " "))
