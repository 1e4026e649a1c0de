"""What a transfer package says: leads of one office for another, as values and as the bytes that are signed.

There is one way to write it; whatever is not written so, or says more than it may, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeVar, get_type_hints

from crawler.errors import EvidenceBroken
from storage.canonical import canonical

FORMAT = "lantian-transfer/1"
HAND_OVER, DELEGATE = "hand_over", "delegate"
MOST_LEADS = 10_000
MOST_EXHIBITS = 1_000  # of one lead
LONGEST = 10_000  # characters of one text
_HEX = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T", bound="TransferredExhibit | TransferredLead | PackedFile | Manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredExhibit:
    """One exhibit by its id and the digest of the captured page; quotes are as the office may tell them."""

    id: str
    sha256: str
    captured_at: str
    title: str
    url: str
    quotes: tuple[str, ...]
    categories: tuple[str, ...]
    laws: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferredLead:
    """One lead. `origin` is its number at the sender; moments are ISO 8601, empty for never."""

    origin: str
    source: str
    platform: str
    title: str
    seller: str
    url: str
    note: str
    district: str
    categories: tuple[str, ...]
    found_at: str
    state: str
    decided_by: str
    decided_at: str
    reason: str
    approved_by: str
    approved_at: str
    exhibits: tuple[TransferredExhibit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file that lies in the package beside the manifest."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a package says. `public` is the Ed25519 key of whoever signed, `purpose` hand_over or delegate;
    `due` is the day by which an answer is asked for, empty for none."""

    office: str
    person: str
    public: str
    addressee: str
    document: str
    purpose: str
    made_at: str
    due: str
    has_contacts: bool
    leads: tuple[TransferredLead, ...]
    files: tuple[PackedFile, ...]


def written(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return canonical({"format": FORMAT} | _told(manifest))


def manifest_of(raw: bytes) -> Manifest:
    """What these bytes say; `EvidenceBroken` for any that `written` would not write."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        raise EvidenceBroken("转办包的清单不是 JSON") from None
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise EvidenceBroken(f"转办包的清单不是 {FORMAT}")
    manifest = _made(Manifest, told)
    _check(manifest)
    if written(manifest) != raw:
        raise EvidenceBroken("转办包的清单不是规定的写法")
    return manifest


def digest_facts(lead: TransferredLead) -> bytes:
    """What of a lead makes it another one than it was: all of it."""
    return canonical(_told(lead))


def texts(manifest: Manifest) -> Iterable[tuple[str, str]]:
    """Every text that leaves, with its place, for whoever looks for what must not."""
    yield from (("收件单位（--to）", manifest.addressee), ("文号（--document）", manifest.document))
    yield from (("本单位名称", manifest.office), ("签署人", manifest.person))
    for lead in manifest.leads:
        for name in ("title", "seller", "url", "note", "reason", "district"):
            yield f"{lead.origin} 的 {name}", getattr(lead, name)
        for one in lead.exhibits:
            yield from ((f"{lead.origin} 的证据项 {one.id}", text) for text in (one.title, one.url, *one.quotes))


def _told(one: Any) -> Any:
    if isinstance(one, tuple):
        return [_told(each) for each in one]
    if hasattr(one, "__dataclass_fields__"):
        return {field.name: _told(getattr(one, field.name)) for field in fields(one)}
    return one


# -- reading what a stranger wrote -----------------------------------------------------------------


_INNER: dict[str, type[Any]] = {"leads": TransferredLead, "exhibits": TransferredExhibit, "files": PackedFile}


def _made(kind: type[T], told: object) -> T:
    wanted = get_type_hints(kind)
    if not isinstance(told, dict) or told.keys() != wanted.keys():
        raise EvidenceBroken(f"转办包的清单缺少或多出内容（{kind.__name__}）")
    values: dict[str, Any] = {name: _value(name, hint, told[name]) for name, hint in wanted.items()}
    return kind(**values)


def _value(name: str, hint: object, value: object) -> object:
    if name in _INNER:
        return tuple(_made(_INNER[name], one) for one in _several(name, value))
    if hint == tuple[str, ...]:
        return tuple(_text(name, one) for one in _several(name, value))
    if hint is bool or hint is int:
        if type(value) is not hint:
            raise EvidenceBroken(f"转办包的清单里 {name} 不对")
        return value
    return _text(name, value)


def _several(name: str, value: object) -> Sequence[object]:
    if not isinstance(value, list) or len(value) > (MOST_LEADS if name == "leads" else MOST_EXHIBITS):
        raise EvidenceBroken(f"转办包的清单里 {name} 不是一列，或太长")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise EvidenceBroken(f"转办包的清单里 {name} 不是文字，或太长")
    return value


def _check(manifest: Manifest) -> None:
    """What the types alone do not say."""
    origins = [one.origin for one in manifest.leads]
    digests = [one.sha256 for lead in manifest.leads for one in lead.exhibits]
    digests += [one.sha256 for one in manifest.files]
    moments = [manifest.made_at, *(one.found_at for one in manifest.leads)]
    is_right = (
        manifest.purpose in (HAND_OVER, DELEGATE)
        and bool(manifest.office.strip() and manifest.person.strip())
        and bool(_HEX.fullmatch(manifest.public) and _is_day(manifest.due) and manifest.document.strip())
        and bool(origins)
        and all(origins)
        and len(set(origins)) == len(origins)
        and all(map(_HEX.fullmatch, digests))
        and all(map(_is_moment, moments))
    )
    if not is_right:
        raise EvidenceBroken("转办包的清单自相矛盾，或格式不对")


def _is_moment(written_: str) -> bool:
    try:
        return datetime.fromisoformat(written_).tzinfo is not None
    except ValueError:
        return False


def _is_day(written_: str) -> bool:
    try:
        return not written_ or date.fromisoformat(written_).isoformat() == written_
    except ValueError:
        return False
