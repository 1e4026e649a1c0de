"""An audit entry's own words: its digest, its detail and its signature. Whose the key was is for others to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from casework.acting import signed_words
from crawler.errors import EvidenceBroken
from storage.audit import Act, AuditEntry

T = TypeVar("T", str, int, list[str])


def detail_of(entry: AuditEntry) -> Mapping[str, Any]:
    """What an entry tells; `EvidenceBroken` when its digest does not fit its words."""
    if entry.computed() != entry.digest:
        raise EvidenceBroken(f"操作日志第 {entry.id} 条与其摘要不符")
    try:
        detail = json.loads(entry.detail)
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        raise EvidenceBroken(f"操作日志第 {entry.id} 条的内容读不懂")
    return detail


def check_signature(entry: AuditEntry, detail: Mapping[str, Any], public: str) -> None:
    """`EvidenceBroken` unless this key signed exactly these words."""
    act = Act(who=entry.who, act=entry.act, subject=entry.subject, at=entry.at, detail=detail)
    try:
        signature = bytes.fromhex(said(entry, detail, "signature", str))
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, signed_words(act))
    except (ValueError, InvalidSignature):
        raise EvidenceBroken(f"操作日志第 {entry.id} 条的签名不对") from None


def said(entry: AuditEntry, detail: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """What an entry says under this name, of this kind and no other; `EvidenceBroken` when it does not."""
    found = detail.get(name)
    if type(found) is not kind:
        what = "没有签名" if name in ("signature", "credential") else f"没有写明 {name}"
        raise EvidenceBroken(f"操作日志第 {entry.id} 条{what}")
    return found
