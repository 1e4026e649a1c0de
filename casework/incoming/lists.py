"""What a list of another office makes of our leads: all of it or nothing, and no matter twice.

The list itself is kept nowhere. A matter that came before under the same number is not a second lead: what it says
now is written into the note of the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from casework.acting import Acting
from casework.incoming.listed import ListedLead
from casework.incoming.reporter import ReporterKey
from casework.incoming.reports import WORKERS, keep_reporter
from casework.workdays import Deadline
from crawler.clock import SHANGHAI
from crawler.errors import UserMistake
from storage.audit import Act, Detail, add_on
from storage.canonical import canonical
from storage.cases.leads import register
from storage.cases.shapes import NewLead
from storage.cases.transfers import Origin, add_note, add_origin, origins_on, renew_origin
from storage.db import writing

KINDS = {"transferred": "转办", "assigned": "交办"}
MOST_TITLE = 80  # characters
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Who sent a list under which document; `due` is the last day where a row names none."""

    office: str
    document: str
    kind: str
    district: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a list: numbers of new leads and of changed ones, how many were here, how many are sealed."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    known: int
    sealed: int


def take_list(
    engine: Engine,
    listed: Sequence[ListedLead],
    sent: Sent,
    signed: tuple[Acting, ReporterKey | None, datetime],
    told: Callable[[str], None] = lambda _: None,
) -> Taken:
    """Register what is new of a list; `told` hears of each row that is done.

    `signed` is who does it, the key of reporters where one is needed, and when.
    """
    acting, key, now = signed
    acting.needs(*WORKERS)
    checked_sent(sent)
    if key is None and any(one.reporter.is_known for one in listed):
        raise UserMistake("清单里有举报人信息，没有举报人密钥，不能导入")
    with writing(engine).begin() as connection:
        taking = _Taking(connection, sent, signed)
        before = origins_on(connection, sent.office, [one.origin for one in listed])
        _refuse_other_matter(listed, before, sent)
        for one in listed:
            taking.take(one, before.get(one.origin))
            told("")
        taken = taking.taken()
        detail: Detail = {"office": sent.office, "kind": sent.kind, "rows": len(listed), "new": len(taken.new),
                  "changed": list(taken.changed), "sealed": taken.sealed}  # fmt: skip
        act = Act(who=acting.name, act="list_imported", subject=sent.document, at=now, detail=detail)
        add_on(connection, acting.sign(act))
    return taken


def checked_sent(sent: Sent) -> None:
    """`UserMistake` for what was typed wrongly about a list."""
    if sent.kind not in KINDS:
        raise UserMistake(f"--kind 要是 {'、'.join(KINDS)} 之一")
    for word, text in (("--office", sent.office), ("--document", sent.document)):
        if not text.strip() or text != text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
            raise UserMistake(f"{word} 要写明，最多 {LONGEST_NAME} 字，首尾不能有空格")


def digest_of(lead: ListedLead) -> str:
    """What a row says, without whoever reported it: a digest over a phone number tells the number."""
    told = [lead.origin, lead.platform, lead.url, lead.seller, lead.wording, list(lead.categories)]
    told += [lead.due.isoformat() if lead.due else "", lead.district, lead.note]
    return hashlib.sha256(canonical(told)).hexdigest()


class _Taking:
    """One list being taken in."""

    def __init__(self, connection: Connection, sent: Sent, signed: tuple[Acting, ReporterKey | None, datetime]) -> None:
        self._connection, self._sent = connection, sent
        self._acting, self._key, self._now = signed
        self._new: list[str] = []
        self._changed: list[str] = []
        self._known = self._sealed = 0

    def take(self, listed: ListedLead, before: Origin | None) -> None:
        if before is None:
            self._register(listed)
        elif before.digest == digest_of(listed):
            self._known += 1
        else:
            self._change(listed, before)

    def taken(self) -> Taken:
        return Taken(
            new=tuple(self._new), changed=tuple(self._changed), known=self._known, sealed=self._sealed
        )  # fmt: skip

    def _register(self, listed: ListedLead) -> None:
        lead = register(self._connection, new_lead(listed, self._sent, self._now), self._acting.sign)
        if self._key is not None:
            self._sealed += keep_reporter(self._connection, lead, listed.reporter, self._key, (self._acting, self._now))
        add_origin(self._connection, _origin(listed, lead.id, self._sent, self._now))
        self._new.append(lead.number)

    def _change(self, listed: ListedLead, before: Origin) -> None:
        line = (
            f"来文更新（{self._sent.document}，{self._now.astimezone(SHANGHAI):%Y-%m-%d}）：{'；'.join(_told(listed))}"
        )
        add_note(self._connection, before.lead_id, line)
        renew_origin(self._connection, _origin(listed, before.lead_id, self._sent, self._now))
        act = Act(who=self._acting.name, act="lead_noted", subject=before.number, at=self._now,
                  detail={"document": self._sent.document, "note": line})  # fmt: skip
        add_on(self._connection, self._acting.sign(act))
        self._changed.append(before.number)


def new_lead(listed: ListedLead, sent: Sent, now: datetime) -> NewLead:
    """The lead that a row becomes."""
    title = listed.wording or listed.seller or listed.url
    return NewLead(
        source=sent.kind,
        platform=listed.platform,
        title=title if len(title) <= MOST_TITLE else f"{title[:MOST_TITLE]}…",
        url=listed.url,
        categories=listed.categories,
        seller=listed.seller,
        note="；".join(filter(None, (listed.wording if len(title) > MOST_TITLE else "", listed.note))),
        district=listed.district or sent.district,
        reference=sent.document,
        office=sent.office,
        due_at=_due_at(listed, sent),
        found_at=now,
        registered_at=now,
    )


def _refuse_other_matter(listed: Sequence[ListedLead], before: dict[str, Origin], sent: Sent) -> None:
    """Offices that number each list from 1 would otherwise lose every list but the first."""
    again = [(one, before[one.origin]) for one in listed if one.origin in before]
    rows = [str(one.row) for one, old in again if old.digest != digest_of(one) and old.document != sent.document]
    if rows:
        shown = "、".join(rows[:10])
        raise UserMistake(
            f"第 {shown} 行（共 {len(rows)} 行）的编号已在该单位的另一份文件中用过，内容不同；"
            "若不是同一线索，请在编号前加上文号；整份没有导入"
        )


def _origin(listed: ListedLead, lead_id: int, sent: Sent, now: datetime) -> Origin:
    return Origin(
        office=sent.office,
        origin=listed.origin,
        digest=digest_of(listed),
        lead_id=lead_id,
        document=sent.document,
        due_at=_due_at(listed, sent),
        at=now,
    )


def _due_at(listed: ListedLead, sent: Sent) -> datetime | None:
    due = listed.due or sent.due
    return Deadline(day=due).at if due else None


def _told(listed: ListedLead) -> Iterator[str]:
    due = listed.due.isoformat() if listed.due else ""
    several = (("网址", listed.url), ("主体", listed.seller), ("违规表述", listed.wording), ("备注", listed.note))
    yield from (f"{word} {text}" for word, text in (*several, ("截止日期", due)) if text)
