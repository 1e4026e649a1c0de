"""Homes full of invented leads, acts and letters, drawn from a seed, that the tests of reports share."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, insert

from casework.reports.figures import Report
from storage.cases.moves import State, Step
from storage.db import writing
from storage.models import CaptureRow, ExhibitRow, FindingRow, ListingRow, Run
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 365
PLATFORMS = ("baidu", "taobao", "zhihu", "")
DISTRICTS = ("示例甲区", "示例乙县", "示例丙市", "")
SOURCES = ("monitoring", "report", "transferred", "assigned", "field", "sample")
CATEGORIES = ("guaranteed_grant", "green_channel", "official_impersonation", "licence_renting", "abnormal_filing")
MEASURES = ("", "删除", "屏蔽", "断链", "下架", "暂停", "终止", "未处置")
HOSTILE = '=HYPERLINK("http://x.example")\x07\u202e{{ 7*7 }}<w:p/>&]]>😀' + "长" * 10_000
TRUE = (State.APPROVED, State.SENT, State.GONE, State.HANDED_OVER)
PHONE = "13800000000"


def lead_values(number: int, at: datetime, **changes: object) -> dict[str, object]:
    """A new lead's columns."""
    told: dict[str, object] = {
        "id": number, "number": f"X{at.year}-{number:05}", "source": "monitoring", "platform": "baidu",
        "actor_id": None, "case_id": None, "title": f"示例线索 {number}", "seller": "示例知识产权代理",
        "url": f"https://www.example.com/{number}", "categories": ["guaranteed_grant"], "points": 70, "note": "",
        "state": "new", "state_at": at, "district": "", "unit": "", "assignee": "", "reference": "", "office": "",
        "due_at": None, "found_at": at, "registered_at": at, "told_at": None, "handled_at": None, "answered_at": None,
        "closed_at": None, "merged_into": None, "reopened": 0, "decided_by": "", "decided_at": None, "reason": "",
        "decision": None, "approved_by": "", "approved_at": None, "approval": None,
    }  # fmt: skip
    return told | changes


def letter_values(number: int, at: datetime, **changes: object) -> dict[str, object]:
    """A draft's columns."""
    told: dict[str, object] = {
        "id": number, "number": f"H{at.year}-{number:05}", "kind": "remove", "verb": "商请",
        "addressee": "示例网络有限公司", "operator_id": None, "case_id": None, "state": "draft", "content": "{}",
        "digest": f"{number:064}", "articles": ["示例条第一条"], "drafted_at": at, "drafted_by": "示例甲",
        "entry": 1, "approved_at": None, "approved_by": "", "approval": None, "document": "", "sent_at": None,
        "sent_by": "", "delivered_at": None, "delivery": "", "due_at": None, "answered_at": None, "closed_at": None,
        "reminds": None, "escalated_at": None,
    }  # fmt: skip
    return told | changes


def link_values(letter: int, lead: int, **changes: object) -> dict[str, object]:
    """A lead's place in a letter."""
    told: dict[str, object] = {
        "letter_id": letter, "lead_id": lead, "exhibits": [], "is_true": "", "measure": "", "measured_on": "",
        "remark": "", "answered_at": None, "recheck_id": None, "looks": 0, "blocked": 0, "gone_at": None,
        "gone_capture": "", "back_at": None,
    }  # fmt: skip
    return told | changes


def actor_values(number: int, **changes: object) -> dict[str, object]:
    """An actor's columns, whatever else the table has being empty."""
    told: dict[str, object] = {
        column.name: None if column.nullable else "" for column in ActorRow.__table__.columns
    } | {"id": number, "number": f"M2026-{number:05}", "name": f"示例主体{number}", "kind": "", "made_at": BEGIN}
    return told | changes


def move_values(number: int, lead: int, at: datetime, move: str = "register", **changes: object) -> dict[str, object]:
    """An act's columns."""
    told: dict[str, object] = {
        "id": number, "lead_id": lead, "move": move, "before": "", "after": "", "by": "示例甲", "at": at, "reason": "",
        "detail": [], "entry": number,
    }  # fmt: skip
    return told | changes


