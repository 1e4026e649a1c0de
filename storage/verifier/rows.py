"""What the database says held against what the archive holds: captures, manifests, the audit log.

It only reads the database, and trusts nothing in it: a row is right when the archive says the same. Places of
records go through a temporary database of the verifier's own, so that memory stays bounded.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from storage.verifier.audit import check_log, missing_log
from storage.verifier.chain import Chain
from storage.verifier.leaves import head_name, token_name
from storage.verifier.report import Broken, Findings
from storage.verifier.warc import Member

DATABASE = "lantian.db"
MOST_VALUE = 1 << 23
_NOT_IN_URI = re.compile(rb"[^\x21-\x7e]|[<>]")
_OWN = """
CREATE TABLE places (
    id TEXT NOT NULL, file TEXT NOT NULL, at INTEGER NOT NULL, length INTEGER NOT NULL, type TEXT NOT NULL,
    date TEXT NOT NULL, uri TEXT NOT NULL, how TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL
);
CREATE TABLE gone (id TEXT NOT NULL, number INTEGER NOT NULL);
"""
_TWICE = "SELECT id, file, max(at) FROM places GROUP BY id HAVING count(*) > 1 ORDER BY file, 3"
_PART_OF_VISIT = re.compile(r"\Aurn:(?:screenshot|dom|text|mhtml|facts|imported):")
# Columns of a row and the same of its record; what differs first is what is told.
_AGREE = (
    ("类型", "CASE c.how WHEN 'http' THEN 'response' WHEN 'network' THEN 'response' ELSE 'resource' END", "p.type"),
    ("文件", "c.file", "p.file"),
    ("位置", "c.offset", "p.at"),
    ("长度", "c.length", "p.length"),
    ("来源", "CASE c.how WHEN 'http' THEN '' ELSE c.how END", "p.how"),
    ("网址", "lantian_uri(c.url)", "lantian_page(p.uri)"),
    ("时间", "replace(c.taken_at, ' ', 'T') || 'Z'", "p.date"),
    ("大小", "c.size", "p.size"),
    ("摘要", "c.sha256", "p.sha256"),
)
# So many of them a manifest's leaves know already.
_PLACES = 4


class Places:
    """Where every record lies that was read. With `database`, its rows are seen as they were when this was made.

    With `is_quick` the records were not unpacked, so rows are compared with what manifests say of them.
    """

    def __init__(self, database: Path | None, *, is_quick: bool = False) -> None:
        self._agree = _AGREE[:_PLACES] if is_quick else _AGREE
        self._own = sqlite3.connect("", uri=True, isolation_level=None)
        # A generated column or a blob may be as large as its maker likes; nothing of ours comes near this.
        self._own.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE)
        self._own.create_function("lantian_uri", 1, _uri, deterministic=True)
        self._own.create_function("lantian_page", 1, _page, deterministic=True)
        self._own.executescript(_OWN)
        self._trouble = ""
        # A head is written before its row: while this is so, somebody is at work, or died there.
        self.is_behind = False
        if database is not None:
            self._attach(database)
        self._own.execute("BEGIN")
        if database is not None:
            self._look()

    def _attach(self, database: Path) -> None:
        # A view in a hostile database must not call anything of ours.
        self._own.execute("PRAGMA trusted_schema = OFF")
        # Without a write-ahead log nobody has it open, and opening it as usual would leave one behind.
        still = "" if Path(f"{database}-wal").exists() else "&immutable=1"
        try:
            self._own.execute(f"ATTACH 'file:{quote(str(database.resolve()))}?mode=ro{still}' AS home")
        except sqlite3.DatabaseError as wrong:
            self._trouble = str(wrong)

    def _look(self) -> None:
        """The first look is what all later ones see."""
        try:
            self._columns("captures")
        except sqlite3.DatabaseError as wrong:
            self._trouble = self._trouble or str(wrong)

    def close(self) -> None:
        self._own.close()

    def tell(self, file: str, members: Iterable[Member]) -> None:
        """Remember these."""
        self._own.executemany(
            "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    member.id,
                    file,
                    member.offset,
                    member.length,
                    member.type,
                    member.date,
                    member.uri,
                    member.how,
                    member.payload_sha256,
                    member.payload_size,
                )
                for member in members
            ],
        )

    def tell_gone(self, removed: Iterable[tuple[str, int]]) -> None:
        """Remember what expired."""
        self._own.executemany("INSERT INTO gone VALUES (?, ?)", removed)

    # -- the archive with itself -----------------------------------------------------------------

    def twice(self) -> Iterator[Broken]:
        """Ids that more than one record has."""
        self._own.execute("CREATE INDEX by_id ON places (id)")
        self._own.execute("CREATE INDEX gone_by_id ON gone (id)")
        for record, file, at in self._own.execute(_TWICE):
            yield Broken(kind="duplicate_record", part=file, record=record, offset=at)
        revived = "SELECT p.id, p.file, p.at FROM places p JOIN gone g ON g.id = p.id"
        for record, file, at in self._own.execute(revived):
            detail = "已按期删除的记录又出现"
            yield Broken(kind="duplicate_record", part=file, record=record, offset=at, detail=detail)

    # -- the database ------------------------------------------------------------------------------

    def compare(self, chain: Chain, tokens: set[str], is_there: Callable[[str], bool], findings: Findings) -> None:
        """All tables that speak of the archive; `is_there` says whether it has a file of that name now."""
        if self._trouble:
            findings.add(Broken(kind="rows", part=DATABASE, detail=f"读不出来：{self._trouble}"))
            return
        try:
            findings.extend(self._seals(chain, tokens))
            findings.extend(self._extents(chain))
            findings.extend(self._captures())
            findings.extend(self._visits())
            # What was sealed while we read speaks of entries that came after our first look; none ever goes.
            self._own.execute("COMMIT")
            has_log = bool(self._columns("audit"))
            findings.extend(check_log(self._own, chain, is_there) if has_log else missing_log(chain))
        except (sqlite3.DatabaseError, OverflowError, TypeError, ValueError, KeyError) as wrong:
            findings.add(Broken(kind="rows", part=DATABASE, detail=f"读不出来：{wrong}"))

    def _columns(self, table: str) -> set[str]:
        # A view may be anything, without end too.
        query = "SELECT count(*) FROM home.sqlite_master WHERE type = 'table' AND name = ? AND rootpage > 0"
        if not self._own.execute(query, (table,)).fetchone()[0]:
            return set()
        return {row[1] for row in self._own.execute(f"PRAGMA home.table_info({table})")}

    def _captures(self) -> Iterator[Broken]:
        columns = self._columns("captures")
        if not columns:
            yield Broken(kind="rows", part=DATABASE, detail="没有 captures 表")
            return
        expired = "c.expired_in" if "expired_in" in columns else "NULL"
        alike = " AND ".join(f"{row} IS {record}" for _, row, record in self._agree)
        differing = ", ".join(f"{row} IS NOT {record}" for _, row, record in self._agree)
        query = (
            f"SELECT c.id, c.file, c.offset, p.id, {expired}, g.number, {differing} FROM home.captures c "  # noqa: S608
            f"LEFT JOIN places p ON p.id = c.id LEFT JOIN gone g ON g.id = c.id "
            f"WHERE NOT (({expired} IS NULL AND g.number IS NULL AND p.id IS NOT NULL AND {alike}) "
            f"OR ({expired} IS g.number AND g.number IS NOT NULL AND p.id IS NULL))"
        )
        for record, file, offset, found, expired_in, number, *differs in self._own.execute(query):
            detail = _difference(found, expired_in, number, differs)
            yield Broken(
                kind="rows",
                part=str(file),
                record=str(record),
                offset=offset if isinstance(offset, int) else None,
                detail=detail,
            )

    def _visits(self) -> Iterator[Broken]:
        """A visit's bytes begin with one of its records and end with its facts."""
        if not self._columns("browser_captures"):
            return
        self._own.execute("CREATE INDEX by_place ON places (file, at)")
        query = """
            SELECT b.id, b.file, b.offset FROM home.browser_captures b JOIN places f ON f.id = b.facts_id
            WHERE b.file IS NOT f.file OR b.offset + b.length IS NOT f.at + f.length
            OR NOT EXISTS (SELECT 1 FROM places p WHERE p.file = b.file AND p.at = b.offset)
        """
        for visit, file, at in self._own.execute(query):
            offset = at if isinstance(at, int) else None
            detail = "浏览器固定的位置与其记录不同"
            yield Broken(kind="rows", part=str(file), record=str(visit), offset=offset, detail=detail)

    def _seals(self, chain: Chain, tokens: set[str]) -> Iterator[Broken]:
        if not self._columns("seals"):
            yield from _no_table("seals", chain)
            return
        heads = {head.number: head for head in chain.heads}
        newest = self._own.execute("SELECT max(number) FROM home.seals").fetchone()[0] or 0
        self.is_behind = chain.last is not None and newest < chain.last.number
        for number, sha256, stamped in self._own.execute(
            "SELECT number, sha256, stamped_at IS NOT NULL FROM home.seals ORDER BY number"
        ):
            name = head_name(number) if isinstance(number, int) else str(number)
            head = heads.get(number)
            if head is None and number > (chain.last.number if chain.last else 0):
                yield Broken(kind="chain_cut", part=name, detail=f"数据库中有这份清单（{sha256}），档案中没有")
            elif head is not None and head.sha256 != sha256:
                yield Broken(kind="fork", part=name, detail=f"数据库中是 {sha256}，档案中是 {head.sha256}")
            elif stamped and token_name(number) not in tokens:
                yield Broken(kind="token_missing", part=token_name(number), detail="数据库中有时间戳，档案中没有")

    def _extents(self, chain: Chain) -> Iterator[Broken]:
        if not self._columns("sealed_extents"):
            yield from _no_table("sealed_extents", chain)
            return
        last = chain.last.number if chain.last else 0
        query = 'SELECT file, max("to"), max(number) FROM home.sealed_extents GROUP BY file'
        for file, end, number in self._own.execute(query):
            known = chain.files.get(file)
            if number <= last and (known is None or end > known.end):
                detail = f"数据库说已封存到 {end}，清单说到 {known.end if known else 0}"
                yield Broken(kind="rows", part=str(file), detail=detail)


def _no_table(name: str, chain: Chain) -> Iterator[Broken]:
    """Before anything was sealed there was none."""
    if chain.heads:
        yield Broken(kind="rows", part=DATABASE, detail=f"没有 {name} 表")


def _difference(found: object, expired_in: object, number: object, differs: list[int]) -> str:
    """What does not agree, in words."""
    if number is not None or expired_in is not None:
        return (
            f"数据库说删除于第 {expired_in} 号清单，清单说第 {number} 号" if found is None else "已删除，却仍在档案中"
        )
    if found is None:
        return "数据库中的固定在档案中没有记录"
    return "与记录不同：" + "、".join(what for (what, _, _), is_so in zip(_AGREE, differs, strict=False) if is_so)


def _page(uri: object) -> str:
    """The page's address out of that of a part of a visit to it: `urn:dom:https://…`."""
    return _PART_OF_VISIT.sub("", str(uri))


def _uri(url: object) -> str:
    """An address as it stands in WARC-Target-URI."""
    raw = str(url).encode("utf-8", "surrogatepass")
    scheme, colon, rest = _NOT_IN_URI.sub(lambda bad: b"%%%02X" % bad[0][0], raw).decode("ascii").partition(":")
    return f"{scheme.lower()}{colon}{rest}"
