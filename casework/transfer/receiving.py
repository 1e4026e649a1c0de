"""Packages of other offices taken in: whom we believe was said once by a named person, and no lead comes twice.

All of a package or nothing. What a lead says anew under the same number is written into the note of the first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from casework.acting import Acting, Grant
from casework.incoming.reports import WORKERS
from casework.transfer.manifest import DELEGATE, Manifest, TransferredLead, digest_facts
from casework.transfer.package import Package
from casework.trust import Trust
from casework.workdays import Deadline
from crawler.errors import EvidenceBroken, UserMistake
from detectors.rule import CATEGORIES
from storage.audit import Act, Detail, add_on
from storage.cases.leads import register
from storage.cases.shapes import NewLead
from storage.cases.transfers import (
    DISTRUST,
    IN,
    TRUST,
    Origin,
    Transfer,
    Transfers,
    add_note,
    add_origin,
    add_transfer,
    origins_on,
    renew_origin,
    transfer_on,
)
from storage.db import writing

LONGEST_OFFICE = 100  # characters
SHOWN_EXHIBITS = 50
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PLATFORM = re.compile(r"[a-z0-9]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came of a package; `is_new` is false for one that was here, which changed nothing."""

    is_new: bool
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    known: int = 0


# -- whom we believe ---------------------------------------------------------------------------------


def trust(engine: Engine, office: str, written: str, acting: Acting, now: datetime) -> str:
    """A named person compared this fingerprint with that office; the fingerprint."""
    acting.needs(Grant.ADMIN)
    office, mark = office.strip(), fingerprint_of(written)
    if not office or len(office) > LONGEST_OFFICE or not office.isprintable():
        raise UserMistake(f"单位名称要写明，最多 {LONGEST_OFFICE} 字")
    with writing(engine).begin() as connection:
        known = transfer_on(connection, TRUST, mark)
        if transfer_on(connection, DISTRUST, mark) is not None:
            raise UserMistake("这把钥匙已声明不再信任，不能再用：请对方换凭据")
        if known is not None:
            raise UserMistake(f"这把钥匙已由 {known.by} 确认属于 {known.office}")
        act = Act(who=acting.name, act="transfer_trust", subject=mark, at=now, detail={"office": office})
        _add_key(connection, (TRUST, mark, office), acting, act)
    return mark


def distrust(engine: Engine, written: str, reason: str, acting: Acting, now: datetime) -> Transfer:
    """From now on nothing that this key signs is taken in; what came before stays."""
    acting.needs(Grant.ADMIN)
    mark = fingerprint_of(written)
    if not reason.strip():
        raise UserMistake("要写明理由")
    with writing(engine).begin() as connection:
        known = transfer_on(connection, TRUST, mark)
        if known is None or transfer_on(connection, DISTRUST, mark) is not None:
            raise UserMistake("没有信任过这把钥匙，或已声明不再信任")
        detail: Detail = {"office": known.office, "reason": reason.strip()}
        act = Act(who=acting.name, act="transfer_distrust", subject=mark, at=now, detail=detail)
        _add_key(connection, (DISTRUST, mark, known.office), acting, act)
    return known


def fingerprint_of(written: str) -> str:
    """A fingerprint as people write it, with gaps or colons."""
    mark = re.sub(r"[\s:：-]", "", written).lower()
    if not _FINGERPRINT.fullmatch(mark):
        raise UserMistake("指纹要是 64 位十六进制，见对方的 lantian transfer key")
    return mark


def sender_of(engine: Engine, package: Package) -> str:
    """The office that a named person said this key is of; `UserMistake` where nobody did. Rows alone prove nothing."""
    known = Transfers(engine).named(TRUST, package.fingerprint)
    if known is None or Transfers(engine).named(DISTRUST, package.fingerprint) is not None:
        raise UserMistake(
            f"没有确认过签署这份包的钥匙（自称 {package.manifest.office} {package.manifest.person}）："
            f"与对方核对后运行 lantian transfer trust 单位 {package.fingerprint}"
        )
    proven = Trust(engine).proven(known.entry, "transfer_trust", package.fingerprint, Grant.ADMIN)
    if proven.detail.get("office") != known.office:
        raise EvidenceBroken(f"{known.office} 的钥匙与 {proven.name} 签字确认的不符")
    return known.office


def _add_key(connection: Connection, key: tuple[str, str, str], acting: Acting, act: Act) -> None:
    direction, mark, office = key
    entry = add_on(connection, acting.sign(act))
    row = Transfer(
        direction=direction, digest=mark, office=office, signed_with=mark, at=act.at, by=acting.name, leads=(),
        entry=entry,
    )  # fmt: skip
    add_transfer(connection, row)


# -- what came ---------------------------------------------------------------------------------------


