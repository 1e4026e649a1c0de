"""What a package tells about its records must be what they are: pictures, texts, pages, and lantian/package.json.

It does not read pages as our spiders do: that a listing stands on its page is checked when a package is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from storage.verify_format import Head, Malformed, canonical
from storage.verify_index import Description
from storage.verify_report import Broken, Findings
from storage.verify_warc import Member
from storage.verify_zip import PACKAGE, PAGES, RECORDS, Entry

LIMIT = 1 << 26
MOST_RECORDS = 300_000
FORMAT = "lantian-package/1"
_KEYS = {"chain", "created", "demand", "exhibits", "format", "specimen", "tool"}
_CAPTURE_KEYS = {"how", "id", "ip_address", "mime", "part", "sha256", "size", "status", "taken_at", "url"}
_EXHIBIT_KEYS = {"captures", "findings", "id", "listing", "page", "platform", "query", "seen_at", "seal", "showing",
                 "visit"}  # fmt: skip

Read = Callable[[str, int], bytes]


class SeenRecord(NamedTuple):
    """What a record in the package says of itself, and what its payload digests to."""

    type: str
    how: str
    uri: str
    date: str
    sha256: str
    size: int
    visit: str
    is_specimen: bool


@dataclass(slots=True)
class Seen:
    """The records of a package, by id, the manifests that their proofs lead to, and the facts of visits."""

    records: dict[str, SeenRecord] = field(default_factory=dict)
    manifests: set[int] = field(default_factory=set)
    visits: dict[str, bytes] = field(default_factory=dict)

    def add(self, member: Member, said: Description) -> bool:
        """Whether it is the first with this id, of records that are not too many to be remembered."""
        if member.id in self.records or len(self.records) == MOST_RECORDS:
            return False
        self.records[member.id] = SeenRecord(
            member.type,
            member.how,
            member.uri,
            member.date,
            member.payload_sha256,
            member.payload_size,
            said.visit,
            said.is_specimen,
        )
        return True

    def add_facts(self, visit: str, raw: bytes) -> None:
        """The facts of a visit; what is too much to be remembered is none, and so is a second telling."""
        is_too_much = sum(map(len, self.visits.values())) + len(raw) > LIMIT
        self.visits[visit] = b"" if is_too_much or visit in self.visits else raw

    def of(self, how: str) -> Iterator[tuple[str, SeenRecord]]:
        return ((name, one) for name, one in self.records.items() if one.type == "resource" and one.how == how)


def check_contents(  # noqa: PLR0913, PLR0917 - all that is known of a package when its records have been read
    read: Read,
    entries: Sequence[Entry],
    digests: dict[str, str],
    seen: Seen,
    found: Findings,
    newest: Head | None,
) -> None:
    """Adds to `found` whatever is told otherwise than the records say."""
    names = {entry.name for entry in entries}
    pictures = {f"pictures/{one.visit or name}.png": one.sha256 for name, one in seen.of("picture")}
    texts = {f"texts/{name}.txt": one.sha256 for name, one in seen.of("text")}
    for kind, folder, wanted in (("picture", "pictures/", pictures), ("text", "texts/", texts)):
        found.extend(_differences(kind, wanted, {name: digests[name] for name in names if name.startswith(folder)}))
    found.extend(_visits(seen))
    found.extend(_pages(read(PAGES, LIMIT), seen))
    try:
        told = canonical(read(PACKAGE, LIMIT))
        found.extend(_package(told, seen, newest))
    except (Malformed, KeyError, TypeError, AttributeError) as wrong:
        detail = str(wrong)[:200] if isinstance(wrong, Malformed) else "不是应有的格式"
        found.add(Broken(kind="package_format", part=PACKAGE, detail=detail))


def _differences(kind: str, wanted: dict[str, str], there: dict[str, str]) -> Iterator[Broken]:
    for name, sha256 in sorted(there.items()):
        if wanted.get(name) != sha256:
            detail = "与它的记录不同" if name in wanted else "包中没有它的记录"
            yield Broken(kind=kind, part=name, detail=detail)
    for name in sorted(wanted.keys() - there.keys()):
        yield Broken(kind="package_missing", part=name, detail="包中有它的记录")


def _visits(seen: Seen) -> Iterator[Broken]:
    """A visit is there whole: every record that its facts list, and the facts wherever a record is of it."""
    for visit in sorted({one.visit for one in seen.records.values() if one.visit} - seen.visits.keys()):
        yield Broken(kind="missing_record", part=RECORDS, detail=f"打开网页 {visit} 的事实记录不在包中")
    for visit, raw in sorted(seen.visits.items()):
        try:
            listed = {one["id"]: (one["uri"], one["sha256"]) for one in canonical(raw)["records"]}
        except (Malformed, KeyError, TypeError):
            yield Broken(kind="package_format", part=RECORDS, detail=f"打开网页 {visit} 的事实记录不是应有的格式")
            continue
        for name, said in listed.items():
            record = seen.records.get(name)
            if record is None or (record.uri, record.sha256) != said:
                detail = f"打开网页 {visit} 时的这条记录不在包中，或与事实记录不同"
                yield Broken(kind="missing_record", part=RECORDS, record=name, detail=detail)


def _pages(raw: bytes, seen: Seen) -> Iterator[Broken]:
    """Every page to begin at is the address of a record, and its text that of one."""
    addresses = {one.uri for one in seen.records.values()}
    texts = {one.sha256 for _, one in seen.of("text")}
    for number, line in enumerate(raw.splitlines(keepends=True)):
        try:
            page = canonical(line)
            is_right = number == 0 or (
                page.keys() <= {"id", "url", "title", "ts", "text"}
                and page["url"] in addresses
                and ("text" not in page or hashlib.sha256(page["text"].encode("utf-8")).hexdigest() in texts)
            )
        except (Malformed, KeyError, AttributeError, TypeError, UnicodeError):
            is_right = False
        if not is_right:
            yield Broken(kind="index", part=PAGES, detail=f"第 {number + 1} 行与记录不符")


def _package(told: Any, seen: Seen, newest: Head | None) -> Iterator[Broken]:
    if told.keys() - {"left_out"} != _KEYS or told["format"] != FORMAT or not told["exhibits"]:
        raise Malformed("不是应有的格式")
    if newest and (told["chain"]["number"], told["chain"]["sha256"]) != (newest.number, newest.sha256):
        yield _wrong("chain", "", "所写的链头不是包中最后一份清单")
    if newest and told["chain"]["archive"] != newest.archive:
        yield _wrong("foreign_manifest", "", "所写的档案不是清单的档案")
    if told["specimen"] is not any(one.is_specimen for one in seen.records.values()):
        yield _wrong("exhibit", "", "样本标记与记录不符")
    for exhibit in told["exhibits"]:
        if exhibit.keys() != _EXHIBIT_KEYS or not exhibit["captures"]:
            raise Malformed("证据项不是应有的格式")
        yield from _exhibit(exhibit, seen)


def _exhibit(exhibit: dict[str, Any], seen: Seen) -> Iterator[Broken]:
    captured = set()
    for capture in exhibit["captures"]:
        if capture.keys() != _CAPTURE_KEYS:
            raise Malformed("固定不是应有的格式")
        record = seen.records.get(capture["id"])
        if record is None:
            yield _wrong("missing_record", capture["id"], f"证据项 {exhibit['id']} 的固定不在包中")
            continue
        captured.add(record.sha256)
        said = (capture["url"], capture["taken_at"], capture["sha256"], capture["size"])
        if said != (record.uri, record.date, record.sha256, record.size):
            yield _wrong("exhibit", capture["id"], "所写的网址、时间或摘要与记录不符")
    for finding in exhibit["findings"]:
        if finding["image"]:
            if finding["image"] not in captured:
                yield _wrong("exhibit", "", f"证据项 {exhibit['id']} 引文所在的图片不在包中")
        elif not finding["quote"] or finding["quote"] not in exhibit["listing"][finding["field"]]:
            yield _wrong("exhibit", "", f"证据项 {exhibit['id']} 的引文不在所写的信息中")


def _wrong(kind: str, record: str, detail: str) -> Broken:
    return Broken(kind=kind, part=PACKAGE, record=record, detail=detail)
