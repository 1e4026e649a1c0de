"""lantian/package.json held against the records of its package, the facts of their visits, and the heads of the chain.

Whatever one of these decides must be told as it is. What only a reading of the page can tell (titles, sellers, places)
is decided when a package is made; afterwards the package's own time stamp holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from storage.verifier.format import Head, Malformed, canonical, moment, moment_text
from storage.verifier.report import SEALED, STAMPED, Broken
from storage.verifier.seen import Seen, SeenRecord
from storage.verifier.zip import PACKAGE

FORMAT = "lantian-package/1"
_KEYS = {"chain", "created", "demand", "exhibits", "format", "specimen", "tool"}
_CHAIN_KEYS = {"archive", "number", "sealed_at", "sha256", "sm3", "stamped_at"}
_CAPTURE_KEYS = {"how", "id", "ip_address", "mime", "part", "sha256", "size", "status", "taken_at", "url"}
_EXHIBIT_KEYS = {"captures", "findings", "id", "listing", "page", "platform", "query", "seen_at", "seal", "showing",
                 "visit"}  # fmt: skip
# By which means a part can have been captured.
_PARTS = {
    "page": {"http", "network", "browser", "imported"},
    "original": {"imported"},
    "redirect": {"http", "network"},
    "image": {"http", "network", "imported"},
    "picture": {"picture"},
    "old picture": {"picture"},
    "dom": {"browser"},
    "text": {"text"},
    "mhtml": {"mhtml"},
    "facts": {"facts"},
}
_SHOWS, _VERDICTS = "shows_quote", ("shows_quote", "differs", "failed")
_NOT_PLAIN = re.compile(r"[^!-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What has been verified already. `tokens` are the numbers of manifests that the package has a token of, `stamped`
    the moments of those whose authority is trusted."""

    seen: Seen
    heads: Mapping[int, Head]
    tokens: frozenset[int]
    stamped: Mapping[int, str]

    @property
    def newest(self) -> Head | None:
        return self.heads[max(self.heads)] if self.heads else None


def left_out(raw: bytes) -> frozenset[str]:
    """The ids of requests that the package says are not in it; none where it says so otherwise than it must."""
    try:
        told = canonical(raw)["left_out"]
        return frozenset(one for one in told if isinstance(one, str)) if isinstance(told, list) else frozenset()
    except (Malformed, KeyError, TypeError):
        return frozenset()


def check_told(raw: bytes, known: Known) -> Iterator[Broken]:
    """Whatever these bytes of lantian/package.json tell otherwise than it is."""
    try:
        yield from _package(canonical(raw), known)
    except (Malformed, KeyError, TypeError, AttributeError) as wrong:
        detail = str(wrong)[:200] if isinstance(wrong, Malformed) else "不是应有的格式"
        yield Broken(kind="package_format", part=PACKAGE, detail=detail)


def _package(told: Any, known: Known) -> Iterator[Broken]:
    if told.keys() - {"left_out"} != _KEYS or told["format"] != FORMAT or not told["exhibits"]:
        raise Malformed("不是应有的格式")
    if told["demand"] not in (SEALED, STAMPED) or not isinstance(told["tool"], str):
        raise Malformed("所写的要求或程序不是应有的格式")
    moment(told["created"])
    yield from _chain(told["chain"], known)
    if told["demand"] == STAMPED and not known.seen.manifests <= known.tokens:
        yield _wrong("exhibit", "", "所写的要求是 stamped，包中却有清单没有时间戳")
    if told["specimen"] is not any(one.is_specimen for one in known.seen.records.values()):
        yield _wrong("exhibit", "", "样本标记与记录不符")
    spared = told.get("left_out", [])
    if not isinstance(spared, list) or any(one in known.seen.records for one in spared):
        yield _wrong("exhibit", "", "说没有给出的记录在包中，或不是应有的格式")
    names = [exhibit["id"] for exhibit in told["exhibits"]]
    if len(names) != len(set(names)):
        yield _wrong("exhibit", "", "同一证据项写了两次")
    for exhibit in told["exhibits"]:
        if exhibit.keys() != _EXHIBIT_KEYS or not exhibit["captures"]:
            raise Malformed("证据项不是应有的格式")
        yield from _exhibit(exhibit, known)


def _chain(told: Any, known: Known) -> Iterator[Broken]:
    if told.keys() != _CHAIN_KEYS:
        raise Malformed("链条不是应有的格式")
    head = known.newest
    if head is None:
        return
    said = {"number": head.number, "sha256": head.sha256, "sm3": head.sm3, "sealed_at": moment_text(head.sealed_at)}
    if wrong := _differing(told, said):
        yield _wrong("chain", "", f"所写的链头不是包中最后一份清单：{wrong}")
    if told["archive"] != head.archive:
        yield _wrong("foreign_manifest", "", "所写的档案不是清单的档案")
    at = told["stamped_at"]
    if at and (head.number not in known.tokens or at != known.stamped.get(head.number, moment_text(moment(at)))):
        yield _wrong("chain", "", "所写的时间戳不是包中最后一份清单的")