def receive(engine: Engine, package: Package, acting: Acting, now: datetime, district: str = "") -> Received:
    """Register what is new of a verified package whose sender is believed."""
    acting.needs(*WORKERS)
    office = sender_of(engine, package)
    with writing(engine).begin() as connection:
        if transfer_on(connection, IN, package.digest) is not None:
            return Received(is_new=False, known=len(package.manifest.leads))
        taking = _Receiving(connection, office, package.manifest, (acting, now), district)
        before = origins_on(connection, office, [one.origin for one in package.manifest.leads])
        for one in package.manifest.leads:
            taking.take(one, before.get(one.origin))
        _note(connection, taking, package, (acting, now))
    return taking.received()


def _note(connection: Connection, taking: _Receiving, package: Package, signed: tuple[Acting, datetime]) -> None:
    acting, now = signed
    detail: Detail = {
        "office": taking.office,
        "document": package.manifest.document,
        "signed_with": package.fingerprint,
        "leads": taking.numbers,
    }
    act = Act(who=acting.name, act="transfer_in", subject=package.digest, at=now, detail=detail)
    entry = add_on(connection, acting.sign(act))
    row = Transfer(
        direction=IN, digest=package.digest, office=taking.office, signed_with=package.fingerprint, at=now,
        by=acting.name, leads=taking.numbers, entry=entry,
    )  # fmt: skip
    add_transfer(connection, row)


class _Receiving:
    """One package being taken in."""

    def __init__(
        self, connection: Connection, office: str, manifest: Manifest, signed: tuple[Acting, datetime], district: str
    ) -> None:
        self.office = office
        self._connection, self._manifest, self._district = connection, manifest, district
        self._acting, self._now = signed
        self._new: list[str] = []
        self._changed: list[str] = []
        self._numbers: list[str] = []

    @property
    def numbers(self) -> tuple[str, ...]:
        """Our numbers of its leads, in its order."""
        return tuple(self._numbers)

    def take(self, lead: TransferredLead, before: Origin | None) -> None:
        if before is None:
            self._register(lead)
            return
        self._numbers.append(before.number)
        if before.digest != _digest(lead):
            self._change(lead, before)

    def received(self) -> Received:
        known = len(self._numbers) - len(self._new) - len(self._changed)
        return Received(is_new=True, new=tuple(self._new), changed=tuple(self._changed), known=known)

    def _register(self, lead: TransferredLead) -> None:
        new = NewLead(
            source="assigned" if self._manifest.purpose == DELEGATE else "transferred",
            platform=lead.platform if _PLATFORM.fullmatch(lead.platform) else "",
            title=lead.title,
            url=lead.url,
            categories=tuple(one for one in lead.categories if one in CATEGORIES),
            seller=lead.seller,
            note="\n".join(_lines(lead)),
            district=self._district,
            reference=self._manifest.document,
            office=self.office,
            due_at=self._due_at(),
            found_at=datetime.fromisoformat(lead.found_at),
            registered_at=self._now,
        )
        here = register(self._connection, new, self._acting.sign)
        add_origin(self._connection, self._origin(lead, here.id))
        self._new.append(here.number)
        self._numbers.append(here.number)

    def _change(self, lead: TransferredLead, before: Origin) -> None:
        line = f"来包更新（{self._manifest.document}）：{lead.title}；{'；'.join(_lines(lead))}"
        add_note(self._connection, before.lead_id, line)
        renew_origin(self._connection, self._origin(lead, before.lead_id))
        detail: Detail = {"document": self._manifest.document, "note": line}
        act = Act(who=self._acting.name, act="lead_noted", subject=before.number, at=self._now, detail=detail)
        add_on(self._connection, self._acting.sign(act))
        self._changed.append(before.number)

    def _origin(self, lead: TransferredLead, lead_id: int) -> Origin:
        return Origin(
            office=self.office, origin=lead.origin, digest=_digest(lead), lead_id=lead_id,
            document=self._manifest.document, due_at=self._due_at(), at=self._now,
        )  # fmt: skip

    def _due_at(self) -> datetime | None:
        due = self._manifest.due
        return Deadline(day=date.fromisoformat(due)).at if due else None


def _digest(lead: TransferredLead) -> str:
    return hashlib.sha256(digest_facts(lead)).hexdigest()


def _lines(lead: TransferredLead) -> Iterator[str]:
    """What the other office says of it, for the note."""
    yield f"原线索 {lead.origin}"
    if lead.decided_by:
        yield f"由 {lead.decided_by} 认定、{lead.approved_by or '—'} 复核" + (f"：{lead.reason}" if lead.reason else "")
    for one in lead.exhibits[:SHOWN_EXHIBITS]:
        yield f"证据项 {one.id}（固定 {one.captured_at[:10]}，SHA-256 {one.sha256}）：{'；'.join(one.quotes)}"
    if len(lead.exhibits) > SHOWN_EXHIBITS:
        yield f"另有 {len(lead.exhibits) - SHOWN_EXHIBITS} 个证据项，见转办包"
    if lead.note:
        yield lead.note
