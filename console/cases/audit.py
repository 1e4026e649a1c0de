"""What `lantian audit` does: the log looked up, and the whole of it verified with every signature."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.rights import Fault
from casework.trust import Audited, Trust
from console.cases.viewing import day_begins, viewer
from console.output import harmless, print_json, print_line, progress, say
from console.sealing import opened_engine
from console.veiling import Veil
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, UserMistake
from storage.audit import AuditEntry, AuditLog
from storage.cases.audit_reading import AuditWanted, HeadSealed, chosen, newest_sealed, sealed_heads
from storage.warc import date as stamped


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which entries; days are Shanghai's, `before` is not among them."""

    subject: str = ""
    act: str = ""
    who: str = ""
    first: str = ""
    before: str = ""
    below: int = 0
    limit: int = 100
    by: str = ""


def list_entries(asked: Asked, *, as_json: bool) -> None:
    """The newest first; the signature is left out where a person reads. Whoever works for districts sees his own acts,
    unless he administers."""
    wanted = AuditWanted(
        subject=asked.subject,
        act=asked.act,
        who=asked.who,
        first=day_begins(asked.first),
        before=day_begins(asked.before),
        below=asked.below,
        limit=asked.limit,
    )
    with viewer(asked.by) as views:
        entries = chosen(views.engine, _his(wanted, views.acting))
    looks = Veil(is_open=views.acting is None or views.sees_contacts, is_told=views.acting is not None)
    for one in entries:
        if as_json:
            print_json(looks.told(_told(one)))
        else:
            words = looks.words(_words(one))
            print_line(harmless(f"{one.id}  {clock.in_shanghai(one.at)}  {one.who}  {one.act}  {words}"))
    if not entries:
        say("没有这样的记录。")


def _his(wanted: AuditWanted, acts: Acting | None) -> AuditWanted:
    if acts is None or not acts.districts or acts.may(Grant.ADMIN):
        return wanted
    if wanted.who not in ("", acts.name):
        raise UserMistake("限定区县的人只能查本人的操作：--who 写本人姓名，或不写")
    return replace(wanted, who=acts.name)


def verify_log(*, as_json: bool) -> int:
    """Every entry and every signature; 4 when one does not hold, or a manifest knows another log."""
    config = Config.load()
    with opened_engine(config) as engine:
        head = AuditLog(engine).head()
        with progress("操作日志", head.count) as step:
            audited = Trust(engine).verify_all(lambda: step(""))
        sealed = newest_sealed(config.archive)
        unlike = (_unlike(engine, audited, one) for one in sealed_heads(config.archive))
        broken = audited.broken or next(filter(None, unlike), ())
    if as_json:
        told: dict[str, Any] = {"ok": not broken, "entries": audited.entries, "signed": audited.signed}
        told |= {"head": audited.head, "manifest": sealed.manifest if sealed else 0}
        print_json(told | {"broken": [{"entry": one.entry, "why": one.why} for one in broken]})
    for one in broken:
        say(harmless(f"第 {one.entry} 条：{one.why}"))
    if not broken:
        with_ = f"，与第 {sealed.manifest} 号清单所记相符" if sealed else "；还没有清单可以对照"
        say(f"操作日志 {audited.entries} 条都相符，其中 {audited.signed} 条有本人签名{with_}")
    return EXIT_EVIDENCE if broken else EXIT_DONE


def _unlike(engine: Engine, audited: Audited, sealed: HeadSealed) -> tuple[Fault, ...]:
    """A log that was rewritten or cut does not have the entry that a manifest saw last."""
    if not sealed.head.count:
        return ()
    there = AuditLog(engine).entries(after=sealed.head.count - 1, limit=1)
    if there and there[0].digest == sealed.head.digest and audited.entries >= sealed.head.count:
        return ()
    return (Fault(entry=sealed.head.count, why=f"与第 {sealed.manifest} 号清单所记不符：日志被改写或截短"),)


def _words(one: AuditEntry) -> str:
    detail = json.loads(one.detail)
    is_signed = "signature" in detail
    said = "，".join(f"{name}={value}" for name, value in detail.items() if name not in ("signature", "public"))
    return f"{one.subject}  {said}{'  （有签名）' if is_signed else ''}"


def _told(one: AuditEntry) -> dict[str, Any]:
    told = {"id": one.id, "at": stamped(one.at), "who": one.who, "act": one.act, "subject": one.subject}
    return told | {"detail": json.loads(one.detail), "previous": one.previous, "digest": one.digest}