def _exhibit(exhibit: dict[str, Any], known: Known) -> Iterator[Broken]:
    captured = {}
    for capture in exhibit["captures"]:
        if capture.keys() != _CAPTURE_KEYS:
            raise Malformed("固定不是应有的格式")
        record = known.seen.records.get(capture["id"])
        if record is None:
            yield _wrong("missing_record", capture["id"], f"证据项 {exhibit['id']} 的固定不在包中")
            continue
        captured[capture["id"]] = record
        yield from _capture(capture, record)
    pages = [captured[one["id"]] for one in exhibit["captures"] if one["part"] == "page" and one["id"] in captured]
    yield from _seal(exhibit, pages, known)
    yield from _findings(exhibit, {one.sha256 for one in captured.values()})
    yield from _showing(exhibit, known.seen)


def _capture(capture: dict[str, Any], record: SeenRecord) -> Iterator[Broken]:
    said = {
        "how": record.capture_how,
        "ip_address": record.ip_address,
        "sha256": record.sha256,
        "size": record.size,
        "status": record.status,
        "taken_at": record.date,
        "url": record.uri,
    }
    wrong = _differing(capture, said)
    # What is no plain letter in a header is not spelled the same by all who read it.
    if _NOT_PLAIN.sub("", capture["mime"]) != _NOT_PLAIN.sub("", record.mime):
        wrong += " mime"
    if capture["how"] not in _PARTS.get(capture["part"], ()):
        wrong += " part"
    if wrong:
        yield _wrong("exhibit", capture["id"], f"所写的与记录不符：{wrong.strip()}")


def _seal(exhibit: dict[str, Any], pages: list[SeenRecord], known: Known) -> Iterator[Broken]:
    """The page's own record is proved by the manifest that is named, and that is what it is said to be."""
    seal, name = exhibit["seal"], exhibit["id"]
    if seal.keys() != {"head", "manifest", "state"} or seal["state"] not in (SEALED, STAMPED):
        raise Malformed("封存状态不是应有的格式")
    if len(pages) != 1:
        yield _wrong("exhibit", "", f"证据项 {name} 有 {len(pages)} 个所在的网页")
        return
    head = known.heads.get(pages[0].manifest)
    said = {"manifest": pages[0].manifest, "head": head.sha256 if head else ""}
    if wrong := _differing(seal, said):
        yield _wrong("exhibit", "", f"证据项 {name} 的网页不是由所写的清单封存的：{wrong}")
    if seal["state"] == STAMPED and pages[0].manifest not in known.tokens:
        yield _wrong("exhibit", "", f"证据项 {name} 的清单没有时间戳")


def _findings(exhibit: dict[str, Any], captured: set[str]) -> Iterator[Broken]:
    for finding in exhibit["findings"]:
        if finding["image"]:
            if finding["image"] not in captured:
                yield _wrong("exhibit", "", f"证据项 {exhibit['id']} 引文所在的图片不在包中")
        elif not finding["quote"] or finding["quote"] not in exhibit["listing"][finding["field"]]:
            yield _wrong("exhibit", "", f"证据项 {exhibit['id']} 的引文不在所写的信息中")


def _showing(exhibit: dict[str, Any], seen: Seen) -> Iterator[Broken]:
    """A visit that is named is there; a picture that shows the quote has, by its facts, a place for it."""
    visit, showing, name = exhibit["visit"], exhibit["showing"], exhibit["id"]
    if showing and (showing.keys() != {"reason", "verdict"} or showing["verdict"] not in _VERDICTS):
        raise Malformed("截图的结论不是应有的格式")
    verdict = showing["verdict"] if showing else ""
    if (visit and visit not in seen.visits) or (visit and not showing) or (verdict not in ("", "failed") and not visit):
        yield _wrong("exhibit", "", f"证据项 {name} 所写的浏览器固定不在包中")
        return
    if bool(showing) and (verdict == _SHOWS) == bool(showing["reason"]):
        yield _wrong("exhibit", "", f"证据项 {name} 的截图结论与其原因不合")
    if verdict == "failed" and any(one.visit == visit for _, one in seen.of("picture") if visit):
        yield _wrong("exhibit", "", f"证据项 {name} 说没有截图，包中却有")
    if verdict == _SHOWS and not _is_shown(exhibit, seen):
        yield _wrong("exhibit", "", f"证据项 {name} 的引文不在截图中：浏览器固定的事实没有它的位置")


def _is_shown(exhibit: dict[str, Any], seen: Seen) -> bool:
    visit = exhibit["visit"]
    if not any(one.visit == visit for _, one in seen.of("picture")):
        return False
    try:
        places = canonical(seen.visits[visit])["frame"]["places"]
        quotes, has_image = {one["quote"] for one in places}, any(one["image"] for one in places)
    except (Malformed, KeyError, TypeError):
        return False
    return all(has_image if one["image"] else one["quote"] in quotes for one in exhibit["findings"])


def _differing(told: dict[str, Any], said: dict[str, Any]) -> str:
    """The names of what is told otherwise; a yes is no 1."""
    return " ".join(name for name, value in said.items() if type(told[name]) is not type(value) or told[name] != value)


def _wrong(kind: str, record: str, detail: str) -> Broken:
    return Broken(kind=kind, part=PACKAGE, record=record, detail=detail)
