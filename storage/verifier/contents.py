"""What a package tells about its records must be what they are: pictures, texts, pages, and lantian/package.json.

It does not read pages as our spiders do: that a listing stands on its page is checked when a package is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from io import BytesIO

from storage.verifier.format import Malformed, canonical
from storage.verifier.report import Broken
from storage.verifier.seen import Seen
from storage.verifier.told import Known, check_told, left_out
from storage.verifier.zip import PACKAGE, PAGES, RECORDS

LIMIT, LINE_LIMIT = 1 << 26, 1 << 24

Read = Callable[[str, int], bytes]


def check_contents(read: Read, digests: Mapping[str, str], known: Known) -> Iterator[Broken]:
    """Whatever is told otherwise than the records say. `digests` are those of all entries, by name."""
    seen = known.seen
    pictures = {f"pictures/{one.visit or name}.png": one.sha256 for name, one in seen.of("picture")}
    texts = {f"texts/{name}.txt": one.sha256 for name, one in seen.of("text")}
    for kind, folder, wanted in (("picture", "pictures/", pictures), ("text", "texts/", texts)):
        yield from _differences(kind, wanted, {name: one for name, one in digests.items() if name.startswith(folder)})
    told = read(PACKAGE, LIMIT)
    yield from _visits(seen, left_out(told))
    yield from _pages(read(PAGES, LIMIT), seen)
    yield from check_told(told, known)


def _differences(kind: str, wanted: dict[str, str], there: dict[str, str]) -> Iterator[Broken]:
    for name, sha256 in sorted(there.items()):
        if wanted.get(name) != sha256:
            detail = "与它的记录不同" if name in wanted else "包中没有它的记录"
            yield Broken(kind=kind, part=name, detail=detail)
    for name in sorted(wanted.keys() - there.keys()):
        yield Broken(kind="package_missing", part=name, detail="包中有它的记录")


def _visits(seen: Seen, spared: frozenset[str]) -> Iterator[Broken]:
    """A visit is there whole: every record that its facts list, and the facts wherever a record is of it.

    Only a request may be missing, where the package says so itself.
    """
    for visit in sorted({one.visit for one in seen.records.values() if one.visit} - seen.visits.keys()):
        yield Broken(kind="missing_record", part=RECORDS, detail=f"打开网页 {visit} 的事实记录不在包中")
    for visit, raw in sorted(seen.visits.items()):
        try:
            listed = {
                one["id"]: (one["uri"], one["sha256"])
                for one in canonical(raw)["records"]
                if not (one["type"] == "request" and one["id"] in spared and one["id"] not in seen.records)
            }
        except (Malformed, KeyError, TypeError):
            yield Broken(kind="package_format", part=RECORDS, detail=f"打开网页 {visit} 的事实记录不是应有的格式")
            continue
        for name, said in listed.items():
            record = seen.records.get(name)
            if record is None or (record.uri, record.sha256) != said:
                detail = f"打开网页 {visit} 时的这条记录不在包中，或与事实记录不同"
                yield Broken(kind="missing_record", part=RECORDS, record=name, detail=detail)


def _pages(raw: bytes, seen: Seen) -> Iterator[Broken]:
    """Every page to begin at is a record or a visit, with its address, its time and its text."""
    addresses = {one.uri for one in seen.records.values()}
    texts = {one.sha256 for _, one in seen.of("text")}
    lines = BytesIO(raw)
    for number, line in enumerate(iter(partial(lines.readline, LINE_LIMIT), b"")):
        try:
            page = canonical(line)
            is_right = number == 0 or (
                page.keys() <= {"id", "url", "title", "ts", "text"}
                and page["url"] in addresses
                and page["ts"] == _time_of(page["id"], seen)
                and ("text" not in page or hashlib.sha256(page["text"].encode("utf-8")).hexdigest() in texts)
            )
        except (Malformed, KeyError, AttributeError, TypeError, UnicodeError):
            is_right = False
        if not is_right:
            yield Broken(kind="index", part=PAGES, detail=f"第 {number + 1} 行与记录不符")


def _time_of(name: str, seen: Seen) -> str:
    """When the record with this id was made, or the visit was begun."""
    record = seen.records.get(name)
    return record.date if record else str(canonical(seen.visits[name])["started_at"])