def case_values(number: int, **changes: object) -> dict[str, object]:
    """An open case's columns."""
    told: dict[str, object] = {
        "id": number, "number": f"A2026-{number:05}", "actor_id": None, "state": "open", "opened_at": BEGIN,
        "opened_by": "示例甲", "closed_at": None, "closed_by": "", "reason": "", "unit": "", "assignee": "",
        "reopened": 0,
    }  # fmt: skip
    return told | changes


def exhibit_on(connection: Connection, number: int, lead: int | None, at: datetime, **changes: object) -> str:
    """A flagged listing with its one exhibit; returns the exhibit's public id."""
    name = f"{number:032x}"
    run = {
        column.name: None if column.nullable else 0 if column.name in ("pages", "listings", "lost", "captures") else ""
        for column in Run.__table__.columns
    }
    connection.execute(
        insert(Run).values(run | {"id": name, "platform": "taobao", "query": "包授权", "planned_at": at})
    )
    kept = {
        "id": name, "url": "https://www.example.com/", "how": "http", "status": 200, "mime": "text/html",
        "taken_at": at, "file": "a.warc.gz", "offset": number, "length": 1, "sha256": f"{number:064x}", "size": 1,
        "ip_address": "", "is_specimen": False, "expired_in": None, "sealed_in": None,
    }  # fmt: skip
    connection.execute(insert(CaptureRow).values(kept))
    listing = {
        "key": f"key{number}", "platform": "taobao", "seller": "示例店", "seller_id": "", "item_id": str(number),
        "first_seen": at, "last_seen": at, "sightings": 1, "flagged_id": number, "points": 70, "group_id": None,
        "placed_as": None, "lead_id": lead, "led_upto": None,
    }  # fmt: skip
    connection.execute(insert(ListingRow).values(listing))
    shown = {
        "id": number, "public_id": name, "listing_key": f"key{number}", "run_id": name, "page_number": 1,
        "capture_id": name, "picture_id": None, "position": 1, "kind": "product", "is_ad": False,
        "is_redirect": False, "title": f"包授权 电话 {PHONE}", "text": "", "url": "https://www.example.com/1",
        "display_url": "", "seller": "示例店", "price": "", "images": [], "text_digest": "", "points": 70,
        "seen_at": at,
    }  # fmt: skip
    connection.execute(insert(ExhibitRow).values(shown | changes))
    finding = {
        "exhibit_id": number, "rule": "guaranteed_grant_promise", "rule_digest": "cd" * 32, "state": "active",
        "category": "guaranteed_grant", "severity": 3, "field": "title", "start": 0, "end": 3,
        "quote": f"包授权 电话 {PHONE}", "points": 70, "needs": 60, "pro": [], "contra": [], "articles": [],
        "rejudged_in": None, "replaced_in": None,
    }  # fmt: skip
    connection.execute(insert(FindingRow).values(finding))
    return name


def random_home(engine: Engine, seed: int, leads: int = 120, letters: int = 40) -> None:
    """Rows of a year that never were, in every state there is."""
    chance = random.Random(seed)
    with writing(engine).begin() as connection:
        actors = [
            actor_values(one, agency_kind=chance.choice(("", "patent_agency", "tm_agency"))) for one in range(1, 16)
        ]
        for one in actors[10:]:  # joined to others, one of them to one that was joined itself
            one["merged_into"] = int(str(one["id"])) - chance.choice((1, 5))
        for one in actors:
            connection.execute(insert(ActorRow).values(one))
        exhibits = [exhibit_on(connection, number, None, BEGIN) for number in range(1, 31)]
        rows = [_lead(chance, number) for number in range(1, leads + 1)]
        connection.execute(insert(LeadRow), rows)
        connection.execute(insert(MoveRow), _moves(chance, rows))
        drafts = [_letter(chance, number) for number in range(1, letters + 1)]
        connection.execute(insert(LetterRow), drafts)
        connection.execute(insert(LetterLeadRow), _links(chance, drafts, leads, exhibits))


def _moment(chance: random.Random) -> datetime:
    return BEGIN + timedelta(seconds=chance.randrange(DAYS * 86_400))


def _later(chance: random.Random, at: datetime, hours: int) -> datetime | None:
    return at + timedelta(hours=chance.uniform(0, hours)) if chance.random() < 0.6 else None


def _lead(chance: random.Random, number: int) -> dict[str, object]:
    at, state = _moment(chance), chance.choice(list(State))
    is_true = state in TRUE or (state is State.CLOSED and chance.random() < 0.5)
    return lead_values(
        number,
        at,
        source=chance.choice(SOURCES),
        platform=chance.choice(PLATFORMS),
        district=chance.choice(DISTRICTS),
        categories=chance.sample(CATEGORIES, chance.randrange(3)),
        actor_id=chance.choice((None, *range(1, 16))),
        state=state.value,
        told_at=_later(chance, at, 48),
        handled_at=_later(chance, at, 144),
        answered_at=_later(chance, at, 720),
        approved_at=at + timedelta(days=1) if is_true else None,
        approved_by="示例乙" if is_true else "",
        title=chance.choice(("示例线索", HOSTILE, f"加微信 电话 {PHONE}")),
        points=chance.randrange(200),
    )


def _moves(chance: random.Random, leads: list[dict[str, object]]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for lead in leads:
        at = lead["registered_at"]
        assert isinstance(at, datetime)
        for step in [Step.REGISTER, *chance.choices(list(Step), k=chance.randrange(4))]:
            rows.append(move_values(len(rows) + 1, int(str(lead["id"])), at, step.value))
            at += timedelta(hours=chance.uniform(1, 900))
    return rows


def _letter(chance: random.Random, number: int) -> dict[str, object]:
    at = _moment(chance)
    sent = _later(chance, at, 100)
    answered = _later(chance, sent, 900) if sent else None
    return letter_values(
        number,
        at,
        kind=chance.choice(("remove", "close", "warn", "remind")),
        sent_at=sent,
        due_at=sent + timedelta(days=14) if sent and chance.random() < 0.9 else None,
        answered_at=answered,
        escalated_at=sent if sent and chance.random() < 0.1 else None,
    )


def _links(
    chance: random.Random, letters: list[dict[str, object]], leads: int, exhibits: list[str]
) -> list[dict[str, object]]:
    rows = []
    for letter in letters:
        for lead in chance.sample(range(1, leads + 1), chance.randrange(4)):
            gone = _moment(chance) if chance.random() < 0.4 else None
            looks = chance.randrange(4)
            rows.append(
                link_values(
                    int(str(letter["id"])),
                    lead,
                    exhibits=chance.sample(exhibits, chance.randrange(4)),
                    measure=chance.choice(MEASURES),
                    answered_at=letter["answered_at"],
                    looks=looks,
                    blocked=chance.randrange(looks + 1),
                    gone_at=gone,
                    back_at=gone if gone and chance.random() < 0.4 else None,
                )
            )
    return rows


def complaints(report: Report) -> list[str]:
    """Figures that are not their rows, and groups whose parts are not their whole."""
    wrong = [one.figure.name for one in report.parts() if one.figure.value != len(set(one.figure.ids))]
    for group in report.groups:
        parts = [one.figure for one in group.parts]
        everybody = {row for one in parts for row in one.ids}
        is_exact = group.overlaps or sum(one.value for one in parts) == group.whole.value
        has_all = everybody == set(group.whole.ids) and {one.of for one in parts} <= {group.whole.of}
        is_told = dict(group.whole.by) == {one.name: one.value for one in parts}
        if not (is_exact and has_all and is_told):
            wrong.append(group.name)
    return wrong
